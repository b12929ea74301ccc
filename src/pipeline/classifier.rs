//! What judges mail that came back, and replies: the built-in grammars and rules, and the newsletter's own.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::{PipelineError, refused};
use crate::bounces::Classifier;
use crate::deliver::Judge;

/// The folder of a newsletter with grammars and rules of its own.
const OWN: &str = "bounces";

/// The classifier of the newsletter in `folder`.
///
/// # Errors
/// A file of the newsletter's own can't be used.
pub fn classifier(folder: &Path) -> Result<Classifier, PipelineError> {
    let folder = folder.join(OWN);
    if !folder.is_dir() {
        return Ok(Classifier::built_in());
    }
    Classifier::with_folder(&folder).map_err(|error| {
        let help = format!("mend or remove the file in {}", folder.display());
        refused(format!("the grammars can't be used: {error}"), help)
    })
}

/// What judges a relay's replies in a run. The built-in classifier is made when the first reply asks for it, which
/// in a good run none does; a newsletter's own files are read at once, so that their faults are told before
/// anything leaves.
///
/// # Errors
/// As [`classifier`].
pub(super) fn judge(folder: &Path) -> Result<Judge, PipelineError> {
    if folder.join(OWN).is_dir() {
        let own = classifier(folder)?;
        return Ok(Arc::new(move |reply, stage| own.of_session(reply, stage)));
    }
    let built_in = LazyLock::new(Classifier::built_in);
    Ok(Arc::new(move |reply, stage| built_in.of_session(reply, stage)))
}

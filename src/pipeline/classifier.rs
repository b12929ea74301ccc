//! What judges mail that came back, and replies: the built-in grammars and rules, and the newsletter's own.

use std::path::Path;

use super::{PipelineError, refused};
use crate::bounces::Classifier;

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

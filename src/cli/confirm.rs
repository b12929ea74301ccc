//! A clear question before something that can't be undone with a keystroke.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::pipeline::{PipelineError, refused};

/// What a command asks for that changes a person's file.
#[derive(Debug, clap::Args)]
pub(super) struct Agreement {
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
}

impl Agreement {
    /// Whether to do what was told: not in a dry run, and otherwise only if that is agreed to.
    ///
    /// # Errors
    /// Nobody is there to answer, or the answer is no.
    pub(super) fn reached(&self, question: &str) -> Result<bool, PipelineError> {
        if self.dry_run {
            eprintln!("Nothing was changed.");
            return Ok(false);
        }
        confirm(question, self.yes).map(|()| true)
    }
}

/// Has `question` answered with yes, at a terminal or by `--yes` beforehand.
///
/// # Errors
/// Nobody is there to answer, or the answer is no.
pub(super) fn confirm(question: &str, agreed: bool) -> Result<(), PipelineError> {
    if agreed {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(refused(
            format!("nobody is here to answer: {question}"),
            "look at what is told above, then say --yes",
        ));
    }
    eprint!("{question} [y/N] ");
    // A terminal that can't be written to will not be read from either.
    drop(std::io::stderr().flush());
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    if read.is_ok() && matches!(typed.trim().to_lowercase().as_str(), "y" | "yes" | "o" | "oui") {
        Ok(())
    } else {
        Err(refused("nothing was changed", "answer yes to do it"))
    }
}

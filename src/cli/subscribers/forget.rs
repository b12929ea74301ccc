//! `bulletin subscribers forget ADDR`.

use crate::cli::confirm::confirm;
use crate::cli::diagnostics::counted;
use crate::cli::{Ended, data};
use crate::domain::EmailAddress;
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError};
use crate::upkeep::{forget, lock_list};

#[derive(Debug, clap::Args)]
pub(super) struct Forget {
    /// Who is to be erased
    email: EmailAddress,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    /// Print where they were erased as JSON
    #[arg(long)]
    json: bool,
}

impl Forget {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        let email = &self.email;
        let question = format!("Erase {email} everywhere? This can't be undone, and they are never written to again.");
        confirm(&question, self.yes)?;
        let _lock = lock_list(newsletter)?;
        let forgotten = forget(newsletter, email, clock.now())?;
        if self.json {
            data(&format!("{}\n", serde_json::to_string(&forgotten).unwrap_or_else(|error| unreachable!("{error}"))));
        } else {
            eprintln!(
                "{email} is erased: {} of the list, the account of {}, {}.",
                counted(forgotten.rows, "row"),
                counted(forgotten.issues, "issue"),
                counted(forgotten.backups.len(), "backup"),
            );
            for path in &forgotten.removed {
                eprintln!("  removed, since it held the address: {}", path.display());
            }
        }
        for (path, why) in &forgotten.left {
            eprintln!("warning: {} may hold the address still: {why}", path.display());
        }
        Ok(if forgotten.left.is_empty() { Ended::Well } else { Ended::WithRest })
    }
}

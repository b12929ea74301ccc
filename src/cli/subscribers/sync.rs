//! `bulletin subscribers sync`: what readers asked for, written into the list. `export`: into a copy.

use std::path::PathBuf;

use crate::cli::confirm::Agreement;
use crate::cli::diagnostics::counted;
use crate::cli::{Ended, data};
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError, refused};
use crate::state::private_file;
use crate::subscribers::import::{CellChange, Update};
use crate::upkeep::{self, lock_list, plan_sync};

#[derive(Debug, clap::Args)]
pub(super) struct Sync {
    /// Take the rows of suppressed people out of the list; they stay suppressed
    #[arg(long)]
    drop_suppressed: bool,
    #[command(flatten)]
    agreement: Agreement,
    /// Print what changes as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Where it goes [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Suppressed people too, with a column that says why
    #[arg(long)]
    all: bool,
}

impl Sync {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        let _lock = lock_list(newsletter)?;
        let planned = plan_sync(newsletter, self.drop_suppressed)?;
        let changed = planned.changed.iter().map(|update| format!("{}\n", became(update)));
        let removed = planned.removed.iter().map(|email| format!("{email}  is suppressed and taken out\n"));
        let told: String = changed.chain(removed).collect();
        let json = serde_json::json!({ "changed": planned.changed.len(), "removed": planned.removed.len() });
        if self.json {
            eprint!("{told}");
        } else {
            data(&told);
        }
        if !planned.changes() {
            eprintln!("The list says already what readers asked for.");
        } else if self.agreement.reached("Change the list so?")?
            && let Some(backup) = planned.carry_out(newsletter, clock.now())?
        {
            eprintln!("The list as it was is in {}.", backup.display());
        }
        if self.json {
            data(&format!("{json}\n"));
        }
        Ok(Ended::Well)
    }
}

/// What changes in a person's row.
pub(super) fn became(update: &Update) -> String {
    let cell = |CellChange { header, old, new }: &CellChange| format!("{header}: `{old}` becomes `{new}`");
    format!("{}  {}", update.email, update.cells.iter().map(cell).collect::<Vec<_>>().join(", "))
}

impl Export {
    pub(super) fn run(&self, newsletter: &Newsletter) -> Result<Ended, PipelineError> {
        let extent = if self.all { upkeep::Export::Everyone } else { upkeep::Export::Reachable };
        let mut bytes = Vec::new();
        let rows = upkeep::export(newsletter, extent, &mut bytes)?;
        match &self.out {
            None => data(&String::from_utf8_lossy(&bytes)),
            Some(out) => {
                let failed = |error: std::io::Error| {
                    refused(
                        format!("{} can't be written: {error}", out.display()),
                        "check the folder's permissions and the room on the disk",
                    )
                };
                let mut file = private_file(out).map_err(failed)?;
                std::io::Write::write_all(&mut file, &bytes).map_err(failed)?;
                eprintln!("{} in {}.", counted(rows, "row"), out.display());
            }
        }
        Ok(Ended::Well)
    }
}

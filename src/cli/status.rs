//! `bulletin status ISSUE`.

use std::path::Path;

use super::account::Closing;
use super::{Ended, data, folder, known};
use crate::config::Config;
use crate::domain::IssueId;
use crate::ledger::{Lock, PersonLine, account_of, each_person};
use crate::pipeline::{BOUNCES, DELIVERIES, Mode, PipelineError, refused, write_logs};
use crate::state::{StateError, open_to_read};

#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// The issue, by the name of its folder under issues/
    issue: IssueId,
    /// A line for each recipient besides
    #[arg(long)]
    recipients: bool,
    /// Write outbox/ISSUE/deliveries.csv and bounces.csv anew from the ledger
    #[arg(long)]
    csv: bool,
    /// Print the account as JSON; recipients follow, one object a line
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        let folder = folder(dir)?;
        Config::load(&folder)?;
        let state = folder.join("state");
        let database = state.join("bulletin.db");
        let failed = |error| StateError::Database(database.clone(), error);
        let issue = &self.issue;
        let is_running = || Lock::is_held(&state, issue.as_str());
        let mut alive = is_running();
        let never = || {
            let help = format!("send it with `bulletin send {issue}`");
            known(&folder, issue)
                .err()
                .unwrap_or_else(|| refused(format!("{issue} was never sent from this folder"), help))
        };
        let connection = open_to_read(&database)?.ok_or_else(never)?;
        let mut read = account_of(&connection, issue, alive).map_err(failed)?;
        if !alive && is_running() {
            // A run that began in between is alive, and so are its attempts.
            alive = true;
            read = account_of(&connection, issue, alive).map_err(failed)?;
        }
        let (account, digests) = read.ok_or_else(never)?;
        if alive {
            eprintln!("It is being sent just now.");
        }
        let ended =
            Closing { issue, account: &account, took: None, digests: &digests, mode: Mode::Send, json: self.json }
                .print();
        if self.recipients {
            each_person(&connection, issue, alive, |person| {
                if self.json {
                    let line = serde_json::to_string(&person).unwrap_or_else(|error| unreachable!("{error}"));
                    data(&format!("{line}\n"));
                } else {
                    data(&format!("{}\n", line(&person)));
                }
            })
            .map_err(failed)?;
        }
        if self.csv {
            let outbox = folder.join("outbox").join(issue.as_str());
            write_logs(&database, issue, alive, &outbox)?;
            eprintln!("Written: {} and {BOUNCES} beside it", outbox.join(DELIVERIES).display());
        }
        Ok(ended)
    }
}

/// `rejected  ann@example.org  user-unknown: 550 5.1.1 no such mailbox`
fn line(person: &PersonLine<'_>) -> String {
    let refusal = person.last.and_then(|last| last.refusal);
    let refusal = refusal.map_or_else(String::new, |refusal| format!("{refusal}: "));
    format!("{:<9} {}  {refusal}{}", person.state, person.email, person.reason.unwrap_or_default())
}

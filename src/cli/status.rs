//! `bulletin status ISSUE`.

use std::path::Path;

use super::account::Closing;
use super::{Ended, folder};
use crate::config::Config;
use crate::domain::IssueId;
use crate::ledger::{Lock, account_of, people_of};
use crate::pipeline::{PipelineError, refused};
use crate::state::{StateError, open_to_read};

#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// The issue, by the name of its folder under issues/
    issue: IssueId,
    /// A line for each recipient besides
    #[arg(long)]
    recipients: bool,
    /// Print the account as JSON; recipients follow, one object a line
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        let folder = folder(dir)?;
        Config::load(&folder)?;
        let database = folder.join("state").join("bulletin.db");
        let failed = |error| StateError::Database(database.clone(), error);
        let issue = &self.issue;
        let alive = Lock::is_held(&database, issue.as_str());
        let never = || {
            refused(format!("{issue} was never sent from this folder"), format!("send it with `bulletin send {issue}`"))
        };
        let connection = open_to_read(&database)?.ok_or_else(never)?;
        let (account, digests) = account_of(&connection, issue, alive).map_err(failed)?.ok_or_else(never)?;
        if alive {
            eprintln!("It is being sent just now.");
        }
        let ended = Closing { issue, account: &account, took: None, digests: &digests, json: self.json }.print();
        if self.recipients {
            for person in people_of(&connection, issue, alive).map_err(failed)? {
                if self.json {
                    println!("{}", serde_json::to_string(&person).unwrap_or_else(|error| unreachable!("{error}")));
                } else {
                    println!("{:<9} {}  {}", person.state, person.email, person.reason.unwrap_or_default());
                }
            }
        }
        Ok(ended)
    }
}

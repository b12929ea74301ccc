//! `bulletin bounces`: the mail that comes back.

mod classify;
mod collect;
mod line;
mod list;
mod mailboxes;
mod report;
mod words;

use std::path::Path;

use clap::Subcommand;

pub(super) use line::{Line, told};
pub(super) use words::{name, tell_alerts};

use super::{Ended, folder, known};
use crate::domain::IssueId;
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError};
use crate::readers::Bounce;

#[derive(Debug, clap::Args)]
pub(super) struct Bounces {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell what returned mail says about each recipient; nothing is changed
    Classify(classify::Classify),
    /// Read the mailboxes, and suppress whoever asks to leave or can't be reached any more
    Collect(collect::Collect),
    /// List the bounces on record, with what they said
    List(list::List),
    /// Count what came back by kind, reason, receiving domain and issue
    Report(report::Report),
}

impl Bounces {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        match &self.command {
            Command::Classify(command) => command.run(dir),
            Command::List(command) => command.run(&Newsletter::open(&folder(dir)?)?),
            Command::Report(command) => command.run(&Newsletter::open(&folder(dir)?)?),
            Command::Collect(command) => command.run(&Newsletter::open(&folder(dir)?)?, clock),
        }
    }
}

/// Refuses an issue that neither the folder nor a bounce knows: "no bounces" would be taken for good news.
fn know(newsletter: &Newsletter, issue: Option<&IssueId>, bounces: &[Bounce]) -> Result<(), PipelineError> {
    let Some(issue) = issue else { return Ok(()) };
    if bounces.iter().any(|one| one.issue.as_ref() == Some(issue)) { Ok(()) } else { known(&newsletter.folder, issue) }
}

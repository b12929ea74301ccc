//! `bulletin bounces`: the mail that comes back.

mod classify;
mod collect;
mod mailboxes;

use std::path::Path;

use clap::Subcommand;

use super::{Ended, folder};
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError};

#[derive(Debug, clap::Args)]
pub(super) struct Bounces {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell what returned mail says about each recipient; nothing is changed
    Classify(classify::Classify),
    /// Read the mailboxes, and suppress whoever asks to leave
    Collect(collect::Collect),
}

impl Bounces {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        match &self.command {
            Command::Classify(command) => command.run(dir),
            Command::Collect(command) => command.run(&Newsletter::open(&folder(dir)?)?, clock),
        }
    }
}

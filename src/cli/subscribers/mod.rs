//! `bulletin subscribers`: the list, and what readers asked for beside it.

mod check;
mod forget;
mod import;
mod show;
mod stats;
mod suppress;
mod sync;

use std::path::Path;

use clap::Subcommand;

use super::{Ended, folder};
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError};

#[derive(Debug, clap::Args)]
pub(super) struct Subscribers {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell every fault and doubt of a list, with its line and its cure
    Check(check::Check),
    /// Tell all that is known of one person
    Show(show::Show),
    /// Send nothing to someone any more
    Suppress(suppress::Suppress),
    /// Send to someone again
    Unsuppress(suppress::Unsuppress),
    /// Erase someone everywhere, so that no import makes them mailable again
    Forget(forget::Forget),
    /// Take in another list, or what another system exported
    Import(import::Import),
    /// Count people by language, topic, domain and consent, and how the list grew
    Stats(stats::Stats),
    /// Write the list as it holds now, with what readers asked for
    Export(sync::Export),
    /// Write what readers asked for into the list
    Sync(sync::Sync),
}

impl Subscribers {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        let newsletter = || Newsletter::open(&folder(dir)?);
        match &self.command {
            Command::Check(command) => command.run(dir, clock),
            Command::Show(command) => command.run(&newsletter()?),
            Command::Suppress(command) => command.run(&newsletter()?, clock),
            Command::Unsuppress(command) => command.run(&newsletter()?, clock),
            Command::Forget(command) => command.run(&newsletter()?, clock),
            Command::Import(command) => command.run(&newsletter()?, clock),
            Command::Stats(command) => command.run(&newsletter()?, clock),
            Command::Export(command) => command.run(&newsletter()?),
            Command::Sync(command) => command.run(&newsletter()?, clock),
        }
    }
}

//! `bulletin completions SHELL`: what a shell needs to complete the program's words, to stdout.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::{Cli, Ended, data};

/// Where each shell looks for it.
const PLACES: &str = "\
Put it where your shell looks for it:
  bash  bulletin completions bash > ~/.local/share/bash-completion/completions/bulletin
  zsh   bulletin completions zsh > DIR/_bulletin, where DIR is one of $fpath
  fish  bulletin completions fish > ~/.config/fish/completions/bulletin.fish";

#[derive(Debug, Args)]
#[command(after_help = PLACES)]
pub(super) struct Completions {
    /// The shell that is to complete
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Ended {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "bulletin", &mut script);
        data(&String::from_utf8_lossy(&script));
        Ended::Well
    }
}

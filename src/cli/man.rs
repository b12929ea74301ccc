//! `bulletin man`: the manual, for man(1), made of the same words as `--help`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_mangen::Man as Page;

use super::{Cli, Ended, data};
use crate::pipeline::{PipelineError, refused};

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write a page for each command into this folder, instead of the first one to stdout
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(&self) -> Result<Ended, PipelineError> {
        let Some(folder) = &self.out else {
            let mut page = Vec::new();
            // The pages have none for `help` either. Writing into memory can't fail.
            drop(Page::new(Cli::command().disable_help_subcommand(true)).render(&mut page));
            data(&String::from_utf8_lossy(&page));
            return Ok(Ended::Well);
        };
        let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
        written.map_err(|error| {
            let message = format!("the manual can't be written to {}: {error}", folder.display());
            refused(message, "name a folder that you may write to")
        })?;
        data(&format!("{}\n", folder.join("bulletin.1").display()));
        Ok(Ended::Well)
    }
}

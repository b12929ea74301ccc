//! Options of `send` that choose whom a run is for, and what is told about them.

use std::path::PathBuf;

use super::diagnostics::counted;
use crate::pipeline::{PipelineError, Proposal, Selection, Whom};
use crate::subscribers::addresses;

/// Addresses that are named before the rest is counted.
const NAMED: usize = 5;

#[derive(Debug, clap::Args)]
pub(super) struct WhomOptions {
    /// Try those again who were refused for good, and no one else
    #[arg(long, conflicts_with_all = ["retry_unknown", "drop_unknown", "include_new", "test"])]
    only_failed: bool,
    /// Only those of the plan whose addresses stand in this file, a CSV or an address a line
    #[arg(long, value_name = "FILE", conflicts_with = "test")]
    to: Option<PathBuf>,
    /// Nobody whose address stands in this file; they stay pending
    #[arg(long, value_name = "FILE", conflicts_with = "test")]
    except: Option<PathBuf>,
    /// So many attempts at most; the rest stays pending
    #[arg(long, value_name = "N", conflicts_with = "test", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

impl WhomOptions {
    pub(super) fn read(&self) -> Result<Whom, PipelineError> {
        let read = |path: &PathBuf| -> Result<Selection, PipelineError> { Ok(addresses(path)?.into()) };
        Ok(Whom {
            only_failed: self.only_failed,
            only: self.to.as_ref().map(read).transpose()?,
            except: self.except.as_ref().map(read).transpose()?,
            limit: self.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        })
    }

    /// Whom the run is for, where it is not for everyone.
    pub(super) fn tell(&self, proposal: &Proposal) {
        if self.only_failed {
            eprintln!("  failed      {} were refused for good and are tried again; no one else", proposal.failed());
        }
        if let Some(file) = &self.to {
            eprintln!("  only        those in {}", file.display());
        }
        if let Some(file) = &self.except {
            eprintln!("  without     those in {}", file.display());
        }
        if let Some(limit) = self.limit {
            eprintln!("  limit       {} at most", counted(usize::try_from(limit).unwrap_or(usize::MAX), "attempt"));
        }
        let strangers = proposal.strangers();
        if !strangers.is_empty() {
            let named: Vec<_> = strangers.iter().take(NAMED).map(ToString::to_string).collect();
            let more = if strangers.len() > NAMED { ", ..." } else { "" };
            let files: Vec<_> = self.to.iter().chain(&self.except).map(|file| file.display().to_string()).collect();
            let (count, files) = (strangers.len(), files.join(" and "));
            eprintln!("warning: {count} in {files} not in the plan: {}{more}", named.join(", "));
        }
    }
}

//! `bulletin rehearse ISSUE`.

use std::path::Path;
use std::time::Instant;

use super::account::Closing;
use super::inspection::{inspect, tell_count};
use super::run::{Agreed, RunOptions, runtime, tell_end, tell_logs};
use super::{Ended, Opened, data, signer};
use crate::deliver::smtp::{Relay, Security, SmtpTransport};
use crate::domain::clock::Clock;
use crate::domain::{IssueId, Severity};
use crate::pipeline::{self, Decisions, Desk, Mode, Pace, PipelineError, refused};
use crate::rehearsal::{Catcher, CatcherOptions, Chaos};

#[derive(Debug, clap::Args)]
pub(super) struct Rehearse {
    /// The issue, by the name of its folder under issues/
    issue: IssueId,
    /// Let the catcher misbehave: 451:5%,550:2%,drop:1%
    #[arg(long, value_name = "FAULTS")]
    chaos: Option<Chaos>,
    /// Another number, other people whom the misbehaviour meets
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    options: RunOptions,
    /// Print the account as JSON
    #[arg(long)]
    json: bool,
}

impl Rehearse {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        let started = Instant::now();
        let Opened { newsletter, issue, assembly, .. } =
            Opened::open(dir, &self.issue, self.options.subscribers.as_deref())?;
        let signer = signer(&newsletter)?;
        let outbox = pipeline::outbox(&newsletter, &issue.id);
        let folder = outbox.join("rehearsal");
        let lock = pipeline::lock(&outbox, "rehearsal", &format!("rehearsing {}", issue.id))?;
        clear(&folder)?;
        let maildir = folder.join("maildir");
        let options = CatcherOptions {
            maildir: Some(maildir.clone()),
            chaos: self.chaos.clone().unwrap_or_default(),
            seed: self.seed,
            ..CatcherOptions::default()
        };
        let runtime = runtime()?;
        let catcher = runtime
            .block_on(Catcher::start(options))
            .map_err(|error| refused(error.to_string(), "check the folder's permissions and the room on the disk"))?;
        let address = catcher.address();
        let relay = Relay::new(address.ip().to_string(), address.port(), Security::Clear);
        let name = relay.to_string();
        let transport = SmtpTransport::new(relay).map_err(|error| refused(error.to_string(), error.help()))?;

        let desk = Desk::open(&folder.join("ledger.db"), &issue.id, lock)?;
        let digest = newsletter.digest(&issue);
        let proposal = desk.propose(digest, assembly, &name, Decisions::default(), clock.now())?;
        let rendered = pipeline::render(&newsletter, &issue, &proposal.assembly.editions)?;
        let findings = inspect(&newsletter, &issue, &proposal.assembly, &rendered, Vec::new())?;
        let (errors, others): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        tell_count(&errors, &others, &issue.id);
        let settled = desk.settle(&proposal, &name, clock.now())?;
        let pace = self.options.apply(Pace::new(&newsletter.config.throttle, Mode::Rehearsal));
        let agreed = Agreed {
            newsletter: &newsletter,
            issue: &issue,
            desk: &desk,
            settled,
            rendered,
            due: proposal.due(),
            limit: None,
            signer,
            transport,
            pace: &pace,
            clock,
        };
        let end = agreed.run(&runtime)?;
        runtime.block_on(catcher.stop());
        tell_logs(&desk, &folder);
        tell_end(&end);
        let account = desk.account()?;
        let closing = Closing {
            issue: &issue.id,
            account: &account,
            took: Some(started.elapsed()),
            digests: &[],
            mode: Mode::Rehearsal,
            json: self.json,
        };
        let ended = closing.print();
        if !self.json {
            data(&format!("{}\n", maildir.join("new").display()));
            eprintln!("Nothing left this machine. The messages are in the folder above, one file each.");
        }
        Ok(ended)
    }
}

/// Each rehearsal begins anew.
fn clear(folder: &Path) -> Result<(), PipelineError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(refused(
            format!("the last rehearsal in {} can't be removed: {error}", folder.display()),
            "check the folder's permissions",
        )),
        _ => Ok(()),
    }
}

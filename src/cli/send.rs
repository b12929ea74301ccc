//! `bulletin send ISSUE`: shows what will happen, has it agreed to, does it, and tells the account.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::account::Closing;
use super::appointment::{self, At};
use super::confirm::confirm;
use super::diagnostics::{counted, tell_in_full};
use super::inspection::{inspect, tell_count};
use super::refusals;
use super::run::{Agreed, RunOptions, runtime, tell_end, tell_logs};
use super::whom::WhomOptions;
use super::{Ended, Opened, folder, relay, signer};
use crate::deliver::smtp::{Relay, SmtpTransport};
use crate::deliver::{MaildirTransport, Route};
use crate::domain::clock::Clock;
use crate::domain::outcome::Outcome;
use crate::domain::{Digest, EmailAddress, IssueId, Language, Severity};
use crate::issue::Issue;
use crate::ledger::UnknownDecision;
use crate::pipeline::{self, Decisions, Desk, Mode, Newsletter, Pace, PipelineError, Proposal, refused};
use crate::readers::Register;
use crate::render::RenderedEdition;

/// How old a reading of the mailboxes may be.
const FRESH: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Send {
    /// The issue, by the name of its folder under issues/
    issue: IssueId,
    /// Send without asking, if the digest is still the one that the preview showed
    #[arg(long, value_name = "DIGEST")]
    approve: Option<Digest>,
    /// Send one marked test mail to this address instead; the ledger takes no note of it
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["approve", "retry_unknown", "drop_unknown", "include_new"])]
    test: Option<EmailAddress>,
    /// The language of the test mail
    #[arg(long, value_name = "LANG", requires = "test")]
    language: Option<Language>,
    /// Another relay than the configured one: `smtp://127.0.0.1:2525`, `smtps://mail.example.org`, or a Maildir
    /// on this machine: `maildir:archive/2026-01`
    #[arg(long, value_name = "URL")]
    relay: Option<String>,
    /// Try those again whose final reply never came: some may get it twice
    #[arg(long, conflicts_with = "drop_unknown")]
    retry_unknown: bool,
    /// Give those up whose final reply never came: some may not get it
    #[arg(long)]
    drop_unknown: bool,
    /// Send to those too who came into the list after the send was begun
    #[arg(long)]
    include_new: bool,
    /// Begin at this time: "2026-03-02 09:00" in the newsletter's time zone, or with an offset
    #[arg(long, value_name = "TIME", conflicts_with = "test")]
    at: Option<At>,
    /// Send although the check finds errors
    #[arg(long, conflicts_with = "test")]
    despite_findings: bool,
    #[command(flatten)]
    whom: WhomOptions,
    #[command(flatten)]
    options: RunOptions,
    /// Print the account as JSON
    #[arg(long)]
    json: bool,
}

impl Send {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        let newsletter = Newsletter::open(&folder(dir)?)?;
        if self.test.is_none() {
            // What a run before told about readers, if it could not apply it any more.
            refusals::apply(&newsletter, clock);
        }
        let Opened { newsletter, issue, assembly, .. } =
            Opened::of(newsletter, &self.issue, self.options.subscribers.as_deref())?;
        let signer = signer(&newsletter)?;
        let transport = self.route(&newsletter)?;
        let name = transport.to_string();
        let runtime = runtime()?;
        if let Some(address) = &self.test {
            let language = self.test_language(&issue.languages)?;
            let test = pipeline::send_test(&newsletter, &issue, address.clone(), language, &signer, transport, clock);
            return tell_test(&runtime.block_on(test)?);
        }
        let pace = self.options.apply(Pace::new(&newsletter.config.throttle, Mode::Send));
        let state = newsletter.folder.join("state");
        let lock = pipeline::lock(&state, issue.id.as_str(), &format!("sending {}", issue.id))?;
        let desk = Desk::open(&state.join("bulletin.db"), &issue.id, lock)?;
        let at = self.at.map(|at| at.moment(newsletter.config.throttle.zone.as_ref())).transpose()?;
        let decisions =
            Decisions { unknown: self.unknown_decision(), include_new: self.include_new, whom: self.whom.read()? };
        let proposal = desk.propose(newsletter.digest(&issue), assembly, &name, decisions, clock.now())?;
        let before = desk.account()?;
        self.tell(&newsletter, &proposal, &name, &pace, before.unknown);
        let rendered = self.inspect(&newsletter, &issue, &proposal)?;
        self.warn_of_uncollected(&newsletter, &proposal, clock.now())?;
        self.agree(&proposal)?;
        if let Some(at) = at.filter(|_| proposal.due() > 0) {
            appointment::wait(at, &transport, clock, &runtime)?;
        }

        let outbox = pipeline::outbox(&newsletter, &issue.id);
        let started = Instant::now();
        let settled = desk.settle(&proposal, &name, clock.now())?;
        let (due, limit) = (proposal.due(), proposal.whom().limit);
        // From here on, memory is for those who are sent to.
        drop(proposal);
        let agreed = Agreed {
            newsletter: &newsletter,
            issue: &issue,
            desk: &desk,
            settled,
            rendered,
            due,
            limit,
            signer,
            transport,
            pace: &pace,
            clock,
        };
        let end = agreed.run(&runtime);
        // However it ended, the tables tell of it.
        tell_logs(&desk, &outbox);
        refusals::apply(&newsletter, clock);
        tell_end(&end?);
        let (account, digests) = desk.closing()?;
        let took = Some(started.elapsed());
        Ok(Closing { issue: &issue.id, account: &account, took, digests: &digests, mode: Mode::Send, json: self.json }
            .print())
    }

    /// The language of a test mail: one that the issue has.
    fn test_language(&self, languages: &[Language]) -> Result<Language, PipelineError> {
        let Some(wanted) = &self.language else { return Ok(languages[0].clone()) };
        let known = languages.iter().map(Language::as_str).collect::<Vec<_>>().join(", ");
        let missing = || refused(format!("the issue is not written in {wanted}"), format!("it is written in {known}"));
        wanted.best_of(languages).cloned().ok_or_else(missing)
    }

    fn unknown_decision(&self) -> Option<UnknownDecision> {
        match (self.retry_unknown, self.drop_unknown) {
            (true, _) => Some(UnknownDecision::Retry),
            (_, true) => Some(UnknownDecision::Drop),
            _ => None,
        }
    }

    fn route(&self, newsletter: &Newsletter) -> Result<Route, PipelineError> {
        let Some(folder) = self.relay.as_deref().and_then(|relay| relay.strip_prefix(MaildirTransport::SCHEME)) else {
            let transport = SmtpTransport::new(self.relay(newsletter)?);
            return transport.map(Box::new).map(Route::Smtp).map_err(|error| refused(error.to_string(), error.help()));
        };
        if folder.is_empty() {
            return Err(refused("`maildir:` names no folder", "write maildir:archive/2026-01, for instance"));
        }
        let transport = MaildirTransport::new(Path::new(folder)).map(Route::Maildir);
        transport.map_err(|error| refused(format!("the folder {folder} can't be used: {error}"), "name it in full"))
    }

    fn relay(&self, newsletter: &Newsletter) -> Result<Relay, PipelineError> {
        if let Some(url) = &self.relay {
            let mut relay = Relay::from_url(url).map_err(|error| refused(error.to_string(), error.help()))?;
            relay.chunking = relay::chunking(newsletter);
            return Ok(relay);
        }
        relay::configured(newsletter)
    }

    /// What is about to happen, on stderr.
    fn tell(&self, newsletter: &Newsletter, proposal: &Proposal, relay: &str, pace: &Pace, unknown: u64) {
        let first = &newsletter.config.languages[0];
        let due = proposal.due();
        let doing = if proposal.plan.is_some() { "Continue sending" } else { "Send" };
        eprintln!("{doing} {} of {}", self.issue, newsletter.config.newsletter.name.get(first));
        let skipped = proposal.assembly.skipped();
        let editions = counted(proposal.assembly.editions.len(), "edition");
        eprintln!("  recipients  {due} to be sent to now; {editions}; {skipped} skipped");
        eprintln!("  digest      {}", proposal.digest);
        eprintln!("  relay       {relay}");
        let batch = pace
            .batch
            .map_or(String::new(), |batch| format!(", {} s of pause after each {}", batch.pause.as_secs(), batch.size));
        let connections = counted(pace.connections, "connection");
        let least = Duration::from_secs(pace.estimate(proposal.domains()).as_secs());
        let least =
            jiff::SignedDuration::try_from(least).map_or_else(|_| "long".to_owned(), |least| format!("{least:#}"));
        eprintln!("  pace        {}, {connections}{batch}; about {least}", pace.rate);
        if let Some(hours) = &pace.hours {
            eprintln!("  window      {hours}");
        }
        self.whom.tell(proposal);
        if proposal.is_corrected() {
            eprintln!(
                "  corrected   the sources changed since part of the list was sent to; only the rest gets the new text"
            );
        }
        if proposal.gone() > 0 {
            eprintln!("  gone        {} of the plan stand in the list no more and are skipped", proposal.gone());
        }
        if proposal.suppressed_since() > 0 {
            eprintln!("  suppressed  {} of the plan since it was made; they are skipped", proposal.suppressed_since());
        }
        let new = proposal.newcomers();
        if new > 0 {
            let what = if self.include_new { "join" } else { "are left out; --include-new takes them in" };
            eprintln!("  new         {new} came into the list after the send was begun and {what}");
        }
        if unknown > 0 && self.unknown_decision().is_none() {
            eprintln!(
                "  unknown     {unknown}: their final reply never came; --retry-unknown or --drop-unknown decides"
            );
        }
    }

    /// Checks what would be sent, and hands the editions on, so that they are rendered once. Where nothing leaves
    /// there is nothing to check.
    fn inspect(
        &self,
        newsletter: &Newsletter,
        issue: &Issue,
        proposal: &Proposal,
    ) -> Result<Vec<RenderedEdition>, PipelineError> {
        if proposal.due() == 0 || proposal.assembly.editions.is_empty() {
            return Ok(Vec::new());
        }
        let rendered = pipeline::render(newsletter, issue, &proposal.assembly.editions)?;
        // What the list has is told already, and stops nobody's mail.
        let findings = inspect(newsletter, issue, &proposal.assembly, &rendered, Vec::new())?;
        let (errors, others): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        tell_count(&errors, &others, &self.issue);
        if errors.is_empty() || self.despite_findings {
            return Ok(rendered);
        }
        tell_in_full(&errors, &newsletter.folder);
        let found = counted(errors.len(), "error");
        Err(refused(
            format!("nothing was sent: the check has found {found}"),
            format!(
                "mend what is told above and preview {} again; or say with [check] in bulletin.toml what a rule weighs, \
                 or send all the same with --despite-findings",
                self.issue
            ),
        ))
    }

    /// Who left and whose mail came back since the last issue may stand in a mailbox that nobody read: then
    /// whoever is there to be asked is asked.
    fn warn_of_uncollected(
        &self,
        newsletter: &Newsletter,
        proposal: &Proposal,
        now: jiff::Timestamp,
    ) -> Result<(), PipelineError> {
        if newsletter.config.mailboxes.is_empty() || proposal.due() == 0 || !pipeline::was_ever_sent(newsletter)? {
            return Ok(());
        }
        let told = match Register::last_collection(&newsletter.database())? {
            Some(last) if now.duration_since(last) <= FRESH => return Ok(()),
            Some(last) => format!("were read last on {}", last.strftime("%Y-%m-%d")),
            None => "were never read".to_owned(),
        };
        eprintln!("warning: the mailboxes in which people ask to leave and mail comes back {told}");
        eprintln!("    read them first: bulletin bounces collect");
        confirm("Send without it?", self.approve.is_some() || !std::io::stdin().is_terminal())
    }

    /// Has it agreed to: by the digest, or by typing the issue's name.
    fn agree(&self, proposal: &Proposal) -> Result<(), PipelineError> {
        let (issue, digest) = (&self.issue, proposal.digest);
        if proposal.due() == 0 && !proposal.is_corrected() && self.approve.is_none() {
            // Nothing leaves, so there is nothing to agree to.
            return Ok(());
        }
        if let Some(approved) = self.approve {
            if approved == digest {
                return Ok(());
            }
            return Err(refused(
                format!("the digest {approved} was approved, but what would be sent now has {digest}"),
                format!("a source, a template or the sender changed since: look at `bulletin preview {issue}` again"),
            ));
        }
        if !std::io::stdin().is_terminal() {
            return Err(refused(
                "nobody is here to agree to this send",
                format!("look at `bulletin preview {issue}`, then run `bulletin send {issue} --approve {digest}`"),
            ));
        }
        eprint!("Type {issue} to send it, anything else to leave it: ");
        // A terminal that can't be written to will not be read from either.
        drop(std::io::stderr().flush());
        let mut typed = String::new();
        let read = std::io::stdin().lock().read_line(&mut typed);
        if read.is_ok() && typed.trim() == issue.as_str() {
            Ok(())
        } else {
            Err(refused("nothing was sent", format!("type {issue} to send it")))
        }
    }
}

fn tell_test(outcome: &Outcome) -> Result<Ended, PipelineError> {
    match outcome {
        Outcome::Accepted(reply) => {
            eprintln!("The relay took the test mail: {reply}");
            Ok(Ended::Well)
        }
        Outcome::Deferred(reply) | Outcome::Rejected(reply) | Outcome::Unknown(reply) => {
            Err(refused(format!("the relay did not take the test mail: {reply}"), "its words tell the reason"))
        }
    }
}

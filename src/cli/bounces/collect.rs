//! `bulletin bounces collect`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;

use super::mailboxes;
use super::words::{alerts, count, name, tell_alerts};
use crate::cli::diagnostics::counted;
use crate::cli::run::interrupted;
use crate::cli::{Ended, data};
use crate::domain::bounce_policy::{Rule, Unsigned as Worth};
use crate::domain::clock::Clock;
use crate::domain::{BouncePolicy, Kind};
use crate::inbox::{InboxError, Mailbox, News, Source, Watch};
use crate::pipeline::{Newsletter, PipelineError, refused};
use crate::readers::{Bounce, Proof, Told};
use crate::upkeep::{Collected, Manner, Unsigned, Who, collect};

#[derive(Debug, clap::Args)]
pub(super) struct Collect {
    /// A Maildir, an mbox, a mail or a folder of them, or - for standard input [default: bounces.mailbox]
    sources: Vec<PathBuf>,
    /// Tell what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on reading whatever comes in, until Ctrl-C
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

impl Collect {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        let mailboxes = self.mailboxes(newsletter)?;
        if self.watch { self.watch(newsletter, &mailboxes, clock) } else { self.once(newsletter, &mailboxes, clock) }
    }

    fn watch(&self, newsletter: &Newsletter, mailboxes: &[Mailbox], clock: &Clock) -> Result<Ended, PipelineError> {
        let unwatchable = |error: InboxError| refused(error.to_string(), error.help().unwrap_or_default());
        let watch = Watch::start(mailboxes, interrupted()).map_err(unwatchable)?;
        let mut ended = Ended::Well;
        for news in watch {
            match news {
                News::Mail(place) => {
                    if self.once(newsletter, &mailboxes[place..=place], clock)? == Ended::WithRest {
                        ended = Ended::WithRest;
                    }
                }
                News::Trouble(_, error) => eprintln!("warning: {error}"),
            }
        }
        Ok(ended)
    }

    fn once(&self, newsletter: &Newsletter, mailboxes: &[Mailbox], clock: &Clock) -> Result<Ended, PipelineError> {
        // Shows itself on a terminal only.
        let bar = ProgressBar::new_spinner().with_message("mails read");
        bar.enable_steady_tick(Duration::from_millis(200));
        let manner = if self.dry_run { Manner::DryRun } else { Manner::Apply };
        let collected = collect(newsletter, mailboxes, manner, clock.now(), &mut || bar.inc(1));
        bar.finish_and_clear();
        let collected = collected?;
        let policy = &newsletter.config.bounce_policy;
        if self.json {
            data(&format!("{}\n", json(&collected, policy)));
        } else {
            data(&table(&collected));
            self.tell_sum(&collected);
        }
        for Unsigned { mail, from } in &collected.unsigned {
            let from = from.as_deref().unwrap_or("nobody");
            eprintln!(
                "warning: {mail}: asks to leave without a token that could be trusted; it says it is from {from}"
            );
            eprintln!("    if it is genuine: bulletin subscribers suppress {from} --cause unsubscribed");
        }
        tell_alerts(policy, &collected.judged);
        for bounce in doubtful(policy, &collected.judged.new) {
            let (mail, recipient) = (source(bounce), bounce.recipient.as_deref().unwrap_or("nobody"));
            if bounce.proof.is_signed() {
                eprintln!("note: {mail}: it is about {recipient}, but what it says could not be made out; read it");
                continue;
            }
            eprintln!(
                "note: {mail}: says {} of {recipient} without a token, so that anyone could have written it; it \
                 suppresses nobody",
                bounce.reason
            );
            if bounce.kind != Kind::Soft && bounce.proof == Proof::Recipient {
                eprintln!("    if it is genuine: bulletin subscribers suppress {recipient} --cause bounced");
            }
        }
        for error in &collected.unreadable {
            eprintln!("error: {error}");
            if let Some(help) = error.help() {
                eprintln!("    {help}");
            }
        }
        Ok(if collected.unreadable.is_empty() { Ended::Well } else { Ended::WithRest })
    }

    fn tell_sum(&self, collected: &Collected) {
        let new = counted(collected.left.len(), "new request");
        let bounced = counted(collected.judged.suppressed.len(), "reader");
        let doing = if self.dry_run { "would be suppressed" } else { "suppressed" };
        eprintln!("{} read, {new} to leave.", counted(collected.mails, "mail"));
        let news = counted(collected.judged.new.len(), "new report");
        let counts = collected.judged.counted.len();
        eprintln!("{news} of mail that came back: {bounced} {doing}, {counts} counted for now.");
        if collected.before > 0 || collected.harmless > 0 {
            let harmless = counted(collected.harmless, "automatic answer");
            eprintln!("{} were read before; {harmless} or note of delivery, of no account.", collected.before);
        }
    }

    fn mailboxes(&self, newsletter: &Newsletter) -> Result<Vec<Mailbox>, PipelineError> {
        let given = self.sources.iter().map(|path| Mailbox::new(Source::of(path)));
        let mailboxes: Vec<_> =
            if self.sources.is_empty() { mailboxes::configured(newsletter)? } else { given.collect() };
        if mailboxes.is_empty() {
            return Err(refused(
                "there is no mailbox to read",
                "name one: `bulletin bounces collect PATH`, or `mailbox = \"...\"` under [bounces] in bulletin.toml",
            ));
        }
        match mailboxes.iter().find_map(|mailbox| match &mailbox.source {
            Source::Path(path) if !path.exists() => Some(path),
            _ => None,
        }) {
            Some(missing) => Err(missing_mailbox(missing)),
            None => Ok(mailboxes),
        }
    }
}

fn missing_mailbox(path: &Path) -> PipelineError {
    refused(format!("there is no mailbox {}", path.display()), "check its name and bounces.mailbox in bulletin.toml")
}

/// What a person has to look at themselves.
fn doubtful<'b>(policy: &BouncePolicy, new: &'b [Bounce]) -> impl Iterator<Item = &'b Bounce> {
    let acts = policy.unsigned == Worth::Act;
    let alerts =
        |bounce: &Bounce| policy.rule(bounce.kind, bounce.reason) == Rule::Alert && bounce.proof != Proof::Nothing;
    let alerts: Vec<bool> = new.iter().map(alerts).collect();
    new.iter().zip(alerts).filter(|(_, told)| !told).map(|(bounce, _)| bounce).filter(move |bounce| {
        match bounce.proof {
            Proof::Recipient => !acts || bounce.kind == Kind::Unknown,
            Proof::Nothing => true,
            _ => bounce.kind == Kind::Unknown,
        }
    })
}

fn source(bounce: &Bounce) -> &str {
    match &bounce.source {
        Told::Mail { name, .. } => name,
        Told::Session(_) => "the relay's session",
    }
}

fn table(collected: &Collected) -> String {
    let left = collected.left.iter().map(|(who, mail)| format!("{} asked to leave  {mail}\n", name(who)));
    let judged = &collected.judged;
    let out = judged.suppressed.iter().map(|(who, verdict)| {
        format!("{} {} on {}  {}\n", name(who), verdict.cause, verdict.at.strftime("%Y-%m-%d"), verdict.why)
    });
    let counted = judged.counted.iter().map(|(who, so_far)| format!("{} counts  {}\n", name(who), count(so_far)));
    left.chain(out).chain(counted).collect()
}

fn email(who: &Who) -> Option<String> {
    match who {
        Who::Known(email) => Some(email.to_string()),
        Who::Unlisted(_) => None,
    }
}

fn json(collected: &Collected, policy: &BouncePolicy) -> serde_json::Value {
    let judged = &collected.judged;
    let left = collected.left.iter().map(|(who, mail)| serde_json::json!({ "email": email(who), "mail": mail }));
    let suppressed = judged.suppressed.iter().map(|(who, verdict)| {
        serde_json::json!({
            "email": email(who),
            "cause": verdict.cause.as_str(),
            "reason": verdict.reason,
            "at": verdict.at.to_string(),
            "why": verdict.why,
        })
    });
    let counts = judged.counted.iter().map(|(who, count)| {
        serde_json::json!({
            "email": email(who),
            "reason": count.reason,
            "times": count.times,
            "of": count.of,
            "within_days": count.days,
        })
    });
    let doubtful = doubtful(policy, &judged.new).map(|bounce| {
        serde_json::json!({
            "mail": source(bounce),
            "recipient": bounce.recipient,
            "kind": bounce.kind,
            "reason": bounce.reason,
            "signed": bounce.proof.is_signed(),
        })
    });
    serde_json::json!({
        "mails": collected.mails,
        "filed": collected.filed.settled,
        "read_before": collected.before,
        "unsubscribed": left.collect::<Vec<_>>(),
        "unsigned": collected.unsigned.iter().map(|unsigned| &unsigned.mail).collect::<Vec<_>>(),
        "reports": judged.new.len(),
        "harmless": collected.harmless,
        "suppressed": suppressed.collect::<Vec<_>>(),
        "counted": counts.collect::<Vec<_>>(),
        "alerts": alerts(policy, &judged.new),
        "doubtful": doubtful.collect::<Vec<_>>(),
        "unreadable": collected.unreadable.iter().map(|error| &error.name).collect::<Vec<_>>(),
    })
}

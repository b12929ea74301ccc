//! `bulletin bounces collect`.

use std::path::{Path, PathBuf};

use super::mailboxes;
use crate::cli::diagnostics::counted;
use crate::cli::{Ended, data};
use crate::domain::clock::Clock;
use crate::inbox::Source;
use crate::pipeline::{Newsletter, PipelineError, refused};
use crate::upkeep::{Collected, Leaver, Unsigned, collect};

#[derive(Debug, clap::Args)]
pub(super) struct Collect {
    /// A Maildir, an mbox, a mail or a folder of them, or - for standard input [default: bounces.mailbox]
    sources: Vec<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

impl Collect {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        let collected = collect(newsletter, &self.sources(newsletter)?, clock.now())?;
        if self.json {
            data(&format!("{}\n", json(&collected)));
        } else {
            for (leaver, mail) in &collected.left {
                data(&format!("{} asked to leave  {mail}\n", name(leaver)));
            }
            let new = counted(collected.left.len(), "new request");
            eprintln!("{} read, {new} to leave.", counted(collected.mails, "mail"));
        }
        for Unsigned { mail, from } in &collected.unsigned {
            let from = from.as_deref().unwrap_or("nobody");
            eprintln!(
                "warning: {mail}: asks to leave without a token that could be trusted; it says it is from {from}"
            );
            eprintln!("    if it is genuine: bulletin subscribers suppress {from} --cause unsubscribed");
        }
        for error in &collected.unreadable {
            eprintln!("error: {error}");
            if let Some(help) = error.help() {
                eprintln!("    {help}");
            }
        }
        Ok(if collected.unreadable.is_empty() { Ended::Well } else { Ended::WithRest })
    }

    fn sources(&self, newsletter: &Newsletter) -> Result<Vec<Source>, PipelineError> {
        let given = self.sources.iter().map(|path| Source::of(path));
        let sources: Vec<_> = if self.sources.is_empty() {
            mailboxes::configured(newsletter)?.into_iter().map(|mailbox| mailbox.source).collect()
        } else {
            given.collect()
        };
        if sources.is_empty() {
            return Err(refused(
                "there is no mailbox to read",
                "name one: `bulletin bounces collect PATH`, or `mailbox = \"...\"` under [bounces] in bulletin.toml",
            ));
        }
        match sources.iter().find_map(|source| match source {
            Source::Path(path) if !path.exists() => Some(path),
            _ => None,
        }) {
            Some(missing) => Err(missing_mailbox(missing)),
            None => Ok(sources),
        }
    }
}

fn missing_mailbox(path: &Path) -> PipelineError {
    refused(format!("there is no mailbox {}", path.display()), "check its name and bounces.mailbox in bulletin.toml")
}

fn name(leaver: &Leaver) -> String {
    match leaver {
        Leaver::Known(email) => email.to_string(),
        Leaver::Unlisted(reader) => format!("someone who is not in the list ({reader})"),
    }
}

fn json(collected: &Collected) -> serde_json::Value {
    let left = collected.left.iter().map(|(leaver, mail)| {
        let email = match leaver {
            Leaver::Known(email) => Some(email.to_string()),
            Leaver::Unlisted(_) => None,
        };
        serde_json::json!({ "email": email, "mail": mail })
    });
    serde_json::json!({
        "mails": collected.mails,
        "unsubscribed": left.collect::<Vec<_>>(),
        "unsigned": collected.unsigned.iter().map(|unsigned| &unsigned.mail).collect::<Vec<_>>(),
        "unreadable": collected.unreadable.iter().map(|error| &error.name).collect::<Vec<_>>(),
    })
}

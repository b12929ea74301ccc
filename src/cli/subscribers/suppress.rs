//! `bulletin subscribers suppress ADDR` and `unsuppress ADDR`.

use std::io::{IsTerminal as _, Write as _};

use crate::cli::Ended;
use crate::domain::EmailAddress;
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError, refused};
use crate::readers::Cause;
use crate::upkeep::{Decided, restore, suppress};

#[derive(Debug, clap::Args)]
pub(super) struct Suppress {
    /// Whom nothing is to be sent to
    #[arg(required = true, value_name = "ADDR")]
    emails: Vec<EmailAddress>,
    /// Why, for whoever looks it up later
    #[arg(long, value_name = "WHY")]
    because: Option<String>,
    /// What happened, if they left or complained on another way: unsubscribed, complained, bounced
    #[arg(long, value_name = "CAUSE", default_value = "by-hand", value_parser = cause)]
    cause: Cause,
}

#[derive(Debug, clap::Args)]
pub(super) struct Unsuppress {
    /// Who is to be sent to again
    #[arg(value_name = "ADDR")]
    email: EmailAddress,
    /// Why: who asked for it, when and how
    #[arg(long, value_name = "WHY")]
    because: Option<String>,
}

/// A cause that a person may name; forgetting is a command of its own.
fn cause(text: &str) -> Result<Cause, String> {
    text.parse()
        .ok()
        .filter(|cause| *cause != Cause::Forgotten)
        .ok_or_else(|| "write by-hand, unsubscribed, complained or bounced".to_owned())
}

impl Suppress {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        for email in &self.emails {
            match suppress(newsletter, email, self.cause, self.because.clone(), clock.now())? {
                Decided::Done => eprintln!("{email} is suppressed: nothing is sent to them any more."),
                Decided::Already(before) => {
                    let before = before.map_or(String::new(), |before| format!(": {before}"));
                    eprintln!("{email} is suppressed already{before}.");
                }
            }
        }
        Ok(Ended::Well)
    }
}

impl Unsuppress {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        let email = &self.email;
        match restore(newsletter, email, self.why()?, clock.now())? {
            Decided::Done => eprintln!("{email} is sent to again, if they stand in the list."),
            Decided::Already(_) => eprintln!("{email} was not suppressed."),
        }
        Ok(Ended::Well)
    }

    /// Why someone who left is mailed again: the law asks who does it, and so does the history.
    fn why(&self) -> Result<String, PipelineError> {
        let missing = || {
            refused(
                format!("{} stays suppressed: to undo it needs a reason", self.email),
                "give it with --because, for instance \"asked by telephone on 3 March to get it again\"",
            )
        };
        let why = match &self.because {
            Some(why) => why.clone(),
            None if std::io::stdin().is_terminal() => {
                eprint!("Why is {} to be sent to again? ", self.email);
                // A terminal that can't be written to will not be read from either.
                drop(std::io::stderr().flush());
                std::io::stdin().lines().next().and_then(Result::ok).unwrap_or_default()
            }
            None => return Err(missing()),
        };
        if why.trim().is_empty() { Err(missing()) } else { Ok(why.trim().to_owned()) }
    }
}

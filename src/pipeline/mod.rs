//! The story of a month: plan -> render -> compose -> deliver -> account. The only place where the main
//! rooms meet.

mod assembly;
mod classifier;
mod delivery;
mod desk;
mod entry;
mod list;
mod logs;
mod lookup;
mod newsletter;
mod outbox;
mod pace;
mod proposal;
mod rendering;
mod signing;
mod whom;

use std::fmt;

use crate::domain::IssueId;
use crate::edition::{self, EditionKey, NoEdition, Preferences};
use crate::issue::Issue;
use crate::readers::{Record, Suppression};
use crate::render::RenderError;
use crate::subscribers::Subscriber;

pub use assembly::{Assembly, Entries, assemble};
pub use classifier::classifier;
pub use delivery::{Delivery, send_test};
pub use desk::{Desk, Settled, lock};
pub use entry::{Entry, Fate};
pub use list::{Words, list_of};
pub use logs::{BOUNCES, DELIVERIES, write_logs};
pub use lookup::{Found, LookedUp, look_up};
pub use newsletter::{Newsletter, was_ever_sent};
pub use pace::{Mode, Pace};
pub use proposal::{Decisions, Proposal};
pub use rendering::{render, render_changed};
pub use signing::signing_keys;
pub use whom::{Selection, Whom};

/// Something on the way failed; each room's own error tells what.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Secret(#[from] crate::config::SecretError),
    #[error(transparent)]
    Issue(#[from] crate::issue::IssueError),
    #[error(transparent)]
    List(#[from] crate::subscribers::ListError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Compose(#[from] crate::compose::ComposeError),
    #[error(transparent)]
    Sign(#[from] crate::compose::dkim::SignError),
    #[error(transparent)]
    State(#[from] crate::state::StateError),
    #[error(transparent)]
    Lock(#[from] crate::ledger::LockError),
    #[error(transparent)]
    Deliver(#[from] crate::deliver::DeliverError),
    /// What a person has to set right; with the way to do it.
    #[error("{message}")]
    Refused { message: String, help: String },
}

/// Why someone in the list gets nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    NoEdition(NoEdition),
    Suppressed(Suppression),
}

/// How the reason of a suppressed person begins in the account.
const SUPPRESSED: &str = "suppressed: ";

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEdition(reason) => reason.fmt(f),
            Self::Suppressed(suppression) => write!(f, "{SUPPRESSED}{suppression}"),
        }
    }
}

/// Gives a person the preferences that they asked for since the list was written.
pub fn prefer(person: &mut Subscriber, record: &Record) {
    if let Some(languages) = &record.languages {
        person.languages.clone_from(languages);
    }
    if let Some(topics) = &record.topics {
        person.topics.clone_from(topics);
    }
}

/// The edition of one person.
///
/// # Errors
/// There is none for them.
pub fn select(newsletter: &Newsletter, issue: &Issue, person: &Subscriber) -> Result<EditionKey, NoEdition> {
    let column = |alias: &str| person.column(alias);
    let preferences = Preferences { languages: &person.languages, topics: &person.topics, column: &column };
    edition::select(issue, preferences, newsletter.config.newsletter.when_empty)
}

fn issue_folder(issue: &IssueId) -> std::path::PathBuf {
    std::path::Path::new("issues").join(issue.as_str())
}

/// An error that a person can set right, and how.
#[must_use]
pub fn refused(message: impl Into<String>, help: impl Into<String>) -> PipelineError {
    PipelineError::Refused { message: message.into(), help: help.into() }
}

/// Where an issue's previews and rehearsals go.
#[must_use]
pub fn outbox(newsletter: &Newsletter, issue: &IssueId) -> std::path::PathBuf {
    outbox_in(&newsletter.folder, issue)
}

/// The same, of the newsletter in `folder`, which need not be without faults.
#[must_use]
pub fn outbox_in(folder: &std::path::Path, issue: &IssueId) -> std::path::PathBuf {
    folder.join("outbox").join(issue.as_str())
}

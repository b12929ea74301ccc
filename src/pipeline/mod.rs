//! The story of a month: plan -> render -> compose -> deliver -> account. The only place where the main
//! rooms meet.

mod classifier;
mod delivery;
mod list;
mod logs;
mod newsletter;
mod plan;
mod signing;
mod whom;

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::field::Field;
use crate::domain::{Finding, IssueId};
use crate::edition::{self, Edition, EditionKey, NoEdition, Preferences};
use crate::issue::Issue;
use crate::readers::{Book, Record, Suppression};
use crate::render::{self, RenderError, RenderedEdition};
use crate::subscribers::{Roster, Subscriber};

pub use classifier::classifier;
pub use delivery::{Delivery, Mode, Pace, send_test};
pub use list::{Words, list_of};
pub use logs::{BOUNCES, DELIVERIES, write_logs};
pub use newsletter::{Newsletter, was_ever_sent};
pub use plan::{Decisions, Desk, Proposal, lock};
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

/// Who gets which edition of an issue, and who gets none.
#[derive(Debug)]
pub struct Assembly {
    pub roster: Roster,
    /// Editions with at least one reader: by language, then those with the most items first.
    pub editions: Vec<EditionKey>,
    /// For each of the roster's people in turn: the place of their edition, or why there is none.
    pub readers: Vec<Result<usize, Skip>>,
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

/// Works out everyone's edition: by the list, and over it what readers asked for since.
#[must_use]
pub fn assemble(newsletter: &Newsletter, issue: &Issue, mut roster: Roster, book: &Book) -> Assembly {
    let keys = roster.people.iter_mut().map(|person| match book.record(&person.email) {
        Some(Record { suppression: Some(suppression), .. }) => Err(Skip::Suppressed(suppression.clone())),
        record => {
            if let Some(record) = record {
                prefer(person, record);
            }
            select(newsletter, issue, person).map_err(Skip::NoEdition)
        }
    });
    let keys: Vec<_> = keys.collect();
    let mut editions: Vec<EditionKey> = Vec::new();
    let mut places: BTreeMap<EditionKey, usize> = BTreeMap::new();
    for key in keys.iter().flatten() {
        places.entry(key.clone()).or_default();
    }
    editions.extend(places.keys().cloned());
    let order = |key: &EditionKey| {
        let language = |tag| newsletter.config.languages.iter().position(|known| known == tag);
        let languages: Vec<_> = key.languages().iter().map(language).collect();
        (languages.len(), languages, std::cmp::Reverse(key.items().len()), key.items().to_vec())
    };
    editions.sort_by_cached_key(order);
    for (place, key) in editions.iter().enumerate() {
        places.insert(key.clone(), place);
    }
    let readers = keys.into_iter().map(|key| key.map(|key| places[&key])).collect();
    Assembly { roster, editions, readers }
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

impl Assembly {
    /// How many people get the edition at `place`.
    #[must_use]
    pub fn readers_of(&self, place: usize) -> usize {
        self.readers.iter().filter(|reader| **reader == Ok(place)).count()
    }

    /// How many people get an edition at all.
    #[must_use]
    pub fn recipients(&self) -> usize {
        self.readers.iter().flatten().count()
    }

    /// People who get none, and why.
    pub fn skipped(&self) -> impl Iterator<Item = (&Subscriber, &Skip)> {
        let people = self.roster.people.iter().zip(&self.readers);
        people.filter_map(|(person, reader)| reader.as_ref().err().map(|reason| (person, reason)))
    }
}

/// Renders each of `editions` once, in the same order.
///
/// # Errors
/// A template has a fault.
pub fn render(
    newsletter: &Newsletter,
    issue: &Issue,
    editions: &[EditionKey],
) -> Result<Vec<RenderedEdition>, RenderError> {
    let render = |key| render::render(&Edition::assemble(issue, key), &newsletter.templates, newsletter.setting());
    editions.iter().map(render).collect()
}

/// Merge fields that would stay empty for some: each column without default in which readers have a gap.
#[must_use]
pub fn gaps(issue: &Issue, roster: &Roster) -> Vec<Finding> {
    let mut gaps = Vec::new();
    for field in issue.fields.iter() {
        let Field::Column { alias, default: None } = field else { continue };
        let blank = roster.people.iter().filter(|person| alias != "email" && person.column(alias).is_none()).count();
        if blank > 0 {
            let message = format!("`{{{{ subscriber.{alias} }}}}` stays empty for {blank} of {}", roster.people.len());
            let help = format!("write {{{{ subscriber.{alias} | default(value=\"...\") }}}}, or fill in the column");
            gaps.push(Finding::warning("merge-gap", message).in_file(issue_folder(&issue.id)).with_help(help));
        }
    }
    gaps
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
    newsletter.folder.join("outbox").join(issue.as_str())
}

//! One reader: what is known of them, and what a person decides about them.

use jiff::Timestamp;

use crate::domain::EmailAddress;
use crate::ledger::{IssueLine, issues_of};
use crate::pipeline::{Newsletter, PipelineError};
use crate::readers::{Book, Bounce, Cause, Change, Channel, Event, Register, Suppression};
use crate::state::{Database, StateError, open_to_read};
use crate::subscribers::Subscriber;

/// All that the newsletter knows of one reader.
#[derive(Debug)]
pub struct Known {
    /// Their row in the list, which counts unless they asked for something else since.
    pub row: Option<Subscriber>,
    pub suppression: Option<Suppression>,
    pub history: Vec<Event>,
    /// What came back, the oldest first.
    pub bounces: Vec<Bounce>,
    pub issues: Vec<IssueLine>,
}

/// What became of a decision to suppress or to restore someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    Done,
    /// They stood so already, as the suppression that held before tells, if there was one.
    Already(Option<Suppression>),
}

/// Looks a reader up in the list, in the register and in the ledger.
///
/// # Errors
/// The list or the database can't be read.
pub fn known(newsletter: &Newsletter, email: &EmailAddress) -> Result<Known, PipelineError> {
    let book = newsletter.book()?;
    let identity = email.identity();
    let people = newsletter.roster(None)?.people;
    let path = newsletter.database();
    let failed = |error| StateError::Database(path.clone(), error);
    let (issues, bounces) = match open_to_read(&path)? {
        Some(connection) => (
            issues_of(&connection, &identity).map_err(failed)?,
            Bounce::about(&connection, book.pseudonym(email), &identity).map_err(failed)?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    Ok(Known {
        row: people.into_iter().find(|person| person.email.identity() == identity),
        suppression: book.suppression(email).cloned(),
        history: Register::history(&path, book.reader(email), &identity)?,
        bounces,
        issues,
    })
}

/// Keeps a reader from being sent to, for `why`.
///
/// # Errors
/// The database can't be written.
pub fn suppress(
    newsletter: &Newsletter,
    email: &EmailAddress,
    cause: Cause,
    why: Option<String>,
    now: Timestamp,
) -> Result<Decided, PipelineError> {
    let book = newsletter.book()?;
    match book.suppression(email) {
        Some(before) if before.cause >= cause => Ok(Decided::Already(Some(before.clone()))),
        _ => append(newsletter, &book, email, Change::Suppressed(cause), why, now),
    }
}

/// Lets a reader be sent to again, for `why`.
///
/// # Errors
/// The database can't be written.
pub fn restore(
    newsletter: &Newsletter,
    email: &EmailAddress,
    why: String,
    now: Timestamp,
) -> Result<Decided, PipelineError> {
    let book = newsletter.book()?;
    if book.suppression(email).is_none() {
        return Ok(Decided::Already(None));
    }
    append(newsletter, &book, email, Change::Restored, Some(why), now)
}

fn append(
    newsletter: &Newsletter,
    book: &Book,
    email: &EmailAddress,
    change: Change,
    note: Option<String>,
    at: Timestamp,
) -> Result<Decided, PipelineError> {
    let identity = Some(email.identity());
    let event = Event { reader: book.reader(email), identity, at, change, channel: Channel::ByHand, note };
    Register::new(Database::open(&newsletter.database())?).append(vec![event])?;
    Ok(Decided::Done)
}

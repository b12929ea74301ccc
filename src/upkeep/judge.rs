//! The policy is applied to all that is on record: bounces and the readers' book in, suppressions out.
//!
//! Nothing is remembered of an earlier judgement but the suppressions themselves. So a run that broke off is
//! caught up by the next, and a policy that was changed holds for what came back before, too.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::told::bounce;
use crate::domain::EmailAddress;
use crate::domain::token::Pseudonym;
use crate::ledger::{Lock, refused};
use crate::pipeline::{self, Newsletter, PipelineError};
use crate::readers::{
    Book, Bounce, Cause, Change, Channel, Count, Event, Proof, Register, Standing, Told, Verdict, standing,
};
use crate::state::{Database, StateError, open_to_read};

/// A reader as they can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Known(EmailAddress),
    /// Nobody in the list: they left it already, but may come back by an import.
    Unlisted(Pseudonym),
}

/// What follows from the bounces on record.
#[derive(Debug, Default)]
pub struct Judged {
    /// Those who are suppressed now and were not before.
    pub suppressed: Vec<(Who, Verdict)>,
    /// Those about whom something new was told that does not suppress them yet.
    pub counted: Vec<(Who, Count)>,
    /// What was new.
    pub new: Vec<Bounce>,
}

/// Keeps other processes from judging at the same time.
///
/// # Errors
/// One of them does.
pub(super) fn lock_bounces(newsletter: &Newsletter) -> Result<Lock, PipelineError> {
    pipeline::lock(&newsletter.folder.join("state"), "bounces", "reading the mail that came back")
}

/// Takes down what relays refused since the last time, as bounces that were told at once, and suppresses
/// whom the policy says.
///
/// # Errors
/// The database can't be read or written, another process judges just now, or a grammar can't be used.
pub fn judge_refusals(newsletter: &Newsletter, now: Timestamp) -> Result<Judged, PipelineError> {
    if !newsletter.database().exists() {
        return Ok(Judged::default());
    }
    let _lock = lock_bounces(newsletter)?;
    let register = Register::new(Database::open(&newsletter.database())?);
    let book = newsletter.book()?;
    let new = register.append_bounces(refusals(newsletter, &book, now)?)?;
    judge(newsletter, &register, &book, new)
}

/// What relays refused that is not on record yet.
pub(super) fn refusals(newsletter: &Newsletter, book: &Book, now: Timestamp) -> Result<Vec<Bounce>, PipelineError> {
    let path = newsletter.database();
    let Some(connection) = open_to_read(&path)? else { return Ok(Vec::new()) };
    let failed = |error| StateError::Database(path.clone(), error);
    let known = Bounce::sessions(&connection).map_err(failed)?;
    let mut refused = refused(&connection).map_err(failed)?;
    refused.retain(|one| !known.contains(&one.event));
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    let classifier = pipeline::classifier(&newsletter.folder)?;
    let bounces = refused.into_iter().map(|one| {
        let report = classifier.of_last_reply(&one.email, &one.reply, one.stage);
        Bounce {
            reader: Some(book.pseudonym(&one.email)),
            identity: Some(one.email.identity()),
            issue: Some(one.issue),
            mta: one.remote,
            recipient: Some(one.email.to_string()),
            proof: Proof::Session,
            ..bounce(report, Told::Session(one.event), one.at, now)
        }
    });
    Ok(bounces.collect())
}

/// Suppresses whom the policy says, and tells of them, and of those about whom `new` says something.
pub(super) fn judge(
    newsletter: &Newsletter,
    register: &Register,
    book: &Book,
    new: Vec<Bounce>,
) -> Result<Judged, PipelineError> {
    let judged = consider(newsletter, book, new, InRecord::Already)?;
    let events = judged.suppressed.iter().map(|(who, verdict)| event(book, who, verdict)).collect();
    register.append(events)?;
    Ok(judged)
}

/// Whether what is new was written already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InRecord {
    Already,
    NotYet,
}

/// What would follow.
pub(super) fn consider(
    newsletter: &Newsletter,
    book: &Book,
    new: Vec<Bounce>,
    in_record: InRecord,
) -> Result<Judged, PipelineError> {
    let path = newsletter.database();
    let mut all = match open_to_read(&path)? {
        Some(connection) => Bounce::all(&connection).map_err(|error| StateError::Database(path, error))?,
        None => Vec::new(),
    };
    if in_record == InRecord::NotYet {
        all.extend(new.iter().cloned());
    }
    let told: HashSet<Pseudonym> = new.iter().filter_map(|bounce| bounce.reader).collect();
    let mut readers: BTreeMap<Pseudonym, Vec<&Bounce>> = BTreeMap::new();
    for bounce in &all {
        if let Some(reader) = bounce.reader {
            readers.entry(reader).or_default().push(bounce);
        }
    }
    let mut judged = Judged { new, ..Judged::default() };
    for (reader, bounces) in readers {
        let identity = bounces.iter().rev().find_map(|bounce| bounce.identity.as_deref());
        let record = book.known(reader, identity);
        let suppressed = record.and_then(|record| record.suppression.as_ref()).map(|before| before.cause);
        let since = record.and_then(|record| record.restored);
        let who = || identity.and_then(|name| name.parse().ok()).map_or(Who::Unlisted(reader), Who::Known);
        match standing(&newsletter.config.bounce_policy, bounces.iter().copied(), since) {
            Standing::Verdict(verdict) if suppressed.is_none_or(|before| before < verdict.cause) => {
                judged.suppressed.push((who(), verdict));
            }
            Standing::Counts(count) if suppressed.is_none() && told.contains(&reader) => {
                judged.counted.push((who(), count));
            }
            _ => {}
        }
    }
    Ok(judged)
}

fn event(book: &Book, who: &Who, verdict: &Verdict) -> Event {
    let (reader, identity) = match who {
        Who::Known(email) => (book.pseudonym(email), Some(email.identity())),
        Who::Unlisted(reader) => (*reader, None),
    };
    let channel = if verdict.cause == Cause::Complained { Channel::Complaint } else { Channel::Bounce };
    let change = Change::Suppressed(verdict.cause);
    Event { reader, identity, at: verdict.at, change, channel, note: Some(verdict.why.clone()) }
}

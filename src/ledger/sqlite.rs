//! The ledger in the database of `state/`.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::params;

use super::plan::{self, NewPerson, Numbers, Plan, Planned};
use super::{Ended, Ledger, RecipientId, Record};
use crate::domain::outcome::{Outcome, Stage};
use crate::domain::queue_id::queue_id;
use crate::domain::{Digest, IssueId, Reason};
use crate::edition::EditionKey;
use crate::state::{Database, Place, StateError, open_to_read};

/// The ledger over a [`Database`].
#[derive(Clone)]
pub struct SqliteLedger(Database);

/// Why nobody can tell what became of an attempt that a crash left open.
const ENDED: &str = "the run ended before the reply came";

/// What a person decided about messages whose final reply never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownDecision {
    /// Try again, at the risk of mailing someone twice.
    Retry,
    /// Count them as rejected and leave them alone.
    Drop,
}

impl SqliteLedger {
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    pub(super) fn database(&self) -> &Database {
        &self.0
    }

    /// The plan of an issue, if it has one. Attempts that a crash left open become `unknown`: only call
    /// this while holding the issue's lock.
    ///
    /// # Errors
    /// The database can't be read or written.
    pub fn resume(&self, issue: &IssueId, now: Timestamp) -> Result<Option<Plan>, StateError> {
        let issue = issue.clone();
        self.0.write_now(move |transaction| {
            let Some(plan) = plan::find(transaction, &issue)? else { return Ok(None) };
            let mut open = transaction
                .prepare("SELECT id FROM recipient WHERE id >= ?2 AND +plan = ?1 AND state = 'attempting'")?;
            let open: Vec<i64> =
                open.query_map([plan.id, plan.first.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            for recipient in open {
                transaction.execute(
                    "INSERT INTO delivery_event (recipient, at, kind, text, refusal)
                     VALUES (?1, ?2, 'unknown', ?3, ?4)",
                    params![recipient, now.as_millisecond(), ENDED, Reason::Network.as_str()],
                )?;
                transaction.execute(
                    "UPDATE recipient SET state = 'unknown', reason = ?2, last_outcome = ?3 WHERE id = ?1",
                    params![recipient, ENDED, transaction.last_insert_rowid()],
                )?;
            }
            Ok(Some(plan))
        })
    }

    /// Freezes a plan: all of it, or nothing. The people are taken as they come; told are the numbers of
    /// those who have an edition, in the same order.
    ///
    /// # Errors
    /// The database can't be written, the issue has a plan already, or the people can't be read to their end.
    pub fn create(
        &self,
        issue: &IssueId,
        relay: &str,
        digest: Digest,
        now: Timestamp,
        editions: Vec<EditionKey>,
        people: impl Iterator<Item = Result<NewPerson, StateError>> + Send + 'static,
    ) -> Result<(Plan, Vec<(RecipientId, Place)>), StateError> {
        let (issue, relay) = (issue.clone(), relay.to_owned());
        self.0.write_now(move |transaction| {
            let plan = plan::create(transaction, &issue, &relay, digest, now)?;
            let added = plan::add(transaction, plan.id, &editions, people)?;
            Ok((plan, added))
        })
    }

    /// Adds people who came after the plan was made; tells of them as [`SqliteLedger::create`] does.
    ///
    /// # Errors
    /// The database can't be written, or the people can't be read to their end.
    pub fn add(
        &self,
        plan: &Plan,
        editions: Vec<EditionKey>,
        people: impl Iterator<Item = Result<NewPerson, StateError>> + Send + 'static,
    ) -> Result<Vec<(RecipientId, Place)>, StateError> {
        let plan = plan.id;
        self.0.write_now(move |transaction| plan::add(transaction, plan, &editions, people))
    }

    /// Notes that another digest was approved in mid-send.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn approve(&self, plan: &Plan, digest: Digest, now: Timestamp) -> Result<(), StateError> {
        let plan = plan.id;
        self.0.write_now(move |transaction| plan::approve(transaction, plan, digest, now))
    }

    /// Moves a plan of which nothing was attempted yet to another relay.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn move_to(&self, plan: &Plan, relay: &str) -> Result<(), StateError> {
        let (plan, relay) = (plan.id, relay.to_owned());
        self.0.write_now(move |transaction| {
            transaction.execute("UPDATE plan SET relay = ?2 WHERE id = ?1", params![plan, relay]).map(drop)
        })
    }

    /// Gives people who are still to be sent to another edition, by its place in `editions`, or skips them
    /// with a reason.
    ///
    /// # Errors
    /// The database can't be written, or the people can't be read to their end.
    pub fn assign(
        &self,
        plan: &Plan,
        editions: Vec<EditionKey>,
        people: impl Iterator<Item = Result<(RecipientId, Result<usize, String>), StateError>> + Send + 'static,
    ) -> Result<(), StateError> {
        let plan = plan.id;
        self.0.write_now(move |transaction| {
            let mut change = transaction.prepare_cached("UPDATE recipient SET edition = ?2 WHERE id = ?1")?;
            let mut numbers = Numbers::new(plan, &editions);
            for person in people {
                let (recipient, edition) = person.map_err(plan::unread)?;
                match edition {
                    Ok(place) => {
                        change.execute([recipient.0, numbers.of(transaction, place)?])?;
                    }
                    Err(reason) => skip_one(transaction, recipient, &reason)?,
                }
            }
            Ok(())
        })
    }

    /// Takes people back in who were skipped.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn take_back(&self, people: Vec<RecipientId>) -> Result<(), StateError> {
        self.0.write_now(move |transaction| {
            let mut change = transaction.prepare_cached(
                "UPDATE recipient SET state = 'pending', reason = NULL WHERE id = ?1 AND state = 'skipped'",
            )?;
            people.iter().try_for_each(|recipient| change.execute([recipient.0]).map(drop))
        })
    }

    /// Takes people out who are not to be sent to any more.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn skip(&self, people: Vec<(RecipientId, Cow<'static, str>)>) -> Result<(), StateError> {
        self.0.write_now(move |transaction| {
            people.iter().try_for_each(|(recipient, reason)| skip_one(transaction, *recipient, reason))
        })
    }

    /// Everyone in the plan.
    ///
    /// # Errors
    /// The database can't be opened a second time.
    pub fn planned(&self, plan: &Plan) -> Result<Planned, StateError> {
        let connection = open_to_read(self.0.path())?.ok_or(StateError::Ended)?;
        Ok(Planned::new(connection, plan))
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Applies a person's decision to those of `people` who are `unknown`.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn decide_unknown(
        &self,
        people: Vec<RecipientId>,
        decision: UnknownDecision,
        now: Timestamp,
    ) -> Result<(), StateError> {
        let (kind, state, reason) = match decision {
            UnknownDecision::Retry => ("retry-unknown", "pending", "tried again on request"),
            UnknownDecision::Drop => ("drop-unknown", "rejected", plan::GIVEN_UP),
        };
        self.0.write_now(move |transaction| {
            let mut change = transaction.prepare_cached(
                "UPDATE recipient SET state = ?2, reason = ?3, due = NULL WHERE id = ?1 AND state = 'unknown'",
            )?;
            for recipient in people {
                if change.execute(params![recipient.0, state, reason])? == 1 {
                    note(transaction, recipient, now, kind, reason)?;
                }
            }
            Ok(())
        })
    }

    /// Has those of `people` who were rejected tried again, as if for the first time.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn try_again(&self, people: Vec<RecipientId>, now: Timestamp) -> Result<(), StateError> {
        self.0.write_now(move |transaction| {
            let mut change = transaction.prepare_cached(
                "UPDATE recipient SET state = 'pending', reason = NULL, due = NULL, first_attempt = NULL,
                     attempts_before = attempts
                 WHERE id = ?1 AND state = 'rejected'",
            )?;
            for recipient in people {
                if change.execute([recipient.0])? == 1 {
                    note(transaction, recipient, now, "retry-rejected", "tried again on request")?;
                }
            }
            Ok(())
        })
    }
}

/// Notes what happened beside attempts and their outcomes.
fn note(
    transaction: &rusqlite::Transaction<'_>,
    recipient: RecipientId,
    at: Timestamp,
    kind: &str,
    text: &str,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO delivery_event (recipient, at, kind, text) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![recipient.0, at.as_millisecond(), kind, text])
        .map(drop)
}

fn skip_one(transaction: &rusqlite::Transaction<'_>, recipient: RecipientId, reason: &str) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE recipient SET state = 'skipped', reason = ?2, due = NULL
             WHERE id = ?1 AND state IN ('pending', 'deferred')",
        )?
        .execute(params![recipient.0, reason])
        .map(drop)
}

/// Notes what became of messages.
fn note_outcomes(transaction: &rusqlite::Transaction<'_>, ended: &[Ended]) -> rusqlite::Result<()> {
    let mut event = transaction.prepare_cached(
        "INSERT INTO delivery_event
             (recipient, at, kind, code, enhanced, text, remote, stage, refusal, queue_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let mut state = transaction
        .prepare_cached("UPDATE recipient SET state = ?2, reason = ?3, due = ?4, last_outcome = ?5 WHERE id = ?1")?;
    for (recipient, Record { outcome, refusal, stage, remote, at, due }) in ended {
        let reply = outcome.reply();
        let (kind, queue_id) = match outcome {
            Outcome::Accepted(reply) => ("accepted", queue_id(&reply.text)),
            Outcome::Deferred(_) => ("deferred", None),
            Outcome::Rejected(_) => ("rejected", None),
            Outcome::Unknown(_) => ("unknown", None),
        };
        event.execute(params![
            recipient.0,
            at.as_millisecond(),
            kind,
            reply.code,
            reply.enhanced,
            reply.text,
            remote,
            stage.map(Stage::as_str),
            refusal.map(Reason::as_str),
            queue_id
        ])?;
        state.execute(params![
            recipient.0,
            kind,
            reply.to_string(),
            due.map(Timestamp::as_millisecond),
            transaction.last_insert_rowid()
        ])?;
    }
    Ok(())
}

/// Notes that messages are about to leave.
fn note_attempts(
    transaction: &rusqlite::Transaction<'_>,
    recipients: &[RecipientId],
    at: Timestamp,
) -> rusqlite::Result<()> {
    let at = at.as_millisecond();
    // Two words and an OR: for a list of words SQLite makes a table.
    let mut state = transaction.prepare_cached(
        "UPDATE recipient SET state = 'attempting', attempts = attempts + 1, due = NULL,
             first_attempt = coalesce(first_attempt, ?3)
         WHERE id BETWEEN ?1 AND ?2 AND (state = 'pending' OR state = 'deferred')",
    )?;
    let mut event = transaction.prepare_cached(
        "INSERT INTO delivery_event (recipient, at, kind)
         SELECT id, ?3, 'attempt' FROM recipient WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    )?;
    // First attempts go in the order of the numbers, so that most flights are one run of them.
    for run in recipients.chunk_by(|one, next| one.0 + 1 == next.0) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let run_of = [first.0, last.0, at];
        if state.execute(run_of)? != run.len() {
            // Nobody is attempted who is not due: better to stop than to mail someone twice.
            return Err(rusqlite::Error::StatementChangedRows(0));
        }
        event.execute(run_of)?;
    }
    Ok(())
}

impl Ledger for SqliteLedger {
    fn note(
        &self,
        ended: Vec<Ended>,
        begun: Vec<RecipientId>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Vec<Ended>, StateError>> + Send {
        self.0.write(move |transaction| {
            if !ended.is_empty() {
                note_outcomes(transaction, &ended)?;
            }
            if !begun.is_empty() {
                note_attempts(transaction, &begun, at)?;
            }
            Ok(ended)
        })
    }

    async fn withhold(&self, recipient: RecipientId, reason: String) -> Result<(), StateError> {
        self.database().write(move |transaction| skip_one(transaction, recipient, &reason)).await
    }

    async fn put_off(&self, recipients: Vec<RecipientId>, at: Timestamp) -> Result<(), StateError> {
        let put_off = move |transaction: &rusqlite::Transaction<'_>| {
            let mut change = transaction.prepare_cached(
                "UPDATE recipient SET state = 'deferred', due = NULL WHERE id = ?1 AND state = 'rejected'",
            )?;
            for recipient in recipients {
                if change.execute([recipient.0])? == 1 {
                    note(transaction, recipient, at, "put-off", "everyone was refused in the same way")?;
                }
            }
            Ok(())
        };
        self.0.write(put_off).await
    }
}

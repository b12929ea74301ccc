//! Plans: made once for an issue and a relay, then only continued.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::RecipientId;
use crate::domain::{Digest, IssueId};
use crate::edition::EditionKey;
use crate::state::{Place, StateError};

/// The reason of those whom a person gave up without knowing whether they have it.
pub(super) const GIVEN_UP: &str = "given up on request";

/// An issue's send, as it was frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub id: i64,
    /// The relay's address, `smtp://host:port`.
    pub relay: String,
    /// What the Date header says.
    pub date: Timestamp,
    /// What was approved last.
    pub digest: Digest,
    /// Whether any message was ever attempted.
    pub begun: bool,
    /// The first of its people.
    pub(super) first: RecipientId,
}

/// Someone to be put into a plan.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Where whoever puts them in knows them from.
    pub place: Place,
    pub address: String,
    pub identity: String,
    /// The place of what they get in the list of editions, or why they get nothing.
    pub edition: Result<usize, String>,
}

/// Someone who is in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person<'a> {
    pub recipient: RecipientId,
    pub identity: &'a str,
    /// The number of the edition that was planned; none for those who never had one.
    pub edition: Option<EditionId>,
    pub standing: Standing<'a>,
}

/// One edition's number in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EditionId(i64);

/// Where someone in a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Still to be sent to.
    Due(Due),
    /// Sent to, and no reply came.
    Unknown,
    /// Not to be sent to, with the reason.
    Skipped(&'a str),
    /// Refused for good, which a person can have tried again.
    Rejected,
    /// Accepted, or given up by a person.
    Settled,
}

/// Someone who is still to be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Attempts so far, since the last time that a person had them tried again.
    pub attempts: u32,
    pub first_attempt: Option<Timestamp>,
    /// Not before; none for at once.
    pub at: Option<Timestamp>,
}

pub(super) fn find(transaction: &Transaction<'_>, issue: &IssueId) -> rusqlite::Result<Option<Plan>> {
    transaction
        .query_row(
            "SELECT plan.id, relay, date, digest,
                 EXISTS (SELECT 1 FROM recipient
                         WHERE recipient.id >= first_recipient AND +recipient.plan = plan.id AND attempts > 0),
                 first_recipient
             FROM plan JOIN approval ON approval.plan = plan.id
             WHERE issue = ?1 ORDER BY approval.id DESC LIMIT 1",
            [issue.as_str()],
            |row| {
                Ok(Plan {
                    id: row.get(0)?,
                    relay: row.get(1)?,
                    date: seconds(row.get(2)?),
                    digest: parse(3, &row.get::<_, String>(3)?)?,
                    begun: row.get(4)?,
                    first: RecipientId(row.get(5)?),
                })
            },
        )
        .optional()
}

pub(super) fn create(
    transaction: &Transaction<'_>,
    issue: &IssueId,
    relay: &str,
    digest: Digest,
    now: Timestamp,
) -> rusqlite::Result<Plan> {
    transaction.execute(
        "INSERT INTO plan (issue, relay, date, first_recipient, first_event)
         VALUES (?1, ?2, ?3, (SELECT coalesce(max(id), 0) + 1 FROM recipient),
             (SELECT coalesce(max(id), 0) + 1 FROM delivery_event))",
        params![issue.as_str(), relay, now.as_second()],
    )?;
    let id = transaction.last_insert_rowid();
    let first = transaction.query_row("SELECT first_recipient FROM plan WHERE id = ?1", [id], |row| row.get(0))?;
    approve(transaction, id, digest, now)?;
    let date = seconds(now.as_second());
    Ok(Plan { id, relay: relay.to_owned(), date, digest, begun: false, first: RecipientId(first) })
}

pub(super) fn approve(
    transaction: &Transaction<'_>,
    plan: i64,
    digest: Digest,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "INSERT INTO approval (plan, digest, at) VALUES (?1, ?2, ?3)",
            params![plan, digest.to_string(), now.as_millisecond()],
        )
        .map(drop)
}

/// Adds people as they come, and tells the number of each who has an edition; those who are in the plan
/// already stay as they are.
pub(super) fn add(
    transaction: &Transaction<'_>,
    plan: i64,
    editions: &[EditionKey],
    people: impl Iterator<Item = Result<NewPerson, StateError>>,
) -> rusqlite::Result<Vec<(RecipientId, Place)>> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO recipient (plan, address, identity, edition, state, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?;
    let mut numbers = Numbers::new(plan, editions);
    let mut added = Vec::new();
    for person in people {
        let NewPerson { place, address, identity, edition } = person.map_err(unread)?;
        let (edition, state, reason) = match edition {
            Ok(edition) => (Some(numbers.of(transaction, edition)?), "pending", None),
            Err(reason) => (None, "skipped", Some(reason)),
        };
        let is_new = insert.execute(params![plan, address, identity, edition, state, reason])? == 1;
        if is_new && edition.is_some() {
            added.push((RecipientId(transaction.last_insert_rowid()), place));
        }
    }
    added.shrink_to_fit();
    Ok(added)
}

/// The numbers of a list of editions, each looked up once.
pub(super) struct Numbers<'a> {
    plan: i64,
    editions: &'a [EditionKey],
    known: Vec<Option<i64>>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(plan: i64, editions: &'a [EditionKey]) -> Self {
        Self { plan, editions, known: vec![None; editions.len()] }
    }

    pub(super) fn of(&mut self, transaction: &Transaction<'_>, place: usize) -> rusqlite::Result<i64> {
        if let Some(number) = self.known[place] {
            return Ok(number);
        }
        let number = edition(transaction, self.plan, &self.editions[place])?;
        self.known[place] = Some(number);
        Ok(number)
    }
}

/// What was to be written could not be read, which undoes the whole.
pub(super) fn unread(error: StateError) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// The number of an edition of the plan.
pub(super) fn edition(transaction: &Transaction<'_>, plan: i64, key: &EditionKey) -> rusqlite::Result<i64> {
    let items = key.items().iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(";");
    let mut insert = transaction
        .prepare_cached("INSERT INTO edition (plan, languages, items) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    insert.execute(params![plan, key.language(), items])?;
    let mut find =
        transaction.prepare_cached("SELECT id FROM edition WHERE plan = ?1 AND languages = ?2 AND items = ?3")?;
    find.query_row(params![plan, key.language(), items], |row| row.get(0))
}

/// The people of a plan, read beside whoever writes.
pub struct Planned {
    connection: Connection,
    plan: i64,
    first: i64,
}

impl Planned {
    pub(super) fn new(connection: Connection, plan: &Plan) -> Self {
        Self { connection, plan: plan.id, first: plan.first.0 }
    }

    /// Hands over everyone, in the order of their numbers.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn each(&self, each: impl FnMut(Person<'_>)) -> Result<(), StateError> {
        self.read_each(each).map_err(|error| self.failed(error))
    }

    fn read_each(&self, mut each: impl FnMut(Person<'_>)) -> rusqlite::Result<()> {
        let mut people = self.connection.prepare(
            "SELECT id, identity, edition, state, attempts - attempts_before, first_attempt, due, reason
             FROM recipient WHERE id >= ?2 AND +plan = ?1 ORDER BY id",
        )?;
        let mut rows = people.query([self.plan, self.first])?;
        while let Some(row) = rows.next()? {
            each(person(row)?);
        }
        Ok(())
    }

    /// The number of the one with this identity; none where they are not of the plan.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn find(&self, identity: &str) -> Result<Option<RecipientId>, StateError> {
        let query = "SELECT id FROM recipient WHERE plan = ?1 AND identity = ?2";
        let found = self.connection.prepare_cached(query).and_then(|mut find| {
            find.query_row(params![self.plan, identity], |row| row.get(0).map(RecipientId)).optional()
        });
        found.map_err(|error| self.failed(error))
    }

    /// Every edition that was ever planned.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn editions(&self) -> Result<HashMap<EditionId, EditionKey>, StateError> {
        let query = "SELECT id, languages, items FROM edition WHERE plan = ?1";
        let edition = |row: &Row<'_>| {
            let key = EditionKey::new(list(1, &row.get::<_, String>(1)?)?, list(2, &row.get::<_, String>(2)?)?);
            Ok((EditionId(row.get(0)?), key))
        };
        let read =
            self.connection.prepare(query).and_then(|mut query| query.query_map([self.plan], edition)?.collect());
        read.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> StateError {
        StateError::Database(self.connection.path().unwrap_or_default().into(), error)
    }
}

fn person<'a>(row: &'a Row<'_>) -> rusqlite::Result<Person<'a>> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default());
    let standing = match text(3)? {
        "pending" | "deferred" => Standing::Due(Due {
            attempts: row.get(4)?,
            first_attempt: row.get::<_, Option<i64>>(5)?.map(millis),
            at: row.get::<_, Option<i64>>(6)?.map(millis),
        }),
        "unknown" => Standing::Unknown,
        "skipped" => Standing::Skipped(text(7)?),
        // Given up while nobody could tell whether they have it already: never again.
        "rejected" if text(7)? != GIVEN_UP => Standing::Rejected,
        _ => Standing::Settled,
    };
    let edition = row.get::<_, Option<i64>>(2)?.map(EditionId);
    Ok(Person { recipient: RecipientId(row.get(0)?), identity: text(1)?, edition, standing })
}

fn list<T: std::str::FromStr>(column: usize, text: &str) -> rusqlite::Result<Vec<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.split(';').filter(|word| !word.is_empty()).map(|word| parse(column, word)).collect()
}

fn parse<T: std::str::FromStr>(column: usize, text: &str) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn seconds(since: i64) -> Timestamp {
    Timestamp::from_second(since).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn millis(since: i64) -> Timestamp {
    Timestamp::from_millisecond(since).unwrap_or(Timestamp::UNIX_EPOCH)
}

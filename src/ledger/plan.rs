//! Plans: made once for an issue and a relay, then only continued.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::RecipientId;
use crate::domain::{Digest, EmailAddress, IssueId};
use crate::edition::EditionKey;

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
}

/// Someone to be put into a plan.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub email: EmailAddress,
    /// What they get, or why they get nothing.
    pub edition: Result<EditionKey, String>,
}

/// Someone who is in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub recipient: RecipientId,
    pub identity: String,
    /// The edition that was planned; none for those who never had one.
    pub edition: Option<EditionKey>,
    pub standing: Standing,
}

/// Where someone in a plan stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Still to be sent to.
    Due(Due),
    /// Sent to, and no reply came.
    Unknown,
    /// Not to be sent to, with the reason.
    Skipped(String),
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
                 EXISTS (SELECT 1 FROM recipient WHERE recipient.plan = plan.id AND attempts > 0)
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
        "INSERT INTO plan (issue, relay, date) VALUES (?1, ?2, ?3)",
        params![issue.as_str(), relay, now.as_second()],
    )?;
    let id = transaction.last_insert_rowid();
    approve(transaction, id, digest, now)?;
    Ok(Plan { id, relay: relay.to_owned(), date: seconds(now.as_second()), digest, begun: false })
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

/// Adds people; those who are in the plan already stay as they are.
pub(super) fn add(transaction: &Transaction<'_>, plan: i64, people: &[NewPerson]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO recipient (plan, address, identity, edition, state, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?;
    for person in people {
        let (edition, state, reason) = match &person.edition {
            Ok(key) => (Some(edition(transaction, plan, key)?), "pending", None),
            Err(reason) => (None, "skipped", Some(reason)),
        };
        insert.execute(params![plan, person.email.to_string(), person.email.identity(), edition, state, reason])?;
    }
    Ok(())
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

pub(super) fn people(transaction: &Transaction<'_>, plan: i64) -> rusqlite::Result<Vec<Person>> {
    let mut people = transaction.prepare(
        "SELECT recipient.id, identity, languages, items, state, attempts - attempts_before, first_attempt, due,
             reason
         FROM recipient LEFT JOIN edition ON edition.id = recipient.edition
         WHERE recipient.plan = ?1 ORDER BY recipient.id",
    )?;
    let rows = people.query_map([plan], |row| {
        let state: String = row.get(4)?;
        let standing = match state.as_str() {
            "pending" | "deferred" => Standing::Due(Due {
                attempts: row.get(5)?,
                first_attempt: row.get::<_, Option<i64>>(6)?.map(millis),
                at: row.get::<_, Option<i64>>(7)?.map(millis),
            }),
            "unknown" => Standing::Unknown,
            "skipped" => Standing::Skipped(row.get::<_, Option<String>>(8)?.unwrap_or_default()),
            // Given up while nobody could tell whether they have it already: never again.
            "rejected" if row.get::<_, Option<String>>(8)?.as_deref() != Some(GIVEN_UP) => Standing::Rejected,
            _ => Standing::Settled,
        };
        Ok(Person {
            recipient: RecipientId(row.get(0)?),
            identity: row.get(1)?,
            edition: match (row.get::<_, Option<String>>(2)?, row.get::<_, Option<String>>(3)?) {
                (Some(languages), Some(items)) => Some(EditionKey::new(list(2, &languages)?, list(3, &items)?)),
                _ => None,
            },
            standing,
        })
    })?;
    rows.collect()
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

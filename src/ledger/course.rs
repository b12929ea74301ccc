//! The course of a send, for a report: its plan, everyone with what became of them, and its outcomes by time.
//! What comes out stands in the plan's own order, so that nothing has to be held.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::account::{Account, dangling};
use super::plan::GIVEN_UP;
use crate::domain::{IssueId, Reason};

/// A plan, and where its people and events stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    pub plan: i64,
    pub issue: String,
    pub relay: String,
    /// When it was made.
    pub planned_at: Timestamp,
    first_recipient: i64,
    first_event: i64,
}

/// One person of a plan, without their address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled<'a> {
    /// What stands behind the @ of their identity; none of someone who was forgotten.
    pub domain: Option<&'a str>,
    /// The edition's languages and items, each joined by a semicolon.
    pub edition: Option<i64>,
    pub state: &'a str,
    /// Why they were skipped.
    pub reason: Option<&'a str>,
    pub attempts: u32,
    pub first_attempt: Option<Timestamp>,
    pub last: Option<LastReply<'a>>,
    /// A person gave up on them, without knowing whether they have it.
    pub is_given_up: bool,
}

/// How someone's last attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReply<'a> {
    pub at: Timestamp,
    pub refusal: Option<Reason>,
    pub code: Option<u16>,
    pub enhanced: Option<&'a str>,
}

/// Someone who is of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// None for those who never had one.
    pub edition: Option<i64>,
}

const COLUMNS: &str = "plan.id, issue, relay, first_recipient, first_event,
    (SELECT min(at) FROM approval WHERE approval.plan = plan.id)";

/// The plan of `issue`; none where it was never sent.
///
/// # Errors
/// The database can't be read.
pub fn course_of(connection: &Connection, issue: &IssueId) -> rusqlite::Result<Option<Course>> {
    let query = format!("SELECT {COLUMNS} FROM plan WHERE issue = ?1");
    connection.query_row(&query, [issue.as_str()], course).optional()
}

/// Every plan, in the order in which they were made.
///
/// # Errors
/// The database can't be read.
pub fn courses(connection: &Connection) -> rusqlite::Result<Vec<Course>> {
    connection.prepare(&format!("SELECT {COLUMNS} FROM plan ORDER BY id"))?.query_map([], course)?.collect()
}

fn course(row: &Row<'_>) -> rusqlite::Result<Course> {
    Ok(Course {
        plan: row.get(0)?,
        issue: row.get(1)?,
        relay: row.get(2)?,
        first_recipient: row.get(3)?,
        first_event: row.get(4)?,
        planned_at: moment(row.get::<_, Option<i64>>(5)?.unwrap_or_default()),
    })
}

impl Course {
    /// Number, languages and items of each edition, as they were planned first.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn editions(&self, connection: &Connection) -> rusqlite::Result<Vec<(i64, String, String)>> {
        let mut editions =
            connection.prepare("SELECT id, languages, items FROM edition WHERE plan = ?1 ORDER BY id")?;
        editions.query_map([self.plan], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    }

    /// The one with this identity; none where they are not of the plan.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn find(&self, connection: &Connection, identity: &str) -> rusqlite::Result<Option<Member>> {
        let mut find = connection.prepare_cached("SELECT edition FROM recipient WHERE plan = ?1 AND identity = ?2")?;
        find.query_row((self.plan, identity), |row| Ok(Member { edition: row.get(0)? })).optional()
    }

    /// No person of the plan has this number or a greater one. Found in the table's own order from the end on.
    fn end(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let mut last = connection
            .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM recipient WHERE +plan = ?1 AND id >= ?2")?;
        last.query_row([self.plan, self.first_recipient], |row| row.get(0))
    }
}

/// Hands over everyone of a plan. While a run is `alive`, its attempts are pending; after it, they are unknown.
///
/// # Errors
/// The database can't be read.
pub fn each_settled(
    connection: &Connection,
    course: &Course,
    alive: bool,
    mut each: impl FnMut(Settled<'_>),
) -> rusqlite::Result<()> {
    let mut people = connection.prepare(
        "SELECT identity, edition, state, reason, attempts, first_attempt, event.at, event.refusal, event.code,
             event.enhanced
         FROM recipient LEFT JOIN delivery_event AS event ON event.id = last_outcome
         WHERE recipient.id >= ?2 AND +plan = ?1 ORDER BY recipient.id",
    )?;
    let mut rows = people.query([course.plan, course.first_recipient])?;
    while let Some(row) = rows.next()? {
        let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
        let state = match text(2)?.unwrap_or_default() {
            "attempting" => dangling(alive),
            state => state,
        };
        let reason = text(3)?;
        let last = match row.get::<_, Option<i64>>(6)? {
            Some(at) => Some(LastReply {
                at: moment(at),
                refusal: text(7)?.and_then(|word| word.parse().ok()),
                code: row.get::<_, Option<u16>>(8)?.filter(|code| *code != 0),
                enhanced: text(9)?,
            }),
            None => None,
        };
        each(Settled {
            domain: text(0)?.and_then(|identity| identity.rsplit_once('@')).map(|(_, domain)| domain),
            edition: row.get(1)?,
            state,
            reason,
            attempts: row.get(4)?,
            first_attempt: row.get::<_, Option<i64>>(5)?.map(moment),
            last,
            is_given_up: state == "rejected" && reason == Some(GIVEN_UP),
        });
    }
    Ok(())
}

/// What is compared between issues.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    pub account: Account,
    pub first_attempt: Option<Timestamp>,
    pub last_outcome: Option<Timestamp>,
}

/// The summary of each of `courses`, in one pass over their people. Attempts without an outcome are unknown, unless
/// the issue is `alive`.
///
/// # Errors
/// The database can't be read.
pub fn summaries(
    connection: &Connection,
    courses: &[Course],
    is_alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<Vec<Summary>> {
    let places: HashMap<i64, usize> = courses.iter().enumerate().map(|(place, course)| (course.plan, place)).collect();
    let alive: Vec<bool> = courses.iter().map(|course| is_alive(&course.issue)).collect();
    let mut summaries = vec![Summary::default(); courses.len()];
    let mut ends: Vec<Option<i64>> = vec![None; courses.len()];
    let first = courses.iter().map(|course| course.first_recipient).min().unwrap_or_default();
    let mut people =
        connection.prepare("SELECT plan, state, first_attempt, last_outcome FROM recipient WHERE id >= ?1")?;
    let mut rows = people.query([first])?;
    while let Some(row) = rows.next()? {
        let Some(place) = places.get(&row.get(0)?).copied() else { continue };
        let state = match row.get_ref(1)?.as_str()? {
            "attempting" => dangling(alive[place]),
            state => state,
        };
        let summary = &mut summaries[place];
        summary.account.add(state, 1);
        let attempted = row.get::<_, Option<i64>>(2)?.map(moment);
        summary.first_attempt = [summary.first_attempt, attempted].into_iter().flatten().min();
        ends[place] = ends[place].max(row.get(3)?);
    }
    // Numbers of events grow with time, so that the greatest is the last.
    let mut event = connection.prepare("SELECT at FROM delivery_event WHERE id = ?1")?;
    for (summary, end) in summaries.iter_mut().zip(ends) {
        let at = event.query_row([end], |row| row.get(0)).optional()?;
        summary.last_outcome = at.map(moment);
    }
    Ok(summaries)
}

/// Hands over when each attempt ended, and how: `accepted`, `rejected`, `deferred` or `unknown`.
///
/// # Errors
/// The database can't be read.
pub fn each_outcome(
    connection: &Connection,
    course: &Course,
    mut each: impl FnMut(Timestamp, &str),
) -> rusqlite::Result<()> {
    let end = course.end(connection)?;
    // Later issues' people have greater numbers, as a rule; who came into an issue late stands among them.
    let mut events = connection.prepare(
        "SELECT event.at, event.kind FROM delivery_event AS event
         WHERE event.id >= ?4 AND event.recipient >= ?2 AND event.recipient < ?3
             AND event.kind IN ('accepted', 'rejected', 'deferred', 'unknown')
             AND (SELECT plan FROM recipient WHERE recipient.id = event.recipient) = ?1
         ORDER BY event.id",
    )?;
    let mut rows = events.query([course.plan, course.first_recipient, end, course.first_event])?;
    while let Some(row) = rows.next()? {
        each(moment(row.get(0)?), row.get_ref(1)?.as_str()?);
    }
    Ok(())
}

fn moment(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

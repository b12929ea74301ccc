//! One person over all issues: what became of each, and how they are taken out of the books.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::SqliteLedger;
use crate::domain::token::Pseudonym;
use crate::state::StateError;

/// What became of one issue for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssueLine {
    pub issue: String,
    pub state: String,
    /// Why they were skipped, or the last reply.
    pub reason: Option<String>,
    /// The last thing that happened; none where nothing was attempted.
    pub at: Option<Timestamp>,
}

/// Every issue that was planned for the person with this identity, the oldest first.
///
/// # Errors
/// The database can't be read.
pub fn issues_of(connection: &Connection, identity: &str) -> rusqlite::Result<Vec<IssueLine>> {
    let mut lines = connection.prepare(
        "SELECT issue, state, reason, (SELECT max(at) FROM delivery_event WHERE recipient = recipient.id)
         FROM recipient JOIN plan ON plan.id = recipient.plan WHERE identity = ?1 ORDER BY plan.id",
    )?;
    lines
        .query_map([identity], |row| {
            let at = row.get::<_, Option<i64>>(3)?;
            Ok(IssueLine {
                issue: row.get(0)?,
                state: row.get(1)?,
                reason: row.get(2)?,
                at: at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            })
        })?
        .collect()
}

/// Every issue that has a plan.
///
/// # Errors
/// The database can't be read.
pub fn planned_issues(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("SELECT issue FROM plan ORDER BY id")?.query_map([], |row| row.get(0))?.collect()
}

impl SqliteLedger {
    /// Takes a person's address out of every plan, and all words that a server said about them. The
    /// accounts stay as they were; who was still to be sent to is skipped. Tells how many plans they stood in.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn forget(&self, reader: Pseudonym, identity: String) -> Result<usize, StateError> {
        self.database().write_now(move |transaction| {
            transaction.execute(
                "UPDATE delivery_event SET text = NULL
                 WHERE recipient IN (SELECT id FROM recipient WHERE identity = ?1)",
                [&identity],
            )?;
            transaction.execute(
                "UPDATE recipient SET address = 'forgotten', identity = ?2, due = NULL, reason = 'forgotten',
                     state = CASE WHEN state IN ('pending', 'deferred') THEN 'skipped' ELSE state END
                 WHERE identity = ?1",
                params![identity, format!("forgotten:{reader}")],
            )
        })
    }
}

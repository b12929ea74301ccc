//! The closing account, which always adds up: every planned person is in exactly one state.

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use crate::domain::IssueId;

/// `planned = accepted + rejected + deferred + unknown + skipped + pending`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Account {
    pub planned: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub deferred: u64,
    pub unknown: u64,
    pub skipped: u64,
    pub pending: u64,
}

/// What an attempt without an outcome counts as.
pub(super) fn dangling(alive: bool) -> &'static str {
    if alive { "pending" } else { "unknown" }
}

impl Account {
    /// Whether everyone was reached who was to be.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rejected + self.deferred + self.unknown + self.pending == 0
    }

    /// Counts `count` people more in a state; whatever is none of the others is pending.
    pub fn add(&mut self, state: &str, count: u64) {
        self.planned += count;
        match state {
            "accepted" => self.accepted += count,
            "rejected" => self.rejected += count,
            "deferred" => self.deferred += count,
            "unknown" => self.unknown += count,
            "skipped" => self.skipped += count,
            _ => self.pending += count,
        }
    }
}

/// The account of an issue's plan, with the digests approved for it in order; none where there is no
/// plan. While a run is `alive`, its attempts are pending; after it, they are unknown.
///
/// # Errors
/// The database can't be read.
pub fn account_of(
    connection: &Connection,
    issue: &IssueId,
    alive: bool,
) -> rusqlite::Result<Option<(Account, Vec<String>)>> {
    let plan: Option<(i64, i64)> = connection
        .query_row("SELECT id, first_recipient FROM plan WHERE issue = ?1", [issue.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((plan, first)) = plan else { return Ok(None) };
    let mut account = Account::default();
    let mut states =
        connection.prepare("SELECT state, count(*) FROM recipient WHERE id >= ?2 AND +plan = ?1 GROUP BY state")?;
    let rows = states.query_map([plan, first], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    for row in rows {
        let (state, count) = row?;
        let state = if state == "attempting" { dangling(alive) } else { &state };
        account.add(state, u64::try_from(count).unwrap_or_default());
    }
    let mut approvals = connection.prepare("SELECT digest FROM approval WHERE plan = ?1 ORDER BY id")?;
    let digests = approvals.query_map([plan], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(Some((account, digests)))
}

//! Events that a mail brought: the mail and its events are taken down together, and each mail once.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::{Event, Register};
use crate::domain::Digest;
use crate::state::{StateError, open_to_read};

impl Register {
    /// Appends what the mail with this digest brought; tells whether it was new.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn append_from_mail(&self, mail: Digest, events: Vec<Event>, now: Timestamp) -> Result<bool, StateError> {
        self.database().write_now(move |transaction| {
            let new = transaction
                .prepare_cached("INSERT INTO mail_seen (digest, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(params![mail.to_string(), now.as_millisecond()])?;
            if new == 1 {
                events.iter().try_for_each(|event| super::register::insert(transaction, event))?;
            }
            Ok(new == 1)
        })
    }

    /// Notes that the mailboxes were read to their end.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn note_collection(&self, mails: usize, now: Timestamp) -> Result<(), StateError> {
        let mails = i64::try_from(mails).unwrap_or(i64::MAX);
        self.database().write_now(move |transaction| {
            transaction
                .execute("INSERT INTO collection (at, mails) VALUES (?1, ?2)", params![now.as_millisecond(), mails])
                .map(drop)
        })
    }

    /// When the mailboxes were read last; none where they never were.
    ///
    /// # Errors
    /// The database is there and can't be read.
    pub fn last_collection(path: &Path) -> Result<Option<Timestamp>, StateError> {
        let failed = |error| StateError::Database(path.to_owned(), error);
        let Some(connection) = open_to_read(path)? else { return Ok(None) };
        let at: Option<i64> = connection
            .query_row("SELECT max(at) FROM collection", [], |row| row.get(0))
            .optional()
            .map_err(failed)?
            .flatten();
        Ok(at.and_then(|at| Timestamp::from_millisecond(at).ok()))
    }
}

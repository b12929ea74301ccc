//! What a mail brought: the mail, its events and its bounces are taken down together, and each mail once.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::{Bounce, Event, Register};
use crate::domain::Digest;
use crate::state::{StateError, open_to_read};

/// What one mail brought.
#[derive(Debug, Clone)]
pub struct Brought {
    pub mail: Digest,
    pub events: Vec<Event>,
    pub bounces: Vec<Bounce>,
}

impl Register {
    /// Takes down what mails brought, each mail once: all of it, or nothing. Tells for each whether it was new.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn append_from_mails(&self, mails: Vec<Brought>, now: Timestamp) -> Result<Vec<bool>, StateError> {
        self.database().write_now(move |transaction| {
            let append = |mail: &Brought| {
                let new = transaction
                    .prepare_cached("INSERT INTO mail_seen (digest, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                    .execute(params![mail.mail.to_string(), now.as_millisecond()])?;
                if new == 1 {
                    mail.events.iter().try_for_each(|event| super::register::insert(transaction, event))?;
                    for bounce in &mail.bounces {
                        super::bounce::insert(transaction, bounce)?;
                    }
                }
                Ok(new == 1)
            };
            mails.iter().map(append).collect()
        })
    }

    /// Notes that these were worked on, so that they are not fetched again.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn remember(&self, mails: Vec<Digest>, now: Timestamp) -> Result<(), StateError> {
        self.database().write_now(move |transaction| {
            let mut insert = transaction
                .prepare_cached("INSERT INTO mail_seen (digest, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
            mails.iter().try_for_each(|mail| insert.execute(params![mail.to_string(), now.as_millisecond()]).map(drop))
        })
    }

    /// The mails that were worked on already.
    ///
    /// # Errors
    /// The database is there and can't be read.
    pub fn mails_seen(path: &Path) -> Result<HashSet<Digest>, StateError> {
        let failed = |error| StateError::Database(path.to_owned(), error);
        let Some(connection) = open_to_read(path)? else { return Ok(HashSet::new()) };
        let read = || {
            let mut seen = connection.prepare("SELECT digest FROM mail_seen")?;
            seen.query_map([], |row| super::register::parse(0, &row.get::<_, String>(0)?))?
                .collect::<rusqlite::Result<_>>()
        };
        read().map_err(failed)
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

//! The book as it stands at this moment, for a run that goes on for hours: who leaves meanwhile is noticed.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{Book, Register, Suppression};
use crate::domain::EmailAddress;
use crate::domain::token::TokenKey;
use crate::state::{StateError, open_to_read};

/// For so long what was read holds. Between two messages of a run it is next to nothing, and thousands of
/// messages a second need not each ask for themselves.
const FRESH: Duration = Duration::from_millis(5);

/// A book that is read anew whenever an event was added, by whatever process.
pub struct Latest(Option<Mutex<Reading>>);

struct Reading {
    connection: Connection,
    key: TokenKey,
    /// The number of the last event in the book,
    last: Option<i64>,
    /// and when it was last asked for.
    asked: Option<Instant>,
    book: Book,
}

impl Latest {
    /// Opens the database at `path`; where there is none yet, nobody is suppressed.
    ///
    /// # Errors
    /// It can't be read.
    pub fn open(path: &Path, key: &TokenKey) -> Result<Self, StateError> {
        let Some(connection) = open_to_read(path)? else { return Ok(Self(None)) };
        let reading =
            Reading { connection, key: key.clone(), last: None, asked: None, book: Book::new(key.clone(), []) };
        Ok(Self(Some(Mutex::new(reading))))
    }

    /// Why the reader with this address is not sent to, as of `now`, or of a moment before.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn suppression(&self, email: &EmailAddress, now: Instant) -> Result<Option<Suppression>, StateError> {
        let Some(reading) = &self.0 else { return Ok(None) };
        // Whoever panicked while reading left the book as it was.
        let mut reading = reading.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        reading.refresh(now).map_err(|error| {
            let path = reading.connection.path().unwrap_or_default();
            StateError::Database(path.into(), error)
        })?;
        Ok(reading.book.suppression(email).cloned())
    }
}

impl Reading {
    fn refresh(&mut self, now: Instant) -> rusqlite::Result<()> {
        if self.asked.is_some_and(|asked| now.saturating_duration_since(asked) < FRESH) {
            return Ok(());
        }
        let last: Option<i64> =
            self.connection.prepare_cached("SELECT max(id) FROM reader_event")?.query_row([], |row| row.get(0))?;
        if last != self.last {
            self.book = Register::book(&self.connection, self.key.clone())?;
            self.last = last;
        }
        self.asked = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cause, Change, Channel, Event};
    use super::*;
    use crate::state::Database;

    #[test]
    fn who_leaves_after_it_was_opened_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulletin.db");
        let key = TokenKey::new(b"secret");
        let ann: EmailAddress = "ann@example.org".parse().unwrap();
        let mut at = Instant::now();
        assert!(Latest::open(&path, &key).unwrap().suppression(&ann, at).unwrap().is_none());
        let register = Register::new(Database::open(&path).unwrap());
        let latest = Latest::open(&path, &key).unwrap();
        assert!(latest.suppression(&ann, at).unwrap().is_none());
        let event = |change| Event {
            reader: key.pseudonym(&ann),
            identity: Some(ann.identity()),
            at: jiff::Timestamp::UNIX_EPOCH,
            change,
            channel: Channel::Web,
            note: None,
        };
        register.append(vec![event(Change::Suppressed(Cause::Unsubscribed))]).unwrap();
        assert!(latest.suppression(&ann, at).unwrap().is_none(), "asked a moment ago");
        at += FRESH;
        assert!(latest.suppression(&ann, at).unwrap().is_some());
        register.append(vec![event(Change::Restored)]).unwrap();
        at += FRESH;
        assert!(latest.suppression(&ann, at).unwrap().is_none());
    }
}

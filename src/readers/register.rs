//! The events in the database of `state/`.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::{Book, Cause, Change, Channel, Event};
use crate::domain::token::{Pseudonym, TokenKey};
use crate::domain::{Language, Topic};
use crate::state::{Database, StateError, open_to_read};

/// Where events are written; what was written is on the disk when a call returns.
#[derive(Clone)]
pub struct Register(Database);

const COLUMNS: &str = "reader, identity, at, kind, value, channel, note";

impl Register {
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    pub(super) fn database(&self) -> &Database {
        &self.0
    }

    /// Appends `events`: all of them, or none.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn append(&self, events: Vec<Event>) -> Result<(), StateError> {
        self.0.write_now(move |transaction| events.iter().try_for_each(|event| insert(transaction, event)))
    }

    /// Erases all that is known of a reader but that they are not to be written to again.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn forget(&self, reader: Pseudonym, identity: String, at: Timestamp) -> Result<(), StateError> {
        self.0.write_now(move |transaction| {
            transaction.execute(
                "DELETE FROM reader_event WHERE reader = ?1 OR identity = ?2
                 OR reader IN (SELECT reader FROM reader_event WHERE identity = ?2)",
                params![reader.to_string(), identity],
            )?;
            super::bounce::forget(transaction, reader, &identity)?;
            let change = Change::Suppressed(Cause::Forgotten);
            insert(transaction, &Event { reader, identity: None, at, change, channel: Channel::ByHand, note: None })
        })
    }

    /// The book over all events in the database at `path`, which may not exist yet.
    ///
    /// # Errors
    /// The database is there and can't be read.
    pub fn read(path: &Path, key: TokenKey) -> Result<Book, StateError> {
        let failed = |error| StateError::Database(path.to_owned(), error);
        let Some(connection) = open_to_read(path)? else { return Ok(Book::new(key, [])) };
        Self::book(&connection, key).map_err(failed)
    }

    /// The same over a connection that is open already.
    pub(super) fn book(connection: &Connection, key: TokenKey) -> rusqlite::Result<Book> {
        // That someone was put into the list changes nothing about them, and there is one for each reader.
        let query = format!("SELECT {COLUMNS} FROM reader_event WHERE kind <> 'listed' ORDER BY id");
        Ok(Book::new(key, select(connection, &query, [])?))
    }

    /// Everything that is known of one reader, in the order in which it happened.
    ///
    /// # Errors
    /// The database is there and can't be read.
    pub fn history(path: &Path, reader: Pseudonym, identity: &str) -> Result<Vec<Event>, StateError> {
        let failed = |error| StateError::Database(path.to_owned(), error);
        let Some(connection) = open_to_read(path)? else { return Ok(Vec::new()) };
        let query = format!("SELECT {COLUMNS} FROM reader_event WHERE reader = ?1 OR identity = ?2 ORDER BY id");
        select(&connection, &query, params![reader.to_string(), identity]).map_err(failed)
    }

    /// Every suppression that was ever made, by time; whoever was restored since stands there, too.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn suppressions(connection: &Connection) -> rusqlite::Result<Vec<Event>> {
        let query = format!("SELECT {COLUMNS} FROM reader_event WHERE kind = 'suppressed' ORDER BY at, id");
        select(connection, &query, [])
    }

    /// When how many people came and went: every event that puts someone into the list, suppresses or
    /// restores them, by time.
    ///
    /// # Errors
    /// The database is there and can't be read.
    pub fn comings_and_goings(path: &Path) -> Result<Vec<Event>, StateError> {
        let failed = |error| StateError::Database(path.to_owned(), error);
        let Some(connection) = open_to_read(path)? else { return Ok(Vec::new()) };
        let query = format!(
            "SELECT {COLUMNS} FROM reader_event WHERE kind IN ('listed', 'suppressed', 'restored') ORDER BY at, id"
        );
        select(&connection, &query, []).map_err(failed)
    }
}

pub(super) fn insert(transaction: &Transaction<'_>, event: &Event) -> rusqlite::Result<()> {
    let (kind, value) = match &event.change {
        Change::Listed => ("listed", None),
        Change::Suppressed(cause) => ("suppressed", Some(cause.as_str().to_owned())),
        Change::Restored => ("restored", None),
        Change::Languages(languages) => ("languages", Some(joined(languages.iter().map(Language::as_str)))),
        Change::Topics(topics) => ("topics", Some(joined(topics.iter().map(Topic::as_str)))),
        Change::Synced => ("synced", None),
    };
    transaction
        .prepare_cached(
            "INSERT INTO reader_event (reader, identity, at, kind, value, channel, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            event.reader.to_string(),
            event.identity,
            event.at.as_millisecond(),
            kind,
            value,
            event.channel.as_str(),
            event.note
        ])
        .map(drop)
}

fn select(connection: &Connection, query: &str, values: impl rusqlite::Params) -> rusqlite::Result<Vec<Event>> {
    connection.prepare(query)?.query_map(values, event)?.collect()
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let kind: String = row.get(3)?;
    let value = row.get::<_, Option<String>>(4)?.unwrap_or_default();
    let change = match kind.as_str() {
        "listed" => Change::Listed,
        "suppressed" => Change::Suppressed(parse(4, &value)?),
        "restored" => Change::Restored,
        "languages" => Change::Languages(words(&value).map(|word| parse(4, word)).collect::<Result<_, _>>()?),
        "topics" => Change::Topics(words(&value).map(|word| parse(4, word)).collect::<Result<_, _>>()?),
        _ => Change::Synced,
    };
    Ok(Event {
        reader: parse(0, &row.get::<_, String>(0)?)?,
        identity: row.get(1)?,
        at: Timestamp::from_millisecond(row.get(2)?).unwrap_or(Timestamp::UNIX_EPOCH),
        change,
        channel: parse(5, &row.get::<_, String>(5)?)?,
        note: row.get(6)?,
    })
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(";")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').filter(|word| !word.is_empty())
}

pub(super) fn parse<T: std::str::FromStr>(column: usize, text: &str) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EmailAddress;

    #[test]
    fn events_are_read_as_they_were_written_and_forgetting_leaves_a_pseudonym() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulletin.db");
        let key = TokenKey::new(b"secret");
        let ann: EmailAddress = "ann@example.org".parse().unwrap();
        let event = |change, note: Option<&str>| Event {
            reader: key.pseudonym(&ann),
            identity: Some(ann.identity()),
            at: Timestamp::from_millisecond(1_500).unwrap(),
            change,
            channel: Channel::Web,
            note: note.map(str::to_owned),
        };
        let events = vec![
            event(Change::Listed, None),
            event(Change::Languages(vec!["fr-CA".parse().unwrap(), "en".parse().unwrap()]), None),
            event(Change::Topics(["policy".parse().unwrap()].into()), Some("asked twice")),
            event(Change::Topics([].into()), None),
            event(Change::Synced, None),
            event(Change::Suppressed(Cause::Unsubscribed), None),
            event(Change::Restored, Some("she wrote to us")),
        ];
        let register = Register::new(Database::open(&path).unwrap());
        register.append(events.clone()).unwrap();
        let history = || Register::history(&path, key.pseudonym(&ann), &ann.identity()).unwrap();
        assert_eq!(history(), events);

        register.forget(key.pseudonym(&ann), ann.identity(), Timestamp::UNIX_EPOCH).unwrap();
        let left = history();
        assert_eq!(left.len(), 1);
        assert_eq!((&left[0].identity, &left[0].note), (&None, &None));
        let book = Register::read(&path, key.clone()).unwrap();
        assert_eq!(book.suppression(&ann).unwrap().cause, Cause::Forgotten);
    }
}

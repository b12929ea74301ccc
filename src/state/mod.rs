//! The one database: opened here, its tables owned by the rooms that use them. SQLite in WAL mode with
//! synchronous=FULL, so that what was committed is on the disk; one thread writes, and jobs that wait
//! for it together are committed together.

mod spool;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use spool::{Cursor, Place, Spool, SpoolWriter, Window};
pub use writer::Database;

/// The database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the folder {} can't be made or written: {}", .0.display(), .1)]
    Folder(PathBuf, #[source] std::io::Error),
    #[error("the database {} can't be used: {}", .0.display(), .1)]
    Database(PathBuf, #[source] rusqlite::Error),
    #[error("the database {} was written by a newer version of this program (schema {})", .0.display(), .1)]
    Newer(PathBuf, i64),
    #[error("the database {} refused a write: {}", .0.display(), .1)]
    Refused(PathBuf, String),
    #[error("what was read of the list can't be put by in {}: {}", .0.display(), .1)]
    Spool(PathBuf, #[source] std::io::Error),
    #[error("the database's writer has ended")]
    Ended,
}

impl StateError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        const ROOM: &str = "nothing was sent that the ledger does not know of: make room on the disk or mend the \
                            folder's permissions, then run the same command again";
        const DAMAGED: &str = "put a copy of the whole folder back from a backup. Without its ledger the program does \
                               not know who has an issue already: with an empty one it would mail them again";
        match self {
            Self::Newer(..) => "use that newer version of the program",
            Self::Database(_, error) => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => DAMAGED,
                _ => ROOM,
            },
            Self::Refused(_, text) if text.contains("malformed") || text.contains("not a database") => DAMAGED,
            Self::Folder(..) | Self::Refused(..) | Self::Spool(..) | Self::Ended => ROOM,
        }
    }
}

/// Each step brings the schema from its place in this list to the next; a step is never changed once released.
const MIGRATIONS: &[&str] = &[
    include_str!("schema-1.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
    include_str!("schema-5.sql"),
    include_str!("schema-6.sql"),
];

/// Opens the database at `path`, making it and its folder where they are missing.
fn open(path: &Path) -> Result<Connection, StateError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder).map_err(|error| StateError::Folder(folder.to_owned(), error))?;
    let failed = |error| StateError::Database(path.to_owned(), error);
    if !path.exists() {
        private_file(path).map_err(|error| StateError::Folder(folder.to_owned(), error))?;
    }
    let mut connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    // In pages, 16 MiB: a send writes the same pages over and over, and each goes into the database once at the end of
    // a stretch.
    connection.pragma_update(None, "wal_autocheckpoint", 4_096).map_err(failed)?;
    // What the tables say of each other is declared, and tests hold the program to it: nothing is ever deleted that
    // something refers to, and an attempt need not look its recipient up once more.
    connection.pragma_update(None, "foreign_keys", "OFF").map_err(failed)?;
    // What was deleted is overwritten: someone who was forgotten stands in no free page.
    connection.pragma_update(None, "secure_delete", "ON").map_err(failed)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

/// Opens an existing database for reading beside a writer; none where there is none.
///
/// # Errors
/// It is there and can't be read.
pub fn open_to_read(path: &Path) -> Result<Option<Connection>, StateError> {
    if !path.exists() {
        return Ok(None);
    }
    let failed = |error| StateError::Database(path.to_owned(), error);
    // Not opened read-only: a database in WAL mode whose writer was killed is recovered by its next reader.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
    migrate(&mut connection, path)?;
    Ok(Some(connection))
}

/// Brings all that was written into the database itself and empties its log, in which what was deleted
/// would stand until then. Tells whether it could: a process that reads or writes just now prevents it.
///
/// # Errors
/// The database can't be used.
pub fn empty_log(path: &Path) -> Result<bool, StateError> {
    let failed = |error| StateError::Database(path.to_owned(), error);
    let Some(connection) = open_to_read(path)? else { return Ok(true) };
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
        .map_err(failed)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StateError> {
    let failed = |error| StateError::Database(path.to_owned(), error);
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(StateError::Newer(path.to_owned(), version));
    }
    if done == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have been faster.
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Makes `folder` with all above it, open to its owner alone: it will hold addresses.
///
/// # Errors
/// It can't be made.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes or empties a file that only its owner can read.
///
/// # Errors
/// It can't be made.
pub fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_of_the_first_version_is_brought_to_this_one_with_everyone_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulletin.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.execute_batch(
            "PRAGMA user_version = 1;
             INSERT INTO plan (id, issue, relay, date) VALUES (1, '2015-11', 'smtp://127.0.0.1:25', 0);
             INSERT INTO recipient (plan, address, identity, state, attempts)
             VALUES (1, 'ann@example.org', 'ann@example.org', 'accepted', 2);
             INSERT INTO delivery_event (recipient, at, kind)
             VALUES (1, 0, 'attempt'), (1, 1, 'deferred'), (1, 2, 'attempt'), (1, 3, 'accepted'), (1, 4, 'attempt');",
        )
        .unwrap();
        drop(old);
        let now = open(&path).unwrap();
        let row =
            "SELECT attempts, attempts_before, remote FROM recipient JOIN delivery_event ON recipient = recipient.id";
        let read: (i64, i64, Option<String>) =
            now.query_row(row, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        assert_eq!(read, (2, 0, None));
        let first = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let first: (i64, i64) = now.query_row("SELECT first_recipient, first_event FROM plan", [], first).unwrap();
        assert_eq!(first, (1, 1));
    }

    #[test]
    fn a_state_that_there_is_not_is_refused_and_the_check_of_it_needs_no_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulletin.db");
        let insert = |database: &Connection, state: &str| {
            let address = format!("{state}@example.org");
            let query = "INSERT INTO recipient (plan, address, identity, state) VALUES (1, ?1, ?1, ?2)";
            database.execute(query, [&address, state])
        };
        let database = open(&path).unwrap();
        database.execute("INSERT INTO plan (id, issue, relay, date) VALUES (1, '2015-11', '', 0)", []).unwrap();
        for connection in [&database, &open_to_read(&path).unwrap().unwrap()] {
            assert!(insert(connection, "lost").is_err());
        }
        for state in ["pending", "attempting", "accepted", "deferred", "rejected", "unknown", "skipped"] {
            insert(&database, state).unwrap();
        }
        let mut plan = database.prepare("EXPLAIN UPDATE recipient SET state = 'accepted' WHERE id = 1").unwrap();
        let steps: Vec<String> = plan.query_map([], |row| row.get(1)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(!steps.iter().any(|step| step == "OpenEphemeral"), "{steps:?}");
        let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }

    /// The tests from outside end with this question.
    #[test]
    fn a_row_that_refers_to_none_is_written_and_found() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder.path().join("bulletin.db")).unwrap();
        let astray = || -> i64 {
            database.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap()
        };
        assert_eq!(astray(), 0);
        database.execute("INSERT INTO delivery_event (recipient, at, kind) VALUES (7, 0, 'attempt')", []).unwrap();
        assert_eq!(astray(), 1);
    }
}

//! Someone is erased on request (GDPR article 17, and its like elsewhere): from the list and its backups,
//! the register, the ledger, and what earlier runs wrote. What is left is a keyed hash, so that no import
//! makes them mailable again.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::list::{OwnList, backups, explained};
use crate::domain::EmailAddress;
use crate::ledger::{Lock, SqliteLedger, planned_issues};
use crate::pipeline::{Newsletter, PipelineError};
use crate::readers::Register;
use crate::state::{Database, StateError, empty_log, open_to_read};
use crate::subscribers::file::{self, ListFile};

/// Where someone was erased.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Forgotten {
    /// Rows of the list.
    pub rows: usize,
    /// Issues in whose account they stand without a name now.
    pub issues: usize,
    /// Backups of the list that they were taken out of.
    pub backups: Vec<PathBuf>,
    /// Previews, rehearsals and reports that held their address, and are gone.
    pub removed: Vec<PathBuf>,
    /// What holds their address still, and why; a person has to see to it.
    pub left: Vec<(PathBuf, String)>,
}

/// Erases the reader with this address.
///
/// # Errors
/// An issue is being sent, or the list or the database can't be written. What was done until then stays
/// done, and doing it again goes on.
pub fn forget(newsletter: &Newsletter, email: &EmailAddress, now: Timestamp) -> Result<Forgotten, PipelineError> {
    let path = newsletter.database();
    let locks = lock_issues(newsletter)?;
    let reader = newsletter.book()?.pseudonym(email);
    let database = Database::open(&path)?;
    Register::new(database.clone()).forget(reader, email.identity(), now)?;
    let issues = SqliteLedger::new(database.clone()).forget(reader, email.identity())?;
    drop(database);
    let mut forgotten = Forgotten { issues, ..Forgotten::default() };

    let list = OwnList::open(newsletter)?;
    forgotten.rows = strike(list, email, newsletter, now)?;
    // After the list: what it was before is a backup now, too.
    for backup in file::backups(&backups(newsletter), &newsletter.list().0) {
        let listed = ListFile::open(&backup).map_err(|error| explained(&error));
        let struck = listed.and_then(|listed| strike_in(&backup, listed, email));
        match struck {
            Ok(0) => {}
            Ok(_) => forgotten.backups.push(backup),
            // One that can't be read as a list is better gone than kept with them in it.
            Err(_) if holds(&backup, email) => remove(&backup, &mut forgotten),
            Err(_) => {}
        }
    }
    clear_outbox(&newsletter.folder.join("outbox"), email, &mut forgotten);
    if !empty_log(&path)? {
        let why = "another process has it open; run this again when it has ended".to_owned();
        forgotten.left.push((path, why));
    }
    drop(locks);
    Ok(forgotten)
}

/// A run that sends has everyone in memory: nobody is erased under its hands.
fn lock_issues(newsletter: &Newsletter) -> Result<Vec<Lock>, PipelineError> {
    let path = newsletter.database();
    let failed = |error| StateError::Database(path.clone(), error);
    let Some(connection) = open_to_read(&path)? else { return Ok(Vec::new()) };
    let state = newsletter.folder.join("state");
    let issues = planned_issues(&connection).map_err(failed)?;
    issues.iter().map(|issue| crate::pipeline::lock(&state, issue, &format!("sending {issue}"))).collect()
}

/// Takes the person's rows out of the list; tells how many there were.
fn strike(
    mut list: OwnList,
    email: &EmailAddress,
    newsletter: &Newsletter,
    now: Timestamp,
) -> Result<usize, PipelineError> {
    let (rows, count) = without(std::mem::take(&mut list.rows), email);
    if count > 0 {
        let headers = list.headers.clone();
        list.replace(&headers, &rows, Some((&backups(newsletter), now)))?;
    }
    Ok(count)
}

/// The same for a backup, of which no backup is made.
fn strike_in(path: &Path, file: ListFile, email: &EmailAddress) -> Result<usize, PipelineError> {
    let mut list = OwnList::read(path.to_owned(), path, file)?;
    let (rows, count) = without(std::mem::take(&mut list.rows), email);
    if count > 0 {
        let headers = list.headers.clone();
        list.replace(&headers, &rows, None)?;
    }
    Ok(count)
}

/// Any cell counts: someone's address may stand in a column of one's own, too.
fn without(rows: Vec<Vec<String>>, email: &EmailAddress) -> (Vec<Vec<String>>, usize) {
    let before = rows.len();
    let is_theirs =
        |cell: &String| cell.parse::<EmailAddress>().is_ok_and(|found| found.identity() == email.identity());
    let rows: Vec<_> = rows.into_iter().filter(|row| !row.iter().any(is_theirs)).collect();
    let count = before - rows.len();
    (rows, count)
}

/// Removes each preview, rehearsal and report that holds the address: all of them can be made again.
fn clear_outbox(outbox: &Path, email: &EmailAddress, forgotten: &mut Forgotten) {
    for issue in entries(outbox) {
        let made: Vec<_> = if issue.is_dir() { entries(&issue) } else { vec![issue] };
        for path in made.into_iter().filter(|path| holds(path, email)) {
            remove(&path, forgotten);
        }
    }
}

fn remove(path: &Path, forgotten: &mut Forgotten) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Ok(()) => forgotten.removed.push(path.to_owned()),
        Err(error) => forgotten.left.push((path.to_owned(), error.to_string())),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Whether the address stands in a file or in one below a folder, in whatever case.
fn holds(path: &Path, email: &EmailAddress) -> bool {
    if path.is_dir() {
        return entries(path).iter().any(|path| holds(path, email));
    }
    let needle = email.to_string().to_lowercase();
    let Ok(bytes) = fs::read(path) else { return false };
    String::from_utf8_lossy(&bytes).to_lowercase().contains(&needle)
}

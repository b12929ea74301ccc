//! The thread that writes: jobs in by a channel, one commit for all that wait, answers out after it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::{StateError, open};

/// Jobs that one commit takes at most, so that the first of them does not wait for ever.
const GROUP: usize = 512;

/// A handle to the database; copies share the one writer, which ends with the last of them.
#[derive(Clone)]
pub struct Database(Arc<Handle>);

struct Handle {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

/// A piece of work whose result is held back until it is committed.
trait Job: Send {
    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, failure: Option<StateError>);
}

struct Task<T, F> {
    work: Option<F>,
    result: Option<T>,
    waiting: oneshot::Sender<Result<T, StateError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(transaction)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<StateError>) {
        let answer = match (failure, self.result) {
            (None, Some(result)) => Ok(result),
            (failure, _) => Err(failure.unwrap_or(StateError::Ended)),
        };
        // Whoever asked may have gone; what is committed stays.
        drop(self.waiting.send(answer));
    }
}

impl Database {
    /// Opens the database at `path` and starts its writer.
    ///
    /// # Errors
    /// It can't be made, read or brought to this version's schema.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let connection = open(path)?;
        let (jobs, queue) = channel();
        let own = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("database".into())
            .spawn(move || write(connection, &queue, &own))
            .map_err(|error| StateError::Folder(path.to_owned(), error))?;
        Ok(Self(Arc::new(Handle { jobs: Some(jobs), thread: Some(thread), path: path.to_owned() })))
    }

    /// Runs `work` in a transaction, perhaps beside other jobs, and returns once it is on the disk. Its place in line
    /// is that of this call, whenever the result is waited for.
    ///
    /// # Errors
    /// The database refused this or another job of the same commit; then nothing of it happened.
    pub fn write<T, F>(&self, work: F) -> impl Future<Output = Result<T, StateError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let submitted = self.submit(work);
        async move { submitted?.await.map_err(|_| StateError::Ended)? }
    }

    /// [`Database::write`] for callers that are not async.
    ///
    /// # Errors
    /// As there.
    pub fn write_now<T, F>(&self, work: F) -> Result<T, StateError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.submit(work)?.blocking_recv().map_err(|_| StateError::Ended)?
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    fn submit<T, F>(&self, work: F) -> Result<oneshot::Receiver<Result<T, StateError>>, StateError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (waiting, answer) = oneshot::channel();
        let job = Box::new(Task { work: Some(work), result: None, waiting });
        let jobs = self.0.jobs.as_ref().ok_or(StateError::Ended)?;
        jobs.send(job).map_err(|_| StateError::Ended)?;
        Ok(answer)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has said so already.
            drop(thread.join());
        }
    }
}

fn write(mut connection: Connection, queue: &Receiver<Box<dyn Job>>, path: &Path) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP - 1));
        let committed = commit(&mut connection, &mut group);
        for job in group {
            let failure = committed.as_ref().err().map(|text| StateError::Refused(path.to_owned(), text.clone()));
            job.answer(failure);
        }
    }
}

/// All of `group`, or nothing of it.
fn commit(connection: &mut Connection, group: &mut [Box<dyn Job>]) -> Result<(), String> {
    let mut all = || -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for job in group.iter_mut() {
            job.run(&transaction)?;
        }
        transaction.commit()
    };
    all().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_told_after_its_commit_and_a_failure_undoes_the_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/bulletin.db");
        let database = Database::open(&path).unwrap();
        let insert = |issue: &'static str| {
            move |t: &Transaction<'_>| {
                t.execute("INSERT INTO plan (issue, relay, date) VALUES (?1, 'smtp://127.0.0.1:25', 0)", [issue])
            }
        };
        assert_eq!(database.write_now(insert("2015-11")).unwrap(), 1);
        let refused = database.write_now(insert("2015-11"));
        assert!(matches!(refused, Err(StateError::Refused(..))), "{refused:?}");
        drop(database);
        let reader = super::super::open_to_read(&path).unwrap().unwrap();
        let count: i64 = reader.query_row("SELECT count(*) FROM plan", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1);
    }

    #[test]
    fn what_is_no_database_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulletin.db");
        std::fs::write(&path, "not a database at all, but long enough to look like a file of some kind").unwrap();
        let error = Database::open(&path).err().unwrap();
        assert!(error.to_string().contains("bulletin.db"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_database() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/bulletin.db");
        let _database = Database::open(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}

//! One process sends an issue at a time. The lock is the operating system's, so that a crash releases it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::state::{private_file, private_folder};

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The lock can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another process is sending this issue just now")]
    Held,
    #[error("{} can't be made or written: {}", .0.display(), .1)]
    File(PathBuf, #[source] std::io::Error),
}

impl Lock {
    /// Takes the lock `name` beside the database at `database`.
    ///
    /// # Errors
    /// Another process holds it, or its file can't be made.
    pub fn take(database: &Path, name: &str) -> Result<Self, LockError> {
        let folder = database.parent().unwrap_or(Path::new("."));
        let path = folder.join(format!("{name}.lock"));
        let failed = |error| LockError::File(path.clone(), error);
        private_folder(folder).map_err(failed)?;
        let file = private_file(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Whether some process holds the lock.
    #[must_use]
    pub fn is_held(database: &Path, name: &str) -> bool {
        let folder = database.parent().unwrap_or(Path::new("."));
        let Ok(file) = File::open(folder.join(format!("{name}.lock"))) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

//! One process sends an issue at a time. The lock is the operating system's, so that a crash releases it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::state::{private_file, private_folder};

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The lock can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another process holds the lock")]
    Held,
    #[error("{} can't be made or written: {}", .0.display(), .1)]
    File(PathBuf, #[source] std::io::Error),
}

impl Lock {
    /// Takes the lock `name` in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// Another process holds it, or its file can't be made.
    pub fn take(folder: &Path, name: &str) -> Result<Self, LockError> {
        let path = folder.join(format!("{name}.lock"));
        let failed = |error| LockError::File(path.clone(), error);
        private_folder(folder).map_err(failed)?;
        let file = private_file(&path).map_err(failed)?;
        // Who only asks whether it is held holds it for a moment, too.
        for _ in 0..20 {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(LockError::Held)
    }

    /// Whether some process holds the lock `name` in `folder`.
    #[must_use]
    pub fn is_held(folder: &Path, name: &str) -> bool {
        let Ok(file) = File::open(folder.join(format!("{name}.lock"))) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

//! What can go wrong with a mailbox, and what a person can do about it.

use std::io;

/// Mail that can't be read or marked. Others behind it still can.
#[derive(Debug, thiserror::Error)]
#[error("can't read {name}: {fault}")]
pub struct InboxError {
    /// The mail or the mailbox.
    pub name: String,
    #[source]
    pub fault: Fault,
}

/// Why a mailbox can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl InboxError {
    pub(super) fn new(name: impl Into<String>, fault: impl Into<Fault>) -> Self {
        Self { name: name.into(), fault: fault.into() }
    }

    /// What the person who reads this can do; none where the fault says it all.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match &self.fault {
            Fault::Io(_) => None,
        }
    }
}

//! What the catcher took and what it did: the truth that a sender's account is
//! held against.
//!
//! In come whole messages and the names of what was done to the others; out come
//! [`Accepted`] and [`Tally`]. A message counts as taken once it is on disk (where a
//! Maildir was asked for) and in memory, in that order, before any reply is written:
//! the client is never told of more than there is.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::body::Body;
use super::maildir::{Envelope, Maildir};

/// One message taken for one recipient. A message with several recipients is as
/// many of these, all with its sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The address as RCPT had it.
    pub recipient: String,
    /// The number in the queue id and the file name: 17 is `r000017` and
    /// `000017.rehearsal`. From 1 on, or from where an earlier rehearsal in the same
    /// Maildir ended.
    pub sequence: u64,
    /// Octets of the message, unstuffed, without the lines that the Maildir adds.
    pub bytes: usize,
}

/// What a catcher did, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections that were opened.
    pub connections: u64,
    /// Messages that were taken, whether or not the client was told.
    pub accepted: u64,
    /// Refusals by reply code: those of the chaos, a message too large or for too
    /// many, and a disk that could not take it (451).
    pub refused: BTreeMap<u16, u64>,
    /// Connections closed on purpose by `drop`; no message was taken.
    pub dropped: u64,
    /// Connections closed on purpose by `half`, in the middle of a reply.
    pub halved: u64,
    /// Messages that were taken and whose reply was withheld on purpose by `lost`.
    pub lost: u64,
    /// Replies delayed on purpose by `slow`.
    pub slowed: u64,
    /// Replies to what the client should not have sent: unknown commands, wrong order,
    /// wrong syntax. A correct sender causes none.
    pub mistakes: u64,
}

/// The books of one catcher, shared by its conversations.
pub(super) struct Register {
    maildir: Option<Maildir>,
    last: AtomicU64,
    accepted: Mutex<Vec<Accepted>>,
    tally: Mutex<Tally>,
}

impl Register {
    /// Empty books over this Maildir, if any.
    pub(super) fn open(maildir: Option<Maildir>) -> io::Result<Self> {
        let highest = maildir.as_ref().map_or(Ok(0), Maildir::highest)?;
        Ok(Self { maildir, last: AtomicU64::new(highest), accepted: Mutex::default(), tally: Mutex::default() })
    }

    /// Whether [`accept`](Self::accept) waits for a disk.
    pub(super) fn writes(&self) -> bool {
        self.maildir.is_some()
    }

    /// Takes a message and gives its sequence. Blocks on the disk.
    pub(super) fn accept(&self, envelope: &Envelope, body: &Body) -> io::Result<u64> {
        let sequence = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(maildir) = &self.maildir {
            maildir.deliver(sequence, envelope, body.bytes())?;
        }
        let bytes = body.size();
        let copies =
            envelope.recipients.iter().map(|recipient| Accepted { recipient: recipient.clone(), sequence, bytes });
        lock(&self.accepted).extend(copies);
        self.note(|tally| tally.accepted += 1);
        Ok(sequence)
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut lock(&self.tally));
    }

    pub(super) fn tally(&self) -> Tally {
        lock(&self.tally).clone()
    }

    /// In the order of their sequence, which is not quite the order of arrival.
    pub(super) fn accepted(&self) -> Vec<Accepted> {
        let mut accepted = lock(&self.accepted).clone();
        accepted.sort_by_key(|one| one.sequence);
        accepted
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.accepted).len()
    }
}

/// The books are whole between any two steps, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_for_two_is_two_entries_with_one_sequence() {
        let register = Register::open(None).unwrap();
        let mut body = Body::new(false, 100);
        body.push(b"hello");
        let recipients = vec!["one@example.org".to_owned(), "two@example.org".to_owned()];
        let envelope = Envelope { return_path: String::new(), recipients };
        assert_eq!(register.accept(&envelope, &body).unwrap(), 1);
        assert_eq!((register.count(), register.tally().accepted), (2, 1));
        assert!(register.accepted().iter().all(|one| one.sequence == 1 && one.bytes == 5));
    }

    #[test]
    fn a_message_that_the_disk_refuses_is_not_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::open(Some(Maildir::open(folder.path()).unwrap())).unwrap();
        std::fs::remove_dir(folder.path().join("new")).unwrap();
        let envelope = Envelope { return_path: String::new(), recipients: vec!["a@b".into()] };
        assert!(register.accept(&envelope, &Body::new(true, 100)).is_err());
        assert_eq!((register.count(), register.tally()), (0, Tally::default()));
    }
}

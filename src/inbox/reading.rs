//! A mailbox that is worked through: mails out, receipts back in.

use super::files::Files;
use super::mailbox::{After, Mailbox, Place, Receipt, Source};
use super::{InboxError, Mail, maildir};
use crate::domain::Digest;

/// Tells of a mail's key whether the caller remembers it.
pub(super) type Known<'k> = dyn Fn(Digest) -> bool + 'k;

/// A mailbox that is being read. Mails come out by iteration; whoever has made sure that what they caused is on
/// the disk hands their receipts to [`Reading::done`].
pub struct Reading {
    files: Files,
    after: After,
    known: Box<Known<'static>>,
}

/// What became of mails that were worked on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filed {
    /// Marked, moved or removed, as the mailbox says.
    pub settled: usize,
    /// Left as they were: in files and mboxes always, elsewhere where the mailbox says so.
    pub left: usize,
}

impl std::ops::AddAssign for Filed {
    fn add_assign(&mut self, other: Self) {
        self.settled += other.settled;
        self.left += other.left;
    }
}

/// Begins to read a mailbox.
#[must_use]
pub fn read(mailbox: &Mailbox) -> Reading {
    let files = match &mailbox.source {
        Source::Path(path) => Files::under(path),
        Source::Stdin => Files::stdin(),
    };
    Reading { files, after: mailbox.after.clone(), known: Box::new(|_| false) }
}

impl Reading {
    /// Passes over mails whose [`Receipt::key`] the caller remembers as worked on, so that they are not fetched.
    #[must_use]
    pub fn unless(self, known: impl Fn(Digest) -> bool + 'static) -> Self {
        Self { known: Box::new(known), ..self }
    }

    /// Marks, moves or removes these mails, as the mailbox says. To be called once what they caused can't be lost
    /// any more; for as many at a time as is convenient.
    ///
    /// # Errors
    /// The first that can't be marked; those before it are. It will be read again, and must not count twice then.
    pub fn done(&mut self, receipts: &[Receipt]) -> Result<Filed, InboxError> {
        let mut filed = Filed::default();
        for receipt in receipts {
            let Place::Maildir(path) = &receipt.place else {
                filed.left += 1;
                continue;
            };
            let settled = match &self.after {
                After::Leave => {
                    filed.left += 1;
                    continue;
                }
                After::Seen => maildir::mark_seen(path),
                After::Move(folder) => maildir::move_to(path, folder),
                After::Delete => maildir::delete(path),
            };
            settled.map_err(|error| InboxError::new(path.display().to_string(), error))?;
            filed.settled += 1;
        }
        Ok(filed)
    }
}

impl Iterator for Reading {
    type Item = Result<(Mail, Receipt), InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.files.next(&self.known)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn mailbox(path: &Path, after: After) -> Mailbox {
        Mailbox { source: Source::Path(path.to_owned()), after }
    }

    #[test]
    fn a_mail_is_touched_only_when_its_receipt_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        for name in ["1", "2"] {
            fs::write(folder.path().join("new").join(name), format!("A: {name}\n\n")).unwrap();
        }
        let mut reading = read(&mailbox(folder.path(), After::Delete));
        let receipts: Vec<_> = reading.by_ref().map(|read| read.unwrap().1).collect();
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 2);
        assert_eq!(reading.done(&receipts[1..]).unwrap(), Filed { settled: 1, left: 0 });
        assert!(folder.path().join("new/1").exists() && !folder.path().join("new/2").exists());
    }

    #[test]
    fn files_and_mboxes_are_left_as_they_are_whatever_the_mailbox_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("box");
        fs::write(&path, "From a Tue Mar  4 10:00:00 2025\nA: 1\n\nx\n").unwrap();
        let mut reading = read(&mailbox(folder.path(), After::Delete));
        let receipts: Vec<_> = reading.by_ref().map(|read| read.unwrap().1).collect();
        assert_eq!(reading.done(&receipts).unwrap(), Filed { settled: 0, left: 1 });
        assert!(path.exists());
    }

    #[test]
    fn a_mail_that_the_caller_remembers_is_not_read_again_whatever_its_flags_are_now() {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        fs::write(folder.path().join("new/1.host"), "A: b\n\n").unwrap();
        let mut reading = read(&mailbox(folder.path(), After::Seen));
        let (_, receipt) = reading.next().unwrap().unwrap();
        let key = receipt.key().unwrap();
        reading.done(&[receipt]).unwrap();
        assert_eq!(read(&mailbox(folder.path(), After::Seen)).count(), 1);
        assert_eq!(read(&mailbox(folder.path(), After::Seen)).unless(move |other| other == key).count(), 0);
    }
}

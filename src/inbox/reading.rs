//! A mailbox that is worked through: mails out, receipts back in.

use tokio::runtime::Runtime;

use super::files::Files;
use super::imap::Imap;
use super::mailbox::{After, Mailbox, Place, Receipt, Source};
use super::pop3::Pop3;
use super::{Fault, InboxError, Mail, maildir};
use crate::domain::Digest;
use crate::domain::mailbox_url::MailboxProtocol;

/// Tells of a mail's key whether the caller remembers it.
pub(super) type Known<'k> = dyn Fn(Digest) -> bool + 'k;

/// A mailbox that is being read. Mails come out by iteration; whoever has made sure that what they caused is on
/// the disk hands their receipts to [`Reading::done`].
///
/// Both block while a server is talked to, and are not for use inside an asynchronous runtime.
pub struct Reading {
    place: Within,
    name: String,
    after: After,
    known: Box<Known<'static>>,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Reading,
    /// After a fault of a server nothing more is asked for, but what was read can still be marked.
    Over,
}

enum Within {
    Files(Files),
    Imap(Box<Imap>, Runtime),
    Pop3(Box<Pop3>, Runtime),
    /// There is no way to talk to servers, for a reason that is told once.
    Nowhere(Option<Fault>),
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

/// Begins to read a mailbox. A server is asked at the first mail.
#[must_use]
pub fn read(mailbox: &Mailbox) -> Reading {
    let (place, name) = match &mailbox.source {
        Source::Path(path) => (Within::Files(Files::under(path)), path.display().to_string()),
        Source::Stdin => (Within::Files(Files::stdin()), Source::STDIN.to_owned()),
        Source::Server(server) => {
            let (one, after) = (server.as_ref().clone(), mailbox.after.clone());
            let place = match (tokio::runtime::Builder::new_current_thread().enable_all().build(), one.url.protocol) {
                (Err(error), _) => Within::Nowhere(Some(Fault::Io(error))),
                (Ok(runtime), MailboxProtocol::Imap) => Within::Imap(Box::new(Imap::new(one, after)), runtime),
                (Ok(runtime), MailboxProtocol::Pop3) => Within::Pop3(Box::new(Pop3::new(one, after)), runtime),
            };
            (place, server.to_string())
        }
    };
    Reading { place, name, after: mailbox.after.clone(), known: Box::new(|_| false), progress: Progress::Reading }
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
        let (mut numbered, mut named) = (Vec::new(), Vec::new());
        for receipt in receipts {
            match &receipt.place {
                Place::Fixed => filed.left += 1,
                Place::Maildir(path) => {
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
                Place::Imap { validity, uid } => numbered.push((*validity, *uid)),
                Place::Pop3 { name } => named.push(name.clone()),
            }
        }
        let settled = match &mut self.place {
            Within::Imap(imap, runtime) => {
                let settled = if self.after == After::Leave { 0 } else { numbered.len() };
                runtime.block_on(imap.done(&numbered)).map(|()| settled)
            }
            Within::Pop3(pop3, runtime) => runtime.block_on(pop3.done(&named)),
            Within::Files(_) | Within::Nowhere(_) => Ok(0),
        };
        let settled = settled.map_err(|fault| InboxError::new(self.name.clone(), fault))?;
        filed.settled += settled;
        filed.left += numbered.len() + named.len() - settled;
        Ok(filed)
    }
}

impl Iterator for Reading {
    type Item = Result<(Mail, Receipt), InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.progress == Progress::Over {
            return None;
        }
        let read = match &mut self.place {
            Within::Files(files) => return files.next(&self.known),
            Within::Imap(imap, runtime) => runtime.block_on(imap.next(&self.known)),
            Within::Pop3(pop3, runtime) => runtime.block_on(pop3.next(&self.known)),
            Within::Nowhere(fault) => fault.take().map_or(Ok(None), Err),
        };
        match read {
            Ok(mail) => mail.map(Ok),
            Err(fault) => {
                if !matches!(fault, Fault::Mail { .. }) {
                    self.progress = Progress::Over;
                }
                Some(Err(InboxError::new(self.name.clone(), fault)))
            }
        }
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

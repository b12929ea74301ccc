//! What a mailbox is, and what becomes of its mail.

use std::path::{Path, PathBuf};

use super::server::Server;
use crate::domain::Digest;
use crate::domain::mailbox_url::MailboxProtocol;

/// Where mail lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A mail, an mbox, a Maildir, or a folder with any of them at any depth.
    Path(PathBuf),
    /// One mail, as Postfix's and Exim's pipes give it, or an mbox.
    Stdin,
    /// A mailbox on an IMAP or POP3 server.
    Server(Box<Server>),
}

impl Source {
    /// How standard input is written.
    pub(super) const STDIN: &str = "-";

    /// `-` is standard input, as everywhere.
    #[must_use]
    pub fn of(argument: &Path) -> Self {
        if argument == Path::new(Self::STDIN) { Self::Stdin } else { Self::Path(argument.to_owned()) }
    }
}

/// A source, and what becomes of a mail in it that was worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub source: Source,
    pub after: After,
}

/// What becomes of a mail once what it caused is on the disk. A file or an mbox is left as it is in any case, and a
/// POP3 server can only remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It stays as it is.
    Leave,
    /// It counts as read: in a Maildir by the flag S in `cur`, on an IMAP server by `\Seen`, and by `$BulletinDone`
    /// where mails can bear it.
    Seen,
    /// It is in that folder of the same mailbox, whose levels are parted by slashes; made where it is missing.
    Move(String),
    Delete,
}

impl Mailbox {
    /// With what is usual there: mail in a Maildir or on an IMAP server counts as read, on a POP3 server it stays.
    #[must_use]
    pub fn new(source: Source) -> Self {
        let after = match &source {
            Source::Path(_) => After::Seen,
            Source::Stdin => After::Leave,
            Source::Server(server) => match server.url.protocol {
                MailboxProtocol::Imap => After::Seen,
                MailboxProtocol::Pop3 => After::Leave,
            },
        };
        Self { source, after }
    }
}

/// Stands for a mail that was read, to be handed back once what it caused is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub(super) place: Place,
    pub(super) key: Option<Digest>,
}

/// Where the mail lay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In a file, an mbox or standard input, which nothing is done to.
    Fixed,
    Maildir(PathBuf),
    Imap {
        validity: u32,
        uid: u32,
    },
    Pop3 {
        /// Its UIDL.
        name: String,
    },
}

impl Receipt {
    pub(super) const FIXED: Self = Self { place: Place::Fixed, key: None };

    /// What names this mail in its mailbox without its content, for a caller who remembers what was worked on and
    /// wants to be spared the reading ([`Reading::unless`](super::Reading::unless)). None where nothing does.
    #[must_use]
    pub fn key(&self) -> Option<Digest> {
        self.key
    }
}

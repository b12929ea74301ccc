//! A way out that leads to a folder: each message becomes a file of a Maildir, for archives and for tests.
//!
//! A message counts as accepted once its file and its name in `new` are on the disk. It is named after its
//! envelope, so that an archive of the same issue has the same names; a second one of that name stands beside it.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::transport::{ConnectError, Connection, Heard, Transport};
use crate::compose::OutboundMessage;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::domain::verp::EnvelopeId;

/// A Maildir to deliver to. It is shown as `maildir:PATH`, which names it in the ledger.
#[derive(Debug, Clone)]
pub struct MaildirTransport {
    root: PathBuf,
}

/// An open Maildir.
#[derive(Debug)]
pub struct MaildirConnection {
    root: PathBuf,
}

/// Where a message is when writing it fails.
enum Failed {
    /// Nowhere: it can be tried again.
    Before(io::Error),
    /// In `new`, though a power cut may take it away again.
    After(io::Error),
}

impl MaildirTransport {
    /// What a relay's name begins with that is a Maildir.
    pub const SCHEME: &str = "maildir:";

    /// The Maildir in `root`, which is made at the first connection.
    ///
    /// # Errors
    /// The current folder can't be told, which a relative path begins in.
    pub fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: std::path::absolute(root)? })
    }
}

impl fmt::Display for MaildirTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::SCHEME, self.root.display())
    }
}

impl Transport for MaildirTransport {
    type Connection = MaildirConnection;

    async fn connect(&self) -> Result<MaildirConnection, ConnectError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        // It will hold addresses.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for folder in ["tmp", "new", "cur"] {
            builder.create(self.root.join(folder)).map_err(|error| ConnectError::Fatal {
                message: format!("the Maildir {} can't be made: {error}", self.root.display()),
                help: "name another folder, or check the permissions of those above it".to_owned(),
            })?;
        }
        Ok(MaildirConnection { root: self.root.clone() })
    }
}

impl MaildirConnection {
    async fn file(&self, message: &OutboundMessage) -> Outcome {
        let (root, message) = (self.root.clone(), message.clone());
        // An fsync takes as long as the disk likes, which the other connections need not wait for.
        match tokio::task::spawn_blocking(move || deliver(&root, &message)).await {
            Ok(Ok(name)) => Outcome::Accepted(Reply { code: 250, enhanced: None, text: format!("filed as {name}") }),
            Ok(Err(Failed::Before(error))) => {
                Outcome::Deferred(Reply::silence(format!("the Maildir can't be written: {error}")))
            }
            Ok(Err(Failed::After(error))) => {
                Outcome::Unknown(Reply::silence(format!("the Maildir may not be on the disk: {error}")))
            }
            Err(panic) => Outcome::Unknown(Reply::silence(panic.to_string())),
        }
    }
}

impl Connection for MaildirConnection {
    async fn send(&mut self, messages: &[OutboundMessage], mut tell: impl FnMut(usize, Heard) + Send) {
        for (place, message) in messages.iter().enumerate() {
            let outcome = self.file(message).await;
            // A file is there with its name, or not at all: there is no earlier stage that could fail.
            tell(place, Heard { outcome, stage: Stage::Content });
        }
    }

    fn most_at_once(&self) -> usize {
        1
    }

    fn remote(&self) -> &'static str {
        "this machine"
    }

    fn is_usable(&self) -> bool {
        true
    }

    async fn quit(self) {}
}

/// Writes the file under `tmp`, and moves it to `new` when it is on the disk. Tells its name.
fn deliver(root: &Path, message: &OutboundMessage) -> Result<String, Failed> {
    let mut count = 1;
    let (name, draft) = loop {
        match claim(root, &message.envelope.id, count)? {
            Some(claimed) => break claimed,
            None => count += 1,
        }
    };
    let half_done = root.join("tmp").join(&name);
    let written = write(draft, message).and_then(|()| fs::rename(&half_done, root.join("new").join(&name)));
    if let Err(error) = written {
        // What is left behind would only look like mail; the first error is told.
        let _ = fs::remove_file(&half_done);
        return Err(Failed::Before(error));
    }
    File::open(root.join("new")).and_then(|new| new.sync_all()).map_err(Failed::After)?;
    Ok(name)
}

/// A draft of a name that no message has, or none where this one is taken. A draft keeps its name from others
/// until it is moved.
fn claim(root: &Path, id: &EnvelopeId, count: u32) -> Result<Option<(String, File)>, Failed> {
    // A slash would lead elsewhere, and a colon stands before a Maildir's flags.
    let id = id.to_string().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let name = match count {
        1 => format!("{id}.bulletin"),
        count => format!("{id}-{count}.bulletin"),
    };
    let half_done = root.join("tmp").join(&name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let draft = match options.open(&half_done) {
        Ok(draft) => draft,
        // A crash left it, or another process writes it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(Failed::Before(error)),
    };
    // Read or not: a mail program moves it to `cur`, and adds its flags behind a colon.
    let taken = root.join("new").join(&name).exists() || is_in(&root.join("cur"), &name).map_err(Failed::Before)?;
    if taken {
        fs::remove_file(&half_done).map_err(Failed::Before)?;
        return Ok(None);
    }
    Ok(Some((name, draft)))
}

fn is_in(folder: &Path, name: &str) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let file = entry?.file_name();
        let file = file.to_string_lossy();
        if file.split(':').next() == Some(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The envelope on top, as a mailbox keeps it.
fn write(mut file: File, message: &OutboundMessage) -> io::Result<()> {
    let envelope = &message.envelope;
    write!(file, "Return-Path: <{}>\r\nDelivered-To: {}\r\n", envelope.return_path, envelope.recipient)?;
    file.write_all(&message.content.to_vec())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Envelope;

    fn message(id: &str) -> OutboundMessage {
        let envelope = Envelope {
            return_path: "bounces@example.org".parse().unwrap(),
            id: id.parse().unwrap(),
            recipient: "ann@example.net".parse().unwrap(),
        };
        OutboundMessage { envelope, content: b"Subject: x\r\n\r\nhello\r\n".to_vec().into() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_message_becomes_a_file_of_its_envelopes_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("archive").join("2026-01");
        let transport = MaildirTransport::new(&root).unwrap();
        assert_eq!(transport.to_string(), format!("maildir:{}", root.display()));
        let mut connection = transport.connect().await.unwrap();
        let outcome = connection.send_one(&message("b01")).await.outcome;
        assert_eq!(outcome.reply().to_string(), "250 filed as b01.bulletin");
        assert!(matches!(outcome, Outcome::Accepted(_)));
        let text = fs::read_to_string(root.join("new/b01.bulletin")).unwrap();
        assert_eq!(
            text,
            "Return-Path: <bounces@example.org>\r\nDelivered-To: ann@example.net\r\nSubject: x\r\n\r\nhello\r\n"
        );
        assert_eq!(names(&root.join("tmp")), Vec::<String>::new());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode("new"), mode("new/b01.bulletin")), (0o700, 0o600));
        }
    }

    #[tokio::test]
    async fn no_message_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = MaildirTransport::new(folder.path()).unwrap().connect().await.unwrap();
        connection.send_one(&message("b01")).await;
        fs::rename(folder.path().join("new/b01.bulletin"), folder.path().join("cur/b01.bulletin:2,S")).unwrap();
        fs::write(folder.path().join("tmp/b01-2.bulletin"), "what a crash left").unwrap();
        for _ in 0..2 {
            assert!(matches!(connection.send_one(&message("b01")).await.outcome, Outcome::Accepted(_)));
        }
        assert_eq!(names(&folder.path().join("new")), ["b01-3.bulletin", "b01-4.bulletin"]);
    }

    #[tokio::test]
    async fn a_name_never_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = MaildirTransport::new(folder.path()).unwrap().connect().await.unwrap();
        connection.send_one(&message("../x:2,S")).await;
        assert_eq!(names(&folder.path().join("new")), ["___x_2_S.bulletin"]);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_defers_and_one_that_cannot_be_made_ends_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = MaildirTransport::new(folder.path()).unwrap().connect().await.unwrap();
        fs::remove_dir(folder.path().join("new")).unwrap();
        let outcome = connection.send_one(&message("b01")).await.outcome;
        assert!(matches!(outcome, Outcome::Deferred(_)), "{outcome:?}");
        assert_eq!(names(&folder.path().join("tmp")), Vec::<String>::new());
        fs::write(folder.path().join("file"), "").unwrap();
        let error = MaildirTransport::new(&folder.path().join("file")).unwrap().connect().await.unwrap_err();
        assert!(matches!(error, ConnectError::Fatal { .. }), "{error:?}");
    }
}

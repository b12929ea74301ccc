//! What was caught, on disk: a Maildir that any mail reader opens.
//!
//! In comes a message with its envelope, out comes one file `new/000017.rehearsal`,
//! named after its sequence and not after the clock, so that two equal rehearsals
//! leave equal folders. It is written under `tmp/` and renamed once it is whole.
//! There is no fsync: the account that must outlive a power cut is the sender's.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// From whom, to whom: RFC 5321, not the header fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Without brackets; empty for the null sender.
    pub(super) return_path: String,
    pub(super) recipients: Vec<String>,
}

/// A folder with `tmp`, `new` and `cur` in it.
#[derive(Debug)]
pub(super) struct Maildir {
    root: PathBuf,
}

const SUFFIX: &str = ".rehearsal";

impl Maildir {
    /// Opens the folder, made where it is missing, for this user alone.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        for folder in ["tmp", "new", "cur"] {
            private_folders().create(root.join(folder))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    /// The highest sequence that an earlier rehearsal left here; 0 where none did.
    pub(super) fn highest(&self) -> io::Result<u64> {
        let mut highest = 0;
        for folder in ["tmp", "new", "cur"] {
            for entry in fs::read_dir(self.root.join(folder))? {
                highest = highest.max(sequence_of(&entry?.file_name().to_string_lossy()).unwrap_or(0));
            }
        }
        Ok(highest)
    }

    /// Writes one message; when this returns, `new/` has it whole.
    pub(super) fn deliver(&self, sequence: u64, envelope: &Envelope, content: &[u8]) -> io::Result<()> {
        let name = format!("{sequence:06}{SUFFIX}");
        let half_done = self.root.join("tmp").join(&name);
        let file = private_file(&half_done)?;
        let written =
            write(file, envelope, content).and_then(|()| fs::rename(&half_done, self.root.join("new").join(&name)));
        if written.is_err() {
            // What is left behind would only look like mail; the first error is told.
            let _ = fs::remove_file(&half_done);
        }
        written
    }
}

fn write(mut file: File, envelope: &Envelope, content: &[u8]) -> io::Result<()> {
    let mut head = format!("Return-Path: <{}>\r\n", envelope.return_path);
    for recipient in &envelope.recipients {
        head.push_str("Delivered-To: ");
        head.push_str(recipient);
        head.push_str("\r\n");
    }
    file.write_all(head.as_bytes())?;
    file.write_all(content)
}

/// `000017.rehearsal`, and `000017.rehearsal:2,S` once a mail reader has seen it.
fn sequence_of(name: &str) -> Option<u64> {
    let (digits, rest) = name.split_once('.')?;
    let info = rest.strip_prefix(&SUFFIX[1..])?;
    (info.is_empty() || info.starts_with(':')).then(|| digits.parse().ok())?
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn private_folders() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            return_path: "bounces+1@example.org".into(),
            recipients: vec!["one@example.org".into(), "two@example.org".into()],
        }
    }

    #[test]
    fn a_message_is_filed_under_its_sequence_with_its_envelope_on_top() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("outbox").join("caught");
        Maildir::open(&root).unwrap().deliver(17, &envelope(), b"Subject: x\r\n\r\nhello\r\n").unwrap();
        let text = fs::read_to_string(root.join("new/000017.rehearsal")).unwrap();
        assert_eq!(
            text,
            "Return-Path: <bounces+1@example.org>\r\nDelivered-To: one@example.org\r\n\
             Delivered-To: two@example.org\r\nSubject: x\r\n\r\nhello\r\n"
        );
        assert_eq!(fs::read_dir(root.join("tmp")).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("caught");
        Maildir::open(&root).unwrap().deliver(1, &envelope(), b"").unwrap();
        let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(""), mode("tmp"), mode("new"), mode("cur")), (0o700, 0o700, 0o700, 0o700));
        assert_eq!(mode("new/000001.rehearsal"), 0o600);
    }

    #[test]
    fn numbering_goes_on_where_the_last_rehearsal_ended() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path()).unwrap();
        assert_eq!(maildir.highest().unwrap(), 0);
        maildir.deliver(3, &envelope(), b"").unwrap();
        for other in ["new/9.elsewhere", "new/notes", "cur/000005.rehearsal:2,S", "cur/77.rehearsals"] {
            fs::write(folder.path().join(other), "").unwrap();
        }
        assert_eq!(maildir.highest().unwrap(), 5);
    }

    #[test]
    fn a_message_that_cannot_be_filed_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path()).unwrap();
        fs::remove_dir(folder.path().join("new")).unwrap();
        assert!(maildir.deliver(1, &envelope(), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}

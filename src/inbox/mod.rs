//! Mail that comes back, as bytes: a file, a folder, an mbox, a Maildir or standard input in, one mail
//! after the other out, in an order that is the same every time.
//!
//! What a mail means is not asked here. No more than one mail is held at a time, and of a mail no more
//! than [`LIMIT`].

mod mbox;
mod recipients;
mod walk;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub use recipients::{recipients, sender};

use mbox::Mbox;
use walk::Walk;

/// How many bytes of a mail are kept. A bounce tells all it has to tell in its first kilobytes; what
/// follows is the original message.
pub const LIMIT: usize = 32 * 1024 * 1024;

/// Where mail lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A mail, an mbox, a Maildir, or a folder with any of them at any depth.
    Path(PathBuf),
    /// One mail, as Postfix's and Exim's pipes give it, or an mbox.
    Stdin,
}

impl Source {
    /// `-` is standard input, as everywhere.
    #[must_use]
    pub fn of(argument: &Path) -> Self {
        if argument == Path::new("-") { Self::Stdin } else { Self::Path(argument.to_owned()) }
    }
}

/// One mail, or one file of a webhook's JSON, as it lay there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The path as it was given or found, with `:N` behind it for the Nth of several mails in an mbox, counted from 1;
    /// `-` for standard input.
    pub name: String,
    pub bytes: Vec<u8>,
    /// Whether it went on behind [`LIMIT`].
    pub truncated: bool,
}

/// Mail that can't be read. Others behind it still can.
#[derive(Debug, thiserror::Error)]
#[error("can't read {name}: {error}")]
pub struct InboxError {
    pub name: String,
    #[source]
    pub error: io::Error,
}

impl InboxError {
    fn new(name: impl Into<String>, error: io::Error) -> Self {
        Self { name: name.into(), error }
    }
}

/// The mails of a source, one after the other.
pub fn open(source: &Source) -> impl Iterator<Item = Result<Mail, InboxError>> + use<> {
    match source {
        Source::Path(path) => Inbox { walk: Walk::new(path), mbox: None },
        Source::Stdin => {
            let stdin: Box<dyn BufRead> = Box::new(BufReader::new(io::stdin()));
            Inbox { walk: Walk::nowhere(), mbox: Some(Mbox::new("-".to_owned(), stdin)) }
        }
    }
}

struct Inbox {
    walk: Walk,
    /// The mbox, or the standard input, that is being read.
    mbox: Option<Mbox<Box<dyn BufRead>>>,
}

impl Iterator for Inbox {
    type Item = Result<Mail, InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mbox) = &mut self.mbox {
                match mbox.next() {
                    Some(mail) => return Some(mail),
                    None => self.mbox = None,
                }
            }
            match self.walk.next()? {
                Ok(file) if file.alone => return Some(whole(&file.path)),
                Ok(file) => {
                    let name = file.path.display().to_string();
                    match File::open(&file.path) {
                        Ok(opened) => self.mbox = Some(Mbox::new(name, Box::new(BufReader::new(opened)))),
                        Err(error) => return Some(Err(InboxError::new(name, error))),
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A file that holds one mail, whatever its lines begin with.
fn whole(path: &Path) -> Result<Mail, InboxError> {
    let name = path.display().to_string();
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let mut bytes = read().map_err(|error| InboxError::new(name.clone(), error))?;
    let truncated = bytes.len() > LIMIT;
    bytes.truncate(LIMIT);
    Ok(Mail { name, bytes: mbox::without_from_line(bytes), truncated })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(path: &Path) -> Vec<String> {
        open(&Source::Path(path.to_owned()))
            .map(|mail| mail.unwrap().name.strip_prefix(path.to_str().unwrap()).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_folder_is_read_in_order_and_at_any_depth_and_hidden_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["b.eml", "a/2.eml", "a/10.eml", ".hidden", ".git/x.eml"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "Subject: x\n\nhello\n").unwrap();
        }
        assert_eq!(names(folder.path()), ["/a/10.eml", "/a/2.eml", "/b.eml"]);
    }

    #[test]
    fn of_a_maildir_what_is_being_written_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
            // A mail in a Maildir is one mail, whatever it begins with.
            fs::write(folder.path().join(part).join("1.host:2,S"), "From a Tue Mar  4 10:00:00 2025\nA: b\n\nc\n\n")
                .unwrap();
        }
        fs::write(folder.path().join("dovecot-uidlist"), "3 V1").unwrap();
        assert_eq!(names(folder.path()), ["/cur/1.host:2,S", "/new/1.host:2,S"]);
        let mail = open(&Source::Path(folder.path().to_owned())).next().unwrap().unwrap();
        assert_eq!(mail.bytes, b"A: b\n\nc\n\n");
    }

    #[test]
    fn an_mbox_in_a_folder_is_taken_apart_and_an_eml_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let two = "From a Tue Mar  4 10:00:00 2025\nA: 1\n\nx\n\nFrom b Tue Mar  4 10:00:00 2025\nA: 2\n\ny\n";
        fs::write(folder.path().join("box"), two).unwrap();
        fs::write(folder.path().join("one.eml"), two).unwrap();
        assert_eq!(names(folder.path()), ["/box:1", "/box:2", "/one.eml"]);
    }

    #[test]
    fn what_is_missing_is_told_and_what_follows_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nothing.eml");
        let error = open(&Source::Path(missing.clone())).next().unwrap().unwrap_err();
        assert!(error.to_string().starts_with(&format!("can't read {}: ", missing.display())), "{error}");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("nowhere", folder.path().join("a.eml")).unwrap();
            std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
            fs::write(folder.path().join("b.eml"), "A: b\n\n").unwrap();
            let read: Vec<_> = open(&Source::Path(folder.path().to_owned())).map(|mail| mail.is_ok()).collect();
            assert_eq!(read, [false, true]);
        }
    }

    #[test]
    fn of_a_mail_without_end_the_beginning_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.eml");
        fs::File::create(&path).unwrap().set_len(LIMIT as u64 + 5).unwrap();
        let mail = open(&Source::Path(path)).next().unwrap().unwrap();
        assert_eq!((mail.bytes.len(), mail.truncated), (LIMIT, true));
    }
}

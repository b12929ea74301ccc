//! Mail that comes back, as bytes: a file, a folder, an mbox, a Maildir, standard input or a mailbox on an IMAP or
//! POP3 server in, one mail after the other out, in an order that is the same every time.
//!
//! What a mail means is not asked here. Of a mail no more than [`LIMIT`] is held, and no more than one at a time, or
//! as many small ones as come in one piece from a server. [`Watch`] waits for new mail.
//!
//! [`open`] only reads. [`read`] gives a receipt with each mail; once what the mail caused is on the disk, the
//! receipt goes to [`Reading::done`], and only then the mail is marked, moved or removed as the mailbox says. So
//! what a crash leaves unmarked is read again, and never marked without having been worked on.

mod fault;
mod files;
mod imap;
mod mailbox;
mod maildir;
mod mbox;
mod pop3;
mod reading;
mod recipients;
mod sasl;
mod server;
mod walk;
mod watch;
mod wire;

pub use fault::{Fault, InboxError};
pub use mailbox::{After, Mailbox, Receipt, Source};
pub use reading::{Filed, Reading, read};
pub use recipients::{recipients, sender};
pub use server::{Login, Server, Timeouts};
pub use watch::{News, Watch};

/// How many bytes of a mail are kept. A bounce tells all it has to tell in its first kilobytes; what
/// follows is the original message.
pub const LIMIT: usize = 32 * 1024 * 1024;

/// One mail, or one file of a webhook's JSON, as it lay there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The path as it was given or found, with `:N` behind it for the Nth of several mails in an mbox, counted from 1;
    /// `-` for standard input; on a server the mailbox's address and the mail's number or name there.
    pub name: String,
    pub bytes: Vec<u8>,
    /// Whether it went on behind [`LIMIT`].
    pub truncated: bool,
}

/// The mails of a source, one after the other; all stay as they are.
pub fn open(source: &Source) -> impl Iterator<Item = Result<Mail, InboxError>> + use<> {
    let mailbox = Mailbox { source: source.clone(), after: After::Leave };
    read(&mailbox).map(|read| read.map(|(mail, _)| mail))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

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

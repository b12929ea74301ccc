//! A mailbox on a server as it is written: `imaps://user@host[:port]/FOLDER` (RFC 5092, as far as people write it).
//!
//! The scheme decides the encryption: `imaps` and `pop3s` are TLS from the first byte, `imap` and `pop3` need
//! STARTTLS, and only towards this machine they go without.

use std::fmt;
use std::str::FromStr;

/// A mailbox on a server. It is shown as it is written, and holds no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxUrl {
    pub protocol: MailboxProtocol,
    pub wrapping: Wrapping,
    pub user: String,
    /// Host and port as they stand there.
    pub authority: String,
    /// The folder, its levels parted by slashes; `INBOX` where none is named.
    pub folder: String,
}

/// What is spoken with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxProtocol {
    /// RFC 3501.
    Imap,
    /// RFC 1939, which knows one folder and no marks.
    Pop3,
}

/// When encryption begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// With the first byte (RFC 8314 section 3.3).
    FromTheStart,
    /// After STARTTLS.
    Upgraded,
}

/// Why a text names no mailbox. None of these repeats a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailboxUrlError {
    #[error("a mailbox on a server begins with imaps://, imap://, pop3s:// or pop3://")]
    Scheme,
    #[error("the address of a mailbox can't hold a password")]
    Password,
    #[error("the address of a mailbox lacks its user")]
    NoUser,
    #[error("the address of a mailbox lacks its host")]
    NoHost,
    #[error("a POP3 mailbox has no folders, but `{0}` is named")]
    Folder(String),
    #[error("`{0}` is not written as an address can be")]
    Encoding(String),
}

impl MailboxUrlError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Scheme => "write for instance imaps://bounces@mail.example.org/INBOX",
            Self::Password => {
                "leave out the colon and what follows it up to the @; password_env, password_file or password_command \
                 under [bounces] says where the password is"
            }
            Self::NoUser | Self::NoHost => {
                "write imaps://USER@HOST/INBOX; a user that is an address itself keeps its @: \
                 imaps://bounces@example.org@mail.example.org/INBOX"
            }
            Self::Folder(_) => "leave out everything behind the host, or use imaps:// if the server speaks IMAP",
            Self::Encoding(_) => "write % as %25; the name of a folder can hold any other letter as it is",
        }
    }
}

impl MailboxUrl {
    /// Whether a text is meant as one: it has a scheme, which no path has.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.contains("://")
    }
}

impl FromStr for MailboxUrl {
    type Err = MailboxUrlError;

    fn from_str(text: &str) -> Result<Self, MailboxUrlError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(MailboxUrlError::Scheme)?;
        let (protocol, wrapping) = match scheme.to_ascii_lowercase().as_str() {
            "imaps" => (MailboxProtocol::Imap, Wrapping::FromTheStart),
            "imap" => (MailboxProtocol::Imap, Wrapping::Upgraded),
            "pop3s" => (MailboxProtocol::Pop3, Wrapping::FromTheStart),
            "pop3" => (MailboxProtocol::Pop3, Wrapping::Upgraded),
            _ => return Err(MailboxUrlError::Scheme),
        };
        let (place, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, authority) = place.rsplit_once('@').ok_or(MailboxUrlError::NoUser)?;
        if user.contains(':') {
            return Err(MailboxUrlError::Password);
        }
        if user.is_empty() {
            return Err(MailboxUrlError::NoUser);
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err(MailboxUrlError::NoHost);
        }
        let (user, folder) = (decoded(user)?, decoded(folder.trim_matches('/'))?);
        if protocol == MailboxProtocol::Pop3 && !folder.is_empty() && !folder.eq_ignore_ascii_case("inbox") {
            return Err(MailboxUrlError::Folder(folder));
        }
        let folder = if folder.is_empty() { "INBOX".to_owned() } else { folder };
        Ok(Self { protocol, wrapping, user, authority: authority.to_owned(), folder })
    }
}

impl fmt::Display for MailboxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.wrapping) {
            (MailboxProtocol::Imap, Wrapping::FromTheStart) => "imaps",
            (MailboxProtocol::Imap, Wrapping::Upgraded) => "imap",
            (MailboxProtocol::Pop3, Wrapping::FromTheStart) => "pop3s",
            (MailboxProtocol::Pop3, Wrapping::Upgraded) => "pop3",
        };
        write!(f, "{scheme}://{}@{}", self.user, self.authority)?;
        match self.protocol {
            MailboxProtocol::Imap => write!(f, "/{}", self.folder),
            MailboxProtocol::Pop3 => Ok(()),
        }
    }
}

/// With `%20` and the like as what they stand for (RFC 3986 section 2.1).
fn decoded(text: &str) -> Result<String, MailboxUrlError> {
    let wrong = || MailboxUrlError::Encoding(text.to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(wrong)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        rest = &rest[2..];
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    // A line end in here would be a command of its own.
    if text.chars().any(char::is_control) { Err(wrong()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_read_as_people_write_it() {
        for (text, user, authority, folder) in [
            ("imaps://bounces@mail.example.org/INBOX", "bounces", "mail.example.org", "INBOX"),
            ("imap://ann@example.org@localhost:1143", "ann@example.org", "localhost:1143", "INBOX"),
            ("IMAPS://ann%40example.org@[::1]:993/A/B%20c/", "ann@example.org", "[::1]:993", "A/B c"),
            ("imaps://a@h/Zur\u{fc}ck@home", "a", "h", "Zur\u{fc}ck@home"),
            ("pop3s://bounces@mail.example.org", "bounces", "mail.example.org", "INBOX"),
        ] {
            let url: MailboxUrl = text.parse().unwrap();
            assert_eq!((url.user.as_str(), url.authority.as_str(), url.folder.as_str()), (user, authority, folder));
            assert_eq!(url.to_string().parse::<MailboxUrl>().unwrap(), url);
        }
    }

    #[test]
    fn what_is_no_mailbox_is_refused_and_a_password_is_not_repeated() {
        let error = |text: &str| text.parse::<MailboxUrl>().unwrap_err();
        assert_eq!(error("https://a@h/"), MailboxUrlError::Scheme);
        assert_eq!(error("imaps://mail.example.org/INBOX"), MailboxUrlError::NoUser);
        assert_eq!(error("imaps://@mail.example.org"), MailboxUrlError::NoUser);
        assert_eq!(error("imaps://ann@/INBOX"), MailboxUrlError::NoHost);
        assert_eq!(error("pop3s://ann@h/Work"), MailboxUrlError::Folder("Work".into()));
        for text in ["imaps://a@h/%0d%0aX", "imaps://a@h/%zz", "imaps://a@h/%ff", "imaps://a@h/100%"] {
            assert!(matches!(error(text), MailboxUrlError::Encoding(_)), "{text}");
        }
        let password = error("imaps://ann:hunter2@mail.example.org/INBOX");
        assert_eq!(password, MailboxUrlError::Password);
        assert!(!format!("{password} {password:?} {}", password.help()).contains("hunter2"));
    }
}

//! What can go wrong with a mailbox, and what a person can do about it.

use std::io;

use crate::dial::{DialError, TlsSetupError};
use crate::domain::finding::did_you_mean;

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
    #[error("`{0}` is no host and port")]
    Host(String),
    #[error("{0}")]
    Dial(#[from] DialError),
    #[error("{0}")]
    Tls(#[from] TlsSetupError),
    #[error("the server does not offer encryption, so no password was sent")]
    NoStarttls,
    #[error("the server sent more before the encryption began than it may")]
    Tampered,
    #[error("{0}")]
    Secret(String),
    #[error("the server does not let `{user}` log in: {said}")]
    Login { user: String, said: String, with: super::server::Login },
    #[error("the server offers no way to log in with {0} that this program knows")]
    NoLogin(&'static str),
    #[error("there is no folder `{folder}`")]
    NoFolder { folder: String, known: Vec<String> },
    #[error("the folder `{0}` can be read, but not changed")]
    ReadOnly(String),
    /// Another program has the mailbox to itself.
    #[error("the mailbox is in use: {0}")]
    Locked(String),
    #[error("the mails in `{0}` got new numbers since they were read, so none was marked")]
    Renumbered(String),
    /// The server answered NO, BAD or -ERR.
    #[error("the server does not {doing}: {said}")]
    Refused { doing: &'static str, said: String },
    /// The server has no more than a refusal for one mail; others can be read.
    #[error("the server does not give the mail {mail}: {said}")]
    Mail { mail: String, said: String },
    /// The connection broke, or the server ended it.
    #[error("{0}")]
    Broken(String),
    #[error("what answers is no {protocol} server, or a broken one: {said}")]
    Garbage { protocol: &'static str, said: String },
}

impl InboxError {
    pub(super) fn new(name: impl Into<String>, fault: impl Into<Fault>) -> Self {
        Self { name: name.into(), fault: fault.into() }
    }

    /// What the person who reads this can do; none where the fault says it all.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.fault.help()
    }
}

impl Fault {
    /// Whether it may be gone by itself when the mailbox is looked at again.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Dial(DialError::Away(_)) | Self::Locked(_) | Self::Broken(_) | Self::Renumbered(_))
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Io(_) => return None,
            Self::Host(_) => "write a name like mail.example.org or an address, and a port from 1 to 65535 or none",
            Self::Dial(DialError::Away(_)) => {
                "check host and port of `mailbox` under [bounces] and the network, or try again later"
            }
            Self::Dial(DialError::NoHost(_)) => "check the spelling of the host of `mailbox` under [bounces]",
            Self::Dial(DialError::Certificate { .. }) => {
                "check that the host of `mailbox` under [bounces] is the name that the mailbox's provider gives; \
                 where the certificate comes from an authority of their own, name that authority's certificate in `ca` \
                 there"
            }
            Self::Dial(DialError::NotTls { .. }) => {
                "imaps:// goes with port 993 and pop3s:// with port 995 as a rule, imap:// with 143 and pop3:// with \
                 110; check `mailbox` under [bounces]"
            }
            Self::Dial(DialError::Disagreed { .. }) => {
                "the server must speak TLS 1.2 or 1.3; tell its operator what stands above"
            }
            Self::Tls(TlsSetupError::Host(_)) => "write a name like mail.example.org or an IP address",
            Self::Tls(TlsSetupError::NoRoots { .. }) => {
                "install the system's package of root certificates (often called ca-certificates), or name a file of \
                 them in SSL_CERT_FILE"
            }
            Self::Tls(TlsSetupError::Authority { .. }) => {
                "`ca` under [bounces] names a file of certificates in PEM, from the newsletter's folder on; the \
                 mailbox's provider has it"
            }
            Self::Tls(TlsSetupError::Rustls(_)) => "this is a fault of the program or of its build; please report it",
            Self::NoStarttls => {
                "write imaps:// or pop3s:// in `mailbox` under [bounces] if the provider says so; if it used to work, \
                 someone on the way may be tampering with the connection"
            }
            Self::Tampered => {
                "someone on the way may be tampering with the connection; try from another network, and tell the \
                 mailbox's provider"
            }
            Self::Secret(_) => "see password_env, password_file and password_command under [bounces] in bulletin.toml",
            Self::Login { user, with: super::server::Login::Password, .. } => {
                return Some(format!(
                    "check that `{user}` is the user that the provider knows, and that the environment variable, file \
                     or command under [bounces] in bulletin.toml holds its password; some providers want a password \
                     made for programs, or an access token (auth = \"xoauth2\")"
                ));
            }
            Self::Login { user, .. } => {
                return Some(format!(
                    "check that `{user}` is the mailbox that the token was made for, and that password_command under \
                     [bounces] in bulletin.toml prints a fresh access token, which is good for an hour as a rule"
                ));
            }
            Self::NoLogin(_) => {
                "leave out `auth` under [bounces] for a password, set auth = \"xoauth2\" for an access token; the \
                 provider tells which"
            }
            Self::NoFolder { folder, known } => {
                let likely = did_you_mean(folder, known.iter().map(String::as_str));
                let likely = likely.map(|likely| format!("did you mean `{likely}`? ")).unwrap_or_default();
                return Some(format!("{likely}The folders are {}", listed(known)));
            }
            Self::ReadOnly(_) => "set after = \"leave\" under [bounces], or ask for the right to change the mailbox",
            Self::Locked(_) => "another program reads it just now; try again in a minute",
            Self::Renumbered(_) => "they will be read again next time, and count once",
            Self::Mail { .. } => "look at it in a mail program; all others are read",
            Self::Refused { .. } => "the mailbox's provider can tell what stands above",
            Self::Broken(_) => "try again later; what was not worked on is read then",
            Self::Garbage { .. } => "check host, port and the word before :// of `mailbox` under [bounces]",
        };
        Some(help.to_owned())
    }
}

/// The first of them, and how many more there are.
fn listed(names: &[String]) -> String {
    /// As many as a person looks through.
    const SHOWN: usize = 20;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_is_told_with_the_nearest_and_with_all() {
        let known = ["INBOX", "Bounces", "Sent"].map(str::to_owned).to_vec();
        let error = InboxError::new("imaps://a@h/Bounce", Fault::NoFolder { folder: "Bounce".into(), known });
        assert_eq!(error.to_string(), "can't read imaps://a@h/Bounce: there is no folder `Bounce`");
        let help = error.help().unwrap();
        assert_eq!(help, "did you mean `Bounces`? The folders are `INBOX`, `Bounces`, `Sent`");
    }
}

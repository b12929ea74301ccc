//! `mailbox` under `[bounces]` and what goes with it: to the [`Mailbox`]es that are read, named but not opened.

use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;

use super::checks::Checks;
use super::raw::{RawAfter, RawBounces};
use super::raw_mailbox::RawMailbox;
use super::{Auth, PasswordSource};
use crate::domain::MailboxUrl;
use crate::domain::mailbox_url::MailboxProtocol;

/// Where bounces and requests to leave come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub place: MailboxPlace,
    /// What becomes of a mail that was worked on; none for what is usual in such a mailbox.
    pub after: Option<MailboxAfter>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailboxPlace {
    /// A mail, an mbox, a Maildir or a folder of them, from the newsletter's folder on.
    Path(PathBuf),
    Server(MailServer),
}

/// What becomes of a mail that was worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailboxAfter {
    Leave,
    Seen,
    /// Into this folder of the same mailbox, whose levels are parted by slashes.
    Move(String),
    Delete,
}

/// A mailbox on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    pub url: MailboxUrl,
    /// Certificates in PEM of the only authority to be trusted; relative to the newsletter's folder.
    pub ca: Option<PathBuf>,
    /// How to log in; none for a password.
    pub auth: Option<Auth>,
    pub password: PasswordSource,
    /// How long the server may be silent when it owes an answer; none for the usual time.
    pub timeout: Option<Duration>,
}

impl Checks<'_> {
    pub(super) fn mailboxes(&mut self, raw: &RawBounces) -> Vec<Mailbox> {
        let after = self.after(raw);
        let timeout = self.duration(raw.timeout.as_ref());
        let shared =
            self.password(raw.password_env.as_ref(), raw.password_file.as_ref(), raw.password_command.as_ref());
        if !raw.mailbox.0.iter().any(|mailbox| MailboxUrl::is_meant(mailbox.text())) {
            self.without_server(raw, shared.is_some());
        }
        let mut mailboxes = Vec::new();
        for mailbox in &raw.mailbox.0 {
            let text = mailbox.text();
            if matches!(mailbox, RawMailbox::Plain(_)) && !MailboxUrl::is_meant(text) {
                mailboxes.push(Mailbox { place: MailboxPlace::Path(text.into()), after: after.clone() });
                continue;
            }
            let Some(url) = self.mailbox_url(text, after.as_ref()) else { continue };
            let auth = raw.auth.as_ref().map(|auth| *auth.get_ref());
            let ca = raw.ca.as_ref().map(|ca| ca.get_ref().clone());
            let (auth, ca, own) = match mailbox {
                RawMailbox::Plain(_) => (auth, ca, None),
                RawMailbox::Own(own) => {
                    let password = self.password(
                        own.password_env.as_ref(),
                        own.password_file.as_ref(),
                        own.password_command.as_ref(),
                    );
                    (own.auth.or(auth), own.ca.clone().or(ca), password)
                }
            };
            let Some(password) = own.or_else(|| shared.clone()) else {
                let help = "add one of password_env, password_file and password_command under [bounces]; the \
                            password itself never stands in this file";
                self.table_fault(text, format!("there is no source for the password of {url}"), help);
                continue;
            };
            let place = MailboxPlace::Server(MailServer { url, ca, auth, password, timeout });
            mailboxes.push(Mailbox { place, after: after.clone() });
        }
        mailboxes
    }

    fn password(
        &mut self,
        env: Option<&String>,
        file: Option<&PathBuf>,
        command: Option<&String>,
    ) -> Option<PasswordSource> {
        let sources = [
            env.cloned().map(PasswordSource::Env),
            file.cloned().map(PasswordSource::File),
            command.cloned().map(PasswordSource::Command),
        ];
        let mut sources = sources.into_iter().flatten();
        let password = sources.next();
        if sources.next().is_some() {
            let message = "[bounces] names more than one source for a password";
            self.table_fault("[bounces]", message, "keep one of password_env, password_file and password_command");
        }
        password
    }

    fn after(&mut self, raw: &RawBounces) -> Option<MailboxAfter> {
        let after = raw.after.as_ref().map(|after| *after.get_ref());
        if let Some(folder) = raw.folder.as_ref().filter(|_| after != Some(RawAfter::Move)) {
            let message = "`folder` says where mails are moved to, but none is moved";
            self.fault(folder, message, "add after = \"move\", or leave `folder` out");
        }
        Some(match after? {
            RawAfter::Leave => MailboxAfter::Leave,
            RawAfter::Seen => MailboxAfter::Seen,
            RawAfter::Delete => MailboxAfter::Delete,
            RawAfter::Move => match &raw.folder {
                Some(folder) => self.target(folder)?,
                None => {
                    let help = "add for instance folder = \"Bulletin/Processed\"";
                    self.table_fault("[bounces]", "after = \"move\" lacks the folder to move mails to", help);
                    return None;
                }
            },
        })
    }

    fn target(&mut self, folder: &Spanned<String>) -> Option<MailboxAfter> {
        let name = folder.get_ref().trim_matches('/');
        // Dots part the levels of a Maildir's folders, and `..` would lead out of it.
        let wrong =
            name.chars().any(char::is_control) || name.split('/').any(|level| level.is_empty() || level == "..");
        if wrong {
            self.fault(folder, format!("`{name}` can't be a folder"), "write for instance \"Bulletin/Processed\"");
            return None;
        }
        Some(MailboxAfter::Move(name.to_owned()))
    }

    fn mailbox_url(&mut self, text: &str, after: Option<&MailboxAfter>) -> Option<MailboxUrl> {
        let url: MailboxUrl = match text.parse() {
            Ok(url) => url,
            Err(error) => {
                self.table_fault(text, error.to_string(), error.help());
                return None;
            }
        };
        let has_marks = url.protocol == MailboxProtocol::Imap;
        if !has_marks && matches!(after, Some(MailboxAfter::Seen | MailboxAfter::Move(_))) {
            let message = "a POP3 server can neither mark nor move a mail";
            self.table_fault(text, message, "set after = \"leave\" or \"delete\", or use imaps:// if it speaks IMAP");
        }
        Some(url)
    }

    /// Tells keys that are for a server, where there is none.
    fn without_server(&mut self, raw: &RawBounces, has_password: bool) {
        let message = "this is for a mailbox on a server, but `mailbox` names none";
        let help = "write for instance mailbox = \"imaps://bounces@mail.example.org/INBOX\", or leave it out";
        if let Some(auth) = &raw.auth {
            self.fault(auth, message, help);
        }
        if let Some(ca) = &raw.ca {
            self.fault(ca, message, help);
        }
        if let Some(timeout) = &raw.timeout {
            self.fault(timeout, message, help);
        }
        if has_password {
            self.table_fault("[bounces]", "[bounces] has a password, but nobody logs in with it", help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigError};

    const REST: &str = "[newsletter]\nname = \"N\"\nid = \"n\"\nlanguages = [\"en\"]\n\
        unsubscribe = \"leave@example.org\"\n[sender]\nname = \"N\"\nemail = \"n@example.org\"\n\
        postal_address = \"1 Road\"\n";

    fn parsed(bounces: &str) -> Result<Vec<Mailbox>, String> {
        match Config::parse(&format!("{REST}[bounces]\n{bounces}")) {
            Ok(config) => Ok(config.mailboxes),
            Err(ConfigError::Invalid(findings)) => {
                let told = findings.iter().map(|finding| {
                    assert!(finding.line.is_some() && finding.help.is_some(), "{finding:?}");
                    finding.message.clone()
                });
                Err(told.collect::<Vec<_>>().join("\n"))
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_mailbox_is_a_path_or_a_server_and_there_can_be_several() {
        let mailboxes = parsed(
            "mailbox = [\"/var/mail/b\", \"imaps://b@mail.example.org/INBOX\"]\npassword_env = \"P\"\n\
             auth = \"xoauth2\"\nca = \"ca.pem\"\ntimeout = \"30s\"\nafter = \"move\"\nfolder = \"Bulletin/Done\"\n",
        )
        .unwrap();
        assert_eq!(mailboxes[0].place, MailboxPlace::Path("/var/mail/b".into()));
        assert_eq!(mailboxes[0].after, Some(MailboxAfter::Move("Bulletin/Done".into())));
        let MailboxPlace::Server(server) = &mailboxes[1].place else { panic!() };
        assert_eq!(server.url.to_string(), "imaps://b@mail.example.org/INBOX");
        assert_eq!(server.password, PasswordSource::Env("P".into()));
        assert_eq!((server.auth, server.timeout), (Some(Auth::Xoauth2), Some(Duration::from_secs(30))));
        assert_eq!(parsed("mailbox = \"mail\"\n").unwrap()[0].after, None);
    }

    #[test]
    fn a_mailbox_can_have_a_password_of_its_own() {
        let mailboxes = parsed(
            "password_env = \"P\"\nmailbox = [\"imaps://b@h/INBOX\", { url = \"imaps://u@h/INBOX\", password_file = \"f\" }]\n",
        );
        let passwords: Vec<_> = mailboxes
            .unwrap()
            .into_iter()
            .map(|mailbox| match mailbox.place {
                MailboxPlace::Server(server) => server.password,
                MailboxPlace::Path(path) => panic!("{path:?}"),
            })
            .collect();
        assert_eq!(passwords, [PasswordSource::Env("P".into()), PasswordSource::File("f".into())]);
        let alone = parsed("mailbox = { url = \"imaps://u@h/INBOX\", password_env = \"P\" }\n").unwrap();
        assert_eq!(alone.len(), 1);
        let path = parsed("mailbox = { url = \"mail/bounces\", password_env = \"P\" }\n").unwrap_err();
        assert!(path.contains("begins with imaps://"), "{path}");
    }

    #[test]
    fn what_can_not_be_meant_is_told_with_its_line_and_its_cure() {
        let server = "mailbox = \"imaps://b@mail.example.org/INBOX\"\n";
        let pop3 = "mailbox = \"pop3s://b@mail.example.org\"\npassword_env = \"P\"\n";
        for (bounces, told) in [
            (server.to_owned(), "there is no source for the password of imaps://b@mail.example.org/INBOX"),
            (format!("{server}password_env = \"P\"\npassword_file = \"p\"\n"), "more than one source for a password"),
            (
                "mailbox = \"imaps://b:hunter2@mail.example.org\"\npassword_env = \"P\"\n".to_owned(),
                "can't hold a password",
            ),
            ("mailbox = 7\n".to_owned(), "expected a path, an address"),
            ("mailbox = { url = \"imaps://u@h\", passwort = \"x\" }\n".to_owned(), "passwort"),
            ("mailbox = \"imap:/b\"\npassword_env = \"P\"\n".to_owned(), "nobody logs in with it"),
            ("mailbox = \"https://b@h\"\npassword_env = \"P\"\n".to_owned(), "begins with imaps://"),
            ("ca = \"x\"\nauth = \"plain\"\n".to_owned(), "`mailbox` names none"),
            (format!("{pop3}after = \"seen\"\n"), "can neither mark nor move"),
            (format!("{pop3}timeout = \"soon\"\n"), "is not a length of time"),
            ("mailbox = \"m\"\nafter = \"move\"\n".to_owned(), "lacks the folder"),
            ("mailbox = \"m\"\nfolder = \"x\"\n".to_owned(), "none is moved"),
            ("mailbox = \"m\"\nafter = \"move\"\nfolder = \"a/../b\"\n".to_owned(), "can't be a folder"),
        ] {
            let faults = parsed(&bounces).unwrap_err();
            assert!(faults.contains(told), "{bounces}: {faults}");
            assert!(!faults.contains("hunter2"), "{faults}");
        }
    }
}

//! Dovecot, which tells Postfix whether a password is right, and holds mailboxes.

use std::path::{Path, PathBuf};
use std::process::Command;

use bulletin::inbox;

use super::postfix::certify;
use super::{Den, Server, are_we_root, free_port, skipped};
use crate::send::stage::within_patience;

pub(super) const USER: &str = "bulletin";
pub(super) const PASSWORD: &str = "a password, with spaces";

/// Starts it, with its socket at `dovecot/auth` in that folder.
pub(super) fn start(den: &Den, mechanism: &str) -> Option<Server> {
    let Ok(program) = Command::new("dovecot").arg("--version").output() else {
        return skipped("dovecot is not installed");
    };
    assert!(program.status.success());
    den.folder("dovecot", None);
    den.write("passwords", &format!("{USER}:{{PLAIN}}{PASSWORD}\n"));
    den.fill("dovecot.conf", "dovecot.conf", &[("MECHANISM", mechanism)]);
    let mut command = Command::new("dovecot");
    let server = Server::start(den, "dovecot", command.arg("-F").arg("-c").arg(den.path("dovecot.conf")));
    within_patience("dovecot listens", || den.path("dovecot/auth").exists().then_some(()));
    Some(server)
}

/// nobody, to whom the mailboxes belong.
const NOBODY: u32 = 65_534;

/// A Dovecot with the mailbox of `ann`.
pub(super) struct Mailboxes {
    pub(super) den: Den,
    pub(super) imap: u16,
    pub(super) imaps: u16,
    pub(super) pop3: u16,
    pub(super) pop3s: u16,
    _server: Server,
}

impl Mailboxes {
    /// None where there is no Dovecot with IMAP and POP3.
    pub(super) fn start() -> Option<Self> {
        for program in ["imap", "pop3"] {
            if !Path::new("/usr/lib/dovecot").join(program).exists() {
                return skipped(format!("dovecot-{program}d is not installed"));
            }
        }
        if !are_we_root() {
            return skipped("dovecot changes to the user of a mailbox as root alone");
        }
        let den = Den::new();
        certify(&den);
        den.folder("dovecot", None);
        den.folder("home", Some((NOBODY, NOBODY)));
        for folder in
            ["home/ann", "home/ann/Maildir", "home/ann/Maildir/new", "home/ann/Maildir/cur", "home/ann/Maildir/tmp"]
        {
            den.folder(folder, Some((NOBODY, NOBODY)));
        }
        den.write("passwords", &format!("ann:{{PLAIN}}{PASSWORD}\n"));
        let keys = den.text("keys/");
        den.folder("keys/default/HS256", None);
        den.write("keys/default/HS256/default", KEY);
        den.write(
            "oauth2.conf",
            &format!("introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={keys}\nusername_attribute = sub\n"),
        );
        let [imap, imaps, pop3, pop3s] = [(); 4].map(|()| free_port());
        let id = NOBODY.to_string();
        let ports = [("IMAP", imap), ("IMAPS", imaps), ("POP3", pop3), ("POP3S", pop3s)];
        let ports: Vec<_> = ports.iter().map(|(word, port)| (*word, port.to_string())).collect();
        let mut words: Vec<_> = ports.iter().map(|(word, port)| (*word, port.as_str())).collect();
        words.extend([("UID", id.as_str()), ("GID", id.as_str())]);
        den.fill("dovecot-mailboxes.conf", "dovecot.conf", &words);
        let mut command = Command::new("dovecot");
        let mut server = Server::start(&den, "dovecot", command.arg("-F").arg("-c").arg(den.path("dovecot.conf")));
        for port in [imap, imaps, pop3, pop3s] {
            server.listens(port);
        }
        Some(Self { den, imap, imaps, pop3, pop3s, _server: server })
    }

    /// Delivers a mail, as a delivery agent does.
    pub(super) fn deliver(&self, name: &str, text: &str) {
        let path = self.maildir("tmp").join(name);
        std::fs::write(&path, text).unwrap();
        std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        std::fs::rename(&path, self.maildir("new").join(name)).unwrap();
    }

    pub(super) fn maildir(&self, folder: &str) -> PathBuf {
        self.den.path("home/ann/Maildir").join(folder)
    }

    /// The names of all files of a folder, in order.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.maildir(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A server under that address, whose authority is known and whose password is right.
    pub(super) fn server(&self, url: &str) -> inbox::Server {
        let mut server = inbox::Server::new(url.parse().unwrap(), PASSWORD.into()).unwrap();
        server.authority = Some(self.den.path("ca.pem"));
        server
    }
}

/// In Base64, for tokens that Dovecot checks by itself.
const KEY: &str = "YSBrZXkgb2YgdGhlIHRlc3RzIGFsb25l";

/// A token for `ann` (RFC 7519), as good as for ever.
pub(super) fn token() -> String {
    use data_encoding::{BASE64, BASE64URL_NOPAD};
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let claims = r#"{"sub":"ann","iat":1500000000,"nbf":1500000000,"exp":4000000000}"#;
    let signed = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&BASE64.decode(KEY.as_bytes()).unwrap()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

//! A mailbox on a server: where it is, who we are there, and how the way there is protected.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::dial::{Secret, Security, Stream, Tls, connect, is_loopback, port, split_port};
use crate::domain::MailboxUrl;
use crate::domain::mailbox_url::{MailboxProtocol, Wrapping};

use super::Fault;

/// A mailbox on a server. It is shown as it is written in the configuration.
#[derive(Clone)]
pub struct Server {
    pub url: MailboxUrl,
    /// A domain name in ASCII or an IP address, without brackets.
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// The authority that the server's certificate must come from, as certificates in PEM; `None` for those that
    /// this system trusts.
    pub authority: Option<PathBuf>,
    pub secret: Secret,
    pub login: Login,
    pub timeouts: Timeouts,
}

/// What the secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    Password,
    /// An access token (OAuth 2.0), told by XOAUTH2 or OAUTHBEARER (RFC 7628).
    Token,
}

/// How long to wait. A wait that ends without result ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the host's addresses, for each TCP connect, and for the TLS handshake.
    pub connect: Duration,
    /// For the next byte of a reply.
    pub reply: Duration,
    /// How long IDLE may last before it is renewed, so that no server takes us for gone (RFC 2177 has 29 minutes).
    pub idle: Duration,
    /// Between two looks at a mailbox that can't tell by itself when mail comes.
    pub poll: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            reply: Duration::from_mins(2),
            idle: Duration::from_mins(25),
            poll: Duration::from_mins(1),
        }
    }
}

impl Server {
    /// The server of that address. Towards this machine `imap` and `pop3` go without encryption, as `smtp` does.
    ///
    /// # Errors
    /// The host or the port can't be used.
    pub fn new(url: MailboxUrl, secret: Secret) -> Result<Self, Fault> {
        let wrong = || Fault::Host(url.authority.clone());
        let (host, given) = split_port(&url.authority).ok_or_else(wrong)?;
        let security = match url.wrapping {
            Wrapping::FromTheStart => Security::Implicit,
            Wrapping::Upgraded if is_loopback(&host) => Security::Clear,
            Wrapping::Upgraded => Security::Starttls,
        };
        // RFC 8314 section 7.
        let usual = match (url.protocol, security) {
            (MailboxProtocol::Imap, Security::Implicit) => 993,
            (MailboxProtocol::Imap, _) => 143,
            (MailboxProtocol::Pop3, Security::Implicit) => 995,
            (MailboxProtocol::Pop3, _) => 110,
        };
        let port = match given {
            None => usual,
            Some(given) => port(given).ok_or_else(wrong)?,
        };
        let timeouts = Timeouts::default();
        Ok(Self { url, host, port, security, authority: None, secret, login: Login::Password, timeouts })
    }

    /// What it takes to encrypt; none in the clear.
    pub(super) fn tls(&self) -> Result<Option<Tls>, Fault> {
        match (self.security, &self.authority) {
            (Security::Clear, _) => Ok(None),
            (_, Some(file)) => Ok(Some(Tls::with_authority(file, &self.host)?)),
            (_, None) => Ok(Some(Tls::with_native_roots(&self.host)?)),
        }
    }

    /// A stream that is as encrypted as it can be before a word was said.
    pub(super) async fn dial(&self, tls: Option<&Tls>) -> Result<Stream, Fault> {
        let patience = self.timeouts.connect;
        let stream: Stream = Box::new(connect(&self.host, self.port, self.security, patience).await?);
        match tls.filter(|_| self.security == Security::Implicit) {
            Some(tls) => Ok(tls.wrap(stream, patience).await?),
            None => Ok(stream),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.to_string()).field(&self.security).finish_non_exhaustive()
    }
}

impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Server {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_and_the_host_decide_the_security_and_the_port() {
        for (url, security, port) in [
            ("imaps://a@mail.example.org", Security::Implicit, 993),
            ("imap://a@mail.example.org", Security::Starttls, 143),
            ("imap://a@127.0.0.1:1143", Security::Clear, 1143),
            ("pop3s://a@localhost", Security::Implicit, 995),
            ("pop3://a@mail.example.org", Security::Starttls, 110),
            ("pop3://a@[::1]", Security::Clear, 110),
        ] {
            let server = Server::new(url.parse().unwrap(), "secret".into()).unwrap();
            assert_eq!((server.security, server.port), (security, port), "{url}");
        }
        for url in ["imaps://a@mail example.org", "imaps://a@h:0", "imaps://a@h:x", "imaps://a@[::1"] {
            let error = Server::new(url.parse().unwrap(), "secret".into()).unwrap_err();
            assert!(matches!(error, Fault::Host(_)), "{url}");
        }
    }

    #[test]
    fn a_server_that_is_shown_tells_no_secret() {
        let server = Server::new("imaps://a@h/B".parse().unwrap(), "hunter2".into()).unwrap();
        assert_eq!(format!("{server:?}"), r#"Server("imaps://a@h/B", Implicit, ..)"#);
    }
}

//! The relay: where the mail goes, how the way there is protected, and how long each step may take.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::dial::{Secret, Security, is_loopback};

/// The server that takes the mail from us. It is shown as `smtp://host:port` or `smtps://host:port`,
/// without credentials; that text names the relay in the ledger.
#[derive(Clone)]
pub struct Relay {
    /// A domain name in ASCII or an IP address, without brackets.
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// The authority that the relay's certificate must come from, as certificates in PEM; `None` for those that
    /// this system trusts.
    pub authority: Option<PathBuf>,
    /// Username and password, or token; `None` where the relay knows us by other means.
    pub credentials: Option<(String, Secret)>,
    /// How they are told; `None` for the best of PLAIN and LOGIN.
    pub login: Option<Login>,
    pub chunking: Chunking,
    /// How we name ourselves in EHLO: a domain name or an address literal (RFC 5321 section 4.1.1.1).
    pub hello: String,
    pub timeouts: Timeouts,
}

/// Whether messages go as chunks (RFC 3030), which saves a round trip for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chunking {
    /// Where the relay offers it, along with PIPELINING.
    #[default]
    Auto,
    /// By DATA in any case.
    Off,
}

/// How we log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// RFC 4616.
    Plain,
    /// The same in two steps, of no RFC.
    Login,
    /// With an access token for OAuth 2.0 in place of the password, as Gmail and Outlook have it.
    Xoauth2,
}

impl Login {
    /// Its name in AUTH.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Xoauth2 => "XOAUTH2",
        }
    }
}

/// How long to wait: at least as long as RFC 5321 section 4.5.3.2 has it, since busy servers do take that time.
/// A wait that ends without result ends the connection; nothing goes on after half a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the host's addresses, for each TCP connect, and for the TLS handshake.
    pub connect: Duration,
    /// For the greeting.
    pub greeting: Duration,
    /// For the reply to each command.
    pub command: Duration,
    /// For each piece of a body to leave.
    pub data: Duration,
    /// For the last word on a message. The RFC's ten minutes, since giving up here is what makes an
    /// outcome unknown.
    pub reply: Duration,
    /// For the reply to QUIT, on which nothing depends.
    pub goodbye: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_mins(5),
            command: Duration::from_mins(5),
            data: Duration::from_mins(3),
            reply: Duration::from_mins(10),
            goodbye: Duration::from_secs(2),
        }
    }
}

impl Relay {
    /// What EHLO says where nothing else is configured: an address literal is never an unknown domain.
    pub const HELLO: &str = "[127.0.0.1]";

    /// A relay without credentials, with the usual name in EHLO and the usual patience.
    pub fn new(host: impl Into<String>, port: u16, security: Security) -> Self {
        Self {
            host: host.into(),
            port,
            security,
            authority: None,
            credentials: None,
            login: None,
            chunking: Chunking::Auto,
            hello: Self::HELLO.to_owned(),
            timeouts: Timeouts::default(),
        }
    }

    /// The relay as it was met, by its name and its address.
    pub(super) fn met_at(&self, peer: SocketAddr) -> String {
        let is_name = self.host.parse::<IpAddr>().is_err();
        if is_name { format!("{} [{}]:{}", self.host, peer.ip(), peer.port()) } else { peer.to_string() }
    }

    /// Whether nothing leaves this machine on the way there.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The port where none is given: 465 and 587 as RFC 8314 has them, otherwise 25.
    #[must_use]
    pub fn usual_port(security: Security) -> u16 {
        match security {
            Security::Implicit => 465,
            Security::Starttls => 587,
            Security::Clear => 25,
        }
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.security == Security::Implicit { "smtps" } else { "smtp" };
        match self.host.parse::<Ipv6Addr>() {
            Ok(address) => write!(f, "{scheme}://[{address}]:{}", self.port),
            Err(_) => write!(f, "{scheme}://{}:{}", self.host.to_ascii_lowercase(), self.port),
        }
    }
}

impl fmt::Debug for Relay {
    /// Without the username, which tends to be an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Relay").field(&self.to_string()).field(&self.security).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_a_name_or_an_address_and_nothing_that_only_looks_like_it() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(Relay::new(host, 25, Security::Clear).is_loopback(), "{host}");
        }
        for host in ["localhost.example.org", "127.0.0.1.example.org", "192.0.2.1", "::2", "128.0.0.1", ""] {
            assert!(!Relay::new(host, 25, Security::Clear).is_loopback(), "{host}");
        }
    }

    #[test]
    fn a_relay_is_met_at_an_address_whatever_it_is_called() {
        let met = |host: &str| Relay::new(host, 25, Security::Clear).met_at("192.0.2.1:25".parse().unwrap());
        assert_eq!(met("mail.example.org"), "mail.example.org [192.0.2.1]:25");
        assert_eq!(met("192.0.2.1"), "192.0.2.1:25");
    }

    #[test]
    fn a_relay_has_one_name_and_it_tells_no_secret() {
        let mut relay = Relay::new("Mail.Example.org", 465, Security::Implicit);
        relay.credentials = Some(("ann@example.org".into(), "hunter2".into()));
        assert_eq!(relay.to_string(), "smtps://mail.example.org:465");
        assert_eq!(format!("{relay:?}"), r#"Relay("smtps://mail.example.org:465", Implicit, ..)"#);
        assert_eq!(Relay::new("0:0::1", 25, Security::Clear).to_string(), "smtp://[::1]:25");
    }
}

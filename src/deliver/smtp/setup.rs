//! The transport: a [`Relay`] checked once, and connections from it as often as asked.

use std::path::PathBuf;

use super::connection::SmtpConnection;
use super::open::open;
use super::relay::Relay;
use super::tls::{Protection, dial};
use crate::deliver::transport::{ConnectError, Transport};
use crate::dial::{Security, Tls};

/// Opens SMTP connections to one relay.
#[derive(Debug)]
pub struct SmtpTransport {
    pub(super) relay: Relay,
    pub(super) protection: Protection,
}

/// Why a relay can't be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpSetupError {
    #[error("{relay} would be reached without encryption, which is allowed on this machine only")]
    ClearOffLoopback { relay: String },
    #[error("`{host}` is no host name and no IP address")]
    Host { host: String },
    #[error("`{hello}` can't be said in EHLO")]
    Hello { hello: String },
    #[error("this system has no root certificates to check a relay's certificate against{why}")]
    NoRoots {
        /// What the system said, after a colon; empty where it has nothing to say.
        why: String,
    },
    #[error("the certificates in {} can't be used: {why}", .file.display())]
    Authority { file: PathBuf, why: String },
    #[error("encryption can't be set up: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
}

impl SmtpSetupError {
    /// What the person who wrote the configuration can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::ClearOffLoopback { .. } => {
                "set tls = \"starttls\" or tls = \"implicit\" under [smtp]; without TLS the host must be localhost, \
                 127.0.0.1 or ::1"
            }
            Self::Host { .. } => "write a name like mail.example.org or an IP address without brackets",
            Self::Hello { .. } => "use the domain name of this machine, or an address in brackets",
            Self::NoRoots { .. } => {
                "install the system's package of root certificates (often called ca-certificates), or name a file \
                 of them in SSL_CERT_FILE"
            }
            Self::Authority { .. } => {
                "`ca` under [smtp] names a file of certificates in PEM, from the newsletter's folder on; the relay's \
                 operator has it"
            }
            Self::Tls(_) => "this is a fault of the program or of its build; please report it",
        }
    }
}

impl SmtpTransport {
    /// Checks the relay and, where it is reached by TLS, reads the root certificates: the relay's own authority, or
    /// the system's.
    ///
    /// # Errors
    /// The relay is off this machine and [`Security::Clear`], its host or its EHLO name is malformed, or
    /// there are no root certificates where they should be.
    pub fn new(relay: Relay) -> Result<Self, SmtpSetupError> {
        if relay.security == Security::Clear && !relay.is_loopback() {
            return Err(SmtpSetupError::ClearOffLoopback { relay: relay.to_string() });
        }
        // A space or a line end in here would be a parameter or a command of its own.
        if relay.hello.is_empty() || !relay.hello.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SmtpSetupError::Hello { hello: relay.hello });
        }
        let protection = match relay.security {
            Security::Clear => Protection::Clear,
            Security::Implicit => Protection::Implicit(tls(&relay)?),
            Security::Starttls => Protection::Starttls(tls(&relay)?),
        };
        Ok(Self { relay, protection })
    }

    /// The relay that this leads to.
    #[must_use]
    pub fn relay(&self) -> &Relay {
        &self.relay
    }
}

fn tls(relay: &Relay) -> Result<Tls, SmtpSetupError> {
    Ok(match &relay.authority {
        Some(file) => Tls::with_authority(file, &relay.host)?,
        None => Tls::with_native_roots(&relay.host)?,
    })
}

impl Transport for SmtpTransport {
    type Connection = SmtpConnection;

    async fn connect(&self) -> Result<SmtpConnection, ConnectError> {
        let stream = dial(&self.relay).await?;
        let remote = stream.peer_addr().map_or_else(|_| self.relay.host.clone(), |peer| self.relay.met_at(peer));
        Ok(open(Box::new(stream), &self.relay, &self.protection).await?.at(remote))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_clear_nothing_leaves_this_machine() {
        for host in ["mail.example.org", "192.0.2.1", "localhost.example.org"] {
            let error = SmtpTransport::new(Relay::new(host, 25, Security::Clear)).unwrap_err();
            assert!(matches!(error, SmtpSetupError::ClearOffLoopback { .. }), "{host}");
            assert!(error.to_string().starts_with(&format!("smtp://{host}:25 would be reached")), "{error}");
        }
        assert!(SmtpTransport::new(Relay::new("127.0.0.1", 25, Security::Clear)).is_ok());
    }

    #[test]
    fn a_name_that_would_smuggle_a_command_into_ehlo_is_refused() {
        for hello in ["", "a b", "a\r\nMAIL FROM:<x@example.org>", "b\u{fc}cher"] {
            let mut relay = Relay::new("localhost", 25, Security::Clear);
            relay.hello = hello.to_owned();
            assert!(matches!(SmtpTransport::new(relay), Err(SmtpSetupError::Hello { .. })), "{hello:?}");
        }
    }

    #[test]
    fn a_host_that_no_certificate_can_name_is_refused() {
        let error = SmtpTransport::new(Relay::new("mail example.org", 465, Security::Implicit)).unwrap_err();
        assert!(matches!(error, SmtpSetupError::Host { .. }), "{error}");
    }
}

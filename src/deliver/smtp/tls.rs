//! Encryption on the way to a relay: what it takes, and what a fault in it means to whoever wrote `[smtp]`.

use super::relay::Relay;
use super::setup::SmtpSetupError;
use crate::deliver::transport::ConnectError;
use crate::dial::{DialError, Stream, Tls, TlsSetupError, connect};
use crate::domain::outcome::Reply;

/// [`Security`](crate::dial::Security) with what it takes, so that no way that should be encrypted lacks it.
#[derive(Debug)]
pub(super) enum Protection {
    Clear,
    Starttls(Tls),
    Implicit(Tls),
}

/// The TCP connection to the relay, with its address.
pub(super) async fn dial(relay: &Relay) -> Result<tokio::net::TcpStream, ConnectError> {
    Ok(connect(&relay.host, relay.port, relay.security, relay.timeouts.connect).await?)
}

/// Shakes hands with the relay.
pub(super) async fn wrap(tls: &Tls, stream: Stream, relay: &Relay) -> Result<Stream, ConnectError> {
    Ok(tls.wrap(stream, relay.timeouts.connect).await?)
}

impl From<DialError> for ConnectError {
    fn from(error: DialError) -> Self {
        let help = match &error {
            DialError::Away(text) => return Self::Transient(Reply::silence(text)),
            DialError::NoHost(_) => "check the spelling of `host` under [smtp] in bulletin.toml, or of --relay",
            DialError::Certificate { .. } => {
                "check that `host` under [smtp] is the name that the relay's operator gives; where the certificate \
                 comes from an authority of their own, name that authority's certificate in `ca` there"
            }
            DialError::NotTls { .. } => {
                "port 465 goes with tls = \"implicit\", ports 587 and 25 with tls = \"starttls\"; check both under \
                 [smtp]"
            }
            DialError::Disagreed { .. } => "the relay must speak TLS 1.2 or 1.3; tell its operator what stands above",
        };
        Self::Fatal { message: error.to_string(), help: help.to_owned() }
    }
}

impl From<TlsSetupError> for SmtpSetupError {
    fn from(error: TlsSetupError) -> Self {
        match error {
            TlsSetupError::Host(host) => Self::Host { host },
            TlsSetupError::NoRoots { why } => Self::NoRoots { why },
            TlsSetupError::Authority { file, why } => Self::Authority { file, why },
            TlsSetupError::Rustls(error) => Self::Tls(error),
        }
    }
}

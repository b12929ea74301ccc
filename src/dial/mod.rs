//! The way to a server: a host and a port in, a stream out, encrypted or not, or why there is none.
//!
//! What both the relay and the mailboxes need: `tcp` (addresses and connecting), `tls` (RFC 8446, RFC 9325) and
//! `address` (hosts and ports as they are written). No protocol is spoken here. An error says what happened; what
//! to do about it is said by the room that knows which line of the configuration it came from.

mod address;
#[cfg(test)]
pub(crate) mod peer;
mod tcp;
mod tls;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite};

pub use address::{port, split_port};
pub use tcp::connect;
pub use tls::{Tls, TlsSetupError, native_client};

/// A TCP stream, encrypted or not.
pub type Stream = Box<dyn Duplex>;

/// What can be read from and written to.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// How the way to a server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 section 3.3).
    Implicit,
    /// TLS after STARTTLS, or no conversation at all (RFC 3207, RFC 2595).
    Starttls,
    /// None, which is allowed towards this machine only.
    Clear,
}

/// What proves who we are.
#[derive(Clone)]
pub enum Secret {
    Known(SecretString),
    /// Asked for at each connection, since a token may run out while a send goes on. It may block.
    Asked(Arc<dyn Fn() -> Result<SecretString, String> + Send + Sync>),
}

impl Secret {
    /// The password as it is known, or asked for now, away from the threads that talk to servers.
    ///
    /// # Errors
    /// Whoever was asked gives none, and says why.
    pub async fn tell(&self) -> Result<SecretString, String> {
        let ask = match self {
            Self::Known(password) => return Ok(password.clone()),
            Self::Asked(ask) => Arc::clone(ask),
        };
        tokio::task::spawn_blocking(move || ask()).await.unwrap_or_else(|panic| Err(panic.to_string()))
    }
}

impl From<&str> for Secret {
    fn from(password: &str) -> Self {
        Self::Known(password.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why no stream could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// It may work later: nobody answers, or the connection broke.
    #[error("{0}")]
    Away(String),
    #[error("there is no host called {0}")]
    NoHost(String),
    #[error("the certificate of {host} can't be trusted: {fault}")]
    Certificate { host: String, fault: String },
    #[error("{host} does not begin with TLS: {fault}")]
    NotTls { host: String, fault: String },
    #[error("{host} and this program can't agree on an encryption: {fault}")]
    Disagreed { host: String, fault: String },
}

/// Whether the host is `localhost` or an address of the loopback interface, so that nothing leaves this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

/// What a server said, as it can be shown: one line, without control characters, of a bounded length.
#[must_use]
pub fn printable(text: &str) -> String {
    /// Characters that are kept.
    const LONGEST: usize = 500;
    let shown = |character: char| if character.is_control() { ' ' } else { character };
    let text: String = text.chars().map(shown).collect();
    text.trim().chars().take(LONGEST).collect()
}

//! The other side of a test: a scripted relay ([`crate::dial::peer`]), and what its scripts begin with.

use super::relay::Relay;
use super::setup::SmtpTransport;
use super::tls::Protection;
use crate::compose::{Envelope, OutboundMessage};
pub(super) use crate::dial::peer::{acceptor, certificate_pem, tls};
use crate::dial::{Security, peer};
use crate::domain::outcome::Outcome;

/// Up to the first MAIL, for scripts to begin with.
pub(super) const HELLO: &str = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250 here\n";

/// From MAIL to the 354, likewise.
pub(super) const ENVELOPE: &str = "C: MAIL FROM:<news@example.org>\nS: 250 ok\nC: RCPT TO:<ann@example.org>\nS: 250 ok\n\
     C: DATA\nS: 354 go\n";

pub(super) fn message(recipient: &str, bytes: &[u8]) -> OutboundMessage {
    let envelope = Envelope {
        return_path: "news@example.org".parse().unwrap(),
        id: "b01".parse().unwrap(),
        recipient: recipient.parse().unwrap(),
    };
    OutboundMessage { envelope, content: bytes.to_vec().into() }
}

pub(super) fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted(_) => "accepted",
        Outcome::Deferred(_) => "deferred",
        Outcome::Rejected(_) => "rejected",
        Outcome::Unknown(_) => "unknown",
    }
}

/// A scripted relay.
pub(super) struct Peer(peer::Peer);

impl Peer {
    pub(super) async fn start(script: impl Into<String>) -> Self {
        Self(peer::Peer::start(script).await)
    }

    pub(super) fn relay(&self, security: Security) -> Relay {
        Relay::new(self.0.address.ip().to_string(), self.0.address.port(), security)
    }

    pub(super) fn transport(&self) -> SmtpTransport {
        SmtpTransport::new(self.relay(Security::Clear)).unwrap()
    }

    /// A transport that expects a certificate of this name from the test's own authority.
    pub(super) fn encrypted(&self, security: Security, name: &str) -> SmtpTransport {
        let protection = match security {
            Security::Clear => Protection::Clear,
            Security::Implicit => Protection::Implicit(tls(name)),
            Security::Starttls => Protection::Starttls(tls(name)),
        };
        SmtpTransport { relay: self.relay(security), protection }
    }

    /// Waits for the end of the script; panics where the client left it.
    pub(super) async fn done(self) {
        self.0.done().await;
    }
}

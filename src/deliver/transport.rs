//! What delivery asks of the way out: a connection at a time, a message at a time.

use std::future::Future;

use crate::compose::OutboundMessage;
use crate::domain::outcome::{Outcome, Reply, Stage};

/// Opens connections to one relay.
pub trait Transport: Send + Sync + 'static {
    type Connection: Connection;

    /// Opens a connection that is ready for its first message (greeted, encrypted, authenticated).
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, ConnectError>> + Send;
}

/// An open way to the relay.
pub trait Connection: Send + 'static {
    /// Hands over one message and waits for the last word on it. Must not be cancelled.
    fn send(&mut self, message: &OutboundMessage) -> impl Future<Output = Outcome> + Send;

    /// What the last outcome answered.
    fn stage(&self) -> Stage;

    /// The server, as it was connected to: its name and address.
    fn remote(&self) -> &str;

    /// Whether the next message can go over this connection.
    fn is_usable(&self) -> bool;

    /// Says goodbye.
    fn quit(self) -> impl Future<Output = ()> + Send;
}

/// No connection could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// It may work later: refused, timed out, greeted with a 4xx.
    #[error("{0}")]
    Transient(Reply),
    /// Waiting won't help: a wrong password, a certificate that fails, a host that doesn't exist.
    #[error("{message}")]
    Fatal { message: String, help: String },
}

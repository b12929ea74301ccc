//! What delivery asks of the way out: a connection at a time, and over it as many messages at a time as may be in
//! flight.

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
    /// Hands over these messages in turn and tells the last word on each, by its place, as soon as it is known.
    /// Must not be cancelled.
    fn send(
        &mut self,
        messages: &[OutboundMessage],
        tell: impl FnMut(usize, Heard) + Send,
    ) -> impl Future<Output = ()> + Send;

    /// How many messages can be in flight; with more, the rest would only wait.
    fn most_at_once(&self) -> usize;

    /// The server, as it was connected to: its name and address.
    fn remote(&self) -> &str;

    /// Whether the next message can go over this connection.
    fn is_usable(&self) -> bool;

    /// Hands over one message and waits for the last word on it.
    fn send_one(&mut self, message: &OutboundMessage) -> impl Future<Output = Heard> + Send {
        async {
            let mut last_word = None;
            self.send(std::slice::from_ref(message), |_, heard| last_word = Some(heard)).await;
            let silence = || Outcome::Unknown(Reply::silence("nothing was heard of it"));
            last_word.unwrap_or_else(|| Heard { outcome: silence(), stage: Stage::Content })
        }
    }

    /// Says goodbye.
    fn quit(self) -> impl Future<Output = ()> + Send;
}

/// What became of a message, and what that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub outcome: Outcome,
    pub stage: Stage,
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

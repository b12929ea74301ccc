//! The messages: over an open connection, as many at a time as may be in flight, each with an outcome that can be
//! relied on.
//!
//! What a server is asked for, and in how many steps, depends on what it offers; the conversation itself is in
//! `flight`.

use std::fmt;

use lettre::transport::smtp::commands::Quit;
use tokio::time::timeout;

use super::flight::{Flight, Next, Way};
use super::offer::Offer;
use super::parameters::obstacle;
use super::relay::{Chunking, Timeouts};
use super::session::Session;
use crate::compose::OutboundMessage;
use crate::deliver::transport::{Connection, Heard};
use crate::domain::outcome::{Outcome, Reply, Stage};

/// An open connection to the relay, ready for messages.
pub struct SmtpConnection {
    session: Session,
    offer: Offer,
    timeouts: Timeouts,
    way: Way,
    /// Where the last flight left the server.
    next: Next,
    /// The server, as it was connected to.
    remote: String,
}

impl SmtpConnection {
    /// A connection over a session that has said its EHLO and AUTH.
    pub(super) fn new(session: Session, offer: Offer, timeouts: Timeouts, chunking: Chunking) -> Self {
        let way = match chunking {
            _ if !offer.has("PIPELINING") => Way::Lockstep,
            Chunking::Auto if offer.has("CHUNKING") => Way::Chunked,
            Chunking::Auto | Chunking::Off => Way::Pipelined,
        };
        Self { session, offer, timeouts, way, next: Next::Ready, remote: String::new() }
    }

    /// Octets of the largest message that the relay takes; none where it does not tell.
    #[must_use]
    pub fn size_limit(&self) -> Option<usize> {
        self.offer.size_limit()
    }

    /// The same, connected to `remote`.
    pub(super) fn at(self, remote: String) -> Self {
        Self { remote, ..self }
    }
}

impl Connection for SmtpConnection {
    async fn send(&mut self, messages: &[OutboundMessage], mut tell: impl FnMut(usize, Heard) + Send) {
        if !self.is_usable() {
            let outcome = Outcome::Deferred(Reply::silence("the connection had ended"));
            let heard = Heard { outcome, stage: Stage::Connect };
            (0..messages.len()).for_each(|place| tell(place, heard.clone()));
            return;
        }
        let mut clear = Vec::with_capacity(messages.len());
        for (place, message) in messages.iter().enumerate() {
            match obstacle(message, &self.offer) {
                Some(reply) => tell(place, Heard { outcome: Outcome::Rejected(reply), stage: Stage::Connect }),
                None => clear.push((place, message)),
            }
        }
        if clear.is_empty() {
            return;
        }
        // Should this be dropped half way after all, the next reply would be the one to these messages.
        let before = std::mem::replace(&mut self.next, Next::Close);
        let flight = Flight::new(self.way, &self.offer, &self.timeouts, clear, before, tell);
        self.next = flight.run(&mut self.session).await;
        tracing::debug!(
            smtp.messages = messages.len(),
            smtp.usable = self.next != Next::Close,
            "a flight came to its end"
        );
    }

    fn most_at_once(&self) -> usize {
        if self.way == Way::Lockstep { 1 } else { usize::MAX }
    }

    fn remote(&self) -> &str {
        &self.remote
    }

    fn is_usable(&self) -> bool {
        // Who speaks unasked between two messages says 421, or is out of step.
        self.next != Next::Close && !self.session.has_unread()
    }

    async fn quit(mut self) {
        if self.is_usable() {
            let patience = self.timeouts.goodbye;
            let goodbye = async {
                self.session.command(Quit, patience).await?;
                self.session.close().await
            };
            // However it goes, the connection ends here.
            let _ = timeout(patience, goodbye).await;
        }
    }
}

impl fmt::Debug for SmtpConnection {
    /// Without what went over it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpConnection").field("usable", &self.is_usable()).finish_non_exhaustive()
    }
}

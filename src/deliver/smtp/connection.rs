//! The messages: one at a time over an open connection, each with an outcome that can be relied on.
//!
//! MAIL, RCPT and DATA in lockstep (RFC 5321 section 3.3), with what `parameters` adds. The line between `Deferred` and `Unknown` is drawn where the final dot has left.

use std::fmt::{self, Display};

use lettre::transport::smtp::commands::{Data, Quit, Rset};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::time::timeout;

use super::offer::Offer;
use super::parameters::{mail, obstacle, rcpt};
use super::relay::Timeouts;
use super::reply::reply;
use super::session::{Broken, Session};
use crate::compose::{Content, OutboundMessage};
use crate::deliver::transport::Connection;
use crate::domain::outcome::{Outcome, Reply, Stage};

/// An open connection to the relay, ready for messages.
pub struct SmtpConnection {
    session: Session,
    offer: Offer,
    timeouts: Timeouts,
    usable: bool,
    /// The server, as it was connected to.
    remote: String,
    /// What was said last, to which the outcome is the answer.
    stage: Stage,
    /// The server still has to be told that a transaction is over.
    reset_due: bool,
    /// A message as it goes over the wire, kept for the sake of its allocation.
    outbox: Vec<u8>,
}

/// How an attempt ended, and what that means for the next one.
struct End {
    outcome: Outcome,
    next: Next,
}

enum Next {
    /// The server is where it was before MAIL.
    Ready,
    /// The server is between MAIL and DATA, and has to be told that it is over.
    Reset,
    /// Nobody can tell where the server is.
    Close,
}

impl SmtpConnection {
    /// A connection over a session that has said its EHLO and AUTH.
    pub(super) fn new(session: Session, offer: Offer, timeouts: Timeouts) -> Self {
        Self {
            session,
            offer,
            timeouts,
            usable: true,
            remote: String::new(),
            stage: Stage::Connect,
            reset_due: false,
            outbox: Vec::new(),
        }
    }

    /// The same, connected to `remote`.
    pub(super) fn at(self, remote: String) -> Self {
        Self { remote, ..self }
    }

    async fn attempt(&mut self, message: &OutboundMessage) -> End {
        // Said before the next message, not after this one: an outcome that is known must not wait for it.
        if std::mem::take(&mut self.reset_due) {
            match self.session.command(Rset, self.timeouts.command).await {
                Ok(response) if response.has_code(250) => {}
                Ok(response) => {
                    return End::new(Outcome::Deferred(reply(&response)), Next::Close);
                }
                Err(broken) => return End::unsent(&broken),
            }
        }
        match self.envelope(message).await {
            Ok(()) => self.content(&message.content).await,
            Err(end) => end,
        }
    }

    async fn envelope(&mut self, message: &OutboundMessage) -> Result<(), End> {
        let mail = mail(&message.envelope, message.content.len(), &self.offer);
        self.step(Stage::Mail, mail, Severity::PositiveCompletion).await?;
        let rcpt = rcpt(&message.envelope, &self.offer);
        self.step(Stage::Rcpt, rcpt, Severity::PositiveCompletion).await?;
        self.step(Stage::Data, Data, Severity::PositiveIntermediate).await
    }

    async fn step(&mut self, stage: Stage, command: impl Display + Send, due: Severity) -> Result<(), End> {
        self.stage = stage;
        match self.session.command(command, self.timeouts.command).await {
            Ok(response) if response.code().severity == due => Ok(()),
            Ok(response) => Err(End::before_content(&response)),
            Err(broken) => Err(End::unsent(&broken)),
        }
    }

    async fn content(&mut self, content: &Content) -> End {
        if self.session.has_unread() {
            // It would pass for the verdict over a message that has not left.
            return End::unsent(&Broken::OutOfStep);
        }
        self.stage = Stage::Content;
        self.outbox.clear();
        content.stuffed().for_each(|slice| self.outbox.extend_from_slice(slice));
        if let Err(broken) = self.session.write(&self.outbox, self.timeouts.data).await {
            return End::unsent(&broken);
        }
        // The final dot has left: from here on, silence is no proof of anything.
        match self.session.read_reply(self.timeouts.reply).await {
            Ok(response) => End::after_content(&response),
            Err(broken) => End::new(Outcome::Unknown(silence(&broken)), Next::Close),
        }
    }
}

impl Connection for SmtpConnection {
    async fn send(&mut self, message: &OutboundMessage) -> Outcome {
        if !self.is_usable() {
            return Outcome::Deferred(Reply::silence("the connection had ended"));
        }
        if let Some(reply) = obstacle(message, &self.offer) {
            return Outcome::Rejected(reply);
        }
        // Should this be dropped half way after all, the next reply would be the one to this message.
        self.usable = false;
        self.stage = Stage::Connect;
        let End { outcome, next } = self.attempt(message).await;
        self.reset_due = matches!(next, Next::Reset);
        self.usable = !matches!(next, Next::Close);
        tracing::debug!(
            smtp.recipient = message.envelope.recipient.masked(),
            smtp.code = outcome.reply().code,
            smtp.usable = self.usable,
            "a message came to its end"
        );
        outcome
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn remote(&self) -> &str {
        &self.remote
    }

    fn is_usable(&self) -> bool {
        // Who speaks unasked between two messages says 421, or is out of step.
        self.usable && !self.session.has_unread()
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

impl End {
    fn new(outcome: Outcome, next: Next) -> Self {
        Self { outcome, next }
    }

    /// The connection failed before the message was complete.
    fn unsent(broken: &Broken) -> Self {
        Self::new(Outcome::Deferred(silence(broken)), Next::Close)
    }

    /// A reply to MAIL, RCPT or DATA that is not the one to go on with.
    fn before_content(response: &Response) -> Self {
        let reply = reply(response);
        match response.code().severity {
            _ if is_shutdown(response) => Self::new(Outcome::Deferred(reply), Next::Close),
            Severity::TransientNegativeCompletion => Self::new(Outcome::Deferred(reply), Next::Reset),
            Severity::PermanentNegativeCompletion => Self::new(Outcome::Rejected(reply), Next::Reset),
            Severity::PositiveCompletion | Severity::PositiveIntermediate => {
                let text = format!("the server is out of step: {reply}");
                Self::new(Outcome::Deferred(Reply::silence(text)), Next::Close)
            }
        }
    }

    /// The reply to the final dot.
    fn after_content(response: &Response) -> Self {
        let reply = reply(response);
        match response.code().severity {
            // "I did not take it", said on the way out.
            _ if is_shutdown(response) => Self::new(Outcome::Deferred(reply), Next::Close),
            Severity::PositiveCompletion => Self::new(Outcome::Accepted(reply), Next::Ready),
            Severity::TransientNegativeCompletion => Self::new(Outcome::Deferred(reply), Next::Ready),
            Severity::PermanentNegativeCompletion => Self::new(Outcome::Rejected(reply), Next::Ready),
            Severity::PositiveIntermediate => Self::new(Outcome::Unknown(reply), Next::Close),
        }
    }
}

/// 421 may stand anywhere, and the server closes behind it (RFC 5321 section 3.8).
fn is_shutdown(response: &Response) -> bool {
    response.has_code(421)
}

fn silence(broken: &Broken) -> Reply {
    Reply::silence(broken.to_string())
}

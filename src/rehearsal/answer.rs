//! How a reply is given: as it is due, or as fate has it.
//!
//! In come a [`Reply`] and what the dice said; what goes out is the reply, another
//! one, half of it, a late one or none, and whether the conversation goes on.
//! Everything that is done on purpose is put on the record here.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::chaos::Kind;
use super::reply::Reply;
use super::session::Session;

/// Whether the conversation goes on after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    Close,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Where fate prevents what the client asked for: says so, or not even that.
    pub(super) fn thwart(&mut self, fate: Option<Kind>) -> Option<Flow> {
        match fate? {
            Kind::Code(code) => Some(self.refuse(&Reply::refusal(code))),
            Kind::Drop => {
                self.shared.register.note(|tally| tally.dropped += 1);
                Some(Flow::Close)
            }
            Kind::Lost | Kind::Half | Kind::Slow(_) => None,
        }
    }

    /// Gives the reply that is due, unless fate has another idea of it.
    pub(super) async fn answer(&mut self, fate: Option<Kind>, due: &Reply) -> io::Result<Flow> {
        if let Some(flow) = self.thwart(fate) {
            return Ok(flow);
        }
        match fate {
            Some(Kind::Lost) => {
                self.shared.register.note(|tally| tally.lost += 1);
                return Ok(Flow::Close);
            }
            Some(Kind::Half) => {
                self.shared.register.note(|tally| tally.halved += 1);
                let outbox = self.wire.outbox();
                let before = outbox.len();
                due.write_to(outbox);
                outbox.truncate(before + (outbox.len() - before) / 2);
                return Ok(Flow::Close);
            }
            Some(Kind::Slow(delay)) => self.dawdle(delay).await?,
            Some(Kind::Code(_) | Kind::Drop) | None => {}
        }
        Ok(self.say(due, Flow::Continue))
    }

    /// Makes the next reply late, and only that one.
    pub(super) async fn dawdle(&mut self, delay: Duration) -> io::Result<()> {
        self.shared.register.note(|tally| tally.slowed += 1);
        self.wire.flush().await?;
        tokio::time::sleep(delay).await;
        Ok(())
    }

    pub(super) fn say(&mut self, reply: &Reply, flow: Flow) -> Flow {
        reply.write_to(self.wire.outbox());
        flow
    }

    /// Says no, on the record; 421 ends the conversation (RFC 5321 section 3.8).
    pub(super) fn refuse(&mut self, reply: &Reply) -> Flow {
        let code = reply.code();
        self.shared.register.note(|tally| *tally.refused.entry(code).or_default() += 1);
        self.say(reply, if code == 421 { Flow::Close } else { Flow::Continue })
    }

    /// Answers what the client should not have sent.
    pub(super) fn mistake(&mut self, reply: &Reply) -> Flow {
        self.shared.register.note(|tally| tally.mistakes += 1);
        self.say(reply, Flow::Continue)
    }
}

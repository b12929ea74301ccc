//! The content of a message: DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030).
//!
//! In come the octets, out goes one verdict over the whole message: taken, refused,
//! or silence. This is where the chaos of the stages `data` and `body` happens.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::answer::Flow;
use super::chaos::{Kind, Stage};
use super::maildir::Envelope;
use super::reply::Reply;
use super::session::{Chunks, Session, Transaction};
use super::unstuff::Unstuffer;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    pub(super) async fn data(&mut self) -> io::Result<Flow> {
        if let Some((reply, blame)) = self.objection() {
            return Ok(self.object(&reply, blame));
        }
        if self.transaction.as_ref().is_some_and(|one| one.chunks != Chunks::None) {
            return Ok(self.mistake(&Reply::out_of_order("this message came by BDAT so far")));
        }
        let fate = self.draw(Stage::Data);
        if let Some(flow) = self.thwart(fate) {
            // The transaction stays open, as with Postfix and Exim: the client sends RSET.
            return Ok(flow);
        }
        let due = Reply::plain(354, "end with a dot on a line of its own");
        if self.answer(fate, &due).await? == Flow::Close {
            return Ok(Flow::Close);
        }
        self.body.clear();
        if self.read_dotted().await? { self.finish().await } else { Ok(Flow::Close) }
    }

    pub(super) async fn bdat(&mut self, octets: u64, last: bool) -> io::Result<Flow> {
        // Whatever is wrong, the octets are on their way (RFC 3030 section 2).
        let first = self.transaction.as_ref().is_some_and(|one| one.chunks == Chunks::None);
        if first {
            self.body.clear();
        }
        let objection = self.objection();
        if !self.read_chunk(octets, objection.is_none()).await? {
            return Ok(Flow::Close);
        }
        if let Some((reply, blame)) = objection {
            self.give_up(last);
            return Ok(self.object(&reply, blame));
        }
        let fate = if first { self.draw(Stage::Data) } else { None };
        if let Some(flow) = self.thwart(fate) {
            self.give_up(last);
            return Ok(flow);
        }
        if last {
            // One reply stands for the chunk and for the message.
            return match fate {
                Some(Kind::Slow(delay)) => {
                    self.dawdle(delay).await?;
                    self.finish().await
                }
                Some(Kind::Half) => self.finish_as(fate).await,
                _ => self.finish().await,
            };
        }
        if self.body.overflows() {
            self.give_up(last);
            return Ok(self.refuse(&Reply::too_big(self.shared.limit)));
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.chunks = Chunks::Some;
        }
        self.answer(fate, &Reply::new(250, "2.0.0", format!("{octets} octets"))).await
    }

    /// What stands against content now, and whether the client is to blame: who
    /// pipelined could not know that each recipient would be refused.
    fn objection(&self) -> Option<(Reply, bool)> {
        match &self.transaction {
            None => Some((Reply::out_of_order("send MAIL first"), self.is_to_blame())),
            Some(Transaction { chunks: Chunks::Failed, .. }) => {
                Some((Reply::out_of_order("an earlier chunk was refused, send RSET"), false))
            }
            Some(transaction) if !transaction.recipients.is_empty() => None,
            Some(transaction) if transaction.tried => Some((Reply::new(554, "5.5.1", "no valid recipients"), false)),
            Some(_) => Some((Reply::out_of_order("send RCPT first"), true)),
        }
    }

    pub(super) fn object(&mut self, reply: &Reply, blame: bool) -> Flow {
        if blame { self.mistake(reply) } else { self.say(reply, Flow::Continue) }
    }

    /// After a failed chunk: the last one ends its transaction, an earlier one leaves
    /// it for the others to run into.
    fn give_up(&mut self, last: bool) {
        if last {
            self.transaction = None;
        } else if let Some(transaction) = &mut self.transaction {
            transaction.chunks = Chunks::Failed;
        }
    }

    /// The first recipient stands for the message.
    fn draw(&self, stage: Stage) -> Option<Kind> {
        let (_, subject) = self.transaction.as_ref()?.recipients.first()?;
        self.shared.dice.draw(stage, subject)
    }

    /// Reads up to the final dot; false where the client left before it.
    async fn read_dotted(&mut self) -> io::Result<bool> {
        let mut unstuffer = Unstuffer::new();
        loop {
            let piece = self.wire.content().await?;
            if piece.is_empty() {
                return Ok(false);
            }
            let end = unstuffer.feed(piece, &mut self.body);
            let used = end.unwrap_or(piece.len());
            self.wire.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// Reads one chunk, to keep or to discard; false where the client left within it.
    async fn read_chunk(&mut self, octets: u64, keep: bool) -> io::Result<bool> {
        let mut left = octets;
        while left > 0 {
            let piece = self.wire.content().await?;
            if piece.is_empty() {
                return Ok(false);
            }
            let used = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            if keep {
                self.body.push(&piece[..used]);
            }
            self.wire.consume(used);
            left -= used as u64;
        }
        Ok(true)
    }

    async fn finish(&mut self) -> io::Result<Flow> {
        let fate = self.draw(Stage::Body);
        self.finish_as(fate).await
    }

    /// The verdict over a whole message.
    async fn finish_as(&mut self, fate: Option<Kind>) -> io::Result<Flow> {
        let Some(transaction) = self.transaction.take() else {
            return Ok(self.mistake(&Reply::out_of_order("send MAIL first")));
        };
        if self.body.overflows() {
            return Ok(self.refuse(&Reply::too_big(self.shared.limit)));
        }
        if let Some(flow) = self.thwart(fate) {
            return Ok(flow);
        }
        let recipients = transaction.recipients.into_iter().map(|(address, _)| address).collect();
        match self.accept(Envelope { return_path: transaction.sender, recipients }).await {
            Ok(sequence) => self.answer(fate, &Reply::accepted(sequence)).await,
            Err(_) => Ok(self.refuse(&Reply::new(451, "4.3.0", "the message could not be written to disk"))),
        }
    }

    /// Takes the message. Off to a thread for blocking work where there is a disk,
    /// since the catcher shares its runtime with the very sender that it rehearses:
    /// a disk that stalls may hold up one reply, but no timer and no other connection.
    async fn accept(&mut self, envelope: Envelope) -> io::Result<u64> {
        if !self.shared.register.writes() {
            return self.shared.register.accept(&envelope, &self.body);
        }
        let shared = Arc::clone(&self.shared);
        let body = std::mem::replace(&mut self.body, shared.empty_body());
        let taken = tokio::task::spawn_blocking(move || {
            let outcome = shared.register.accept(&envelope, &body);
            (outcome, body)
        });
        let (outcome, body) = taken.await.map_err(io::Error::other)?;
        self.body = body;
        outcome
    }
}

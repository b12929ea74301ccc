//! One SMTP conversation, over any stream.
//!
//! In come commands, out go replies (RFC 5321), in order and in one write where the
//! client pipelines (RFC 2920). This file has the envelope and everything around
//! it; the content of a message is in `content`. Wherever a reply is due, the dice
//! may have another idea of it (`answer`).

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::answer::Flow;
use super::body::Body;
use super::chaos::{Kind, Stage};
use super::command::Command;
use super::dice::{Dice, Subject};
use super::register::Register;
use super::reply::Reply;
use super::wire::{Line, Wire};

/// Recipients of one message; RFC 5321 section 4.5.3.1.8 asks for 100 at least.
const MOST_RECIPIENTS: usize = 1_000;

/// What all conversations of one catcher have in common.
pub(super) struct Shared {
    pub(super) pipelining: bool,
    pub(super) chunking: bool,
    /// Octets of a message.
    pub(super) limit: usize,
    pub(super) dice: Dice,
    pub(super) register: Register,
}

/// The state of one conversation.
pub(super) struct Session<S> {
    pub(super) wire: Wire<S>,
    pub(super) shared: Arc<Shared>,
    pub(super) transaction: Option<Transaction>,
    /// Whether the last MAIL was refused, which who pipelines can't know when the next commands leave.
    pub(super) mail: Mail,
    pub(super) body: Body,
    stop: Stop,
    connection: Subject,
    hello: Hello,
}

/// How far the introductions went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hello {
    /// The greeting was a refusal; only QUIT is left (RFC 5321 section 3.1).
    Unwelcome,
    Awaited,
    /// HELO: no extensions.
    Plain,
    Extended,
}

/// How the last MAIL went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mail {
    Refused,
    /// Or there was none, or it is over.
    Taken,
}

/// From MAIL to the reply to the content.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) sender: String,
    pub(super) recipients: Vec<(String, Subject)>,
    /// Whether a RCPT was tried; tells an empty list from a refused one.
    pub(super) tried: bool,
    pub(super) chunks: Chunks,
    utf8: bool,
}

/// How far the BDATs of a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    None,
    Some,
    /// One was refused; the message is lost (RFC 3030 section 2).
    Failed,
}

/// The wish of the catcher's owner that conversations end.
#[derive(Debug, Clone)]
pub(super) struct Stop(pub(super) watch::Receiver<bool>);

impl Stop {
    /// Returns once it was asked for, or once nobody is left to ask.
    pub(super) async fn asked(&mut self) {
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// A conversation that has not begun; `number` is that of its connection.
    pub(super) fn new(stream: S, number: u64, shared: Arc<Shared>, stop: Stop) -> Self {
        Self {
            wire: Wire::new(stream),
            body: shared.empty_body(),
            shared,
            transaction: None,
            mail: Mail::Taken,
            stop,
            connection: Subject::Connection(number),
            hello: Hello::Awaited,
        }
    }

    /// Talks until either side has enough, or a stop is asked for between two commands.
    ///
    /// # Errors
    /// Those of the stream: the client is gone, and nobody is left to tell.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let mut flow = self.greet().await?;
        while flow == Flow::Continue {
            let command = match self.wire.line() {
                Some(Line::Text(line)) => Command::parse(line).map_err(Reply::from),
                Some(Line::BareLf) => Err(Reply::new(500, "5.5.2", "a line ends in CRLF")),
                Some(Line::TooLong) => Err(Reply::new(500, "5.5.6", "line too long")),
                None => {
                    let more = tokio::select! {
                        biased;
                        () = self.stop.asked() => None,
                        more = self.wire.fill() => Some(more?),
                    };
                    match more {
                        Some(true) => {}
                        Some(false) => return Ok(()),
                        None => flow = self.say(&Reply::new(421, "4.3.2", "the rehearsal is over"), Flow::Close),
                    }
                    continue;
                }
            };
            if self.is_ahead(command.as_ref().ok()) {
                self.shared.register.note(|tally| tally.mistakes += 1);
            }
            flow = match command {
                Ok(command) => self.obey(command).await?,
                Err(reply) => self.mistake(&reply),
            };
        }
        self.wire.close().await
    }

    /// Whether the client knew, or should have known, that there is no transaction.
    pub(super) fn is_to_blame(&self) -> bool {
        !self.shared.pipelining || self.mail == Mail::Taken
    }

    /// Whether the client says more before it has heard the reply, which it may only where PIPELINING is offered. The
    /// octets behind a BDAT are its own.
    fn is_ahead(&self, command: Option<&Command>) -> bool {
        !self.shared.pipelining && !matches!(command, Some(Command::Bdat { .. })) && self.wire.has_more()
    }

    async fn greet(&mut self) -> io::Result<Flow> {
        let fate = self.shared.dice.draw(Stage::Connect, &self.connection);
        if matches!(fate, Some(Kind::Code(_))) {
            self.hello = Hello::Unwelcome;
        }
        self.answer(fate, &Reply::plain(220, "localhost ESMTP rehearsal")).await
    }

    async fn obey(&mut self, command: Command) -> io::Result<Flow> {
        if self.hello == Hello::Unwelcome && !matches!(command, Command::Quit | Command::Bdat { .. }) {
            return Ok(self.mistake(&Reply::out_of_order("no service here, only QUIT")));
        }
        match command {
            Command::Hello { extended } => self.hello(extended).await,
            Command::Mail { path, size, utf8, extended } => self.mail(path, size, utf8, extended).await,
            Command::Rcpt { path, extended } => self.rcpt(path, extended).await,
            Command::Data => self.data().await,
            Command::Bdat { octets, last } if self.shared.chunking => self.bdat(octets, last).await,
            Command::Bdat { .. } => Ok(self.mistake(&Reply::new(500, "5.5.2", "unknown command"))),
            Command::Rset => {
                (self.transaction, self.mail) = (None, Mail::Taken);
                Ok(self.say(&Reply::new(250, "2.0.0", "ok"), Flow::Continue))
            }
            Command::Noop => Ok(self.say(&Reply::new(250, "2.0.0", "ok"), Flow::Continue)),
            Command::Help => Ok(self.say(&Reply::new(214, "2.0.0", "see RFC 5321"), Flow::Continue)),
            Command::Vrfy => {
                let reply = Reply::new(252, "2.5.0", "cannot verify, but will take mail for it");
                Ok(self.say(&reply, Flow::Continue))
            }
            Command::Quit => Ok(self.say(&Reply::new(221, "2.0.0", "goodbye"), Flow::Close)),
        }
    }

    async fn hello(&mut self, extended: bool) -> io::Result<Flow> {
        let fate = self.shared.dice.draw(Stage::Ehlo, &self.connection);
        if let Some(flow) = self.thwart(fate) {
            return Ok(flow);
        }
        self.transaction = None;
        self.hello = if extended { Hello::Extended } else { Hello::Plain };
        let mut text = "localhost".to_owned();
        if extended {
            if self.shared.pipelining {
                text.push_str("\nPIPELINING");
            }
            text.push_str("\n8BITMIME\nENHANCEDSTATUSCODES\nSMTPUTF8\nDSN\nSIZE ");
            text.push_str(&self.shared.limit.to_string());
            if self.shared.chunking {
                text.push_str("\nCHUNKING");
            }
        }
        self.answer(fate, &Reply::plain(250, text)).await
    }

    async fn mail(&mut self, sender: String, size: Option<u64>, utf8: bool, extended: bool) -> io::Result<Flow> {
        if self.hello == Hello::Awaited {
            return Ok(self.mistake(&Reply::out_of_order("say EHLO first")));
        }
        if self.transaction.is_some() {
            return Ok(self.mistake(&Reply::out_of_order("a message is under way, send RSET first")));
        }
        if extended && self.hello == Hello::Plain {
            return Ok(self.mistake(&Reply::new(555, "5.5.4", "parameters need EHLO instead of HELO")));
        }
        if !sender.is_ascii() && !utf8 {
            return Ok(self.mistake(&Reply::new(553, "5.6.7", "this sender needs SMTPUTF8")));
        }
        if size.is_some_and(|size| usize::try_from(size).map_or(true, |size| size > self.shared.limit)) {
            self.mail = Mail::Refused;
            return Ok(self.refuse(&Reply::too_big(self.shared.limit)));
        }
        let subject = self.shared.dice.sender(&sender);
        let fate = self.shared.dice.draw(Stage::Mail, &subject);
        if let Some(flow) = self.thwart(fate) {
            self.mail = Mail::Refused;
            return Ok(flow);
        }
        self.mail = Mail::Taken;
        let (recipients, tried, chunks) = (Vec::new(), false, Chunks::None);
        self.transaction = Some(Transaction { sender, recipients, tried, chunks, utf8 });
        self.answer(fate, &Reply::new(250, "2.1.0", "sender ok")).await
    }

    async fn rcpt(&mut self, recipient: String, extended: bool) -> io::Result<Flow> {
        let Some(transaction) = self.transaction.as_mut().filter(|one| one.chunks == Chunks::None) else {
            let reply = Reply::out_of_order("RCPT comes between MAIL and the content");
            return Ok(self.object(&reply, self.is_to_blame()));
        };
        transaction.tried = true;
        if extended && self.hello == Hello::Plain {
            return Ok(self.mistake(&Reply::new(555, "5.5.4", "parameters need EHLO instead of HELO")));
        }
        if !recipient.is_ascii() && !transaction.utf8 {
            return Ok(self.mistake(&Reply::new(553, "5.6.7", "this recipient needs SMTPUTF8")));
        }
        if transaction.recipients.len() >= MOST_RECIPIENTS {
            return Ok(self.refuse(&Reply::new(452, "4.5.3", "too many recipients")));
        }
        let subject = self.shared.dice.recipient(&recipient);
        let fate = self.shared.dice.draw(Stage::Rcpt, &subject);
        if !fate.is_some_and(Kind::prevents) {
            transaction.recipients.push((recipient, subject));
        }
        self.answer(fate, &Reply::new(250, "2.1.5", "recipient ok")).await
    }
}

impl Shared {
    pub(super) fn empty_body(&self) -> Body {
        Body::new(self.register.writes(), self.limit)
    }
}

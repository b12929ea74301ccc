//! A flight: messages that are under way over one connection at the same time, in; each one's outcome out, as soon as
//! it is known.
//!
//! Three ways of the same conversation. In lockstep each command waits for the reply to the one before (RFC 5321
//! section 3.3). With PIPELINING (RFC 2920) MAIL, RCPT and DATA leave together, and those of the next message
//! right behind the final dot. With CHUNKING (RFC 3030) the content leaves with them, and so do all other messages
//! of the flight. Whatever the way, replies come in the order of what was said, and the rules are the same.

use std::collections::VecDeque;

use lettre::transport::smtp::commands::{Data, Rset};
use lettre::transport::smtp::response::{Response, Severity};

use super::letter::{Due, End, Fault, Letter, Reset, Step};
use super::offer::Offer;
use super::outgoing::Outgoing;
use super::parameters::{Mail, Rcpt};
use super::relay::Timeouts;
use super::reply::reply;
use super::session::{Broken, Patience, Session};
use super::verdict::{Word, after_content, before_content};
use crate::compose::OutboundMessage;
use crate::deliver::transport::Heard;
use crate::domain::outcome::{Outcome, Reply, Stage};

/// How a conversation goes about its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Lockstep,
    Pipelined,
    Chunked,
}

/// Where a flight leaves its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The server is where it was before MAIL.
    Ready,
    /// The server may be in the middle of a transaction, and has to be told that it is over.
    Reset,
    /// Nobody can tell where the server is, or it has gone.
    Close,
}

/// Messages in flight.
pub(super) struct Flight<'a, T> {
    way: Way,
    offer: &'a Offer,
    timeouts: &'a Timeouts,
    letters: Vec<Letter<'a>>,
    out: Outgoing<'a>,
    /// What was said and has no reply yet.
    due: VecDeque<Due>,
    /// The letter that is begun next.
    begun: usize,
    /// RSET comes before the next MAIL.
    reset: Reset,
    /// The server said that it closes the channel.
    closing: Option<Reply>,
    tell: T,
}

impl<'a, T: FnMut(usize, Heard)> Flight<'a, T> {
    /// A flight of `messages` with their places, after one that ended with `before`.
    pub(super) fn new(
        way: Way,
        offer: &'a Offer,
        timeouts: &'a Timeouts,
        messages: Vec<(usize, &'a OutboundMessage)>,
        before: Next,
        tell: T,
    ) -> Self {
        let letter = |(place, message)| Letter { place, message, refusal: None, end: None, is_settled: false };
        let reset = if before == Next::Ready { Reset::NotDue } else { Reset::Due };
        let (out, due) = (Outgoing::default(), VecDeque::new());
        Self {
            way,
            offer,
            timeouts,
            letters: messages.into_iter().map(letter).collect(),
            out,
            due,
            begun: 0,
            reset,
            closing: None,
            tell,
        }
    }

    /// Sends them all, and tells each one's outcome.
    pub(super) async fn run(mut self, session: &mut Session) -> Next {
        self.begin();
        while let Some(due) = self.due.front().copied() {
            let patience = self.patience(due);
            let heard = session.hear(&mut self.out, patience).await;
            let went = match heard {
                Ok(response) => {
                    self.due.pop_front();
                    self.heard(due, &response)
                }
                Err(broken) => Err(broken.into()),
            };
            if let Err(fault) = went {
                self.break_off(&fault);
                return Next::Close;
            }
        }
        match self.reset {
            _ if self.closing.is_some() => Next::Close,
            Reset::Due => Next::Reset,
            Reset::NotDue => Next::Ready,
        }
    }

    /// How long the reply to `due` is waited for.
    fn patience(&self, due: Due) -> Patience {
        let Timeouts { command, data, reply, goodbye, .. } = *self.timeouts;
        let (leave, reply) = match due.step {
            _ if self.closing.is_some() => (goodbye, goodbye),
            Step::Content => (data, reply),
            _ => (command, command),
        };
        Patience { leave, end: due.end, reply }
    }

    /// Lines up the next letter, as far as this way allows, or all of them.
    fn begin(&mut self) {
        while self.begun < self.letters.len() {
            let letter = self.begun;
            self.begun += 1;
            if std::mem::replace(&mut self.reset, Reset::NotDue) == Reset::Due {
                self.say(letter, Step::Reset);
                if self.way == Way::Lockstep {
                    return;
                }
            }
            self.say(letter, Step::Mail);
            match self.way {
                Way::Lockstep => return,
                Way::Pipelined => {
                    self.say(letter, Step::Rcpt);
                    self.say(letter, Step::Data);
                    return;
                }
                Way::Chunked => {
                    self.say(letter, Step::Rcpt);
                    self.say(letter, Step::Content);
                    // After a chunk that was refused, servers differ in whether the transaction is over (RFC 3030
                    // section 2), and the next MAIL leaves before that is known.
                    self.reset = Reset::Due;
                }
            }
        }
    }

    fn say(&mut self, letter: usize, step: Step) {
        let start = self.out.end();
        let OutboundMessage { envelope, content } = self.letters[letter].message;
        let (size, offer) = (content.len(), self.offer);
        match step {
            Step::Reset => self.out.say(Rset),
            Step::Mail => self.out.say(Mail { envelope, size, offer }),
            Step::Rcpt => self.out.say(Rcpt { envelope, offer }),
            Step::Data => self.out.say(Data),
            Step::Nothing => self.out.say(".\r\n"),
            Step::Content if self.way == Way::Chunked => {
                self.out.say(format_args!("BDAT {size} LAST\r\n"));
                self.out.put(content.slices());
            }
            Step::Content => self.out.put(content.stuffed()),
        }
        let end = self.out.end();
        if step == Step::Content {
            self.letters[letter].end = Some(end);
        }
        self.due.push_back(Due { letter, step, start, end });
    }

    /// The reply to `due`.
    fn heard(&mut self, due: Due, response: &Response) -> Result<(), Fault> {
        if u16::from(response.code()) == 421 {
            return self.shutdown(due, reply(response));
        }
        let is_said = self.out.handed() > due.start;
        let is_positive = response.code().severity == Severity::PositiveCompletion;
        if !is_said || (due.step == Step::Content && is_positive && self.out.handed() < due.end) {
            // It would vouch for what has not left.
            return Err(Broken::OutOfStep.into());
        }
        let expected =
            if due.step == Step::Data { Severity::PositiveIntermediate } else { Severity::PositiveCompletion };
        match due.step {
            Step::Content => return self.content(due, response),
            Step::Nothing => {
                self.next();
                return Ok(());
            }
            _ => {}
        }
        match (before_content(response, expected), due.step) {
            (Word::No(outcome), step) if self.closing.is_some() && step != Step::Reset => {
                self.note_refusal(due.letter, step, outcome);
            }
            _ if self.closing.is_some() => {}
            (Word::Yes, Step::Data) => self.go_ahead(due.letter),
            (Word::Yes, step) => self.step_on(due.letter, step),
            (Word::No(outcome), Step::Reset) => return Err(Fault::new(outcome.reply().clone())),
            (Word::No(outcome), step) => self.refused(due.letter, step, outcome),
            (Word::Nonsense(reply), _) => return Err(Fault::new(reply)),
        }
        Ok(())
    }

    /// In lockstep, the next command.
    fn step_on(&mut self, letter: usize, done: Step) {
        if self.way == Way::Lockstep {
            match done {
                Step::Reset => self.say(letter, Step::Mail),
                Step::Mail => self.say(letter, Step::Rcpt),
                _ => self.say(letter, Step::Data),
            }
        }
    }

    /// 354.
    fn go_ahead(&mut self, letter: usize) {
        if self.letters[letter].refusal.is_some() {
            self.say(letter, Step::Nothing);
            self.reset = Reset::Due;
            return;
        }
        self.say(letter, Step::Content);
        self.next();
    }

    /// MAIL, RCPT or DATA was refused.
    fn refused(&mut self, letter: usize, step: Step, outcome: Outcome) {
        self.note_refusal(letter, step, outcome);
        if self.way == Way::Chunked {
            // The content is under way, and has a reply of its own.
            return;
        }
        self.settle_as_refused(letter);
        if self.way == Way::Lockstep || step == Step::Data {
            self.reset = Reset::Due;
            self.begin();
        }
    }

    fn note_refusal(&mut self, letter: usize, step: Step, outcome: Outcome) {
        self.letters[letter].refusal.get_or_insert(Heard { outcome, stage: step.stage() });
    }

    /// The reply to a message's last octet.
    fn content(&mut self, due: Due, response: &Response) -> Result<(), Fault> {
        let outcome = after_content(response);
        let is_accepted = matches!(outcome, Outcome::Accepted(_));
        let is_last = due.letter + 1 == self.letters.len();
        if self.way == Way::Chunked && is_last && is_accepted {
            self.reset = Reset::NotDue;
        }
        match (&self.letters[due.letter].refusal, &outcome) {
            (Some(refusal), Outcome::Accepted(reply)) => {
                let text =
                    format!("the server refused ({}) and then took the message: {reply}", refusal.outcome.reply());
                let outcome = Outcome::Unknown(Reply::silence(text));
                self.settle(due.letter, Heard { outcome, stage: Stage::Content });
            }
            (Some(_), _) => self.settle_as_refused(due.letter),
            (None, _) => self.settle(due.letter, Heard { outcome: outcome.clone(), stage: Stage::Content }),
        }
        if matches!(outcome, Outcome::Unknown(_)) {
            let text = format!("the server is out of step: {}", outcome.reply());
            return Err(Fault::new(Reply::silence(text)));
        }
        if self.way == Way::Lockstep {
            self.begin();
        }
        Ok(())
    }

    /// Behind a final dot, the next message's commands.
    fn next(&mut self) {
        if self.way == Way::Pipelined || self.reset == Reset::Due {
            self.begin();
        }
    }

    /// 421: nothing more is said, but what the server still has to say is heard. A message whose content has left may
    /// yet be taken, by a server that does not keep its word.
    fn shutdown(&mut self, due: Due, reply: Reply) -> Result<(), Fault> {
        let outcome = Outcome::Deferred(reply.clone());
        self.note_refusal(due.letter, due.step, outcome);
        if due.step == Step::Content {
            self.settle_as_refused(due.letter);
        }
        self.out.give_up();
        self.closing.get_or_insert(reply);
        // Where nothing is in doubt, there is nothing to wait for.
        let is_in_doubt = |letter: &Letter| !letter.is_settled && letter.has_left(&self.out);
        if self.letters.iter().any(is_in_doubt) { Ok(()) } else { Err(Broken::Closed.into()) }
    }

    /// Settles all that is open. Whose message has left completely is unknown, unless the server had said that it
    /// closes and then did: it took nothing after that.
    fn break_off(&mut self, fault: &Fault) {
        let has_refused_all = self.closing.is_some() && fault.end == End::Closed;
        for letter in 0..self.letters.len() {
            let one = &self.letters[letter];
            if one.refusal.is_some() {
                self.settle_as_refused(letter);
                continue;
            }
            let waiting = self.due.iter().find(|due| due.letter == letter).map(|due| due.step.stage());
            let heard = if one.has_left(&self.out) && !has_refused_all {
                Heard { outcome: Outcome::Unknown(fault.why.clone()), stage: Stage::Content }
            } else {
                let outcome = Outcome::Deferred(fault.why.clone());
                Heard { outcome, stage: waiting.unwrap_or(Stage::Connect) }
            };
            self.settle(letter, heard);
        }
    }

    fn settle_as_refused(&mut self, letter: usize) {
        if let Some(refusal) = self.letters[letter].refusal.clone() {
            self.settle(letter, refusal);
        }
    }

    fn settle(&mut self, letter: usize, heard: Heard) {
        let letter = &mut self.letters[letter];
        if !std::mem::replace(&mut letter.is_settled, true) {
            (self.tell)(letter.place, heard);
        }
    }
}

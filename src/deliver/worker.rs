//! One connection's worth of work: jobs from the queue, as many at a time as may be in flight, and each one's outcome
//! into the ledger.
//!
//! In this order: a connection, places in the throttle, the attempts made durable, the messages handed over, their
//! outcomes made durable along with the next attempts. What is in flight is never more than a window for each
//! connection.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::guard::Guard;
use super::queue::{Job, Next, Queue};
use super::retry::Verdict;
use super::schedule::{GoesOn, Turn};
use super::transport::{ConnectError, Connection, Heard, Transport};
use super::{DeliverError, NoMessage, Run};
use crate::compose::OutboundMessage;
use crate::domain::Reason;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::ledger::{Ended, Ledger, RecipientId, Record};

/// No outcome waits longer for the rest of its flight before it is on its way to the disk.
const PROMPT: Duration = Duration::from_millis(20);

/// How far a flight has come.
#[derive(PartialEq, Eq)]
enum Flight {
    Over,
    /// Some of it is known, and the rest takes its time.
    Slow,
}

/// What a connection works on.
pub(super) struct Worker<T: Transport, L> {
    run: Arc<Run<T, L>>,
    queue: Queue,
    guard: Arc<Guard>,
}

/// What was heard and is not on the disk yet, and the jobs that go on once it is: before that, another connection
/// would begin an attempt at someone whose last one has no end.
#[derive(Default)]
struct Outcomes {
    ended: Vec<Ended>,
    again: Vec<Job>,
}

/// Messages that are to go out together, and whose each one is.
#[derive(Default)]
struct Batch {
    turns: Vec<Turn>,
    messages: Vec<OutboundMessage>,
}

/// What follows from what was heard of a message.
struct Judged {
    record: Record,
    again: Option<Job>,
    /// The run ends with it.
    refuses_us: Option<DeliverError>,
}

impl<T: Transport, L: Ledger> Worker<T, L> {
    pub(super) fn new(run: Arc<Run<T, L>>, queue: Queue, guard: Arc<Guard>) -> Self {
        Self { run, queue, guard }
    }

    /// Works until nothing is left that this run waits for.
    pub(super) async fn work(self) -> Result<(), DeliverError> {
        let mut connection = None;
        let mut ended = Outcomes::default();
        let result = self.work_over(&mut connection, &mut ended).await;
        // Whatever ended it, what was heard is kept.
        let result = result.and(self.note(&mut ended, Vec::new()).await);
        if result.is_err() {
            self.queue.close();
        }
        if let Some(open) = connection.filter(Connection::is_usable) {
            open.quit().await;
        }
        result
    }

    /// Flight after flight. The outcomes of one, `ended`, go to the disk along with the attempts of the next, or
    /// where that is not at hand, at once.
    async fn work_over(
        &self,
        connection: &mut Option<T::Connection>,
        ended: &mut Outcomes,
    ) -> Result<(), DeliverError> {
        let run = &self.run;
        let mut served = 0;
        let mut stop = run.stop.clone();
        loop {
            if served >= run.messages_per_connection
                && let Some(open) = connection.take()
            {
                self.note(ended, Vec::new()).await?;
                open.quit().await;
            }
            *connection = connection.take().filter(Connection::is_usable);
            let next = match self.queue.now(connection.is_some(), &stop) {
                Some(next) => next,
                None => {
                    self.note(ended, Vec::new()).await?;
                    self.queue.next(connection.is_some(), &mut stop, run.watch.as_ref()).await
                }
            };
            match next {
                Next::Work => {}
                Next::Idle => {
                    if let Some(open) = connection.take() {
                        open.quit().await;
                    }
                    continue;
                }
                Next::End => return Ok(()),
            }
            let open = match connection {
                Some(open) => open,
                None => {
                    self.note(ended, Vec::new()).await?;
                    match run.transport.connect().await {
                        Ok(open) => {
                            self.queue.connected();
                            served = 0;
                            connection.insert(open)
                        }
                        Err(ConnectError::Transient(reply)) => {
                            self.queue.unreachable(reply, &mut stop, run.watch.as_ref()).await;
                            continue;
                        }
                        Err(ConnectError::Fatal { message, help }) => {
                            return Err(DeliverError::Relay { message, help });
                        }
                    }
                }
            };
            // Meanwhile the server may have said goodbye, and the person who watches may have said stop.
            if !open.is_usable() || *stop.borrow() {
                continue;
            }
            let left = usize::try_from(run.messages_per_connection - served).unwrap_or(usize::MAX);
            let turns = self.queue.take(run.window.min(open.most_at_once()).min(left).max(1));
            let batch = self.compose(turns).await?;
            self.note(ended, batch.turns.iter().map(|turn| turn.job.recipient).collect()).await?;
            if batch.turns.is_empty() {
                continue;
            }
            served += u32::try_from(batch.messages.len()).unwrap_or(u32::MAX);
            self.send(open, &batch, ended).await?;
        }
    }

    /// Puts on the disk what became of messages, of which the person who watches hears then, and that others are
    /// about to leave.
    async fn note(&self, ended: &mut Outcomes, begun: Vec<RecipientId>) -> Result<(), DeliverError> {
        if ended.ended.is_empty() && begun.is_empty() {
            return Ok(());
        }
        let Outcomes { ended, again } = std::mem::take(ended);
        let noted = self.run.ledger.note(ended, begun, self.run.clock.now()).await?;
        self.tell(&noted, &again);
        Ok(())
    }

    fn tell(&self, noted: &[Ended], again: &[Job]) {
        for (_, record) in noted {
            self.run.watch.outcome(&record.outcome);
        }
        self.queue.come_back(again);
    }

    /// Makes the messages whose turn has come; whoever gets none is noted at once.
    async fn compose(&self, turns: Vec<Turn>) -> Result<Batch, DeliverError> {
        let mut batch = Batch::default();
        for turn in turns {
            let recipient = turn.job.recipient;
            match self.run.outbox.message(recipient) {
                Ok(message) => {
                    batch.turns.push(turn);
                    batch.messages.push(message);
                }
                Err(NoMessage::Withheld(reason)) => {
                    self.run.ledger.withhold(recipient, reason).await?;
                    self.run.watch.withheld();
                    self.queue.settle(turn, None, GoesOn::No);
                }
                Err(NoMessage::Impossible(reason)) => {
                    let outcome = Outcome::Rejected(Reply::silence(reason));
                    let verdict = Verdict { outcome, refusal: Some(Reason::System), due: None };
                    let ended = vec![(recipient, record(verdict, None, None, self.run.clock.now()))];
                    let mut ended = Outcomes { ended, again: Vec::new() };
                    self.note(&mut ended, Vec::new()).await?;
                    self.queue.settle(turn, None, GoesOn::No);
                }
                Err(NoMessage::State(error)) => return Err(error.into()),
            }
        }
        Ok(batch)
    }

    /// Hands over a batch whose attempts are on the disk, and leaves its outcomes in `ended`; those that have to
    /// wait for others are noted meanwhile. Before all are, no more may be attempted: a ledger that fails must leave
    /// no more in doubt than was in flight.
    async fn send(&self, open: &mut T::Connection, batch: &Batch, ended: &mut Outcomes) -> Result<(), DeliverError> {
        let remote: Arc<str> = open.remote().into();
        let mut refusal = None;
        let heard = Mutex::new(std::mem::take(ended));
        // No code that could panic runs under the lock.
        let heard = || heard.lock().unwrap_or_else(PoisonError::into_inner);
        let tell = |place: usize, word: Heard| {
            let turn = batch.turns[place];
            let Judged { record, again, refuses_us } = self.judge(turn, word, Arc::clone(&remote));
            refusal = refusal.take().or(refuses_us);
            let mut heard = heard();
            heard.ended.push((turn.job.recipient, record));
            heard.again.extend(again);
        };
        let mut notes = Vec::new();
        {
            let mut sending = pin!(open.send(&batch.messages, tell));
            let mut due = pin!(None);
            while poll_fn(|context| {
                if sending.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Flight::Over);
                }
                if due.is_none() && !heard().ended.is_empty() {
                    due.set(Some(sleep(PROMPT)));
                }
                due.as_mut().as_pin_mut().map_or(Poll::Pending, |due| due.poll(context).map(|()| Flight::Slow))
            })
            .await
                == Flight::Slow
            {
                due.set(None);
                // On their way to the disk from here on.
                let Outcomes { ended, again } = std::mem::take(&mut *heard());
                notes.push((self.run.ledger.note(ended, Vec::new(), self.run.clock.now()), again));
            }
        }
        *ended = std::mem::take(&mut *heard());
        for (noted, again) in notes {
            self.tell(&noted.await?, &again);
        }
        refusal.map_or(Ok(()), Err)
    }

    /// What is to be noted of an attempt, and whether the run ends with it; the queue and the guard hear of it.
    fn judge(&self, turn: Turn, heard: Heard, remote: Arc<str>) -> Judged {
        let Heard { outcome, stage } = heard;
        let (outcome, refuses_us) = told_apart(outcome);
        if self.guard.heard(turn.job.recipient, &outcome, stage).is_some() {
            self.queue.close();
        }
        let now = self.run.clock.now();
        let verdict = self.run.retry.judge(&self.run.judge, outcome, stage, &turn.job, now, self.run.chance.draw());
        let again = verdict.due.map(|due| turn.job.tried(now, due));
        let goes_on = if again.is_some() { GoesOn::Again } else { GoesOn::No };
        if let Some(slowed) = self.queue.settle(turn, Some((&verdict.outcome, stage)), goes_on) {
            self.run.watch.slowed(&slowed);
        }
        Judged { record: record(verdict, Some(stage), Some(remote), now), again, refuses_us }
    }
}

/// What is kept of a verdict, and when it came.
fn record(verdict: Verdict, stage: Option<Stage>, remote: Option<Arc<str>>, at: Timestamp) -> Record {
    let Verdict { outcome, refusal, due } = verdict;
    Record { outcome, refusal, stage, remote, at, due }
}

/// Some refusals are about us and not about the reader (RFC 4954 section 6): the run ends with them,
/// and the reader stays to be sent to.
fn told_apart(outcome: Outcome) -> (Outcome, Option<DeliverError>) {
    match outcome {
        Outcome::Rejected(reply) if matches!(reply.code, 530 | 534 | 535 | 538) => {
            let refusal = DeliverError::Relay {
                message: format!("the relay wants us to log in before it takes mail: {reply}"),
                help: "check username and password under [smtp] in bulletin.toml".into(),
            };
            (Outcome::Deferred(reply), Some(refusal))
        }
        outcome => (outcome, None),
    }
}

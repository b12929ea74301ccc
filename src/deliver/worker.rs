//! One connection's worth of work: jobs from the queue, as many at a time as may be in flight, and each one's outcome
//! into the ledger.
//!
//! In this order: a connection, places in the throttle, the attempts made durable, the messages handed over, each
//! outcome noted as soon as it is known. What is in flight is never more than a window for each connection.

use std::sync::Arc;

use super::guard::Guard;
use super::queue::{Next, Queue};
use super::retry::Verdict;
use super::schedule::Turn;
use super::transport::{ConnectError, Connection, Heard, Transport};
use super::{DeliverError, NoMessage, Run};
use crate::compose::OutboundMessage;
use crate::domain::Reason;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::ledger::{Ledger, Record};

/// What a connection works on.
pub(super) struct Worker<T: Transport, L> {
    run: Arc<Run<T, L>>,
    queue: Queue,
    guard: Arc<Guard>,
}

/// Messages that are to go out together, and whose each one is.
#[derive(Default)]
struct Batch {
    turns: Vec<Turn>,
    messages: Vec<OutboundMessage>,
}

impl<T: Transport, L: Ledger> Worker<T, L> {
    pub(super) fn new(run: Arc<Run<T, L>>, queue: Queue, guard: Arc<Guard>) -> Self {
        Self { run, queue, guard }
    }

    /// Works until nothing is left that this run waits for.
    pub(super) async fn work(self) -> Result<(), DeliverError> {
        let mut connection = None;
        let result = self.work_over(&mut connection).await;
        if result.is_err() {
            self.queue.close();
        }
        if let Some(open) = connection.filter(Connection::is_usable) {
            open.quit().await;
        }
        result
    }

    async fn work_over(&self, connection: &mut Option<T::Connection>) -> Result<(), DeliverError> {
        let run = &self.run;
        let mut served = 0;
        let mut stop = run.stop.clone();
        loop {
            if served >= run.messages_per_connection
                && let Some(open) = connection.take()
            {
                open.quit().await;
            }
            *connection = connection.take().filter(Connection::is_usable);
            match self.queue.next(connection.is_some(), &mut stop, run.watch.as_ref()).await {
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
                None => match run.transport.connect().await {
                    Ok(open) => {
                        self.queue.connected();
                        served = 0;
                        connection.insert(open)
                    }
                    Err(ConnectError::Transient(reply)) => {
                        self.queue.unreachable(reply, &mut stop, run.watch.as_ref()).await;
                        continue;
                    }
                    Err(ConnectError::Fatal { message, help }) => return Err(DeliverError::Relay { message, help }),
                },
            };
            // Meanwhile the server may have said goodbye, and the person who watches may have said stop.
            if !open.is_usable() || *stop.borrow() {
                continue;
            }
            let left = usize::try_from(run.messages_per_connection - served).unwrap_or(usize::MAX);
            let turns = self.queue.take(run.window.min(open.most_at_once()).min(left).max(1));
            let batch = self.compose(turns).await?;
            if batch.turns.is_empty() {
                continue;
            }
            let recipients = batch.turns.iter().map(|turn| turn.job.recipient).collect();
            run.ledger.attempt(recipients, run.clock.now()).await?;
            served += u32::try_from(batch.messages.len()).unwrap_or(u32::MAX);
            self.send(open, &batch).await?;
        }
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
                    self.queue.settle(turn, None, None);
                }
                Err(NoMessage::Impossible(reason)) => {
                    let outcome = Outcome::Rejected(Reply::silence(reason));
                    let verdict = Verdict { outcome, refusal: Some(Reason::System), due: None };
                    let record = self.record(verdict, None, None);
                    let outcome = record.outcome.clone();
                    self.run.ledger.outcome(recipient, record).await?;
                    self.run.watch.outcome(&outcome);
                    self.queue.settle(turn, None, None);
                }
                Err(NoMessage::State(error)) => return Err(error.into()),
            }
        }
        Ok(batch)
    }

    /// Hands over a batch whose attempts are on the disk, and returns when its outcomes are. Before, no more may be
    /// attempted: a ledger that fails must leave no more in doubt than was in flight.
    async fn send(&self, open: &mut T::Connection, batch: &Batch) -> Result<(), DeliverError> {
        let remote = open.remote().to_owned();
        let mut notes = Vec::with_capacity(batch.turns.len());
        let mut refusal = None;
        let tell = |place: usize, heard: Heard| {
            let turn = batch.turns[place];
            let (record, refuses_us) = self.judge(turn, heard, remote.clone());
            refusal = refusal.take().or(refuses_us);
            let outcome = record.outcome.clone();
            // On its way to the disk from here on.
            notes.push((self.run.ledger.outcome(turn.job.recipient, record), outcome));
        };
        open.send(&batch.messages, tell).await;
        for (noted, outcome) in notes {
            noted.await?;
            self.run.watch.outcome(&outcome);
        }
        refusal.map_or(Ok(()), Err)
    }

    /// What is to be noted of an attempt, and whether the run ends with it; the queue and the guard hear of it.
    fn judge(&self, turn: Turn, heard: Heard, remote: String) -> (Record, Option<DeliverError>) {
        let Heard { outcome, stage } = heard;
        let (outcome, refuses_us) = told_apart(outcome);
        if self.guard.heard(turn.job.recipient, &outcome, stage).is_some() {
            self.queue.close();
        }
        let now = self.run.clock.now();
        let verdict = self.run.retry.judge(&self.run.judge, outcome, stage, &turn.job, now, self.run.chance.draw());
        let retry = verdict.due.map(|due| turn.job.tried(now, due));
        if let Some(slowed) = self.queue.settle(turn, Some((&verdict.outcome, stage)), retry) {
            self.run.watch.slowed(&slowed);
        }
        (self.record(verdict, Some(stage), Some(remote)), refuses_us)
    }

    fn record(&self, verdict: Verdict, stage: Option<Stage>, remote: Option<String>) -> Record {
        let Verdict { outcome, refusal, due } = verdict;
        Record { outcome, refusal, stage, remote, at: self.run.clock.now(), due }
    }
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

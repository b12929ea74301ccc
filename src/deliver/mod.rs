//! Delivery: jobs in, each one's outcome into the ledger. Generic over the way out (a [`Transport`]) and
//! over the account (a [`Ledger`]); it never sees a template or a list.
//!
//! For each message, in this order: a connection, a place in the [`throttle`], the attempt made durable,
//! the message handed over, the outcome written (`worker`). A 4xx comes back later in the run with growing pauses.

mod guard;
mod lane_jobs;
mod maildir;
mod queue;
mod retry;
mod route;
#[cfg(test)]
mod run_tests;
mod schedule;
#[cfg(test)]
mod schedule_tests;
pub mod smtp;
pub mod throttle;
mod transport;
mod worker;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::compose::OutboundMessage;
use crate::domain::chance::Chance;
use crate::domain::clock::Clock;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::domain::{Hours, Reason};
use crate::ledger::{Ledger, PaceKind, PaceNote, RecipientId};
use crate::state::StateError;
use guard::{Guard, Halt};
use queue::Queue;
use throttle::{Slowed, Throttle};
use worker::Worker;

pub use maildir::MaildirTransport;
pub use queue::Job;
pub use retry::RetryPolicy;
pub use route::Route;
pub use transport::{ConnectError, Connection, Heard, Transport};

/// Makes the message of a recipient when its turn comes.
pub trait Outbox: Send + Sync + 'static {
    /// # Errors
    /// There is none for this recipient.
    fn message(&self, recipient: RecipientId) -> Result<OutboundMessage, NoMessage>;
}

/// Why a recipient gets no message.
#[derive(Debug, thiserror::Error)]
pub enum NoMessage {
    /// They are not to be sent to any more: skipped, with this reason.
    #[error("{0}")]
    Withheld(String),
    /// None can be made for them: rejected, with this reason.
    #[error("{0}")]
    Impossible(String),
    /// Whether they may be sent to can't be found out, so that the run ends.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Hears of what happens, for a progress bar and for the record.
pub trait Watch: Send + Sync + 'static {
    fn outcome(&self, outcome: &Outcome);
    /// Someone is not sent to after all.
    fn withheld(&self);
    /// There is nothing to do until then.
    fn waiting(&self, until: Timestamp, why: &Waiting);
    /// A server asked for patience, and gets it.
    fn slowed(&self, slowed: &Slowed);
    /// The pace changed, or a pause began: for the record.
    fn paced(&self, _note: PaceNote) {}
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// Until the next retry is due.
    Retries,
    /// Until the relay is tried again, which said this.
    Relay(Reply),
    /// Until the hours begin in which mail may be sent.
    Hours,
}

/// Tells what a refusal at a stage is about: what judges bounces judges replies as well.
pub type Judge = Arc<dyn Fn(&Reply, Stage) -> Reason + Send + Sync>;

/// How a run goes about it.
pub struct Run<T, L> {
    pub transport: Arc<T>,
    pub ledger: L,
    pub outbox: Arc<dyn Outbox>,
    pub watch: Arc<dyn Watch>,
    pub connections: usize,
    /// So many messages at most are in flight over a connection, if it can carry several: all of them may become
    /// unknown at once.
    pub window: usize,
    /// So many go over one connection, then a new one is opened.
    pub messages_per_connection: u32,
    /// Nothing is sent outside of these.
    pub hours: Option<Hours>,
    pub retry: RetryPolicy,
    pub judge: Judge,
    /// The share of refusals, from 0 to 1, above which a run ends early.
    pub max_failure_rate: f64,
    /// Whether the relay took mail of this plan before.
    pub is_proven: bool,
    /// So many attempts at most; none for as many as it takes.
    pub limit: Option<usize>,
    pub clock: Clock,
    pub chance: Chance,
    /// Turns true when the run shall finish what is in flight and end.
    pub stop: watch::Receiver<bool>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nobody is left to be tried now; the earliest retry that is due later.
    Done { next_due: Option<Timestamp> },
    /// As many attempts were made as it was to make, and there would be more to do.
    Limited,
    /// It was asked to stop.
    Stopped,
    /// No connection could be had for as long as a run waits.
    Unreachable(Reply),
    /// More were refused for good than a run goes on with.
    TooManyRefused { refused: u64, answers: u64 },
}

/// A run had to end at once.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    #[error(transparent)]
    Ledger(#[from] StateError),
    #[error("{message}")]
    Relay { message: String, help: String },
    #[error("a part of the program failed: {0}")]
    Worker(String),
}

impl<T: Transport, L: Ledger> Run<T, L> {
    /// Delivers `jobs` at the pace of `throttle`, whose lanes they name, each at most once for certain, and
    /// returns when nothing is left to do in this run.
    ///
    /// # Errors
    /// The ledger can't be written, or the relay refuses us as such; what is in flight is finished first.
    pub async fn deliver(
        self,
        jobs: impl IntoIterator<Item = Job, IntoIter: ExactSizeIterator>,
        throttle: Throttle,
    ) -> Result<End, DeliverError> {
        let jobs = jobs.into_iter();
        let jobs_count = jobs.len();
        if jobs_count > 0 {
            self.watch.paced(PaceNote { rate: throttle.rate(), ..PaceNote::new(PaceKind::Begun, self.clock.now()) });
        }
        let watch = Arc::clone(&self.watch);
        let queue = Queue::new(jobs, throttle, self.retry, self.hours.clone(), self.limit, self.clock.clone(), watch);
        let connections = self.connections.max(1);
        let guard = Arc::new(Guard::new(self.max_failure_rate, jobs_count, self.is_proven));
        let run = Arc::new(self);
        let mut workers = JoinSet::new();
        for _ in 0..connections {
            workers.spawn(Worker::new(Arc::clone(&run), queue.clone(), Arc::clone(&guard)).work());
        }
        let mut first_error = None;
        while let Some(ended) = workers.join_next().await {
            let error = match ended {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error,
                Err(panic) => DeliverError::Worker(panic.to_string()),
            };
            queue.close();
            first_error.get_or_insert(error);
        }
        if jobs_count > 0 {
            run.watch.paced(PaceNote::new(PaceKind::Ended, run.clock.now()));
        }
        let halt = guard.end();
        if let Some((Halt::RefusesUs(reply), recipients)) = &halt {
            // It was not about them: they are to be tried again.
            run.ledger.put_off(recipients.clone(), run.clock.now()).await?;
            first_error.get_or_insert_with(|| refuses_us(reply, recipients.len()));
        }
        match (first_error, halt) {
            (Some(error), _) => Err(error),
            (None, Some((Halt::TooManyRefused { refused, answers }, _))) if queue.has_rest() => {
                Ok(End::TooManyRefused { refused, answers })
            }
            (None, _) if *run.stop.borrow() => Ok(End::Stopped),
            (None, _) => Ok(queue.end()),
        }
    }
}

/// What a person is told when everyone is refused.
fn refuses_us(reply: &Reply, count: usize) -> DeliverError {
    DeliverError::Relay {
        message: format!("the relay refuses us, not the readers: to each of the first {count} it said: {reply}"),
        help: "nobody is lost: they are deferred. Ask the relay's operator whether it takes mail from the address \
               under [sender] and from the return-path, and whether this machine or domain stands on a list; then \
               run the same command again"
            .into(),
    }
}

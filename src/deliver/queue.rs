//! What is still to be done in a run: first attempts in the order of the list, retries when they are due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::retry::after;
use super::{End, RetryPolicy, Watch};
use crate::domain::clock::Clock;
use crate::domain::outcome::Reply;
use crate::ledger::RecipientId;

/// One recipient to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub recipient: RecipientId,
    /// Attempts so far.
    pub attempts: u32,
    pub first_attempt: Option<Timestamp>,
    /// Not before; none for at once.
    pub due: Option<Timestamp>,
}

impl Job {
    /// The same job after one more attempt.
    pub(super) fn tried(self, now: Timestamp, due: Timestamp) -> Self {
        let first_attempt = self.first_attempt.or(Some(now));
        Self { attempts: self.attempts + 1, first_attempt, due: Some(due), ..self }
    }
}

/// What a worker is told to do.
pub(super) enum Next {
    Job(Job),
    /// A wait has begun: let go of the connection, then ask again.
    Idle,
    End,
}

#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Notify,
    retry: RetryPolicy,
    clock: Clock,
}

/// A job by the time at which it is due; ties go by the list.
type Later = (Timestamp, RecipientId, u32, Option<Timestamp>);

struct State {
    ready: VecDeque<Job>,
    /// By the time at which they are due, the earliest on top.
    later: BinaryHeap<Reverse<Later>>,
    in_flight: usize,
    closed: bool,
    /// When waiting ends: set once no first attempt is left.
    patience: Option<Timestamp>,
    /// Failed connections in a row, until when nobody tries again, and what the last one said.
    failures: u32,
    blocked: Option<Timestamp>,
    unreachable: Option<Reply>,
    given_up: bool,
}

impl Queue {
    pub(super) fn new(jobs: Vec<Job>, retry: RetryPolicy, clock: Clock) -> Self {
        let (later, ready): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.due.is_some());
        let state = State {
            ready: ready.into(),
            later: later.into_iter().map(entry).collect(),
            in_flight: 0,
            closed: false,
            patience: None,
            failures: 0,
            blocked: None,
            unreachable: None,
            given_up: false,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Notify::new(), retry, clock }))
    }

    /// The next job, as soon as there is one; the end where nothing is left that this run waits for.
    /// A worker that `holds` a connection is told to let go of it before it waits.
    pub(super) async fn next(&self, holds: bool, stop: &mut watch::Receiver<bool>, watch: &dyn Watch) -> Next {
        loop {
            let changed = self.0.changed.notified();
            let due = {
                let mut state = self.state();
                if state.closed || *stop.borrow() {
                    return Next::End;
                }
                let now = self.0.clock.now();
                if let Some(job) = state.take(now) {
                    return Next::Job(job);
                }
                let next = state.later.peek().map(|Reverse(entry)| entry.0);
                match next {
                    None if state.in_flight == 0 => return Next::End,
                    // Someone else's message may yet come back as a retry.
                    None => None,
                    Some(due) => {
                        let wait = self.0.retry.wait;
                        let patience = *state.patience.get_or_insert_with(|| after(now, wait));
                        if due > patience && state.in_flight == 0 {
                            return Next::End;
                        }
                        (due <= patience).then_some(due)
                    }
                }
            };
            if holds {
                return Next::Idle;
            }
            if let Some(due) = due {
                watch.waiting(due, "retries");
            }
            let sleep = self.until(due);
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = changed => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code that could panic runs under the lock.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until `due`; with nothing due, long enough to be woken by a change first.
    fn until(&self, due: Option<Timestamp>) -> Duration {
        let Some(due) = due else { return Duration::from_mins(1) };
        let left = due.duration_since(self.0.clock.now());
        // A clock that was set back must not make a run sleep for hours.
        Duration::try_from(left).unwrap_or_default().min(Duration::from_mins(1))
    }

    /// A job came to its end.
    pub(super) fn done(&self) {
        let mut state = self.state();
        state.in_flight -= 1;
        state.reached();
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// A job comes back at its time.
    pub(super) fn retry(&self, job: Job) {
        let mut state = self.state();
        state.in_flight -= 1;
        state.reached();
        state.later.push(entry(job));
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// A job was not even begun.
    pub(super) fn put_back(&self, job: Job) {
        let mut state = self.state();
        state.in_flight -= 1;
        state.ready.push_front(job);
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// No more jobs: the run ends.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.0.changed.notify_waiters();
    }

    /// A connection was had.
    pub(super) fn reached(&self) {
        self.state().reached();
    }

    /// No connection could be had: waits before the next try, longer each time, and gives the run up
    /// when the waits together are longer than a run waits.
    pub(super) async fn unreachable(&self, reply: Reply, stop: &mut watch::Receiver<bool>, watch: &dyn Watch) {
        let until = self.state().block(&self.0.retry, self.0.clock.now(), &reply);
        let Some(until) = until else {
            self.0.changed.notify_waiters();
            return;
        };
        watch.waiting(until, &reply.to_string());
        tokio::select! {
            () = tokio::time::sleep(self.until(Some(until))) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// How the run ended, as far as the queue can tell.
    pub(super) fn end(&self) -> End {
        let state = self.state();
        match &state.unreachable {
            Some(reply) if state.given_up => End::Unreachable(reply.clone()),
            _ => End::Done { next_due: state.later.peek().map(|Reverse(entry)| entry.0) },
        }
    }
}

impl State {
    /// The relay is there: a connection was had, or a message came to its end over another one.
    fn reached(&mut self) {
        self.failures = 0;
        self.blocked = None;
        self.unreachable = None;
    }

    /// Until when nobody tries to connect; none where the run has waited long enough. Workers that
    /// fail at the same time count as one failure.
    fn block(&mut self, retry: &RetryPolicy, now: Timestamp, reply: &Reply) -> Option<Timestamp> {
        if let Some(until) = self.blocked.filter(|until| *until > now) {
            return Some(until);
        }
        let doubling = 1_u32 << self.failures.min(20);
        let pause = retry.pause.saturating_mul(doubling).min(retry.longest);
        // Pauses that double sum up to the next one, less the first.
        let waited = retry.pause.saturating_mul(doubling - 1);
        self.failures += 1;
        self.unreachable = Some(reply.clone());
        if waited + pause > retry.wait {
            self.closed = true;
            self.given_up = true;
            return None;
        }
        self.blocked = Some(after(now, pause));
        self.blocked
    }

    /// A retry that is due goes before a first attempt, so that it does not wait behind the whole list.
    fn take(&mut self, now: Timestamp) -> Option<Job> {
        let due = self.later.peek().is_some_and(|Reverse(entry)| entry.0 <= now);
        let job = if due {
            self.later.pop().map(|Reverse((due, recipient, attempts, first_attempt))| Job {
                recipient,
                attempts,
                first_attempt,
                due: Some(due),
            })
        } else {
            self.ready.pop_front()
        }?;
        self.in_flight += 1;
        Some(job)
    }
}

fn entry(job: Job) -> Reverse<Later> {
    Reverse((job.due.unwrap_or(Timestamp::MIN), job.recipient, job.attempts, job.first_attempt))
}

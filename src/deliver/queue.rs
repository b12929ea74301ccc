//! What is still to be done in a run, as its workers see it: they ask, wait, take a job and settle it.
//!
//! What comes next is decided in `schedule`; here is the waiting. All of it goes by the monotonic clock,
//! so that a clock that is set forwards or back neither hurries nor stalls a run; the time of day is asked
//! for only where a person named one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::schedule::{GoesOn, Look, Schedule, Turn, Wait};
use super::throttle::{Lane, Slowed, Throttle};
use super::{End, RetryPolicy, Waiting, Watch};
use crate::domain::Hours;
use crate::domain::clock::Clock;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::ledger::{PaceNote, RecipientId};

/// A connection that has nothing to do for longer is let go of: servers close it, or count it.
pub(super) const IDLE: Duration = Duration::from_secs(10);
/// No sleep is longer, so that a clock that was set is noticed.
const NAP: Duration = Duration::from_mins(1);

/// One recipient to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub recipient: RecipientId,
    pub lane: Lane,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// There is work: see to a connection, then take it.
    Work,
    /// A wait has begun: let go of the connection, then ask again.
    Idle,
    End,
}

#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    schedule: Mutex<Schedule>,
    changed: Notify,
    clock: Clock,
    watch: Arc<dyn Watch>,
}

impl Queue {
    pub(super) fn new(
        jobs: impl Iterator<Item = Job>,
        throttle: Throttle,
        retry: RetryPolicy,
        hours: Option<Hours>,
        limit: Option<usize>,
        clock: Clock,
        watch: Arc<dyn Watch>,
    ) -> Self {
        let mut schedule = Schedule::new(jobs, throttle, retry, hours, Instant::now(), clock.now());
        schedule.limit(limit);
        Self(Arc::new(Shared { schedule: Mutex::new(schedule), changed: Notify::new(), clock, watch }))
    }

    /// What there is to do, for a worker that `holds` a connection, where that can be told at once.
    pub(super) fn now(&self, holds: bool, stop: &watch::Receiver<bool>) -> Option<Next> {
        self.look(holds, stop).ok()
    }

    /// Waits until there is work; the end where nothing is left that this run waits for. A worker that
    /// `holds` a connection is told to let go of it before a long wait.
    pub(super) async fn next(&self, holds: bool, stop: &mut watch::Receiver<bool>, watch: &dyn Watch) -> Next {
        let since = Instant::now();
        loop {
            let changed = self.0.changed.notified();
            let Wait { until, told } = match self.look(holds, stop) {
                Ok(next) => return next,
                Err(wait) => wait,
            };
            let now = Instant::now();
            let idle = since + IDLE;
            if holds && (now >= idle || until.is_some_and(|until| until > idle)) {
                return Next::Idle;
            }
            if let Some((due, why)) = told {
                watch.waiting(due, &why);
            }
            let until = until.unwrap_or(now + NAP).min(now + NAP);
            let until = if holds { until.min(idle) } else { until };
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = changed => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    fn look(&self, holds: bool, stop: &watch::Receiver<bool>) -> Result<Next, Wait> {
        if *stop.borrow() {
            return Ok(Next::End);
        }
        let (now, wall) = (Instant::now(), self.0.clock.now());
        let (look, notes) = self.noted(now, |schedule| schedule.look(holds, now, wall));
        self.tell(notes);
        match look {
            Look::Work => Ok(Next::Work),
            Look::End => Ok(Next::End),
            Look::Wait(wait) => Err(wait),
        }
    }

    /// The next jobs that may go now, as far as they are still there.
    pub(super) fn take(&self, most: usize) -> Vec<Turn> {
        let (now, wall) = (Instant::now(), self.0.clock.now());
        let (turns, notes) =
            self.noted(now, |schedule| std::iter::from_fn(|| schedule.take(now, wall)).take(most).collect());
        self.0.changed.notify_waiters();
        self.tell(notes);
        turns
    }

    /// A message came to its end. Tells where a rate was lowered by it.
    pub(super) fn settle(&self, turn: Turn, heard: Option<(&Outcome, Stage)>, goes_on: GoesOn) -> Option<Slowed> {
        let now = Instant::now();
        let (slowed, notes) = self.noted(now, |schedule| schedule.settle(turn, heard, goes_on, now));
        self.0.changed.notify_waiters();
        self.tell(notes);
        slowed
    }

    /// Jobs that go on may be taken at their times: their last outcomes are on the disk.
    pub(super) fn come_back(&self, jobs: &[Job]) {
        if jobs.is_empty() {
            return;
        }
        let (now, wall) = (Instant::now(), self.0.clock.now());
        let mut schedule = self.schedule();
        for job in jobs {
            schedule.come_back(*job, now, wall);
        }
        drop(schedule);
        self.0.changed.notify_waiters();
    }

    /// No more jobs: the run ends.
    pub(super) fn close(&self) {
        self.schedule().close();
        self.0.changed.notify_waiters();
    }

    /// A connection was had, and its worker takes a job at once: only then may others look again.
    pub(super) fn connected(&self) {
        self.schedule().connected();
    }

    /// No connection could be had: waits before the next try, longer each time, and gives the run up
    /// when the waits together are longer than a run waits.
    pub(super) async fn unreachable(&self, reply: Reply, stop: &mut watch::Receiver<bool>, watch: &dyn Watch) {
        let now = Instant::now();
        let unreachable = |schedule: &mut Schedule| schedule.unreachable(&reply, now);
        let ((until, slowed), notes) = self.noted(now, unreachable);
        self.0.changed.notify_waiters();
        self.tell(notes);
        if let Some(slowed) = slowed {
            watch.slowed(&slowed);
        }
        let Some(until) = until else { return };
        let wall = self.0.clock.now().checked_add(until - now).unwrap_or(Timestamp::MAX);
        watch.waiting(wall, &Waiting::Relay(reply));
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// How the run ended, as far as the queue can tell.
    pub(super) fn end(&self) -> End {
        self.schedule().end()
    }

    /// Whether the run ended with anyone left.
    pub(super) fn has_rest(&self) -> bool {
        self.schedule().has_rest()
    }

    /// Does something with the schedule; with what it says about the pace, for which alone the time of day is asked.
    fn noted<T>(&self, now: Instant, act: impl FnOnce(&mut Schedule) -> T) -> (T, Vec<PaceNote>) {
        let mut schedule = self.schedule();
        let done = act(&mut schedule);
        let changes = schedule.take_changes();
        drop(schedule);
        if changes.is_empty() {
            return (done, Vec::new());
        }
        let wall = self.0.clock.now();
        (done, changes.into_iter().map(|change| change.noted(now, wall)).collect())
    }

    fn tell(&self, notes: Vec<PaceNote>) {
        for note in notes {
            self.0.watch.paced(note);
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        // No code that could panic runs under the lock.
        self.0.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

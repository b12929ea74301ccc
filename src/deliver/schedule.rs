//! Which job comes next: first attempts in the order of the list, retries when they are due, and always
//! one whose receiving domain is free, so that one domain's pause holds up no other.
//!
//! Pure: what time it is comes in with each question.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::lane_jobs::{LaneJobs, Place, Rank};
use super::queue::{IDLE, Job};
use super::throttle::{Change, Gate, Lane, Slowed, Throttle, Ticket};
use super::{End, RetryPolicy, Waiting};
use crate::domain::Hours;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::ledger::PaceKind;

/// What a worker that asks for work is told.
#[derive(Debug)]
pub(super) enum Look {
    Work,
    Wait(Wait),
    End,
}

/// Until something happens, or until a moment that is known already; with what a person is to be told.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) until: Option<Instant>,
    pub(super) told: Option<(Timestamp, Waiting)>,
}

/// A job under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) job: Job,
    ticket: Ticket,
}

pub(super) struct Schedule {
    throttle: Throttle,
    retry: RetryPolicy,
    hours: Option<Hours>,
    /// Jobs that could go now, by lane.
    lanes: Vec<LaneJobs>,
    /// Lanes whose first job could go, by its rank,
    free: BTreeSet<(Rank, Lane)>,
    /// and those of which none may go yet.
    held: BTreeSet<(Instant, Lane)>,
    /// By the time at which they are due, the earliest on top.
    later: BinaryHeap<Reverse<(Instant, u64)>>,
    waiting: BTreeMap<u64, Job>,
    ready: usize,
    /// Jobs that came in, which ranks them.
    count: u64,
    in_flight: usize,
    /// Jobs that will be tried again, but whose outcome is not on the disk yet.
    returning: usize,
    /// Workers that see to a connection for a job that nobody has taken yet.
    connecting: usize,
    /// Attempts that the run may still make; none for as many as it takes.
    left: Option<usize>,
    closed: bool,
    /// When waiting ends: set once no first attempt is left.
    patience: Option<Instant>,
    /// Failed connections in a row, until when nobody tries again, and what the last one said.
    failures: u32,
    blocked: Option<Instant>,
    unreachable: Option<Reply>,
    given_up: bool,
    /// Until when the run was told to wait for its hours.
    closed_until: Option<Timestamp>,
    /// What is to be noted of the pace.
    changes: Vec<Change>,
}

/// Whether a job ends with its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoesOn {
    No,
    /// It will be tried again.
    Again,
}

impl Schedule {
    pub(super) fn new(
        jobs: impl IntoIterator<Item = Job>,
        throttle: Throttle,
        retry: RetryPolicy,
        hours: Option<Hours>,
        now: Instant,
        wall: Timestamp,
    ) -> Self {
        let mut schedule = Self {
            lanes: (0..throttle.lanes()).map(|_| LaneJobs::default()).collect(),
            throttle,
            retry,
            hours,
            free: BTreeSet::new(),
            held: BTreeSet::new(),
            later: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            ready: 0,
            count: 0,
            in_flight: 0,
            returning: 0,
            connecting: 0,
            left: None,
            closed: false,
            patience: None,
            failures: 0,
            blocked: None,
            unreachable: None,
            given_up: false,
            closed_until: None,
            changes: Vec::new(),
        };
        for job in jobs {
            match job.due {
                Some(due) => schedule.put_off(job, due, now, wall),
                None => schedule.line_up(job, false),
            }
        }
        for lane in 0..schedule.lanes.len() {
            schedule.place(Lane(lane), now);
        }
        schedule
    }

    /// Makes no more attempts than this.
    pub(super) fn limit(&mut self, attempts: Option<usize>) {
        self.left = attempts;
    }

    /// What there is to do now, for a worker that `holds` a connection or would have to open one.
    pub(super) fn look(&mut self, holds: bool, now: Instant, wall: Timestamp) -> Look {
        if self.closed || self.left == Some(0) {
            return Look::End;
        }
        self.wake(now);
        let opens = self.hours.as_ref().and_then(|hours| hours.opens(wall));
        if self.ready == 0 {
            return self.look_later(opens, now, wall);
        }
        if let Some(opens) = opens {
            let until = now + distance(wall, opens);
            if self.closed_until.replace(opens) != Some(opens) {
                self.changes.push(Change::pause(PaceKind::Hours, until));
            }
            return wait(Some(until), Some((opens, Waiting::Hours)));
        }
        if let Some(next) = self.throttle.next().filter(|next| *next > now) {
            return wait(Some(next), None);
        }
        if self.free.is_empty() {
            let held = self.held.first().map(|(until, _)| *until);
            let due = self.later.peek().map(|Reverse((due, _))| *due);
            return wait(held.into_iter().chain(due).min(), None);
        }
        if !holds {
            if self.connecting > 0 && self.throttle.is_slower_than(IDLE) {
                // A second one would be let go of before its turn came.
                return wait(None, None);
            }
            // No more connections than there are jobs for them.
            let jobs = self.free.iter().map(|(_, lane)| self.lanes[lane.0].len());
            let mut enough = 0;
            if !jobs.into_iter().any(|jobs| {
                enough += jobs;
                enough > self.connecting
            }) {
                return wait(None, None);
            }
            self.connecting += 1;
        }
        Look::Work
    }

    /// Nothing is ready: what is left is due later, if anything.
    fn look_later(&mut self, opens: Option<Timestamp>, now: Instant, wall: Timestamp) -> Look {
        let Some(&Reverse((due, number))) = self.later.peek() else {
            // Someone else's message may yet come back as a retry.
            return if self.in_flight + self.returning == 0 { Look::End } else { wait(None, None) };
        };
        let due = opens.map_or(due, |opens| due.max(now + distance(wall, opens)));
        let patience = *self.patience.get_or_insert(now + self.retry.wait);
        if due > patience {
            return if self.in_flight + self.returning == 0 { Look::End } else { wait(None, None) };
        }
        let told = self.waiting.get(&number).and_then(|job| job.due);
        wait(Some(due), told.map(|due| (due, Waiting::Retries)))
    }

    /// The next job; none where someone else was faster.
    pub(super) fn take(&mut self, now: Instant, wall: Timestamp) -> Option<Turn> {
        if self.closed || self.left == Some(0) || self.hours.as_ref().is_some_and(|hours| hours.opens(wall).is_some()) {
            return None;
        }
        self.wake(now);
        if self.throttle.next().is_some_and(|next| next > now) {
            return None;
        }
        let (_, lane) = *self.free.first()?;
        let job = self.lanes[lane.0].take(lane)?;
        self.ready -= 1;
        self.in_flight += 1;
        self.left = self.left.map(|left| left - 1);
        let ticket = self.throttle.take(lane, now);
        self.place(lane, now);
        Some(Turn { job, ticket })
    }

    /// A message came to its end; where its job goes on, [`Schedule::come_back`] follows.
    pub(super) fn settle(
        &mut self,
        turn: Turn,
        heard: Option<(&Outcome, Stage)>,
        goes_on: GoesOn,
        now: Instant,
    ) -> Option<Slowed> {
        self.in_flight -= 1;
        self.returning += usize::from(goes_on == GoesOn::Again);
        self.reached();
        let slowed = self.throttle.give_back(turn.ticket, heard, now);
        self.place(turn.job.lane, now);
        slowed
    }

    /// A job that goes on may be taken at its time: its last outcome is on the disk.
    pub(super) fn come_back(&mut self, job: Job, now: Instant, wall: Timestamp) {
        self.returning -= 1;
        if let Some(due) = job.due {
            self.put_off(job, due, now, wall);
        }
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn connected(&mut self) {
        self.connecting -= 1;
        self.reached();
    }

    /// Until when nobody tries to connect; none where the run has waited long enough. Workers that
    /// fail at the same time count as one failure.
    pub(super) fn unreachable(&mut self, reply: &Reply, now: Instant) -> (Option<Instant>, Option<Slowed>) {
        self.connecting -= 1;
        if let Some(until) = self.blocked.filter(|until| *until > now) {
            return (Some(until), None);
        }
        let doubling = 1_u32 << self.failures.min(20);
        let pause = self.retry.pause.saturating_mul(doubling).min(self.retry.longest);
        // Pauses that double sum up to the next one, less the first.
        let waited = self.retry.pause.saturating_mul(doubling - 1);
        self.failures += 1;
        self.unreachable = Some(reply.clone());
        if waited + pause > self.retry.wait {
            self.closed = true;
            self.given_up = true;
            return (None, None);
        }
        self.blocked = Some(now + pause);
        self.changes.push(Change { reply: reply.codes(), ..Change::pause(PaceKind::Relay, now + pause) });
        (self.blocked, self.throttle.not_welcome(reply, now))
    }

    /// Whether anyone is left who was not tried, or is to be tried again.
    pub(super) fn has_rest(&self) -> bool {
        self.ready + self.waiting.len() > 0
    }

    pub(super) fn end(&self) -> End {
        match &self.unreachable {
            Some(reply) if self.given_up => End::Unreachable(reply.clone()),
            _ if self.left == Some(0) && self.has_rest() => End::Limited,
            _ => End::Done { next_due: self.waiting.values().filter_map(|job| job.due).min() },
        }
    }

    /// How the pace changed since the last time.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.changes);
        changes.extend(self.throttle.take_changes());
        changes
    }

    /// The relay is there: a connection was had, or a message came to its end over another one.
    fn reached(&mut self) {
        self.failures = 0;
        self.blocked = None;
        self.unreachable = None;
    }

    fn line_up(&mut self, job: Job, is_retry: bool) {
        self.count += 1;
        self.ready += 1;
        self.lanes[job.lane.0].put((!is_retry, self.count), job);
    }

    fn put_off(&mut self, job: Job, due: Timestamp, now: Instant, wall: Timestamp) {
        self.count += 1;
        // No retry was ever put off for longer: where one is due later still, the clock was set back since.
        let pause = distance(wall, due).min(self.retry.longest_pause());
        self.later.push(Reverse((now + pause, self.count)));
        self.waiting.insert(self.count, job);
    }

    /// What is due by now could go, and so could lanes that were held until now.
    fn wake(&mut self, now: Instant) {
        while let Some(&Reverse((due, number))) = self.later.peek() {
            if due > now {
                break;
            }
            self.later.pop();
            if let Some(job) = self.waiting.remove(&number) {
                self.line_up(job, true);
                self.place(job.lane, now);
            }
        }
        while let Some(&(until, lane)) = self.held.first() {
            if until > now {
                break;
            }
            self.place(lane, now);
        }
    }

    /// Puts a lane where it belongs, after anything about it changed.
    fn place(&mut self, lane: Lane, now: Instant) {
        let jobs = &mut self.lanes[lane.0];
        match jobs.place.take() {
            Some(Place::Free(rank)) => drop(self.free.remove(&(rank, lane))),
            Some(Place::Held(until)) => drop(self.held.remove(&(until, lane))),
            None => {}
        }
        let Some(rank) = jobs.next() else { return };
        jobs.place = match self.throttle.gate(lane, now) {
            Gate::Open => {
                self.free.insert((rank, lane));
                Some(Place::Free(rank))
            }
            Gate::Until(until) => {
                self.held.insert((until, lane));
                Some(Place::Held(until))
            }
            Gate::Full => None,
        };
    }
}

fn wait(until: Option<Instant>, told: Option<(Timestamp, Waiting)>) -> Look {
    Look::Wait(Wait { until, told })
}

/// How long from one time of day to a later one; nothing where it is the earlier one.
fn distance(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

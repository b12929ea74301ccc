//! The jobs of one lane, which could go now but for the throttle: first attempts in the order of the list, and those
//! who were tried before.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use super::queue::Job;
use super::throttle::Lane;
use crate::ledger::RecipientId;

/// Retries before first attempts, so that they do not wait behind the whole list; then by turn.
pub(super) type Rank = (bool, u64);

#[derive(Default)]
pub(super) struct LaneJobs {
    /// First attempts by their numbers, which only grow: of someone who was never tried, sixteen bytes are all
    /// that there is to know.
    first: VecDeque<(u64, RecipientId)>,
    /// Those who were tried before.
    again: BTreeMap<Rank, Job>,
    /// Where it stands in `free` or `held`.
    pub(super) place: Option<Place>,
}

impl LaneJobs {
    pub(super) fn len(&self) -> usize {
        self.first.len() + self.again.len()
    }

    /// The rank of the next job.
    pub(super) fn next(&self) -> Option<Rank> {
        let first = self.first.front().map(|(number, _)| (true, *number));
        let again = self.again.first_key_value().map(|(rank, _)| *rank);
        first.into_iter().chain(again).min()
    }

    pub(super) fn put(&mut self, rank: Rank, job: Job) {
        let is_untried = rank.0 && job.attempts == 0 && job.first_attempt.is_none();
        if is_untried {
            self.first.push_back((rank.1, job.recipient));
        } else {
            self.again.insert(rank, job);
        }
    }

    /// The next job of this lane, which is `lane`.
    pub(super) fn take(&mut self, lane: Lane) -> Option<Job> {
        let next = self.next()?;
        if let Some(job) = self.again.remove(&next) {
            return Some(job);
        }
        let (_, recipient) = self.first.pop_front()?;
        Some(Job { recipient, lane, attempts: 0, first_attempt: None, due: None })
    }
}

/// Whether its next job may go.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Free(Rank),
    Held(Instant),
}

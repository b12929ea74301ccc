//! Watches over a run that goes wrong, and ends it before the list is burnt: each answer in, a reason to
//! stop out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::ledger::RecipientId;

/// So many answers alike, and no other, are about us; fewer where a run has fewer.
const ALIKE: usize = 10;
/// Two readers may well be refused for the same reason.
const FEWEST: usize = 3;
/// With fewer answers a share tells nothing.
const ANSWERS: u64 = 20;

/// Why a run should stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Halt {
    /// Nobody was accepted, and everyone was refused in the same way, which is not about a reader.
    RefusesUs(Reply),
    TooManyRefused {
        refused: u64,
        answers: u64,
    },
}

pub(super) struct Guard {
    /// The share of refusals that is too much, from 0 to 1.
    most: f64,
    alike: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    accepted: u64,
    refused: u64,
    /// The refusal that has come since the beginning,
    first: Option<Reply>,
    /// to these.
    suspects: Vec<RecipientId>,
    halt: Option<Halt>,
}

impl Guard {
    /// Over a run of so many jobs. A relay that took mail of the plan before is not judged by a few.
    pub(super) fn new(most: f64, jobs: usize, is_proven: bool) -> Self {
        let alike = if is_proven { ALIKE } else { ALIKE.min(jobs).max(FEWEST) };
        Self { most, alike, state: Mutex::default() }
    }

    /// Hears an answer; tells once that the run should stop.
    pub(super) fn heard(&self, recipient: RecipientId, outcome: &Outcome, stage: Stage) -> Option<Halt> {
        let mut seen = self.state();
        match outcome {
            Outcome::Accepted(_) => {
                seen.accepted += 1;
                seen.acquit();
            }
            Outcome::Rejected(reply) => {
                seen.refused += 1;
                seen.suspect(recipient, reply, stage);
            }
            Outcome::Deferred(_) | Outcome::Unknown(_) => return None,
        }
        if seen.halt.is_some() {
            return None;
        }
        let answers = seen.accepted + seen.refused;
        seen.halt = match &seen.first {
            Some(reply) if seen.suspects.len() >= self.alike => Some(Halt::RefusesUs(reply.clone())),
            _ if answers >= ANSWERS && seen.refused as f64 > self.most * answers as f64 => {
                Some(Halt::TooManyRefused { refused: seen.refused, answers })
            }
            _ => None,
        };
        seen.halt.clone()
    }

    /// Why the run was stopped, and whom it was not about.
    pub(super) fn end(&self) -> Option<(Halt, Vec<RecipientId>)> {
        let mut state = self.state();
        let halt = state.halt.take()?;
        let suspects = std::mem::take(&mut state.suspects);
        Some((halt, suspects))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that could panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn suspect(&mut self, recipient: RecipientId, reply: &Reply, stage: Stage) {
        let by_policy = reply.enhanced.as_deref().is_some_and(|enhanced| enhanced.starts_with("5.7."));
        // Who was refused at MAIL was refused before the relay knew the reader.
        let is_about_us = self.accepted == 0 && (by_policy || stage == Stage::Mail);
        let is_alike = |first: &Reply| (first.code, &first.enhanced) == (reply.code, &reply.enhanced);
        if !is_about_us {
            self.acquit();
            return;
        }
        if !self.first.as_ref().is_some_and(is_alike) {
            self.acquit();
            self.first = Some(reply.clone());
        }
        self.suspects.push(recipient);
    }

    /// Those so far were refused for a reason of their own; unless the run was stopped because of them.
    fn acquit(&mut self) {
        if self.halt.is_none() {
            self.suspects.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(enhanced: &str) -> Outcome {
        Outcome::Rejected(Reply { code: 550, enhanced: Some(enhanced.into()), text: "no".into() })
    }

    fn accepted() -> Outcome {
        Outcome::Accepted(Reply::default())
    }

    /// After how many of `outcomes` the run is stopped, and why.
    fn halted(most: f64, jobs: usize, outcomes: impl IntoIterator<Item = Outcome>) -> Option<(usize, Halt)> {
        let guard = Guard::new(most, jobs, false);
        (1..).zip(outcomes).find_map(|(count, outcome)| {
            guard.heard(RecipientId(count), &outcome, Stage::Rcpt).map(|halt| (usize::try_from(count).unwrap(), halt))
        })
    }

    #[test]
    fn ten_refusals_alike_from_the_beginning_are_about_us() {
        let (count, halt) = halted(1.0, 500, vec![rejected("5.7.1"); 500]).unwrap();
        assert!(matches!(halt, Halt::RefusesUs(reply) if reply.code == 550));
        assert_eq!(count, 10);
        assert_eq!(halted(1.0, 4, vec![rejected("5.7.1"); 4]).unwrap().0, 4, "a short list");
        assert_eq!(halted(1.0, 2, vec![rejected("5.7.1"); 2]), None, "a list that is too short to tell");
    }

    #[test]
    fn a_single_acceptance_or_another_refusal_among_them_shows_that_they_are_not() {
        let with = |other: Outcome, at: usize| {
            let mut outcomes = vec![rejected("5.7.1"); 30];
            outcomes[at] = other;
            halted(1.0, 500, outcomes).map(|(count, _)| count)
        };
        assert_eq!(with(accepted(), 0), None);
        assert_eq!(with(accepted(), 9), None);
        assert_eq!(with(rejected("5.1.1"), 5), Some(16), "counted anew");
        assert_eq!(with(rejected("5.7.26"), 5), Some(16));
        assert_eq!(with(Outcome::Unknown(Reply::default()), 5), Some(11), "no answer says nothing");
        assert_eq!(halted(1.0, 500, vec![rejected("5.1.1"); 30]), None);
    }

    #[test]
    fn refused_at_mail_is_refused_whoever_the_reader_is() {
        let guard = Guard::new(1.0, 500, true);
        let halts = (1..=10).filter_map(|at| guard.heard(RecipientId(at), &rejected("5.1.8"), Stage::Mail));
        assert_eq!(halts.count(), 1);
        // One more was under way.
        assert_eq!(guard.heard(RecipientId(11), &rejected("5.1.8"), Stage::Mail), None);
        assert_eq!(guard.end().unwrap().1.len(), 11);
    }

    #[test]
    fn too_many_refusals_stop_a_run_but_not_before_there_are_enough_answers() {
        let mixed = |refused: usize| {
            (0..100).map(move |at| if at % 10 >= 10 - refused { rejected("5.1.1") } else { accepted() })
        };
        assert_eq!(halted(0.2, 100, mixed(2)), None, "just as many as allowed");
        assert_eq!(halted(0.2, 100, mixed(5)), Some((20, Halt::TooManyRefused { refused: 10, answers: 20 })));
        assert_eq!(halted(1.0, 100, mixed(10)), None);
        assert_eq!(halted(0.0, 19, vec![rejected("5.1.1"); 19]), None);
    }
}

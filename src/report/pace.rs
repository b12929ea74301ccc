//! The notes of the pace in; how often a run paused and for how long, and who asked it to go slower, out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{rounded, seconds_between};
use crate::ledger::{PaceKind, PaceNote};

/// How the runs were paced.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pace {
    /// Runs that began; 0 where an earlier version of the program sent it, which took no note.
    pub runs: u64,
    /// Messages a second at which the last one began; null for no limit.
    pub rate: Option<f64>,
    /// Pauses after batches.
    pub batches: Pauses,
    /// Hours in which nothing was to be sent.
    pub hours: Pauses,
    /// Until a relay that took no connection was tried again.
    pub relay: Pauses,
    pub slowed: Vec<Slowdown>,
}

/// Pauses of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Pauses {
    pub times: u64,
    pub seconds: f64,
}

/// Someone asked for patience, and got it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slowdown {
    pub who: Who,
    /// Of domains of many people alone.
    pub domain: Option<String>,
    pub times: u64,
    /// Messages a second.
    pub lowest_rate: Option<f64>,
    /// The codes of the replies that asked.
    pub replies: Vec<String>,
}

/// Whose rate was lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    WholeRun,
    Domain,
    OtherDomains,
}

pub(super) fn pace(notes: &[PaceNote], is_named: impl Fn(&str) -> bool) -> Pace {
    let begun: Vec<_> = notes.iter().filter(|note| note.kind == PaceKind::Begun).collect();
    let mut slowed: BTreeMap<(Who, Option<String>), Slowdown> = BTreeMap::new();
    for note in notes.iter().filter(|note| note.kind == PaceKind::Slowed) {
        let (who, domain) = match &note.domain {
            None => (Who::WholeRun, None),
            Some(domain) if is_named(domain) => (Who::Domain, Some(domain.clone())),
            Some(_) => (Who::OtherDomains, None),
        };
        let one = slowed.entry((who, domain.clone())).or_insert_with(|| Slowdown {
            who,
            domain,
            times: 0,
            lowest_rate: None,
            replies: Vec::new(),
        });
        one.times += 1;
        one.lowest_rate = one.lowest_rate.into_iter().chain(note.rate.map(rounded)).reduce(f64::min);
        one.replies.extend(note.reply.clone());
    }
    let slowed = slowed.into_values().map(|mut one| {
        one.replies.sort();
        one.replies.dedup();
        one
    });
    Pace {
        runs: begun.len() as u64,
        rate: begun.last().and_then(|note| note.rate).map(rounded),
        batches: pauses(notes, PaceKind::Batch),
        hours: pauses(notes, PaceKind::Hours),
        relay: pauses(notes, PaceKind::Relay),
        slowed: slowed.collect(),
    }
}

fn pauses(notes: &[PaceNote], kind: PaceKind) -> Pauses {
    let mut pauses = Pauses::default();
    for (place, note) in notes.iter().enumerate().filter(|(_, note)| note.kind == kind) {
        let Some(until) = note.until else { continue };
        let ended = notes[place..].iter().find(|later| matches!(later.kind, PaceKind::Begun | PaceKind::Ended));
        pauses.times += 1;
        pauses.seconds += seconds_between(note.at, ended.map_or(until, |ended| until.min(ended.at)));
    }
    Pauses { seconds: rounded(pauses.seconds), ..pauses }
}

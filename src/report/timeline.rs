//! Outcomes by time and the notes of the pace in; columns of seconds, minutes, hours or days out, as the run was.
//! Where nothing happened for long, that time is left out and said.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{rounded, seconds_between};
use crate::ledger::{PaceKind, PaceNote};

/// What a column may stand for, in seconds.
const STEPS: [i64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
/// As many columns as a wide drawing shows apart.
const COLUMNS: i64 = 120;
/// A silence is left out if it is this long, in seconds,
const SILENCE: i64 = 900;
/// and this part of the whole.
const PART: i64 = 6;

/// Outcomes over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// How long each bin is.
    pub bin_seconds: i64,
    pub bins: Vec<Bin>,
    pub left_out: Vec<LeftOut>,
    /// Pauses as places among the bins.
    #[serde(skip)]
    pub(super) spans: Vec<(f64, f64)>,
}

/// What ended in one span of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub at: Timestamp,
    pub accepted: u64,
    pub deferred: u64,
    pub rejected: u64,
    pub unknown: u64,
    /// Messages a second that the throttle allowed for the whole run; null for no limit, or none on record.
    pub rate: Option<f64>,
}

/// Time in which nothing happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    /// The bin in front of which it was.
    pub before: Timestamp,
    pub seconds: f64,
    #[serde(skip)]
    pub(super) bin: usize,
}

/// Outcomes by the second.
#[derive(Default)]
pub(super) struct Outcomes(Vec<(i64, [u64; 4])>);

const KINDS: [&str; 4] = ["accepted", "deferred", "rejected", "unknown"];

impl Outcomes {
    pub(super) fn add(&mut self, at: Timestamp, kind: &str) {
        let Some(place) = KINDS.iter().position(|known| *known == kind) else { return };
        let second = at.as_second();
        match self.0.last_mut() {
            Some((last, counts)) if *last == second => counts[place] += 1,
            _ => {
                let mut counts = [0; 4];
                counts[place] = 1;
                self.0.push((second, counts));
            }
        }
    }

    /// The timeline, and the minute in which the most were accepted.
    pub(super) fn timeline(mut self, notes: &[PaceNote], zone: &TimeZone) -> (Timeline, Option<(Timestamp, u64)>) {
        // A clock may have been set back.
        self.0.sort_by_key(|(second, _)| *second);
        let (Some((first, _)), Some((last, _))) = (self.0.first(), self.0.last()) else { return Default::default() };
        let offset = i64::from(zone.to_offset(moment(*first)).seconds());
        let silence = ((last - first) / PART).max(SILENCE);
        let stretches: Vec<&[(i64, [u64; 4])]> =
            self.0.chunk_by(|(before, _), (after, _)| after - before <= silence).collect();
        let start_of = |second: i64, step: i64| (second + offset).div_euclid(step) * step - offset;
        let length = |stretch: &[(i64, [u64; 4])], step: i64| {
            (start_of(stretch[stretch.len() - 1].0, step) - start_of(stretch[0].0, step)) / step + 1
        };
        let fits = |step: &i64| stretches.iter().map(|stretch| length(stretch, *step)).sum::<i64>() <= COLUMNS;
        let days = || ((last - first) / 86_400 / COLUMNS + 1) * 86_400;
        let step = STEPS.into_iter().find(fits).unwrap_or_else(days);

        let rates = Rates::of(notes);
        let mut timeline = Timeline { bin_seconds: step, ..Timeline::default() };
        let mut before: Option<i64> = None;
        for stretch in stretches {
            let from = start_of(stretch[0].0, step);
            // Two stretches may share a bin.
            let from = before.map_or(from, |last| from.max(start_of(last, step) + step));
            if let Some(last) = before {
                let seconds = rounded((from - start_of(last, step) - step) as f64);
                let bin = timeline.bins.len();
                timeline.left_out.extend((seconds > 0.0).then_some(LeftOut { before: moment(from), seconds, bin }));
            }
            let to = start_of(stretch[stretch.len() - 1].0, step);
            for start in (from..=to).step_by(usize::try_from(step).unwrap_or(1)) {
                let (accepted, deferred, rejected, unknown) = (0, 0, 0, 0);
                let rate = rates.during(start * 1000, (start + step) * 1000);
                timeline.bins.push(Bin { at: moment(start), accepted, deferred, rejected, unknown, rate });
            }
            for (second, counts) in stretch {
                let start = moment(start_of(*second, step));
                let Ok(place) = timeline.bins.binary_search_by_key(&start, |bin| bin.at) else { continue };
                let bin = &mut timeline.bins[place];
                bin.accepted += counts[0];
                bin.deferred += counts[1];
                bin.rejected += counts[2];
                bin.unknown += counts[3];
            }
            before = Some(stretch[stretch.len() - 1].0);
        }
        timeline.spans = timeline.spans_of(notes);
        (timeline, self.busiest())
    }

    fn busiest(&self) -> Option<(Timestamp, u64)> {
        let minutes = self.0.chunk_by(|(one, _), (other, _)| one.div_euclid(60) == other.div_euclid(60));
        let counted = minutes
            .map(|minute| (minute[0].0.div_euclid(60) * 60, minute.iter().map(|(_, counts)| counts[0]).sum::<u64>()));
        // The first of several.
        let most = counted.max_by_key(|(minute, count)| (*count, std::cmp::Reverse(*minute)))?;
        (most.1 > 0).then(|| (moment(most.0), most.1))
    }
}

impl Timeline {
    pub(super) fn left_out_seconds(&self) -> f64 {
        self.left_out.iter().map(|one| one.seconds).sum()
    }

    /// Pauses that are wide enough to be seen; those that follow at once are one.
    fn spans_of(&self, notes: &[PaceNote]) -> Vec<(f64, f64)> {
        let mut spans: Vec<(f64, f64)> = Vec::new();
        for (place, note) in notes.iter().enumerate() {
            let Some(until) = note.until else { continue };
            // A run that ended before waited no longer.
            let ended = notes[place..].iter().find(|later| matches!(later.kind, PaceKind::Begun | PaceKind::Ended));
            let until = ended.map_or(until, |ended| until.min(ended.at));
            let (from, to) = (self.place(note.at), self.place(until));
            if to - from < 0.25 {
                continue;
            }
            match spans.last_mut() {
                Some(last) if from <= last.1 + 0.25 => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        spans
    }

    /// Where a moment stands among the bins.
    fn place(&self, at: Timestamp) -> f64 {
        let after = self.bins.partition_point(|bin| bin.at <= at);
        let Some(bin) = after.checked_sub(1).and_then(|place| self.bins.get(place)) else { return 0.0 };
        let within = seconds_between(bin.at, at) / self.bin_seconds.max(1) as f64;
        (after - 1) as f64 + within.min(1.0)
    }
}

/// The whole run's rate as it changed, in milliseconds since 1970.
struct Rates(Vec<(i64, Step)>);

enum Step {
    /// Messages a second from then on; none for no limit.
    Rate(Option<f64>),
    Ended,
}

impl Rates {
    fn of(notes: &[PaceNote]) -> Self {
        let of_the_run = notes.iter().filter(|note| note.domain.is_none());
        let step = |note: &PaceNote| match note.kind {
            PaceKind::Begun | PaceKind::Slowed | PaceKind::Faster => {
                Some((note.at.as_millisecond(), Step::Rate(note.rate)))
            }
            PaceKind::Ended => Some((note.at.as_millisecond(), Step::Ended)),
            PaceKind::Batch | PaceKind::Hours | PaceKind::Relay => None,
        };
        Self(of_the_run.filter_map(step).collect())
    }

    /// The last rate that was in force in a span of time.
    fn during(&self, from: i64, to: i64) -> Option<f64> {
        for (at, step) in self.0.iter().rev().filter(|(at, _)| *at < to) {
            match step {
                Step::Rate(rate) => return *rate,
                Step::Ended if *at < from => return None,
                Step::Ended => {}
            }
        }
        None
    }
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(outcomes: &[(i64, &str)], notes: &[PaceNote]) -> Timeline {
        let mut all = Outcomes::default();
        for (at, kind) in outcomes {
            all.add(moment(*at), kind);
        }
        all.timeline(notes, &TimeZone::UTC).0
    }

    fn note(kind: PaceKind, at: i64, rate: Option<f64>, until: Option<i64>) -> PaceNote {
        PaceNote { rate, until: until.map(moment), ..PaceNote::new(kind, moment(at)) }
    }

    proptest! {
        #[test]
        fn every_outcome_stands_in_one_bin(
            outcomes in proptest::collection::vec((0..4_usize, 0_i64..100_000, any::<bool>()), 0..300),
            scale in prop_oneof![Just(1_i64), Just(60), Just(900)],
        ) {
            let mut outcomes: Vec<_> = outcomes
                .into_iter()
                // Some much later than the others.
                .map(|(kind, at, late)| (at * scale / 100 + if late { 10_000_000 } else { 0 }, KINDS[kind]))
                .collect();
            outcomes.sort_unstable();
            let timeline = drawn(&outcomes, &[]);
            for (place, kind) in KINDS.iter().enumerate() {
                let count = |bin: &Bin| [bin.accepted, bin.deferred, bin.rejected, bin.unknown][place];
                let told: u64 = timeline.bins.iter().map(count).sum();
                prop_assert_eq!(told, outcomes.iter().filter(|(_, known)| known == kind).count() as u64);
            }
            prop_assert!(timeline.bins.len() <= 122, "{} bins", timeline.bins.len());
            prop_assert!(timeline.bins.is_sorted_by(|one, next| one.at < next.at));
        }
    }

    #[test]
    fn columns_are_as_wide_as_the_run_is_long() {
        for (length, step) in [(10, 1), (100, 1), (590, 5), (3_500, 30), (14_000, 120), (250_000, 3_600)] {
            let outcomes: Vec<_> = (0..=60).map(|part| (1_800_000_000 + length * part / 60, "accepted")).collect();
            assert_eq!(drawn(&outcomes, &[]).bin_seconds, step, "{length}");
        }
    }

    #[test]
    fn a_long_silence_is_left_out_and_said() {
        let start = 1_800_000_000;
        let mut outcomes: Vec<_> = (0..60).map(|second| (start + second, "accepted")).collect();
        outcomes.push((start + 86_400, "rejected"));
        let timeline = drawn(&outcomes, &[]);
        assert_eq!((timeline.bin_seconds, timeline.bins.len()), (1, 61));
        let [left_out] = timeline.left_out.as_slice() else { panic!("{timeline:?}") };
        assert_eq!((left_out.bin, left_out.seconds), (60, 86_340.0));
    }

    #[test]
    fn the_rate_is_that_of_the_run_while_it_lasts() {
        let start = 1_800_000_000;
        let outcomes: Vec<_> = (0..10).map(|second| (start + second, "accepted")).collect();
        let domain =
            PaceNote { domain: Some("example.org".into()), ..note(PaceKind::Slowed, start + 3, Some(0.5), None) };
        let notes = [
            note(PaceKind::Begun, start, Some(4.0), None),
            domain,
            note(PaceKind::Slowed, start + 4, Some(2.0), None),
            note(PaceKind::Batch, start + 5, None, Some(start + 8)),
            note(PaceKind::Ended, start + 7, None, None),
        ];
        let timeline = drawn(&outcomes, &notes);
        let rates: Vec<_> = timeline.bins.iter().map(|bin| bin.rate).collect();
        let (four, two) = (Some(4.0), Some(2.0));
        assert_eq!(rates, [four, four, four, four, two, two, two, two, None, None]);
        assert_eq!(timeline.spans, [(5.0, 7.0)], "the run ended before its pause did");
    }
}

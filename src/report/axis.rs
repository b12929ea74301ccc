//! The timeline as it is drawn: its columns, and the times that stand below them.

use jiff::tz::TimeZone;

use super::Timeline;
use super::words::length;
use crate::chart::{self, FOURTH, Mark, ONE, OTHER, THIRD};

/// How far apart times may stand, in seconds.
const STEPS: [i64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];
const DAY: i64 = 86_400;

/// With at most so many marks.
pub(super) fn timeline(timeline: &Timeline, zone: &TimeZone, most: usize) -> chart::Timeline {
    let seconds = timeline.bin_seconds as f64;
    chart::Timeline {
        columns: timeline
            .bins
            .iter()
            .map(|bin| vec![(ONE, bin.accepted), (THIRD, bin.deferred), (OTHER, bin.rejected), (FOURTH, bin.unknown)])
            .collect(),
        line: timeline.bins.iter().map(|bin| bin.rate.map(|rate| rate * seconds)).collect(),
        spans: timeline.spans.clone(),
        marks: marks(timeline, zone, most),
        breaks: timeline.left_out.iter().map(|one| (one.bin, format!("+ {}", length(one.seconds)))).collect(),
    }
}

/// Round times, as many as there is room for; the first where none is round.
fn marks(timeline: &Timeline, zone: &TimeZone, most: usize) -> Vec<Mark> {
    let bins = &timeline.bins;
    let local: Vec<i64> =
        bins.iter().map(|bin| bin.at.as_second() + i64::from(zone.to_offset(bin.at).seconds())).collect();
    let round = |step: i64| -> Vec<usize> {
        // The last would be cut off.
        let last = bins.len() - bins.len() / 25;
        (0..last).filter(|place| local[*place].rem_euclid(step) < timeline.bin_seconds.min(step)).collect()
    };
    let step = STEPS.into_iter().filter(|step| *step >= timeline.bin_seconds).find(|step| round(*step).len() <= most);
    let step = step.unwrap_or(timeline.bin_seconds);
    let mut places = round(step);
    if places.is_empty() && !bins.is_empty() {
        places.push(0);
    }
    places.truncate(most);
    let word = |place: usize| {
        let at = zone.to_datetime(bins[place].at);
        let form = match local[place].rem_euclid(DAY) {
            0 => "%-d %b",
            _ if step < 60 => "%H:%M:%S",
            _ => "%H:%M",
        };
        Mark { column: place, word: at.strftime(form).to_string() }
    };
    places.into_iter().map(word).collect()
}

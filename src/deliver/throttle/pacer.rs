//! One rate: when the next message may go, slower after a complaint, faster again with success.
//!
//! It has no clock of its own: whoever asks says what time it is, so that a test can say what it likes.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Messages by which the present rate is measured where there is no limit.
const MEASURED: usize = 100;
/// So old, a message tells nothing of the present rate.
const STALE: Duration = Duration::from_mins(1);
/// Messages a second, where nothing was measured yet.
const START: f64 = 1.0;
/// Messages a second below which complaints change nothing any more: one in ten seconds. Retries have
/// their own growing pauses beside it.
const FLOOR: f64 = 0.1;
/// So many successes raise a rate that was lowered,
const SUCCESSES: u32 = 5;
/// by this share of what it was before the first complaint.
const STEP: f64 = 0.1;

/// A rate and its keeper.
#[derive(Debug)]
pub(super) struct Pacer {
    /// As configured, in messages a second; none for no limit.
    limit: Option<f64>,
    slowed: Option<Slowed>,
    /// No message before this.
    next: Option<Instant>,
    /// The last messages, the latest last.
    recent: VecDeque<Instant>,
    round: Round,
}

/// Counts the reductions: what is heard of a message that left before the last one says nothing about
/// the rate of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Round(u32);

#[derive(Debug, Clone, Copy)]
struct Slowed {
    rate: f64,
    /// Where it is to get back to.
    ceiling: f64,
    successes: u32,
}

impl Pacer {
    pub(super) fn new(limit: Option<f64>) -> Self {
        Self { limit, slowed: None, next: None, recent: VecDeque::new(), round: Round::default() }
    }

    /// Messages a second, now; none for no limit.
    pub(super) fn rate(&self) -> Option<f64> {
        self.slowed.map(|slowed| slowed.rate).or(self.limit)
    }

    /// No message before this; none for at once.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// A message goes. Time that went by unused is not made up for: a slow start never ends in a burst.
    pub(super) fn take(&mut self, now: Instant) -> Round {
        if self.recent.len() == MEASURED {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        self.next = self.rate().map(|rate| now + interval(rate));
        self.round
    }

    /// Someone complained about a message of that `round`: half the rate. Tells the new one, or none where
    /// the complaint is about the rate before.
    pub(super) fn slow_down(&mut self, round: Round, now: Instant) -> Option<f64> {
        if round != self.round {
            return None;
        }
        self.round.0 += 1;
        let present = self.rate().unwrap_or_else(|| self.measured(now));
        let ceiling = self.slowed.map_or(present, |slowed| slowed.ceiling);
        let rate = (present / 2.0).max(FLOOR.min(present));
        self.change(Some(Slowed { rate, ceiling, successes: 0 }), now);
        Some(rate)
    }

    /// [`Pacer::slow_down`] about no message in particular.
    pub(super) fn slow_down_now(&mut self, now: Instant) -> Option<f64> {
        self.slow_down(self.round, now)
    }

    /// A message of that `round` was taken without complaint.
    pub(super) fn success(&mut self, round: Round, now: Instant) {
        let Some(mut slowed) = self.slowed.filter(|_| round == self.round) else { return };
        slowed.successes += 1;
        if slowed.successes == SUCCESSES {
            slowed.successes = 0;
            slowed.rate += slowed.ceiling * STEP;
        }
        self.change((slowed.rate < slowed.ceiling).then_some(slowed), now);
    }

    /// Whoever waits for a message has waited for a part of it: the rest is waited for at the new rate.
    fn change(&mut self, slowed: Option<Slowed>, now: Instant) {
        let before = self.rate();
        self.slowed = slowed;
        self.next = match (before, self.rate()) {
            (_, None) => None,
            (None, Some(rate)) => Some(now + interval(rate)),
            (Some(before), Some(rate)) => self.next.map(|next| {
                let left = next.saturating_duration_since(now);
                if left.is_zero() { next } else { now + left.mul_f64(before / rate) }
            }),
        };
    }

    /// What went in the last while, in messages a second; over less than a second it tells too little.
    fn measured(&self, now: Instant) -> f64 {
        let mut recent = self.recent.iter().filter(|at| now.saturating_duration_since(**at) < STALE);
        let Some(first) = recent.next() else { return START };
        let count = 1 + recent.count();
        count as f64 / now.saturating_duration_since(*first).as_secs_f64().max(1.0)
    }
}

fn interval(rate: f64) -> Duration {
    Duration::from_secs_f64(1.0 / rate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Something that happens so many milliseconds after the one before.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        /// Someone would like to send.
        Ask,
        Complaint,
        Success,
    }

    fn events() -> impl Strategy<Value = Vec<(u64, Event)>> {
        let event = prop_oneof![6 => Just(Event::Ask), 1 => Just(Event::Complaint), 3 => Just(Event::Success)];
        proptest::collection::vec((0_u64..400, event), 1..200)
    }

    proptest! {
        #[test]
        fn no_window_of_any_length_holds_more_than_its_rate_though_the_rate_changes(
            events in events(),
            limit in 1_u32..50,
        ) {
            let mut now = Instant::now();
            let mut pacer = Pacer::new(Some(f64::from(limit)));
            let mut round = Round::default();
            // What the rate allowed up to the last change, and what it allowed when each message went.
            let (mut allowed, mut taken) = (0.0, Vec::<f64>::new());
            for (pause, event) in events {
                let pause = Duration::from_millis(pause);
                allowed += pacer.rate().unwrap() * pause.as_secs_f64();
                now += pause;
                match event {
                    Event::Ask if pacer.next().is_none_or(|next| next <= now) => {
                        round = pacer.take(now);
                        taken.push(allowed);
                    }
                    Event::Ask => {}
                    Event::Complaint => {
                        pacer.slow_down(round, now);
                    }
                    Event::Success => pacer.success(round, now),
                }
                prop_assert!(pacer.rate().unwrap() <= f64::from(limit) + 1e-9, "faster than configured");
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, to) in taken.iter().enumerate().skip(first) {
                    prop_assert!((last - first) as f64 <= to - from + 1e-6, "{first}..{last}: {taken:?}");
                }
            }
        }
    }

    #[test]
    fn complaints_about_messages_that_left_before_a_reduction_count_once() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Some(8.0));
        let rounds = [pacer.take(now), pacer.take(now), pacer.take(now)];
        assert_eq!(rounds.map(|round| pacer.slow_down(round, now)), [Some(4.0), None, None]);
        let round = pacer.take(now);
        assert_eq!(pacer.slow_down(round, now), Some(2.0));
    }

    #[test]
    fn success_raises_the_rate_step_by_step_and_never_above_what_is_configured() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Some(10.0));
        pacer.slow_down_now(now);
        let mut rates = Vec::new();
        for _ in 0..60 {
            let round = pacer.take(now);
            pacer.success(round, now);
            rates.push(pacer.rate().unwrap());
        }
        assert_eq!(rates[..5], [5.0, 5.0, 5.0, 5.0, 6.0]);
        assert_eq!((rates[9], rates[23], rates[24], rates[59]), (7.0, 9.0, 10.0, 10.0));
    }

    #[test]
    fn without_a_limit_half_of_what_was_measured_holds_until_success_lifts_it() {
        let start = Instant::now();
        let mut pacer = Pacer::new(None);
        for step in 0..40 {
            pacer.take(start + Duration::from_millis(50 * step));
        }
        let now = start + Duration::from_secs(2);
        assert_eq!((pacer.rate(), pacer.slow_down_now(now)), (None, Some(10.0)));
        assert_eq!(pacer.next(), Some(now + Duration::from_millis(100)));
        let round = pacer.take(now);
        (0..25).for_each(|_| pacer.success(round, now));
        assert_eq!((pacer.rate(), pacer.next()), (None, None));
        assert_eq!(Pacer::new(None).slow_down_now(now), Some(START / 2.0));
    }

    #[test]
    fn complaints_without_end_leave_a_message_in_ten_seconds() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Some(5.0));
        (0..40).for_each(|_| assert!(pacer.slow_down_now(now).is_some()));
        assert_eq!(pacer.rate(), Some(FLOOR));
        let mut slow = Pacer::new(Some(FLOOR / 10.0));
        assert_eq!(slow.slow_down_now(now), Some(FLOOR / 10.0), "a rate below the floor is never raised to it");
    }
}

//! When a deferred message is tried again, and when it is given up (RFC 5321 section 4.5.4.1).

use std::time::Duration;

use jiff::Timestamp;

use super::queue::Job;
use crate::domain::outcome::{Outcome, Reply};

/// Growing pauses, within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Before the first retry; each further pause is twice as long.
    pub pause: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Counted from the first attempt; then a deferred message is rejected.
    pub give_up: Duration,
    /// How long a run waits, once nothing else is left, before it ends.
    pub wait: Duration,
}

impl RetryPolicy {
    /// The outcome as it is to be noted, and when a deferred message is due again.
    pub(super) fn judge(&self, outcome: Outcome, job: &Job, now: Timestamp) -> (Outcome, Option<Timestamp>) {
        let Outcome::Deferred(reply) = outcome else { return (outcome, None) };
        let due = after(now, self.pause_before(job));
        let last = after(job.first_attempt.unwrap_or(now), self.give_up);
        if due > last {
            let text = format!("expired: not accepted within {}: {}", spoken(self.give_up), reply.text);
            return (Outcome::Rejected(Reply { text, ..reply }), None);
        }
        (Outcome::Deferred(reply), Some(due))
    }

    /// No retry is put off for longer.
    pub(super) fn longest_pause(&self) -> Duration {
        self.longest.mul_f64(1.25)
    }

    /// Doubles with each attempt, and is up to a quarter longer or shorter from one recipient to the
    /// next, so that retries don't come in a heap.
    fn pause_before(&self, job: &Job) -> Duration {
        let doubled = self.pause.saturating_mul(1 << job.attempts.min(20)).min(self.longest);
        // Fibonacci hashing spreads neighbouring numbers over the range.
        let spread = (job.recipient.0 as u64 ^ u64::from(job.attempts) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        doubled.mul_f64(0.75 + 0.5 * spread as f64 / 65536.0)
    }
}

/// `from` and so much later; the end of time where there is no such moment.
fn after(from: Timestamp, pause: Duration) -> Timestamp {
    from.checked_add(pause).unwrap_or(Timestamp::MAX)
}

fn spoken(duration: Duration) -> String {
    jiff::SignedDuration::try_from(duration).map_or_else(|_| "the time allowed".into(), |span| format!("{span:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::throttle::{Settings, Throttle};
    use crate::ledger::RecipientId;

    fn job(attempts: u32) -> Job {
        let lane = Throttle::new(Settings::default()).lane("example.org");
        Job { recipient: RecipientId(7), lane, attempts, first_attempt: Some(Timestamp::UNIX_EPOCH), due: None }
    }

    const POLICY: RetryPolicy = RetryPolicy {
        pause: Duration::from_secs(10),
        longest: Duration::from_hours(1),
        give_up: Duration::from_hours(2),
        wait: Duration::from_mins(2),
    };

    #[test]
    fn pauses_grow_and_stay_within_their_bounds() {
        let pauses: Vec<_> = (0..20).map(|attempts| POLICY.pause_before(&job(attempts)).as_secs_f64()).collect();
        for (attempts, pause) in pauses.iter().enumerate() {
            let plain = (10.0 * 2_f64.powi(i32::try_from(attempts).unwrap())).min(3600.0);
            assert!((plain * 0.75..=plain * 1.25).contains(pause), "{attempts}: {pause}");
        }
    }

    #[test]
    fn a_message_that_would_be_due_too_late_is_rejected_as_expired() {
        let deferred = Outcome::Deferred(Reply { code: 451, enhanced: None, text: "busy".into() });
        let early = Timestamp::UNIX_EPOCH;
        let (outcome, due) = POLICY.judge(deferred.clone(), &job(0), early);
        assert!(matches!(outcome, Outcome::Deferred(_)) && due > Some(early));
        let late = after(early, Duration::from_secs(7199));
        let (outcome, due) = POLICY.judge(deferred, &job(0), late);
        assert!(matches!(&outcome, Outcome::Rejected(reply) if reply.text.contains("expired") && reply.code == 451));
        assert_eq!(due, None);
    }
}

//! When a deferred message is tried again, and when it is given up (RFC 5321 section 4.5.4.1).

use std::time::Duration;

use jiff::Timestamp;

use super::Judge;
use super::queue::Job;
use crate::domain::Reason;
use crate::domain::outcome::{Outcome, Reply, Stage};

/// Growing pauses, within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Before the first retry; each further pause is twice as long.
    pub pause: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// So many retries; then a deferred message is rejected.
    pub times: u32,
    /// Counted from the first attempt; then a deferred message is rejected.
    pub give_up: Duration,
    /// How long a run waits, once nothing else is left, before it ends.
    pub wait: Duration,
}

/// What is to be noted of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// Why it was not accepted.
    pub(super) refusal: Option<Reason>,
    /// When a deferred message is tried again.
    pub(super) due: Option<Timestamp>,
}

impl RetryPolicy {
    /// What to note of an outcome at `stage`, after one more attempt at `job`. `drawn` is from 0 up to 1.
    pub(super) fn judge(
        &self,
        judge: &Judge,
        outcome: Outcome,
        stage: Stage,
        job: &Job,
        now: Timestamp,
        drawn: f64,
    ) -> Verdict {
        let refusal = match &outcome {
            Outcome::Accepted(_) => None,
            Outcome::Unknown(_) => Some(Reason::Network),
            Outcome::Deferred(reply) | Outcome::Rejected(reply) => Some(judge(reply, stage)),
        };
        let Outcome::Deferred(reply) = outcome else { return Verdict { outcome, refusal, due: None } };
        let due = after(now, self.pause_before(job, drawn));
        let last = after(job.first_attempt.unwrap_or(now), self.give_up);
        let too_long = (due > last).then(|| format!("not accepted within {}", spoken(self.give_up)));
        let too_often = (job.attempts >= self.times).then(|| format!("not accepted in {} attempts", job.attempts + 1));
        match too_long.or(too_often) {
            Some(why) => {
                let text = format!("expired: {why}: {}", reply.text);
                let outcome = Outcome::Rejected(Reply { text, ..reply });
                Verdict { outcome, refusal: Some(Reason::Expired), due: None }
            }
            None => Verdict { outcome: Outcome::Deferred(reply), refusal, due: Some(due) },
        }
    }

    /// No retry is put off for longer.
    pub(super) fn longest_pause(&self) -> Duration {
        self.longest.mul_f64(1.25)
    }

    /// Doubles with each attempt, and is up to a quarter longer or shorter, so that retries don't come in
    /// a heap.
    fn pause_before(&self, job: &Job, drawn: f64) -> Duration {
        let doubled = self.pause.saturating_mul(1 << job.attempts.min(20)).min(self.longest);
        doubled.mul_f64(0.75 + 0.5 * drawn)
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
    use std::sync::Arc;

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
        times: 30,
        give_up: Duration::from_hours(2),
        wait: Duration::from_mins(2),
    };

    /// Enough of a judge for these tests.
    fn by_code() -> Judge {
        Arc::new(|reply, _| match reply.code {
            552 => Reason::MailboxFull,
            554 => Reason::Policy,
            550 => Reason::UserUnknown,
            _ => Reason::Unknown,
        })
    }

    fn busy() -> Outcome {
        Outcome::Deferred(Reply { code: 451, enhanced: None, text: "busy".into() })
    }

    #[test]
    fn pauses_grow_and_stay_within_their_bounds_whatever_is_drawn() {
        for attempts in 0..40 {
            let plain = (10.0 * 2_f64.powi(i32::try_from(attempts).unwrap())).min(3600.0);
            for drawn in [0.0, 0.3, 0.5, 0.999_999] {
                let pause = POLICY.pause_before(&job(attempts), drawn).as_secs_f64();
                assert!((pause - plain * (0.75 + 0.5 * drawn)).abs() < 1e-6, "{attempts} {drawn}: {pause}");
                assert!(Duration::from_secs_f64(pause) <= POLICY.longest_pause());
            }
        }
    }

    #[test]
    fn a_message_that_would_be_due_too_late_is_rejected_as_expired() {
        let early = Timestamp::UNIX_EPOCH;
        let verdict = POLICY.judge(&by_code(), busy(), Stage::Rcpt, &job(0), early, 0.5);
        assert_eq!((verdict.outcome, verdict.due), (busy(), Some(after(early, Duration::from_secs(10)))));
        let late = after(early, Duration::from_secs(7199));
        let verdict = POLICY.judge(&by_code(), busy(), Stage::Rcpt, &job(0), late, 0.5);
        assert!(
            matches!(&verdict.outcome, Outcome::Rejected(reply) if reply.text.contains("expired") && reply.code == 451)
        );
        assert_eq!((verdict.due, verdict.refusal), (None, Some(Reason::Expired)));
    }

    #[test]
    fn a_message_that_was_tried_often_enough_is_rejected_as_expired() {
        let verdict =
            |attempts| POLICY.judge(&by_code(), busy(), Stage::Rcpt, &job(attempts), Timestamp::UNIX_EPOCH, 0.5);
        assert!(matches!(verdict(29).outcome, Outcome::Deferred(_)));
        let expired = verdict(30);
        assert_eq!(expired.outcome.reply().text, "expired: not accepted in 31 attempts: busy");
        assert_eq!(expired.refusal, Some(Reason::Expired));
    }

    #[test]
    fn a_full_mailbox_and_a_policy_are_not_tried_again_and_not_taken_for_an_unknown_reader() {
        for (code, enhanced, refusal) in
            [(552, "5.2.2", Reason::MailboxFull), (554, "5.7.1", Reason::Policy), (550, "5.1.1", Reason::UserUnknown)]
        {
            let outcome = Outcome::Rejected(Reply { code, enhanced: Some(enhanced.into()), text: String::new() });
            let verdict = POLICY.judge(&by_code(), outcome.clone(), Stage::Rcpt, &job(0), Timestamp::UNIX_EPOCH, 0.5);
            assert_eq!(verdict, Verdict { outcome, refusal: Some(refusal), due: None });
        }
    }
}

//! What follows for one reader from all that came back about them: their bounces and the policy in, a verdict
//! or a count out.
//!
//! It depends on what was told and when, and neither on the order in which it was read nor on how often; and a
//! bounce more never takes a verdict back. So the same mails end in the same suppressions, however they come in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Bounce, Cause, Proof, Told};
use crate::domain::bounce_policy::{BouncePolicy, Rule, Unsigned};
use crate::domain::{Kind, Reason};

/// Where a reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They are to be suppressed.
    Verdict(Verdict),
    /// Their mail came back, but not often enough for that.
    Counts(Count),
    /// Nothing counts against them.
    Clear,
}

/// That someone is to be suppressed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub cause: Cause,
    /// When that was told which decided it.
    pub at: Timestamp,
    pub reason: Reason,
    /// `user-unknown 5.1.1, issue 2026-03`.
    pub why: String,
}

/// How far someone is from being suppressed: `2 of 3 within 90 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Of the last bounce that counts.
    pub reason: Reason,
    pub times: u32,
    pub of: u32,
    pub days: u32,
}

/// Works out where a reader stands whose bounces are `bounces`, in any order; those before `since` are not counted.
#[must_use]
pub fn standing<'b>(
    policy: &BouncePolicy,
    bounces: impl IntoIterator<Item = &'b Bounce>,
    since: Option<Timestamp>,
) -> Standing {
    let counts = |bounce: &&Bounce| policy.counts(bounce) && since.is_none_or(|since| bounce.at > since);
    let mut bounces: Vec<&Bounce> = bounces.into_iter().filter(counts).collect();
    bounces.sort_by_key(|bounce| (bounce.at, bounce.reason, bounce.issue.clone(), message(bounce)));
    if let Some(complaint) = bounces.iter().find(|bounce| bounce.kind == Kind::Complaint) {
        return Standing::Verdict(verdict(Cause::Complained, complaint, String::new()));
    }
    // Reasons with the same numbers count together: a server that is going away says now this, now that.
    let mut heaps: BTreeMap<(u32, u32), Vec<&Bounce>> = BTreeMap::new();
    let mut last = None;
    for bounce in bounces {
        match policy.rule(bounce.kind, bounce.reason) {
            Rule::Suppress => return Standing::Verdict(verdict(Cause::Bounced, bounce, String::new())),
            Rule::After { times, days } => {
                let heap = heaps.entry((times, days)).or_default();
                heap.push(bounce);
                let back: BTreeSet<String> = within(heap, bounce.at, days).map(message).collect();
                let count = u32::try_from(back.len()).unwrap_or(u32::MAX);
                if count >= times {
                    let back = back.into_iter().collect::<Vec<_>>().join(", ");
                    let often =
                        if times > 1 { format!(", {times} issues within {days} days: {back}") } else { String::new() };
                    return Standing::Verdict(verdict(Cause::Bounced, bounce, often));
                }
                last = Some(Count { reason: bounce.reason, times: count, of: times, days });
            }
            Rule::Alert | Rule::Ignore => {}
        }
    }
    last.map_or(Standing::Clear, Standing::Counts)
}

impl BouncePolicy {
    /// Whether a report is of account at all: it is believed, and its mail is lost. Of a mail that is only
    /// delayed nobody knows yet.
    fn counts(&self, bounce: &Bounce) -> bool {
        let believed = match bounce.proof {
            Proof::Recipient => self.unsigned == Unsigned::Act,
            proof => proof.is_signed(),
        };
        believed && bounce.action.as_deref() != Some("delayed")
    }
}

fn within<'b>(heap: &[&'b Bounce], at: Timestamp, days: u32) -> impl Iterator<Item = &'b Bounce> {
    let window = SignedDuration::from_hours(24 * i64::from(days));
    heap.iter().copied().filter(move |bounce| at.duration_since(bounce.at) <= window)
}

/// What stands for the message that came back: reports about one are counted once.
fn message(bounce: &Bounce) -> String {
    match (&bounce.issue, &bounce.source) {
        (Some(issue), _) => issue.to_string(),
        (None, Told::Mail { digest, .. }) => format!("mail {digest}"),
        (None, Told::Session(event)) => format!("delivery {event}"),
    }
}

fn verdict(cause: Cause, bounce: &Bounce, often: String) -> Verdict {
    let status = bounce.status.as_ref().map_or(String::new(), |status| format!(" {status}"));
    let about = match &bounce.issue {
        Some(issue) if often.is_empty() => format!(", issue {issue}"),
        _ => often,
    };
    Verdict { cause, at: bounce.at, reason: bounce.reason, why: format!("{}{status}{about}", bounce.reason) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Digest;

    fn bounce(day: i64, issue: &str, kind: Kind, reason: Reason) -> Bounce {
        let at = Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap();
        Bounce {
            source: Told::Mail { digest: Digest::of(format!("{day} {issue} {reason}")), name: "mail".into() },
            reader: None,
            identity: None,
            issue: Some(issue.parse().unwrap()),
            at,
            read_at: at,
            kind,
            reason,
            status: None,
            diagnostic: None,
            action: Some("failed".into()),
            mta: None,
            recipient: None,
            proof: Proof::ReturnPath,
        }
    }

    fn soft(day: i64, issue: &str, reason: Reason) -> Bounce {
        bounce(day, issue, Kind::Soft, reason)
    }

    fn stands(bounces: &[Bounce]) -> Standing {
        standing(&BouncePolicy::default(), bounces, None)
    }

    fn why(bounces: &[Bounce]) -> String {
        match stands(bounces) {
            Standing::Verdict(verdict) => format!("{}: {}", verdict.cause, verdict.why),
            Standing::Counts(count) => format!("{} of {} within {} days", count.times, count.of, count.days),
            Standing::Clear => "clear".into(),
        }
    }

    #[test]
    fn one_hard_bounce_is_enough_and_a_complaint_outweighs_it() {
        let hard = bounce(1, "2026-01", Kind::Hard, Reason::UserUnknown);
        assert_eq!(why(std::slice::from_ref(&hard)), "bounced: user-unknown, issue 2026-01");
        let complaint = bounce(9, "2026-02", Kind::Complaint, Reason::Abuse);
        assert_eq!(why(&[hard, complaint]), "complained: abuse, issue 2026-02");
    }

    #[test]
    fn a_full_mailbox_counts_by_issue_and_within_its_days() {
        let full = |day, issue| soft(day, issue, Reason::MailboxFull);
        assert_eq!(why(&[full(0, "1"), full(3, "1"), full(30, "2")]), "2 of 3 within 90 days");
        let third = [full(0, "1"), full(30, "2"), full(90, "3")];
        assert_eq!(why(&third), "bounced: mailbox-full, 3 issues within 90 days: 1, 2, 3");
        assert_eq!(why(&[full(0, "1"), full(30, "2"), full(91, "3")]), "2 of 3 within 90 days");
        assert_eq!(why(&[full(0, "1"), soft(30, "2", Reason::Suspended), full(60, "3")])[..7], *"bounced");
        assert_eq!(why(&[full(0, "1"), soft(30, "2", Reason::Network), full(60, "3")]), "2 of 3 within 90 days");
    }

    #[test]
    fn our_own_faults_delays_and_what_nobody_signed_count_against_no_reader() {
        let many = |reason| (0..9).map(|n| soft(n, &format!("{n}"), reason)).collect::<Vec<_>>();
        for reason in Reason::all().filter(|reason| reason.is_about_us()) {
            assert_eq!(why(&many(reason)), "clear", "{reason}");
        }
        let hard = bounce(1, "1", Kind::Hard, Reason::UserUnknown);
        for proof in [Proof::Recipient, Proof::Nothing] {
            assert_eq!(why(&[Bounce { proof, ..hard.clone() }]), "clear");
        }
        let delayed = many(Reason::Network).into_iter().map(|one| Bounce { action: Some("delayed".into()), ..one });
        assert_eq!(why(&delayed.collect::<Vec<_>>()), "clear");
        let act = BouncePolicy { unsigned: Unsigned::Act, ..BouncePolicy::default() };
        let named = Bounce { proof: Proof::Recipient, ..hard.clone() };
        assert!(matches!(standing(&act, [&named], None), Standing::Verdict(_)));
        let nobody = Bounce { proof: Proof::Nothing, ..hard };
        assert_eq!(standing(&act, [&nobody], None), Standing::Clear);
    }

    #[test]
    fn what_came_back_before_a_person_restored_them_counts_no_more() {
        let hard = bounce(1, "1", Kind::Hard, Reason::UserUnknown);
        let later = |days: i64| Some(hard.at + SignedDuration::from_hours(24 * days));
        let policy = BouncePolicy::default();
        assert_eq!(standing(&policy, [&hard], later(1)), Standing::Clear);
        assert!(matches!(standing(&policy, [&hard], later(-1)), Standing::Verdict(_)));
    }

    fn any_bounce() -> impl Strategy<Value = Bounce> {
        let kinds = prop::sample::select(vec![
            (Kind::Soft, Reason::MailboxFull),
            (Kind::Soft, Reason::Suspended),
            (Kind::Soft, Reason::Network),
            (Kind::Soft, Reason::Blocked),
            (Kind::Hard, Reason::UserUnknown),
            (Kind::Complaint, Reason::Abuse),
        ]);
        (0..400_i64, 0..9_u8, kinds)
            .prop_map(|(day, issue, (kind, reason))| bounce(day, &issue.to_string(), kind, reason))
    }

    proptest! {
        #[test]
        fn order_and_repetition_are_of_no_account(
            (bounces, shuffled) in prop::collection::vec(any_bounce(), 0..12)
                .prop_flat_map(|all| (Just(all.clone()), Just([all.clone(), all].concat()).prop_shuffle())),
        ) {
            prop_assert_eq!(stands(&bounces), stands(&shuffled));
        }

        #[test]
        fn a_bounce_more_takes_no_verdict_back(bounces in prop::collection::vec(any_bounce(), 1..12)) {
            let cause = |bounces: &[Bounce]| match stands(bounces) {
                Standing::Verdict(verdict) => Some(verdict.cause),
                _ => None,
            };
            for count in 1..bounces.len() {
                prop_assert!(cause(&bounces[..count]) <= cause(&bounces[..=count]));
            }
        }
    }
}

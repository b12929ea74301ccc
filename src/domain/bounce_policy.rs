//! What follows from mail that came back: a rule for each reason, and what a report is worth that nobody signed.

use std::collections::BTreeMap;

use super::reason::{Kind, Reason};

/// What follows from a bounce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The reader is suppressed at once.
    Suppress,
    /// The reader is suppressed after this many issues came back within so many days.
    After { times: u32, days: u32 },
    /// It is the sender's fault: the coordinator is told, and it never counts against the reader.
    Alert,
    /// It is noted, and nothing follows.
    Ignore,
}

/// What a report is worth that bears no token of ours: anyone could have written it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unsigned {
    /// It is noted and told, and suppresses nobody.
    #[default]
    Log,
    /// It counts like any other, for the reader of the list whose address it names.
    Act,
}

/// What follows from each reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BouncePolicy {
    /// Rules that differ from the defaults.
    pub rules: BTreeMap<Reason, Rule>,
    pub unsigned: Unsigned,
}

impl BouncePolicy {
    /// For a mailbox that is there and takes nothing now: a quarter of a year of a monthly issue.
    pub const MAILBOX: Rule = Rule::After { times: 3, days: 90 };
    /// For whatever else is on the reader's side, which is seldom theirs to mend.
    pub const ELSE: Rule = Rule::After { times: 5, days: 180 };

    /// What follows from a report of this kind, for this reason.
    #[must_use]
    pub fn rule(&self, kind: Kind, reason: Reason) -> Rule {
        match kind {
            // A complaint is the reader's own word.
            Kind::Complaint => Rule::Suppress,
            Kind::AutoReply | Kind::Delivered | Kind::Unknown => Rule::Ignore,
            // The server did not mean it for good: `no such user` with a 4xx.
            Kind::Soft if reason.kind() == Kind::Hard => self.of(Reason::Unknown),
            Kind::Hard | Kind::Soft => self.of(reason),
        }
    }

    fn of(&self, reason: Reason) -> Rule {
        self.rules.get(&reason).copied().unwrap_or_else(|| Self::default_of(reason))
    }

    /// What follows where the newsletter says nothing.
    #[must_use]
    pub fn default_of(reason: Reason) -> Rule {
        match reason {
            _ if reason.is_about_us() => Rule::Alert,
            Reason::MailboxFull | Reason::Suspended | Reason::Filtered => Self::MAILBOX,
            _ => match reason.kind() {
                Kind::Hard | Kind::Complaint => Rule::Suppress,
                Kind::Soft => Self::ELSE,
                Kind::AutoReply | Kind::Delivered | Kind::Unknown => Rule::Ignore,
            },
        }
    }
}

impl Default for BouncePolicy {
    fn default() -> Self {
        Self { rules: BTreeMap::new(), unsigned: Unsigned::Log }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_the_dead_go_at_once_the_full_after_a_while_and_our_own_faults_never() {
        let policy = BouncePolicy::default();
        for (kind, reason, rule) in [
            (Kind::Hard, Reason::UserUnknown, Rule::Suppress),
            (Kind::Soft, Reason::UserUnknown, BouncePolicy::ELSE),
            (Kind::Soft, Reason::MailboxFull, BouncePolicy::MAILBOX),
            (Kind::Soft, Reason::Network, BouncePolicy::ELSE),
            (Kind::Soft, Reason::Blocked, Rule::Alert),
            (Kind::Soft, Reason::RateLimited, Rule::Alert),
            (Kind::Complaint, Reason::Abuse, Rule::Suppress),
            (Kind::AutoReply, Reason::Vacation, Rule::Ignore),
            (Kind::Delivered, Reason::Delivered, Rule::Ignore),
            (Kind::Unknown, Reason::Unknown, Rule::Ignore),
        ] {
            assert_eq!(policy.rule(kind, reason), rule, "{kind} {reason}");
        }
    }

    #[test]
    fn no_rule_takes_a_complaint_back() {
        let rules = BTreeMap::from([(Reason::Abuse, Rule::Ignore), (Reason::UserUnknown, BouncePolicy::MAILBOX)]);
        let policy = BouncePolicy { rules, ..BouncePolicy::default() };
        assert_eq!(policy.rule(Kind::Complaint, Reason::Abuse), Rule::Suppress);
        assert_eq!(policy.rule(Kind::Hard, Reason::UserUnknown), BouncePolicy::MAILBOX);
    }
}

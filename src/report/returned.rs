//! What came back and who left: bounces and suppressions in, counts by kind, reason and cause out.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::IssueNumbers;
use super::share;
use crate::domain::{IssueId, Kind};
use crate::ledger::Account;
use crate::readers::{Cause, Change, Event, Returned, Told};

/// Messages that came back; several reports about one are one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Returns {
    pub messages: u64,
    /// Of those whom a relay took or refused.
    pub share: Option<f64>,
    /// Reports without a token, which anyone could have written: not counted.
    pub unsigned: u64,
    pub kinds: Kinds,
    /// The relay said it when it was handed over: those stand as rejected in the account.
    pub at_once: u64,
    /// A mail told it, afterwards.
    pub by_mail: u64,
    /// The most frequent first.
    pub reasons: Vec<Came>,
}

/// What a message that came back means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Kinds {
    pub hard: u64,
    pub soft: u64,
    pub complaint: u64,
    pub other: u64,
}

/// Messages that came back for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Came {
    pub kind: String,
    pub reason: String,
    /// The enhanced status code (RFC 3463).
    pub status: Option<String>,
    pub at_once: u64,
    pub by_mail: u64,
}

/// People who are not sent to any more since.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    /// They asked to leave, from when this issue began to when the next did.
    pub unsubscribed: u64,
    /// They reported mail as spam in that time.
    pub complained: u64,
    /// Of that time: when the next issue began; null for until now.
    pub until: Option<Timestamp>,
    /// The policy suppressed them for mail of this issue that came back.
    pub bounced: u64,
}

pub(super) fn returns(own: &Returned<'_>, account: &Account) -> Returns {
    let mut kinds = Kinds::default();
    let mut reasons: BTreeMap<(Kind, String, Option<String>), (u64, u64)> = BTreeMap::new();
    for bounce in &own.messages {
        *match bounce.kind {
            Kind::Hard => &mut kinds.hard,
            Kind::Soft => &mut kinds.soft,
            Kind::Complaint => &mut kinds.complaint,
            Kind::AutoReply | Kind::Delivered | Kind::Unknown => &mut kinds.other,
        } += 1;
        let status = bounce.status.clone().filter(|status| is_status(status));
        let (at_once, by_mail) = reasons.entry((bounce.kind, bounce.reason.to_string(), status)).or_default();
        *match bounce.source {
            Told::Session(_) => at_once,
            Told::Mail { .. } => by_mail,
        } += 1;
    }
    let reason = |((kind, reason, status), (at_once, by_mail)): ((Kind, _, _), _)| Came {
        kind: kind.to_string(),
        reason,
        status,
        at_once,
        by_mail,
    };
    let mut reasons: Vec<_> = reasons.into_iter().map(reason).collect();
    reasons.sort_by_key(|one| std::cmp::Reverse(one.at_once + one.by_mail));
    let messages = own.messages.len() as u64;
    Returns {
        messages,
        share: share(messages, account.accepted + account.rejected),
        unsigned: own.unsigned,
        kinds,
        at_once: reasons.iter().map(|one| one.at_once).sum(),
        by_mail: reasons.iter().map(|one| one.by_mail).sum(),
        reasons,
    }
}

/// `5.1.1`: a report may say anything there.
fn is_status(text: &str) -> bool {
    text.len() <= 9 && text.split('.').count() == 3 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

pub(super) fn left(issue: &IssueId, numbers: Option<&IssueNumbers>, suppressions: &[Event]) -> Left {
    let (from, until) = numbers.map_or((None, None), |numbers| (Some(numbers.planned_at), numbers.until));
    let within =
        |event: &&Event| from.is_some_and(|from| event.at >= from) && until.is_none_or(|until| event.at < until);
    let people = |events: &mut dyn Iterator<Item = &Event>| {
        events.map(|event| event.reader).collect::<HashSet<_>>().len() as u64
    };
    let caused = |event: &&Event, cause| event.change == Change::Suppressed(cause);
    let of_cause = |cause| people(&mut suppressions.iter().filter(within).filter(|event| caused(event, cause)));
    let bounced = &mut suppressions
        .iter()
        .filter(|event| caused(event, Cause::Bounced) && event.note.as_deref().is_some_and(|note| is_for(note, issue)));
    Left {
        unsubscribed: of_cause(Cause::Unsubscribed),
        complained: of_cause(Cause::Complained),
        until,
        bounced: people(bounced),
    }
}

/// Whether the policy decided over mail of `issue`: it is named alone, or as the last of several.
fn is_for(note: &str, issue: &IssueId) -> bool {
    let last = note.rsplit([',', ':']).next().unwrap_or_default().trim();
    last.strip_prefix("issue ").unwrap_or(last) == issue.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suppression_is_its_issues_where_that_is_named_alone_or_last() {
        let issue: IssueId = "2026-03".parse().unwrap();
        assert!(is_for("user-unknown 5.1.1, issue 2026-03", &issue));
        assert!(is_for("mailbox-full 5.2.2, 3 issues within 90 days: 2026-01, 2026-02, 2026-03", &issue));
        assert!(!is_for("mailbox-full 5.2.2, 2 issues within 90 days: 2026-03, 2026-04", &issue));
        assert!(!is_for("user-unknown 5.1.1, issue 2026-030", &issue));
        assert!(!is_for("", &issue));
    }

    #[test]
    fn only_a_status_is_told_as_one() {
        for (text, is) in [("5.1.1", true), ("4.7.25", true), ("5.1", false), ("a.b.c", false), ("5.1.1111111", false)]
        {
            assert_eq!(is_status(text), is, "{text}");
        }
    }
}

//! This issue beside former ones.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{seconds_between, share};
use crate::domain::Kind;
use crate::ledger::{Course, Summary};
use crate::readers::{Bounce, Cause, Change, Event};

/// How many former issues are compared.
const FORMER: usize = 12;

/// One issue in a few numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IssueNumbers {
    pub issue: String,
    pub planned_at: Timestamp,
    pub planned: u64,
    pub skipped: u64,
    pub accepted: u64,
    /// Of the planned who were not skipped.
    pub accepted_share: Option<f64>,
    /// Messages that came back, complaints aside.
    pub bounced: u64,
    /// Of those whom a relay took or refused.
    pub bounced_share: Option<f64>,
    /// Who asked to leave or complained, up to the next issue.
    pub left: u64,
    /// From the first attempt to the last outcome.
    pub seconds: Option<f64>,
    /// When the next issue began.
    #[serde(skip)]
    pub(super) until: Option<Timestamp>,
}

/// The plans to be compared, the one that the report is about last; whichever was made after it follows for its time
/// alone, and is cut off again in [`numbers`].
pub(super) fn chosen(mut all: Vec<Course>, own: &Course) -> Vec<Course> {
    let Some(place) = all.iter().position(|course| course.plan == own.plan) else { return vec![own.clone()] };
    all.truncate(place + 2);
    all.drain(..place.saturating_sub(FORMER));
    all
}

pub(super) fn numbers(
    courses: &[Course],
    own: &Course,
    summaries: &[Summary],
    reports: &[Bounce],
    suppressions: &[Event],
) -> Vec<IssueNumbers> {
    let mut returned: HashMap<&str, Vec<&Bounce>> = HashMap::new();
    for bounce in reports {
        if let Some(issue) = &bounce.issue {
            returned.entry(issue.as_str()).or_default().push(bounce);
        }
    }
    let wanted = courses.iter().take_while(|course| course.plan <= own.plan).count();
    let numbers = courses.iter().zip(summaries).take(wanted).enumerate().map(|(place, (course, summary))| {
        let until = courses.get(place + 1).map(|next| next.planned_at);
        let own = returned.get(course.issue.as_str()).into_iter().flatten().copied();
        let own = crate::readers::returned(own);
        let bounced = own.messages.iter().filter(|bounce| matches!(bounce.kind, Kind::Hard | Kind::Soft));
        let bounced = bounced.count() as u64;
        let left = suppressions.iter().filter(|event| {
            let leaves = matches!(event.change, Change::Suppressed(Cause::Unsubscribed | Cause::Complained));
            leaves && event.at >= course.planned_at && until.is_none_or(|until| event.at < until)
        });
        let left: HashSet<_> = left.map(|event| event.reader).collect();
        let account = &summary.account;
        IssueNumbers {
            issue: course.issue.clone(),
            planned_at: course.planned_at,
            planned: account.planned,
            skipped: account.skipped,
            accepted: account.accepted,
            accepted_share: share(account.accepted, account.planned - account.skipped),
            bounced,
            bounced_share: share(bounced, account.accepted + account.rejected),
            left: left.len() as u64,
            seconds: summary.first_attempt.zip(summary.last_outcome).map(|(from, to)| seconds_between(from, to)),
            until,
        }
    });
    numbers.collect()
}

//! Mail that came back in numbers: bounces and the ledger in; counts and rates by kind, reason, receiving
//! domain and issue out. No address comes out, and no domain of fewer than three people.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use serde::Serialize;

use crate::domain::{IssueId, provider};
use crate::ledger::each_sent;
use crate::pipeline::{Newsletter, PipelineError};
use crate::readers::{Bounce, Returned, returned};
use crate::state::{StateError, open_to_read};

/// A domain is named from so many people on.
const NAMED_FROM: usize = 3;

/// How much came back of what was sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BounceReport {
    /// None for all issues.
    pub issue: Option<IssueId>,
    /// Messages that a relay took or refused.
    pub sent: u64,
    /// Messages that came back; several reports about one are one.
    pub messages: u64,
    /// Reports without a token, which are not counted.
    pub unsigned: u64,
    pub kinds: Vec<Share>,
    pub reasons: Vec<Share>,
    /// A provider's domains together; without a name, all that have fewer than three people.
    pub domains: Vec<Share>,
    pub issues: Vec<Share>,
}

/// A part of what came back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    pub name: Option<String>,
    pub messages: u64,
    /// What it is a part of.
    pub sent: u64,
    /// From 0 to 1; none where nothing was sent that is on record.
    pub rate: Option<f64>,
}

/// Every bounce on record, in the order in which they were told.
///
/// # Errors
/// The database can't be read.
pub fn bounces_on_record(newsletter: &Newsletter) -> Result<Vec<Bounce>, PipelineError> {
    let path = newsletter.database();
    let Some(connection) = open_to_read(&path)? else { return Ok(Vec::new()) };
    Ok(Bounce::all(&connection).map_err(|error| StateError::Database(path, error))?)
}

/// Counts what came back of `issue`, or of all.
///
/// # Errors
/// The database can't be read.
pub fn bounce_report(newsletter: &Newsletter, issue: Option<&IssueId>) -> Result<BounceReport, PipelineError> {
    let mut sent = Sent::default();
    let path = newsletter.database();
    if let Some(connection) = open_to_read(&path)? {
        let add = |of: &str, identity: &str| {
            if issue.is_none_or(|issue| issue.as_str() == of) {
                sent.add(of, identity);
            }
        };
        each_sent(&connection, add).map_err(|error| StateError::Database(path, error))?;
    }
    let bounces = bounces_on_record(newsletter)?;
    let wanted = bounces.iter().filter(|bounce| issue.is_none_or(|issue| bounce.issue.as_ref() == Some(issue)));
    Ok(count(issue.cloned(), wanted, &sent))
}

/// What was sent, by what it is compared with.
#[derive(Default)]
struct Sent {
    all: u64,
    issues: BTreeMap<String, u64>,
    domains: HashMap<String, u64>,
    people: HashMap<String, HashSet<String>>,
}

impl Sent {
    fn add(&mut self, issue: &str, identity: &str) {
        self.all += 1;
        *self.issues.entry(issue.to_owned()).or_default() += 1;
        let domain = domain(identity);
        *self.domains.entry(domain.clone()).or_default() += 1;
        self.people.entry(domain).or_default().insert(identity.to_owned());
    }
}

fn domain(identity: &str) -> String {
    provider::counted_as(identity.rsplit('@').next().unwrap_or_default()).to_owned()
}

fn count<'b>(issue: Option<IssueId>, bounces: impl Iterator<Item = &'b Bounce>, sent: &Sent) -> BounceReport {
    let Returned { messages, unsigned } = returned(bounces);
    let tally = |name: &dyn Fn(&Bounce) -> Option<String>| tally(messages.iter().map(|bounce| name(bounce)));
    let of_all = |parts: Vec<(Option<String>, u64)>| {
        parts.into_iter().map(|(name, messages)| share(name, messages, sent.all)).collect::<Vec<_>>()
    };
    let is_named = |domain: &String| sent.people.get(domain).is_some_and(|people| people.len() >= NAMED_FROM);
    let domain_of = |bounce: &Bounce| bounce.identity.as_deref().map(domain).filter(is_named);
    let other_sent = sent.domains.iter().filter(|(domain, _)| !is_named(domain)).map(|(_, count)| count).sum();
    let domains = tally(&domain_of).into_iter().map(|(name, messages)| {
        let of = name.as_ref().map_or(other_sent, |name| sent.domains.get(name).copied().unwrap_or_default());
        share(name, messages, of)
    });
    let mut issues: Vec<_> = tally(&|bounce| bounce.issue.as_ref().map(ToString::to_string));
    issues.sort();
    let issues = issues.into_iter().map(|(name, messages)| {
        let of = name.as_ref().and_then(|name| sent.issues.get(name)).copied().unwrap_or_default();
        share(name, messages, of)
    });
    BounceReport {
        issue,
        sent: sent.all,
        messages: messages.len() as u64,
        unsigned,
        kinds: of_all(tally(&|bounce| Some(bounce.kind.to_string()))),
        reasons: of_all(tally(&|bounce| Some(bounce.reason.to_string()))),
        domains: domains.collect(),
        issues: issues.collect(),
    }
}

fn share(name: Option<String>, messages: u64, sent: u64) -> Share {
    let rate = (sent > 0).then(|| messages as f64 / sent as f64);
    Share { name, messages, sent, rate }
}

/// The most frequent first; what has no name last.
fn tally<T: Ord + Hash>(names: impl Iterator<Item = Option<T>>) -> Vec<(Option<T>, u64)> {
    let mut counts: HashMap<Option<T>, u64> = HashMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut parts: Vec<_> = counts.into_iter().collect();
    parts.sort_by(|(left, left_count), (right, right_count)| {
        (left.is_none(), std::cmp::Reverse(left_count), left).cmp(&(
            right.is_none(),
            std::cmp::Reverse(right_count),
            right,
        ))
    });
    parts
}

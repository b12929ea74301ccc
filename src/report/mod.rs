//! The account of a send, told afterwards: an issue's plan, people, outcomes, pace and bounces in; one [`Report`]
//! out, and in [`page`] and [`table`] a page with charts and a table of it.
//!
//! Nothing in it identifies a person: domains of fewer than five people stand together, reasons are words and codes
//! without what a server or a person wrote behind them, and lists of people are counts. Nor does it know who opened
//! what, since nobody is tracked. Made of the same database it is the same to the byte: it asks no clock.
//!
//! [`Report`] as JSON is what `report --json` prints. Times are RFC 3339 in UTC, lengths of time seconds, shares
//! from 0 to 1; a name that is null stands for all others together. `account`, `reasons`, `domains` and `editions`
//! each add up to `account.planned`.

mod axis;
mod comparison;
mod figures;
mod html;
mod pace;
mod returned;
mod table;
mod tally;
mod timeline;
mod words;

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::Serialize;

use crate::domain::IssueId;
use crate::ledger::{self, Account, Course};
use crate::readers::{Bounce, Register};
use crate::state::{StateError, open_to_read};

pub use comparison::IssueNumbers;
pub use html::page;
pub use pace::{Pace, Pauses, Slowdown};
pub use returned::{Came, Kinds, Left, Returns};
pub use table::table;
pub use tally::{EditionGroup, Group, Numbers, Reason};
pub use timeline::{Bin, LeftOut, Timeline};
pub use words::headline;

/// A domain is named from so many people on.
const NAMED_FROM: u64 = 5;

/// No report can be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error("{0} was never sent from this folder")]
    NeverSent(IssueId),
    #[error("{0} was never rehearsed in this folder")]
    NeverRehearsed(IssueId),
    #[error("the report can't be drawn: {0}")]
    Drawing(String),
}

impl ReportError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::State(error) => error.help().to_owned(),
            Self::NeverSent(issue) => {
                format!("send it with `bulletin send {issue}`; `--rehearsal` tells of its last rehearsal")
            }
            Self::NeverRehearsed(issue) => format!("rehearse it with `bulletin rehearse {issue}`"),
            Self::Drawing(_) => "this is a fault of the program; --json and --csv tell the same numbers".into(),
        }
    }
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sent {
    /// To the readers.
    Issue,
    /// To the built-in catcher.
    Rehearsal,
}

/// How far domains are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domains {
    /// Those of few people stand together.
    Grouped,
    /// Each by its name, which may name a person.
    All,
}

/// What a report is about.
pub struct Subject<'a> {
    pub database: &'a Path,
    pub newsletter: String,
    pub issue: &'a IssueId,
    pub sent: Sent,
    pub domains: Domains,
    /// In which the page tells times.
    pub zone: TimeZone,
    /// Whether an issue is being sent just now.
    pub is_alive: &'a dyn Fn(&str) -> bool,
}

/// An issue's send in numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub newsletter: String,
    pub issue: IssueId,
    pub sent: Sent,
    /// Whether it is being sent just now.
    pub sending: bool,
    /// The last thing that is on record about it.
    pub as_of: Timestamp,
    /// `smtp://host:port`
    pub relay: String,
    pub account: Account,
    pub reasons: Vec<Reason>,
    pub run: RunNumbers,
    pub pace: Pace,
    pub timeline: Timeline,
    pub domains: Vec<Group>,
    pub editions: Vec<EditionGroup>,
    pub bounces: Returns,
    pub left: Left,
    /// Up to twelve former issues, and this one last.
    pub issues: Vec<IssueNumbers>,
    #[serde(skip)]
    zone: TimeZone,
}

/// How long it took, and how fast it was.
#[derive(Debug, Clone, Serialize)]
pub struct RunNumbers {
    pub first_attempt: Option<Timestamp>,
    pub last_outcome: Option<Timestamp>,
    /// From the first attempt to the last outcome.
    pub seconds: Option<f64>,
    /// The same without the time that `timeline` leaves out.
    pub active_seconds: Option<f64>,
    pub attempts: u64,
    /// Accepted messages a minute, over the active time.
    pub accepted_per_minute: Option<f64>,
    pub busiest_minute: Option<Timestamp>,
    pub accepted_in_busiest_minute: u64,
    /// From someone's first attempt to when they were accepted.
    pub median_seconds: Option<f64>,
    /// Nineteen of twenty were accepted within this time.
    pub most_seconds: Option<f64>,
}

/// Makes the report.
///
/// # Errors
/// The issue was never sent, or the database can't be read.
pub fn report(subject: &Subject<'_>) -> Result<Report, ReportError> {
    let never = || match subject.sent {
        Sent::Issue => ReportError::NeverSent(subject.issue.clone()),
        Sent::Rehearsal => ReportError::NeverRehearsed(subject.issue.clone()),
    };
    let connection = open_to_read(subject.database)?.ok_or_else(never)?;
    let read = || {
        // All of it as of one moment, whatever is written meanwhile.
        let snapshot = connection.unchecked_transaction()?;
        let Some(course) = ledger::course_of(&snapshot, subject.issue)? else { return Ok(None) };
        read(&snapshot, &course, subject).map(Some)
    };
    let read: rusqlite::Result<Option<Report>> = read();
    read.map_err(|error| StateError::Database(subject.database.to_owned(), error))?.ok_or_else(never)
}

fn read(connection: &Connection, course: &Course, subject: &Subject<'_>) -> rusqlite::Result<Report> {
    let sending = (subject.is_alive)(subject.issue.as_str());
    let mut tally = tally::Tally::default();
    ledger::each_settled(connection, course, sending, |person| tally.add(&person))?;
    let mut outcomes = timeline::Outcomes::default();
    ledger::each_outcome(connection, course, |at, kind| outcomes.add(at, kind))?;
    let notes = ledger::pace_of(connection, course.plan)?;
    let bounces = Bounce::all(connection)?;
    let suppressions = Register::suppressions(connection)?;

    let own = crate::readers::returned(bounces.iter().filter(|bounce| bounce.issue.as_ref() == Some(subject.issue)));
    for bounce in own.messages.iter().filter_map(|bounce| bounce.identity.as_deref()) {
        // Whoever is not of the plan is not counted in it.
        if let Some(planned) = course.find(connection, bounce)? {
            tally.add_bounce(bounce, planned.edition);
        }
    }
    let (timeline, busiest) = outcomes.timeline(&notes, &subject.zone);
    let courses = comparison::chosen(ledger::courses(connection)?, course);
    let summaries = ledger::summaries(connection, &courses, subject.is_alive)?;
    let issues = comparison::numbers(&courses, course, &summaries, &bounces, &suppressions);
    let left = returned::left(subject.issue, issues.last(), &suppressions);

    let waits = tally.waits();
    let (first, last) = (tally.first_attempt, tally.last_outcome);
    let seconds = first.zip(last).map(|(first, last)| seconds_between(first, last));
    let active = seconds.map(|seconds| (seconds - timeline.left_out_seconds()).max(0.0));
    let told = own.messages.iter().map(|bounce| bounce.read_at).max();
    let as_of = [last, told, notes.last().map(|note| note.at), Some(course.planned_at)];
    let editions = course.editions(connection)?.into_iter().map(|(id, languages, items)| (id, (languages, items)));
    let editions: HashMap<_, _> = editions.collect();
    let is_named = |domain: &str| subject.domains == Domains::All || tally.people_of(domain) >= NAMED_FROM;
    Ok(Report {
        newsletter: subject.newsletter.clone(),
        issue: subject.issue.clone(),
        sent: subject.sent,
        sending,
        as_of: as_of.into_iter().flatten().max().unwrap_or(course.planned_at),
        relay: course.relay.clone(),
        account: tally.account.clone(),
        reasons: tally.reasons(),
        run: RunNumbers {
            first_attempt: first,
            last_outcome: last,
            seconds,
            active_seconds: active,
            attempts: tally.attempts,
            // Over less than a second it tells nothing.
            accepted_per_minute: active
                .filter(|seconds| *seconds >= 1.0)
                .map(|seconds| rounded(tally.account.accepted as f64 * 60.0 / seconds)),
            busiest_minute: busiest.map(|(at, _)| at),
            accepted_in_busiest_minute: busiest.map_or(0, |(_, count)| count),
            median_seconds: tally::quantile(&waits, 0.5),
            most_seconds: tally::quantile(&waits, 0.95),
        },
        pace: pace::pace(&notes, is_named),
        timeline,
        domains: tally.domains(is_named),
        editions: tally.editions(&editions),
        bounces: returned::returns(&own, &tally.account),
        left,
        issues,
        zone: subject.zone.clone(),
    })
}

fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    rounded(to.duration_since(from).as_secs_f64().max(0.0))
}

/// To the thousandth.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// A share; none of nothing.
fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| (part as f64 / of as f64 * 100_000.0).round() / 100_000.0)
}

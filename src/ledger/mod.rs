//! The account of every send: who was to get an issue, what was attempted, and what became of it.
//!
//! A plan freezes its people. An attempt is durable before the first byte of its message leaves, and
//! its outcome is written right after the reply; an attempt that a crash left without an outcome is
//! `unknown`, and only a person decides about it.

mod account;
mod course;
mod lock;
mod pace;
mod people;
mod plan;
mod reader;
mod refused;
mod sqlite;

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::Reason;
use crate::domain::outcome::{Outcome, Stage};
use crate::state::StateError;

pub use account::{Account, account_of};
pub use course::{
    Course, LastReply, Member, Settled, Summary, course_of, courses, each_outcome, each_settled, summaries,
};
pub use lock::{Lock, LockError};
pub use pace::{PaceKind, PaceNote, pace_of};
pub use people::{LastWord, PersonLine, each_person};
pub use plan::{Due, EditionId, NewPerson, Person, Plan, Planned, Standing};
pub use reader::{IssueLine, issues_of, planned_issues};
pub use refused::{Refused, each_sent, refused};
pub use sqlite::{SqliteLedger, UnknownDecision};

/// One recipient's number in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecipientId(pub i64);

/// What is noted of an attempt's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub outcome: Outcome,
    /// Why it was not accepted.
    pub refusal: Option<Reason>,
    /// What the outcome answered; none where nothing was said to a server.
    pub stage: Option<Stage>,
    /// The server, as it was connected to.
    pub remote: Option<Arc<str>>,
    pub at: Timestamp,
    /// When a deferred one is tried again.
    pub due: Option<Timestamp>,
}

/// A message that came to its end, and how.
pub type Ended = (RecipientId, Record);

/// What delivery tells the ledger, in this order, for each message. What is told holds its place from the call on:
/// later calls never reach the disk before it.
pub trait Ledger: Clone + Send + Sync + 'static {
    /// Notes what became of messages that had left, and that others are about to: all of it or nothing, so that
    /// one commit serves the end of a flight and the beginning of the next. Durable when this returns, which gives
    /// the outcomes back.
    fn note(
        &self,
        ended: Vec<Ended>,
        begun: Vec<RecipientId>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Vec<Ended>, StateError>> + Send;

    /// Notes that someone is not sent to after all, and why.
    fn withhold(&self, recipient: RecipientId, reason: String) -> impl Future<Output = Result<(), StateError>> + Send;

    /// Takes back that these were rejected: it was not about them, and they are tried again.
    fn put_off(
        &self,
        recipients: Vec<RecipientId>,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StateError>> + Send;
}

//! What there is to note of the pace: rates as they change, and pauses.

use jiff::Timestamp;
use tokio::time::Instant;

use super::Slowed;
use crate::domain::outcome::Reply;
use crate::ledger::{PaceKind, PaceNote};

/// A rate that is another one from now on, or a pause that begins.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::deliver) struct Change {
    pub(in crate::deliver) kind: PaceKind,
    /// The receiving domain; none for the whole run.
    pub(in crate::deliver) domain: Option<String>,
    /// Messages a second; none for no limit.
    pub(in crate::deliver) rate: Option<f64>,
    /// When a pause ends.
    pub(in crate::deliver) until: Option<Instant>,
    /// The codes of the reply that was the cause.
    pub(in crate::deliver) reply: Option<String>,
}

impl Change {
    pub(in crate::deliver) fn pause(kind: PaceKind, until: Instant) -> Self {
        Self { kind, domain: None, rate: None, until: Some(until), reply: None }
    }

    pub(super) fn rate(domain: Option<String>, rate: Option<f64>) -> Self {
        Self { kind: PaceKind::Faster, domain, rate, until: None, reply: None }
    }

    pub(super) fn slowed(slowed: &Slowed, reply: &Reply) -> Self {
        let Slowed { domain, rate } = slowed.clone();
        Self { kind: PaceKind::Slowed, reply: reply.codes(), ..Self::rate(domain, Some(rate)) }
    }

    /// As the ledger takes it down, at `wall` by the time of day and `now` by the monotonic clock.
    pub(in crate::deliver) fn noted(self, now: Instant, wall: Timestamp) -> PaceNote {
        let Self { kind, domain, rate, until, reply } = self;
        let until = until.map(|until| wall.checked_add(until.saturating_duration_since(now)));
        PaceNote { at: wall, kind, domain, rate, until: until.map(|until| until.unwrap_or(Timestamp::MAX)), reply }
    }
}

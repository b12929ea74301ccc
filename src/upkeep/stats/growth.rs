//! Month by month: events of the register and days of consent in, how many came and how many left out.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::month::{MONTHS, Month, Place};
use crate::readers::{Change, Event};

/// What happened in one month, or before all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Moves {
    /// Put into the list.
    pub listed: usize,
    /// Suppressed, for whatever cause, who had not been.
    pub left: usize,
    /// Sent to again after that.
    pub restored: usize,
    /// Of those reachable now, who consented then; none where the list has no column for it.
    pub consented: Option<usize>,
}

/// The moves of one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MonthOfMoves {
    pub month: Month,
    #[serde(flatten)]
    pub moves: Moves,
}

/// The last 24 months, and all that was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Growth {
    pub earlier: Moves,
    /// The oldest first.
    pub months: Vec<MonthOfMoves>,
    #[serde(skip)]
    now: Month,
}

impl Growth {
    pub(super) fn up_to(today: Date, with_consent: bool) -> Self {
        let moves = Moves { consented: with_consent.then_some(0), ..Moves::default() };
        let now = Month::of(today);
        let months: Vec<_> = now.back_from().map(|month| MonthOfMoves { month, moves }).collect();
        debug_assert_eq!(months.len(), MONTHS);
        Self { earlier: moves, months, now }
    }

    /// Takes in the events of all readers, by time. Who is suppressed twice left once.
    pub(super) fn add_events(&mut self, events: Vec<Event>) {
        let mut names = HashMap::new();
        let mut gone = HashSet::new();
        for event in events {
            // An address keeps its first pseudonym: a new key makes nobody of two people.
            let reader = match event.identity {
                Some(identity) => *names.entry(identity).or_insert(event.reader),
                None => event.reader,
            };
            let Some(moves) = self.at(day(event.at)) else { continue };
            match event.change {
                Change::Listed => moves.listed += 1,
                Change::Suppressed(_) => moves.left += usize::from(gone.insert(reader)),
                Change::Restored => moves.restored += usize::from(gone.remove(&reader)),
                Change::Languages(_) | Change::Topics(_) | Change::Synced => {}
            }
        }
    }

    /// Takes in the day of someone's consent.
    pub(super) fn add_consent(&mut self, since: Date) {
        if let Some(consented) = self.at(since).and_then(|moves| moves.consented.as_mut()) {
            *consented += 1;
        }
    }

    fn at(&mut self, day: Date) -> Option<&mut Moves> {
        match self.now.place(day) {
            Place::Earlier => Some(&mut self.earlier),
            Place::In(place) => self.months.get_mut(place).map(|month| &mut month.moves),
            Place::ToCome => None,
        }
    }
}

fn day(at: Timestamp) -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(at).date()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::EmailAddress;
    use crate::domain::token::TokenKey;
    use crate::readers::{Cause, Channel};

    fn event(email: &str, at: &str, change: Change) -> Event {
        let email: EmailAddress = email.parse().unwrap();
        Event {
            reader: TokenKey::new(b"secret").pseudonym(&email),
            identity: Some(email.identity()),
            at: at.parse().unwrap(),
            change,
            channel: Channel::Web,
            note: None,
        }
    }

    #[test]
    fn who_left_counts_once_until_they_are_back() {
        let suppressed = Change::Suppressed(Cause::Unsubscribed);
        let mut growth = Growth::up_to(date(2026, 1, 15), false);
        growth.add_events(vec![
            event("ann@example.org", "2023-05-01T00:00:00Z", Change::Listed),
            event("ann@example.org", "2025-12-01T00:00:00Z", suppressed.clone()),
            event("Ann@example.org", "2026-01-02T00:00:00Z", Change::Suppressed(Cause::Bounced)),
            event("ann@example.org", "2026-01-03T00:00:00Z", Change::Restored),
            event("ann@example.org", "2026-01-04T00:00:00Z", Change::Restored),
            event("ann@example.org", "2026-01-05T00:00:00Z", suppressed),
        ]);
        let moves = |listed, left, restored| Moves { listed, left, restored, consented: None };
        assert_eq!(growth.earlier, moves(1, 0, 0));
        assert_eq!(growth.months[22].moves, moves(0, 1, 0));
        assert_eq!(growth.months[23].moves, moves(0, 1, 1));
    }
}

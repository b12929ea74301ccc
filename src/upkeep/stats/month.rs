//! A month of the calendar, and the months that the numbers go back.

use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// How many months are looked back on, this one among them.
pub const MONTHS: usize = BACK as usize;
const BACK: i32 = 24;

/// A month, counted from January of the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(i32);

/// Where a day lies in the months that are looked back on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Earlier,
    /// From the oldest on, from 0.
    In(usize),
    ToCome,
}

impl Month {
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self(i32::from(day.year()) * 12 + i32::from(day.month()) - 1)
    }

    /// The months up to this one, the oldest first.
    pub(super) fn back_from(self) -> impl Iterator<Item = Self> {
        (0..BACK).rev().map(move |back| Self(self.0 - back))
    }

    /// The place of `day` among the months up to this one.
    pub(super) fn place(self, day: Date) -> Place {
        match usize::try_from(self.0 - Self::of(day).0) {
            Err(_) => Place::ToCome,
            Ok(back) if back < MONTHS => Place::In(MONTHS - 1 - back),
            Ok(_) => Place::Earlier,
        }
    }
}

/// `2026-01`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_go_back_over_the_turn_of_the_year() {
        let months: Vec<_> = Month::of(date(2026, 1, 31)).back_from().map(|month| month.to_string()).collect();
        assert_eq!(months.len(), 24);
        assert_eq!((months[0].as_str(), months[22].as_str(), months[23].as_str()), ("2024-02", "2025-12", "2026-01"));
    }

    #[test]
    fn a_day_falls_into_its_month_from_the_first_to_the_last() {
        let now = Month::of(date(2026, 1, 15));
        for (day, place) in [
            (date(2026, 2, 1), Place::ToCome),
            (date(2026, 1, 31), Place::In(23)),
            (date(2026, 1, 1), Place::In(23)),
            (date(2025, 12, 31), Place::In(22)),
            (date(2024, 2, 1), Place::In(0)),
            (date(2024, 1, 31), Place::Earlier),
            (date(1999, 1, 1), Place::Earlier),
        ] {
            assert_eq!(now.place(day), place, "{day}");
        }
    }
}

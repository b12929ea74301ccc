//! The hours of the day in which something may be done, in a place with its own time and its own summer.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// From one time of day up to another, over midnight where the second is the earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    start: Time,
    end: Time,
    zone: TimeZone,
}

/// The text is no span of hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a span of hours")]
pub struct HoursError(String);

impl Hours {
    /// Reads `09:00-17:00`.
    ///
    /// # Errors
    /// The text is something else, or both times are the same.
    pub fn parse(text: &str, zone: TimeZone) -> Result<Self, HoursError> {
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let times = text.split_once('-').and_then(|(start, end)| Some((time(start)?, time(end)?)));
        match times {
            Some((start, end)) if start != end => Ok(Self { start, end, zone }),
            _ => Err(HoursError(text.to_owned())),
        }
    }

    /// When they begin next; none while they last.
    ///
    /// ```
    /// use bulletin::domain::hours::Hours;
    /// use jiff::{Timestamp, tz::TimeZone};
    ///
    /// let hours = Hours::parse("09:00-17:00", TimeZone::get("America/Toronto").unwrap()).unwrap();
    /// let at = |text: &str| text.parse::<Timestamp>().unwrap();
    /// assert_eq!(hours.opens(at("2026-01-15T14:00:00Z")), None);
    /// assert_eq!(hours.opens(at("2026-01-15T22:00:00Z")), Some(at("2026-01-16T14:00:00Z")));
    /// ```
    #[must_use]
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let local = self.zone.to_datetime(now);
        let time = local.time();
        let open = if self.start < self.end {
            self.start <= time && time < self.end
        } else {
            self.start <= time || time < self.end
        };
        if open {
            return None;
        }
        let day = if time < self.start { local.date() } else { local.date().tomorrow().ok()? };
        // A time that the clocks jump over begins right behind the jump.
        self.zone.to_timestamp(day.to_datetime(self.start)).ok()
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{} to {}, {zone}", self.start.strftime("%H:%M"), self.end.strftime("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(hours: &str, now: &str) -> Option<String> {
        let hours = Hours::parse(hours, TimeZone::get("America/Toronto").unwrap()).unwrap();
        hours.opens(now.parse().unwrap()).map(|opens| opens.to_string())
    }

    #[test]
    fn hours_begin_at_their_first_minute_and_are_over_at_their_last() {
        assert_eq!(opens("09:00-17:00", "2026-01-15T13:59:59Z").as_deref(), Some("2026-01-15T14:00:00Z"));
        assert_eq!(opens("09:00-17:00", "2026-01-15T14:00:00Z"), None);
        assert_eq!(opens("09:00-17:00", "2026-01-15T21:59:59Z"), None);
        assert_eq!(opens("09:00-17:00", "2026-01-15T22:00:00Z").as_deref(), Some("2026-01-16T14:00:00Z"));
    }

    #[test]
    fn hours_may_go_over_midnight() {
        for open in ["2026-01-15T03:00:00Z", "2026-01-15T05:30:00Z", "2026-01-15T10:59:00Z"] {
            assert_eq!(opens("22:00-06:00", open), None, "{open}");
        }
        assert_eq!(opens("22:00-06:00", "2026-01-15T11:00:00Z").as_deref(), Some("2026-01-16T03:00:00Z"));
    }

    #[test]
    fn summer_time_moves_the_hours_with_the_clocks() {
        // In Toronto the clocks go from 02:00 to 03:00 on 8 March 2026, and back on 1 November.
        assert_eq!(opens("09:00-17:00", "2026-03-07T23:00:00Z").as_deref(), Some("2026-03-08T13:00:00Z"));
        assert_eq!(opens("09:00-17:00", "2026-10-31T23:00:00Z").as_deref(), Some("2026-11-01T14:00:00Z"));
        // Half past two does not exist that night.
        assert_eq!(opens("02:30-05:00", "2026-03-08T06:59:59Z").as_deref(), Some("2026-03-08T07:30:00Z"));
        assert_eq!(opens("02:30-05:00", "2026-03-08T07:00:00Z"), None);
    }

    #[test]
    fn what_is_no_span_of_hours_is_refused() {
        for text in ["", "9-17", "09:00", "09:00-", "09:00-25:00", "09:00-09:00", "09:00-17:00-18:00"] {
            assert!(Hours::parse(text, TimeZone::UTC).is_err(), "{text}");
        }
    }
}

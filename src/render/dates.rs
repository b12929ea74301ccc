//! Dates and times as a language writes them, by ICU.

use icu_datetime::DateTimeFormatter;
use icu_datetime::fieldsets;
use icu_datetime::input::{Date, Time};
use icu_locale::Locale;
use jiff::civil;

use super::strings::{Strings, fill};
use crate::domain::Language;
use crate::issue::content::{Event, When};

/// `25 November 2015`, `25 novembre 2015`.
#[must_use]
pub fn day(date: civil::Date, language: &Language) -> String {
    let formatted = iso(date).and_then(|date| {
        let formatter = DateTimeFormatter::try_new(locale(language).into(), fieldsets::YMD::long()).ok()?;
        Some(formatter.format(&date).to_string())
    });
    formatted.unwrap_or_else(|| date.to_string())
}

/// When an event takes place, in one line: its days with their names, its times, and whose time that is.
#[must_use]
pub fn event(event: &Event, language: &Language, strings: &Strings) -> String {
    let one_day = event.end.is_none_or(|end| end.date() == event.start.date());
    let mut line = moment(event.start, language);
    if let Some(end) = event.end {
        let end = match end {
            When::Time(time) if one_day => Some(time_of_day(time.time(), language)),
            When::Day(_) if one_day => None,
            end => Some(moment(end, language)),
        };
        if let Some(end) = end {
            line = format!("{line} – {end}");
        }
    }
    match event.start {
        When::Day(_) => fill(&strings.all_day, &[("date", &line)]),
        When::Time(_) => {
            let city = event.tz.rsplit('/').next().unwrap_or_default().replace('_', " ");
            format!("{line} ({})", fill(&strings.local_time, &[("city", &city)]))
        }
    }
}

fn moment(when: When, language: &Language) -> String {
    let date = when.date();
    let formatted = iso(date).and_then(|date| {
        let formatter = DateTimeFormatter::try_new(locale(language).into(), fieldsets::YMDE::long()).ok()?;
        Some(formatter.format(&date).to_string())
    });
    let day = formatted.unwrap_or_else(|| date.to_string());
    match when {
        When::Day(_) => day,
        When::Time(time) => format!("{day}, {}", time_of_day(time.time(), language)),
    }
}

fn time_of_day(time: civil::Time, language: &Language) -> String {
    let parts = (time.hour().cast_unsigned(), time.minute().cast_unsigned());
    let formatted = Time::try_new(parts.0, parts.1, 0, 0).ok().and_then(|time| {
        let formatter = DateTimeFormatter::try_new(locale(language).into(), fieldsets::T::hm()).ok()?;
        Some(formatter.format(&time).to_string())
    });
    formatted.unwrap_or_else(|| time.to_string())
}

fn iso(date: civil::Date) -> Option<Date<icu_calendar::Iso>> {
    Date::try_new_iso(date.year().into(), date.month().cast_unsigned(), date.day().cast_unsigned()).ok()
}

/// English without a region is the international one (`25 November 2015`); ICU would take the American.
fn locale(language: &Language) -> Locale {
    let tag = if language.as_str() == "en" { "en-001" } else { language.as_str() };
    tag.parse().unwrap_or(Locale::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_a_day_its_own_way() {
        let date = civil::date(2015, 11, 25);
        for (tag, text) in
            [("en", "25 November 2015"), ("fr", "25 novembre 2015"), ("uk", "25 листопада 2015\u{202f}р.")]
        {
            assert_eq!(day(date, &tag.parse().unwrap()), text);
        }
    }
}

//! Dates and times as a language writes them, by ICU.

use std::cell::RefCell;
use std::fmt::Write as _;

use icu_datetime::fieldsets;
use icu_datetime::input::{Date, DateTime, Time, TimeZone};
use icu_datetime::{DateTimeFormatter, NoCalendarFormatter};
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
    let mut line = match (event.start, event.end) {
        (When::Day(start), Some(end)) if end.date() == start => weekday(start, language),
        (When::Time(start), Some(When::Time(end))) if end.date() == start.date() => {
            range(&moment(start, language), &time_of_day(end.time(), language))
        }
        (When::Day(start), Some(When::Day(end))) => {
            let from = match weekday_without_year(start, language) {
                Some(from) if start.year() == end.year() => from,
                _ => weekday(start, language),
            };
            range(&from, &weekday(end, language))
        }
        (start, Some(end)) => range(&either(start, language), &either(end, language)),
        (start, None) => either(start, language),
    };
    let timed = [Some(event.start), event.end].into_iter().flatten().any(|when| matches!(when, When::Time(_)));
    if !timed {
        return fill(&strings.all_day, &[("date", &line)]);
    }
    let _ = write!(line, " ({})", fill(&strings.local_time, &[("city", &city(&event.tz, language))]));
    line
}

/// The events of one edition, each worked out once for HTML and plain text: ICU takes long to read a language's
/// ways.
#[derive(Default)]
pub(super) struct Events(RefCell<Vec<(Event, Language, String)>>);

impl Events {
    /// What [`event`] says.
    pub(super) fn line(&self, event: &Event, language: &Language, strings: &Strings) -> String {
        let mut known = self.0.borrow_mut();
        if let Some((.., line)) = known.iter().find(|(other, own, _)| other == event && own == language) {
            return line.clone();
        }
        let line = self::event(event, language, strings);
        known.push((event.clone(), language.clone(), line.clone()));
        line
    }
}

/// Dates and times of several words take spaces around the dash in every language that CLDR knows.
fn range(from: &str, to: &str) -> String {
    format!("{from} – {to}")
}

fn either(when: When, language: &Language) -> String {
    match when {
        When::Day(date) => weekday(date, language),
        When::Time(time) => moment(time, language),
    }
}

/// `Thursday, 26 November 2015`.
fn weekday(date: civil::Date, language: &Language) -> String {
    let formatted = iso(date).and_then(|date| {
        let formatter = DateTimeFormatter::try_new(locale(language).into(), fieldsets::YMDE::long()).ok()?;
        Some(formatter.format(&date).to_string())
    });
    formatted.unwrap_or_else(|| date.to_string())
}

/// `Thursday 26 November`: how a range begins whose end tells the year. None where the language does
/// not begin with the weekday, since the year may then stand in front and would be missed.
fn weekday_without_year(date: civil::Date, language: &Language) -> Option<String> {
    if weekday(date, language).starts_with(char::is_numeric) {
        return None;
    }
    let formatter = DateTimeFormatter::try_new(locale(language).into(), fieldsets::MDE::long()).ok()?;
    Some(formatter.format(&iso(date)?).to_string())
}

/// `Thursday, 26 November 2015 at 9:00 am`.
fn moment(time: civil::DateTime, language: &Language) -> String {
    let formatted = iso(time.date()).zip(clock(time.time())).and_then(|(date, time)| {
        let fields = fieldsets::YMDE::long().with_time_hm();
        let formatter = DateTimeFormatter::try_new(locale(language).into(), fields).ok()?;
        Some(formatter.format(&DateTime { date, time }).to_string())
    });
    formatted.unwrap_or_else(|| time.to_string())
}

fn time_of_day(time: civil::Time, language: &Language) -> String {
    let formatted = clock(time).and_then(|time| {
        let formatter = DateTimeFormatter::try_new(locale(language).into(), fieldsets::T::hm()).ok()?;
        Some(formatter.format(&time).to_string())
    });
    formatted.unwrap_or_else(|| time.to_string())
}

/// The city that a time zone is named after, as the language calls it. A zone without a city, such as
/// `UTC`, keeps its name.
fn city(tz: &str, language: &Language) -> String {
    let own = || tz.rsplit('/').next().unwrap_or_default().replace('_', " ");
    let zone = TimeZone::from_iana_id(tz);
    if zone == TimeZone::UNKNOWN || tz.starts_with("Etc/") || !tz.contains('/') {
        return own();
    }
    match NoCalendarFormatter::try_new(locale(language).into(), fieldsets::zone::ExemplarCity) {
        Ok(formatter) => formatter.format(&zone.without_offset()).to_string(),
        Err(_) => own(),
    }
}

fn clock(time: civil::Time) -> Option<Time> {
    Time::try_new(time.hour().cast_unsigned(), time.minute().cast_unsigned(), 0, 0).ok()
}

fn iso(date: civil::Date) -> Option<Date<icu_calendar::Iso>> {
    Date::try_new_iso(date.year().into(), date.month().cast_unsigned(), date.day().cast_unsigned()).ok()
}

/// English without a region is the international one (`25 November 2015`); ICU would take the American.
pub(super) fn locale(language: &Language) -> Locale {
    let tag = if language.as_str() == "en" { "en-001" } else { language.as_str() };
    tag.parse().unwrap_or(Locale::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::render::Templates;

    const TAGS: [&str; 5] = ["en", "fr", "es", "uk", "ar"];

    fn languages() -> Vec<Language> {
        TAGS.iter().map(|tag| tag.parse().unwrap()).collect()
    }

    fn told(start: &str, end: Option<&str>, tz: &str) -> Vec<String> {
        let when = |text: &str| match text.parse::<civil::Date>() {
            Ok(date) if !text.contains('T') => When::Day(date),
            _ => When::Time(text.parse().unwrap()),
        };
        let event = Event {
            title: String::new(),
            start: when(start),
            end: end.map(when),
            tz: tz.into(),
            place: None,
            url: None,
        };
        let languages = languages();
        let templates = Templates::load(Path::new("nowhere"), &languages).unwrap();
        let lines = languages.iter().map(|language| super::event(&event, language, templates.strings(language)));
        lines.collect()
    }

    #[test]
    fn each_language_writes_a_day_its_own_way() {
        let days: Vec<_> = languages().iter().map(|language| day(civil::date(2015, 11, 25), language)).collect();
        assert_eq!(
            days,
            [
                "25 November 2015",
                "25 novembre 2015",
                "25 de noviembre de 2015",
                "25 листопада 2015\u{202f}р.",
                "25 نوفمبر 2015",
            ]
        );
    }

    #[test]
    fn an_event_on_one_day_names_the_day_once() {
        assert_eq!(
            told("2015-11-26T09:00", Some("2015-11-26T16:30"), "America/Toronto"),
            [
                "Thursday, 26 November 2015 at 9:00\u{202f}am – 4:30\u{202f}pm (Toronto time)",
                "jeudi 26 novembre 2015 à 09:00 – 16:30 (heure locale\u{a0}: Toronto)",
                "jueves, 26 de noviembre de 2015 a las 09:00 – 16:30 (hora de Toronto)",
                "четвер, 26 листопада 2015\u{202f}р. о 09:00 – 16:30 (місцевий час: Торонто)",
                "الخميس، 26 نوفمبر 2015 في 9:00 ص – 4:30 م (بتوقيت تورونتو)",
            ]
        );
        assert_eq!(
            told("2015-11-26T09:00", None, "Europe/Kyiv"),
            [
                "Thursday, 26 November 2015 at 9:00\u{202f}am (Kyiv time)",
                "jeudi 26 novembre 2015 à 09:00 (heure locale\u{a0}: Kiev)",
                "jueves, 26 de noviembre de 2015 a las 09:00 (hora de Kiev)",
                "четвер, 26 листопада 2015\u{202f}р. о 09:00 (місцевий час: Київ)",
                "الخميس، 26 نوفمبر 2015 في 9:00 ص (بتوقيت كييف)",
            ]
        );
    }

    #[test]
    fn an_event_over_several_days_names_both_with_their_times() {
        assert_eq!(
            told("2015-11-26T09:00", Some("2015-11-28T16:30"), "Africa/Cairo"),
            [
                "Thursday, 26 November 2015 at 9:00\u{202f}am – Saturday, 28 November 2015 at 4:30\u{202f}pm (Cairo time)",
                "jeudi 26 novembre 2015 à 09:00 – samedi 28 novembre 2015 à 16:30 (heure locale\u{a0}: Le Caire)",
                "jueves, 26 de noviembre de 2015 a las 09:00 – sábado, 28 de noviembre de 2015 a las 16:30 (hora de El Cairo)",
                "четвер, 26 листопада 2015\u{202f}р. о 09:00 – субота, 28 листопада 2015\u{202f}р. о 16:30 (місцевий час: Каїр)",
                "الخميس، 26 نوفمبر 2015 في 9:00 ص – السبت، 28 نوفمبر 2015 في 4:30 م (بتوقيت القاهرة)",
            ]
        );
    }

    #[test]
    fn whole_days_need_no_time_zone_and_one_year() {
        assert_eq!(
            told("2015-11-26", None, "America/Toronto"),
            [
                "Thursday, 26 November 2015",
                "jeudi 26 novembre 2015",
                "jueves, 26 de noviembre de 2015",
                "четвер, 26 листопада 2015\u{202f}р.",
                "الخميس، 26 نوفمبر 2015",
            ]
        );
        assert_eq!(
            told("2015-11-26", Some("2015-11-28"), "America/Toronto"),
            [
                "Thursday 26 November – Saturday, 28 November 2015",
                "jeudi 26 novembre – samedi 28 novembre 2015",
                "jueves, 26 de noviembre – sábado, 28 de noviembre de 2015",
                "четвер, 26 листопада – субота, 28 листопада 2015\u{202f}р.",
                "الخميس، 26 نوفمبر – السبت، 28 نوفمبر 2015",
            ]
        );
        assert_eq!(
            told("2015-12-31", Some("2016-01-02"), "America/Toronto"),
            [
                "Thursday, 31 December 2015 – Saturday, 2 January 2016",
                "jeudi 31 décembre 2015 – samedi 2 janvier 2016",
                "jueves, 31 de diciembre de 2015 – sábado, 2 de enero de 2016",
                "четвер, 31 грудня 2015\u{202f}р. – субота, 2 січня 2016\u{202f}р.",
                "الخميس، 31 ديسمبر 2015 – السبت، 2 يناير 2016",
            ]
        );
    }

    #[test]
    fn a_language_that_begins_with_the_year_keeps_it_in_both_days() {
        let date = civil::date(2015, 11, 26);
        assert_eq!(weekday_without_year(date, &"ja".parse().unwrap()), None);
    }

    #[test]
    fn a_zone_without_a_city_keeps_its_name() {
        for tz in ["UTC", "Etc/UTC"] {
            assert_eq!(city(tz, &"fr".parse().unwrap()), "UTC");
        }
    }
}

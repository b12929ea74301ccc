//! A fenced block tagged `event`: TOML in, an [`Event`] out.

use jiff::civil;
use serde::Deserialize;

use super::content::{Event, When};
use crate::domain::Finding;
use crate::domain::toml_fault::toml_fault;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvent {
    title: String,
    start: toml::Spanned<Moment>,
    end: Option<toml::Spanned<Moment>>,
    tz: toml::Spanned<String>,
    place: Option<String>,
    url: Option<toml::Spanned<String>>,
}

/// A day or time as text in quotes, or as TOML's own.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Moment {
    Text(String),
    Toml(toml::value::Datetime),
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Toml(datetime) => datetime.fmt(f),
        }
    }
}

/// Reads the block that stands at byte `start` of `whole`.
///
/// # Errors
/// TOML that can't be read, a time or zone that does not exist, an end before the start.
pub fn parse(whole: &str, start: usize, block: &str) -> Result<Event, Finding> {
    let raw: RawEvent = toml::from_str(block).map_err(|error| toml_fault("event", whole, start, &error))?;
    let fault = |span: std::ops::Range<usize>, message: String, help: &str| {
        Finding::error("event", message).at_offset(whole, start + span.start).with_help(help)
    };
    let when = |moment: &toml::Spanned<Moment>| {
        let text = moment.get_ref().to_string();
        let day = || text.parse::<civil::Date>().ok().filter(|_| !text.contains([':', 'T'])).map(When::Day);
        day().or_else(|| text.parse::<civil::DateTime>().ok().map(When::Time)).ok_or_else(|| {
            fault(moment.span(), format!("`{text}` is not a date or a time"), "write 2015-11-26 or 2015-11-26T09:00")
        })
    };
    let starts = when(&raw.start)?;
    let ends = raw.end.as_ref().map(when).transpose()?;
    if let (Some(ends), Some(span)) = (ends, raw.end.as_ref())
        && ends < starts
    {
        return Err(fault(span.span(), "the event ends before it starts".into(), "check start and end"));
    }
    if let Some(url) = &raw.url
        && !["https://", "http://", "mailto:"].iter().any(|scheme| url.get_ref().starts_with(scheme))
    {
        let message = format!("`{}` is not an address that a mail can link to", url.get_ref());
        return Err(fault(url.span(), message, "write the whole address: https://www.example.org/page"));
    }
    if jiff::tz::TimeZone::get(raw.tz.get_ref()).is_err() {
        let message = format!("there is no time zone `{}`", raw.tz.get_ref());
        return Err(fault(raw.tz.span(), message, "write it as Continent/City: America/Toronto"));
    }
    Ok(Event {
        title: raw.title,
        start: starts,
        end: ends,
        tz: raw.tz.into_inner(),
        place: raw.place,
        url: raw.url.map(toml::Spanned::into_inner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_may_have_times_or_whole_days() {
        let block =
            "title = \"Fair\"\nstart = \"2015-11-26T09:00\"\nend = 2015-11-28T17:00:00\ntz = \"America/Toronto\"\n";
        let event = parse(block, 0, block).unwrap();
        assert!(matches!(event.start, When::Time(_)));
        assert_eq!(event.end.unwrap().date(), civil::date(2015, 11, 28));
        let block = "title = \"Fair\"\nstart = \"2015-11-26\"\ntz = \"America/Toronto\"\n";
        assert_eq!(parse(block, 0, block).unwrap().start, When::Day(civil::date(2015, 11, 26)));
    }

    #[test]
    fn what_can_not_be_is_an_error_with_its_line() {
        for (block, line) in [
            ("title = \"a\"\nstart = \"soon\"\ntz = \"America/Toronto\"", 2),
            ("title = \"a\"\nstart = \"2015-11-26\"\ntz = \"Toronto\"", 3),
            ("title = \"a\"\nstart = \"2015-11-26\"\nend = \"2015-11-25\"\ntz = \"America/Toronto\"", 3),
            ("title = \"a\"\nstart = \"2015-11-26\"\ntz = \"America/Toronto\"\nplce = \"b\"", 4),
            ("title = \"a\"\nstart = \"2015-11-26\"\ntz = \"America/Toronto\"\nurl = \"www.example.org\"", 4),
        ] {
            assert_eq!(parse(block, 0, block).unwrap_err().line, Some(line), "{block}");
        }
    }
}

//! What was well lately and is not asked for again: a JSON text in, the same with this run's in it out. Only what
//! gave no finding is remembered, so that what was mended is seen to be at once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::check::online::places::Page;

/// How long a page counts as well.
const KEEP: SignedDuration = SignedDuration::from_hours(24);

/// Pages that were well, as of now.
#[derive(Debug)]
pub struct Cache {
    now: Timestamp,
    pages: BTreeMap<String, Seen>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Seen {
    at: Timestamp,
    /// The parts that were linked to, and there.
    parts: Vec<String>,
}

impl Cache {
    /// Nothing is known.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now, pages: BTreeMap::new() }
    }

    /// What [`Cache::text`] made, without what is too old. A text that is none of it is an empty cache.
    #[must_use]
    pub fn parse(text: &str, now: Timestamp) -> Self {
        let mut pages: BTreeMap<String, Seen> = serde_json::from_str(text).unwrap_or_default();
        // What lies ahead was written under a clock that was wrong.
        pages.retain(|_, seen| seen.at <= now && now.duration_since(seen.at) < KEEP);
        Self { now, pages }
    }

    /// As it is kept.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.pages).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Whether the page with all parts that are linked to was well.
    pub(super) fn knows(&self, page: &Page) -> bool {
        let has = |seen: &Seen| page.parts().iter().all(|part| seen.parts.contains(part));
        self.pages.get(page.url.as_str()).is_some_and(has)
    }

    pub(super) fn remember(&mut self, page: &Page) {
        let seen = Seen { at: self.now, parts: page.parts().into_iter().collect() };
        self.pages.insert(page.url.to_string(), seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(part: Option<&str>) -> Page {
        let place = crate::check::online::places::Place::Edition("en".into());
        let url = "https://www.example.org/".parse().unwrap();
        Page { url, places: vec![(place, part.map(str::to_owned))] }
    }

    #[test]
    fn what_was_well_is_known_for_a_day_with_the_parts_that_were_looked_for() {
        let now: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        let mut cache = Cache::new(now);
        assert!(!cache.knows(&page(None)));
        cache.remember(&page(Some("who")));
        let hours = |hours| Cache::parse(&cache.text(), now + SignedDuration::from_hours(hours));
        assert!(hours(23).knows(&page(None)) && hours(23).knows(&page(Some("who"))));
        assert!(!hours(23).knows(&page(Some("where"))));
        assert!(!hours(24).knows(&page(None)));
        assert!(!hours(-1).knows(&page(None)));
    }

    #[test]
    fn a_text_of_another_kind_is_an_empty_cache() {
        for text in ["", "[]", "{\"https://www.example.org/\": 3}", "\u{0}"] {
            assert!(!Cache::parse(text, Timestamp::UNIX_EPOCH).knows(&page(None)), "{text}");
        }
    }
}

//! Numbers with the words that a person reads beside them, for the terminal and the page alike.

use super::{Month, Moves, Part, Stats};

/// A table of people: each row a label and a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// A word for links within a page.
    pub id: &'static str,
    pub title: &'static str,
    /// What a hundred per cent is.
    pub of: usize,
    pub rows: Vec<(String, usize)>,
}

/// The whole first, then each way in which it is parted. A domain needs `at_least` people to be named.
#[must_use]
pub fn sections(stats: &Stats, at_least: usize) -> Vec<Section> {
    let of = stats.reachable;
    let mut sections = vec![
        Section { id: "people", title: "People in the list", of: stats.people, rows: whole(stats) },
        Section { id: "languages", title: "First language", of, rows: rows(&stats.languages, "not said", 0) },
        Section { id: "several", title: "Languages each", of, rows: each(stats) },
        Section { id: "topics", title: "Topics", of, rows: rows(&stats.topics, "every topic", 0) },
        Section { id: "domains", title: "Receiving domains", of, rows: rows(&stats.domains, "others", at_least) },
    ];
    if let Some(consent) = &stats.consent {
        let rows = [
            ("express", consent.express),
            ("implied", consent.implied),
            ("implied, older than 24 months", consent.ended),
            ("not said", consent.not_said),
        ];
        let rows = rows.map(|(label, people)| (label.to_owned(), people)).to_vec();
        sections.push(Section { id: "consent", title: "Consent", of, rows });
    }
    sections
}

fn whole(stats: &Stats) -> Vec<(String, usize)> {
    let suppressed = stats.suppressed.iter().filter(|(_, people)| **people > 0);
    let mut rows = vec![("in the list".to_owned(), stats.people), ("reachable".to_owned(), stats.reachable)];
    rows.extend(suppressed.map(|(cause, people)| (format!("suppressed: {}", cause.replace('-', " ")), *people)));
    rows
}

fn each(stats: &Stats) -> Vec<(String, usize)> {
    let label = |languages| match languages {
        0 => "not said".to_owned(),
        1 => "one".to_owned(),
        2 => "two".to_owned(),
        more => more.to_string(),
    };
    let mut rows: Vec<_> =
        stats.languages_each.iter().map(|(languages, people)| (label(*languages), *people)).collect();
    // Who did not say stands last, as elsewhere.
    if stats.languages_each.contains_key(&0) {
        rows.rotate_left(1);
    }
    rows
}

fn rows(parts: &[Part], unnamed: &str, at_least: usize) -> Vec<(String, usize)> {
    let mut rest = 0;
    let mut rows = Vec::new();
    for part in parts {
        match &part.name {
            Some(name) if part.people >= at_least => rows.push((name.clone(), part.people)),
            _ => rest += part.people,
        }
    }
    rows.extend((rest > 0).then(|| (unnamed.to_owned(), rest)));
    rows
}

/// The numbers of one month, or of all time before the months that are told.
pub type MonthRow = (Option<Month>, Vec<usize>);

/// Growth as a table: the headers of its numbers, and a row for each month since the first in which
/// something happened. What was before all of them is a row of its own, without a month.
#[must_use]
pub fn months_of(stats: &Stats) -> (Vec<&'static str>, Vec<MonthRow>) {
    let numbers = |moves: &Moves| {
        let Moves { listed, left, restored, consented } = *moves;
        [listed, left, restored].into_iter().chain(consented).collect::<Vec<_>>()
    };
    let mut headers = vec!["listed", "left", "restored"];
    headers.extend(stats.growth.earlier.consented.map(|_| "consented"));
    let happened = |numbers: &Vec<usize>| numbers.iter().any(|number| *number > 0);
    let before = Some(numbers(&stats.growth.earlier)).filter(happened).map(|numbers| (None, numbers));
    let months = stats.growth.months.iter().map(|month| (Some(month.month), numbers(&month.moves)));
    let is_empty = before.is_none();
    let rows = before.into_iter().chain(months.skip_while(|(_, numbers)| is_empty && !happened(numbers)));
    (headers, rows.collect())
}

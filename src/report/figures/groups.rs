//! The people in parts: by receiving domain, and by edition.

use super::super::html::{Figure, Ink};
use super::super::tally::STATES;
use super::super::words::length;
use super::super::{EditionGroup, NAMED_FROM, Numbers, Report};
use super::{BARS, INKS, ON_SCREEN, Part, counts, plain, table};
use crate::chart::{RGBColor, parted, thousands, titled};
use crate::ledger::Account;

pub(super) fn domains(report: &Report) -> Part {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "all others".into());
    let rows: Vec<_> = report.domains.iter().map(|one| (name(&one.name), inked(&one.numbers.account))).collect();
    let svg = titled(&parted(&rows)?, "domains", "By receiving domain", "A bar for each domain, parted by state.");
    let rows = report.domains.iter().map(|one| [vec![name(&one.name)], cells(&one.numbers)].concat());
    Ok(Figure {
        id: "domains",
        title: "By receiving domain",
        details: ON_SCREEN,
        key: keys(&report.account),
        charts: vec![plain(svg)],
        tables: vec![table("People by receiving domain", &[&["Domain"], &CELLS[..]].concat(), rows.collect())],
        note: Some(format!(
            "A provider’s domains count as one. Those with fewer than {NAMED_FROM} people are among the others."
        )),
        ..Figure::default()
    })
}

pub(super) fn editions(report: &Report) -> Part {
    let name = |one: &EditionGroup| match (&one.id, &one.language) {
        (Some(id), _) => id.clone(),
        (None, Some(language)) => language.clone(),
        (None, None) => "no edition".to_owned(),
    };
    let items = |one: &EditionGroup| match one.items.len() {
        0 => String::new(),
        1 => ", 1 item".to_owned(),
        count => format!(", {count} items"),
    };
    let mut rows: Vec<_> = report
        .editions
        .iter()
        .take(BARS)
        .map(|one| (format!("{}{}", name(one), items(one)), inked(&one.numbers.account)))
        .collect();
    let rest = report.editions.iter().skip(BARS).map(|one| inked(&one.numbers.account));
    let rest =
        rest.reduce(|sum, one| sum.into_iter().zip(one).map(|((ink, left), (_, right))| (ink, left + right)).collect());
    rows.extend(rest.map(|rest| (format!("{} others", report.editions.len() - BARS), rest)));
    let svg = titled(&parted(&rows)?, "editions", "By edition", "A bar for each edition, parted by state.");
    let rows = report.editions.iter().map(|one| {
        let language = one.language.clone().unwrap_or_default();
        [vec![name(one), language, one.items.join(", ")], cells(&one.numbers)].concat()
    });
    let headers = ["Edition", "Language", "Items"];
    Ok(Figure {
        id: "editions",
        title: "By edition",
        details: ON_SCREEN,
        key: keys(&report.account),
        charts: vec![plain(svg)],
        tables: vec![table("People by edition", &[&headers, &CELLS[..]].concat(), rows.collect())],
        note: Some("Editions are called as in the preview: a language and its items.".into()),
        ..Figure::default()
    })
}

const CELLS: [&str; 10] = [
    "Planned",
    "Accepted",
    "Rejected",
    "Deferred",
    "Unknown",
    "Skipped",
    "Pending",
    "Came back",
    "Attempts",
    "Accepted within",
];

/// The median stands for attempts and time.
fn cells(numbers: &Numbers) -> Vec<String> {
    let mut cells = vec![thousands(numbers.account.planned)];
    cells.extend(counts(&numbers.account).map(thousands));
    cells.push(thousands(numbers.bounced));
    cells.push(numbers.median_attempts.map_or(String::new(), |attempts| attempts.to_string()));
    cells.push(numbers.median_seconds.map_or(String::new(), length));
    cells
}

fn inked(account: &Account) -> Vec<(RGBColor, u64)> {
    INKS.into_iter().zip(counts(account)).map(|((ink, _), count)| (ink, count)).collect()
}

fn keys(account: &Account) -> Vec<Ink> {
    let shown = STATES.into_iter().zip(counts(account)).zip(INKS).filter(|((_, count), _)| *count > 0);
    shown.map(|((word, _), (_, class))| Ink { class, word }).collect()
}

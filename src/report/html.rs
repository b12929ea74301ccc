//! The report as one page that needs nothing but itself: no script, nothing fetched, and below each chart the table
//! of its numbers.

use serde::Serialize;
use tera::{Context, Tera};

use super::words::{headline, length};
use super::{Report, ReportError, Sent, figures};

const TEMPLATE: &str = include_str!("page.html");

/// A part of the page.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figure {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// As broad as the page.
    pub(super) broad: bool,
    /// What is to be known before looking.
    pub(super) lead: Option<String>,
    pub(super) key: Vec<Ink>,
    pub(super) charts: Vec<Chart>,
    /// Numbers that need no chart.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) tables: Vec<Table>,
    /// The class of what holds the tables.
    pub(super) details: &'static str,
    /// What is to be known besides; what stands between backticks is typed.
    #[serde(serialize_with = "in_parts")]
    pub(super) note: Option<String>,
}

/// What an ink stands for.
#[derive(Debug, Serialize)]
pub(super) struct Ink {
    pub(super) class: &'static str,
    pub(super) word: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Chart {
    /// For which screens it is, or none for all.
    pub(super) class: &'static str,
    pub(super) title: Option<&'static str>,
    pub(super) svg: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) caption: &'static str,
    pub(super) headers: Vec<Cell>,
    /// The first cell names the row.
    pub(super) rows: Vec<Vec<Cell>>,
}

/// What stands in a table; numbers stand below each other to the right.
#[derive(Debug, Serialize)]
pub(super) struct Cell {
    text: String,
    class: &'static str,
}

impl Table {
    pub(super) fn new(caption: &'static str, headers: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '<' || c == '>');
        // A header stands as what is below it does.
        let numbers = |column: usize| rows.iter().any(|row| row.get(column).is_some_and(|cell| is_number(cell)));
        let class = |column: usize| if column > 0 && numbers(column) { "number" } else { "" };
        let classes: Vec<_> = (0..headers.len()).map(class).collect();
        let headers = headers.iter().zip(&classes).map(|(text, class)| Cell { text: (*text).to_owned(), class });
        let headers = headers.collect();
        let row = |row: Vec<String>| row.into_iter().zip(&classes).map(|(text, class)| Cell { text, class }).collect();
        Self { caption, headers, rows: rows.into_iter().map(row).collect() }
    }
}

/// Every second part is typed.
#[expect(clippy::ref_option, reason = "so serde calls it")]
fn in_parts<S: serde::Serializer>(note: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(note.iter().flat_map(|note| note.split('`')))
}

/// The page. It has no address, and no domain of few people unless they were asked for.
///
/// # Errors
/// It can't be drawn, which is a fault of the program.
pub fn page(report: &Report) -> Result<String, ReportError> {
    let fault = |error: &dyn std::fmt::Display| ReportError::Drawing(error.to_string());
    let figures = figures::figures(report).map_err(|error| fault(&error))?;
    let zone = report.zone.iana_name().unwrap_or("UTC");
    let as_of = report.zone.to_datetime(report.as_of).strftime("%-d %B %Y, %H:%M").to_string();
    let mut context = Context::new();
    context.insert("newsletter", &report.newsletter);
    context.insert("issue", report.issue.as_str());
    context.insert("rehearsal", &(report.sent == Sent::Rehearsal));
    context.insert("sending", &report.sending);
    context.insert("headline", &headline(report));
    context.insert("took", &report.run.active_seconds.map(length));
    context.insert("as_of", &as_of);
    context.insert("zone", zone);
    context.insert("figures", &figures);
    let mut tera = Tera::default();
    let rendered = tera.add_raw_template("page.html", TEMPLATE).and_then(|()| tera.render("page.html", &context));
    rendered.map_err(|error| fault(&error))
}

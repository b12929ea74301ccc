//! The numbers as one page that needs nothing but itself: below each chart stands the table of its numbers.

use serde::Serialize;
use tera::{Context, Tera};

use super::{Section, Stats, months_of, sections};
use crate::chart::{ONE, OTHER, bars, columns};
use crate::pipeline::{PipelineError, refused};

const TEMPLATE: &str = include_str!("page.html");

/// A domain with fewer people could tell who they are.
const NAMED_FROM: usize = 3;

#[derive(Serialize)]
struct Figure {
    id: &'static str,
    title: &'static str,
    /// None where a table says it all.
    chart: Option<String>,
    /// What the inks stand for, where there are two.
    key: bool,
    headers: Vec<&'static str>,
    rows: Vec<(String, Vec<String>)>,
}

/// The page. It has no address, and no domain of fewer than three people.
///
/// # Errors
/// It can't be drawn, which is a fault of the program.
pub fn page(stats: &Stats) -> Result<String, PipelineError> {
    let fault = |error: &dyn std::fmt::Display| {
        refused(format!("the page can't be drawn: {error}"), "leave out --html; this is a fault of the program")
    };
    let mut figures = Vec::new();
    for section in sections(stats, NAMED_FROM) {
        let chart = match section.id {
            "people" => None,
            _ => Some(bars(&section.rows).map_err(|error| fault(&error))?),
        };
        let chart = chart.map(|svg| labelled(&svg, section.id));
        figures.push(figure(section, chart));
    }
    figures.extend(growth(stats).map_err(|error| fault(&error))?);
    let mut context = Context::new();
    context.insert("newsletter", &stats.newsletter);
    context.insert("date", &stats.date.to_string());
    context.insert("reachable", &stats.reachable);
    context.insert("named_from", &NAMED_FROM);
    context.insert("figures", &figures);
    let mut tera = Tera::default();
    let rendered = tera.add_raw_template("page.html", TEMPLATE).and_then(|()| tera.render("page.html", &context));
    rendered.map_err(|error| fault(&error))
}

fn figure(section: Section, chart: Option<String>) -> Figure {
    let Section { id, title, of, rows } = section;
    let row = |(label, people): (String, usize)| (label, vec![people.to_string(), percent(people, of)]);
    let rows = rows.into_iter().map(row).collect();
    Figure { id, title, chart, key: false, headers: vec!["People", "Share"], rows }
}

/// Those who came and left, and where the list says it, when people consented.
fn growth(stats: &Stats) -> Result<Vec<Figure>, Box<dyn std::error::Error>> {
    let (headers, rows) = months_of(stats);
    let months: Vec<_> = stats.growth.months.iter().map(|month| month.month.to_string()).collect();
    let counts =
        |count: fn(&super::Moves) -> usize| stats.growth.months.iter().map(|month| count(&month.moves)).collect();
    let charted = [(ONE, counts(|moves| moves.listed)), (OTHER, counts(|moves| moves.left))];
    let figure = |id: &'static str, title, chart: &str, key, columns: std::ops::Range<usize>| Figure {
        id,
        title,
        chart: Some(labelled(chart, id)),
        key,
        headers: headers[columns.clone()].to_vec(),
        rows: rows
            .iter()
            .map(|(month, numbers)| {
                let label = month.map_or("earlier".to_owned(), |month| month.to_string());
                (label, numbers[columns.clone()].iter().map(ToString::to_string).collect())
            })
            .collect(),
    };
    let mut figures = vec![figure("growth", "Those who came and left", &columns(&months, &charted)?, true, 0..3)];
    if headers.len() > 3 {
        let consented = [(ONE, counts(|moves| moves.consented.unwrap_or_default()))];
        let chart = columns(&months, &consented)?;
        figures.push(figure("consented", "When people consented", &chart, false, 3..4));
    }
    Ok(figures)
}

/// To a screen reader a chart is one picture with the heading's words; the table has its numbers.
fn labelled(svg: &str, heading: &str) -> String {
    svg.replacen("<svg ", &format!("<svg role=\"img\" aria-labelledby=\"{heading}\" "), 1)
}

/// `12.5%`; nothing of nobody.
#[must_use]
pub fn percent(part: usize, of: usize) -> String {
    if of == 0 { String::new() } else { format!("{:.1}%", part as f64 * 100.0 / of as f64) }
}

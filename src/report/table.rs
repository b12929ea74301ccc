//! The report as one table: a line for each number, with the section, what it is about, and what it counts.

use serde_json::{Map, Value};

use super::{Report, ReportError};
use crate::subscribers::neutral;

/// CSV with the columns section, key, metric and value, which a spreadsheet opens. No cell is run as a formula.
///
/// # Errors
/// It can't be written, which is a fault of the program.
pub fn table(report: &Report) -> Result<Vec<u8>, ReportError> {
    let fault = |error: &dyn std::fmt::Display| ReportError::Drawing(error.to_string());
    let value = serde_json::to_value(report).map_err(|error| fault(&error))?;
    let mut rows = Vec::new();
    if let Value::Object(sections) = value {
        let (whole, parts): (Map<_, _>, Map<_, _>) =
            sections.into_iter().partition(|(_, value)| !value.is_object() && !value.is_array());
        entry("report", "", &whole, &mut rows);
        for (section, value) in parts {
            walk(&section, &value, &mut rows);
        }
    }
    // Without the mark, spreadsheets take UTF-8 for something older.
    let mut csv =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    csv.write_record(["section", "key", "metric", "value"]).map_err(|error| fault(&error))?;
    for row in rows {
        csv.write_record(row.iter().map(|cell| neutral(cell).into_owned())).map_err(|error| fault(&error))?;
    }
    csv.into_inner().map_err(|error| fault(&error))
}

type Row = [String; 4];

/// A section; what is within it are sections of their own.
fn walk(section: &str, value: &Value, rows: &mut Vec<Row>) {
    match value {
        Value::Array(all) => {
            for one in all.iter().filter_map(Value::as_object) {
                entry(section, &key(one), one, rows);
            }
        }
        Value::Object(whole) => entry(section, "", whole, rows),
        _ => {}
    }
}

fn entry(section: &str, key: &str, fields: &Map<String, Value>, rows: &mut Vec<Row>) {
    let is_key = |name: &str| !key.is_empty() && KEYS.contains(&name);
    for (metric, value) in fields.iter().filter(|(metric, _)| !is_key(metric)) {
        let text = match value {
            Value::Null => continue,
            Value::Object(_) => {
                walk(&format!("{section}.{metric}"), value, rows);
                continue;
            }
            Value::Array(all) if all.iter().any(Value::is_object) => {
                walk(&format!("{section}.{metric}"), value, rows);
                continue;
            }
            Value::Array(words) if words.is_empty() => continue,
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";"),
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        rows.push([section.to_owned(), key.to_owned(), metric.clone(), text]);
    }
}

/// By what a line is told from its neighbours.
const KEYS: [&str; 11] = ["who", "domain", "name", "id", "issue", "at", "before", "state", "kind", "reason", "codes"];

fn key(fields: &Map<String, Value>) -> String {
    let words = KEYS.iter().chain(&["status"]).filter_map(|name| fields.get(*name)?.as_str());
    let key = words.collect::<Vec<_>>().join(" ");
    if key.is_empty() { "others".to_owned() } else { key }
}

//! What a page is told: that there is another preview, or why there is none, with the lines that are meant.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::Made;
use crate::domain::Finding;

/// So many lines stand before and behind the one that is meant.
const AROUND: usize = 2;
/// A line is quoted so far, in characters.
const WIDTH: usize = 300;
/// So many findings are told to a page; the rest is counted.
const MOST: usize = 20;

/// One event of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Event {
    /// No run is over yet.
    Nothing,
    Fresh(Fresh),
    Fault(Fault),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fresh {
    /// What a page shows that needs no reload.
    page: String,
    digest: String,
    editions: usize,
    /// The ids of those that are new or not as they were.
    changed: Vec<String>,
    recipients: usize,
    skipped: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    page: String,
    findings: Vec<Quoted>,
    /// How many findings there are besides.
    more: usize,
}

/// A finding with the lines that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Quoted {
    #[serde(flatten)]
    finding: Finding,
    excerpt: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Line {
    /// From 1.
    line: usize,
    text: String,
}

impl Event {
    pub fn fresh(page: &str, made: &Made, changed: Vec<String>) -> Self {
        Self::Fresh(Fresh {
            page: page.to_owned(),
            digest: made.digest.to_string(),
            editions: made.editions.len(),
            changed,
            recipients: made.recipients,
            skipped: made.skipped,
        })
    }

    /// Files of `findings` are looked up from `folder` on.
    pub fn fault(page: &str, findings: &[Finding], folder: &Path) -> Self {
        let quoted = findings
            .iter()
            .take(MOST)
            .map(|finding| Quoted { finding: finding.clone(), excerpt: excerpt(finding, folder).unwrap_or_default() });
        Self::Fault(Fault {
            page: page.to_owned(),
            findings: quoted.collect(),
            more: findings.len().saturating_sub(MOST),
        })
    }

    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Fault(_))
    }

    /// As it stands in the stream; `id` is what a page names when it comes back.
    pub fn in_stream(&self, id: &str) -> Result<String, serde_json::Error> {
        let name = if self.is_fault() { "fault" } else { "fresh" };
        // JSON in one line has no line break of its own, which would end the field.
        Ok(format!("retry: 20\nid: {id}\nevent: {name}\ndata: {}\n\n", serde_json::to_string(self)?))
    }
}

/// The line of `finding` and those around it. Rows of a list are not quoted: they are people.
fn excerpt(finding: &Finding, folder: &Path) -> Option<Vec<Line>> {
    let (file, line) = (finding.file.as_ref()?, finding.line?);
    let is_source = file
        .extension()
        .is_some_and(|extension| ["md", "toml", "mjml", "txt", "css"].iter().any(|known| extension == *known));
    if !is_source || file.starts_with("subscribers") {
        return None;
    }
    let text = String::from_utf8(fs::read(folder.join(file)).ok()?).ok()?;
    let first = line.saturating_sub(AROUND).max(1);
    let lines = text.lines().enumerate().skip(first - 1).take(line + AROUND + 1 - first);
    Some(lines.map(|(at, text)| Line { line: at + 1, text: text.chars().take(WIDTH).collect() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(finding: &Finding, folder: &Path) -> Vec<(usize, String)> {
        excerpt(finding, folder).unwrap_or_default().into_iter().map(|Line { line, text }| (line, text)).collect()
    }

    #[test]
    fn the_line_that_is_meant_is_quoted_with_its_neighbours_as_far_as_there_are_any() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("en.md"), "1\n2\n3\n4\n5\n6\n").unwrap();
        for (line, expected) in [(1, 1..4), (2, 1..5), (4, 2..7), (6, 4..7), (9, 7..7)] {
            let finding = Finding::error("x", "x").in_file("en.md").at_line(line);
            let expected: Vec<_> = expected.map(|line: usize| (line, line.to_string())).collect();
            assert_eq!(quoted(&finding, folder.path()), expected, "line {line}");
        }
    }

    #[test]
    fn nobody_s_row_is_quoted_and_neither_is_what_is_no_text() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("subscribers")).unwrap();
        for (name, content) in [
            ("subscribers/subscribers.csv", &b"email\nann@example.org\n"[..]),
            ("list.csv", b"email\nann@example.org\n"),
            ("subscribers/list.txt", b"email\nann@example.org\n"),
            ("odd.md", b"\xff\n\xff\n"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
            let finding = Finding::error("x", "x").in_file(name).at_line(2);
            assert_eq!(excerpt(&finding, folder.path()), None, "{name}");
        }
    }

    #[test]
    fn an_event_is_one_line_of_data_whatever_a_source_holds() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("en.md"), "one\ttwo \u{2028} \"\\\r\n").unwrap();
        let finding = Finding::error("x", "a\nb\r\n\ndata: c").in_file("en.md").at_line(1);
        let text = Event::fault("7-1", &[finding], folder.path()).in_stream("7-2").unwrap();
        let lines: Vec<_> = text.split(['\n', '\r']).collect();
        assert_eq!((lines[1], lines[2], lines[4], lines.len()), ("id: 7-2", "event: fault", "", 6), "{text}");
        let told: serde_json::Value = serde_json::from_str(lines[3].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(told["findings"][0]["message"], "a\nb\r\n\ndata: c");
        assert_eq!(told["findings"][0]["excerpt"][0]["text"], "one\ttwo \u{2028} \"\\");
    }
}

//! A row in, a subscriber out, or none where the row is bad; and a finding for every doubt. Nothing is
//! guessed at.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::headers::Headers;
use super::{Row, Subscriber, Vocabulary};
use crate::domain::address::{AddressError, likely};
use crate::domain::finding::cure_unknown;
use crate::domain::{EmailAddress, Finding, Language, Severity, Topic};

/// Reads the rows of one list.
pub(super) struct RowReader<'a> {
    pub(super) headers: Headers,
    words: Vocabulary<'a>,
    delimiter: char,
    /// Topics by their names in lower case.
    topics: HashMap<String, Topic>,
    /// Cells that were read without a finding: a list has few different ones.
    known_languages: HashMap<String, Vec<Language>>,
    known_topics: HashMap<String, BTreeSet<Topic>>,
}

/// Languages as people call them, in English, French, Spanish and German.
#[rustfmt::skip]
const NAMES: &[(&str, &str)] = &[
    ("english", "en"), ("anglais", "en"), ("inglés", "en"), ("englisch", "en"),
    ("french", "fr"), ("français", "fr"), ("francais", "fr"), ("francés", "fr"), ("französisch", "fr"),
    ("spanish", "es"), ("espagnol", "es"), ("español", "es"), ("spanisch", "es"),
    ("german", "de"), ("allemand", "de"), ("alemán", "de"), ("deutsch", "de"),
    ("arabic", "ar"), ("arabe", "ar"), ("árabe", "ar"), ("arabisch", "ar"),
    ("ukrainian", "uk"), ("ukrainien", "uk"), ("ucraniano", "uk"), ("ukrainisch", "uk"),
];

/// How many different cells are remembered.
const KNOWN: usize = 4096;

impl<'a> RowReader<'a> {
    pub(super) fn new(headers: Headers, words: Vocabulary<'a>, delimiter: char) -> Self {
        let topics =
            words.topics.iter().filter_map(|topic| Some((topic.to_lowercase(), topic.parse().ok()?))).collect();
        let (known_languages, known_topics) = (HashMap::new(), HashMap::new());
        Self { headers, words, delimiter, topics, known_languages, known_topics }
    }

    /// The subscriber, or none where the row is bad: then at least one finding is an error.
    pub(super) fn read(&mut self, row: &Row, findings: &mut Vec<Finding>) -> Option<Subscriber> {
        if !self.is_whole(row, findings) {
            return None;
        }
        let email = self.email(row, findings);
        let languages = self.languages(row, findings);
        let topics = self.topics(row, findings);
        let mut columns = BTreeMap::new();
        for (alias, at) in &self.headers.columns {
            if let Some(text) = self.headers.text(row, *at, findings) {
                columns.insert(alias.clone(), text);
            }
        }
        let name = self.headers.name.and_then(|at| self.headers.text(row, at, findings));
        Some(Subscriber { email: email?, name, languages: languages?, topics: topics?, columns, line: row.line })
    }

    /// Whether the row is one row, and not longer than the first.
    fn is_whole(&self, row: &Row, findings: &mut Vec<Finding>) -> bool {
        let width = self.headers.names.len();
        let surplus = (width..row.cells.len()).any(|at| cell(row, at).is_some());
        let (code, message, help) = if surplus {
            let swallowed = row.end_line > row.line;
            let help = if swallowed {
                format!("the row runs on to line {}: a quotation mark that opens in it is not closed", row.end_line)
            } else {
                "a cell that holds the delimiter must stand in quotes; saving from a spreadsheet does that".to_owned()
            };
            ("row-length", format!("the row has {} cells, the first row {width}", row.cells.len()), help)
        } else if row.end_line > row.line && row.cells.iter().any(|cell| holds_rows(cell, self.delimiter)) {
            let message =
                format!("a quotation mark opens in this row and swallows the rows up to line {}", row.end_line);
            ("open-quote", message, "close it, or take it out".to_owned())
        } else {
            return true;
        };
        findings.push(Finding::error(code, message).at_line(row.line).with_help(help));
        false
    }

    fn email(&self, row: &Row, findings: &mut Vec<Finding>) -> Option<EmailAddress> {
        let at = self.headers.email;
        let text = row.cells.get(at).unwrap_or_default();
        match text.parse::<EmailAddress>() {
            Ok(email) => Some(email),
            Err(error) => {
                let help = match likely(text) {
                    Some(address) if error != AddressError::Empty => format!("write `{address}`"),
                    _ => error.help().to_owned(),
                };
                findings.push(self.headers.finding(row, at, Severity::Error, "bad-address", error.to_string(), help));
                None
            }
        }
    }

    fn languages(&mut self, row: &Row, findings: &mut Vec<Finding>) -> Option<Vec<Language>> {
        let Some((at, text)) = self.headers.language.and_then(|at| Some((at, cell(row, at)?))) else {
            return Some(Vec::new());
        };
        if let Some(known) = self.known_languages.get(text) {
            return Some(known.clone());
        }
        let mut languages = Vec::new();
        let before = findings.len();
        for tag in split(text) {
            let Ok(language) = tag.parse::<Language>() else {
                let known = self.words.languages.iter().map(Language::as_str);
                let help = match NAMES.iter().find(|(name, _)| *name == tag.to_lowercase()) {
                    Some((_, tag)) => format!("write `{tag}`"),
                    None => format!("write a tag such as en, fr or fr-CA; {}", cure_unknown(tag, known)),
                };
                let message = format!("`{tag}` is not a language tag");
                findings.push(self.headers.finding(row, at, Severity::Error, "bad-language", message, help));
                return None;
            };
            if language.best_of(self.words.languages).is_none() {
                let first = &self.words.languages[0];
                let message = format!("the newsletter has no edition in `{language}`");
                let help = format!("this reader gets it in {first}, unless another language of theirs fits");
                findings.push(self.headers.finding(row, at, Severity::Info, "language-lacking", message, help));
            }
            languages.push(language);
        }
        if findings.len() == before && self.known_languages.len() < KNOWN {
            self.known_languages.insert(text.to_owned(), languages.clone());
        }
        Some(languages)
    }

    fn topics(&mut self, row: &Row, findings: &mut Vec<Finding>) -> Option<BTreeSet<Topic>> {
        let Some((at, text)) = self.headers.topics.and_then(|at| Some((at, cell(row, at)?))) else {
            return Some(BTreeSet::new());
        };
        if let Some(known) = self.known_topics.get(text) {
            return Some(known.clone());
        }
        let mut topics = BTreeSet::new();
        let mut unknown = Vec::new();
        for word in split(text) {
            match self.topics.get(&word.to_lowercase()) {
                Some(topic) => {
                    topics.insert(topic.clone());
                }
                None => unknown.push(word),
            }
        }
        if unknown.is_empty() && self.known_topics.len() < KNOWN {
            self.known_topics.insert(text.to_owned(), topics.clone());
        }
        let bad = topics.is_empty() && !unknown.is_empty();
        for word in unknown {
            let severity = if bad { Severity::Error } else { Severity::Warning };
            let help = cure_unknown(word, self.words.topics.iter().copied());
            let message = format!("`{word}` is not a topic of the newsletter");
            findings.push(self.headers.finding(row, at, severity, "unknown-topic", message, help));
        }
        (!bad).then_some(topics)
    }
}

impl Headers {
    /// A finding about the cell of `row` in the column `at`.
    pub(super) fn finding(
        &self,
        row: &Row,
        at: usize,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Finding {
        let finding = Finding::new(severity, code, message).at_line(row.line).with_help(help);
        match self.names.get(at) {
            Some(header) => finding.in_cell(header, row.cells.get(at).unwrap_or_default()),
            None => finding,
        }
    }

    /// What shall stand in the mail; characters that nobody can see are left out of it, with a warning.
    fn text(&self, row: &Row, at: usize, findings: &mut Vec<Finding>) -> Option<String> {
        let text = cell(row, at)?;
        let clean = without_control_characters(text);
        if clean != text || text.contains('\u{fffd}') {
            let (message, help) = if clean == text {
                ("a character of this cell was lost when it was saved", "write it anew in place of \u{fffd}")
            } else {
                ("there is an invisible character in this cell; it is left out", "write the cell anew")
            };
            findings.push(self.finding(row, at, Severity::Warning, "odd-character", message, help));
        }
        let clean = clean.trim();
        (!clean.is_empty()).then(|| clean.to_owned())
    }
}

fn without_control_characters(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(is_odd) { Cow::Owned(text.replace(is_odd, "")) } else { Cow::Borrowed(text) }
}

/// What stands in a cell; none where it is blank.
pub(super) fn cell(row: &Row, at: usize) -> Option<&str> {
    row.cells.get(at).map(str::trim).filter(|cell| !cell.is_empty())
}

/// Whether other rows stand in a cell: an address and a delimiter behind a line break.
fn holds_rows(cell: &str, delimiter: char) -> bool {
    let behind = cell.find(['\n', '\r']).map(|at| &cell[at..]);
    behind.is_some_and(|rest| rest.contains('@') && rest.contains(delimiter))
}

/// Several values in one cell.
fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '|', ',']).map(str::trim).filter(|word| !word.is_empty())
}

//! Rows to people. A bad row never stops the others and is never guessed at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::headers::Headers;
use super::{ListError, Roster, Subscriber, Table, Vocabulary, table};
use crate::domain::finding::cure_unknown;
use crate::domain::{EmailAddress, Finding, Language, Severity, Topic};

/// Reads a whole list.
///
/// # Errors
/// It can't be read any further, or has no column for addresses.
pub fn read(mut table: Table, words: Vocabulary<'_>) -> Result<Roster, ListError> {
    let mut roster = Roster { findings: table.doubts().to_vec(), ..Roster::default() };
    let names = table.headers().iter().map(str::to_owned).collect();
    let headers = Headers::find(names, words, &mut roster.findings)
        .map_err(|finding| ListError::invalid(finding, table.shown()))?;
    let delimiter = table.dialect().map_or(b',', |dialect| dialect.delimiter);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut raw = table::Row::default();
    while table.next(&mut raw)? {
        if raw.cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        roster.rows += 1;
        let mut row = Row { raw: &raw, headers: &headers, words, delimiter: delimiter.into(), findings: Vec::new() };
        let subscriber = row.read();
        roster.findings.append(&mut row.findings);
        let Some(subscriber) = subscriber else { continue };
        match seen.get(&subscriber.email.identity()) {
            Some(&first) => {
                roster.duplicates += 1;
                roster.findings.extend(duplicate(&subscriber, &roster.people[first], &headers));
            }
            None => {
                seen.insert(subscriber.email.identity(), roster.people.len());
                roster.people.push(subscriber);
            }
        }
    }
    Ok(roster)
}

/// A second row of someone: worth a word where it says something else.
fn duplicate(again: &Subscriber, first: &Subscriber, headers: &Headers) -> Option<Finding> {
    let differs = again.languages != first.languages || again.topics != first.topics;
    differs.then(|| {
        let message =
            format!("this person stands in line {} already, with other preferences; that row counts", first.line);
        Finding::warning("duplicate-differs", message)
            .at_line(again.line)
            .in_cell(headers.names[headers.email].clone(), again.email.to_string())
            .with_help("keep one of the two rows")
    })
}

struct Row<'a> {
    raw: &'a table::Row,
    headers: &'a Headers,
    words: Vocabulary<'a>,
    delimiter: char,
    findings: Vec<Finding>,
}

impl Row<'_> {
    fn cell(&self, at: usize) -> Option<&str> {
        self.raw.cells.get(at).map(str::trim).filter(|cell| !cell.is_empty())
    }

    fn report(&mut self, severity: Severity, code: &'static str, message: String, at: usize, help: String) {
        let finding = Finding::new(severity, code, message).at_line(self.raw.line).with_help(help);
        let cell = self.headers.names.get(at).zip(self.raw.cells.get(at));
        self.findings.push(match cell {
            Some((header, value)) => finding.in_cell(header, value),
            None => finding,
        });
    }

    /// The subscriber, or none where the row is bad: then at least one finding is an error.
    fn read(&mut self) -> Option<Subscriber> {
        let width = self.headers.names.len();
        if (width..self.raw.cells.len()).any(|at| self.cell(at).is_some()) {
            let message = format!("the row has {} cells, the first row {width}", self.raw.cells.len());
            let swallowed = self.raw.end_line > self.raw.line;
            let help = if swallowed {
                format!(
                    "the row runs on to line {}: a quotation mark that opens in it is not closed",
                    self.raw.end_line
                )
            } else {
                "a cell that holds the delimiter must stand in quotes; saving from a spreadsheet does that".to_owned()
            };
            self.report(Severity::Error, "row-length", message, width, help);
            return None;
        }
        if self.raw.cells.iter().any(|cell| holds_rows(cell, self.delimiter)) {
            let message =
                format!("a quotation mark opens in this row and swallows the rows up to line {}", self.raw.end_line);
            self.report(Severity::Error, "open-quote", message, width, "close it, or take it out".to_owned());
            return None;
        }
        let email = self.email();
        let languages = self.languages();
        let topics = self.topics();
        let columns: BTreeMap<_, _> = self
            .headers
            .columns
            .iter()
            .filter_map(|(alias, at)| Some((alias.clone(), self.cell(*at)?.to_owned())))
            .collect();
        let name = self.headers.name.and_then(|at| self.cell(at)).map(str::to_owned);
        Some(Subscriber { email: email?, name, languages: languages?, topics: topics?, columns, line: self.raw.line })
    }

    fn email(&mut self) -> Option<EmailAddress> {
        let at = self.headers.email;
        match self.raw.cells.get(at).unwrap_or_default().parse::<EmailAddress>() {
            Ok(email) => Some(email),
            Err(error) => {
                self.report(Severity::Error, "bad-address", error.to_string(), at, error.help().to_owned());
                None
            }
        }
    }

    fn languages(&mut self) -> Option<Vec<Language>> {
        let Some((at, cell)) = self.headers.language.and_then(|at| Some((at, self.cell(at)?.to_owned()))) else {
            return Some(Vec::new());
        };
        let mut languages = Vec::new();
        for tag in split(&cell) {
            let Ok(language) = tag.parse::<Language>() else {
                let known = self.words.languages.iter().map(Language::as_str);
                let help = format!("write a tag such as en, fr or fr-CA; {}", cure_unknown(tag, known));
                self.report(Severity::Error, "bad-language", format!("`{tag}` is not a language tag"), at, help);
                return None;
            };
            if language.best_of(self.words.languages).is_none() {
                let first = &self.words.languages[0];
                let message = format!("the newsletter has no edition in `{language}`");
                let help = format!("this reader gets it in {first}, unless another language of theirs fits");
                self.report(Severity::Info, "language-lacking", message, at, help);
            }
            languages.push(language);
        }
        Some(languages)
    }

    fn topics(&mut self) -> Option<BTreeSet<Topic>> {
        let Some((at, cell)) = self.headers.topics.and_then(|at| Some((at, self.cell(at)?.to_owned()))) else {
            return Some(BTreeSet::new());
        };
        let mut topics = BTreeSet::new();
        let mut unknown = Vec::new();
        for word in split(&cell) {
            let known = self.words.topics.iter().find(|topic| topic.to_lowercase() == word.to_lowercase());
            match known.and_then(|topic| topic.parse::<Topic>().ok()) {
                Some(topic) => {
                    topics.insert(topic);
                }
                None => unknown.push(word),
            }
        }
        let bad = topics.is_empty() && !unknown.is_empty();
        for word in unknown {
            let severity = if bad { Severity::Error } else { Severity::Warning };
            let help = cure_unknown(word, self.words.topics.iter().copied());
            self.report(severity, "unknown-topic", format!("`{word}` is not a topic of the newsletter"), at, help);
        }
        (!bad).then_some(topics)
    }
}

/// Whether other rows stand in a cell: an address and a delimiter behind a line break.
fn holds_rows(cell: &str, delimiter: char) -> bool {
    cell.split_once('\n').is_some_and(|(_, rest)| rest.contains('@') && rest.contains(delimiter))
}

/// Several values in one cell.
fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '|', ',']).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Roster {
        let languages = ["en".parse().unwrap(), "fr".parse().unwrap()];
        let words = Vocabulary {
            languages: &languages,
            topics: &["policy", "media"],
            columns: &[("organisation", "Organisation name")],
        };
        read(table(text.as_bytes()).unwrap(), words).unwrap()
    }

    fn table(bytes: &[u8]) -> Result<Table, ListError> {
        Table::read(std::io::Cursor::new(bytes.to_vec()), std::path::Path::new("list.csv"))
    }

    fn code(error: ListError) -> &'static str {
        match error {
            ListError::Invalid(finding) => finding.code,
            ListError::Read(..) => panic!("{error}"),
        }
    }

    fn codes(roster: &Roster) -> Vec<(&str, Option<usize>)> {
        roster.findings.iter().map(|finding| (finding.code, finding.line)).collect()
    }

    #[test]
    fn columns_may_stand_in_any_order_and_in_either_language() {
        let roster =
            list("Langue;Organisation name;Courriel;Topics\nfr-CA;\"Au; nord\";ann@example.org;policy|media\n");
        assert_eq!(roster.findings, []);
        let ann = &roster.people[0];
        assert_eq!(ann.email.to_string(), "ann@example.org");
        assert_eq!(ann.languages[0].as_str(), "fr-CA");
        assert_eq!(ann.topics.len(), 2);
        assert_eq!(ann.column("organisation"), Some("Au; nord"));
        assert_eq!(ann.column("name"), None);
    }

    #[test]
    fn a_bad_row_is_reported_with_its_line_and_stops_no_other() {
        let roster = list(
            "email,topics,language,Organisation name\n\
             ann.example.org,policy,en,\n\
             \"bob@example.org\",wether,en,\"two\nlines\"\n\
             cy@example.org,policy;wether,english!,\n\
             di@example.org,media;wether,de,\n\
             ed@example.org,policy,en,a,b\n\
             ,,,\n\
             fi@example.org,,,\n",
        );
        assert_eq!(roster.rows, 6);
        let people: Vec<_> = roster.people.iter().map(|person| person.email.to_string()).collect();
        assert_eq!(people, ["di@example.org", "fi@example.org"]);
        assert_eq!(
            codes(&roster),
            [
                ("bad-address", Some(2)),
                ("unknown-topic", Some(3)),
                ("bad-language", Some(5)),
                ("unknown-topic", Some(5)),
                ("language-lacking", Some(6)),
                ("unknown-topic", Some(6)),
                ("row-length", Some(7)),
            ]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_with_what_it_swallows() {
        let roster =
            list("email,topics,Organisation name\nann@example.org,,\"Open\nbob@example.org,,\ncy@example.org,,\"b\"\n");
        assert_eq!(codes(&roster), [("open-quote", Some(2))]);
        assert!(roster.findings[0].message.contains("up to line 4"), "{}", roster.findings[0].message);
        let roster = list("email,topics,Organisation name\nann@example.org,,\"a\"\nbob@example.org,,\"Open\n1\n");
        assert_eq!(roster.people.len(), 2, "a cell may have lines of its own");
    }

    #[test]
    fn the_first_row_of_a_person_wins() {
        let roster = list(
            "email,topics,Organisation name\nAnn@example.org,policy,\nann@EXAMPLE.org,media,\nann@example.org,policy,\n",
        );
        assert_eq!((roster.rows, roster.people.len(), roster.duplicates), (3, 1, 2));
        assert_eq!(codes(&roster), [("duplicate-differs", Some(3))]);
    }

    #[test]
    fn a_list_of_bare_addresses_will_do() {
        let roster = list("email\nann@example.org\n");
        assert_eq!(codes(&roster), [("missing-column", Some(1))]);
        assert!(roster.people[0].topics.is_empty());
    }

    #[test]
    fn a_list_without_addresses_says_so() {
        let words = Vocabulary { languages: &[], topics: &[], columns: &[] };
        assert_eq!(code(read(table(b"name,emial\n").unwrap(), words).unwrap_err()), "no-email-column");
        assert_eq!(table(b"").map(drop).map_err(code), Err("empty-list"));
    }
}

//! Rows to people, one after the other. A bad row never stops the others. Of who came before, a few bytes
//! are kept, so that a list may have a million people; [`Roster`] gathers them all, as a send needs them.

use std::path::Path;

use super::headers::Headers;
use super::providers::mailbox;
use super::row::RowReader;
use super::seen::{Before, Seen};
use super::{ListError, Roster, Row, Subscriber, Table, Vocabulary};
use crate::domain::Finding;

/// The people of a list, row by row.
pub struct People<'a> {
    table: Table,
    reader: RowReader<'a>,
    seen: Seen,
    row: Row,
    /// Of the person that was read last.
    identity: String,
    findings: Vec<Finding>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Person {
        subscriber: Subscriber,
        /// The line of another address that probably leads to the same mailbox.
        mailbox: Option<usize>,
    },
    /// Someone who stands in `line` already; that row counts.
    Duplicate {
        subscriber: Subscriber,
        line: usize,
    },
    Bad,
}

impl<'a> People<'a> {
    /// Finds the columns.
    ///
    /// # Errors
    /// There is no column for addresses.
    pub fn new(table: Table, words: Vocabulary<'a>) -> Result<Self, ListError> {
        let mut findings = table.doubts().to_vec();
        let headers = Headers::find(table.headers(), table.header_line(), words, &mut findings)
            .map_err(|finding| ListError::invalid(finding, table.shown()))?;
        let delimiter = table.dialect().map_or(',', |dialect| dialect.delimiter.into());
        let reader = RowReader::new(headers, words, delimiter);
        Ok(Self { table, reader, seen: Seen::default(), row: Row::default(), identity: String::new(), findings })
    }

    /// Reads the next row that is not blank; none at the end.
    ///
    /// # Errors
    /// The file can't be read any further.
    pub fn advance(&mut self) -> Result<Option<Verdict>, ListError> {
        loop {
            if !self.table.next(&mut self.row)? {
                return Ok(None);
            }
            if self.row.cells.iter().any(|cell| !cell.trim().is_empty()) {
                break;
            }
        }
        let Some(subscriber) = self.reader.read(&self.row, &mut self.findings) else { return Ok(Some(Verdict::Bad)) };
        self.identity = subscriber.email.identity();
        let preferences = (&subscriber.languages, &subscriber.topics);
        let before = self.seen.note(&self.identity, &mailbox(&self.identity), subscriber.line, preferences);
        Ok(Some(match before {
            Before::Nothing => Verdict::Person { subscriber, mailbox: None },
            Before::Mailbox { line } => Verdict::Person { subscriber, mailbox: Some(line) },
            Before::Person { line, other_preferences } => {
                if other_preferences {
                    self.findings.push(self.differs(&subscriber, line));
                }
                Verdict::Duplicate { subscriber, line }
            }
        }))
    }

    /// The row that was read last, as it stands in the list.
    #[must_use]
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// What makes the person that was read last the same in every spelling.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.reader.headers
    }

    /// What findings call the list.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.table.shown()
    }

    /// The findings since the last call, those about the whole list first.
    pub fn take_findings(&mut self) -> impl Iterator<Item = Finding> {
        let shown = self.table.shown();
        self.findings.drain(..).map(move |finding| Finding { file: Some(shown.to_owned()), ..finding })
    }

    /// A second row of someone: worth a word where it says something else.
    fn differs(&self, again: &Subscriber, line: usize) -> Finding {
        let message = format!("this person stands in line {line} already, with other preferences; that row counts");
        let headers = self.headers();
        Finding::warning("duplicate-differs", message)
            .at_line(again.line)
            .in_cell(&headers.names[headers.email], again.email.to_string())
            .with_help("keep one of the two rows")
    }
}

/// Gathers a whole list.
///
/// # Errors
/// It can't be read any further, or has no column for addresses.
pub fn read(table: Table, words: Vocabulary<'_>) -> Result<Roster, ListError> {
    let mut people = People::new(table, words)?;
    let mut roster = Roster::default();
    while let Some(verdict) = people.advance()? {
        roster.rows += 1;
        match verdict {
            Verdict::Person { subscriber, .. } => roster.people.push(subscriber),
            Verdict::Duplicate { .. } => roster.duplicates += 1,
            Verdict::Bad => {}
        }
        roster.findings.extend(people.take_findings());
    }
    roster.findings.extend(people.take_findings());
    Ok(roster)
}

#[cfg(test)]
mod tests {
    use super::super::ColumnNames;
    use super::*;

    fn list(text: &str) -> Roster {
        let languages = ["en".parse().unwrap(), "fr".parse().unwrap()];
        let words = Vocabulary {
            languages: &languages,
            topics: &["policy", "media"],
            columns: &[("organisation", "Organisation name")],
            named: ColumnNames::default(),
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
    fn what_is_lost_or_invisible_in_a_cell_is_told_and_stops_nobody() {
        let roster = list("email,name,Organisation name\nann@example.org,A\0nn,x\nbo@example.org,Zo\u{fffd},\n");
        assert_eq!(codes(&roster), [("odd-character", Some(2)), ("odd-character", Some(3))]);
        assert_eq!(roster.people[0].name.as_deref(), Some("Ann"));
    }

    #[test]
    fn a_bad_address_comes_with_the_one_that_was_probably_meant() {
        let roster = list("email,Organisation name\nAnn <ann@example.org>,\nan\0n@example.org,\n");
        let helps: Vec<_> = roster.findings.iter().filter_map(|finding| finding.help.as_deref()).collect();
        assert_eq!(helps, ["write `ann@example.org`"; 2]);
    }

    #[test]
    fn a_language_by_its_name_comes_with_its_tag() {
        let roster = list("email,language,Organisation name\nann@example.org,Français,\n");
        assert_eq!(roster.findings[0].help.as_deref(), Some("write `fr`"));
    }

    #[test]
    fn a_list_of_bare_addresses_will_do() {
        let roster = list("email\nann@example.org\n");
        assert_eq!(codes(&roster), [("missing-column", Some(1))]);
        assert!(roster.people[0].topics.is_empty());
    }

    #[test]
    fn a_list_without_addresses_says_so() {
        let words = Vocabulary { languages: &[], topics: &[], columns: &[], named: ColumnNames::default() };
        assert_eq!(code(read(table(b"name,emial\n").unwrap(), words).unwrap_err()), "no-email-column");
        assert_eq!(table(b"").map(drop).map_err(code), Err("empty-list"));
    }
}

//! The list: the file of a spreadsheet in, the people that a send could reach out, and a finding for every
//! doubt. In layers: `dialect` (how it is written), `table` (rows), `headers` (which column is which),
//! `row` and `roster` (people), `check` (what a person should look at besides); `write` is the way back.

mod check;
mod dialect;
pub mod file;
mod headers;
pub mod import;
mod providers;
mod roster;
mod row;
mod seen;
mod selection;
mod table;
#[cfg(test)]
mod table_tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use check::{Checked, Consent, Context, Given, Suppressed, check};
pub use dialect::{Dialect, LineEnding, Quoting};
pub use headers::{ColumnNames, Headers, Role};
pub use roster::{People, Verdict};
pub use selection::addresses;
pub use table::{Row, Rows, Table};
pub use write::{WriteError, Writer, neutral};

use crate::domain::{EmailAddress, Finding, Language, Topic};

/// Someone who gets the newsletter, as their row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    pub email: EmailAddress,
    pub name: Option<String>,
    /// In the reader's order; none where the row says nothing.
    pub languages: Vec<Language>,
    /// None for every topic.
    pub topics: BTreeSet<Topic>,
    /// Declared columns by alias; a blank cell is missing.
    pub columns: BTreeMap<String, String>,
    /// The line of the file at which the row begins, from 1.
    pub line: usize,
}

impl Subscriber {
    /// The cell of a column by its alias, the list's own among them; none where it is blank.
    #[must_use]
    pub fn column(&self, alias: &str) -> Option<&str> {
        match alias {
            "name" => self.name.as_deref(),
            "language" => self.languages.first().map(Language::as_str),
            alias => self.columns.get(alias).map(String::as_str),
        }
    }
}

/// A list that was read.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// Data rows, whatever is in them.
    pub rows: usize,
    /// Different people that a send could reach, in the order of their rows.
    pub people: Vec<Subscriber>,
    /// Surplus rows of people who stand there already.
    pub duplicates: usize,
    pub findings: Vec<Finding>,
}

/// The words of the newsletter that a list may use.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'a> {
    pub languages: &'a [Language],
    pub topics: &'a [&'a str],
    /// Alias and header of declared columns.
    pub columns: &'a [(&'a str, &'a str)],
    /// Headers of the columns that every list has.
    pub named: ColumnNames<'a>,
}

/// The list can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("{} can't be read: {}", .0.display(), .1)]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{}", .0.message)]
    Invalid(Box<Finding>),
}

impl ListError {
    fn invalid(finding: Finding, shown: &Path) -> Self {
        Self::Invalid(Box::new(finding.in_file(shown)))
    }
}

/// Reads the list in `path`; findings call it `shown`.
///
/// # Errors
/// The file can't be read, is no list, or has no column for addresses.
pub fn load(path: &Path, shown: &Path, words: Vocabulary<'_>) -> Result<Roster, ListError> {
    roster::read(Table::open(path, shown)?, words)
}

//! The list: a CSV as a spreadsheet saves it in, the people that a send could reach out, and a finding
//! for every doubt.

mod dialect;
pub mod file;
mod headers;
pub mod import;
mod roster;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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
}

/// The list can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("{} can't be read: {}", .0.display(), .1)]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{}", .0.message)]
    Invalid(Box<Finding>),
}

/// Reads the list in `path`; findings call it `shown`.
///
/// # Errors
/// The file can't be read, is in no encoding that is known, or has no column for addresses.
pub fn load(path: &Path, shown: &Path, words: Vocabulary<'_>) -> Result<Roster, ListError> {
    let bytes = std::fs::read(path).map_err(|error| ListError::Read(shown.to_owned(), error))?;
    roster::read(&bytes, words).map_err(|finding| ListError::Invalid(Box::new(finding.in_file(shown)))).map(
        |mut roster| {
            for finding in &mut roster.findings {
                finding.file = Some(shown.to_owned());
            }
            roster
        },
    )
}

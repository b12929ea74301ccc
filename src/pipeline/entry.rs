//! One person of an assembly as they are put by: what an issue needs to know of them in, a few bytes out, and
//! the person again when their turn comes. The bytes are read by the process that wrote them, and by no other.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::field::Field;
use crate::domain::{EmailAddress, Language};
use crate::issue::Issue;
use crate::state::{Place, StateError};
use crate::subscribers::Subscriber;

/// What stands in place of a number or a length where there is none.
const NONE: u32 = u32::MAX;
/// The same for someone who is suppressed.
const SUPPRESSED: u32 = NONE - 1;

/// What becomes of someone in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate<'a> {
    /// The edition at this place.
    Gets(usize),
    /// No edition, with the reason.
    Nothing(&'a str),
    /// No edition, since they are not to be sent to any more.
    Suppressed(&'a str),
}

/// Someone in the list.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    form: &'a Form,
    pub place: Place,
    /// The line of the file at which the row begins, from 1.
    pub line: usize,
    pub address: &'a str,
    pub identity: &'a str,
    pub fate: Fate<'a>,
    languages: usize,
    name: Option<&'a str>,
    columns: Bytes<'a>,
}

/// What of a person is put by: which of their columns, and languages by a number.
#[derive(Debug)]
pub(super) struct Form {
    /// Where it is put by.
    folder: PathBuf,
    /// Columns that stand in the issue.
    columns: Vec<String>,
    languages: Vec<Vec<Language>>,
}

impl Form {
    pub(super) fn of(issue: &Issue, folder: &Path) -> Self {
        let columns: BTreeSet<_> = issue.fields.iter().filter_map(column).collect();
        let columns = columns.into_iter().map(str::to_owned).collect();
        Self { folder: folder.to_owned(), columns, languages: Vec::new() }
    }

    /// The error of a record that can't be understood.
    pub(super) fn damaged(&self) -> StateError {
        StateError::Spool(self.folder.clone(), io::ErrorKind::InvalidData.into())
    }

    /// The number of languages that did not come by yet.
    pub(super) fn add_languages(&mut self, languages: &[Language]) -> usize {
        self.languages.push(languages.to_vec());
        self.languages.len() - 1
    }

    pub(super) fn write(
        &self,
        person: &Subscriber,
        identity: &str,
        fate: Fate<'_>,
        languages: usize,
        out: &mut Vec<u8>,
    ) {
        put_number(person.line, out);
        match fate {
            Fate::Gets(number) => put_number(number, out),
            Fate::Nothing(reason) => {
                out.extend(NONE.to_le_bytes());
                put_text(Some(reason), out);
            }
            Fate::Suppressed(reason) => {
                out.extend(SUPPRESSED.to_le_bytes());
                put_text(Some(reason), out);
            }
        }
        put_number(languages, out);
        let address = person.email.as_str();
        put_text(Some(address), out);
        // Most people's address is written as it is compared.
        put_text(Some(identity).filter(|identity| *identity != address), out);
        put_text(person.name.as_deref(), out);
        for alias in &self.columns {
            put_text(person.columns.get(alias).map(String::as_str), out);
        }
    }
}

/// A column that only some newsletters have.
fn column(field: &Field) -> Option<&str> {
    match field {
        Field::Column { alias, .. } if !matches!(alias.as_str(), "email" | "name" | "language") => Some(alias),
        _ => None,
    }
}

impl<'a> Entry<'a> {
    /// The person in `record`, which stands at `place`; `edition` tells the place of the edition of a number.
    pub(super) fn read(
        form: &'a Form,
        place: Place,
        record: &'a [u8],
        edition: impl Fn(usize) -> Option<usize>,
    ) -> Option<Self> {
        let mut bytes = Bytes(record);
        let line = bytes.number()? as usize;
        let fate = match bytes.number()? {
            NONE => Fate::Nothing(bytes.text()??),
            SUPPRESSED => Fate::Suppressed(bytes.text()??),
            number => Fate::Gets(edition(number as usize)?),
        };
        let languages = bytes.number()? as usize;
        let address = bytes.text()??;
        let identity = bytes.text()?.unwrap_or(address);
        let name = bytes.text()?;
        Some(Self { form, place, line, address, identity, fate, languages, name, columns: bytes })
    }

    /// The person, as far as messages of the issue need them.
    ///
    /// # Errors
    /// What was put by is damaged.
    pub fn subscriber(&self) -> Result<Subscriber, StateError> {
        self.whole().ok_or_else(|| self.form.damaged())
    }

    /// What there is of them to be merged: the alias of a column, and their cell.
    ///
    /// # Errors
    /// What was put by is damaged.
    pub fn each_cell(&self, mut each: impl FnMut(&str, &str)) -> Result<(), StateError> {
        each("email", self.address);
        if let Some(name) = self.name {
            each("name", name);
        }
        self.each_column(each).ok_or_else(|| self.form.damaged())
    }

    fn each_column(&self, mut each: impl FnMut(&str, &str)) -> Option<()> {
        let mut bytes = self.columns;
        for alias in &self.form.columns {
            if let Some(cell) = bytes.text()? {
                each(alias, cell);
            }
        }
        Some(())
    }

    fn whole(&self) -> Option<Subscriber> {
        let mut columns = BTreeMap::new();
        self.each_column(|alias, cell| drop(columns.insert(alias.to_owned(), cell.to_owned())))?;
        Some(Subscriber {
            email: self.address.parse().ok()?,
            name: self.name.map(str::to_owned),
            languages: self.form.languages.get(self.languages)?.clone(),
            topics: BTreeSet::new(),
            columns,
            line: self.line,
        })
    }

    /// Their address.
    ///
    /// # Errors
    /// What was put by is damaged.
    pub fn email(&self) -> Result<EmailAddress, StateError> {
        self.address.parse().map_err(|_| self.form.damaged())
    }

    /// Why they get nothing; none where they get an edition.
    #[must_use]
    pub fn reason(&self) -> Option<&'a str> {
        match self.fate {
            Fate::Gets(_) => None,
            Fate::Nothing(reason) | Fate::Suppressed(reason) => Some(reason),
        }
    }
}

/// Bytes that are still to be read.
#[derive(Debug, Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    /// None where the bytes end too early, `Some(None)` where there is no text.
    #[expect(clippy::option_option, reason = "a missing cell is one thing, a damaged record another")]
    fn text(&mut self) -> Option<Option<&'a str>> {
        let length = self.number()?;
        if length == NONE {
            return Some(None);
        }
        let (text, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(Some)
    }
}

fn put_number(number: usize, out: &mut Vec<u8>) {
    // No list has four billion rows, and no issue as many editions.
    out.extend(u32::try_from(number).unwrap_or(SUPPRESSED - 1).to_le_bytes());
}

fn put_text(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => {
            put_number(text.len(), out);
            out.extend(text.as_bytes());
        }
        None => out.extend(NONE.to_le_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::{Cursor, SpoolWriter};

    fn cells() -> impl Strategy<Value = Option<String>> {
        prop::option::of("\\PC{1,20}")
    }

    proptest! {
        #[test]
        fn a_person_comes_back_as_they_were_put_by(
            people in prop::collection::vec((cells(), cells(), any::<bool>(), 0..4_usize), 0..20)
        ) {
            let mut form = Form {
                folder: "state".into(), columns: vec!["organisation".to_owned()], languages: Vec::new(),
            };
            let languages = vec!["fr-CA".parse::<Language>().unwrap(), "en".parse().unwrap()];
            let number = form.add_languages(&languages);
            let people: Vec<_> = people.into_iter().enumerate().map(|(line, (name, cell, shout, fate))| {
                let address = format!("{}{line}@example.org", if shout { "Reader" } else { "reader" });
                let columns = cell.map(|cell| ("organisation".to_owned(), cell)).into_iter().collect();
                let languages = languages.clone();
                let email = address.parse().unwrap();
                (Subscriber { email, name, languages, topics: BTreeSet::new(), columns, line }, fate)
            }).collect();
            let fate = |fate| match fate {
                0 => Fate::Nothing("no item"),
                1 => Fate::Suppressed("suppressed: bounced"),
                number => Fate::Gets(number),
            };
            let mut writer = SpoolWriter::new(std::path::Path::new("nowhere"));
            for (person, number_of_fate) in &people {
                let identity = person.email.identity();
                let write = |out: &mut Vec<u8>| form.write(person, &identity, fate(*number_of_fate), number, out);
                writer.add(write).unwrap();
            }
            let spool = writer.finish().unwrap();
            let mut cursor = Cursor::default();
            for (person, number_of_fate) in &people {
                let (place, record) = cursor.next(&spool).unwrap().unwrap();
                let entry = Entry::read(&form, place, record, Some).unwrap();
                prop_assert_eq!(&entry.subscriber().unwrap(), person);
                prop_assert_eq!(entry.fate, fate(*number_of_fate));
                prop_assert_eq!(entry.identity, person.email.identity());
                for cut in 0..record.len() {
                    let broken = Entry::read(&form, place, &record[..cut], Some);
                    prop_assert!(broken.is_none_or(|entry| entry.subscriber().is_err()));
                }
            }
            prop_assert!(cursor.next(&spool).unwrap().is_none());
        }
    }
}

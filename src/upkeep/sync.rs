//! What readers asked for, brought into the list (`sync`) or into a copy of it (`export`).

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use jiff::Timestamp;

use super::list::{OwnList, backups};
use crate::domain::{EmailAddress, Language, Topic};
use crate::pipeline::{Newsletter, PipelineError, Words, refused};
use crate::readers::{Book, Change, Channel, Event, Record, Register};
use crate::state::Database;
use crate::subscribers::import::{CellChange, Update};
use crate::subscribers::{ColumnNames, Dialect, Role, Writer, neutral};

/// What a sync would do to the list.
pub struct PlannedSync {
    /// People whose rows change.
    pub changed: Vec<Update>,
    /// People whose rows are taken out, since they are suppressed.
    pub removed: Vec<EmailAddress>,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    list: OwnList,
    book: Book,
}

/// Works out which rows say something else than their readers asked for; rows of suppressed people go too
/// where `drop_suppressed` says so. Nothing is written.
///
/// # Errors
/// The list or the database can't be read.
pub fn plan_sync(newsletter: &Newsletter, drop_suppressed: bool) -> Result<PlannedSync, PipelineError> {
    let mut list = OwnList::open(newsletter)?;
    let book = newsletter.book()?;
    let words = Words::of(&newsletter.config);
    let named = words.vocabulary().named;
    let mut sheet = Sheet { named, headers: list.headers.clone(), rows: std::mem::take(&mut list.rows) };
    let mut planned = PlannedSync { changed: vec![], removed: vec![], headers: vec![], rows: vec![], list, book };
    let email = sheet.email()?;
    let mut kept = Vec::with_capacity(sheet.rows.len());
    for place in 0..sheet.rows.len() {
        let address = address(&sheet.rows[place], email);
        let record = address.as_ref().and_then(|address| planned.book.record(address));
        match (address, record) {
            (Some(address), Some(record)) if record.suppression.is_some() && drop_suppressed => {
                planned.removed.push(address);
                continue;
            }
            (Some(address), Some(record)) if record.has_wishes() => {
                let cells = sheet.fulfil(place, record);
                if !cells.is_empty() {
                    planned.changed.push(Update { email: address, cells });
                }
            }
            _ => {}
        }
        kept.push(place);
    }
    let width = sheet.headers.len();
    let mut rows: BTreeMap<usize, Vec<String>> = sheet.rows.into_iter().enumerate().collect();
    planned.rows = kept.into_iter().filter_map(|place| rows.remove(&place)).collect();
    for row in &mut planned.rows {
        if width > planned.list.headers.len() {
            row.resize(row.len().max(width), String::new());
        }
    }
    planned.headers = sheet.headers;
    Ok(planned)
}

impl PlannedSync {
    /// Whether there is anything to do.
    #[must_use]
    pub fn changes(&self) -> bool {
        !(self.changed.is_empty() && self.removed.is_empty())
    }

    /// Writes the list; tells where the old one is kept.
    ///
    /// # Errors
    /// The list or the database can't be written, or the list was changed meanwhile.
    pub fn carry_out(self, newsletter: &Newsletter, now: Timestamp) -> Result<Option<PathBuf>, PipelineError> {
        let backup = self.list.replace(&self.headers, &self.rows, Some((&backups(newsletter), now)))?;
        let synced = self.changed.iter().map(|update| Event {
            reader: self.book.reader(&update.email),
            identity: Some(update.email.identity()),
            at: now,
            change: Change::Synced,
            channel: Channel::Csv,
            note: None,
        });
        Register::new(Database::open(&newsletter.database())?).append(synced.collect())?;
        Ok(backup)
    }
}

/// Who is in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Who is sent to.
    Reachable,
    /// Everyone, with a column that says who is suppressed, and why.
    Everyone,
}

/// Writes the list with what readers asked for to `out`: UTF-8 with a byte order mark, so that a spreadsheet
/// opens it right, and no cell that it would run as a formula. Tells how many rows.
///
/// # Errors
/// The list or the database can't be read, or `out` can't be written.
pub fn export(newsletter: &Newsletter, extent: Export, out: impl Write) -> Result<usize, PipelineError> {
    let list = OwnList::open(newsletter)?;
    let book = newsletter.book()?;
    let words = Words::of(&newsletter.config);
    let named = words.vocabulary().named;
    let mut sheet = Sheet { named, headers: list.headers, rows: list.rows };
    let email = sheet.email()?;
    let mut records = Vec::new();
    for place in 0..sheet.rows.len() {
        let address = address(&sheet.rows[place], email);
        let record = address.as_ref().and_then(|address| book.record(address)).cloned().unwrap_or_default();
        sheet.fulfil(place, &record);
        records.push(record);
    }
    let failed = |error: crate::subscribers::WriteError| {
        refused(error.to_string(), "check the folder's permissions and the room on the disk")
    };
    let dialect = Dialect { bom: true, ..Dialect::default() };
    let mut writer = Writer::new(out, dialect);
    let mut headers = sheet.headers.clone();
    if extent == Export::Everyone {
        headers.push("suppressed".to_owned());
    }
    writer.write(headers.iter().map(|header| neutral(header))).map_err(failed)?;
    let mut written = 0;
    for (mut row, record) in sheet.rows.into_iter().zip(records) {
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match (extent, record.suppression) {
            (Export::Reachable, Some(_)) => continue,
            (Export::Reachable, None) => {}
            (Export::Everyone, suppression) => {
                row.resize(sheet.headers.len(), String::new());
                row.push(suppression.map_or(String::new(), |suppression| suppression.to_string()));
            }
        }
        writer.write(row.iter().map(|cell| neutral(cell))).map_err(failed)?;
        written += 1;
    }
    writer.finish().map_err(failed)?;
    Ok(written)
}

/// Rows in which readers' wishes are fulfilled.
struct Sheet<'a> {
    /// Headers of columns that `[subscribers]` names.
    named: ColumnNames<'a>,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet<'_> {
    fn email(&self) -> Result<usize, PipelineError> {
        Role::Email.find(&self.headers, self.named).ok_or_else(|| {
            refused(
                "the list has no column for the address",
                "the first row names the columns; call that of the addresses `email`",
            )
        })
    }

    /// Writes what a record asks for into a row; tells what changed.
    fn fulfil(&mut self, place: usize, record: &Record) -> Vec<CellChange> {
        let languages = record.languages.as_ref().map(|wanted| joined(wanted.iter().map(Language::as_str)));
        let topics = record.topics.as_ref().map(|wanted| joined(wanted.iter().map(Topic::as_str)));
        let wishes = [(Role::Language, "language", languages), (Role::Topics, "topics", topics)];
        let mut changes = Vec::new();
        for (role, header, wish) in wishes {
            let Some(wish) = wish else { continue };
            let at = role.find(&self.headers, self.named).unwrap_or_else(|| {
                self.headers.push(header.to_owned());
                self.headers.len() - 1
            });
            let row = &mut self.rows[place];
            row.resize(row.len().max(at + 1), String::new());
            if row[at].trim() != wish {
                let old = std::mem::replace(&mut row[at], wish.clone());
                changes.push(CellChange { header: self.headers[at].clone(), old, new: wish });
            }
        }
        changes
    }
}

fn address(row: &[String], email: usize) -> Option<EmailAddress> {
    row.get(email)?.parse().ok()
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(";")
}

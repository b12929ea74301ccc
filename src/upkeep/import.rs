//! An import: what it would do first, and then, when a person has agreed, done.

use std::path::PathBuf;

use jiff::Timestamp;

use super::list::{OwnList, backups};
use crate::domain::{EmailAddress, Localised, Topic};
use crate::pipeline::{Newsletter, PipelineError, Words, refused};
use crate::readers::{Book, Cause, Change, Channel, Event, Register};
use crate::state::Database;
use crate::subscribers::Table;
use crate::subscribers::import::{Departure, Extent, Kind, List, MapError, Mapping, Outcome, merge};

/// What a person asks for.
#[derive(Debug)]
pub struct ImportRequest {
    pub file: PathBuf,
    /// Recognised by its columns where it is not told.
    pub kind: Option<Kind>,
    pub mapping: Mapping,
    pub extent: Extent,
}

/// An import that only waits to be agreed to.
pub struct PlannedImport {
    pub kind: Kind,
    pub outcome: Outcome,
    file: PathBuf,
    list: OwnList,
    book: Book,
}

/// Works out what an import would do; nothing is written.
///
/// # Errors
/// The export, the list or the database can't be read, or the mapping names what is not there.
pub fn plan_import(newsletter: &Newsletter, request: &ImportRequest) -> Result<PlannedImport, PipelineError> {
    let mut list = OwnList::open(newsletter)?;
    let book = newsletter.book()?;
    let table = Table::open(&request.file, &request.file)?;
    let headers: Vec<String> = table.headers().iter().map(str::to_owned).collect();
    let kind = request.kind.unwrap_or_else(|| Kind::of(&headers));
    let mut broken = None;
    let rows = table.into_iter().map_while(|row| match row {
        Ok(row) => Some((row.line, row.cells.iter().map(str::to_owned).collect())),
        Err(error) => {
            broken = Some(error);
            None
        }
    });
    let config = &newsletter.config;
    let words = Words::of(config);
    let topics: Vec<_> = config.topics.iter().map(|(topic, name)| (Topic::as_str(topic), names(name))).collect();
    let columns: Vec<_> = config.columns.iter().map(|(alias, header)| (alias.as_str(), header.as_str())).collect();
    let suppressed = |email: &EmailAddress| book.suppression(email).is_some();
    let own = List {
        headers: list.headers.clone(),
        rows: std::mem::take(&mut list.rows),
        languages: &config.languages,
        topics: &topics,
        columns: &columns,
        named: words.vocabulary().named,
        suppressed: &suppressed,
    };
    let outcome = merge(own, &request.file, kind, &headers, rows, &request.mapping, request.extent)
        .map_err(|error| unmapped(&error))?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    Ok(PlannedImport { kind, outcome, file: request.file.clone(), list, book })
}

impl PlannedImport {
    /// Does it: suppressions first, so that whatever happens in between, nobody is revived; then the list.
    /// Tells where the old list is kept.
    ///
    /// # Errors
    /// The database or the list can't be written, or the list was changed meanwhile.
    pub fn carry_out(self, newsletter: &Newsletter, now: Timestamp) -> Result<Option<PathBuf>, PipelineError> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let event = |email: &EmailAddress, change, note| Event {
            reader: self.book.reader(email),
            identity: Some(email.identity()),
            at: now,
            change,
            channel: Channel::Import,
            note: Some(note),
        };
        let register = Register::new(Database::open(&newsletter.database())?);
        let departed = self.outcome.departed.iter().map(|(email, departure)| {
            let (cause, word) = match departure {
                Departure::Unsubscribed => (Cause::Unsubscribed, "unsubscribed"),
                Departure::Bounced => (Cause::Bounced, "cleaned for bounces"),
                Departure::Blocked => (Cause::ByHand, "blocked"),
            };
            event(email, Change::Suppressed(cause), format!("{word} in {} ({name})", self.kind))
        });
        register.append(departed.collect())?;
        if !self.outcome.changes_list() {
            return Ok(None);
        }
        let backup = self.list.replace(&self.outcome.headers, &self.outcome.rows, Some((&backups(newsletter), now)))?;
        let listed = self.outcome.added.iter().map(|email| event(email, Change::Listed, name.clone()));
        register.append(listed.collect())?;
        Ok(backup)
    }
}

/// A topic's name in every language.
fn names(name: &Localised<String>) -> Vec<&str> {
    name.all().map(String::as_str).collect()
}

fn unmapped(error: &MapError) -> PipelineError {
    let help = match error {
        MapError::NoHeader { help, .. } | MapError::NoEmail { help } => help.clone(),
        MapError::NoOwnEmail => {
            "the first row of subscribers/subscribers.csv names the columns, one of them `email`".into()
        }
        MapError::Column(_) | MapError::Value(_) => "see `bulletin subscribers import --help`".into(),
    };
    refused(error.to_string(), help)
}

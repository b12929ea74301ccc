//! What became of everyone, as tables that a spreadsheet opens: `deliveries.csv`, everyone of the plan, and
//! `bounces.csv`, those who were refused. Made from the ledger each time, and never read back.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Desk, PipelineError, refused};
use crate::domain::IssueId;
use crate::ledger::{PersonLine, each_person};
use crate::state::{StateError, open_to_read, private_file, private_folder};
use crate::subscribers::neutral;

/// Everyone of the plan.
pub const DELIVERIES: &str = "deliveries.csv";
/// Those who were refused for good.
pub const BOUNCES: &str = "bounces.csv";

const HEADERS: [&str; 11] = [
    "time (UTC)",
    "email",
    "language",
    "outcome",
    "reason",
    "code",
    "enhanced",
    "text",
    "remote",
    "queue id",
    "attempts",
];

impl Desk {
    /// Writes both tables into `folder`.
    ///
    /// # Errors
    /// The database can't be read, or the folder can't be written.
    pub fn write_logs(&self, folder: &Path) -> Result<(), PipelineError> {
        write_logs(self.database(), self.issue(), false, folder)
    }
}

/// Writes both tables of an issue into `folder`, from the ledger in `database`.
///
/// # Errors
/// The database can't be read, or the folder can't be written.
pub fn write_logs(database: &Path, issue: &IssueId, alive: bool, folder: &Path) -> Result<(), PipelineError> {
    let unwritable = |error: io::Error| {
        refused(
            format!("the tables in {} can't be written: {error}", folder.display()),
            "close them in the spreadsheet and check the folder's permissions; the ledger has everything, and \
             `bulletin status --csv` writes them again",
        )
    };
    let Some(connection) = open_to_read(database)? else { return Ok(()) };
    private_folder(folder).map_err(unwritable)?;
    let mut deliveries = Table::begin(folder, DELIVERIES).map_err(unwritable)?;
    let mut bounces = Table::begin(folder, BOUNCES).map_err(unwritable)?;
    let mut written = Ok(());
    each_person(&connection, issue, alive, |person| {
        if written.is_ok() {
            written = deliveries.add(&person);
        }
        if written.is_ok() && person.state == "rejected" {
            written = bounces.add(&person);
        }
    })
    .map_err(|error| StateError::Database(database.to_owned(), error))?;
    written.and_then(|()| deliveries.end()).and_then(|()| bounces.end()).map_err(unwritable)
}

/// A table under way: it takes its place only when it is whole.
struct Table {
    rows: csv::Writer<File>,
    draft: PathBuf,
    path: PathBuf,
}

impl Table {
    fn begin(folder: &Path, name: &str) -> io::Result<Self> {
        let (path, draft) = (folder.join(name), folder.join(format!("{name}.new")));
        let mut file = private_file(&draft)?;
        // Without the mark, spreadsheets take UTF-8 for something older.
        file.write_all("\u{feff}".as_bytes())?;
        let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        rows.write_record(HEADERS)?;
        Ok(Self { rows, draft, path })
    }

    fn add(&mut self, person: &PersonLine) -> io::Result<()> {
        let last = person.last.as_ref();
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let cells = [
            last.map(|last| last.at.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default(),
            person.email.clone(),
            text(person.language.as_ref()),
            person.state.clone(),
            last.and_then(|last| last.refusal).map(|reason| reason.to_string()).unwrap_or_default(),
            last.and_then(|last| last.code).map(|code| code.to_string()).unwrap_or_default(),
            text(last.and_then(|last| last.enhanced.as_ref())),
            text(last.map(|last| &last.text).or(person.reason.as_ref())),
            text(last.and_then(|last| last.remote.as_ref())),
            text(last.and_then(|last| last.queue_id.as_ref())),
            person.attempts.to_string(),
        ];
        Ok(self.rows.write_record(cells.iter().map(|cell| neutral(cell).into_owned()))?)
    }

    fn end(self) -> io::Result<()> {
        self.rows.into_inner().map_err(csv::IntoInnerError::into_error)?;
        std::fs::rename(&self.draft, &self.path)
    }
}

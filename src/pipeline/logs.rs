//! What became of everyone, as tables that a spreadsheet opens: `deliveries.csv`, everyone of the plan, and
//! `bounces.csv`, those who were refused. Made from the ledger each time, and never read back.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Desk, PipelineError, refused};
use crate::domain::{IssueId, Reason};
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
    times: Times,
    draft: PathBuf,
    path: PathBuf,
}

impl Table {
    fn begin(folder: &Path, name: &str) -> io::Result<Self> {
        let (path, draft) = (folder.join(name), folder.join(format!("{name}.new")));
        let mut file = private_file(&draft)?;
        // Without the mark, spreadsheets take UTF-8 for something older.
        file.write_all("\u{feff}".as_bytes())?;
        let mut rows =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).buffer_capacity(64 * 1024).from_writer(file);
        rows.write_record(HEADERS)?;
        Ok(Self { rows, times: Times::default(), draft, path })
    }

    fn add(&mut self, person: &PersonLine<'_>) -> io::Result<()> {
        let last = person.last.as_ref();
        let code = last.and_then(|last| last.code).map(|code| code.to_string());
        let cells = [
            last.map_or("", |last| self.times.text(last.at)),
            person.email,
            person.language.unwrap_or_default(),
            person.state,
            last.and_then(|last| last.refusal).map(Reason::as_str).unwrap_or_default(),
            code.as_deref().unwrap_or_default(),
            last.and_then(|last| last.enhanced).unwrap_or_default(),
            last.map(|last| last.text).or(person.reason).unwrap_or_default(),
            last.and_then(|last| last.remote).unwrap_or_default(),
            last.and_then(|last| last.queue_id).unwrap_or_default(),
            &person.attempts.to_string(),
        ];
        for cell in cells {
            self.rows.write_field(neutral(cell).as_bytes())?;
        }
        Ok(self.rows.write_record(None::<&[u8]>)?)
    }

    fn end(self) -> io::Result<()> {
        self.rows.into_inner().map_err(csv::IntoInnerError::into_error)?;
        std::fs::rename(&self.draft, &self.path)
    }
}

/// Times as a table shows them. Many messages end in the same second, which is written once for them all.
#[derive(Default)]
struct Times {
    second: Option<i64>,
    text: String,
}

impl Times {
    fn text(&mut self, at: Timestamp) -> &str {
        if self.second.replace(at.as_second()) != Some(at.as_second()) {
            self.text = at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        }
        &self.text
    }
}

//! A list as a table: the file of a spreadsheet in, whatever its dialect or kind; the header and then row
//! after row out, each with its place in the file.

mod decode;
mod lines;
mod sheet;

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::StringRecord;

use self::lines::Lines;
use self::sheet::{Kind, SheetRow};
use super::ListError;
use super::dialect::{self, Dialect, NotText, Sniffed};
use crate::domain::Finding;

/// A list that is read row by row.
pub struct Table {
    headers: StringRecord,
    header_line: usize,
    source: Source,
    dialect: Option<Dialect>,
    doubts: Vec<Finding>,
    /// What findings call the file.
    shown: PathBuf,
}

/// A row of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The line of the file at which it begins, or the row of the sheet, from 1.
    pub line: usize,
    /// The line on which it ends: another one where a cell has line breaks.
    pub end_line: usize,
    pub cells: StringRecord,
}

enum Source {
    /// In bounded memory.
    Csv(Box<csv::Reader<Lines<Box<dyn Read + Send>>>>),
    Sheet(std::vec::IntoIter<SheetRow>),
}

impl Table {
    /// Opens the list in `path`; findings call it `shown`.
    ///
    /// # Errors
    /// The file can't be read, is neither text nor a spreadsheet, or is empty.
    pub fn open(path: &Path, shown: &Path) -> Result<Self, ListError> {
        let failed = |error| ListError::Read(shown.to_owned(), error);
        let mut file = std::fs::File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_file() {
            return Self::read(file, shown);
        }
        // What comes through a pipe can't be read twice.
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Self::read(Cursor::new(bytes), shown)
    }

    /// Reads the list in `source`; findings call it `shown`.
    ///
    /// # Errors
    /// See [`Table::open`].
    pub fn read(mut source: impl Read + Seek + Send + 'static, shown: &Path) -> Result<Self, ListError> {
        let failed = |error| ListError::Read(shown.to_owned(), error);
        let mut head = Vec::new();
        source.by_ref().take(128).read_to_end(&mut head).map_err(failed)?;
        if let Some(kind) = Kind::of(&head) {
            source.rewind().map_err(failed)?;
            let rows = sheet::rows(kind, source).map_err(|error| ListError::invalid(damaged(&error), shown))?;
            return Self::begin(Source::Sheet(rows.into_iter()), None, Vec::new(), shown);
        }
        let Sniffed { dialect, is_mixed, doubt } =
            dialect::sniff(&mut source).map_err(failed)?.map_err(|NotText| ListError::invalid(no_text(), shown))?;
        let source = csv(source, &dialect, is_mixed).map_err(failed)?;
        Self::begin(source, Some(dialect), doubt.into_iter().collect(), shown)
    }

    /// Reads the list in `source`, which is known to be written in `dialect`.
    ///
    /// # Errors
    /// It can't be read, or is empty.
    pub fn read_as(
        dialect: &Dialect,
        source: impl Read + Seek + Send + 'static,
        shown: &Path,
    ) -> Result<Self, ListError> {
        let source = csv(source, dialect, false).map_err(|error| ListError::Read(shown.to_owned(), error))?;
        Self::begin(source, Some(*dialect), Vec::new(), shown)
    }

    fn begin(
        source: Source,
        dialect: Option<Dialect>,
        mut doubts: Vec<Finding>,
        shown: &Path,
    ) -> Result<Self, ListError> {
        for doubt in &mut doubts {
            doubt.file = Some(shown.to_owned());
        }
        let mut table =
            Self { headers: StringRecord::new(), header_line: 1, source, dialect, doubts, shown: shown.to_owned() };
        let mut row = Row::default();
        while table.next(&mut row)? {
            if row.cells.iter().any(|cell| !cell.trim().is_empty()) {
                (table.headers, table.header_line) = (row.cells, row.line);
                return Ok(table);
            }
        }
        let finding = Finding::error("empty-list", "the list is empty")
            .with_help("its first row names the columns: email,name,language,topics");
        Err(ListError::invalid(finding, shown))
    }

    /// The first row that is not blank.
    #[must_use]
    pub fn headers(&self) -> &StringRecord {
        &self.headers
    }

    /// The line that they stand in.
    #[must_use]
    pub fn header_line(&self) -> usize {
        self.header_line
    }

    /// How the file is written; none for a spreadsheet's own file.
    #[must_use]
    pub fn dialect(&self) -> Option<&Dialect> {
        self.dialect.as_ref()
    }

    /// What was guessed about the whole file.
    #[must_use]
    pub fn doubts(&self) -> &[Finding] {
        &self.doubts
    }

    /// What findings call the file.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// Reads the next row into `row`, whose memory is used again; false at the end. A row may be blank.
    ///
    /// # Errors
    /// The file can't be read any further.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, ListError> {
        match &mut self.source {
            Source::Sheet(rows) => {
                let Some((line, cells)) = rows.next() else { return Ok(false) };
                row.cells = StringRecord::from(cells);
                (row.line, row.end_line) = (line, line);
                Ok(true)
            }
            Source::Csv(reader) => {
                let from = reader.position().byte();
                let read = reader.read_record(&mut row.cells).map_err(|error| broken(error, &self.shown))?;
                let to = reader.position().byte();
                (row.line, row.end_line) = reader.get_mut().take(from, to);
                Ok(read)
            }
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = Row::default();
        match self.0.next(&mut row) {
            Ok(true) => Some(Ok(row)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The rows of a table, each in memory of its own.
pub struct Rows(Table);

impl IntoIterator for Table {
    type Item = Result<Row, ListError>;
    type IntoIter = Rows;

    fn into_iter(self) -> Rows {
        Rows(self)
    }
}

fn csv(mut source: impl Read + Seek + Send + 'static, dialect: &Dialect, is_mixed: bool) -> io::Result<Source> {
    let mark = if dialect.bom { dialect::mark(dialect.encoding).len() as u64 } else { 0 };
    source.seek(SeekFrom::Start(mark))?;
    let mut text = decode::text(source, dialect.encoding, is_mixed);
    let mut first_line = 1;
    if dialect.names_delimiter {
        text = behind_first_line(text)?;
        first_line = 2;
    }
    let reader = csv::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(64 * 1024)
        .from_reader(Lines::new(text, first_line));
    Ok(Source::Csv(Box::new(reader)))
}

/// The text behind `sep=;` and its line ending.
fn behind_first_line(mut text: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut byte = [0];
    while text.read(&mut byte)? == 1 {
        match byte[0] {
            b'\n' => return Ok(text),
            b'\r' => {
                // Half of a CRLF, or the first byte of the next line.
                let read = text.read(&mut byte)?;
                let kept = if read == 1 && byte[0] != b'\n' { vec![byte[0]] } else { Vec::new() };
                return Ok(Box::new(Cursor::new(kept).chain(text)));
            }
            _ => {}
        }
    }
    Ok(text)
}

fn broken(error: csv::Error, shown: &Path) -> ListError {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ListError::Read(shown.to_owned(), error),
        _ => {
            let finding = Finding::error("csv", format!("the list can't be read as CSV: {text}"))
                .with_help("open it in a spreadsheet and save it as CSV again");
            ListError::invalid(finding, shown)
        }
    }
}

fn no_text() -> Finding {
    Finding::error("not-csv", "the list is neither a CSV nor a spreadsheet")
        .with_help("in the spreadsheet, save it as \"CSV UTF-8\", or as .xlsx or .ods")
}

fn damaged(error: &str) -> Finding {
    Finding::error("not-csv", format!("the spreadsheet can't be read: {error}"))
        .with_help("open it, and save its list as \"CSV UTF-8\"")
}

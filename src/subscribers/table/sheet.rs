//! The first sheet of a spreadsheet in, its rows as text out: what a person sees in a cell, but for dates,
//! which are written as ISO 8601 has them, since how they look depends on who looks.

use std::io::{Read, Seek};

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader as _, Xls, Xlsx};

/// A row of the sheet: its number, from 1, and its cells from the first column on.
pub(super) type SheetRow = (usize, Vec<String>);

/// Which program's file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A zip archive with XML in it (ISO/IEC 29500).
    Xlsx,
    /// A zip archive that says so in its first entry (OpenDocument 1.2 part 3 section 3.3).
    Ods,
    /// What Excel wrote until 2003.
    Xls,
}

impl Kind {
    /// What the first bytes of a file show; none for a text.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let is_ods = |head: &[u8]| head.windows(47).any(|part| part.starts_with(b"application/vnd.oasis.opendocument"));
        match head {
            [b'P', b'K', 3, 4, ..] if is_ods(head) => Some(Self::Ods),
            [b'P', b'K', 3, 4, ..] => Some(Self::Xlsx),
            [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(Self::Xls),
            _ => None,
        }
    }
}

/// Rows that have a cell, in order.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn rows(kind: Kind, source: impl Read + Seek) -> Result<Vec<SheetRow>, String> {
    let read = || match kind {
        Kind::Xlsx => xlsx(source),
        Kind::Ods => dense(&mut Ods::new(source).map_err(|error| error.to_string())?),
        Kind::Xls => dense(&mut Xls::new(source).map_err(|error| error.to_string())?),
    };
    // The formats are old and large, and a damaged file may trip their reader up: that is a fault of the file.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_else(|_| Err("it is damaged".to_owned()))
}

/// Cell by cell: a sheet says how large it is, and may lie.
fn xlsx(source: impl Read + Seek) -> Result<Vec<SheetRow>, String> {
    let mut book = Xlsx::new(source).map_err(|error| error.to_string())?;
    let name = book.sheet_names().into_iter().next().ok_or("it has no sheet")?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| error.to_string())?;
    let mut rows: Vec<SheetRow> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
        let text = match cell.get_value() {
            DataRef::Empty => continue,
            DataRef::SharedString(text) => (*text).to_owned(),
            other => shown(&other.clone().into()),
        };
        let (row, column) = cell.get_position();
        put(&mut rows, row as usize + 1, column as usize, text)?;
    }
    rows.sort_by_key(|(line, _)| *line);
    Ok(rows)
}

fn dense<RS: Read + Seek, B: calamine::Reader<RS>>(book: &mut B) -> Result<Vec<SheetRow>, String>
where
    B::Error: std::fmt::Display,
{
    let sheet = book.worksheet_range_at(0).ok_or("it has no sheet")?.map_err(|error| error.to_string())?;
    let (first_row, first_column) = sheet.start().unwrap_or_default();
    let mut rows = Vec::new();
    for (row, column, value) in sheet.used_cells() {
        put(&mut rows, first_row as usize + row + 1, first_column as usize + column, shown(value))?;
    }
    Ok(rows)
}

/// The widest sheet that a spreadsheet makes has 16,384 columns.
const COLUMNS: usize = 16_384;

fn put(rows: &mut Vec<SheetRow>, line: usize, column: usize, text: String) -> Result<(), String> {
    if column >= COLUMNS {
        return Err(format!("row {line} has more than {COLUMNS} columns"));
    }
    if rows.last().is_none_or(|(last, _)| *last != line) {
        rows.push((line, Vec::new()));
    }
    let Some((_, cells)) = rows.last_mut() else { return Ok(()) };
    if cells.len() <= column {
        cells.resize(column + 1, String::new());
    }
    cells[column] = text;
    Ok(())
}

/// The text of a cell.
fn shown(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(moment) if moment.is_datetime() => date(moment),
        Data::DateTime(length) => length.as_f64().to_string(),
        // A date without a time of day is a date.
        Data::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        Data::Error(error) => error.to_string(),
    }
}

fn date(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

//! Rows in, the bytes of a list out, in the dialect that it was read in.

use std::borrow::Cow;
use std::io::{self, Write};

use encoding_rs::{EncoderResult, Encoding, UTF_8};

use super::dialect::{self, Dialect, Quoting};

/// Writes a list row by row, the header first.
pub struct Writer<W> {
    out: W,
    dialect: Dialect,
    /// Rows that were written.
    rows: usize,
}

/// A cell that no spreadsheet runs as a formula: what begins like one gets an apostrophe in front, which a
/// spreadsheet takes for "this is text".
///
/// ```
/// use bulletin::subscribers::neutral;
/// assert_eq!(neutral("=HYPERLINK(1)"), "'=HYPERLINK(1)");
/// assert_eq!(neutral("Ann"), "Ann");
/// ```
#[must_use]
pub fn neutral(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}").into() } else { cell.into() }
}

/// A list could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("the list can't be written: {0}")]
    Write(#[from] io::Error),
    #[error("`{character}` (U+{:04X}) in row {row} can't be written in {encoding}", u32::from(*.character))]
    Unwritable {
        character: char,
        encoding: &'static str,
        /// From 1; the header is the first.
        row: usize,
        /// What stands in the cell.
        value: String,
    },
}

impl<W: Write> Writer<W> {
    /// Writes to `out`, which must be at the beginning of the file.
    pub fn new(out: W, dialect: Dialect) -> Self {
        Self { out, dialect, rows: 0 }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// `out` takes no more, or a cell has a character that the encoding lacks; then nothing of the row
    /// was written.
    pub fn write<I>(&mut self, cells: I) -> Result<(), WriteError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let cells: Vec<_> = cells.into_iter().collect();
        let mut bytes = Vec::new();
        if self.rows == 0 {
            self.head(&mut bytes)?;
        } else {
            encode(self.dialect.encoding, self.dialect.line_ending.as_str(), &mut bytes)?;
        }
        let mut line = line(&self.dialect, self.quoting(cells.first().map(AsRef::as_ref)));
        for cell in &cells {
            line.write_field(cell.as_ref()).map_err(io::Error::from)?;
        }
        line.write_record(None::<&[u8]>).map_err(io::Error::from)?;
        let whole = line.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        let text = String::from_utf8(whole).map_err(io::Error::other)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if let Err(character) = encode_checked(self.dialect.encoding, text, &mut bytes) {
            let value = cells.iter().map(AsRef::as_ref).find(|cell| cell.contains(character)).unwrap_or_default();
            return Err(WriteError::Unwritable {
                character,
                encoding: dialect::shown(self.dialect.encoding),
                row: self.rows + 1,
                value: value.to_owned(),
            });
        }
        self.out.write_all(&bytes)?;
        self.rows += 1;
        Ok(())
    }

    /// Ends the last line, if the dialect says so, and gives back what was written to.
    ///
    /// # Errors
    /// It takes no more.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let mut bytes = Vec::new();
        if self.rows == 0 {
            self.head(&mut bytes)?;
        } else if self.dialect.final_newline {
            encode(self.dialect.encoding, self.dialect.line_ending.as_str(), &mut bytes)?;
        }
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// A file that began with U+FEFF would seem to begin with a mark.
    fn quoting(&self, first_cell: Option<&str>) -> Quoting {
        let seems_marked = self.rows == 0 && first_cell.is_some_and(|cell| cell.starts_with('\u{feff}'));
        if seems_marked { Quoting::Always } else { self.dialect.quoting }
    }

    fn head(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Dialect { encoding, bom, delimiter, names_delimiter, line_ending, .. } = self.dialect;
        if bom {
            bytes.extend(dialect::mark(encoding));
        }
        if names_delimiter {
            encode(encoding, &format!("sep={}{}", char::from(delimiter), line_ending.as_str()), bytes)?;
        }
        Ok(())
    }
}

/// One line, with a line feed behind it that is taken off again.
fn line(dialect: &Dialect, quoting: Quoting) -> csv::Writer<Vec<u8>> {
    let style = match quoting {
        Quoting::Needed => csv::QuoteStyle::Necessary,
        Quoting::Always => csv::QuoteStyle::Always,
    };
    csv::WriterBuilder::new()
        .delimiter(dialect.delimiter)
        .quote_style(style)
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(1024)
        .from_writer(Vec::new())
}

fn encode(encoding: &'static Encoding, text: &str, bytes: &mut Vec<u8>) -> io::Result<()> {
    encode_checked(encoding, text, bytes).map_err(|character| io::Error::other(format!("`{character}`")))
}

/// Appends `text`, or tells the character that the encoding lacks.
fn encode_checked(encoding: &'static Encoding, text: &str, bytes: &mut Vec<u8>) -> Result<(), char> {
    match encoding.name() {
        "UTF-16LE" => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
        "UTF-16BE" => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        _ if encoding == UTF_8 || text.is_ascii() && encoding.is_ascii_compatible() => bytes.extend(text.as_bytes()),
        _ => {
            let start = bytes.len();
            let mut encoder = encoding.new_encoder();
            let room = encoder.max_buffer_length_from_utf8_without_replacement(text.len()).unwrap_or(4 * text.len());
            bytes.reserve(room);
            if let (EncoderResult::Unmappable(character), _) =
                encoder.encode_from_utf8_to_vec_without_replacement(text, bytes, true)
            {
                return Err(character);
            }
            // Some encodings write two characters as one: the yen sign of Shift_JIS is a backslash.
            let (read, _) = encoding.decode_without_bom_handling(&bytes[start..]);
            if let Some((character, _)) = text.chars().zip(read.chars()).find(|(one, other)| one != other) {
                return Err(character);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_would_come_back_as_another_is_not_written() {
        let mut bytes = Vec::new();
        assert_eq!(encode_checked(encoding_rs::SHIFT_JIS, "100\u{a5}", &mut bytes), Err('\u{a5}'));
        assert_eq!(encode_checked(encoding_rs::SHIFT_JIS, "百円", &mut bytes), Ok(()));
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_marked_as_text() {
        for formula in ["=1+1", "+1@example.org", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(neutral(formula), format!("'{formula}"));
        }
        for text in ["ann@example.org", "", "a=b", "'quoted"] {
            assert_eq!(neutral(text), text);
        }
    }
}

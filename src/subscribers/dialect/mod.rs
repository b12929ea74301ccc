//! The dialect of a list: how a spreadsheet wrote it. A file's bytes in, its [`Dialect`] out, with a doubt
//! wherever that was a guess. What is found here is enough to write the list back as it was.

mod encoding;
mod evidence;
mod shape;

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{Encoding, UTF_8};

pub(super) use encoding::NotText;

use crate::domain::Finding;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub encoding: &'static Encoding,
    /// Whether the file begins with a byte order mark.
    pub bom: bool,
    pub delimiter: u8,
    /// Excel's own first line, `sep=;`, which names the delimiter and is no row.
    pub names_delimiter: bool,
    pub line_ending: LineEnding,
    pub quoting: Quoting,
    pub final_newline: bool,
}

/// What stands between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnding {
    Lf,
    CrLf,
    /// As Excel for Mac wrote it.
    Cr,
}

/// Which fields stand in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// Those that need them.
    Needed,
    Always,
}

impl LineEnding {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

impl Default for Dialect {
    /// UTF-8, commas, line feeds: what the program writes where nothing was there before.
    fn default() -> Self {
        Self {
            encoding: UTF_8,
            bom: false,
            delimiter: b',',
            names_delimiter: false,
            line_ending: LineEnding::Lf,
            quoting: Quoting::Needed,
            final_newline: true,
        }
    }
}

/// What a look at a whole file tells.
#[derive(Debug)]
pub(super) struct Sniffed {
    pub(super) dialect: Dialect,
    /// UTF-8 with bytes that are none: these are Windows-1252, as a pasted row of another file would be.
    pub(super) is_mixed: bool,
    pub(super) doubt: Option<Finding>,
}

/// How much of a file its shape is read from.
const SAMPLE: u64 = 64 * 1024;

/// Reads a file once, in bounded memory, and leaves it at its beginning.
///
/// # Errors
/// It can't be read, or is no text.
pub(super) fn sniff<R: Read + Seek>(source: &mut R) -> Result<Result<Sniffed, NotText>, io::Error> {
    source.rewind()?;
    let scan = match encoding::scan(source)? {
        Ok(scan) => scan,
        Err(not_text) => return Ok(Err(not_text)),
    };
    source.rewind()?;
    let mut sample = Vec::new();
    source.by_ref().take(SAMPLE).read_to_end(&mut sample)?;
    source.seek(SeekFrom::Start(0))?;
    let mark = if scan.bom { mark(scan.encoding).len() } else { 0 };
    let (text, _) = scan.encoding.decode_without_bom_handling(&sample[mark..]);
    let is_whole = (sample.len() as u64) < SAMPLE;
    let shape = shape::shape(&text, is_whole);
    let dialect = Dialect {
        encoding: scan.encoding,
        bom: scan.bom,
        delimiter: shape.delimiter,
        names_delimiter: shape.names_delimiter,
        line_ending: shape.line_ending,
        quoting: shape.quoting,
        final_newline: scan.final_newline,
    };
    Ok(Ok(Sniffed { dialect, is_mixed: scan.is_mixed, doubt: scan.doubt }))
}

/// The byte order mark of an encoding; empty where it has none.
pub(super) fn mark(encoding: &'static Encoding) -> &'static [u8] {
    match encoding.name() {
        "UTF-8" => b"\xef\xbb\xbf",
        "UTF-16LE" => b"\xff\xfe",
        "UTF-16BE" => b"\xfe\xff",
        _ => b"",
    }
}

/// The name of an encoding as people know it.
pub(super) fn shown(encoding: &'static Encoding) -> &'static str {
    match encoding.name() {
        "windows-1252" => "Windows-1252",
        "macintosh" => "MacRoman",
        name => name,
    }
}

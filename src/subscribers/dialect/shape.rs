//! The shape of a CSV: the beginning of its text in; delimiter, line ending and quoting out.

use csv::StringRecord;

use super::{LineEnding, Quoting};

pub(super) struct Shape {
    pub(super) delimiter: u8,
    pub(super) names_delimiter: bool,
    pub(super) line_ending: LineEnding,
    pub(super) quoting: Quoting,
}

/// How many rows a delimiter is tried on.
const ROWS: usize = 50;

pub(super) fn shape(text: &str, is_whole: bool) -> Shape {
    let named = named_delimiter(text);
    let text = match named {
        Some(_) => text.trim_start_matches(|c| c != '\n' && c != '\r'),
        None => text,
    };
    let delimiter = named.unwrap_or_else(|| delimiter(text, is_whole));
    let (line_ending, quoting) = endings_and_quotes(text, delimiter);
    Shape { delimiter, names_delimiter: named.is_some(), line_ending, quoting }
}

/// What the first line, `sep=;`, says.
fn named_delimiter(text: &str) -> Option<u8> {
    let line = text.split(['\n', '\r']).next()?;
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let word = line.get(..4)?;
    match line.as_bytes()[word.len()..] {
        [delimiter @ (b',' | b';' | b'\t' | b'|')] if word.eq_ignore_ascii_case("sep=") => Some(delimiter),
        _ => None,
    }
}

/// Of comma, semicolon and tab the one that stands in the first row and makes most of the others as long
/// as it is; the pipe where none of these stands there, since it separates topics in a cell.
fn delimiter(text: &str, is_whole: bool) -> u8 {
    let tried = b",;\t".iter().filter_map(|delimiter| Some((fit(text, *delimiter, is_whole)?, *delimiter)));
    // Of equals the first, which is the comma.
    let best = tried.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.or_else(|| Some((fit(text, b'|', is_whole)?, b'|'))).map_or(b',', |(_, delimiter)| delimiter)
}

/// How many rows have as many fields as the first, and how many these are; none if that is one.
fn fit(text: &str, delimiter: u8, is_whole: bool) -> Option<(usize, usize)> {
    if !stands_in_first_row(text, delimiter) {
        return None;
    }
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut width = None;
    let mut alike = 0;
    for _ in 0..ROWS {
        if !reader.read_record(&mut record).unwrap_or(false) {
            break;
        }
        // The last row of a sample is cut off somewhere.
        if !is_whole && reader.position().byte() >= text.len() as u64 && width.is_some() {
            break;
        }
        alike += usize::from(record.len() == *width.get_or_insert(record.len()));
    }
    width.filter(|width| *width > 1).map(|width| (alike, width))
}

fn stands_in_first_row(text: &str, delimiter: u8) -> bool {
    let mut quoted = false;
    for byte in text.trim_start_matches(['\n', '\r']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'\n' | b'\r' => return false,
            byte if byte == delimiter => return true,
            _ => {}
        }
    }
    false
}

/// The line ending that is the most frequent outside quotes, and whether every field stood in quotes.
fn endings_and_quotes(text: &str, delimiter: u8) -> (LineEnding, Quoting) {
    let bytes = text.as_bytes();
    let (mut lf, mut crlf, mut cr) = (0, 0, 0);
    let (mut quoted, mut begins, mut fields, mut bare) = (false, true, 0_usize, 0_usize);
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if begins && !quoted && !matches!(byte, b'\r' | b'\n') {
            fields += 1;
            bare += usize::from(byte != b'"');
            begins = false;
        }
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => {
                crlf += 1;
                at += 1;
                begins = true;
            }
            b'\r' => {
                cr += 1;
                begins = true;
            }
            b'\n' => {
                lf += 1;
                begins = true;
            }
            byte if byte == delimiter => begins = true,
            _ => {}
        }
        at += 1;
    }
    let line_ending = match (lf, crlf, cr) {
        (lf, crlf, cr) if crlf > lf && crlf >= cr => LineEnding::CrLf,
        (lf, _, cr) if cr > lf => LineEnding::Cr,
        _ => LineEnding::Lf,
    };
    (line_ending, if fields > 0 && bare == 0 { Quoting::Always } else { Quoting::Needed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter_of(text: &str) -> char {
        shape(text, true).delimiter.into()
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_rows_alike() {
        assert_eq!(delimiter_of("email;\"a,b,c\";name\nx,y,z,z"), ';');
        assert_eq!(delimiter_of("email\tname"), '\t');
        assert_eq!(delimiter_of("email"), ',');
        assert_eq!(delimiter_of("Name, first;Email\nAnn;ann@example.org\nBo;bo@example.org"), ';');
        assert_eq!(delimiter_of("email|topics\nann@example.org|policy"), '|');
        assert_eq!(delimiter_of("email,topics|interests\nann@example.org,a|b"), ',');
    }

    #[test]
    fn excels_own_line_names_the_delimiter() {
        let shape = shape("sep=;\r\nemail;name\r\n", true);
        assert!(shape.names_delimiter);
        assert_eq!((shape.delimiter, shape.line_ending), (b';', LineEnding::CrLf));
        assert_eq!(delimiter_of("\"sep=|\"\nemail|name"), '|');
        assert!(!super::shape("sep=é;b\n", true).names_delimiter);
    }

    #[test]
    fn line_endings_and_quotes_are_seen_outside_quotes() {
        let shape = |text| shape(text, true);
        assert_eq!(shape("a,b\r1,\"x\ny\nz\"\r").line_ending, LineEnding::Cr);
        assert_eq!(shape("a,b\n1,2").line_ending, LineEnding::Lf);
        assert_eq!(shape("\"a\",\"b\"\n\"1\",\"2,\"\"3\"\n").quoting, Quoting::Always);
        assert_eq!(shape("\"a\",\"b\"\n\"1\",2\n").quoting, Quoting::Needed);
        assert_eq!(shape("").quoting, Quoting::Needed);
    }
}

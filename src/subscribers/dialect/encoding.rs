//! The encoding of a file: all of its bytes in, in pieces; the encoding out, and a doubt with the line of
//! the first odd byte where that had to be guessed.

use std::io::{self, Read, Seek};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::evidence::Evidence;
use super::{mark, shown};
use crate::domain::Finding;

/// What a look at all bytes tells.
pub(super) struct Scan {
    pub(super) encoding: &'static Encoding,
    pub(super) bom: bool,
    pub(super) is_mixed: bool,
    pub(super) final_newline: bool,
    pub(super) doubt: Option<Finding>,
}

/// The file is no text.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct NotText;

const PIECE: usize = 64 * 1024;

/// Reads `source` to its end; and once more, if it is not UTF-8, since looking at words takes its time.
pub(super) fn scan(source: &mut (impl Read + Seek)) -> io::Result<Result<Scan, NotText>> {
    let mut piece = vec![0; PIECE];
    let mut filled = fill(source, &mut piece)?;
    let head = &piece[..filled];
    let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding);
    let wide = marked.filter(|encoding| *encoding != UTF_8).or_else(|| wide_by_nuls(head));
    if marked.is_none() && wide.is_none() && is_binary(head) {
        return Ok(Err(NotText));
    }
    let mut bytes = Bytes::default();
    let mut skip = marked.map_or(0, |encoding| mark(encoding).len());
    while filled > 0 {
        match wide {
            Some(_) => bytes.last = tail(bytes.last, &piece[..filled]),
            None => bytes.feed(&piece[skip..filled]),
        }
        skip = 0;
        filled = fill(source, &mut piece)?;
    }
    if let Some(encoding) = wide {
        let doubt = marked.is_none().then(|| {
            Finding::new(crate::domain::Severity::Info, "encoding", format!("the list was read as {}", encoding.name()))
                .at_line(1)
        });
        let line_end = if encoding == UTF_16LE { [[b'\n', 0], [b'\r', 0]] } else { [[0, b'\n'], [0, b'\r']] };
        let final_newline = line_end.contains(&bytes.last);
        return Ok(Ok(Scan { encoding, bom: marked.is_some(), is_mixed: false, final_newline, doubt }));
    }
    bytes.end();
    let (final_newline, bom) = (matches!(bytes.last[1], b'\n' | b'\r'), marked.is_some());
    let scan = Scan { encoding: UTF_8, bom, is_mixed: false, final_newline, doubt: None };
    let Some(line) = bytes.first_odd else { return Ok(Ok(scan)) };
    if bom || bytes.good > 2 * bytes.odd {
        let odd = if bytes.odd == 1 { "one byte".to_owned() } else { format!("{} bytes", bytes.odd) };
        let message = format!("the list is UTF-8 but for {odd} that can't be, which were read as Windows-1252");
        let help = "check the names with accents from this line on; saving as \"CSV UTF-8\" leaves no doubt";
        let doubt = Finding::warning("encoding", message).at_line(line).with_help(help);
        return Ok(Ok(Scan { is_mixed: true, doubt: Some(doubt), ..scan }));
    }
    source.rewind()?;
    let encoding = guess(source, bytes.lines.are_lone_cr())?;
    let doubt = Finding::warning("encoding", format!("the list is not UTF-8 and was read as {}", shown(encoding)))
        .at_line(line)
        .with_help("check a name with an accent in this line; saving as \"CSV UTF-8\" leaves no doubt");
    Ok(Ok(Scan { encoding, doubt: Some(doubt), ..scan }))
}

/// How much of a file with accents a guess is made from.
const GUESSED_FROM: usize = 4 * 1024 * 1024;

/// An encoding of one or several bytes a character that is not UTF-8.
fn guess(source: &mut impl Read, lone_cr: bool) -> io::Result<&'static Encoding> {
    let mut evidence = Evidence::default();
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut piece = vec![0; PIECE];
    let mut seen = 0;
    while seen < GUESSED_FROM {
        let filled = fill(source, &mut piece)?;
        if filled == 0 {
            break;
        }
        // A pure ASCII piece tells nothing.
        if !piece[..filled].is_ascii() {
            evidence.feed(&piece[..filled]);
            detector.feed(&piece[..filled], false);
            seen += filled;
        }
    }
    detector.feed(b"", true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    Ok(match () {
        () if evidence.speaks_for_mac(lone_cr) => MACINTOSH,
        () if evidence.speaks_for_french() => WINDOWS_1252,
        // What the detector takes for another western encoding is told apart by the words above.
        () if !guess.is_single_byte() || guess.name().starts_with("windows-125") => guess,
        () if guess.name().starts_with("ISO-8859-") || guess.name().starts_with("KOI8") => guess,
        () => WINDOWS_1252,
    })
}

/// As much as fits, or all that is left.
fn fill(source: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match source.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// UTF-16 without a mark: in a list, most characters are ASCII, so that every other byte is a NUL.
fn wide_by_nuls(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len() / 2;
    let nuls = |first: usize| head.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    let many = |count: usize| pairs > 1 && count * 4 >= pairs;
    let few = |count: usize| count * 50 <= pairs;
    match () {
        () if many(odd) && few(even) => Some(UTF_16LE),
        () if many(even) && few(odd) => Some(UTF_16BE),
        () => None,
    }
}

/// A stray NUL happens; a byte in twenty that no text has does not.
fn is_binary(head: &[u8]) -> bool {
    let odd = head.iter().filter(|byte| matches!(**byte, 0..=8 | 14..=31)).count();
    head.starts_with(b"%PDF") || odd * 20 > head.len().max(40)
}

fn tail(before: [u8; 2], bytes: &[u8]) -> [u8; 2] {
    match bytes {
        [] => before,
        [one] => [before[1], *one],
        [.., last, one] => [*last, *one],
    }
}

/// What is gathered from bytes that may be UTF-8.
#[derive(Default)]
struct Bytes {
    /// The end of the last piece, where a character was cut off.
    rest: Vec<u8>,
    lines: Lines,
    /// Characters beyond ASCII that are UTF-8, and bytes that can't be.
    good: usize,
    odd: usize,
    first_odd: Option<usize>,
    last: [u8; 2],
}

impl Bytes {
    fn feed(&mut self, bytes: &[u8]) {
        self.last = tail(self.last, bytes);
        // A pure ASCII piece, which is the usual one, tells nothing but its lines.
        let is_ascii = self.rest.is_empty() && bytes.is_ascii();
        if !is_ascii {
            let mut joined = std::mem::take(&mut self.rest);
            joined.extend_from_slice(bytes);
            self.utf8(&joined);
        }
        self.lines.feed(bytes);
    }

    fn utf8(&mut self, bytes: &[u8]) {
        let mut at = 0;
        loop {
            match std::str::from_utf8(&bytes[at..]) {
                Ok(text) => return self.good += beyond_ascii(text.as_bytes()),
                Err(error) => {
                    let valid = at + error.valid_up_to();
                    self.good += beyond_ascii(&bytes[at..valid]);
                    let Some(length) = error.error_len() else {
                        bytes[valid..].clone_into(&mut self.rest);
                        return;
                    };
                    self.odd += length;
                    self.first_odd.get_or_insert_with(|| self.lines.line_after(&bytes[..valid]));
                    at = valid + length;
                }
            }
        }
    }

    /// A character that is cut off at the end is odd.
    fn end(&mut self) {
        if !self.rest.is_empty() {
            self.odd += self.rest.len();
            self.first_odd.get_or_insert(self.lines.line);
        }
    }
}

fn beyond_ascii(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte >= 0xc0).count()
}

/// Counts lines that end in LF, CR or both.
#[derive(Clone)]
struct Lines {
    /// The line that the next byte is on, from 1.
    line: usize,
    after_cr: bool,
    lone_cr: usize,
    lf: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self { line: 1, after_cr: false, lone_cr: 0, lf: 0 }
    }
}

impl Lines {
    fn feed(&mut self, bytes: &[u8]) {
        let mut next = None;
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let follows = if at == 0 { self.after_cr } else { next == Some(at) };
            if bytes[at] == b'\r' {
                self.line += 1;
                self.lone_cr += 1;
                next = Some(at + 1);
            } else {
                self.lf += 1;
                if follows {
                    self.lone_cr -= 1;
                } else {
                    self.line += 1;
                }
                next = None;
            }
        }
        if !bytes.is_empty() {
            self.after_cr = bytes.ends_with(b"\r");
        }
    }

    fn line_after(&self, bytes: &[u8]) -> usize {
        let mut ahead = self.clone();
        ahead.feed(bytes);
        ahead.line
    }

    fn are_lone_cr(&self) -> bool {
        self.lone_cr > self.lf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(bytes: &[u8]) -> (&'static str, Option<usize>) {
        let scan = scan(&mut io::Cursor::new(bytes)).unwrap().unwrap_or_else(|NotText| panic!("no text"));
        (scan.encoding.name(), scan.doubt.and_then(|doubt| doubt.line))
    }

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn byte_order_marks_are_obeyed() {
        assert_eq!(scanned(&wide("\u{feff}é;b", u16::to_le_bytes)), ("UTF-16LE", None));
        assert_eq!(scanned(&wide("\u{feff}é;b", u16::to_be_bytes)), ("UTF-16BE", None));
        assert_eq!(scanned("\u{feff}é".as_bytes()), ("UTF-8", None));
    }

    #[test]
    fn utf_16_without_a_mark_is_known_by_its_nuls() {
        let text = "email;name\nann@example.org;Анна Каренина\n";
        assert_eq!(scanned(&wide(text, u16::to_le_bytes)), ("UTF-16LE", Some(1)));
        assert_eq!(scanned(&wide(text, u16::to_be_bytes)), ("UTF-16BE", Some(1)));
    }

    #[test]
    fn what_is_not_utf_8_is_guessed_and_the_line_is_told() {
        assert_eq!(scanned(b"name\nZo\xeb \x96 \x80"), ("windows-1252", Some(2)));
        assert_eq!(scanned(b"email,name\ra@example.org,Ann\rz@example.org,Ren\x8e\r"), ("macintosh", Some(3)));
        assert_eq!(scanned(b"name\r\n\r\nJos\xe9\r\n"), ("windows-1252", Some(3)));
        let russian = encoding_rs::WINDOWS_1251.encode("имя\nМария Иванова\nСергей Петров\nАнна Смирнова\n").0;
        assert_eq!(scanned(&russian), ("windows-1251", Some(1)));
        let polish = encoding_rs::WINDOWS_1250.encode("imię\nMałgorzata Wiśniewska\nŁukasz Wójcik\nŻaneta Gąsior\n").0;
        assert_eq!(scanned(&polish), ("windows-1250", Some(1)));
    }

    #[test]
    fn one_name_is_enough_to_tell_the_two_of_spreadsheets_apart() {
        for name in ["René", "Zoë Tremblay", "Hélène Fürst", "François", "d’Anjou", "José", "Benoît", "Jürgen", "Peña"]
        {
            for (encoding, end) in [(WINDOWS_1252, "\r\n"), (MACINTOSH, "\n"), (MACINTOSH, "\r")] {
                let list = ["email;name", &format!("ann@example.org;{name}"), ""].join(end);
                assert_eq!(scanned(&encoding.encode(&list).0), (encoding.name(), Some(2)), "{name} {end:?}");
            }
        }
    }

    #[test]
    fn one_row_of_another_encoding_does_not_spoil_the_rest() {
        let mut bytes = "name\nZoë\nÉlodie\nFrançois\nHélène\n".as_bytes().to_vec();
        bytes.extend(b"Ren\xe9\n");
        let scan = scan(&mut io::Cursor::new(bytes)).unwrap().unwrap_or_else(|NotText| panic!("no text"));
        assert!(scan.is_mixed);
        assert_eq!((scan.encoding, scan.doubt.unwrap().line), (UTF_8, Some(6)));
    }

    #[test]
    fn a_character_may_be_cut_where_two_pieces_meet() {
        for shift in 0..4 {
            let mut bytes = vec![b'a'; PIECE - shift];
            bytes.extend("\né\n€\n😀\n".as_bytes());
            assert_eq!(scanned(&bytes), ("UTF-8", None), "{shift}");
        }
        let mut bytes = vec![b'a'; PIECE - 1];
        bytes.extend(b"\r\nZo\xeb\n");
        assert_eq!(scanned(&bytes), ("windows-1252", Some(2)));
    }

    #[test]
    fn what_is_no_text_is_not_taken_for_one() {
        assert!(scan(&mut io::Cursor::new(b"%PDF-1.7\n")).unwrap().is_err());
        assert!(scan(&mut io::Cursor::new([0, 1, 2, 3, 200, 0, 7, 9].repeat(50))).unwrap().is_err());
        assert_eq!(scanned(b"email,name\nann@example.org,An\0n\n"), ("UTF-8", None));
    }
}

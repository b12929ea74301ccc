//! The dialect of a CSV: its encoding and its delimiter.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use crate::domain::Finding;

/// The text of a file by its byte order mark, and as UTF-8 without one.
///
/// # Errors
/// It is neither; the finding names the first line that is not.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Finding> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let bytes = &bytes[mark..];
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return Ok(text);
    }
    let valid = encoding_rs::Encoding::utf8_valid_up_to(bytes);
    let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    Err(Finding::error("encoding", "the list is not UTF-8")
        .at_line(line)
        .with_help("in the spreadsheet, save it as \"CSV UTF-8\" (LibreOffice: character set Unicode (UTF-8))"))
}

/// The delimiter: the one of `,`, `;` and tab that stands most often in the first line, outside quotes.
#[must_use]
pub fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(0_usize, b','), (0, b';'), (0, b'\t')];
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => counts.iter_mut().filter(|(_, known)| *known == byte).for_each(|(count, _)| *count += 1),
            _ => {}
        }
    }
    // Of equals the first, which is the comma.
    counts.iter().rev().max_by_key(|(count, _)| *count).map_or(b',', |(_, delimiter)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_obeyed() {
        let utf16: Vec<u8> = std::iter::once(0xfeff).chain("é;b".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16).unwrap(), "é;b");
        assert_eq!(decode("\u{feff}é".as_bytes()).unwrap(), "é");
        assert_eq!(decode(b"email\nzo\xeb@example.org").unwrap_err().line, Some(2));
    }

    #[test]
    fn the_delimiter_is_the_most_frequent_outside_quotes() {
        assert_eq!(delimiter("email;\"a,b,c\";name\nx,y,z,z"), b';');
        assert_eq!(delimiter("email\tname"), b'\t');
        assert_eq!(delimiter("email"), b',');
    }
}

//! The dialect of a CSV: its encoding and its delimiter.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::domain::Finding;

/// The text of a file by its byte order mark; without one as UTF-8, and what is not UTF-8 as
/// Windows-1252, which older spreadsheets write, with a word about it.
///
/// # Errors
/// It is no text.
pub fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Option<Finding>), Finding> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let bytes = &bytes[mark..];
    if bytes.starts_with(b"PK") || (encoding == UTF_8 && bytes.contains(&0)) {
        return Err(Finding::error("not-csv", "the list is no CSV").with_help(
            "in the spreadsheet, save it as \"CSV UTF-8\": a file of the spreadsheet itself can't be read",
        ));
    }
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return Ok((text, None));
    }
    let valid = Encoding::utf8_valid_up_to(bytes);
    let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    let doubt = Finding::warning("encoding", "the list is not UTF-8 and was read as Windows-1252")
        .at_line(line)
        .with_help("check a name with an accent in this line; saving as \"CSV UTF-8\" leaves no doubt");
    Ok((WINDOWS_1252.decode_without_bom_handling(bytes).0, Some(doubt)))
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
        assert_eq!(decode(&utf16).unwrap(), ("é;b".into(), None));
        assert_eq!(decode("\u{feff}é".as_bytes()).unwrap(), ("é".into(), None));
    }

    #[test]
    fn what_is_not_utf_8_is_windows_1252_and_said_to_be() {
        let (text, doubt) = decode(b"name\nZo\xeb \x96 \x80").unwrap();
        assert_eq!(text, "name\nZoë – €");
        assert_eq!(doubt.unwrap().line, Some(2));
    }

    #[test]
    fn a_file_of_the_spreadsheet_itself_is_refused() {
        assert_eq!(decode(b"PK\x03\x04...").unwrap_err().code, "not-csv");
        assert_eq!(decode(b"a\0b").unwrap_err().code, "not-csv");
    }

    #[test]
    fn the_delimiter_is_the_most_frequent_outside_quotes() {
        assert_eq!(delimiter("email;\"a,b,c\";name\nx,y,z,z"), b';');
        assert_eq!(delimiter("email\tname"), b'\t');
        assert_eq!(delimiter("email"), b',');
    }
}

//! Relaxed canonicalisation: what a signature is made over, so that folding and spaces may change on the way
//! (RFC 6376 sections 3.4.2 and 3.4.4).

use std::borrow::Cow;

/// One header field of a message, as it stands there: without its final CRLF, with its folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeaderField<'a> {
    pub(super) name: &'a [u8],
    value: &'a [u8],
}

impl<'a> HeaderField<'a> {
    pub(super) fn read(field: &'a [u8]) -> Self {
        let colon = field.iter().position(|&byte| byte == b':').unwrap_or(field.len());
        let (name, value) = field.split_at(colon);
        Self { name: name.trim_ascii(), value: value.get(1..).unwrap_or_default() }
    }

    /// Adds `name:value` in lower case, unfolded, with single spaces, and no line end.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.name.iter().map(u8::to_ascii_lowercase));
        out.push(b':');
        let words =
            self.value.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty());
        for (at, word) in words.enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(word);
        }
    }
}

/// The header fields of a message, from the top, and its body.
pub(super) fn split(message: &[u8]) -> (Vec<HeaderField<'_>>, &[u8]) {
    let mut fields = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return (fields, body);
        }
        let end = end_of_field(rest);
        fields.push(HeaderField::read(&rest[..end]));
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    (fields, rest)
}

/// Where the CRLF stands that no space or tab follows.
fn end_of_field(text: &[u8]) -> usize {
    let ends = |at: &usize| text[*at..].starts_with(b"\r\n") && !matches!(text.get(at + 2), Some(b' ' | b'\t'));
    (0..text.len()).find(ends).unwrap_or(text.len())
}

/// The body with single spaces, none at the end of a line, and no empty lines at its end. A body in
/// quoted-printable and Base64 mostly is so already, and is not copied.
pub(super) fn body(body: &[u8]) -> Cow<'_, [u8]> {
    let mut trimmed = body;
    while trimmed.ends_with(b"\r\n\r\n") {
        trimmed = &trimmed[..trimmed.len() - 2];
    }
    if trimmed == b"\r\n" {
        return Cow::Borrowed(b"");
    }
    let has = |pattern: &[u8]| memchr::memmem::find(trimmed, pattern).is_some();
    if trimmed.ends_with(b"\r\n") && memchr::memchr(b'\t', trimmed).is_none() && !has(b"  ") && !has(b" \r") {
        Cow::Borrowed(trimmed)
    } else {
        Cow::Owned(by_line(body))
    }
}

fn by_line(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty_lines = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap_or(rest.len());
        let line = without_trailing_spaces(&rest[..end]);
        rest = rest.get(end + 2..).unwrap_or_default();
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            out.extend_from_slice(b"\r\n");
        }
        let mut spaced = false;
        for &byte in line {
            let space = matches!(byte, b' ' | b'\t');
            if !space {
                out.push(byte);
            } else if !spaced {
                out.push(b' ');
            }
            spaced = space;
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn without_trailing_spaces(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(message: &str) -> String {
        let mut out = Vec::new();
        for field in split(message.as_bytes()).0 {
            field.write(&mut out);
            out.extend_from_slice(b"\r\n");
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_examples_of_the_rfc_come_out_as_it_says() {
        // RFC 6376 section 3.4.5.
        let message = "A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(header(message), "a:X\r\nb:Y Z\r\n");
        assert_eq!(&*body(split(message.as_bytes()).1), b" C\r\nD E\r\n");
    }

    #[test]
    fn an_empty_body_stays_empty_and_a_last_line_gets_its_end() {
        for (from, to) in [("", ""), ("\r\n", ""), (" \r\n\r\n", ""), ("a", "a\r\n"), ("\r\na\r\n", "\r\na\r\n")] {
            assert_eq!(&*body(from.as_bytes()), to.as_bytes(), "{from:?}");
        }
    }

    #[test]
    fn a_message_without_a_body_has_its_fields_all_the_same() {
        assert_eq!(header("A: x\r\nB: y"), "a:x\r\nb:y\r\n");
        assert_eq!(header("A: x\r\nB: y\r\n"), "a:x\r\nb:y\r\n");
        assert_eq!(split(b"\r\nbody").1, b"body");
        assert_eq!(split(b"").0, []);
    }

    proptest! {
        #[test]
        fn the_short_way_and_the_long_one_agree(text in "[ax \t\r\n]{0,12}(\r\n){0,3}") {
            prop_assert_eq!(&*super::body(text.as_bytes()), &*by_line(text.as_bytes()));
        }

        #[test]
        fn a_canonical_body_is_its_own_canonical_form(text in "[ab \t\r\n]{0,60}") {
            let once = body(text.as_bytes());
            prop_assert_eq!(&*body(&once), &*once);
        }

        #[test]
        fn spaces_that_a_relay_may_change_change_nothing(words in prop::collection::vec("[a-z]{1,5}", 1..6)) {
            let (single, wide) = (words.join(" "), words.join(" \t "));
            prop_assert_eq!(header(&format!("A: {single}\r\n")), header(&format!("a:  {wide} \r\n")));
            prop_assert_eq!(header(&format!("A: {single}\r\n")), header(&format!("A:\r\n {}\r\n", words.join("\r\n "))));
            let ended = format!("{wide} \r\n\r\n");
            prop_assert_eq!(body(single.as_bytes()), body(ended.as_bytes()));
        }
    }
}

//! Dot-stuffing: a message as it was composed in, the octets that follow DATA out, final dot included
//! (RFC 5321 section 4.5.2).

use std::io::BufRead as _;

/// Replaces `out` with the message, stuffed and ended. A last line without CRLF gets one, since the
/// final dot needs a line of its own.
///
/// A line ends at any LF here. Our messages have no bare one; where one slipped in, a server that takes
/// it for a line end must not find an end of the message behind it.
pub(super) fn stuff(message: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.reserve(message.len() + message.len() / 64 + 5);
    let mut rest = message;
    loop {
        if rest.starts_with(b".") {
            out.push(b'.');
        }
        // Copies a line at the speed of memchr. Reading from a slice can't fail.
        if !matches!(rest.read_until(b'\n', out), Ok(1..)) {
            break;
        }
    }
    if !(message.is_empty() || message.ends_with(b"\r\n")) {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuffed(message: &str) -> String {
        let mut out = b"left from the last one".to_vec();
        stuff(message.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_dot_is_doubled_where_a_line_begins_and_nowhere_else() {
        for (message, expected) in [
            ("", ".\r\n"),
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            ("a\r", "a\r\r\n.\r\n"),
            ("a\n", "a\n\r\n.\r\n"),
            (".", "..\r\n.\r\n"),
            (".\r\n", "..\r\n.\r\n"),
            ("a.\r\n.b\r\n..c\r\n.\r\n", "a.\r\n..b\r\n...c\r\n..\r\n.\r\n"),
            ("\r\n\r\n.\r\n\r\n", "\r\n\r\n..\r\n\r\n.\r\n"),
        ] {
            assert_eq!(stuffed(message), expected, "{message:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_smuggles_no_end_into_a_message() {
        assert_eq!(stuffed("a\n.\nMAIL FROM:<x@example.org>\r\n"), "a\n..\nMAIL FROM:<x@example.org>\r\n.\r\n");
    }
}

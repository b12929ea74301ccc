//! Dot-unstuffing: the transparency of RFC 5321 section 4.5.2, read backwards.
//!
//! In come the octets after DATA, in whatever pieces the network makes; out go the
//! message's own octets into a [`Body`], and the news that the final dot was seen.
//! Only CRLF ends a line: a bare LF neither opens a dot line nor ends a message,
//! which is what makes SMTP smuggling fail.

use super::body::Body;

/// Octets looked at in one go; a fixed width lets the compiler use vector registers.
const STRIDE: usize = 64;

/// Where in a line the last piece ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Middle,
    /// After a CR that may be the first half of a line's end.
    Cr,
    /// After a dot that opened a line; not passed on so far.
    Dot,
    /// After a dot that opened a line, and a CR; neither passed on so far.
    DotCr,
}

/// The state between two pieces of one message.
#[derive(Debug)]
pub(super) struct Unstuffer {
    at: At,
}

impl Unstuffer {
    /// Before the first octet of a message.
    pub(super) fn new() -> Self {
        Self { at: At::LineStart }
    }

    /// Takes one piece; `Some(n)` says that the final dot ended at octet n of it and
    /// that what follows is the next command, `None` that all of it was content.
    pub(super) fn feed(&mut self, piece: &[u8], body: &mut Body) -> Option<usize> {
        let mut next = 0;
        while let Some(&byte) = piece.get(next) {
            self.at = match (self.at, byte) {
                (At::LineStart, b'.') => {
                    next += 1;
                    At::Dot
                }
                (At::Dot, b'\r') => {
                    next += 1;
                    At::DotCr
                }
                (At::DotCr, b'\n') => {
                    self.at = At::LineStart;
                    return Some(next + 1);
                }
                // A stuffed dot before a CR that ends no line: the dot goes, the CR stays.
                (At::DotCr, _) => {
                    body.push(b"\r");
                    At::Cr
                }
                (At::Cr, b'\n') => {
                    body.push(b"\n");
                    next += 1;
                    At::LineStart
                }
                (At::LineStart | At::Middle | At::Cr | At::Dot, _) => {
                    let rest = &piece[next..];
                    if let Some(dot) = line_opening_dot(rest) {
                        body.push(&rest[..dot]);
                        next += dot + 1;
                        At::Dot
                    } else {
                        body.push(rest);
                        next = piece.len();
                        end_of(rest)
                    }
                }
            };
        }
        None
    }
}

fn end_of(content: &[u8]) -> At {
    if content.ends_with(b"\r\n") {
        At::LineStart
    } else if content.ends_with(b"\r") {
        At::Cr
    } else {
        At::Middle
    }
}

/// Where the first dot behind a CRLF stands.
fn line_opening_dot(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = lf_and_dot(&bytes[from..]) {
        let lf = from + found;
        if lf > 0 && bytes[lf - 1] == b'\r' {
            return Some(lf + 1);
        }
        from = lf + 1;
    }
    None
}

/// Where the first LF that has a dot behind it stands.
fn lf_and_dot(bytes: &[u8]) -> Option<usize> {
    let seconds = bytes.get(1..)?;
    let is_pair = |first: u8, second: u8| first == b'\n' && second == b'.';
    for (index, (first, second)) in bytes.chunks(STRIDE).zip(seconds.chunks(STRIDE)).enumerate() {
        let pairs = first.iter().zip(second);
        // Without an early exit on purpose: lines that open with a dot are rare.
        if pairs.clone().fold(false, |found, (&a, &b)| found | is_pair(a, b)) {
            let inside = pairs.clone().position(|(&a, &b)| is_pair(a, b))?;
            return Some(index * STRIDE + inside);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the wire in pieces of `size`; gives the content and what was left over.
    fn unstuff(wire: &[u8], size: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let (mut unstuffer, mut body) = (Unstuffer::new(), Body::new(true, usize::MAX));
        let mut fed = 0;
        for piece in wire.chunks(size) {
            if let Some(end) = unstuffer.feed(piece, &mut body) {
                return Some((body.bytes().to_vec(), wire[fed + end..].to_vec()));
            }
            fed += piece.len();
        }
        None
    }

    #[test]
    fn a_message_is_the_same_however_it_is_cut() {
        let cases: [(&[u8], &[u8]); 12] = [
            (b".\r\n", b""),
            (b"\r\n.\r\n", b"\r\n"),
            (b"one\r\ntwo\r\n.\r\n", b"one\r\ntwo\r\n"),
            (b"..\r\n...\r\n..x\r\n.\r\n", b".\r\n..\r\n.x\r\n"),
            (b".x\r\n.\r\n", b"x\r\n"),
            (b"x.\r\n.\r\n", b"x.\r\n"),
            (b"bare\n.\n..\nstays\r\n.\r\n", b"bare\n.\n..\nstays\r\n"),
            (b"cr\r.\r\r\n.\r\n", b"cr\r.\r\r\n"),
            (b".\r.\r\n.\r\n", b"\r.\r\n"),
            (b".\r\r\n.\r\n", b"\r\r\n"),
            (b"a\r\n.\n.\r\n\r\n.\r\n", b"a\r\n\n.\r\n\r\n"),
            (b"\n.\r\n\r\n.\r\n", b"\n.\r\n\r\n"),
        ];
        for (wire, content) in cases {
            let whole = [wire, b"QUIT\r\n"].concat();
            for size in 1..=whole.len() {
                let got = unstuff(&whole, size);
                assert_eq!(got, Some((content.to_vec(), b"QUIT\r\n".to_vec())), "{wire:?} by {size}");
            }
        }
    }

    #[test]
    fn a_dot_is_found_at_each_offset_around_a_stride() {
        for lead in 0..3 * STRIDE {
            let mut wire = vec![b'a'; lead];
            wire.extend_from_slice(b"\r\n..b\r\n.\r\n");
            let mut content = vec![b'a'; lead];
            content.extend_from_slice(b"\r\n.b\r\n");
            assert_eq!(unstuff(&wire, wire.len()), Some((content, Vec::new())), "{lead}");
        }
    }

    #[test]
    fn no_end_is_seen_before_it_came() {
        for wire in [&b""[..], b".", b".\r", b"x\r\n.", b"x\r\n.\r", b"x\n.\r\n", b"x\r\n.\n", b"x\r.\r\n"] {
            assert_eq!(unstuff(wire, 3), None, "{wire:?}");
        }
    }
}

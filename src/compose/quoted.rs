//! Quoted-printable (RFC 2045 section 6.7) for a part with places in it: what stands between two places is
//! encoded for itself, so that it is the same for every reader; a value goes on where the text before it
//! ends, and has a soft line break behind it.
//!
//! It encodes a little more than it has to. No line begins with a dot, so that none needs stuffing (RFC 5321
//! section 4.5.2), and no two spaces follow each other nor stand before a line end, so that the body is its own
//! relaxed canonical form (RFC 6376 section 3.4.4).

use crate::domain::field::{Escape, Field, Merge, Piece};

/// Octets of a line, a soft line break's `=` among them.
const LINE: usize = 76;

pub(super) const SOFT_BREAK: &[u8] = b"=\r\n";

/// A part, with `place` called for what comes into each place; it is told how many octets the line has so far,
/// and has to add a [`value`] or what will be replaced by one. LF and CRLF are line ends.
pub(super) fn part(part: &Merge, mut place: impl FnMut(&Field, Escape, usize, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut column = 0;
    for piece in part.pieces() {
        column = match piece {
            Piece::Literal(text) => encode(text.as_bytes(), column, &mut out),
            Piece::Place(field, escape) => {
                place(field, *escape, column, &mut out);
                0
            }
        };
    }
    if out.ends_with(b" ") {
        out.extend_from_slice(SOFT_BREAK);
    }
    out
}

/// Appends a value to a line of so many octets, and ends the line. A value has no line ends, but may have
/// anything else.
pub(super) fn value(value: &str, column: usize, out: &mut Vec<u8>) {
    encode(value.as_bytes(), column, out);
    out.extend_from_slice(SOFT_BREAK);
}

/// A space is left alone only between other characters or at the begin of a line, and before a place.
fn encode(octets: &[u8], mut column: usize, out: &mut Vec<u8>) -> usize {
    let mut behind_space = column > 0;
    let mut rest = octets;
    while let Some((&octet, behind)) = rest.split_first() {
        let run = run(rest, column);
        if run > 0 {
            out.extend_from_slice(&rest[..run]);
            (rest, column, behind_space) = (&rest[run..], column + run, false);
            continue;
        }
        let ends = |rest: &[u8]| rest.starts_with(b"\n") || rest.starts_with(b"\r\n");
        if ends(rest) {
            out.extend_from_slice(b"\r\n");
            rest = behind.strip_prefix(b"\n").filter(|_| octet == b'\r').unwrap_or(behind);
            (column, behind_space) = (0, false);
            continue;
        }
        let before_end = ends(behind);
        // The last character of a line stands where a soft break would have its `=`.
        let room = if before_end { LINE } else { LINE - 1 };
        let mut plain = is_plain(octet, column) || (octet == b' ' && !behind_space && !before_end);
        if column + if plain { 1 } else { 3 } > room {
            out.extend_from_slice(SOFT_BREAK);
            column = 0;
            plain = is_plain(octet, column) || (octet == b' ' && !before_end);
        }
        if plain {
            out.push(octet);
            column += 1;
        } else {
            out.extend_from_slice(&[b'=', HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]]);
            column += 3;
        }
        behind_space = plain && octet == b' ';
        rest = behind;
    }
    column
}

/// How many octets from the first on stand for themselves wherever the line ends, since a soft break has room behind
/// them.
fn run(octets: &[u8], column: usize) -> usize {
    if column == 0 && octets.first() == Some(&b'.') {
        return 0;
    }
    let room = octets.len().min((LINE - 1).saturating_sub(column));
    octets[..room].iter().position(|octet| !GRAPHIC[usize::from(*octet)]).unwrap_or(room)
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// For each octet whether it can be seen and may stand for itself.
const GRAPHIC: [bool; 256] = {
    let mut graphic = [false; 256];
    let mut octet = b'!';
    while octet <= b'~' {
        graphic[octet as usize] = octet != b'=';
        octet += 1;
    }
    graphic
};

/// Whether an octet other than a space may stand for itself.
fn is_plain(octet: u8, column: usize) -> bool {
    GRAPHIC[usize::from(octet)] && !(octet == b'.' && column == 0)
}

//! A finished message in, cut at its places; the same message for one reader out. So does a sender work that
//! knows its transport library and does not want to build each message from the start.

use crate::people::Person;

/// What stands where a reader's own values go, in the order of [`Person::values`].
pub const PLACES: [&str; 5] = ["{{email}}", "{{name}}", "{{organisation}}", "{{city}}", "{{leave}}"];

/// A soft line break of quoted-printable (RFC 2045 section 6.7), which may stand in the middle of a place.
const SOFT_BREAK: &[u8] = b"=\r\n";

/// Octets with places between them.
#[derive(Debug)]
pub struct Template {
    /// What stands before each place, and which of [`PLACES`] it is.
    pieces: Vec<(Vec<u8>, usize)>,
    rest: Vec<u8>,
}

impl Template {
    /// Cuts a message at its places.
    #[must_use]
    pub fn cut(message: &[u8]) -> Self {
        let (mut pieces, mut literal, mut at) = (Vec::new(), Vec::new(), 0);
        while at < message.len() {
            match place(&message[at..]) {
                Some((which, length)) => {
                    pieces.push((std::mem::take(&mut literal), which));
                    at += length;
                }
                None => {
                    literal.push(message[at]);
                    at += 1;
                }
            }
        }
        Self { pieces, rest: literal }
    }

    /// Writes the message to `person` into `out`, whose former content goes.
    pub fn fill(&self, person: &Person, out: &mut Vec<u8>) {
        out.clear();
        let values = person.values();
        for (literal, which) in &self.pieces {
            out.extend_from_slice(literal);
            quote(values[*which], out);
        }
        out.extend_from_slice(&self.rest);
    }
}

/// The place that `text` begins with, and how many octets it takes.
fn place(text: &[u8]) -> Option<(usize, usize)> {
    if text.first() != Some(&b'{') {
        return None;
    }
    PLACES.iter().enumerate().find_map(|(which, place)| {
        let mut at = 0;
        for octet in place.bytes() {
            while text[at..].starts_with(SOFT_BREAK) {
                at += SOFT_BREAK.len();
            }
            if text.get(at) != Some(&octet) {
                return None;
            }
            at += 1;
        }
        Some((which, at))
    })
}

/// `value` in quoted-printable.
fn quote(value: &str, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for octet in value.bytes() {
        if matches!(octet, b' '..=b'~') && octet != b'=' {
            out.push(octet);
        } else {
            out.extend_from_slice(&[b'=', DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_across_a_soft_line_break() {
        let person = Person {
            email: "ann@example.net".to_owned(),
            name: "Zoë = 1".to_owned(),
            organisation: String::new(),
            city: "Cork".to_owned(),
            leave: "https://example.org/".to_owned(),
        };
        let mut out = Vec::new();
        Template::cut(b"{x {{name}} {{ci=\r\nty}}.").fill(&person, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "{x Zo=C3=AB =3D 1 Cork.");
    }
}

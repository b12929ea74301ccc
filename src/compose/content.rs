//! What goes over the wire as one message: octets in slices, some of them shared with the other messages of
//! its edition, some its own. Nothing is copied to put them in a row, nor to stuff their dots (RFC 5321
//! section 4.5.2).

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

/// A message's headers and body: CRLF line ends, 7-bit, not dot-stuffed.
///
/// ```
/// use bulletin::compose::Content;
/// let content = Content::from(b"Subject: x\r\n\r\n.hidden\r\n".to_vec());
/// assert_eq!(content.len(), 23);
/// assert_eq!(content.stuffed().collect::<Vec<_>>().concat(), b"Subject: x\r\n\r\n..hidden\r\n.\r\n");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// What other messages have too.
    shared: Arc<[u8]>,
    own: Vec<u8>,
    /// Both, in the order of the message; none is empty.
    slices: Vec<Slice>,
    length: usize,
    /// Octets of the headers and the empty line behind them.
    head: usize,
    form: Form,
}

/// What is known of a message's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    #[default]
    Any,
    /// None begins with a dot, and the body is its own relaxed canonical form (RFC 6376 section 3.4.4).
    Settled,
}

#[derive(Debug, Clone)]
enum Slice {
    Shared(Range<usize>),
    Own(Range<usize>),
}

impl Content {
    /// Octets, as SIZE counts them (RFC 1870 section 3): before dots are stuffed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The octets as they are.
    #[must_use]
    pub fn slices(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.slices.iter().map(|slice| match slice {
            Slice::Shared(range) => &self.shared[range.clone()],
            Slice::Own(range) => &self.own[range.clone()],
        })
    }

    /// The octets that follow DATA: stuffed, and the final dot behind them. A last line without CRLF gets one,
    /// since the final dot needs a line of its own.
    ///
    /// A line ends at any LF here. Our messages have no bare one; where one slipped in, a server that takes
    /// it for a line end must not find an end of the message behind it.
    pub fn stuffed(&self) -> impl Iterator<Item = &[u8]> {
        Stuffed { slices: self.slices(), form: self.form, rest: &[], place: Place::LineStart, end: Some(self.end()) }
    }

    /// The octets in a row.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.length);
        self.slices().for_each(|slice| out.extend_from_slice(slice));
        out
    }

    /// The headers in a row, and the empty line behind them.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.head);
        for slice in self.slices() {
            let left = self.head - out.len();
            out.extend_from_slice(&slice[..left.min(slice.len())]);
            if out.len() == self.head {
                break;
            }
        }
        out
    }

    /// The octets behind the headers and the empty line.
    pub fn body(&self) -> impl Iterator<Item = &[u8]> {
        let mut left = self.head;
        self.slices().filter_map(move |slice| {
            let skipped = left.min(slice.len());
            left -= skipped;
            (skipped < slice.len()).then(|| &slice[skipped..])
        })
    }

    /// Puts header fields, with the CRLF of each, on top. No line of them begins with a dot.
    pub(super) fn put_on_top(&mut self, fields: &[u8]) {
        let slice = self.keep(|own| own.extend_from_slice(fields));
        self.slices.splice(0..0, slice);
        self.head += fields.len();
    }

    /// An empty message, to which slices of these octets can be added.
    #[must_use]
    pub fn sharing(shared: Arc<[u8]>) -> Self {
        Self { shared, ..Self::default() }
    }

    /// Adds what stands at `range` of the shared octets.
    pub fn add_shared(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.length += range.len();
            self.slices.push(Slice::Shared(range));
        }
    }

    /// Adds octets that no other message has.
    pub fn add_own(&mut self, octets: &[u8]) {
        self.add_own_by(|own| own.extend_from_slice(octets));
    }

    /// Adds what `write` appends.
    pub(super) fn add_own_by(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let slice = self.keep(write);
        self.slices.extend(slice);
    }

    /// What has been added are the headers and the empty line; what follows is the body. `form` is that of both.
    pub fn begin_body(&mut self, form: Form) {
        self.head = self.length;
        self.form = form;
    }

    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Makes room for so many pieces of the message's own.
    pub(super) fn reserve(&mut self, pieces: usize) {
        // An address or a token takes some forty octets, and the text around them is a slice more.
        self.own.reserve(64 * pieces);
        self.slices.reserve(2 * pieces + 3);
    }

    /// Keeps octets of the message's own; they are still to be given a place.
    fn keep(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<Slice> {
        let start = self.own.len();
        write(&mut self.own);
        let range = start..self.own.len();
        self.length += range.len();
        (!range.is_empty()).then_some(Slice::Own(range))
    }

    /// What comes behind the last octet over SMTP.
    fn end(&self) -> &'static [u8] {
        let mut last = self.slices().rev().flat_map(|slice| slice.iter().rev());
        match (last.next(), last.next()) {
            (None, _) | (Some(b'\n'), Some(b'\r')) => b".\r\n",
            _ => b"\r\n.\r\n",
        }
    }
}

/// An empty line, and the line end before it.
const EMPTY_LINE: &[u8] = b"\r\n\r\n";

impl From<Vec<u8>> for Content {
    fn from(own: Vec<u8>) -> Self {
        let length = own.len();
        let head =
            if own.starts_with(b"\r\n") { 2 } else { memmem::find(&own, EMPTY_LINE).map_or(length, |at| at + 4) };
        let slices = if own.is_empty() { Vec::new() } else { vec![Slice::Own(0..length)] };
        Self { shared: Arc::default(), own, slices, length, head, form: Form::Any }
    }
}

impl PartialEq for Content {
    /// By octets, however they are cut.
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length && self.slices().flatten().eq(other.slices().flatten())
    }
}

impl Eq for Content {}

/// The octets of a message with its dots stuffed.
struct Stuffed<'a, S> {
    slices: S,
    form: Form,
    /// Of the slice at hand, what is still to come.
    rest: &'a [u8],
    place: Place,
    end: Option<&'static [u8]>,
}

/// Where the next octet stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    /// Behind the dot that was put in front of another.
    Stuffed,
    Within,
}

impl<'a, S: Iterator<Item = &'a [u8]>> Iterator for Stuffed<'a, S> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            match self.slices.next() {
                Some(slice) if self.form == Form::Settled => return Some(slice),
                Some(slice) => self.rest = slice,
                None => return self.end.take(),
            }
        }
        if self.place == Place::LineStart && self.rest.starts_with(b".") {
            self.place = Place::Stuffed;
            return Some(b".");
        }
        // Behind each line end that a dot follows the slice is cut.
        let cut = memmem::find(self.rest, b"\n.").map_or(self.rest.len(), |line_end| line_end + 1);
        let (piece, rest) = self.rest.split_at(cut);
        self.rest = rest;
        self.place = if piece.ends_with(b"\n") { Place::LineStart } else { Place::Within };
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed(message: &str) -> String {
        let content = Content::from(message.as_bytes().to_vec());
        String::from_utf8(content.stuffed().collect::<Vec<_>>().concat()).unwrap()
    }

    /// The same octets in slices of so many, every other one shared.
    fn cut(message: &[u8], size: usize) -> Content {
        let mut content = Content::sharing(message.into());
        for (at, piece) in message.chunks(size).enumerate() {
            let start = at * size;
            if at % 2 == 0 {
                content.add_shared(start..start + piece.len());
            } else {
                content.add_own(piece);
            }
        }
        content
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

    #[test]
    fn fields_come_on_top_of_a_message_however_it_is_cut() {
        for size in [1, 4, 100] {
            let mut content = cut(b"A: b\r\n\r\nc\r\n", size);
            content.put_on_top(b"First: x\r\n");
            content.put_on_top(b"");
            assert_eq!(content, Content::from(b"First: x\r\nA: b\r\n\r\nc\r\n".to_vec()));
            assert_eq!(content.len(), content.to_vec().len());
        }
    }

    proptest! {
        #[test]
        fn where_a_message_is_cut_makes_no_difference(message in "[a.\r\n]{0,24}", size in 1_usize..6) {
            let content = cut(message.as_bytes(), size);
            prop_assert_eq!(content.to_vec(), message.as_bytes());
            prop_assert!(content.slices().all(|slice| !slice.is_empty()));
            prop_assert_eq!(&content, &Content::from(message.clone().into_bytes()));
            let octets = content.stuffed().collect::<Vec<_>>().concat();
            prop_assert_eq!(String::from_utf8(octets).unwrap(), stuffed(&message));
        }
    }
}

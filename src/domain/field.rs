//! Merge fields: the places in an edition where something of the reader's goes.
//!
//! A field travels from the source to the finished part as a marker, a short run of letters and digits
//! that Markdown, Tera, MJML, a URL and a line breaker all leave alone. The rendered part is then cut
//! at its markers into a [`Merge`], and filling it in is a walk over slices: nothing that a reader
//! typed is ever seen by a parser or a template.

use std::fmt::Write as _;

use memchr::memmem;

/// What goes into the place of a marker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Field {
    /// A column of the list by its alias, and what stands in for a blank cell.
    Column { alias: String, default: Option<String> },
    /// The address that the mail goes to.
    Address,
    /// Where this reader can leave: an https or a mailto URL.
    UnsubscribeUrl,
}

/// How a value has to be written in the place where it lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Escape {
    /// As it is: plain text and header values (which are encoded as a whole later).
    Plain,
    /// HTML text or a quoted attribute.
    Html,
    /// A part of a URL inside HTML: percent-encoded (RFC 3986 section 2.1).
    Url,
}

/// The fields of one issue; a field's number is its place here.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(Field, String)>);

/// What every marker begins with. A source that holds it is refused, so that no text is taken for a marker.
pub const MARKER: &str = "zqfield";
const END: &str = "qz";
/// `zqfield`, a letter for text or URL, four digits, `qz`.
const MARKER_LENGTH: usize = MARKER.len() + 1 + 4 + END.len();

impl Fields {
    /// The marker of `field` for a place in text, adding the field where it is new.
    ///
    /// # Panics
    /// An issue with ten thousand different fields.
    pub fn marker(&mut self, field: Field) -> String {
        if let Some(marker) = self.marker_of(&field) {
            return marker.to_owned();
        }
        let number = self.0.len();
        assert!(number < 10_000, "more than ten thousand merge fields");
        let marker = format!("{MARKER}t{number:04}{END}");
        self.0.push((field, marker.clone()));
        marker
    }

    /// The marker of a field that is known.
    #[must_use]
    pub fn marker_of(&self, field: &Field) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == field).map(|(_, marker)| marker.as_str())
    }

    /// The fields in the order of their numbers.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Field> {
        self.0.iter().map(|(field, _)| field)
    }
}

/// The same text with its markers turned into those for a place inside a URL.
#[must_use]
pub fn in_url(text: &str) -> String {
    text.replace(&format!("{MARKER}t"), &format!("{MARKER}u"))
}

/// A finished part of a mail, with places left open for the reader's own values.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Merge(Vec<Piece>);

/// What a part is made of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Piece {
    /// The same for every reader; never empty, and never behind another.
    Literal(String),
    Place(Field, Escape),
}

impl Merge {
    /// Cuts `text` at its markers; `escape` is what a place in text needs there (places in URLs are
    /// percent-encoded in HTML and in plain text alike).
    #[must_use]
    pub fn cut(text: &str, fields: &Fields, escape: Escape) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = memmem::find(rest.as_bytes(), MARKER.as_bytes()) {
            let (before, marked) = rest.split_at(at);
            literal.push_str(before);
            let Some((field, place)) = parse_marker(marked, fields) else {
                literal.push_str(MARKER);
                rest = &marked[MARKER.len()..];
                continue;
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Place(field.clone(), if place == b'u' { Escape::Url } else { escape }));
            rest = &marked[MARKER_LENGTH..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self(pieces)
    }

    /// Literals and places, in their order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether every reader gets the same.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Literal(_)))
    }

    /// The text with each place filled by `value`, written as the place needs it.
    #[must_use]
    pub fn fill<'a>(&'a self, mut value: impl FnMut(&'a Field) -> std::borrow::Cow<'a, str>) -> String {
        let mut out = String::with_capacity(self.0.iter().map(Piece::size_hint).sum());
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Place(field, escape) => escape.write(&value(field), &mut out),
            }
        }
        out
    }

    /// Feeds literals and places to `digester`, so that two merges with the same digest fill alike.
    pub fn digest(&self, name: &str, digester: &mut super::digest::Digester) {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => digester.add(name, text),
                Piece::Place(field, escape) => digester.add(name, format!("{field:?} {escape:?}")),
            };
        }
    }
}

impl Piece {
    fn size_hint(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Place(..) => 64,
        }
    }
}

impl Escape {
    /// `value` in this way of writing.
    #[must_use]
    pub fn escape(self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        self.write(value, &mut out);
        out
    }

    /// Appends `value` to `out` in this way of writing. Control characters never get through: a line
    /// break in a cell becomes a space.
    pub fn write(self, value: &str, out: &mut String) {
        let mut rest = value;
        loop {
            // What goes as it is.
            let run = rest.bytes().position(|octet| !self.keeps(octet)).unwrap_or(rest.len());
            let (kept, other) = rest.split_at(run);
            out.push_str(kept);
            let mut chars = other.chars();
            let Some(c) = chars.next() else { return };
            self.write_char(if c.is_control() { ' ' } else { c }, out);
            rest = chars.as_str();
        }
    }

    /// Whether an octet stands for itself, wherever it stands.
    fn keeps(self, octet: u8) -> bool {
        const KEPT: [[bool; 256]; 3] = [kept(Escape::Plain), kept(Escape::Html), kept(Escape::Url)];
        KEPT[self as usize][usize::from(octet)]
    }

    fn write_char(self, c: char, out: &mut String) {
        match (self, c) {
            (Self::Html, '&') => out.push_str("&amp;"),
            (Self::Html, '<') => out.push_str("&lt;"),
            (Self::Html, '>') => out.push_str("&gt;"),
            (Self::Html, '"') => out.push_str("&quot;"),
            (Self::Html, '\'') => out.push_str("&#39;"),
            (Self::Url, c) if !u8::try_from(c).is_ok_and(|octet| self.keeps(octet)) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a String can't fail.
                    let _ = write!(out, "%{byte:02X}");
                }
            }
            (_, c) => out.push(c),
        }
    }
}

/// For each octet whether it stands for itself.
const fn kept(escape: Escape) -> [bool; 256] {
    let mut kept = [false; 256];
    let mut octet = u8::MAX;
    loop {
        // Beyond ASCII, control characters begin with the octet C2, as others do that are looked at more closely.
        let is_visible = !octet.is_ascii_control() && octet != 0xc2;
        kept[octet as usize] = match escape {
            Escape::Plain => is_visible,
            Escape::Html => is_visible && !matches!(octet, b'&' | b'<' | b'>' | b'"' | b'\''),
            // RFC 3986 section 2.3.
            Escape::Url => octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~'),
        };
        if octet == 0 {
            return kept;
        }
        octet -= 1;
    }
}

/// HTML text or an attribute's value without the references that a serializer writes.
#[must_use]
pub fn unescape(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", "\u{a0}");
    plain.replace("&amp;", "&")
}

fn parse_marker<'a>(text: &str, fields: &'a Fields) -> Option<(&'a Field, u8)> {
    let marker = text.get(..MARKER_LENGTH)?.strip_prefix(MARKER)?.strip_suffix(END)?;
    let place = *marker.as_bytes().first()?;
    let number: usize = marker.get(1..)?.parse().ok()?;
    matches!(place, b't' | b'u').then_some(())?;
    Some((&fields.0.get(number)?.0, place))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_escaped_for_the_place_where_it_lands() {
        let mut fields = Fields::default();
        let marker = fields.marker(Field::Address);
        let source = format!("<p>{marker}</p><a href=\"https://example.org/?a={}\">", in_url(&marker));
        let filled = Merge::cut(&source, &fields, Escape::Html).fill(|_| Cow::Borrowed("O'Neill <&\"é\n{{ x }}"));
        assert_eq!(
            filled,
            "<p>O&#39;Neill &lt;&amp;&quot;é {{ x }}</p>\
             <a href=\"https://example.org/?a=O%27Neill%20%3C%26%22%C3%A9%20%7B%7B%20x%20%7D%7D\">"
        );
    }

    #[test]
    fn control_characters_become_spaces_wherever_they_stand() {
        let value = "\u{85}a\tb\u{a0}é\u{7f}";
        assert_eq!(Escape::Plain.escape(value), " a b\u{a0}é ");
        assert_eq!(Escape::Html.escape(value), " a b\u{a0}é ");
        assert_eq!(Escape::Url.escape(value), "%20a%20b%C2%A0%C3%A9%20");
    }

    proptest! {
        #[test]
        fn a_value_in_runs_is_the_one_letter_by_letter(value in "[a-z é&<>\"'\u{80}-\u{ff}\n\u{7f}~%ж]{0,12}") {
            for escape in [Escape::Plain, Escape::Html, Escape::Url] {
                let letters = value.chars().map(|letter| escape.escape(&letter.to_string()));
                prop_assert_eq!(escape.escape(&value), letters.collect::<String>());
            }
            let controls = |text: String| text.chars().any(char::is_control);
            prop_assert!(!controls(Escape::Plain.escape(&value)) && !controls(Escape::Html.escape(&value)));
        }
    }

    #[test]
    fn what_only_looks_like_a_marker_stays() {
        let fields = Fields::default();
        for text in ["zqfield", "zqfieldt0000qz", "zqfieldx0000qz", "zqfieldt00é0qz zqfieldzqfield"] {
            let merge = Merge::cut(text, &fields, Escape::Plain);
            assert_eq!(merge.fill(|_| Cow::Borrowed("?")), text);
        }
    }

    #[test]
    fn one_field_has_one_marker() {
        let mut fields = Fields::default();
        let name = |default: &str| Field::Column { alias: "name".into(), default: Some(default.into()) };
        let first = fields.marker(name("reader"));
        assert_eq!(fields.marker(name("reader")), first);
        assert_ne!(fields.marker(name("friend")), first);
        assert_eq!(fields.iter().len(), 2);
    }
}

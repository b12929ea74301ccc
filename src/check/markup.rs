//! HTML and MJML to tags, attributes and text, each with its place. It is lenient, since a template of a
//! newsletter's own is no HTML yet; comments are left out, and with them what is for Outlook alone.

/// Elements without content, which have no end (HTML, section 13.1.2).
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Elements whose content is no markup.
const RAW: &[&str] = &["style", "script", "title", "mj-style", "mj-title"];

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Open { name: &'a str, attributes: Vec<Attribute<'a>>, at: usize },
    Close { name: &'a str },
    Text { text: &'a str, at: usize },
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Where its name stands.
    pub(super) at: usize,
    /// Where its value stands.
    pub(super) value_at: usize,
}

/// Everything in `markup`, from the top; an element without content is opened and closed.
pub(super) fn pieces(markup: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut text_from = 0;
    let bytes = markup.as_bytes();
    while let Some(open) = bytes[at..].iter().position(|byte| *byte == b'<').map(|found| at + found) {
        let rest = &markup[open..];
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|end| open + end + 3)
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            rest.find('>').map(|end| open + end + 1)
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            Some(open)
        } else {
            // A sign of its own.
            at = open + 1;
            continue;
        };
        if text_from < open {
            pieces.push(Piece::Text { text: &markup[text_from..open], at: text_from });
        }
        at = match end {
            None => markup.len(),
            Some(end) if end > open => end,
            Some(_) => tag(markup, open, &mut pieces),
        };
        text_from = at;
    }
    if text_from < markup.len() {
        pieces.push(Piece::Text { text: &markup[text_from..], at: text_from });
    }
    pieces
}

/// Reads the tag at `open`, and tells where it ends.
fn tag<'a>(markup: &'a str, open: usize, pieces: &mut Vec<Piece<'a>>) -> usize {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    let name_of = |from: usize| {
        let rest = &markup[from..];
        &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())]
    };
    if markup[open..].starts_with("</") {
        pieces.push(Piece::Close { name: name_of(open + 2) });
        return markup[open..].find('>').map_or(markup.len(), |end| open + end + 1);
    }
    let name = name_of(open + 1);
    let mut attributes = Vec::new();
    let mut at = open + 1 + name.len();
    let bytes = markup.as_bytes();
    let mut is_empty = VOID.contains(&name);
    while at < bytes.len() && bytes[at] != b'>' {
        let start = at;
        while at < bytes.len() && !matches!(bytes[at], b'=' | b'>' | b'/' | b' ' | b'\n' | b'\t' | b'\r' | b'"') {
            at += 1;
        }
        if at == start {
            is_empty |= bytes[at] == b'/' && bytes.get(at + 1) == Some(&b'>');
            at += 1;
            continue;
        }
        let attribute = start..at;
        let mut value = at..at;
        let gap = markup[at..].len() - markup[at..].trim_start().len();
        if bytes.get(at + gap) == Some(&b'=') {
            at += gap + 1;
            at += markup[at..].len() - markup[at..].trim_start().len();
            let quote = bytes.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
            let from = at + usize::from(quote.is_some());
            let is_end = |byte: u8| match quote {
                Some(quote) => byte == quote,
                None => byte == b'>' || byte.is_ascii_whitespace(),
            };
            let end = bytes[from..].iter().position(|byte| is_end(*byte)).map_or(bytes.len(), |end| from + end);
            value = from..end;
            at = (end + usize::from(quote.is_some())).min(bytes.len());
        }
        attributes.push(Attribute {
            name: &markup[attribute.clone()],
            value: &markup[value.clone()],
            at: attribute.start,
            value_at: value.start,
        });
    }
    let mut end = (at + 1).min(markup.len());
    pieces.push(Piece::Open { name, attributes, at: open });
    if is_empty {
        pieces.push(Piece::Close { name });
    } else if RAW.contains(&name) {
        let rest = &markup[end..];
        let length = rest.find("</").map_or(rest.len(), |_| {
            let closing = format!("</{name}");
            rest.find(&closing).unwrap_or(rest.len())
        });
        if length > 0 {
            pieces.push(Piece::Text { text: &rest[..length], at: end });
        }
        end += length;
    }
    end
}

/// The attribute `name` among `attributes`.
pub(super) fn value_of<'a>(attributes: &[Attribute<'a>], name: &str) -> Option<&'a str> {
    attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(markup: &str) -> String {
        let told = pieces(markup).into_iter().map(|piece| match piece {
            Piece::Open { name, attributes, .. } => {
                let attributes = attributes.iter().map(|one| format!(" {}={}", one.name, one.value));
                format!("<{name}{}>", attributes.collect::<String>())
            }
            Piece::Close { name } => format!("</{name}>"),
            Piece::Text { text, .. } => text.to_owned(),
        });
        told.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn tags_attributes_and_text_come_in_their_order() {
        for (markup, expected) in [
            ("<p class=\"a b\">x<br/>y</p>", "<p class=a b>|x|<br>|</br>|y|</p>"),
            ("<img src=a.png alt='' hidden>z", "<img src=a.png alt= hidden=>|</img>|z"),
            ("<style>a > b { color: red }</style>", "<style>|a > b { color: red }|</style>"),
            ("<!--[if mso]><table><![endif]-->a<!doctype html>b", "a|b"),
            ("1 < 2 and <3", "1 < 2 and <3"),
            ("<mj-text css-class = \"x\" />", "<mj-text css-class=x>|</mj-text>"),
            ("<p", "<p>"),
            ("<a href=\"", "<a href=>"),
            ("<!-- never ends", ""),
        ] {
            assert_eq!(shown(markup), expected, "{markup}");
        }
    }

    #[test]
    fn each_place_is_that_of_the_source() {
        let markup = "é<p style=\"color:red\">x";
        let [_, Piece::Open { attributes, at, .. }, Piece::Text { at: text, .. }] = &pieces(markup)[..] else {
            panic!()
        };
        assert_eq!((*at, &markup[attributes[0].value_at..][..9]), (2, "color:red"));
        assert_eq!(&markup[*text..], "x");
    }

    proptest::proptest! {
        #[test]
        fn no_markup_stops_it(markup in "[<>a/=\"' é!-]{0,40}") {
            pieces(&markup);
        }
    }
}

//! Text and attribute values from the way in which they are written to the way in which css-inline writes them:
//! references are read (HTML Standard section 13.2.5.72), and as few as possible are written (section 13.3).

use std::borrow::Cow;

/// Those that templates and writers use; for others there is the standard's list of two thousand.
const NAMED: [(&str, char); 31] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("shy", '\u{ad}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("bull", '•'),
    ("middot", '·'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("euro", '€'),
    ("times", '×'),
    ("deg", '°'),
    ("rarr", '→'),
    ("larr", '←'),
];

/// The bytes that may not be written as they are; nearly all others of a page can.
const NOTED: [bool; 256] = {
    let mut noted = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        noted[control] = true;
        control += 1;
    }
    let others = [b'"', b'&', b'<', b'>', 0x7f, 0xc2];
    let mut other = 0;
    while other < others.len() {
        noted[others[other] as usize] = true;
        other += 1;
    }
    noted
};

/// Where a run lands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Attribute,
}

/// Appends `written` anew; None where it holds what takes the whole standard to read.
pub(super) fn rewrite(written: &str, place: Place, out: &mut String) -> Option<()> {
    let bytes = written.as_bytes();
    let (mut at, mut copied) = (0, 0);
    while let Some(run) = bytes[at..].iter().position(|byte| NOTED[usize::from(*byte)]) {
        at += run;
        let byte = bytes[at];
        let (c, length) = match byte {
            b'&' => reference(&written[at + 1..]).map(|(c, length)| (c, length + 1))?,
            // The pre-pass for mrml makes these spaces where they stand in an attribute.
            b'\n' | b'\t' if place == Place::Attribute => (' ', 1),
            b'\n' | b'\t' | b'"' | b'>' => (byte as char, 1),
            0xc2 => match bytes.get(at + 1) {
                Some(0xa0) => ('\u{a0}', 2),
                // Control characters.
                Some(0x80..=0x9f) | None => return None,
                Some(_) => {
                    at += 2;
                    continue;
                }
            },
            _ => return None,
        };
        out.push_str(&written[copied..at]);
        write(c, place, out);
        at += length;
        copied = at;
    }
    out.push_str(&written[copied..]);
    Some(())
}

/// The value of an attribute, its references read.
pub(super) fn value(written: &str) -> Option<Cow<'_, str>> {
    if written.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    if !written.contains('&') {
        return Some(Cow::Borrowed(written));
    }
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, behind)) = rest.split_once('&') {
        let (c, length) = reference(behind)?;
        out.push_str(before);
        out.push(c);
        rest = &behind[length..];
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

fn write(c: char, place: Place, out: &mut String) {
    match (c, place) {
        ('&', _) => out.push_str("&amp;"),
        ('\u{a0}', _) => out.push_str("&nbsp;"),
        ('<', Place::Text) => out.push_str("&lt;"),
        ('>', Place::Text) => out.push_str("&gt;"),
        ('"', Place::Attribute) => out.push_str("&quot;"),
        (c, _) => out.push(c),
    }
}

/// What `rest` says behind its `&`, and how long that is; an `&` that begins no reference is one.
fn reference(rest: &str) -> Option<(char, usize)> {
    if !rest.starts_with(|c: char| c == '#' || c.is_ascii_alphanumeric()) {
        return Some(('&', 0));
    }
    let end = rest.bytes().take(10).position(|byte| byte == b';')?;
    let name = &rest[..end];
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let digits = number.strip_prefix(['x', 'X']);
            let plain = digits.unwrap_or(number).bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = digits.map_or_else(|| number.parse(), |digits| u32::from_str_radix(digits, 16));
            // The standard has its own mind about control characters.
            let is_plain = |c: &char| plain && !c.is_control();
            char::from_u32(number.ok()?).filter(is_plain)?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(written: &str, place: Place) -> Option<String> {
        let mut out = String::new();
        rewrite(written, place, &mut out).map(|()| out)
    }

    #[test]
    fn references_are_read_and_only_those_that_are_needed_written() {
        let written = "a &amp; b & c &#39;&quot;&#x201c;&nbsp;\u{a0}é &lt;&gt; >\u{2019}&zwnj;";
        let text = "a &amp; b &amp; c '\"“&nbsp;&nbsp;é &lt;&gt; &gt;\u{2019}\u{200c}";
        assert_eq!(rewritten(written, Place::Text).unwrap(), text);
        let attribute = "a &amp; b &amp; c '&quot;“&nbsp;&nbsp;é <> >\u{2019}\u{200c}";
        assert_eq!(rewritten(written, Place::Attribute).unwrap(), attribute);
        assert_eq!(rewritten("a\nb", Place::Attribute).unwrap(), "a b");
        assert_eq!(value("&quot;A&#160;B&quot;").unwrap(), "\"A\u{a0}B\"");
    }

    #[test]
    fn what_the_standard_alone_knows_is_left_to_it() {
        for written in ["&notin;", "&amp", "?a=1&copy=2", "&#0;", "&#x80;", "&#13;", "a\rb", "\u{85}", "&#+39;", "&#;"]
        {
            assert_eq!(rewritten(written, Place::Text), None, "{written}");
        }
    }
}

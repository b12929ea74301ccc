//! Relaxed canonicalisation: what a signature is made over, so that folding and spaces may change on the way
//! (RFC 6376 sections 3.4.2 and 3.4.4).

use std::iter::Peekable;

use memchr::memmem;

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

/// The header fields of a message, from the top; up to the empty line, where there is one.
pub(super) fn fields(head: &[u8]) -> Vec<HeaderField<'_>> {
    let mut fields = Vec::new();
    let mut rest = head;
    while !rest.is_empty() && !rest.starts_with(LINE_END) {
        let end = end_of_field(rest);
        fields.push(HeaderField::read(&rest[..end]));
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    fields
}

/// Where the CRLF stands that no space or tab follows.
fn end_of_field(text: &[u8]) -> usize {
    let mut line_ends = memmem::find_iter(text, LINE_END);
    line_ends.find(|end| !matches!(text.get(end + 2), Some(b' ' | b'\t'))).unwrap_or(text.len())
}

/// A body in its canonical form: single spaces, none at the end of a line, and no empty lines at its end. It is
/// given in slices and passed on in slices; nothing is copied, and a body in quoted-printable and Base64, which
/// mostly is so already, is hardly cut.
pub(super) struct Body<F> {
    pass_on: F,
    /// What was read and is not passed on unless text follows: line ends, and then spaces, and then a CR.
    line_ends: usize,
    spaces: Spaces,
    after_cr: bool,
    is_empty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spaces {
    None,
    Some,
}

impl<F: FnMut(&[u8])> Body<F> {
    pub(super) fn new(pass_on: F) -> Self {
        Self { pass_on, line_ends: 0, spaces: Spaces::None, after_cr: false, is_empty: true }
    }

    /// Takes the next slice.
    pub(super) fn add(&mut self, slice: &[u8]) {
        let start = slice.iter().position(|octet| !is_blank(*octet)).unwrap_or(slice.len());
        let end = slice.iter().rposition(|octet| !is_blank(*octet)).map_or(start, |last| last + 1);
        self.blank(&slice[..start]);
        if start < end {
            self.text(&slice[start..end]);
        }
        self.blank(&slice[end..]);
    }

    /// Passes on what is still to come: the end of the last line that has text.
    pub(super) fn end(mut self) {
        if std::mem::take(&mut self.after_cr) {
            self.settle(b"\r");
        }
        if !self.is_empty {
            (self.pass_on)(LINE_END);
        }
    }

    /// Text that neither begins nor ends in a blank: passed on as it is, up to where it isn't canonical.
    fn text(&mut self, text: &[u8]) {
        let mut passed = 0;
        let mut tabs = memchr::memchr_iter(b'\t', text).peekable();
        let mut runs = memmem::find_iter(text, b"  ").peekable();
        let mut trails = memmem::find_iter(text, b" \r").peekable();
        loop {
            let next = [next_from(&mut tabs, passed), next_from(&mut runs, passed), next_from(&mut trails, passed)];
            let Some(mut doubt) = next.into_iter().flatten().min() else { break };
            // A tab may have a space before it.
            while doubt > passed && is_blank(text[doubt - 1]) {
                doubt -= 1;
            }
            self.settle(&text[passed..doubt]);
            // Text ends in no blank, so that there is something behind these.
            let blanks = text[doubt..].iter().take_while(|octet| is_blank(**octet)).count();
            self.blank(&text[doubt..doubt + blanks]);
            passed = doubt + blanks;
        }
        self.settle(&text[passed..]);
    }

    /// Spaces, tabs, and line ends; a CR or LF by itself is text.
    fn blank(&mut self, blank: &[u8]) {
        for &octet in blank {
            match octet {
                b'\n' if self.after_cr => {
                    self.line_ends += 1;
                    (self.spaces, self.after_cr) = (Spaces::None, false);
                    continue;
                }
                _ if self.after_cr => {
                    self.after_cr = false;
                    self.settle(b"\r");
                }
                _ => {}
            }
            match octet {
                b'\r' => self.after_cr = true,
                b'\n' => self.settle(b"\n"),
                _ => self.spaces = Spaces::Some,
            }
        }
    }

    /// Passes on text, and before it what waited for it.
    fn settle(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        for _ in 0..std::mem::take(&mut self.line_ends) {
            (self.pass_on)(LINE_END);
        }
        if std::mem::replace(&mut self.spaces, Spaces::None) == Spaces::Some {
            (self.pass_on)(b" ");
        }
        if std::mem::take(&mut self.after_cr) {
            (self.pass_on)(b"\r");
        }
        (self.pass_on)(text);
        self.is_empty = false;
    }
}

/// Whether a body is its own canonical form.
pub(in crate::compose) fn is_canonical(body: &[u8]) -> bool {
    let mut rest = Some(body);
    let mut canonical = Body::new(|slice: &[u8]| rest = rest.and_then(|rest| rest.strip_prefix(slice)));
    canonical.add(body);
    canonical.end();
    rest.is_some_and(<[u8]>::is_empty)
}

const LINE_END: &[u8] = b"\r\n";

fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// The first of these places that is not before `from`.
fn next_from(places: &mut Peekable<impl Iterator<Item = usize>>, from: usize) -> Option<usize> {
    while places.next_if(|place| *place < from).is_some() {}
    places.peek().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(message: &str) -> String {
        let mut out = Vec::new();
        for field in fields(message.as_bytes()) {
            field.write(&mut out);
            out.extend_from_slice(b"\r\n");
        }
        String::from_utf8(out).unwrap()
    }

    fn body(slices: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut body = Body::new(|slice: &[u8]| out.extend_from_slice(slice));
        for slice in slices {
            body.add(slice);
        }
        body.end();
        String::from_utf8(out).unwrap()
    }

    /// As the RFC says it, line by line.
    fn by_line(body: &str) -> String {
        let mut lines: Vec<_> = body.split("\r\n").collect();
        if lines.last() == Some(&"") {
            lines.pop();
        }
        let line = |line: &str| {
            let words = line.trim_end_matches([' ', '\t']).split([' ', '\t']);
            let mut out = String::new();
            for (at, word) in words.enumerate() {
                let behind_space = out.ends_with(' ');
                out.push_str(if at > 0 && !behind_space { " " } else { "" });
                out.push_str(word);
            }
            out
        };
        let mut lines: Vec<_> = lines.into_iter().map(line).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines.into_iter().map(|line| line + "\r\n").collect()
    }

    #[test]
    fn the_examples_of_the_rfc_come_out_as_it_says() {
        // RFC 6376 section 3.4.5.
        let message = "A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(header(message), "a:X\r\nb:Y Z\r\n");
        assert_eq!(body(&[b" C \r\nD \t E\r\n\r\n\r\n"]), " C\r\nD E\r\n");
    }

    #[test]
    fn an_empty_body_stays_empty_and_a_last_line_gets_its_end() {
        for (from, to) in [("", ""), ("\r\n", ""), (" \r\n\r\n", ""), ("a", "a\r\n"), ("\r\na\r\n", "\r\na\r\n")] {
            assert_eq!(body(&[from.as_bytes()]), to, "{from:?}");
        }
    }

    #[test]
    fn a_message_without_a_body_has_its_fields_all_the_same() {
        assert_eq!(header("A: x\r\nB: y"), "a:x\r\nb:y\r\n");
        assert_eq!(header("A: x\r\nB: y\r\n"), "a:x\r\nb:y\r\n");
        assert_eq!(fields(b"\r\nbody"), []);
        assert_eq!(fields(b""), []);
    }

    proptest! {
        #[test]
        fn a_body_is_what_the_rfc_makes_of_its_lines_however_it_is_cut(
            text in "[ax \t\r\n]{0,12}(\r\n){0,3}", size in 1_usize..8,
        ) {
            prop_assert_eq!(body(&[text.as_bytes()]), by_line(&text));
            let slices: Vec<_> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(body(&slices), by_line(&text));
        }

        #[test]
        fn a_canonical_body_is_its_own_canonical_form(text in "[ab \t\r\n]{0,60}") {
            let once = body(&[text.as_bytes()]);
            prop_assert_eq!(body(&[once.as_bytes()]), once);
        }

        #[test]
        fn spaces_that_a_relay_may_change_change_nothing(words in prop::collection::vec("[a-z]{1,5}", 1..6)) {
            let (single, wide) = (words.join(" "), words.join(" \t "));
            prop_assert_eq!(header(&format!("A: {single}\r\n")), header(&format!("a:  {wide} \r\n")));
            prop_assert_eq!(header(&format!("A: {single}\r\n")), header(&format!("A:\r\n {}\r\n", words.join("\r\n "))));
            let ended = format!("{wide} \r\n\r\n");
            prop_assert_eq!(body(&[single.as_bytes()]), body(&[ended.as_bytes()]));
        }
    }
}

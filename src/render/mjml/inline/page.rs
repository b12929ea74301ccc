//! One walk over a page: what is read is written at once, with the styles of each element that begins.

use memchr::memmem;

use super::declarations::{self, Declaration};
use super::elements::{Kind, Open, kind};
use super::references::{Place, rewrite, value};
use super::stylesheet::Stylesheet;
use crate::render::mjml::skeleton;

const DOCTYPE: &str = "<!doctype html>";

/// The page as far as it is written, and what is open in it.
pub(super) struct Page<'h, 's> {
    sheet: &'s Stylesheet<'s>,
    /// What each mark stands for.
    texts: &'h [Vec<&'h str>],
    /// The mark that comes next, and how many of its texts are written.
    mark: (usize, usize),
    /// From the row of a table on that began last: mrml makes one for each text of a column.
    row: &'h str,
    out: String,
    open: Vec<Open<'h>>,
    attributes: Vec<(&'h str, &'h str)>,
    matching: Vec<usize>,
    /// What selectors come to that matched one element already.
    cascades: Vec<(Vec<usize>, Cascade<'s>)>,
}

struct Cascade<'s> {
    declarations: Vec<Declaration<'s>>,
    /// As the value of a `style` that says nothing else.
    written: String,
}

/// Who wrote what is walked over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// mrml, which drops an attribute that is there twice.
    Mrml,
    /// A template or a person; mrml would drop some white space.
    People,
}

impl<'h, 's> Page<'h, 's> {
    pub(super) fn new(sheet: &'s Stylesheet<'s>, texts: &'h [Vec<&'h str>], length: usize) -> Self {
        let total: usize = texts.iter().flatten().map(|text| text.len() + 256).sum();
        Self {
            sheet,
            texts,
            mark: (0, 0),
            row: "",
            out: String::with_capacity((length + total) * 3 / 2),
            open: Vec::with_capacity(32),
            attributes: Vec::with_capacity(16),
            matching: Vec::new(),
            cascades: Vec::new(),
        }
    }

    /// The whole page; None where a browser would read something else than what stands there.
    pub(super) fn write(mut self, html: &'h str) -> Option<String> {
        let rest = html.strip_prefix(DOCTYPE)?;
        self.out.push_str("<!DOCTYPE html>");
        let rest = self.start(rest, Open { name: "html", ..Open::default() })?;
        let rest = self.start(rest, Open { name: "head", ..Open::default() })?;
        let rest = self.head(rest)?;
        let rest = self.start(rest, Open { name: "body", kind: Some(Kind::Block), ..Open::default() })?;
        let rest = self.walk(rest, Writer::Mrml)?;
        let rest = self.end(rest, "body")?;
        let rest = self.end(rest, "html")?;
        (rest.is_empty() && self.mark == (self.texts.len(), 0)).then_some(self.out)
    }

    /// Opens what `rest` has to begin with.
    fn start(&mut self, rest: &'h str, open: Open<'h>) -> Option<&'h str> {
        let rest = rest.strip_prefix('<')?.strip_prefix(open.name)?;
        let (rest, empty) = self.attributes(rest, Writer::Mrml)?;
        self.open.push(open);
        self.element()?;
        (!empty || matches!(open.name, "meta" | "link")).then_some(rest)
    }

    fn end(&mut self, rest: &'h str, name: &str) -> Option<&'h str> {
        let rest = rest.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
        self.open.pop();
        self.close(name);
        Some(rest)
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// From behind `<head>` to behind `</head>`.
    fn head(&mut self, mut rest: &'h str) -> Option<&'h str> {
        loop {
            let tag = rest.find('<')?;
            let space = &rest[..tag];
            if !space.bytes().all(|byte| matches!(byte, b' ' | b'\n' | b'\t')) {
                return None;
            }
            self.out.push_str(space);
            rest = &rest[tag..];
            if rest.starts_with("</") {
                return self.end(rest, "head");
            }
            if rest.starts_with("<!") {
                rest = self.comment(rest)?;
                continue;
            }
            let name = ["meta", "title", "style", "link"].into_iter().find(|name| rest[1..].starts_with(name))?;
            rest = self.start(rest, Open { name, ..Open::default() })?;
            if matches!(name, "meta" | "link") {
                self.open.pop();
                continue;
            }
            let text = rest.find("</")?;
            let (text, behind) = rest.split_at(text);
            if name == "style" {
                self.out.push_str(text);
            } else {
                rewrite(text, Place::Text, &mut self.out)?;
            }
            rest = self.end(behind, name)?;
        }
    }

    /// Writes on until something ends that was open before; gives what is left then.
    fn walk(&mut self, mut rest: &'h str, writer: Writer) -> Option<&'h str> {
        let depth = self.open.len();
        loop {
            let tag = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
            let (text, behind) = rest.split_at(tag);
            rest = behind;
            if !text.is_empty() {
                self.text(text, writer)?;
            }
            match rest.as_bytes().get(1) {
                None => return rest.is_empty().then_some(rest),
                Some(b'/') => {
                    if self.open.len() == depth {
                        return Some(rest);
                    }
                    let mut ended = self.open.last()?.name;
                    if self.open.last()?.is_implied {
                        // A browser adds it where rows stand in a table, and ends it with that.
                        self.open.pop();
                        self.close("tbody");
                        ended = self.open.last()?.name;
                    }
                    let again = self.open.last()?.again;
                    let behind = self.end(rest, ended)?;
                    rest = again.unwrap_or(behind);
                }
                // mrml cuts comments of its own.
                Some(b'!') if writer == Writer::Mrml => rest = self.comment(rest)?,
                Some(b'a'..=b'z') => {
                    if writer == Writer::Mrml && rest.starts_with("<tr") {
                        self.row = rest;
                    }
                    rest = self.tag(&rest[1..], writer)?;
                }
                _ => return None,
            }
        }
    }

    fn text(&mut self, text: &'h str, writer: Writer) -> Option<()> {
        if writer == Writer::Mrml
            && let Some(number) = skeleton::number_of(text)
        {
            let (mark, written) = self.mark;
            let texts = self.texts.get(mark).filter(|_| number == mark)?;
            let content = texts.get(written)?;
            if !self.open.last()?.takes_text() {
                return None;
            }
            self.mark = if written + 1 == texts.len() { (mark + 1, 0) } else { (mark, written + 1) };
            if self.mark.1 > 0 {
                // Row, cell and the text's own block.
                let row = self.open.iter_mut().rev().nth(2).filter(|row| row.kind == Some(Kind::Row))?;
                row.again = Some(self.row);
            }
            let depth = self.open.len();
            let rest = self.walk(content, Writer::People)?;
            return (rest.is_empty() && self.open.len() == depth).then_some(());
        }
        let is_space = || text.bytes().all(|byte| matches!(byte, b' ' | b'\n' | b'\t'));
        if text.starts_with('\n') {
            if writer == Writer::People && skeleton::is_dropped(text) {
                return Some(());
            }
            // Behind `<pre>` a browser drops it.
            if self.out.ends_with('>') && self.open.last()?.name == "pre" {
                return None;
            }
        }
        if !self.open.last()?.takes_text() && !is_space() {
            return None;
        }
        rewrite(text, Place::Text, &mut self.out)
    }

    /// `rest` begins with a comment.
    fn comment(&mut self, rest: &'h str) -> Option<&'h str> {
        let inner = rest.strip_prefix("<!--")?;
        let end = memmem::find(inner.as_bytes(), b"-->")?;
        let comment = &inner[..end];
        let ends_otherwise = comment.starts_with('>') || comment.starts_with("->") || comment.contains("--!>");
        if ends_otherwise || comment.bytes().any(|byte| matches!(byte, b'\r' | 0)) {
            return None;
        }
        let (comment, rest) = rest.split_at("<!--".len() + end + "-->".len());
        self.out.push_str(comment);
        Some(rest)
    }

    /// `rest` begins with the name of an element that begins.
    fn tag(&mut self, rest: &'h str, writer: Writer) -> Option<&'h str> {
        let length = rest.bytes().position(|byte| !(byte.is_ascii_lowercase() || byte.is_ascii_digit()))?;
        let (name, rest) = rest.split_at(length);
        let kind = kind(name)?;
        let (rest, empty) = self.attributes(rest, writer)?;
        let parent = *self.open.last()?;
        let parent = if kind == Kind::Row && parent.kind == Some(Kind::Table) {
            let attributes = std::mem::take(&mut self.attributes);
            self.open.push(Open { is_implied: true, ..parent.child("tbody", Kind::Rows)? });
            self.element()?;
            self.attributes = attributes;
            *self.open.last()?
        } else {
            parent
        };
        self.open.push(parent.child(name, kind)?);
        self.element()?;
        if matches!(kind, Kind::Void | Kind::Rule) {
            self.open.pop();
        } else if empty {
            return None;
        }
        Some(rest)
    }

    /// Reads attributes up to the tag's end; gives what stands behind it, and whether the tag says that it is
    /// an element without content.
    fn attributes(&mut self, mut rest: &'h str, writer: Writer) -> Option<(&'h str, bool)> {
        self.attributes.clear();
        loop {
            let trimmed = rest.trim_start_matches([' ', '\n', '\t']);
            if let Some(behind) = trimmed.strip_prefix('>') {
                return Some((behind, false));
            }
            if let Some(behind) = trimmed.strip_prefix("/>") {
                return Some((behind, true));
            }
            if trimmed.len() == rest.len() {
                return None;
            }
            let is_name =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'_');
            let length = trimmed.bytes().position(|byte| !is_name(byte)).filter(|length| *length > 0)?;
            let (name, behind) = trimmed.split_at(length);
            if writer == Writer::People && self.attributes.iter().any(|(known, _)| *known == name) {
                return None;
            }
            let Some(quoted) = behind.strip_prefix('=') else {
                self.attributes.push((name, ""));
                rest = behind;
                continue;
            };
            let quote = *quoted.as_bytes().first().filter(|quote| matches!(quote, b'"' | b'\''))?;
            let end = memchr::memchr(quote, &quoted.as_bytes()[1..])? + 1;
            self.attributes.push((name, &quoted[1..end]));
            rest = &quoted[end + 1..];
        }
    }

    /// Writes the start of the element that was opened last, its class first and its styles with it.
    fn element(&mut self) -> Option<()> {
        let element = self.open.last_mut()?;
        self.out.push('<');
        self.out.push_str(element.name);
        if let Some(at) = self.attributes.iter().position(|(name, _)| *name == "class") {
            let (_, class) = self.attributes.swap_remove(at);
            let is_plain = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && !matches!(byte, b'&' | b'"' | b'<');
            if !class.bytes().all(is_plain) {
                return None;
            }
            element.class = class;
            self.out.push_str(" class=\"");
            self.out.push_str(class);
            self.out.push('"');
        }
        self.sheet.matching(&self.open, &mut self.matching);
        let mut cascade = if self.matching.is_empty() { None } else { Some(self.cascade()?) };
        for &(name, written) in &self.attributes {
            if name == "data-css-inline" {
                return None;
            }
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            match cascade.take_if(|_| name == "style") {
                Some(at) => {
                    declarations::merge(&value(written)?, &self.cascades[at].1.declarations, &mut self.out)?;
                }
                None => rewrite(written, Place::Attribute, &mut self.out)?,
            }
            self.out.push('"');
        }
        if let Some(at) = cascade {
            self.out.push_str(" style=\"");
            self.out.push_str(&self.cascades[at].1.written);
            self.out.push('"');
        }
        self.out.push('>');
        Some(())
    }

    /// The place among the cascades of what matches.
    fn cascade(&mut self) -> Option<usize> {
        // Comparing lists that differ is most of the work; their ends mostly tell.
        let ends = (self.matching.len(), self.matching.last().copied());
        let same = |(numbers, _): &(Vec<usize>, Cascade<'s>)| {
            (numbers.len(), numbers.last().copied()) == ends && *numbers == self.matching
        };
        if let Some(at) = self.cascades.iter().position(same) {
            return Some(at);
        }
        let declarations = self.sheet.cascade(&self.matching)?;
        let mut written = String::new();
        for declaration in &declarations {
            declarations::write(*declaration, &mut written);
            written.push(';');
        }
        self.cascades.push((self.matching.clone(), Cascade { declarations, written }));
        Some(self.cascades.len() - 1)
    }
}

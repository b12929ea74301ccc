//! Blocks to plain text, made from the structure: 72 columns by display width, links numbered and
//! listed where their text ends. Paragraphs and quotes are flowed (RFC 3676), so that a narrow screen
//! can set them anew; lists, tables and headings keep their lines.

use std::fmt::Write as _;

use textwrap::{Options, WordSplitter};
use unicode_width::UnicodeWidthStr;

use super::dates::Events;
use super::flowed::{SOFT_END, WIDTH};
use super::strings::Strings;
use super::wrapping;
use crate::domain::Language;
use crate::issue::content::{Block, Event, Inline, Picture, Table, plain};

/// Writes the blocks of one item or introduction.
pub(super) struct Writer<'a> {
    language: &'a Language,
    strings: &'a Strings,
    events: &'a Events,
    out: String,
    links: Vec<String>,
}

/// What stands before a line: on the first of a block, and on the others.
#[derive(Clone, Default)]
struct Indent {
    first: String,
    rest: String,
}

impl Indent {
    fn deeper(&self, first: &str, rest: &str) -> Self {
        Self { first: format!("{}{first}", self.first), rest: format!("{}{rest}", self.rest) }
    }

    /// One quote deeper; marks of quotes within quotes stand together (RFC 3676 section 4.5).
    fn quoted(&self) -> Self {
        let deeper = |indent: &str| match indent.strip_suffix("> ") {
            Some(outer) => format!("{outer}>> "),
            None => format!("{indent}> "),
        };
        Self { first: deeper(&self.first), rest: deeper(&self.rest) }
    }

    /// Whether lines in here may be set anew: they begin with nothing but the marks of quotes.
    fn flows(&self) -> bool {
        self.rest.trim_end().chars().all(|c| c == '>') && self.first == self.rest
    }

    /// The first line's mark is used up.
    fn next(&mut self) {
        self.first.clone_from(&self.rest);
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(language: &'a Language, strings: &'a Strings, events: &'a Events) -> Self {
        Self { language, strings, events, out: String::new(), links: Vec::new() }
    }

    /// All of `blocks`, then the addresses of their links.
    pub(super) fn write(mut self, blocks: &[Block]) -> String {
        self.blocks(blocks, &mut Indent::default(), false);
        if !self.links.is_empty() {
            self.out.push('\n');
            for (number, url) in self.links.iter().enumerate() {
                let _ = writeln!(self.out, "[{}] {url}", number + 1);
            }
        }
        self.out
    }

    fn blocks(&mut self, blocks: &[Block], indent: &mut Indent, tight: bool) {
        for (number, block) in blocks.iter().enumerate() {
            if number > 0 && !(tight && matches!(block, Block::List { .. })) {
                let _ = writeln!(self.out, "{}", indent.rest.trim_end());
            }
            self.block(block, indent);
            indent.next();
        }
    }

    fn block(&mut self, block: &Block, indent: &mut Indent) {
        match block {
            Block::Paragraph(content) => self.paragraph(content, indent),
            Block::Heading { content, .. } => {
                let text = self.inlines(content);
                self.lines(&text, indent);
                let widest = text.width().min(WIDTH.saturating_sub(indent.rest.width()));
                let _ = writeln!(self.out, "{}{}", indent.rest, "-".repeat(widest));
            }
            Block::List { start, entries } => {
                let digits = start.map_or(0, |start| (start + entries.len() as u64).to_string().len());
                for (number, entry) in entries.iter().enumerate() {
                    let mark = match start {
                        Some(start) => format!("{:>digits$}. ", start + number as u64),
                        None => "- ".to_owned(),
                    };
                    let mut own = indent.deeper(&mark, &" ".repeat(mark.width()));
                    self.blocks(entry, &mut own, true);
                    indent.next();
                }
            }
            Block::Quote(inner) => self.blocks(inner, &mut indent.quoted(), false),
            Block::Code(code) => {
                for line in code.trim_end().lines() {
                    let _ = writeln!(self.out, "{}    {line}", indent.first);
                    indent.next();
                }
            }
            Block::Table(table) => self.table(table, indent),
            Block::Rule => {
                let _ = writeln!(self.out, "{}* * *", indent.first);
            }
            Block::Button { url, content } => {
                self.paragraph(&[Inline::Link { url: url.clone(), content: content.clone() }], indent);
            }
            Block::Image(picture) => self.paragraph(&[linked(picture)], indent),
            Block::Event(event) => self.event(event, indent),
            Block::Mjml(mjml) => {
                for (number, paragraph) in super::mjml::words(mjml).iter().enumerate() {
                    if number > 0 {
                        self.out.push('\n');
                    }
                    self.paragraph(paragraph, indent);
                }
            }
            Block::Notes(notes) => {
                for (number, note) in notes.iter().enumerate() {
                    let mark = format!("[^{}] ", number + 1);
                    let mut own = indent.deeper(&mark, &" ".repeat(mark.width()));
                    self.blocks(&note.body, &mut own, true);
                    indent.next();
                }
            }
        }
    }

    fn event(&mut self, event: &Event, indent: &mut Indent) {
        let when = self.events.line(event, self.language, self.strings);
        let label = format!("{}{} {}", self.strings.event_label, self.strings.colon, event.title);
        for line in [Some(&label), Some(&when), event.place.as_ref()].into_iter().flatten() {
            self.lines(line, indent);
            indent.next();
        }
        if let Some(url) = &event.url {
            let text = vec![Inline::Text(self.strings.more_about_event.clone())];
            self.paragraph(&[Inline::Link { url: url.clone(), content: text }], indent);
        }
    }

    fn paragraph(&mut self, content: &[Inline], indent: &Indent) {
        let text = self.inlines(content);
        self.lines(&text, indent);
    }

    /// `text`, wrapped, with its own line breaks kept.
    fn lines(&mut self, text: &str, indent: &Indent) {
        let flows = indent.flows();
        // Lines that the author broke stay broken.
        for paragraph in text.lines() {
            let mut is_first = true;
            wrapping::wrap(paragraph, WIDTH, &indent.first, &indent.rest, |indent, line| {
                if !std::mem::take(&mut is_first) {
                    self.out.push_str(if flows { SOFT_END } else { "\n" });
                }
                self.out.push_str(if line.is_empty() { indent.trim_end() } else { indent });
                self.out.push_str(line);
            });
            self.out.push('\n');
        }
    }

    /// Columns side by side where they fit, and otherwise each row as a list of its cells.
    fn table(&mut self, table: &Table, indent: &Indent) {
        let mut row = |cells: &[Vec<Inline>]| cells.iter().map(|cell| self.inlines(cell)).collect::<Vec<_>>();
        let head = row(&table.head);
        let rows: Vec<_> = table.rows.iter().map(|cells| row(cells)).collect();
        let widths: Vec<usize> = (0..head.len())
            .map(|column| {
                let cells = std::iter::once(&head).chain(&rows).filter_map(|row| row.get(column));
                cells.map(|cell| cell.width()).max().unwrap_or_default()
            })
            .collect();
        let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) + indent.rest.width();
        if total > WIDTH {
            for (number, row) in rows.iter().enumerate() {
                if number > 0 {
                    self.out.push('\n');
                }
                for (title, cell) in head.iter().zip(row) {
                    let colon = &self.strings.colon;
                    let label = if title.is_empty() { cell.clone() } else { format!("{title}{colon} {cell}") };
                    self.lines(&label, &indent.deeper("", "  "));
                }
            }
            return;
        }
        let mut line = |cells: &[String]| {
            let padded: Vec<_> = cells
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))))
                .collect();
            let _ = writeln!(self.out, "{}{}", indent.rest, padded.join("  ").trim_end());
        };
        line(&head);
        line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>());
        for row in &rows {
            line(row);
        }
    }

    fn inlines(&mut self, content: &[Inline]) -> String {
        let mut out = String::new();
        for inline in content {
            match inline {
                Inline::Text(text) | Inline::Code(text) => out.push_str(text),
                Inline::Emphasis(inner) | Inline::Strong(inner) => out.push_str(&self.inlines(inner)),
                // Without its mark it would say the opposite.
                Inline::Strikethrough(inner) => {
                    let _ = write!(out, "~{}~", self.inlines(inner));
                }
                Inline::Link { url, content } => {
                    let text = self.inlines(content);
                    self.link(url, &text, &mut out);
                }
                Inline::Image(picture) => out.push_str(&picture.alt),
                // Told apart from the numbers of links by its sign.
                Inline::Note { number, .. } => {
                    let _ = write!(out, "[^{number}]");
                }
                Inline::Break => out.push('\n'),
            }
        }
        out
    }

    /// The link's text and its number; a link whose text is its address says it once.
    fn link(&mut self, url: &str, text: &str, out: &mut String) {
        out.push_str(text);
        let bare = url.strip_prefix("mailto:").or_else(|| url.strip_prefix("tel:")).unwrap_or(url);
        // An anchor leads nowhere in plain text.
        if text.trim() == url || text.trim() == bare || url.starts_with('#') {
            return;
        }
        let number = match self.links.iter().position(|known| known == url) {
            Some(at) => at + 1,
            None => {
                self.links.push(url.to_owned());
                self.links.len()
            }
        };
        let _ = write!(out, "\u{a0}[{number}]");
    }
}

/// An image as text: what it shows, and where it leads.
fn linked(picture: &Picture) -> Inline {
    let text = vec![Inline::Text(format!("[{}]", picture.alt))];
    match &picture.link {
        Some(url) => Inline::Link { url: url.clone(), content: text },
        None => Inline::Text(plain(&text)),
    }
}

/// A heading's lines.
pub(super) fn wrapped(text: &str) -> String {
    textwrap::fill(text, Options::new(WIDTH).break_words(false).word_splitter(WordSplitter::NoHyphenation))
}

/// A template's `underline` filter: as many marks as the widest line has columns.
pub(super) fn underline(text: &str, mark: &str) -> String {
    let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap_or_default();
    format!("{text}\n{}", mark.repeat(widest))
}

/// A template's `ltr` filter: what is written from left to right whatever stands around it, such as a
/// telephone number, whose groups a line in Arabic would show in reverse order (UAX 9 section 2.4).
pub(super) fn left_to_right(text: &str, within: &str) -> String {
    if within == "rtl" { format!("\u{2066}{text}\u{2069}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::flowed::{SOFT, flowed};
    use super::*;
    use crate::issue::content::Alignment;

    fn text(text: &str) -> Vec<Inline> {
        vec![Inline::Text(text.into())]
    }

    fn written(blocks: &[Block]) -> String {
        let language = "en".parse().unwrap();
        let strings = Strings::parse(include_str!("../../templates/strings/en.toml"), "en.toml").unwrap();
        Writer::new(&language, &strings, &Events::default()).write(blocks)
    }

    #[test]
    fn lists_nest_and_wrap_under_their_marks() {
        let inner = Block::List {
            start: Some(9),
            entries: vec![vec![Block::Paragraph(text("one"))], vec![Block::Paragraph(text("two"))]],
        };
        let long = "word ".repeat(20);
        let list = Block::List { start: None, entries: vec![vec![Block::Paragraph(text(long.trim())), inner]] };
        insta::assert_snapshot!(written(&[list]), @r"
        - word word word word word word word word word word word word word word
          word word word word word word
           9. one
          10. two
        ");
    }

    #[test]
    fn a_link_is_numbered_once_and_a_bare_address_not_at_all() {
        let link = |url: &str, label: &str| Inline::Link { url: url.into(), content: text(label) };
        let paragraph = Block::Paragraph(vec![
            link("https://example.org/", "one"),
            Inline::Text(", ".into()),
            link("https://example.org/", "again"),
            Inline::Text(", ".into()),
            link("mailto:ann@example.org", "ann@example.org"),
        ]);
        assert_eq!(
            written(&[paragraph]),
            "one\u{a0}[1], again\u{a0}[1], ann@example.org\n\n[1] https://example.org/\n"
        );
    }

    #[test]
    fn a_quote_keeps_its_mark_on_every_line() {
        let quote = Block::Quote(vec![Block::Paragraph(text(&"wort ".repeat(18))), Block::Paragraph(text("end"))]);
        assert!(written(&[quote]).lines().all(|line| line.starts_with('>')));
    }

    #[test]
    fn paragraphs_and_quotes_flow_and_nothing_else_does() {
        let long = text(&"wort ".repeat(18));
        let nested = Block::Quote(vec![Block::Quote(vec![Block::Paragraph(long.clone())])]);
        let list = Block::List { start: None, entries: vec![vec![Block::Paragraph(long.clone())]] };
        let flowed = flowed(&written(&[Block::Paragraph(long), nested, list]));
        let soft: Vec<_> = flowed.lines().map(|line| line.ends_with(' ')).collect();
        assert_eq!(soft, [true, false, false, true, false, false, false, false], "{flowed}");
        assert!(flowed.contains("\n>> wort wort") && flowed.contains("\n   wort"), "{flowed}");
    }

    #[test]
    fn lines_are_as_long_as_they_look() {
        let cjk = written(&[Block::Paragraph(text(&"新聞".repeat(40)))]);
        let widths: Vec<_> = cjk.lines().map(|line| line.trim_end_matches(SOFT).width()).collect();
        assert_eq!(widths, [72, 72, 16]);
        let arabic = written(&[Block::Paragraph(text(&"مدرسة ".repeat(30)))]);
        assert!(arabic.lines().all(|line| line.trim_end_matches(SOFT).width() <= 72) && arabic.lines().count() == 3);
    }

    #[test]
    fn raw_mjml_leaves_its_words_and_links() {
        let block = Block::Mjml("<mj-button href=\"https://example.org/go\">Go on</mj-button>".into());
        assert_eq!(written(&[block]), "Go on\u{a0}[1]\n\n[1] https://example.org/go\n");
    }

    #[test]
    fn a_table_is_aligned_by_display_width_or_told_row_by_row() {
        let table = |cell: &str| {
            Block::Table(Table {
                alignments: vec![Alignment::Start; 2],
                head: vec![text("Who"), text("What")],
                rows: vec![vec![text("日本"), text(cell)]],
            })
        };
        assert_eq!(written(&[table("a")]), "Who   What\n----  ----\n日本  a\n");
        let told = written(&[table(&"long ".repeat(20))]);
        assert!(told.starts_with("Who: 日本\nWhat: long"), "{told}");
    }
}

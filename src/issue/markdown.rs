//! Markdown (`CommonMark` with tables, strikethrough, footnotes and heading attributes) to headings and blocks.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark as cmark;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, OffsetIter, Options, Parser, Tag, TagEnd};

use super::attributes;
use super::content::{Alignment, Block, Inline, Picture, Table, has_note};
use super::event;
use super::html;
use super::notes::{Definitions, Found};
use crate::domain::Finding;
use crate::domain::field::in_url;

/// What stands at the top level of a source, in order.
#[derive(Debug)]
pub enum Node {
    /// `#` or `##`, with what stands in its braces.
    Heading {
        level: u8,
        title: Vec<Inline>,
        attributes: Option<String>,
        line: usize,
    },
    Block(Block),
}

/// A source, read.
#[derive(Debug)]
pub struct Parsed {
    pub nodes: Vec<Node>,
    /// Footnotes, wherever they were defined.
    pub notes: Definitions,
    pub findings: Vec<Finding>,
}

/// The nodes and notes of `source`, and what is wrong with it; lines count from its beginning.
#[must_use]
pub fn parse(source: &str) -> Parsed {
    let events = events(source).peekable();
    let mut reader = Reader { source, events, findings: Vec::new(), notes: Found::default() };
    let nodes = reader.nodes();
    let Reader { notes, mut findings, .. } = reader;
    findings.extend(notes.check(source));
    Parsed { nodes, notes: notes.into_definitions(), findings }
}

/// What stands in `source`, with its places, in the Markdown that issues are written in.
#[must_use]
pub fn events(source: &str) -> OffsetIter<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_FOOTNOTES;
    Parser::new_ext(source, options).into_offset_iter()
}

struct Reader<'a> {
    source: &'a str,
    events: Peekable<OffsetIter<'a>>,
    findings: Vec<Finding>,
    notes: Found,
}

impl<'a> Reader<'a> {
    fn nodes(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        while let Some((event, range)) = self.events.next() {
            match event {
                Event::Start(Tag::Heading { level: level @ (HeadingLevel::H1 | HeadingLevel::H2), .. }) => {
                    nodes.push(self.top_heading(level, &range));
                }
                Event::Start(Tag::HtmlBlock) => nodes.extend(self.html_block(&range).into_iter().map(Node::Block)),
                event => nodes.extend(self.block(event, &range).map(Node::Block)),
            }
        }
        nodes
    }

    fn top_heading(&mut self, level: HeadingLevel, range: &Range<usize>) -> Node {
        let title = self.inlines();
        let source = &self.source[range.clone()];
        let line = source.lines().next().unwrap_or_default();
        if !line.trim_start().starts_with('#') {
            self.report(
                "heading",
                "a line of hyphens or equals signs under it makes this text a heading",
                "put a blank line between them, or begin the heading with #",
                range,
            );
        }
        let (_, attributes) = attributes::split(line);
        let words = super::content::plain(&title);
        if words.contains(['{', '}']) && attributes.is_none() {
            self.findings.push(
                Finding::error("heading", "there are braces in the title")
                    .at_offset(self.source, range.start)
                    .with_help("attributes stand last: ## Title {#id .topic}"),
            );
        }
        if words.trim().is_empty() {
            self.findings.push(
                Finding::error("heading", "the heading has no text")
                    .at_offset(self.source, range.start)
                    .with_help("write the title behind the #"),
            );
        }
        self.refuse_note(&title, range, "a title");
        let line = self.source[..range.start].matches('\n').count() + 1;
        Node::Heading { level: level as u8, title, attributes: attributes.map(str::to_owned), line }
    }

    /// Blocks up to `end`, which is consumed.
    fn blocks_until(&mut self, end: TagEnd) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some((event, range)) = self.events.next() {
            if event == Event::End(end) {
                break;
            }
            match event {
                Event::Start(Tag::HtmlBlock) => blocks.extend(self.html_block(&range)),
                event => blocks.extend(self.block(event, &range)),
            }
        }
        blocks
    }

    fn block(&mut self, event: Event<'a>, range: &Range<usize>) -> Option<Block> {
        Some(match event {
            Event::Start(Tag::Paragraph) => {
                let content = self.inlines();
                self.check_slips(&content, range);
                paragraph(content)
            }
            // Within a list or a quote a heading can't open an item; it is set like the smallest.
            Event::Start(Tag::Heading { level, .. }) => {
                Block::Heading { level: (level as u8).max(3), content: self.inlines() }
            }
            Event::Start(Tag::BlockQuote(_)) => Block::Quote(self.blocks_until(TagEnd::BlockQuote(None))),
            Event::Start(Tag::List(start)) => Block::List { start, entries: self.entries(start.is_some()) },
            Event::Start(Tag::CodeBlock(kind)) => return self.code_block(&kind),
            Event::Start(Tag::Table(alignments)) => self.table(&alignments),
            Event::Start(Tag::FootnoteDefinition(name)) => {
                let body = self.blocks_until(TagEnd::FootnoteDefinition);
                self.notes.define(&name, body, range.start);
                return None;
            }
            Event::Rule => Block::Rule,
            Event::End(_) => return None,
            // The text of a tight list's entry comes without a paragraph around it.
            other => {
                let mut content = Vec::new();
                self.inline(other, range, &mut content);
                while let Some((event, range)) = self.events.next_if(|(event, _)| is_inline(event)) {
                    self.inline(event, &range, &mut content);
                }
                if content.is_empty() {
                    return None;
                }
                paragraph(content)
            }
        })
    }

    fn entries(&mut self, numbered: bool) -> Vec<Vec<Block>> {
        let mut entries = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::Start(Tag::Item) => entries.push(self.blocks_until(TagEnd::Item)),
                Event::End(TagEnd::List(end)) if end == numbered => break,
                _ => {}
            }
        }
        entries
    }

    fn code_block(&mut self, kind: &CodeBlockKind<'a>) -> Option<Block> {
        let mut code = String::new();
        let mut start = None;
        for (event, range) in self.events.by_ref() {
            match event {
                Event::Text(text) => {
                    start.get_or_insert(range.start);
                    code.push_str(&text);
                }
                Event::End(TagEnd::CodeBlock) => break,
                _ => {}
            }
        }
        let tag = match kind {
            CodeBlockKind::Fenced(tag) => tag.as_ref(),
            CodeBlockKind::Indented => "",
        };
        match tag {
            "event" => match event::parse(self.source, start.unwrap_or_default(), &code) {
                Ok(event) => Some(Block::Event(event)),
                Err(finding) => {
                    self.findings.push(finding);
                    None
                }
            },
            "mjml" => {
                if fetches(&code) {
                    let range = start.unwrap_or_default()..start.unwrap_or_default();
                    let help =
                        "a host of images learns who reads; use an image of the issue's folder outside the block";
                    self.report("image", "the mjml block fetches something from the web", help, &range);
                }
                Some(Block::Mjml(code))
            }
            _ => Some(Block::Code(code)),
        }
    }

    fn table(&mut self, alignments: &[cmark::Alignment]) -> Block {
        let alignments = alignments
            .iter()
            .map(|alignment| match alignment {
                cmark::Alignment::None => Alignment::Start,
                cmark::Alignment::Left => Alignment::Left,
                cmark::Alignment::Center => Alignment::Center,
                cmark::Alignment::Right => Alignment::Right,
            })
            .collect();
        let mut rows: Vec<Vec<Vec<Inline>>> = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => {
                    let cell = self.inlines();
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                    }
                }
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        let head = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        Block::Table(Table { alignments, head, rows })
    }

    /// The text up to the end of the element that was just begun.
    fn inlines(&mut self) -> Vec<Inline> {
        let mut content = Vec::new();
        while let Some((event, range)) = self.events.next() {
            if matches!(event, Event::End(_)) {
                break;
            }
            self.inline(event, &range, &mut content);
        }
        content
    }

    fn inline(&mut self, event: Event<'a>, range: &Range<usize>, content: &mut Vec<Inline>) {
        let inline = match event {
            Event::Text(text) => {
                self.notes.cite_unmet(self.source, range);
                // Around a reference Markdown sees no link.
                if self.source[range.start..].starts_with("](") && has_note(content) {
                    self.refuse_note(content, range, "a link");
                }
                return push_text(content, &text);
            }
            Event::SoftBreak => return push_text(content, " "),
            Event::HardBreak => Inline::Break,
            Event::Code(code) => Inline::Code(code.into_string()),
            Event::Start(Tag::Emphasis) => Inline::Emphasis(self.inlines()),
            Event::Start(Tag::Strong) => Inline::Strong(self.inlines()),
            Event::Start(Tag::Strikethrough) => Inline::Strikethrough(self.inlines()),
            Event::Start(Tag::Link { dest_url, link_type, .. }) => {
                let mail = if link_type == cmark::LinkType::Email { "mailto:" } else { "" };
                let url = self.url(&format!("{mail}{dest_url}"), range);
                Inline::Link { url, content: self.inlines() }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let alt = self.inlines();
                self.refuse_note(&alt, range, "an image");
                let alt = super::content::plain(&alt);
                Inline::Image(Picture { source: dest_url.into_string(), alt, link: None })
            }
            Event::FootnoteReference(name) => {
                let label = self.notes.cite(&name, range.start);
                Inline::Note { label, number: 0, anchor: String::new(), first: false }
            }
            Event::Html(tag) | Event::InlineHtml(tag) => return self.inline_html(&tag, range, content),
            _ => return,
        };
        content.push(inline);
    }

    fn url(&mut self, url: &str, range: &Range<usize>) -> String {
        let problem = if url.trim().is_empty() {
            Some("the link leads nowhere".to_owned())
        } else if ["https://", "http://", "mailto:", "tel:", "#"].iter().any(|scheme| url.starts_with(scheme)) {
            None
        } else {
            Some(format!("`{url}` is not an address that a mail can link to"))
        };
        if let Some(message) = problem {
            self.findings.push(
                Finding::error("link", message)
                    .at_offset(self.source, range.start)
                    .with_help("write the whole address: [text](https://www.example.org/page)"),
            );
        }
        in_url(url)
    }

    /// What was meant as Markdown and would reach the readers as it stands.
    fn check_slips(&mut self, content: &[Inline], range: &Range<usize>) {
        let words = super::content::plain(content);
        let opened = self.source[range.clone()].trim_start_matches('#');
        let hashes = self.source[range.clone()].len() - opened.len();
        if (1..=6).contains(&hashes) && opened.contains('{') {
            self.report("heading", "this is no heading", "put a space behind the #", range);
        }
        // A footnote within a link has its own finding.
        if words.contains("](") && !has_note(content) {
            let help = "an address has no spaces, and no space stands before it: [text](https://www.example.org/page)";
            self.report("link", "this is no link and no image", help, range);
        }
    }

    fn report(&mut self, code: &'static str, message: &str, help: &str, range: &Range<usize>) {
        self.findings.push(Finding::error(code, message).at_offset(self.source, range.start).with_help(help));
    }

    /// A reference is a link itself; a title is repeated in the table of contents.
    fn refuse_note(&mut self, content: &[Inline], range: &Range<usize>, place: &str) {
        if has_note(content) {
            self.findings.push(
                Finding::error("footnote", format!("a footnote can't stand in {place}"))
                    .at_offset(self.source, range.start)
                    .with_help("put it behind, or into the text"),
            );
        }
    }

    fn html_block(&mut self, range: &Range<usize>) -> Vec<Block> {
        let mut source = String::new();
        for (event, _) in self.events.by_ref() {
            match event {
                Event::Html(text) | Event::Text(text) => source.push_str(&text),
                Event::End(TagEnd::HtmlBlock) => break,
                _ => {}
            }
        }
        let html::Cleaned { blocks, removed } = html::blocks(&source);
        self.tell_removed(removed, range);
        blocks
    }

    fn inline_html(&mut self, tag: &str, range: &Range<usize>, content: &mut Vec<Inline>) {
        match html::tag(tag) {
            html::Tag::Break => content.push(Inline::Break),
            html::Tag::Nothing { removed } => self.tell_removed(removed, range),
            html::Tag::Open { name, mark, removed } => {
                self.tell_removed(removed, range);
                let inner = self.inlines_within(&name);
                content.extend(mark.on(inner));
            }
        }
    }

    /// The text up to the end tag of `name`, or as far as it can reach where that is missing.
    fn inlines_within(&mut self, name: &str) -> Vec<Inline> {
        let mut content = Vec::new();
        while let Some((event, range)) = self.events.next_if(|(event, _)| !matches!(event, Event::End(_))) {
            match event {
                Event::InlineHtml(tag) if html::ends(&tag, name) => break,
                event => self.inline(event, &range, &mut content),
            }
        }
        content
    }

    fn tell_removed(&mut self, removed: Vec<String>, range: &Range<usize>) {
        for message in removed {
            let finding = Finding::warning("html", message)
                .at_offset(self.source, range.start)
                .with_help("mail programs show Markdown's own marks; write \\< for the sign itself");
            self.findings.push(finding);
        }
    }
}

/// Whether MJML names something that a mail program would fetch from a host.
fn fetches(mjml: &str) -> bool {
    let folded = mjml.to_lowercase().replace([' ', '\n', '\t', '"', '\''], "");
    ["src=http", "src=//", "background-url=http", "background=http", "url(http", "url(//", "@import"]
        .iter()
        .any(|way| folded.contains(way))
}

fn is_inline(event: &Event<'_>) -> bool {
    match event {
        Event::Start(tag) => {
            matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
        }
        Event::End(_) | Event::Rule | Event::Html(_) => false,
        _ => true,
    }
}

/// Appends text, as one run with text that stands there already: a marker is never torn apart.
fn push_text(content: &mut Vec<Inline>, text: &str) {
    match content.last_mut() {
        Some(Inline::Text(last)) => last.push_str(text),
        _ => content.push(Inline::Text(text.to_owned())),
    }
}

/// A paragraph, or the button or image that it really is.
pub(super) fn paragraph(mut content: Vec<Inline>) -> Block {
    match content.as_mut_slice() {
        [Inline::Strong(strong)] if matches!(strong.as_slice(), [Inline::Link { .. }]) => {
            if let Some(Inline::Link { url, content }) = strong.pop() {
                return Block::Button { url, content };
            }
        }
        [Inline::Image(picture)] => return Block::Image(picture.clone()),
        [Inline::Link { url, content: linked }] => {
            if let [Inline::Image(picture)] = linked.as_slice() {
                return Block::Image(Picture { link: Some(url.clone()), ..picture.clone() });
            }
        }
        _ => {}
    }
    Block::Paragraph(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(source: &str) -> Vec<Block> {
        let Parsed { nodes, findings, .. } = parse(source);
        assert_eq!(findings, []);
        nodes
            .into_iter()
            .map(|node| match node {
                Node::Block(block) => block,
                Node::Heading { .. } => panic!("a heading"),
            })
            .collect()
    }

    fn text(text: &str) -> Vec<Inline> {
        vec![Inline::Text(text.into())]
    }

    #[test]
    fn a_tight_list_nests() {
        let list = blocks("- a *b*\n    1. c\n- d\n");
        let Block::List { start: None, entries } = &list[0] else { panic!("{list:?}") };
        assert_eq!(entries.len(), 2);
        assert!(matches!(&entries[0][0], Block::Paragraph(content) if content.len() == 2));
        assert!(matches!(&entries[0][1], Block::List { start: Some(1), .. }));
    }

    #[test]
    fn a_bold_link_alone_is_a_button_and_an_image_alone_an_image() {
        let url = "https://example.org/".to_owned();
        assert_eq!(blocks("**[Go](https://example.org/)**"), [Block::Button { url: url.clone(), content: text("Go") }]);
        let picture = Picture { source: "images/a.png".into(), alt: "A b".into(), link: Some(url) };
        assert_eq!(blocks("[![A *b*](images/a.png)](https://example.org/)"), [Block::Image(picture)]);
        assert!(matches!(&blocks("**[Go](https://example.org/)** now")[0], Block::Paragraph(_)));
    }

    #[test]
    fn a_table_has_a_head_and_rows() {
        let table = blocks("| a | b |\n| --- | ---: |\n| c | d |\n");
        let Block::Table(table) = &table[0] else { panic!("{table:?}") };
        assert_eq!(table.head, [text("a"), text("b")]);
        assert_eq!(table.rows, [[text("c"), text("d")]]);
        assert_eq!(table.alignments, [Alignment::Start, Alignment::Right]);
    }

    #[test]
    fn what_only_looks_like_markdown_is_an_error() {
        for source in [
            "#The fair {#fair}",
            "![x](images/mon image.png)",
            "A title\n---",
            "```mjml\n<mj-image src = \"https://example.org/a.png\" />\n```",
        ] {
            let findings = parse(&format!("\n{source}\n")).findings;
            let line = if source.starts_with("```") { 3 } else { 2 };
            assert_eq!((findings.len(), findings[0].line), (1, Some(line)), "{source:?}: {findings:?}");
        }
        assert_eq!(blocks("Number #1 {sic} and #tag").len(), 1);
    }

    #[test]
    fn html_in_a_line_is_read_like_markdown() {
        let strong = Inline::Strong(vec![Inline::Text("b ".into()), Inline::Emphasis(text("c"))]);
        let paragraph = vec![Inline::Text("a ".into()), strong, Inline::Break, Inline::Text("d".into())];
        assert_eq!(blocks("a <b>b *c*</b><br>d"), [Block::Paragraph(paragraph)]);
        assert_eq!(blocks("<b>open"), [Block::Paragraph(vec![Inline::Strong(text("open"))])]);
        assert_eq!(blocks("<p>a</p>\n\nb").len(), 2);
    }

    #[test]
    fn html_without_a_counterpart_and_links_to_nowhere_are_told_with_their_line() {
        for (source, line) in
            [("a\n\n<u>c</u>\n", 3), ("\n<center>x</center>\n", 2), ("[a]()", 1), ("[a](page.html)", 1)]
        {
            let findings = parse(source).findings;
            assert_eq!(findings[0].line, Some(line), "{source:?}");
        }
    }

    #[test]
    fn a_footnote_that_leads_nowhere_is_told_with_its_line() {
        for (source, line, said) in [
            ("a\n\nb[^x]\n", 3, "there is no footnote `[^x]`"),
            ("b[^x]\n\n[^x]: A.\n\n[^x]: B.\n", 5, "stands here twice"),
            ("a\n\n[^X]: A.\n", 3, "nothing refers"),
            ("# A[^x]\n\n[^x]: A.\n", 1, "can't stand in a title"),
            ("\n[a[^x]](https://a.org/)\n\n[^x]: A.\n", 2, "can't stand in a link"),
        ] {
            let findings = parse(source).findings;
            assert_eq!(findings.len(), 1, "{source:?}: {findings:?}");
            assert!(findings[0].message.contains(said), "{source:?}: {}", findings[0]);
            assert_eq!(findings[0].line, Some(line), "{source:?}");
        }
        assert_eq!(blocks("a \\[^x] `[^y]`").len(), 1);
    }

    #[test]
    fn a_quote_and_a_nested_code_block_keep_their_place() {
        assert_eq!(blocks("> a\n> b\n"), [Block::Quote(vec![Block::Paragraph(text("a b"))])]);
        assert_eq!(blocks("```\na {\n```\n"), [Block::Code("a {\n".into())]);
    }
}

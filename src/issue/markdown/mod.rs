//! Markdown (`CommonMark` with tables, strikethrough, footnotes and heading attributes) to headings and blocks.

mod inline;
#[cfg(test)]
mod markdown_tests;

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark as cmark;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, OffsetIter, Options, Parser, Tag, TagEnd};

use super::attributes;
use super::content::{self, Alignment, Block, Inline, Picture, Table};
use super::event;
use super::html;
use super::notes::{Definitions, Found};
use crate::domain::Finding;
use inline::is_inline;

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
        let words = content::plain(&title);
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

    fn report(&mut self, code: &'static str, message: &str, help: &str, range: &Range<usize>) {
        self.findings.push(Finding::error(code, message).at_offset(self.source, range.start).with_help(help));
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

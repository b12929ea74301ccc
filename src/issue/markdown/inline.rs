//! What stands within a line: text, emphasis, links, images, references to footnotes, HTML's tags.

use std::ops::Range;

use pulldown_cmark as cmark;
use pulldown_cmark::{Event, Tag};

use super::Reader;
use crate::domain::Finding;
use crate::domain::field::in_url;
use crate::issue::content::{self, Inline, Picture, has_note};
use crate::issue::html;

impl<'a> Reader<'a> {
    /// The text up to the end of the element that was just begun.
    pub(super) fn inlines(&mut self) -> Vec<Inline> {
        let mut content = Vec::new();
        while let Some((event, range)) = self.events.next() {
            if matches!(event, Event::End(_)) {
                break;
            }
            self.inline(event, &range, &mut content);
        }
        content
    }

    pub(super) fn inline(&mut self, event: Event<'a>, range: &Range<usize>, content: &mut Vec<Inline>) {
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
                let alt = content::plain(&alt);
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
    pub(super) fn check_slips(&mut self, content: &[Inline], range: &Range<usize>) {
        let words = content::plain(content);
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

    /// A reference is a link itself; a title is repeated in the table of contents.
    pub(super) fn refuse_note(&mut self, content: &[Inline], range: &Range<usize>, place: &str) {
        if has_note(content) {
            self.findings.push(
                Finding::error("footnote", format!("a footnote can't stand in {place}"))
                    .at_offset(self.source, range.start)
                    .with_help("put it behind, or into the text"),
            );
        }
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
}

pub(super) fn is_inline(event: &Event<'_>) -> bool {
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

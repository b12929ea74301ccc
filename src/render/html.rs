//! Blocks to MJML: runs of text become HTML within one text template; buttons, images and events
//! have templates of their own.

use std::fmt::Write as _;

use serde::Serialize;
use tera::Context;

use super::dates::Events;
use super::pictures::Pictures;
use super::strings::Strings;
use super::{RenderError, Templates};
use crate::domain::Language;
use crate::domain::field::Escape;
use crate::issue::content::{Alignment, Block, Event, Inline, Note, Picture, Table};

/// The room for an image in the mail's one column, in pixels.
pub(super) const COLUMN: usize = 536;

/// What the blocks of one item or introduction have in common.
pub(super) struct Blocks<'a, 'p> {
    pub templates: &'a Templates,
    /// What every template of a block in this language is given: colours, direction, texts.
    pub base: &'a Context,
    /// The language of the text itself.
    pub language: &'a Language,
    pub strings: &'a Strings,
    pub pictures: &'a mut Pictures<'p>,
    pub events: &'a Events,
    /// What the ids of this part end in: nothing in the first, `-fr` in a second part in French.
    pub suffix: &'a str,
}

#[derive(Serialize)]
struct ImageContext<'a> {
    source: super::pictures::Source,
    alt: &'a str,
    link: Option<&'a str>,
}

#[derive(Serialize)]
struct EventContext<'a> {
    title: &'a str,
    when: String,
    place: Option<&'a str>,
    url: Option<&'a str>,
}

impl Blocks<'_, '_> {
    /// All of `blocks` as MJML that may stand in a column.
    pub(super) fn mjml(&mut self, blocks: &[Block]) -> Result<String, RenderError> {
        let mut out = String::new();
        let mut run = String::new();
        for block in blocks {
            let own = match block {
                Block::Button { url, content } => Some(self.button(url, content)?),
                Block::Image(picture) => self.image(picture)?,
                Block::Event(event) => Some(self.event(event)?),
                Block::Mjml(mjml) => Some(mjml.clone()),
                _ => None,
            };
            match own {
                Some(own) => {
                    self.end_run(&mut run, &mut out)?;
                    out.push_str(&own);
                }
                None => self.block(block, &mut run),
            }
        }
        self.end_run(&mut run, &mut out)?;
        Ok(out)
    }

    fn end_run(&mut self, run: &mut String, out: &mut String) -> Result<(), RenderError> {
        if !run.is_empty() {
            out.push_str(&self.template("text.mjml", "html", &std::mem::take(run))?);
        }
        Ok(())
    }

    fn template<T: Serialize + ?Sized>(&self, name: &str, key: &'static str, value: &T) -> Result<String, RenderError> {
        let mut context = self.base.clone();
        context.insert(key, value);
        self.templates.render(name, &context)
    }

    fn button(&mut self, url: &str, content: &[Inline]) -> Result<String, RenderError> {
        #[derive(Serialize)]
        struct Button<'a> {
            url: &'a str,
            html: String,
        }
        let html = self.inlines(content);
        self.template("button.mjml", "button", &Button { url: &self.target(url), html })
    }

    fn image(&mut self, picture: &Picture) -> Result<Option<String>, RenderError> {
        let Some(source) = self.pictures.of_issue(&picture.source, COLUMN) else { return Ok(None) };
        let link = picture.link.as_deref().map(|link| self.target(link));
        let context = ImageContext { source, alt: &picture.alt, link: link.as_deref() };
        self.template("image.mjml", "image", &context).map(Some)
    }

    fn event(&mut self, event: &Event) -> Result<String, RenderError> {
        let context = EventContext {
            title: &event.title,
            when: self.events.line(event, self.language, self.strings),
            place: event.place.as_deref(),
            url: event.url.as_deref(),
        };
        self.template("event.mjml", "event", &context)
    }

    fn block(&mut self, block: &Block, out: &mut String) {
        match block {
            Block::Paragraph(content) => self.element("p", content, out),
            // The mail's title is level 1, sections are 2 and items 3.
            Block::Heading { level, content } => self.element(&format!("h{}", (level + 1).min(6)), content, out),
            Block::List { start, entries } => self.list(*start, entries, out),
            Block::Quote(inner) => {
                out.push_str("<blockquote>");
                for block in inner {
                    self.block(block, out);
                }
                out.push_str("</blockquote>");
            }
            Block::Code(code) => {
                let lines: Vec<_> = code.trim_end().lines().map(|line| Escape::Html.escape(line)).collect();
                let _ = write!(out, "<pre><code>{}</code></pre>", lines.join("<br />"));
            }
            Block::Table(table) => self.table(table, out),
            Block::Rule => out.push_str("<hr />"),
            // Within a list or a quote there is no room for a template of their own.
            Block::Button { url, content } => {
                let link = Inline::Link { url: url.clone(), content: content.clone() };
                self.element("p", &[Inline::Strong(vec![link])], out);
            }
            Block::Image(picture) => {
                let image = Inline::Image(picture.clone());
                let content = match &picture.link {
                    Some(url) => vec![Inline::Link { url: url.clone(), content: vec![image] }],
                    None => vec![image],
                };
                self.element("p", &content, out);
            }
            Block::Event(event) => {
                let when = self.events.line(event, self.language, self.strings);
                let lines = [Some(&event.title), Some(&when), event.place.as_ref()];
                let lines: Vec<_> = lines.into_iter().flatten().map(|line| Escape::Html.escape(line)).collect();
                let _ = write!(out, "<p>{}</p>", lines.join("<br />"));
            }
            Block::Mjml(_) => {}
            Block::Notes(notes) => self.notes(notes, out),
        }
    }

    fn element(&mut self, name: &str, content: &[Inline], out: &mut String) {
        let _ = write!(out, "<{name}>{}</{name}>", self.inlines(content));
    }

    fn list(&mut self, start: Option<u64>, entries: &[Vec<Block>], out: &mut String) {
        let name = if start.is_some() { "ol" } else { "ul" };
        match start {
            Some(start) if start != 1 => {
                let _ = write!(out, "<ol start=\"{start}\">");
            }
            _ => {
                let _ = write!(out, "<{name}>");
            }
        }
        for entry in entries {
            out.push_str("<li>");
            let paragraphs = entry.iter().filter(|block| matches!(block, Block::Paragraph(_))).count();
            for block in entry {
                match block {
                    Block::Paragraph(content) if paragraphs == 1 => out.push_str(&self.inlines(content)),
                    block => self.block(block, out),
                }
            }
            out.push_str("</li>");
        }
        let _ = write!(out, "</{name}>");
    }

    fn notes(&mut self, notes: &[Note], out: &mut String) {
        out.push_str("<ol class=\"notes\">");
        for Note { anchor, body } in notes {
            let suffix = self.suffix;
            let _ = write!(out, "<li id=\"note-{anchor}{suffix}\">");
            match body.as_slice() {
                [Block::Paragraph(content)] => out.push_str(&self.inlines(content)),
                body => body.iter().for_each(|block| self.block(block, out)),
            }
            // The arrow is text, not an emoji.
            let _ =
                write!(out, " <a href=\"#noteref-{anchor}{suffix}\" role=\"doc-backlink\">\u{21a9}\u{fe0e}</a></li>");
        }
        out.push_str("</ol>");
    }

    fn table(&mut self, table: &Table, out: &mut String) {
        out.push_str("<table class=\"data\"><thead><tr>");
        let start = super::layout::start(self.language);
        let align = |column: usize| match table.alignments.get(column) {
            Some(Alignment::Left) => "left",
            Some(Alignment::Center) => "center",
            Some(Alignment::Right) => "right",
            Some(Alignment::Start) | None => start,
        };
        for (column, cell) in table.head.iter().enumerate() {
            let _ = write!(out, "<th scope=\"col\" align=\"{}\">{}</th>", align(column), self.inlines(cell));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &table.rows {
            out.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                let _ = write!(out, "<td align=\"{}\">{}</td>", align(column), self.inlines(cell));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table>");
    }

    /// `content` as HTML.
    pub(super) fn inlines(&mut self, content: &[Inline]) -> String {
        let mut out = String::new();
        for inline in content {
            match inline {
                Inline::Text(text) => out.push_str(&Escape::Html.escape(text)),
                Inline::Code(code) => {
                    let _ = write!(out, "<code>{}</code>", Escape::Html.escape(code));
                }
                Inline::Emphasis(inner) => self.mark("em", inner, &mut out),
                Inline::Strong(inner) => self.mark("strong", inner, &mut out),
                Inline::Strikethrough(inner) => self.mark("del", inner, &mut out),
                Inline::Link { url, content } => {
                    let url = Escape::Html.escape(&self.target(url));
                    let _ = write!(out, "<a href=\"{url}\">{}</a>", self.inlines(content));
                }
                Inline::Image(picture) => {
                    if let Some(source) = self.pictures.of_issue(&picture.source, COLUMN) {
                        let (url, alt) = (Escape::Html.escape(&source.url), Escape::Html.escape(&picture.alt));
                        let (width, height) = (source.width, source.height);
                        let _ = write!(
                            out,
                            "<img src=\"{url}\" alt=\"{alt}\" width=\"{width}\" height=\"{height}\" class=\"fluid\" />"
                        );
                    }
                }
                Inline::Note { number, anchor, first, .. } => {
                    let suffix = self.suffix;
                    let id = if *first { format!(" id=\"noteref-{anchor}{suffix}\"") } else { String::new() };
                    let _ = write!(
                        out,
                        "<sup><a href=\"#note-{anchor}{suffix}\"{id} role=\"doc-noteref\">{number}</a></sup>"
                    );
                }
                Inline::Break => out.push_str("<br />"),
            }
        }
        out
    }

    fn mark(&mut self, name: &str, inner: &[Inline], out: &mut String) {
        let _ = write!(out, "<{name}>{}</{name}>", self.inlines(inner));
    }

    /// Where a link leads: an item of the same mail lies in the same part.
    fn target(&self, url: &str) -> String {
        if url.starts_with('#') { format!("{url}{}", self.suffix) } else { url.to_owned() }
    }
}

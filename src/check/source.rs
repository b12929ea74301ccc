//! A Markdown file of an issue in, what its author wrote out, each thing with its place: links, pictures,
//! headings, words. Rules that speak of the author's own text read this, since an issue's blocks no longer
//! know where they stood.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Tag, TagEnd};

use super::block;
use crate::domain::{Finding, Language};
use crate::issue::{self, Issue};

/// One language's file.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) language: &'a Language,
    /// As findings name it.
    pub(super) file: PathBuf,
    pub(super) text: &'a str,
    pub(super) subject: String,
    pub(super) preheader: String,
    pub(super) links: Vec<Link>,
    pub(super) pictures: Vec<Picture>,
    pub(super) headings: Vec<Heading>,
    /// Runs of text that readers see, outside of code.
    pub(super) words: Vec<Words>,
    /// Where blocks of MJML stand.
    pub(super) blocks: Vec<Range<usize>>,
    /// What stands under each id, its heading and all below it up to the next section or item.
    pub(super) items: BTreeMap<String, Range<usize>>,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) url: String,
    /// What a reader sees of it.
    pub(super) text: String,
    pub(super) has_picture: bool,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Picture {
    pub(super) source: String,
    pub(super) alt: String,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Heading {
    /// From 1.
    pub(super) level: u8,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) at: usize,
}

impl<'a> Source<'a> {
    /// The issue's files, in the order of its languages.
    pub(super) fn all(issue: &'a Issue) -> Vec<Self> {
        let folder = Path::new("issues").join(issue.id.as_str());
        let read = |language: &'a Language| {
            let name = format!("{language}.md");
            let (_, bytes) = issue.sources.iter().find(|(known, _)| *known == name)?;
            Some(Self::read(language, folder.join(&name), std::str::from_utf8(bytes).ok()?))
        };
        issue.languages.iter().filter_map(read).collect()
    }

    fn read(language: &'a Language, file: PathBuf, text: &'a str) -> Self {
        let (front, start) = issue::front_matter(text);
        let (subject, preheader) = front.map(|front| (front.subject, front.preheader)).unwrap_or_default();
        let mut source = Self {
            language,
            file,
            text,
            subject,
            preheader,
            links: Vec::new(),
            pictures: Vec::new(),
            headings: Vec::new(),
            words: Vec::new(),
            blocks: Vec::new(),
            items: BTreeMap::new(),
        };
        source.walk(start);
        source
    }

    /// A finding at a byte of this file.
    pub(super) fn at(&self, finding: Finding, offset: usize) -> Finding {
        finding.in_file(&self.file).at_offset(self.text, offset)
    }

    /// Where the value of a key of the front matter stands, or else the front matter.
    pub(super) fn front_at(&self, key: &str) -> usize {
        let line = self.text.lines().take_while(|line| !line.is_empty()).find(|line| line.starts_with(key));
        line.map_or(0, |line| line.as_ptr() as usize - self.text.as_ptr() as usize)
    }

    fn walk(&mut self, start: usize) {
        let body = blank_fields(self.text, start);
        let mut links: Vec<Link> = Vec::new();
        let mut pictures: Vec<Picture> = Vec::new();
        let mut open: Option<(String, usize)> = None;
        let mut in_code = false;
        for (event, range) in issue::markdown_events(&body) {
            let range = range.start..range.end;
            match event {
                Event::Start(Tag::Heading { level, id, .. }) => {
                    let level = level as u8;
                    self.headings.push(Heading { level, at: range.start });
                    if level <= 2 {
                        self.close(&mut open, range.start);
                        open = id.map(|id| (id.into_string(), range.start));
                    }
                }
                Event::Start(Tag::Link { dest_url, link_type, .. }) => {
                    let url = match link_type {
                        LinkType::Email => format!("mailto:{dest_url}"),
                        _ => dest_url.into_string(),
                    };
                    links.push(Link { url, text: String::new(), has_picture: false, at: range.start });
                }
                Event::End(TagEnd::Link) => self.links.extend(links.pop()),
                Event::Start(Tag::Image { dest_url, .. }) => {
                    for link in &mut links {
                        link.has_picture = true;
                    }
                    pictures.push(Picture { source: dest_url.into_string(), alt: String::new(), at: range.start });
                }
                Event::End(TagEnd::Image) => {
                    if let Some(picture) = pictures.pop() {
                        for link in &mut links {
                            link.text.push_str(&picture.alt);
                        }
                        self.pictures.push(picture);
                    }
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    in_code = true;
                    match &kind {
                        CodeBlockKind::Fenced(name) if &**name == "event" => self.event_links(range),
                        CodeBlockKind::Fenced(name) if &**name == "mjml" => {
                            block::read(&body[range.clone()], range.start, &mut self.links, &mut self.words);
                            self.blocks.push(range);
                        }
                        _ => {}
                    }
                }
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Code(text) => {
                    for link in &mut links {
                        link.text.push_str(&text);
                    }
                }
                Event::Text(text) if !in_code => match pictures.last_mut() {
                    Some(picture) => picture.alt.push_str(&text),
                    None => {
                        for link in &mut links {
                            link.text.push_str(&text);
                        }
                        self.words.push(Words { text: text.into_string(), at: range.start });
                    }
                },
                Event::SoftBreak | Event::HardBreak => {
                    for link in &mut links {
                        link.text.push(' ');
                    }
                }
                _ => {}
            }
        }
        self.close(&mut open, self.text.len());
    }

    fn close(&mut self, open: &mut Option<(String, usize)>, end: usize) {
        if let Some((id, start)) = open.take() {
            self.items.entry(id).or_insert(start..end);
        }
    }

    /// The `url` of an event is a link as any other.
    fn event_links(&mut self, range: Range<usize>) {
        let block = &self.text[range.clone()];
        let mut at = range.start;
        for line in block.split_inclusive('\n') {
            let url = line.strip_prefix("url").and_then(|rest| rest.trim_start().strip_prefix('='));
            if let Some(url) = url {
                let url = url.trim().trim_matches(['"', '\'']).to_owned();
                self.links.push(Link { url, text: "url".to_owned(), has_picture: false, at });
            }
            at += line.len();
        }
    }
}

/// The text with its front matter and its merge fields made harmless to Markdown, every byte in its place.
fn blank_fields(text: &str, start: usize) -> String {
    let mut out: String = text[..start].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    let mut rest = &text[start..];
    while let Some(open) = rest.find("{{") {
        let (before, field) = rest.split_at(open);
        out.push_str(before);
        let end = field.find("}}").map_or(2, |close| close + 2);
        out.extend(std::iter::repeat_n('x', end));
        rest = &field[end..];
    }
    out.push_str(rest);
    out
}

//! Quotes, apostrophes, dashes, dots and the spaces around punctuation as a language sets them: text as
//! it was typed in, text as it is printed out. Code, addresses and markers of merge fields stay as they are.
//!
//! French follows the *Lexique* of the Imprimerie nationale, Canadian French the Office québécois de la
//! langue française. Applying the rules twice is the same as once, so that a text which is set right
//! already comes to no harm.

mod addresses;
mod quotes;
mod spaces;
#[cfg(test)]
mod typography_tests;

use super::content::{Block, Inline};
use super::outline::Outline;
use crate::domain::Typography;

/// Stands for what is not text: code, an image.
const OBJECT: char = '\u{fffc}';

/// Sets everything in one language's file.
pub(super) fn set_outline(outline: &mut Outline, rules: Typography) {
    set_blocks(&mut outline.introduction, rules);
    for section in &mut outline.sections {
        set_inlines(&mut section.head.title, rules);
        set_blocks(&mut section.lead, rules);
        for item in &mut section.items {
            set_inlines(&mut item.head.title, rules);
            set_blocks(&mut item.body, rules);
        }
    }
}

/// Sets one line, such as a subject.
#[must_use]
pub fn set_line(line: &str, rules: Typography) -> String {
    let mut content = [Inline::Text(line.to_owned())];
    set_inlines(&mut content, rules);
    super::content::plain(&content)
}

fn set_blocks(blocks: &mut [Block], rules: Typography) {
    for block in blocks {
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } | Block::Button { content, .. } => {
                set_inlines(content, rules);
            }
            Block::List { entries, .. } => entries.iter_mut().for_each(|entry| set_blocks(entry, rules)),
            Block::Quote(inner) => set_blocks(inner, rules),
            Block::Table(table) => {
                let cells = table.head.iter_mut().chain(table.rows.iter_mut().flatten());
                cells.for_each(|cell| set_inlines(cell, rules));
            }
            Block::Image(picture) => picture.alt = set_line(&picture.alt, rules),
            Block::Event(event) => {
                event.title = set_line(&event.title, rules);
                event.place = event.place.as_deref().map(|place| set_line(place, rules));
            }
            Block::Notes(notes) => notes.iter_mut().for_each(|note| set_blocks(&mut note.body, rules)),
            Block::Code(_) | Block::Rule | Block::Mjml(_) => {}
        }
    }
}

/// Sets a run of text as a whole: a quote before emphasis sees the word inside.
pub fn set_inlines(content: &mut [Inline], rules: Typography) {
    if rules == Typography::None {
        return;
    }
    let mut flow = Flow { cells: Vec::new(), texts: Vec::new() };
    flow.gather(content, rules);
    let Flow { mut cells, texts } = flow;
    addresses::freeze(&mut cells);
    cells = runs(&cells, '.', &[(3, '…')]);
    cells = runs(&cells, '-', &[(2, '–'), (3, '—')]);
    quotes::set(&mut cells, rules);
    if rules != Typography::English {
        cells = spaces::set(&cells, rules);
    }
    let mut set = vec![String::new(); texts.len()];
    for cell in cells {
        if let Some(text) = cell.text {
            set[text].push(cell.char);
        }
    }
    for (text, set) in texts.into_iter().zip(set) {
        *text = set;
    }
}

/// A character, and the text that it belongs to; none for what stands in for an object.
#[derive(Debug, Clone, Copy)]
struct Cell {
    char: char,
    text: Option<usize>,
    /// Part of an address, or no text at all: not to be changed.
    frozen: bool,
}

impl Cell {
    fn is(self, char: char) -> bool {
        self.char == char && !self.frozen
    }

    fn is_space(self) -> bool {
        self.char.is_whitespace() && !self.frozen
    }
}

struct Flow<'a> {
    cells: Vec<Cell>,
    texts: Vec<&'a mut String>,
}

impl<'a> Flow<'a> {
    fn gather(&mut self, content: &'a mut [Inline], rules: Typography) {
        for inline in content {
            match inline {
                Inline::Text(text) => {
                    let number = Some(self.texts.len());
                    self.cells.extend(text.chars().map(|char| Cell { char, text: number, frozen: false }));
                    self.texts.push(text);
                }
                Inline::Link { url, content } if shows(content, url) => self.object(OBJECT),
                Inline::Emphasis(inner)
                | Inline::Strong(inner)
                | Inline::Strikethrough(inner)
                | Inline::Link { content: inner, .. } => self.gather(inner, rules),
                Inline::Code(_) | Inline::Note { .. } => self.object(OBJECT),
                Inline::Image(picture) => {
                    picture.alt = set_line(&picture.alt, rules);
                    self.object(OBJECT);
                }
                Inline::Break => self.object('\n'),
            }
        }
    }

    fn object(&mut self, char: char) {
        self.cells.push(Cell { char, text: None, frozen: true });
    }
}

/// Whether a link's text is its address.
fn shows(content: &[Inline], url: &str) -> bool {
    let text = super::content::plain(content);
    let text = text.trim().trim_end_matches('/');
    let url = url.trim_end_matches('/');
    let bare = url.split_once("://").or_else(|| url.split_once(':')).map_or(url, |(_, bare)| bare);
    !text.is_empty() && (text == url || text == bare)
}

/// Replaces runs of `char` that have one of the lengths.
fn runs(cells: &[Cell], char: char, replacements: &[(usize, char)]) -> Vec<Cell> {
    let mut out = Vec::with_capacity(cells.len());
    let mut at = 0;
    while at < cells.len() {
        let run = cells[at..].iter().take_while(|cell| cell.is(char)).count();
        match replacements.iter().find(|(length, _)| *length == run) {
            Some((_, by)) => out.push(Cell { char: *by, ..cells[at] }),
            None => out.extend(&cells[at..at + run.max(1)]),
        }
        at += run.max(1);
    }
    out
}

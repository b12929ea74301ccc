//! Footnotes: a language's definitions in, each item's own notes out, numbered from 1 and set at its end.
//!
//! A reader may get any of the items, so a note belongs to the item that refers to it; two items that
//! refer to the same note get one each.

use std::collections::BTreeMap;
use std::ops::Range;

use super::content::{Block, Inline, Note};
use super::outline::Outline;
use crate::domain::{Finding, Language};

/// The notes of a file by their labels.
pub type Definitions = BTreeMap<String, Vec<Block>>;

/// The notes of a file and the references to them, with the bytes where they stand.
#[derive(Debug, Default)]
pub struct Found {
    bodies: Definitions,
    defined: Vec<(String, usize)>,
    cited: Vec<(String, usize)>,
}

impl Found {
    pub fn define(&mut self, label: &str, body: Vec<Block>, at: usize) {
        let label = folded(label);
        self.defined.push((label.clone(), at));
        self.bodies.entry(label).or_insert(body);
    }

    /// Takes a reference down, and gives its label as definitions have it.
    pub fn cite(&mut self, label: &str, at: usize) -> String {
        let label = folded(label);
        self.cited.push((label.clone(), at));
        label
    }

    /// Takes down what the author meant as a reference within `range`: without a note it is text to
    /// Markdown, brackets and all.
    pub fn cite_unmet(&mut self, source: &str, range: &Range<usize>) {
        for (at, _) in source[range.clone()].match_indices('[') {
            let at = range.start + at;
            let Some(rest) = source[at..].strip_prefix("[^") else { continue };
            let label = rest.split(']').next().unwrap_or_default();
            let is_label = label.len() < rest.len() && !label.is_empty() && !label.contains(char::is_whitespace);
            if is_label && !source[..at].ends_with('\\') {
                self.cite(label, at);
            }
        }
    }

    /// References without a note, notes without a reference, and two notes of one label.
    pub fn check(&self, source: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (label, at) in &self.cited {
            if !self.bodies.contains_key(label) {
                findings.push(
                    Finding::error("footnote", format!("there is no footnote `[^{label}]`"))
                        .at_offset(source, *at)
                        .with_help(format!("write it below, on a line of its own: [^{label}]: the note")),
                );
            }
        }
        for (number, (label, at)) in self.defined.iter().enumerate() {
            if self.defined[..number].iter().any(|(known, _)| known == label) {
                findings.push(
                    Finding::error("footnote", format!("the footnote `[^{label}]` stands here twice"))
                        .at_offset(source, *at)
                        .with_help("give each note of the file a label of its own"),
                );
            } else if !self.cited.iter().any(|(cited, _)| cited == label) {
                findings.push(
                    Finding::warning("footnote", format!("nothing refers to the footnote `[^{label}]`"))
                        .at_offset(source, *at)
                        .with_help(format!("no reader gets it: write [^{label}] where it belongs, or remove it")),
                );
            }
        }
        findings
    }

    pub fn into_definitions(self) -> Definitions {
        self.bodies
    }
}

/// Labels differ by more than upper and lower case.
fn folded(label: &str) -> String {
    label.to_lowercase()
}

/// Numbers the references in `outline` and sets the notes at the end of the texts that refer to them.
pub fn settle(outline: &mut Outline, definitions: &Definitions, language: &Language) {
    let mut settling = Settling { definitions, language, anchors: 0 };
    settling.text(&mut outline.introduction);
    for section in &mut outline.sections {
        settling.text(&mut section.lead);
        for item in &mut section.items {
            settling.text(&mut item.body);
        }
    }
}

struct Settling<'a> {
    definitions: &'a Definitions,
    language: &'a Language,
    /// How many the file has so far.
    anchors: usize,
}

impl Settling<'_> {
    fn text(&mut self, blocks: &mut Vec<Block>) {
        let mut labels: Vec<String> = Vec::new();
        let first_anchor = self.anchors + 1;
        self.number(blocks, &mut labels, first_anchor);
        let mut notes = Vec::new();
        // A note may refer to others, which then follow it.
        while let Some(label) = labels.get(notes.len()) {
            let mut body = self.definitions.get(label).cloned().unwrap_or_default();
            self.number(&mut body, &mut labels, first_anchor);
            notes.push(Note { anchor: self.anchor(first_anchor + notes.len()), body });
        }
        self.anchors += notes.len();
        if !notes.is_empty() {
            blocks.push(Block::Notes(notes));
        }
    }

    fn number(&self, blocks: &mut [Block], labels: &mut Vec<String>, first_anchor: usize) {
        each_inline(blocks, &mut |inline| {
            let Inline::Note { label, number, anchor, first } = inline else { return };
            let known = labels.iter().position(|known| known == label);
            let at = known.unwrap_or(labels.len());
            if known.is_none() {
                labels.push(label.clone());
            }
            *number = at + 1;
            *anchor = self.anchor(first_anchor + at);
            *first = known.is_none();
        });
    }

    /// With the language, since an item that fell back stands among those of another file.
    fn anchor(&self, number: usize) -> String {
        format!("{}-{number}", self.language)
    }
}

/// Calls `visit` for each inline in `blocks`, at whatever depth.
fn each_inline(blocks: &mut [Block], visit: &mut impl FnMut(&mut Inline)) {
    for block in blocks {
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } | Block::Button { content, .. } => {
                within(content, visit);
            }
            Block::List { entries, .. } => entries.iter_mut().for_each(|entry| each_inline(entry, visit)),
            Block::Quote(inner) => each_inline(inner, visit),
            Block::Table(table) => {
                let cells = table.head.iter_mut().chain(table.rows.iter_mut().flatten());
                cells.for_each(|cell| within(cell, visit));
            }
            Block::Notes(notes) => notes.iter_mut().for_each(|note| each_inline(&mut note.body, visit)),
            Block::Image(_) | Block::Code(_) | Block::Rule | Block::Event(_) | Block::Mjml(_) => {}
        }
    }
}

fn within(content: &mut [Inline], visit: &mut impl FnMut(&mut Inline)) {
    for inline in content {
        visit(inline);
        match inline {
            Inline::Emphasis(inner)
            | Inline::Strong(inner)
            | Inline::Strikethrough(inner)
            | Inline::Link { content: inner, .. } => within(inner, visit),
            Inline::Text(_) | Inline::Code(_) | Inline::Image(_) | Inline::Note { .. } | Inline::Break => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::attributes::Known;
    use crate::issue::{markdown, outline};

    fn settled(source: &str) -> Outline {
        let parsed = markdown::parse(source);
        assert_eq!(parsed.findings, []);
        let languages = ["en".parse().unwrap()];
        let known = Known { topics: vec![], columns: vec![], languages: &languages };
        let mut outline = outline::build(parsed.nodes, &known, &mut Vec::new());
        settle(&mut outline, &parsed.notes, &languages[0]);
        outline
    }

    fn references(blocks: &mut [Block]) -> Vec<(usize, String, bool)> {
        let mut found = Vec::new();
        each_inline(blocks, &mut |inline| {
            if let Inline::Note { number, anchor, first, .. } = inline {
                found.push((*number, anchor.clone(), *first));
            }
        });
        found
    }

    #[test]
    fn each_item_numbers_its_notes_from_one_and_holds_them_at_its_end() {
        let mut outline =
            settled("# S\n\n## A\n\nx[^b] *y[^a]* z[^b]\n\n[^a]: Note a.\n[^b]: Note b.\n\n## B\n\n- q[^a]\n");
        let items = &mut outline.sections[0].items;
        let Some(Block::Notes(notes)) = items[0].body.last().cloned() else { panic!("{items:?}") };
        assert_eq!(notes.iter().map(|note| note.anchor.as_str()).collect::<Vec<_>>(), ["en-1", "en-2"]);
        assert_eq!(notes[0].body, [Block::Paragraph(vec![Inline::Text("Note b.".into())])]);
        let reference = |number, anchor: &str, first| (number, anchor.to_owned(), first);
        assert_eq!(
            references(&mut items[0].body),
            [reference(1, "en-1", true), reference(2, "en-2", true), reference(1, "en-1", false)]
        );
        assert_eq!(references(&mut items[1].body), [reference(1, "en-3", true)]);
    }

    #[test]
    fn a_note_may_refer_to_another_and_to_itself() {
        let mut outline = settled("x[^a]\n\n[^a]: See [^b] and [^a].\n\n[^b]: Here.\n");
        let Some(Block::Notes(notes)) = outline.introduction.last() else { panic!("{outline:?}") };
        assert_eq!(notes.len(), 2);
        let numbers: Vec<_> = references(&mut outline.introduction).into_iter().map(|(number, ..)| number).collect();
        assert_eq!(numbers, [1, 2, 1]);
    }
}

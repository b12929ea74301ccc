//! Footnotes: a language's definitions in, each item's own notes out, numbered from 1 and set at its end.
//!
//! A reader may get any of the items, so a note belongs to the item that refers to it; two items that
//! refer to the same note get one each.

use std::collections::BTreeMap;

use super::content::{Block, Inline, Note};
use super::outline::Outline;
use crate::domain::Language;

/// The notes of a file by their labels.
pub type Definitions = BTreeMap<String, Vec<Block>>;

/// Labels differ by more than upper and lower case.
pub fn label(text: &str) -> String {
    text.to_lowercase()
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

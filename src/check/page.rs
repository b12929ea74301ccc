//! An edition's HTML as a tree: elements with their attributes and parents, runs of text, style sheets.

use super::markup::{Attribute, Piece, pieces, value_of};

#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    pub(super) elements: Vec<Element<'a>>,
    pub(super) texts: Vec<Text<'a>>,
    /// The content of each style element, and what its `media` says.
    pub(super) sheets: Vec<(&'a str, &'a str)>,
}

#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Vec<Attribute<'a>>,
    /// A place among the elements.
    pub(super) parent: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) parent: Option<usize>,
}

impl Element<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        value_of(&self.attributes, name)
    }
}

impl<'a> Page<'a> {
    pub(super) fn read(html: &'a str) -> Self {
        let mut page = Self::default();
        let mut open: Vec<usize> = Vec::new();
        for piece in pieces(html) {
            match piece {
                Piece::Open { name, attributes, .. } => {
                    page.elements.push(Element { name, attributes, parent: open.last().copied() });
                    open.push(page.elements.len() - 1);
                }
                Piece::Close { name } => {
                    if let Some(depth) = open.iter().rposition(|at| page.elements[*at].name == name) {
                        open.truncate(depth);
                    }
                }
                Piece::Text { text, .. } => {
                    let parent = open.last().copied();
                    match parent.map(|at| &page.elements[at]).filter(|element| element.name == "style") {
                        Some(style) => {
                            let media = value_of(&style.attributes, "media").unwrap_or_default();
                            page.sheets.push((text, media));
                        }
                        None => page.texts.push(Text { text, parent }),
                    }
                }
            }
        }
        page
    }

    /// The texts of each heading, in their order.
    pub(super) fn headings(&self) -> Vec<String> {
        let is_heading = |name: &str| matches!(name.as_bytes(), [b'h', b'1'..=b'6']);
        let mut found: Vec<(usize, String)> = Vec::new();
        for text in &self.texts {
            let mut around = std::iter::successors(text.parent, |at| self.elements[*at].parent);
            let Some(heading) = around.find(|at| is_heading(self.elements[*at].name)) else { continue };
            match found.last_mut() {
                Some((last, words)) if *last == heading => words.push_str(text.text),
                _ => found.push((heading, text.text.to_owned())),
            }
        }
        found.into_iter().map(|(_, words)| words).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_know_what_they_stand_in() {
        let page = Page::read(
            "<style media=\"print\">p{}</style><div><p id=x>One<br>two</div><h2>A <em>b</em> c</h2><h3>d</h3>",
        );
        assert_eq!(page.sheets, [("p{}", "print")]);
        let parent = page.texts[1].parent.unwrap();
        assert_eq!((page.texts[1].text, page.elements[parent].name), ("two", "p"));
        assert_eq!(page.elements[parent].parent.map(|at| page.elements[at].name), Some("div"));
        assert_eq!(page.headings(), ["A b c", "d"]);
        assert_eq!(page.elements[2].get("id"), Some("x"));
    }
}

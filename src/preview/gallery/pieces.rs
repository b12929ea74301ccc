//! Texts that have most of themselves in common, kept once: an edition's HTML in, the numbers of its pieces out.
//! Two hundred editions of one issue need little more room than all items of it.

use std::collections::HashMap;

/// The pieces of all texts, in the order in which they came by first.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    all: Vec<String>,
    known: HashMap<String, usize>,
}

/// A text, as runs of pieces: the number of the first one, and how many follow each other from there.
pub(super) type Runs = Vec<usize>;

/// How what MJML makes of a paragraph, a heading or a section begins, all of which may stand in one line.
const BEFORE: [&str; 2] = ["<!--[if", "<tr"];

impl Pieces {
    /// Takes in `text`.
    pub(super) fn add(&mut self, text: &str) -> Runs {
        let mut runs: Runs = Vec::new();
        for piece in cut(text) {
            let number = match self.known.get(piece) {
                Some(number) => *number,
                None => {
                    self.known.insert(piece.to_owned(), self.all.len());
                    self.all.push(piece.to_owned());
                    self.all.len() - 1
                }
            };
            match runs.as_mut_slice() {
                [.., first, count] if *first + *count == number => *count += 1,
                _ => runs.extend([number, 1]),
            }
        }
        runs
    }

    pub(super) fn into_all(self) -> Vec<String> {
        self.all
    }
}

/// `text` in pieces: behind each line break, and before what begins a row.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let mut from = 0;
        let begins = |at: &usize| BEFORE.iter().any(|before| line[*at..].starts_with(before));
        let ends =
            memchr::memchr_iter(b'<', line.as_bytes()).filter(move |at| *at > 0 && begins(at)).chain([line.len()]);
        ends.map(move |end| {
            let piece = &line[from..end];
            from = end;
            piece
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put_together(pieces: &[String], runs: &[usize]) -> String {
        runs.chunks(2).flat_map(|run| &pieces[run[0]..run[0] + run[1]]).map(String::as_str).collect()
    }

    #[test]
    fn what_two_texts_have_in_common_is_kept_once() {
        let mut pieces = Pieces::default();
        let one = pieces.add("head\n<!--[if mso]>a\n<!--[if mso]>b\nfoot\n");
        let other = pieces.add("head\n<!--[if mso]>b\nfoot\n");
        assert_eq!((one, other), (vec![0, 4], vec![0, 1, 2, 2]));
        assert_eq!(pieces.into_all().len(), 4);
    }

    proptest! {
        #[test]
        fn every_text_comes_out_as_it_went_in(
            texts in prop::collection::vec("(a|b|é|\n|<!--\\[if|<){0,20}", 1..6)
        ) {
            let mut pieces = Pieces::default();
            let runs: Vec<_> = texts.iter().map(|text| pieces.add(text)).collect();
            let pieces = pieces.into_all();
            for (text, runs) in texts.iter().zip(runs) {
                prop_assert_eq!(text, &put_together(&pieces, &runs));
            }
        }
    }
}

//! A block of MJML in an issue: the links and words that its author wrote there, each with its place, as those of
//! the Markdown around it.

use super::markup::{Piece, pieces, value_of};
use super::source::{Link, Words};
use crate::domain::field::unescape;

/// Reads `block`, its fences included, which stands at `start`.
pub(super) fn read(block: &str, start: usize, links: &mut Vec<Link>, words: &mut Vec<Words>) {
    let Some(first) = block.find('\n').map(|end| end + 1) else { return };
    let inner = block[first..].trim_end();
    // A block that the file ends in may have no second fence.
    let inner = inner.strip_suffix("```").unwrap_or(inner);
    let start = start + first;
    let mut open: Option<(&str, Link)> = None;
    for piece in pieces(inner) {
        match piece {
            Piece::Open { name, attributes, at } => {
                if let Some(url) = value_of(&attributes, "href").filter(|_| open.is_none()) {
                    let link = Link { url: unescape(url), text: String::new(), has_picture: false, at: start + at };
                    open = Some((name, link));
                }
                if let Some((_, link)) = open.as_mut().filter(|_| matches!(name, "img" | "mj-image")) {
                    link.has_picture = true;
                    link.text.push_str(value_of(&attributes, "alt").unwrap_or_default());
                }
            }
            Piece::Close { name } => {
                links.extend(open.take_if(|(opened, _)| *opened == name).map(|(_, link)| link));
            }
            Piece::Text { text, at } => {
                if let Some((_, link)) = &mut open {
                    link.text.push_str(&unescape(text));
                }
                if !text.trim().is_empty() {
                    let gap = text.len() - text.trim_start().len();
                    words.push(Words { text: unescape(text.trim()), at: start + at + gap });
                }
            }
        }
    }
    links.extend(open.map(|(_, link)| link));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_words_have_their_places() {
        let block = "```mjml\n<mj-button href=\"https://www.example.org/?a=1&amp;b=2\">\n  Go on</mj-button>\n\
            <mj-image src=\"a.png\" alt=\"A sea\" href=\"https://www.example.org/sea\" />\n<mj-text>TODO <b>now</b></mj-text>\n```";
        let text = format!("é\n\n{block}\n");
        let (mut links, mut words) = (Vec::new(), Vec::new());
        read(block, text.find("```").unwrap(), &mut links, &mut words);
        let found: Vec<_> = links.iter().map(|link| (link.url.as_str(), link.text.trim(), link.has_picture)).collect();
        assert_eq!(
            found,
            [("https://www.example.org/?a=1&b=2", "Go on", false), ("https://www.example.org/sea", "A sea", true)]
        );
        assert!(text[links[1].at..].starts_with("<mj-image"));
        let found: Vec<_> = words.iter().map(|words| (words.text.as_str(), &text[words.at..][..2])).collect();
        assert_eq!(found, [("Go on", "Go"), ("TODO", "TO"), ("now", "no")]);
    }

    #[test]
    fn a_block_without_an_end_is_read_as_far_as_it_goes() {
        let (mut links, mut words) = (Vec::new(), Vec::new());
        read("```mjml", 0, &mut links, &mut words);
        read("```mjml\n<mj-text><a href=\"https://www.example.org/\">x", 0, &mut links, &mut words);
        assert_eq!((links.len(), words.len()), (1, 1));
    }
}

//! What a block of raw MJML says, for the plain text: its words, its links, what its images show.

use htmlparser::{ElementEnd, Token, Tokenizer};

use crate::domain::field::unescape;
use crate::issue::content::Inline;

/// The paragraphs of `mjml`, one for each of its elements that has words.
pub(in crate::render) fn words(mjml: &str) -> Vec<Vec<Inline>> {
    let mut paragraphs = Vec::new();
    let mut paragraph = Vec::new();
    // The link that is open, with the element that it belongs to.
    let mut link: Option<(String, String, Vec<Inline>)> = None;
    let (mut element, mut href, mut alt) = (String::new(), None, None);
    // Whether white space stood before what comes next.
    let mut gap = false;
    for token in Tokenizer::from(format!("<mj-raw>{mjml}</mj-raw>").as_str()).flatten() {
        let ended = match token {
            Token::ElementStart { local, .. } => {
                (element, href, alt) = (local.to_string(), None, None);
                continue;
            }
            Token::Attribute { local, value: Some(value), .. } => {
                match local.as_str() {
                    "href" => href = Some(unescape(value.as_str())),
                    "alt" if !value.as_str().is_empty() => alt = Some(unescape(value.as_str())),
                    _ => {}
                }
                continue;
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } => {
                if let Some(url) = href.take() {
                    if std::mem::take(&mut gap) && !paragraph.is_empty() {
                        paragraph.push(Inline::Text(" ".to_owned()));
                    }
                    link = Some((element.clone(), url, Vec::new()));
                }
                continue;
            }
            Token::ElementEnd { end: ElementEnd::Empty, .. } => {
                let shown = alt.take().map(|alt| Inline::Text(format!("[{alt}]")));
                let words: Vec<_> = shown.into_iter().collect();
                match href.take() {
                    Some(url) => paragraph.push(linked(url, words)),
                    None => link.as_mut().map_or(&mut paragraph, |(_, _, inner)| inner).extend(words),
                }
                element.clone()
            }
            Token::ElementEnd { end: ElementEnd::Close(_, name), .. } => {
                if let Some((_, url, words)) = link.take_if(|(tag, ..)| *tag == name.as_str()) {
                    paragraph.push(linked(url, words));
                }
                name.to_string()
            }
            Token::Text { text } => {
                let text = text.as_str();
                let words = unescape(&text.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
                gap |= text.starts_with(|c: char| c.is_ascii_whitespace());
                if !words.is_empty() {
                    let open = link.as_mut().map_or(&mut paragraph, |(_, _, inner)| inner);
                    let space = if gap && !open.is_empty() { " " } else { "" };
                    open.push(Inline::Text(format!("{space}{words}")));
                    gap = text.ends_with(|c: char| c.is_ascii_whitespace());
                }
                continue;
            }
            _ => continue,
        };
        let ends_a_line = ended.starts_with("mj-") || matches!(ended.as_str(), "p" | "div" | "li" | "tr" | "br");
        if ends_a_line && link.is_none() && !paragraph.is_empty() {
            paragraphs.push(std::mem::take(&mut paragraph));
            gap = false;
        }
    }
    paragraphs
}

/// A link; one without words is named by its address.
fn linked(url: String, words: Vec<Inline>) -> Inline {
    let content = if words.is_empty() { vec![Inline::Text(url.clone())] } else { words };
    Inline::Link { url, content }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_links_and_images_are_kept() {
        let mjml = "<mj-text>One <b>two</b>\n<a href=\"https://example.org/?a=1&amp;b=2\">three</a>.</mj-text>\
            <mj-button href=\"https://example.org/go\">Go on</mj-button><mj-divider />\
            <mj-image src=\"images/a.png\" alt=\"A sea\" href=\"https://example.org/sea\" />";
        let text = |text: &str| Inline::Text(text.into());
        let link = |url: &str, words: &str| Inline::Link { url: url.into(), content: vec![text(words)] };
        assert_eq!(
            words(mjml),
            [
                vec![text("One"), text(" two"), text(" "), link("https://example.org/?a=1&b=2", "three"), text(".")],
                vec![link("https://example.org/go", "Go on")],
                vec![link("https://example.org/sea", "[A sea]")],
            ]
        );
    }
}

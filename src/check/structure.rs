//! Headings, pictures and words as the author wrote them.

use super::rules::{HEADING_SKIPS, HEAVY_PICTURE, LONG_ALT, NO_ALT, PLACEHOLDER, SMALL_PICTURE, USELESS_ALT};
use super::source::{Picture, Source};
use crate::domain::Finding;
use crate::issue::{Image, Issue};

/// Octets of a picture above which a reader on the road waits for it.
const HEAVY: usize = 200 * 1000;
/// The width of a mail in pixels; a screen of double density wants twice as many.
const WIDTH: usize = 600;
/// Characters of an alternative text.
const LONG: usize = 250;

const PLACEHOLDERS: &[&str] =
    &["TODO", "FIXME", "XXX", "TBD", "TKTK", "À FAIRE", "A FAIRE", "POR HACER", "LOREM IPSUM"];

pub(super) fn check(issue: &Issue, source: &Source<'_>, findings: &mut Vec<Finding>) {
    headings(source, findings);
    placeholders(source, findings);
    for picture in &source.pictures {
        let about_text = alt(picture);
        let about_file = issue.images.get(&picture.source).and_then(|image| file(picture, image));
        findings.extend(about_text.into_iter().chain(about_file).map(|finding| source.at(finding, picture.at)));
    }
}

fn headings(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut last = 2;
    for heading in &source.headings {
        if heading.level > last + 1 {
            let signs = "#".repeat(usize::from(last) + 1);
            let finding = HEADING_SKIPS.finding(format!(
                "a heading of level {} follows one of level {last}, which screen readers take for something missing",
                heading.level
            ));
            findings.push(source.at(finding.with_help(format!("begin it with {signs}")), heading.at));
        }
        // A section without items is an item itself.
        last = heading.level.max(2);
    }
}

fn placeholders(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut tell = |text: &str, at| {
        if let Some(word) = placeholder(text) {
            let finding = PLACEHOLDER.finding(format!("`{word}` was to be replaced"));
            findings.push(source.at(finding.with_help("write what is meant, or take it out"), at));
        }
    };
    tell(&source.subject, source.front_at("subject"));
    tell(&source.preheader, source.front_at("preheader"));
    source.words.iter().for_each(|words| tell(&words.text, words.at));
}

/// What a new issue says until its author does: preheader, introduction, item and button.
pub const STARTER: [&str; 4] = [
    "One line that mail programs show beside the subject",
    "This stands before everything else, and everyone gets it.",
    "Who gets it depends on the topics behind its title.",
    "A bold link alone becomes a button",
];

/// A word that stands in for others, by itself and in capitals; Lorem ipsum in any; or what a new issue says.
fn placeholder(text: &str) -> Option<&'static str> {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let alone = |hay: &str, word: &str| {
        hay.match_indices(word)
            .any(|(at, _)| is_edge(hay[..at].chars().next_back()) && is_edge(hay[at + word.len()..].chars().next()))
    };
    if let Some(starter) = STARTER.into_iter().find(|starter| text.trim() == *starter) {
        return Some(starter);
    }
    let upper = text.to_uppercase();
    PLACEHOLDERS.iter().copied().find(|word| match *word {
        "LOREM IPSUM" => upper.contains(word),
        word => alone(text, word),
    })
}

fn alt(picture: &Picture) -> Option<Finding> {
    let alt = picture.alt.trim();
    let name = picture.source.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let folded = alt.to_lowercase();
    let is_name = alt.eq_ignore_ascii_case(name) || alt.eq_ignore_ascii_case(stem);
    let says_picture =
        ["image", "picture", "photo", "logo", "graphic", "img", "imagen", "foto", "صورة", "зображення", "фото"];
    if alt.is_empty() {
        let finding = NO_ALT.finding(format!("the picture {name} has no text for those who don't see it"));
        Some(finding.with_help(format!("say what it shows: ![Three women at a table]({})", picture.source)))
    } else if is_name || says_picture.contains(&folded.as_str()) {
        let finding = USELESS_ALT.finding(format!("`{alt}` does not say what the picture shows"));
        Some(finding.with_help("describe it as you would on the telephone"))
    } else if alt.chars().count() > LONG {
        let finding = LONG_ALT.finding(format!("the picture's text has {} characters", alt.chars().count()));
        Some(finding.with_help("keep it to a sentence, and tell the rest in the text below"))
    } else {
        None
    }
}

fn file(picture: &Picture, image: &Image) -> Option<Finding> {
    let name = &picture.source;
    if image.bytes.len() > HEAVY {
        let finding = HEAVY_PICTURE.finding(format!("{name} has {} kB", image.bytes.len() / 1000));
        Some(finding.with_help("save it no wider than 1200 pixels, photos as JPEG"))
    } else if image.width < WIDTH {
        let finding = SMALL_PICTURE.finding(format!("{name} is {} pixels wide, and shown {WIDTH} wide", image.width));
        Some(finding.with_help("save it 1200 pixels wide"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_stands_by_itself() {
        for (text, expected) in [
            ("TODO: ask Ann", Some("TODO")),
            ("the date is (XXX)", Some("XXX")),
            ("Lorem ipsum dolor", Some("LOREM IPSUM")),
            ("À FAIRE avant mardi", Some("À FAIRE")),
            ("El todo es mayor", None),
            ("XXXL shirts", None),
            ("METODOS", None),
        ] {
            assert_eq!(placeholder(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_describes_is_left_alone() {
        let of = |alt_text: &str| {
            let picture = Picture { source: "images/IMG_0042.jpg".into(), alt: alt_text.into(), at: 0 };
            alt(&picture).map(|finding| finding.code)
        };
        assert_eq!(of(""), Some("no-alt"));
        assert_eq!(of("IMG_0042"), Some("useless-alt"));
        assert_eq!(of("Photo"), Some("useless-alt"));
        assert_eq!(of(&"long ".repeat(60)), Some("long-alt"));
        assert_eq!(of("A photo of three women at a table"), None);
    }
}

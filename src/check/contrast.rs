//! Text against what lies behind it, in the light and in the dark: WCAG 2.1, success criterion 1.4.3. Where a
//! colour can't be computed, as over a picture, nothing is said.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::cascade::{Cascade, Rank, Scheme};
use super::origins::{Origin, placed};
use super::page::Page;
use super::paint::{Paint, size};
use super::rules::LOW_CONTRAST;
use crate::domain::colour::READABLE;
use crate::domain::field::unescape;
use crate::domain::{Colour, Finding};

/// The ratio that large text must reach.
const LARGE: f64 = 3.0;
/// Pixels from which text is large: 18 points, or 14 where it is bold.
const LARGE_SIZE: f64 = 24.0;
const LARGE_BOLD: f64 = 18.66;
/// Characters of the text that are told.
const SHOWN: usize = 40;

const PROPERTIES: &[&str] =
    &["color", "background", "background-color", "background-image", "font-size", "font-weight", "display", "opacity"];

/// How an element looks.
#[derive(Debug, Clone, Copy)]
struct Look {
    colour: Paint,
    behind: Paint,
    size: f64,
    is_bold: bool,
    is_hidden: bool,
}

/// What was seen in all editions: the colours, once each, with the first words in them and the editions.
#[derive(Debug, Default)]
pub(super) struct Contrast(BTreeMap<Pair, Seen>);

type Pair = (Scheme, [u8; 3], [u8; 3], bool);

#[derive(Debug)]
struct Seen {
    words: String,
    editions: Vec<String>,
}

impl Contrast {
    /// Looks an edition over.
    pub(super) fn see(&mut self, page: &Page<'_>, edition: &str) {
        let cascade = Cascade::new(page, PROPERTIES);
        for scheme in [Scheme::Light, Scheme::Dark] {
            if scheme == Scheme::Light || cascade.knows_dark() {
                let looks = looks(page, &cascade, scheme);
                self.see_texts(page, &looks, scheme, edition);
            }
        }
    }

    fn see_texts(&mut self, page: &Page<'_>, looks: &[Look], scheme: Scheme, edition: &str) {
        for text in &page.texts {
            let Some(look) = text.parent.map(|at| looks[at]) else { continue };
            let (Paint::Known(colour), Paint::Known(behind)) = (look.colour, look.behind) else { continue };
            let is_large = look.size >= LARGE_SIZE || (look.is_bold && look.size >= LARGE_BOLD);
            let needed = if is_large { LARGE } else { READABLE };
            if look.is_hidden
                || ratio(colour, behind) >= needed
                || !unescape(text.text).chars().any(char::is_alphanumeric)
            {
                continue;
            }
            match self.0.entry((scheme, colour, behind, is_large)) {
                Entry::Vacant(place) => {
                    let words = unescape(text.text.trim()).chars().take(SHOWN).collect();
                    place.insert(Seen { words, editions: vec![edition.to_owned()] });
                }
                Entry::Occupied(mut seen) => {
                    let editions = &mut seen.get_mut().editions;
                    if editions.last().is_none_or(|last| last != edition) {
                        editions.push(edition.to_owned());
                    }
                }
            }
        }
    }

    pub(super) fn findings(self, origins: &[Origin<'_>]) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(|((scheme, colour, behind, is_large), seen)| {
            let needed = if is_large { LARGE } else { READABLE };
            let shown = |[red, green, blue]: [u8; 3]| Colour::new(red, green, blue).to_string();
            let when = if scheme == Scheme::Dark { " in dark mode" } else { "" };
            // Cut and not rounded, so that 4.49 is not told as 4.5.
            let ratio = (ratio(colour, behind) * 10.0).floor() / 10.0;
            let (colour, behind) = (shown(colour), shown(behind));
            let message = format!(
                "`{}` is written in {colour} on {behind}{when}: a contrast of {ratio}, where {needed} is needed",
                seen.words
            );
            let help = "choose a darker colour on a light ground, or a lighter one on a dark ground";
            let finding = Finding { editions: seen.editions, ..LOW_CONTRAST.finding(message).with_help(help) };
            placed(finding, origins, &[&colour, &short(&colour), &behind, &short(&behind)])
        })
    }
}

/// `#aabbcc` as `#abc`, or as it is.
fn short(colour: &str) -> String {
    let digits: Vec<char> = colour.chars().skip(1).collect();
    if digits.chunks(2).all(|pair| pair[0] == pair[1]) {
        digits.iter().step_by(2).fold("#".to_owned(), |mut short, digit| {
            short.push(*digit);
            short
        })
    } else {
        colour.to_owned()
    }
}

fn ratio([red, green, blue]: [u8; 3], other: [u8; 3]) -> f64 {
    Colour::new(red, green, blue).contrast(Colour::new(other[0], other[1], other[2]))
}

/// How each element of the page looks.
fn looks(page: &Page<'_>, cascade: &Cascade, scheme: Scheme) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::with_capacity(page.elements.len());
    let root = match scheme {
        Scheme::Light => Look {
            colour: Paint::Known([0; 3]),
            behind: Paint::Known([255; 3]),
            size: 16.0,
            is_bold: false,
            is_hidden: false,
        },
        // Programs choose their own.
        Scheme::Dark => {
            Look { colour: Paint::Unknown, behind: Paint::Unknown, size: 16.0, is_bold: false, is_hidden: false }
        }
    };
    for at in 0..page.elements.len() {
        let around = page.elements[at].parent.map_or(root, |parent| looks[parent]);
        looks.push(look(page, cascade, scheme, at, around));
    }
    looks
}

fn look(page: &Page<'_>, cascade: &Cascade, scheme: Scheme, at: usize, around: Look) -> Look {
    let element = &page.elements[at];
    let mut look = around;
    // A program's own style sheet, and attributes that stand for style.
    match element.name {
        "h1" => look.size = 2.0 * around.size,
        "h2" => look.size = 1.5 * around.size,
        "h3" => look.size = 1.17 * around.size,
        "a" if element.get("href").is_some() => {
            look.colour = if scheme == Scheme::Light { Paint::Known([0, 0, 0xee]) } else { Paint::Unknown };
        }
        "head" | "title" | "script" => look.is_hidden = true,
        _ => {}
    }
    look.is_bold |= matches!(element.name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "th" | "b" | "strong");
    let mut behind = element.get("bgcolor").and_then(Paint::of_colour).unwrap_or(Paint::Clear);
    if element.get("background").is_some() {
        behind = Paint::Unknown;
    }
    if let Some(colour) = element.get("color").filter(|_| element.name == "font").and_then(Paint::of_colour) {
        look.colour = colour;
    }
    let mut held: [Option<(Rank, String)>; 8] = Default::default();
    cascade.each(page, at, scheme, |property, value, rank| {
        let Some(place) = PROPERTIES.iter().position(|known| *known == property) else { return };
        if held[place].as_ref().is_none_or(|(known, _)| *known <= rank) {
            held[place] = Some((rank, value.to_owned()));
        }
    });
    let [colour, background, background_colour, image, font_size, weight, display, opacity] = held;
    if let Some(paint) = colour.and_then(|(_, value)| Paint::of_colour(&value)) {
        look.colour = paint;
    }
    // The shorthand also sets what it doesn't name, so the later of the two holds.
    let background = background.map(|(rank, value)| (rank, Paint::of_background(&value)));
    let background_colour = background_colour.map(|(rank, value)| (rank, Paint::of_colour(&value)));
    let later = [background, background_colour].into_iter().flatten().max_by_key(|(rank, _)| *rank);
    behind = later.and_then(|(_, paint)| paint).unwrap_or(behind);
    if image.is_some_and(|(_, value)| !value.trim().eq_ignore_ascii_case("none")) {
        behind = Paint::Unknown;
    }
    if behind != Paint::Clear {
        look.behind = behind;
    }
    if let Some(size) = font_size.and_then(|(_, value)| size(&value, around.size)) {
        look.size = size;
    }
    if let Some((_, value)) = weight {
        let number: Option<u16> = value.trim().parse().ok();
        look.is_bold = number.map_or(value.trim().starts_with("bold"), |number| number >= 700);
    }
    let is_none = |(_, value): (Rank, String)| value.trim().eq_ignore_ascii_case("none");
    look.is_hidden |= display.is_some_and(is_none) || opacity.is_some_and(|(_, value)| value.trim() == "0");
    look
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(html: &str) -> Vec<String> {
        let mut contrast = Contrast::default();
        contrast.see(&Page::read(html), "en-1");
        contrast.findings(&[]).map(|finding| finding.message).collect()
    }

    #[test]
    fn text_that_can_not_be_read_is_found_with_its_colours() {
        let found = messages("<div style=\"background:#fff\"><p style=\"color:#aaaaaa\">Pale &amp; thin</p></div>");
        assert_eq!(found, ["`Pale & thin` is written in #aaaaaa on #ffffff: a contrast of 2.3, where 4.5 is needed"]);
        let found = messages(
            "<table bgcolor=\"#777777\"><tr><td>Black</td><td><font color=\"gray\">x</font></td></tr></table>",
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn large_text_hidden_text_and_text_on_pictures_are_no_fault() {
        for html in [
            "<h1 style=\"color:#888888;font-size:26px\">Large</h1>",
            "<b style=\"color:#888888;font-size:14pt\">Bold and rather large</b>",
            "<div style=\"display:none;color:#ffffff\"><p>Not seen</p></div>",
            "<div style=\"color:#fff\"> &nbsp;— </div>",
            "<td background=\"a.png\" bgcolor=\"#ffffff\" style=\"color:#ffffff\">On a picture</td>",
            "<td style=\"background:#fff url(a.png);color:#fff\">On a picture</td>",
            "<p style=\"color:hsl(0 0% 90%)\">Who knows</p>",
        ] {
            assert_eq!(messages(html), Vec::<String>::new(), "{html}");
        }
        assert_eq!(messages("<h1 style=\"color:#aaaaaa;font-size:26px\">Large</h1>").len(), 1);
    }

    #[test]
    fn the_dark_is_computed_where_the_mail_has_one() {
        let sheet = "<style>@media (prefers-color-scheme: dark) { .sheet { background-color: #111111 !important } .sheet p { color: #eeeeee !important } }</style>";
        let body = |style: &str| {
            format!(
                "{sheet}<div class=\"sheet\" style=\"background:#ffffff\"><p style=\"color:#222222\">One</p><div style=\"{style}\">Two</div></div>"
            )
        };
        let found = messages(&body("color:#333333"));
        assert_eq!(
            found,
            ["`Two` is written in #333333 on #111111 in dark mode: a contrast of 1.4, where 4.5 is needed"]
        );
        assert_eq!(messages(&body("color:#333333;background:#eeeeee")), Vec::<String>::new());
    }

    #[test]
    fn what_weighs_more_holds() {
        let html = "<style>.a p { color: #aaaaaa } p { color: #000000 } #x { color: #bbbbbb !important }</style>\
            <div class=\"a\"><p>One</p><p style=\"color:#000\">Two</p><p id=\"x\" style=\"color:#000\">Three</p></div>";
        let found = messages(html);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`One`") && found[1].contains("`Three`"), "{found:?}");
    }
}

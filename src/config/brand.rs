//! `[brand]`: each pair of colours that the built-in theme sets against each other must be readable.

use toml::Spanned;

use super::checks::Checks;
use super::raw::{RawBrand, RawSocial};
use super::{Brand, Social};
use crate::domain::Colour;
use crate::domain::colour::READABLE;

/// What the brand's colour stands on as text, or under as the ground of white text.
const LIGHT: [(Colour, &str); 2] = [
    (Colour::WHITE, "white: the head, buttons, headings and links"),
    (Colour::new(0xf6, 0xf4, 0xef), "the ground of quotations"),
];

/// The grounds of the dark theme: the sheet, and its quotations and events.
const DARK: [Colour; 2] = [Colour::new(0x1a, 0x24, 0x2a), Colour::new(0x22, 0x30, 0x3a)];

/// More than must be: text that only just can be read tires in the dark (WCAG 2.1, level AAA).
const COMFORTABLE: f64 = 7.0;

impl Brand {
    /// The tint of `colour` that headings and links have in the dark.
    pub(super) fn in_the_dark(colour: Colour) -> Colour {
        colour.lighter(COMFORTABLE, &DARK).unwrap_or(Colour::WHITE)
    }
}

impl Checks<'_> {
    pub(super) fn brand(&mut self, raw: RawBrand) -> Brand {
        let default = Brand::default();
        let colour = self.colour(raw.colour.as_ref()).unwrap_or(default.colour);
        if let Some(raw) = &raw.colour {
            self.readable(raw, colour);
        }
        let font = raw.font.map_or(default.font, |font| self.font(&font));
        Brand {
            logo: raw.logo,
            colour,
            dark: Brand::in_the_dark(colour),
            accent: self.colour(raw.accent.as_ref()).unwrap_or(default.accent),
            font,
            social: raw.social.into_iter().filter_map(|link| self.social(link)).collect(),
        }
    }

    fn colour(&mut self, raw: Option<&Spanned<String>>) -> Option<Colour> {
        let raw = raw?;
        let parsed = raw.get_ref().parse::<Colour>();
        if let Err(error) = &parsed {
            self.fault(raw, error.to_string(), "write it as #rrggbb: #0f4c5c");
        }
        parsed.ok()
    }

    fn readable(&mut self, raw: &Spanned<String>, colour: Colour) {
        let Some((ground, place)) = LIGHT.into_iter().find(|(ground, _)| colour.contrast(*ground) < READABLE) else {
            return;
        };
        // Rounded down, so that 4.499 is not told as 4.5.
        let ratio = (colour.contrast(ground) * 100.0).floor() / 100.0;
        let near = colour.darker(READABLE, &LIGHT.map(|(ground, _)| ground)).unwrap_or(Colour::BLACK);
        let message =
            format!("{colour} can't be read with {place}: its contrast is {ratio}:1, and text needs {READABLE}:1");
        self.fault(raw, message, &format!("the nearest darker shade that can be read is {near}"));
    }

    /// A font stack goes into quoted attributes and style sheets alike.
    fn font(&mut self, raw: &Spanned<String>) -> String {
        let font = raw.get_ref().trim();
        let names = font.split(',').map(str::trim);
        let plain = |c: char| c.is_alphanumeric() || " -_'".contains(c);
        let whole = |name: &str| match name.strip_prefix('\'') {
            Some(rest) => rest.strip_suffix('\'').is_some_and(|inner| !inner.is_empty() && !inner.contains('\'')),
            None => !name.is_empty() && !name.contains('\''),
        };
        if !font.chars().all(|c| plain(c) || c == ',') || !names.into_iter().all(whole) {
            self.fault(
                raw,
                format!("`{font}` is not a list of fonts"),
                "write names with commas between them, those of several words in single quotes: \"Georgia, 'Times New Roman', serif\"",
            );
        }
        font.to_owned()
    }

    fn social(&mut self, raw: RawSocial) -> Option<Social> {
        if raw.name.get_ref().trim().is_empty() {
            self.fault(&raw.name, "a link needs a name", "write for instance name = \"Mastodon\"");
        }
        Some(Social { name: raw.name.into_inner(), url: self.url(Some(raw.url))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn headings_can_be_read_in_the_dark_whatever_the_brand(red: u8, green: u8, blue: u8) {
            let dark = Brand::in_the_dark(Colour::new(red, green, blue));
            prop_assert!(dark.least_contrast(&DARK) >= READABLE);
        }
    }

    #[test]
    fn the_theme_uses_the_grounds_that_are_checked() {
        let style = include_str!("../../templates/style.css");
        let issue = include_str!("../../templates/issue.mjml");
        assert!(style.contains(&LIGHT[1].0.to_string()), "the ground of quotations");
        for ground in DARK {
            assert!(issue.contains(&ground.to_string()), "{ground}");
        }
    }

    #[test]
    fn the_default_brand_can_be_read() {
        let brand = Brand::default();
        assert!(brand.colour.least_contrast(&LIGHT.map(|(ground, _)| ground)) >= READABLE);
        assert_eq!(brand.dark, Brand::in_the_dark(brand.colour));
    }
}

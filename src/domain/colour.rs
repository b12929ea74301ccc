//! A colour as `#rrggbb`, and how well text in it can be read: WCAG 2.1, relative luminance and contrast ratio.

use std::fmt;

/// A colour of the sRGB space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour([u8; 3]);

/// The text is not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a colour")]
pub struct ColourError(String);

/// The ratio that text must reach: WCAG 2.1, success criterion 1.4.3, level AA.
pub const READABLE: f64 = 4.5;

/// How many steps lead from a colour to another.
const STEPS: u8 = 100;

impl Colour {
    pub const BLACK: Self = Self([0; 3]);
    pub const WHITE: Self = Self([255; 3]);

    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// From 0 for black to 1 for white, as WCAG 2.1 defines it.
    #[must_use]
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.03928 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// From 1 to 21, whichever of the two is the text.
    ///
    /// ```
    /// use bulletin::domain::Colour;
    /// assert_eq!(Colour::BLACK.contrast(Colour::WHITE).round(), 21.0);
    /// ```
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// The lowest contrast with any of `others`.
    #[must_use]
    pub fn least_contrast(self, others: &[Self]) -> f64 {
        others.iter().map(|other| self.contrast(*other)).fold(f64::INFINITY, f64::min)
    }

    /// The nearest darker shade whose contrast with each of `others` is at least `ratio`; none if not
    /// even black has it.
    #[must_use]
    pub fn darker(self, ratio: f64, others: &[Self]) -> Option<Self> {
        (0..=STEPS).map(|step| self.mixed(Self::BLACK, step)).find(|shade| shade.least_contrast(others) >= ratio)
    }

    /// The nearest lighter tint with at least that contrast: as long as it can, one of the same hue and
    /// saturation, since mixing white in makes a colour dull.
    #[must_use]
    pub fn lighter(self, ratio: f64, others: &[Self]) -> Option<Self> {
        let bright = self.brightest();
        let brighter = (0..=STEPS).map(|step| self.mixed(bright, step));
        let paler = (0..=STEPS).map(|step| bright.mixed(Self::WHITE, step));
        brighter.chain(paler).find(|tint| tint.least_contrast(others) >= ratio)
    }

    /// The same hue and saturation at full brightness.
    fn brightest(self) -> Self {
        let most = u16::from(self.0.into_iter().max().unwrap_or_default().max(1));
        Self(self.0.map(|channel| u8::try_from(u16::from(channel) * 255 / most).unwrap_or(u8::MAX)))
    }

    /// `step` hundredths of the way to `end`.
    fn mixed(self, end: Self, step: u8) -> Self {
        let mut channels = self.0;
        for (channel, end) in channels.iter_mut().zip(end.0) {
            let mixed =
                (u32::from(*channel) * u32::from(STEPS - step) + u32::from(end) * u32::from(step)) / u32::from(STEPS);
            *channel = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
        Self(channels)
    }
}

impl std::str::FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        let bad = || ColourError(text.to_owned());
        let digits = text.strip_prefix('#').ok_or_else(bad)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| bad())?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl serde::Serialize for Colour {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn ratios_are_those_that_others_compute() {
        for (one, other, ratio) in [
            ("#767676", "#ffffff", 4.54),
            ("#777777", "#ffffff", 4.48),
            ("#ff0000", "#ffffff", 4.0),
            ("#0000ff", "#ffffff", 8.59),
        ] {
            assert!((colour(one).contrast(colour(other)) - ratio).abs() < 0.01, "{one} on {other}");
        }
    }

    #[test]
    fn what_is_not_six_digits_behind_a_hash_is_no_colour() {
        for text in ["", "red", "#fff", "0f4c5c", "#0f4c5g", "#0f4c5c0", "#é4c5c"] {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
        assert_eq!(colour("#0F4C5C").to_string(), "#0f4c5c");
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        assert_eq!(colour("#0f4c5c").darker(READABLE, &[Colour::WHITE]), Some(colour("#0f4c5c")));
    }

    proptest! {
        #[test]
        fn what_is_suggested_can_be_read(red: u8, green: u8, blue: u8, light in 200u8..=255, dark in 0u8..=60) {
            let any = Colour::new(red, green, blue);
            let light = [Colour::WHITE, Colour::new(light, light, light)];
            let dark = [Colour::BLACK, Colour::new(dark, dark, dark)];
            prop_assert!(any.darker(READABLE, &light).unwrap().least_contrast(&light) >= READABLE);
            prop_assert!(any.lighter(READABLE, &dark).unwrap().least_contrast(&dark) >= READABLE);
        }

        #[test]
        fn a_colour_is_written_as_it_is_read(red: u8, green: u8, blue: u8) {
            let any = Colour::new(red, green, blue);
            prop_assert_eq!(any.to_string().parse::<Colour>(), Ok(any));
        }
    }
}

//! Colours, sizes and weights as CSS writes them.

/// A colour, as far as it can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Paint {
    Known([u8; 3]),
    /// A picture, something half transparent, or a colour by a way that is not understood.
    Unknown,
    /// What lies behind shows.
    Clear,
}

impl Paint {
    /// A colour, of `color` or `background-color`; none for what says nothing of its own.
    pub(super) fn of_colour(value: &str) -> Option<Self> {
        let value = value.trim().to_ascii_lowercase();
        match value.as_str() {
            "" | "inherit" | "unset" | "revert" | "currentcolor" => None,
            "transparent" | "initial" | "none" => Some(Self::Clear),
            value => Some(match value.strip_prefix('#') {
                Some(digits) => hexadecimal(digits),
                None => function(value).or_else(|| named(value)).unwrap_or(Self::Unknown),
            }),
        }
    }

    /// The `background` shorthand: a colour, unless a picture lies over it.
    pub(super) fn of_background(value: &str) -> Option<Self> {
        let lower = value.to_ascii_lowercase();
        if lower.contains("url(") || lower.contains("gradient(") {
            return Some(Self::Unknown);
        }
        if lower.contains('(') {
            return Self::of_colour(&lower);
        }
        let mut words = lower.split_whitespace().filter_map(Self::of_colour);
        words.find(|paint| *paint != Self::Unknown).or(Some(Self::Clear))
    }
}

fn hexadecimal(digits: &str) -> Paint {
    let digit = |at: usize| digits.get(at..=at).and_then(|digit| u8::from_str_radix(digit, 16).ok());
    let pair = |at: usize| Some(digit(at)? * 16 + digit(at + 1)?);
    let (channels, alpha) = match digits.len() {
        3 | 4 => {
            let channel = |at: usize| digit(at).map(|digit| digit * 17);
            ([channel(0), channel(1), channel(2)], if digits.len() == 4 { channel(3) } else { Some(255) })
        }
        6 | 8 => ([pair(0), pair(2), pair(4)], if digits.len() == 8 { pair(6) } else { Some(255) }),
        _ => return Paint::Unknown,
    };
    let [Some(red), Some(green), Some(blue)] = channels else { return Paint::Unknown };
    match alpha {
        Some(255) => Paint::Known([red, green, blue]),
        Some(0) => Paint::Clear,
        _ => Paint::Unknown,
    }
}

/// `rgb(1, 2, 3)`, `rgb(1 2 3 / 50%)`, `rgba(1, 2, 3, 0.5)`.
fn function(value: &str) -> Option<Paint> {
    let inner = value.strip_prefix("rgba(").or_else(|| value.strip_prefix("rgb("))?.strip_suffix(')')?;
    let parts: Vec<_> = inner.split([',', ' ', '/']).filter(|part| !part.is_empty()).collect();
    let of = |part: &str, whole: f64| match part.strip_suffix('%') {
        Some(share) => share.parse::<f64>().map(|share| share * whole / 100.0),
        None => part.parse(),
    };
    let [red, green, blue, rest @ ..] = parts.as_slice() else { return None };
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 255")]
    let channel = |part: &str| of(part, 255.0).map(|value| value.clamp(0.0, 255.0).round() as u8).ok();
    let alpha = rest.first().map_or(Some(1.0), |part| of(part, 1.0).ok())?;
    Some(match alpha {
        alpha if alpha <= 0.0 => Paint::Clear,
        alpha if alpha < 1.0 => Paint::Unknown,
        _ => Paint::Known([channel(red)?, channel(green)?, channel(blue)?]),
    })
}

/// The sixteen names of CSS 1, and those that mails use besides.
fn named(value: &str) -> Option<Paint> {
    let channels = match value {
        "black" => [0, 0, 0],
        "white" => [255, 255, 255],
        "gray" | "grey" => [128, 128, 128],
        "silver" => [192, 192, 192],
        "lightgray" | "lightgrey" => [211, 211, 211],
        "darkgray" | "darkgrey" => [169, 169, 169],
        "dimgray" | "dimgrey" => [105, 105, 105],
        "whitesmoke" => [245, 245, 245],
        "red" => [255, 0, 0],
        "maroon" => [128, 0, 0],
        "yellow" => [255, 255, 0],
        "gold" => [255, 215, 0],
        "orange" => [255, 165, 0],
        "olive" => [128, 128, 0],
        "lime" => [0, 255, 0],
        "green" => [0, 128, 0],
        "aqua" | "cyan" => [0, 255, 255],
        "teal" => [0, 128, 128],
        "blue" => [0, 0, 255],
        "navy" => [0, 0, 128],
        "fuchsia" | "magenta" => [255, 0, 255],
        "purple" => [128, 0, 128],
        "pink" => [255, 192, 203],
        "brown" => [165, 42, 42],
        _ => return None,
    };
    Some(Paint::Known(channels))
}

/// A font's size in pixels, of `value` within one of `around`.
pub(super) fn size(value: &str, around: f64) -> Option<f64> {
    let value = value.trim();
    let split = value.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(split);
    let number: f64 = number.parse().ok()?;
    match unit.trim() {
        "px" | "" => Some(number),
        "pt" => Some(number * 4.0 / 3.0),
        "em" => Some(number * around),
        "%" => Some(number * around / 100.0),
        "rem" => Some(number * 16.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_understood_however_it_is_written() {
        let red = Some(Paint::Known([255, 0, 0]));
        for value in
            ["red", "#f00", "#FF0000", "rgb(255,0,0)", "rgb(255 0 0 / 100%)", "rgba(255, 0, 0, 1)", "#ff0000ff"]
        {
            assert_eq!(Paint::of_colour(value), red, "{value}");
        }
        for value in ["rgba(255,0,0,.5)", "hsl(0 100% 50%)", "var(--x)", "#ff08", "#12", "#ééé"] {
            assert_eq!(Paint::of_colour(value), Some(Paint::Unknown), "{value}");
        }
        for value in ["transparent", "rgba(0,0,0,0)", "#0000"] {
            assert_eq!(Paint::of_colour(value), Some(Paint::Clear), "{value}");
        }
        assert_eq!(Paint::of_colour("inherit"), None);
    }

    #[test]
    fn a_background_is_its_colour_unless_a_picture_lies_over_it() {
        for (value, expected) in [
            ("#f00", Paint::Known([255, 0, 0])),
            ("no-repeat #f00", Paint::Known([255, 0, 0])),
            ("rgb(255, 0, 0)", Paint::Known([255, 0, 0])),
            ("#f00 url('a.png')", Paint::Unknown),
            ("linear-gradient(red, blue)", Paint::Unknown),
            ("none", Paint::Clear),
        ] {
            assert_eq!(Paint::of_background(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn sizes_are_pixels() {
        for (value, expected) in [("24px", Some(24.0)), ("18pt", Some(24.0)), ("1.5em", Some(30.0)), ("large", None)] {
            assert_eq!(size(value, 20.0), expected, "{value}");
        }
    }
}

//! Numbers in, a chart as SVG out. Colours are the page's: a chart has inks only to be told apart by its style
//! sheet, so that light and dark are one drawing. Whoever shows it puts a table of the same numbers beside it.

mod bars;
mod columns;
mod timeline;
mod trend;

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub use bars::{bars, parted};
pub use columns::columns;
pub use plotters::style::RGBColor;
pub use timeline::{Mark, Timeline};
pub use trend::trend;

/// As wide as a phone, in pixels of a page that is not zoomed.
const WIDTH: u32 = 320;
/// The library writes fonts smaller by 1.24: these are 13 and 12 pixels.
const LABEL: f64 = 16.1;
const SCALE: f64 = 14.9;

/// What a style sheet tells apart: `rect[fill="#010101"]`, `polyline[stroke="#070707"]`.
pub const ONE: RGBColor = RGBColor(1, 1, 1);
pub const OTHER: RGBColor = RGBColor(2, 2, 2);
pub const THIRD: RGBColor = RGBColor(3, 3, 3);
pub const FOURTH: RGBColor = RGBColor(4, 4, 4);
pub const FIFTH: RGBColor = RGBColor(5, 5, 5);
pub const SIXTH: RGBColor = RGBColor(6, 6, 6);
/// A line over bars.
pub const LINE: RGBColor = RGBColor(7, 7, 7);
/// A span of time.
pub const SHADE: RGBColor = RGBColor(8, 8, 8);
/// Axes and what divides them.
pub const RULE: RGBColor = RGBColor(9, 9, 9);

pub type Drawn = Result<String, Box<dyn Error>>;

/// To a screen reader a chart is one picture with these words.
#[must_use]
pub fn titled(svg: &str, id: &str, title: &str, description: &str) -> String {
    let (title, description) = (escaped(title), escaped(description));
    let opening = format!("<svg role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" ");
    let words = format!("><title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}</desc>");
    svg.replacen("<svg ", &opening, 1).replacen('>', &words, 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(width: u32, height: u32, fill: impl FnOnce(&Root<'_>) -> Result<(), Box<dyn Error>>) -> Drawn {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
    fill(&root)?;
    root.present()?;
    drop(root);
    Ok(svg)
}

fn text(size: f64, across: HPos, down: VPos) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&BLACK).pos(Pos::new(across, down))
}

/// A round number from `most` on, and the step of its scale.
fn scale(most: f64) -> (f64, f64) {
    let most = most.max(4.0);
    let power = 10_f64.powf((most / 4.0).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|one| one * power).find(|step| step * 4.0 >= most);
    // Of messages and people there are no halves.
    let step = step.unwrap_or(power * 10.0).ceil();
    ((most / step).ceil() * step, step)
}

/// `12,500`
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn shortened(label: &str, chars: usize) -> String {
    if label.chars().count() <= chars {
        return label.to_owned();
    }
    label.chars().take(chars - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round_and_reaches_the_greatest_number() {
        for (most, expected) in [(0.0, (4.0, 1.0)), (4.0, (4.0, 1.0)), (5.0, (6.0, 2.0)), (97.0, (100.0, 25.0))] {
            assert_eq!(scale(most), expected, "{most}");
        }
        for most in 1..3000 {
            let (top, step) = scale(f64::from(most));
            assert!(top >= f64::from(most) && top / step <= 5.0, "{most}: {top}, {step}");
        }
    }

    #[test]
    fn words_are_escaped_and_thousands_parted() {
        let svg = titled("<svg width=\"1\"></svg>", "x", "<b>", "a \"&\" b");
        assert!(svg.contains("<title id=\"x-title\">&lt;b&gt;</title>"), "{svg}");
        assert!(svg.contains("a &quot;&amp;&quot; b"), "{svg}");
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}

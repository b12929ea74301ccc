//! A small line over a few issues, to stand beside others of its kind.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::{Drawn, LINE, RULE, SCALE, draw, scale, text};

/// Four stand beside each other.
const WIDTH: u32 = 240;
const HEIGHT: u32 = 130;
const LEFT: i32 = 8;
const TOP: i32 = 26;
const BOTTOM: i32 = 104;
/// What has room of a name below the line.
const CHARS: usize = 14;

/// A line from the first point to the last, which is marked. Points without a number are gaps; `told` words a number.
///
/// # Errors
/// It can't be drawn, which is a fault of the program.
pub fn trend(points: &[(String, Option<f64>)], told: impl Fn(f64) -> String) -> Drawn {
    let most = points.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max);
    // A share is looked at from nothing to the greatest, so that a hair's breadth does not look like a fall.
    let top = if most <= 1.0 { most.max(0.01) } else { scale(most).0 };
    let right = WIDTH.cast_signed() - LEFT;
    let last = i32::try_from(points.len())?.max(2) - 1;
    draw(WIDTH, HEIGHT, |root| {
        let across = |place: usize| LEFT + (right - LEFT) * i32::try_from(place).unwrap_or(last) / last;
        root.draw(&PathElement::new([(LEFT, BOTTOM), (right, BOTTOM)], RULE))?;
        let mut line: Vec<(i32, i32)> = Vec::new();
        for (place, (_, value)) in points.iter().enumerate() {
            match value {
                Some(value) => line.push((across(place), down(*value / top))),
                None => flush(root, &mut line)?,
            }
        }
        flush(root, &mut line)?;
        for (place, (name, value)) in points.iter().enumerate() {
            let Some(value) = value else { continue };
            let at = (across(place), down(*value / top));
            let is_last = place + 1 == points.len();
            root.draw(&Circle::new(at, if is_last { 5 } else { 2 }, LINE.filled()))?;
            let side = if place == 0 && !is_last { HPos::Left } else { HPos::Right };
            if place == 0 || is_last {
                root.draw(&Text::new(told(*value), (at.0, TOP - 8), text(SCALE, side, VPos::Bottom)))?;
                let name = super::shortened(name, CHARS);
                root.draw(&Text::new(name, (at.0, BOTTOM + 6), text(SCALE, side, VPos::Top)))?;
            }
        }
        Ok(())
    })
}

fn flush(root: &super::Root<'_>, line: &mut Vec<(i32, i32)>) -> Result<(), Box<dyn std::error::Error>> {
    let points = std::mem::take(line);
    if points.len() > 1 {
        root.draw(&PathElement::new(points, LINE.stroke_width(2)))?;
    }
    Ok(())
}

/// Where a share of the height stands.
fn down(share: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a place within the drawing")]
    let up = (f64::from(BOTTOM - TOP) * share.clamp(0.0, 1.0)).round() as i32;
    BOTTOM - up
}

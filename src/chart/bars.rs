//! Lying bars, each below its label and its number.

use plotters::prelude::*;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::{Drawn, LABEL, ONE, WIDTH, draw, shortened, text, thousands};

/// A label, and its bar below.
const ROW: u32 = 42;
/// What has room in a line beside a number.
const CHARS: usize = 36;

/// Bars of one ink.
///
/// # Errors
/// It can't be drawn, which is a fault of the program.
pub fn bars(rows: &[(String, usize)]) -> Drawn {
    let rows: Vec<_> = rows.iter().map(|(label, count)| (label.clone(), vec![(ONE, *count as u64)])).collect();
    parted(&rows)
}

/// Bars whose parts have inks of their own, one behind the other.
///
/// # Errors
/// It can't be drawn, which is a fault of the program.
pub fn parted(rows: &[(String, Vec<(RGBColor, u64)>)]) -> Drawn {
    let sum = |parts: &[(RGBColor, u64)]| parts.iter().map(|(_, count)| count).sum::<u64>();
    let most = rows.iter().map(|(_, parts)| sum(parts)).max().unwrap_or(0).max(1);
    let height = ROW * u32::try_from(rows.len())?.max(1);
    draw(WIDTH, height, |root| {
        let mut chart = ChartBuilder::on(root).build_cartesian_2d(0.0..most as f64, rows.len().max(1) as f64..0.0)?;
        for (place, (label, parts)) in rows.iter().enumerate() {
            let top = place as f64;
            let mut from = 0.0;
            for (ink, count) in parts.iter().filter(|(_, count)| *count > 0) {
                // One of thousands is seen all the same.
                let to = from + (*count as f64).max(most as f64 / 100.0);
                let bar = [(f64::min(from, most as f64 * 0.99), top + 0.48), (to.min(most as f64), top + 0.76)];
                chart.draw_series([Rectangle::new(bar, ink.filled())])?;
                from = to;
            }
            let (left, right) = (text(LABEL, HPos::Left, VPos::Top), text(LABEL, HPos::Right, VPos::Top));
            chart.draw_series([
                Text::new(shortened(label, CHARS), (0.0, top + 0.06), left),
                Text::new(thousands(sum(parts)), (most as f64, top + 0.06), right),
            ])?;
        }
        Ok(())
    })
}

//! Charts as SVG, as wide as a phone. Colours are the page's: a chart has inks only to be told apart by its
//! style sheet, so that light and dark are one drawing.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// In pixels of a page that is not zoomed.
const WIDTH: u32 = 320;
/// A label, and its bar below.
const ROW: u32 = 42;
const COLUMNS: u32 = 190;
/// The library writes fonts smaller by 1.24: these are 13 and 12 pixels.
const LABEL: f64 = 16.1;
const SCALE: f64 = 14.9;
/// What has room in a line beside a number.
const LABEL_CHARS: usize = 36;

/// The bars that are one colour in the page, and those that are the other.
pub(super) const ONE: RGBColor = RGBColor(1, 1, 1);
pub(super) const OTHER: RGBColor = RGBColor(2, 2, 2);

type Drawn = Result<String, Box<dyn Error>>;

/// Lying bars, each below its label and its number.
pub(super) fn bars(rows: &[(String, usize)]) -> Drawn {
    let most = rows.iter().map(|(_, people)| *people).max().unwrap_or(0).max(1);
    let height = ROW * u32::try_from(rows.len())?.max(1);
    draw(height, |root| {
        let mut chart = ChartBuilder::on(root).build_cartesian_2d(0.0..most as f64, rows.len().max(1) as f64..0.0)?;
        let text = |at: HPos| ("sans-serif", LABEL).into_font().color(&BLACK).pos(Pos::new(at, VPos::Top));
        for (place, (label, people)) in rows.iter().enumerate() {
            let (top, people) = (place as f64, *people);
            let bar = [(0.0, top + 0.48), (people as f64, top + 0.76)];
            chart.draw_series([Rectangle::new(bar, ONE.filled())])?;
            chart.draw_series([
                Text::new(shortened(label), (0.0, top + 0.06), text(HPos::Left)),
                Text::new(people.to_string(), (most as f64, top + 0.06), text(HPos::Right)),
            ])?;
        }
        Ok(())
    })
}

/// Standing columns by month, one or two beside each other.
pub(super) fn columns(months: &[String], series: &[(RGBColor, Vec<usize>)]) -> Drawn {
    let most = series.iter().flat_map(|(_, counts)| counts).copied().max().unwrap_or(0);
    let most = u32::try_from(most)?.max(4);
    draw(COLUMNS, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(8)
            .margin_right(4)
            .x_label_area_size(24)
            .y_label_area_size(44)
            .build_cartesian_2d(-0.5..months.len() as f64 - 0.5, 0..most)?;
        #[expect(clippy::cast_possible_truncation, reason = "a place among the months")]
        let month = |at: &f64| months.get(at.round() as usize).cloned().unwrap_or_default();
        let font = ("sans-serif", SCALE).into_font().color(&BLACK);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK)
            .axis_style(BLACK)
            .x_labels(4)
            .y_labels(4)
            .x_label_formatter(&month)
            .x_label_style(font.clone())
            .y_label_style(font)
            .draw()?;
        let breadth = 0.8 / series.len() as f64;
        for (nth, (colour, counts)) in series.iter().enumerate() {
            let left = nth as f64 * breadth - 0.4;
            chart.draw_series(counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(place, count)| {
                let from = place as f64 + left;
                Rectangle::new([(from, 0), (from + breadth, u32::try_from(*count).unwrap_or(most))], colour.filled())
            }))?;
        }
        Ok(())
    })
}

type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(height: u32, fill: impl FnOnce(&Root<'_>) -> Result<(), Box<dyn Error>>) -> Drawn {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
    fill(&root)?;
    root.present()?;
    drop(root);
    Ok(svg)
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= LABEL_CHARS {
        return label.to_owned();
    }
    label.chars().take(LABEL_CHARS - 1).chain(['…']).collect()
}

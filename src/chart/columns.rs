//! Standing columns by month.

use plotters::prelude::*;

use super::{Drawn, SCALE, WIDTH, draw};

const HEIGHT: u32 = 190;

/// Standing columns by month, one or two beside each other.
///
/// # Errors
/// It can't be drawn, which is a fault of the program.
pub fn columns(months: &[String], series: &[(RGBColor, Vec<usize>)]) -> Drawn {
    let most = series.iter().flat_map(|(_, counts)| counts).copied().max().unwrap_or(0);
    let most = u32::try_from(most)?.max(4);
    draw(WIDTH, HEIGHT, |root| {
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

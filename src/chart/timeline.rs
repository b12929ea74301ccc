//! Stacked columns over time with a step line over them, spans in the background, and places where time was left out.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::{Drawn, LINE, RULE, Root, SCALE, SHADE, draw, scale, text, thousands};

const LEFT: i32 = 46;
const RIGHT: i32 = 8;
const TOP: i32 = 26;
/// Below the axis: the times.
const FOOT: i32 = 26;

/// What is drawn, column by column.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Parts of each column from below.
    pub columns: Vec<Vec<(RGBColor, u64)>>,
    /// What the line says over each column, on the columns' scale.
    pub line: Vec<Option<f64>>,
    /// From one place among the columns to another.
    pub spans: Vec<(f64, f64)>,
    /// Times below the axis.
    pub marks: Vec<Mark>,
    /// In front of this column, time was left out: so much.
    pub breaks: Vec<(usize, String)>,
}

/// A word below the start of a column.
#[derive(Debug, Clone)]
pub struct Mark {
    pub column: usize,
    pub word: String,
}

impl Timeline {
    /// Draws it; there may be a narrow and a wide one of the same.
    ///
    /// # Errors
    /// It can't be drawn, which is a fault of the program.
    pub fn draw(&self, width: u32, height: u32) -> Drawn {
        let sum = |parts: &Vec<(RGBColor, u64)>| parts.iter().map(|(_, count)| count).sum::<u64>();
        let highest = self.columns.iter().map(sum).max().unwrap_or(0) as f64;
        let line = self.line.iter().flatten().copied().fold(0.0, f64::max);
        // A rate far above what ever left says nothing by its height.
        let (top, step) = scale(highest.max(line.min(highest * 2.0)));
        let frame = Frame {
            width: width.cast_signed(),
            bottom: height.cast_signed() - FOOT,
            columns: self.columns.len().max(1) as f64,
            top,
        };
        draw(width, height, |root| {
            for (from, to) in &self.spans {
                let span = [(frame.across(*from), TOP), (frame.across(*to).max(frame.across(*from) + 1), frame.bottom)];
                root.draw(&Rectangle::new(span, SHADE.filled()))?;
            }
            frame.rules(root, step)?;
            for (place, parts) in self.columns.iter().enumerate() {
                frame.column(root, place, parts)?;
            }
            self.draw_line(root, &frame)?;
            for Mark { column, word } in &self.marks {
                let at = frame.across(*column as f64);
                root.draw(&PathElement::new([(at, frame.bottom), (at, frame.bottom + 4)], RULE))?;
                root.draw(&Text::new(word.clone(), (at, frame.bottom + 8), text(SCALE, HPos::Center, VPos::Top)))?;
            }
            for (column, word) in &self.breaks {
                let at = frame.across(*column as f64);
                let mut from = TOP;
                while from < frame.bottom {
                    root.draw(&PathElement::new([(at, from), (at, (from + 5).min(frame.bottom))], BLACK))?;
                    from += 9;
                }
                root.draw(&Text::new(word.clone(), (at, TOP - 6), text(SCALE, HPos::Center, VPos::Bottom)))?;
            }
            Ok(())
        })
    }

    /// Steps; a gap where there is no limit.
    fn draw_line(&self, root: &Root<'_>, frame: &Frame) -> Result<(), Box<dyn Error>> {
        let mut steps: Vec<(i32, i32)> = Vec::new();
        let after = self.columns.len().saturating_sub(self.line.len());
        for (place, value) in self.line.iter().copied().chain(std::iter::repeat_n(None, after + 1)).enumerate() {
            let broken = self.breaks.iter().any(|(column, _)| *column == place);
            if (value.is_none() || broken) && !steps.is_empty() {
                root.draw(&PathElement::new(std::mem::take(&mut steps), LINE.stroke_width(2)))?;
            }
            if let Some(value) = value {
                let down = frame.down(value);
                steps.extend([(frame.across(place as f64), down), (frame.across(place as f64 + 1.0), down)]);
            }
        }
        Ok(())
    }
}

/// Where things stand.
struct Frame {
    width: i32,
    bottom: i32,
    columns: f64,
    /// The scale's greatest number.
    top: f64,
}

impl Frame {
    #[expect(clippy::cast_possible_truncation, reason = "a place within the drawing")]
    fn across(&self, place: f64) -> i32 {
        let room = f64::from(self.width - LEFT - RIGHT);
        LEFT + (room * (place / self.columns).clamp(0.0, 1.0)).round() as i32
    }

    #[expect(clippy::cast_possible_truncation, reason = "a place within the drawing")]
    fn down(&self, value: f64) -> i32 {
        let room = f64::from(self.bottom - TOP);
        self.bottom - (room * (value / self.top).clamp(0.0, 1.0)).round() as i32
    }

    /// Level lines with their numbers.
    fn rules(&self, root: &Root<'_>, step: f64) -> Result<(), Box<dyn Error>> {
        let mut value = 0.0;
        while value <= self.top {
            let at = self.down(value);
            root.draw(&PathElement::new([(LEFT, at), (self.width - RIGHT, at)], RULE))?;
            #[expect(clippy::cast_possible_truncation, reason = "a whole number on a scale")]
            let word = thousands(value as u64);
            root.draw(&Text::new(word, (LEFT - 6, at), text(SCALE, HPos::Right, VPos::Center)))?;
            value += step;
        }
        Ok(())
    }

    fn column(&self, root: &Root<'_>, place: usize, parts: &[(RGBColor, u64)]) -> Result<(), Box<dyn Error>> {
        let (left, right) = (self.across(place as f64), self.across(place as f64 + 1.0));
        // A hair of air between columns that are broad enough for it.
        let right = if right - left > 3 { right - 1 } else { right.max(left + 1) };
        let mut below = 0;
        for (ink, count) in parts.iter().filter(|(_, count)| *count > 0) {
            let (from, to) = (self.down(below as f64), self.down((below + count) as f64));
            // One of thousands is seen all the same.
            root.draw(&Rectangle::new([(left, to.min(from - 1)), (right, from)], ink.filled()))?;
            below += count;
        }
        Ok(())
    }
}

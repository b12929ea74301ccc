//! The spaces of French around punctuation.

use super::Cell;
use crate::domain::Typography;

pub(super) const NO_BREAK: char = '\u{a0}';
pub(super) const NARROW: char = '\u{202f}';

/// What was typed is replaced, what is missing is put in.
pub(super) fn set(cells: &[Cell], rules: Typography) -> Vec<Cell> {
    let mut out: Vec<Cell> = Vec::with_capacity(cells.len() + 8);
    let mut at = 0;
    while at < cells.len() {
        let typed = cells[at..].iter().take_while(|cell| cell.is_space()).count();
        let next = cells.get(at + typed);
        let follower = cells.get(at + typed + 1).map(|cell| cell.char);
        let wanted = match (out.last(), next) {
            (Some(before), Some(next)) => gap(*before, *next, follower, typed > 0, rules),
            _ => Gap::AsTyped,
        };
        match (wanted, out.last().copied(), next) {
            (Gap::None, _, _) => {}
            (Gap::Space(char), Some(before), Some(next)) => {
                // A space of one's own belongs to the punctuation, not to what stands beyond it.
                let own = if typed > 0 {
                    cells[at]
                } else if before.is('«') {
                    before
                } else {
                    *next
                };
                out.push(Cell { char, ..own });
            }
            _ => out.extend(&cells[at..at + typed]),
        }
        out.extend(next);
        at += typed + 1;
    }
    out
}

enum Gap {
    AsTyped,
    None,
    Space(char),
}

/// What belongs between two characters that are no spaces.
fn gap(before: Cell, next: Cell, follower: Option<char>, typed: bool, rules: Typography) -> Gap {
    if before.char == '\n' || next.char == '\n' {
        return Gap::AsTyped;
    }
    if before.is('«') || next.is('»') {
        return Gap::Space(NO_BREAK);
    }
    let after_word = before.frozen || before.char.is_alphanumeric() || ")]»”’%…._°".contains(before.char);
    let opened = "([{“‘".contains(before.char);
    let ends = |marks: &str| follower.is_none_or(|c| c.is_whitespace() || marks.contains(c));
    if next.is(':') && ends("»") && (after_word || typed && !opened) {
        return Gap::Space(NO_BREAK);
    }
    let strong = next.is(';') || next.is('?') || next.is('!');
    if strong && ends("»)]”’;?!:…") {
        return match rules {
            Typography::French if after_word || typed && !opened => Gap::Space(NARROW),
            Typography::CanadianFrench if after_word && typed => Gap::None,
            _ => Gap::AsTyped,
        };
    }
    Gap::AsTyped
}

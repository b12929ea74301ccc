//! Quotes and apostrophes, which curl towards their words.

use super::{Cell, OBJECT};
use crate::domain::Typography;

/// English words that begin with an apostrophe.
const ELIDED: &[&str] = &["tis", "twas", "twere", "til", "em", "cause", "n", "bout", "round"];

pub(super) fn set(cells: &mut [Cell], rules: Typography) {
    let (open, close) = if rules == Typography::English { ('“', '”') } else { ('«', '»') };
    for at in 0..cells.len() {
        let before = at.checked_sub(1).map(|before| cells[before].char);
        let after = cells.get(at + 1).map(|cell| cell.char);
        if cells[at].is('"') {
            match side(before, after) {
                Some(Side::Opens) => cells[at].char = open,
                Some(Side::Closes) => cells[at].char = close,
                None => {}
            }
        } else if cells[at].is('\'') {
            match side(before, after) {
                Some(Side::Opens) if !is_elision(cells, at, rules) => cells[at].char = '‘',
                Some(_) => cells[at].char = '’',
                None => {}
            }
        }
    }
}

enum Side {
    Opens,
    Closes,
}

/// What a straight quote between these is; none where nothing tells.
fn side(before: Option<char>, after: Option<char>) -> Option<Side> {
    let word = |c: char| c.is_alphanumeric() || c == OBJECT || "\"'“‘«".contains(c);
    match before {
        Some(c) if "—–-/".contains(c) && after.is_some_and(word) => Some(Side::Opens),
        Some(c) if !c.is_whitespace() && !"([{«“‘".contains(c) => Some(Side::Closes),
        _ => after.filter(|c| !c.is_whitespace()).map(|_| Side::Opens),
    }
}

/// Whether the single quote at `at`, before a word, stands for letters left out: ’90s, ’tis, or no partner follows.
fn is_elision(cells: &[Cell], at: usize, rules: Typography) -> bool {
    let rest = &cells[at + 1..];
    if rest.first().is_some_and(|cell| cell.char.is_ascii_digit()) {
        return true;
    }
    let word: String = rest.iter().map(|cell| cell.char).take_while(|c| c.is_alphabetic()).collect();
    if rules == Typography::English && ELIDED.contains(&word.to_lowercase().as_str()) {
        return true;
    }
    let is_partner = |at: usize| {
        let ends = rest.get(at + 1).is_none_or(|cell| !cell.char.is_alphanumeric());
        rest[at].is('\'') && ends && !rest[at - 1].char.is_whitespace()
    };
    !(1..rest.len()).any(is_partner)
}

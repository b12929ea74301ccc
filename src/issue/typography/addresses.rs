//! Addresses within a text, of pages and of mailboxes: they stay as they are.

use super::Cell;

pub(super) fn freeze(cells: &mut [Cell]) {
    let chars: Vec<char> = cells.iter().map(|cell| if cell.frozen { '\n' } else { cell.char }).collect();
    let ends = |c: char| c.is_whitespace() || "\"<>“”‘’«»…".contains(c);
    let begins = |at: usize, word: &str| word.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let mut freeze = |range: std::ops::Range<usize>| cells[range].iter_mut().for_each(|cell| cell.frozen = true);
    for at in 0..chars.len() {
        let before = chars[..at].iter().rev();
        if begins(at, "://") {
            let scheme = before.take_while(|c| c.is_ascii_alphabetic()).count();
            if scheme > 0 {
                freeze(at - scheme..address_end(&chars, at + 3, ends));
            }
        } else if begins(at, "www.") && !before.clone().next().is_some_and(|c| c.is_alphanumeric()) {
            freeze(at..address_end(&chars, at + 4, ends));
        } else if chars[at] == '@' {
            let part = |c: &&char| c.is_alphanumeric() || "._%+-".contains(**c);
            let local = before.take_while(part).count();
            let host = chars[at + 1..].iter().take_while(part).count();
            let host =
                chars[at + 1..at + 1 + host].iter().rposition(|c| c.is_alphanumeric()).map_or(0, |last| last + 1);
            if local > 0 && host > 0 {
                freeze(at - local..at + 1 + host);
            }
        }
    }
}

/// Where an address ends that goes on at least to `from`: punctuation behind it is the sentence's.
fn address_end(chars: &[char], from: usize, ends: impl Fn(char) -> bool) -> usize {
    let end = chars[from..].iter().position(|c| ends(*c)).map_or(chars.len(), |length| from + length);
    let sentence = chars[from..end].iter().rev().take_while(|c| ".,;:!?')]".contains(**c)).count();
    end - sentence
}

//! The numbers of a text, so that two languages' can be compared: dates, amounts and telephone numbers are
//! written differently, but of the same digits.

use std::collections::BTreeMap;

/// How often each number stands in `text`: runs of digits of any script, without leading zeros. Left out are
/// those below ten, which one language spells out where another does not, unless they are an amount or a
/// share. Hours of the afternoon are counted to 24.
pub(super) fn numbers(text: &str) -> BTreeMap<u64, usize> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = BTreeMap::new();
    let mut at = 0;
    while at < chars.len() {
        if value(chars[at]).is_none() {
            at += 1;
            continue;
        }
        let start = at;
        let mut number = 0u64;
        while let Some(digit) = chars.get(at).copied().and_then(value) {
            number = number.saturating_mul(10).saturating_add(u64::from(digit));
            at += 1;
        }
        if number < 12 && is_afternoon(&chars[at..]) {
            number += 12;
        }
        let is_amount = has_sign(chars[..start].iter().rev()) || has_sign(chars[at..].iter());
        // Nothing, but the minutes of a full hour and the end of a thousand.
        if number >= 10 || (number > 0 && is_amount) {
            *found.entry(number).or_insert(0) += 1;
        }
    }
    found
}

/// A decimal digit: those of Europe, of Arabic, and of Persian and Urdu.
fn value(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(u32::from(c) - u32::from('0')),
        '\u{660}'..='\u{669}' => Some(u32::from(c) - 0x660),
        '\u{6f0}'..='\u{6f9}' => Some(u32::from(c) - 0x6f0),
        _ => None,
    }
}

/// Whether a sign of money or share stands next, perhaps behind a space and further digits of the same number.
fn has_sign<'a>(near: impl Iterator<Item = &'a char>) -> bool {
    let mut spaces = 0;
    for c in near {
        match c {
            '%' | '٪' | '$' | '€' | '£' | '¥' | '₴' => return true,
            c if value(*c).is_some() => spaces = 0,
            ',' | '.' | '\'' | '’' => spaces += 1,
            c if c.is_whitespace() => spaces += 1,
            _ => return false,
        }
        if spaces > 1 {
            return false;
        }
    }
    false
}

/// Whether `pm` stands next, perhaps behind minutes.
fn is_afternoon(rest: &[char]) -> bool {
    let rest = match rest {
        [':', one, other, rest @ ..] if value(*one).is_some() && value(*other).is_some() => rest,
        rest => rest,
    };
    let word: String = rest.iter().skip_while(|c| c.is_whitespace()).take(3).collect::<String>().to_lowercase();
    word.starts_with("pm") || word.starts_with("p.m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_date_amount_and_telephone_are_the_same_in_every_language() {
        for (one, other) in [
            ("on October 28, 2015", "le 28 octobre 2015"),
            ("$10,000.50 or 3.5%", "10 000,50 $ ou 3,5 %"),
            ("call 1-844-333-2211", "composez le 1 844 333-2211"),
            ("at 2:30 p.m. and 10:00 a.m.", "à 14 h 30 et 10 h"),
            ("from 12:15 pm", "dès 12 h 15"),
            ("in 2015", "في عام ٢٠١٥"),
            ("5 groups", "cinq groupes"),
            ("$5,007 of $10,000", "5 007 $ sur 10 000 $"),
        ] {
            assert_eq!(numbers(one), numbers(other), "{one} / {other}");
        }
    }

    #[test]
    fn another_number_is_seen() {
        for (one, other) in [("$5", "6 $"), ("in 2015", "en 2016"), ("10 and 10", "10"), ("at 2 p.m.", "à 15 h")] {
            assert_ne!(numbers(one), numbers(other), "{one} / {other}");
        }
    }
}

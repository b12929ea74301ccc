//! The months that a text names beside a number, so that two languages' dates can be compared.

use std::collections::BTreeMap;

/// How each language of the program's own strings writes the twelve months, in the forms that stand in a date.
const NAMES: &[[&str; 12]] = &[
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    ["jan", "feb", "mar", "apr", "", "jun", "jul", "aug", "sept", "oct", "nov", "dec"],
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    ["janv", "févr", "", "avr", "", "", "juill", "", "", "", "", "déc"],
    [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"],
    [
        "كانون الثاني",
        "شباط",
        "آذار",
        "نيسان",
        "أيار",
        "حزيران",
        "تموز",
        "آب",
        "أيلول",
        "تشرين الأول",
        "تشرين الثاني",
        "كانون الأول",
    ],
    [
        "січня",
        "лютого",
        "березня",
        "квітня",
        "травня",
        "червня",
        "липня",
        "серпня",
        "вересня",
        "жовтня",
        "листопада",
        "грудня",
    ],
];

/// How often each month, from 1, stands next to a number: `15 May`, `May 15`, `le 1er mai`, `mayo de 2026`.
pub(super) fn months(text: &str) -> BTreeMap<usize, usize> {
    // Words and numbers alone; `de` and ordinals stand between a number and its month in some languages.
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !["de", "of", "the", "del"].contains(word))
        .map(str::to_lowercase)
        .collect();
    let has_number = |at: usize| words.get(at).is_some_and(|word| word.starts_with(char::is_numeric));
    let mut found = BTreeMap::new();
    let mut at = 0;
    while at < words.len() {
        let named = NAMES.iter().find_map(|names| {
            names.iter().enumerate().find_map(|(month, name)| {
                let length = name.split(' ').count();
                let is_here = !name.is_empty()
                    && name
                        .split(' ')
                        .enumerate()
                        .all(|(step, part)| words.get(at + step).is_some_and(|word| word == part));
                is_here.then_some((month + 1, length))
            })
        });
        let Some((month, length)) = named else {
            at += 1;
            continue;
        };
        if has_number(at + length) || at.checked_sub(1).is_some_and(has_number) {
            *found.entry(month).or_insert(0) += 1;
        }
        at += length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_date_is_the_same_month_in_every_language() {
        for (one, other) in [
            ("on May 15, 2026", "le 15 mai 2026"),
            ("1 June and 3 June", "le 1er juin et le 3 juin"),
            ("15 September 2026", "el 15 de septiembre de 2026"),
            ("in January 2026", "كانون الثاني 2026"),
            ("on 5 July", "5 липня"),
            ("You may come, and march on", "Vous pouvez venir"),
        ] {
            assert_eq!(months(one), months(other), "{one} / {other}");
        }
        assert_ne!(months("on 15 May"), months("le 15 juin"));
        assert_eq!(months("on 15 May"), BTreeMap::from([(5, 1)]));
    }
}

//! A date as a spreadsheet or a person writes it in, a day out; or two, where day and month can't be told
//! apart.

use jiff::civil::Date;

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    One(Date),
    /// As it is read in Europe, and as it is read in the United States.
    Either(Date, Date),
}

impl Day {
    /// The later of what it may be.
    pub(super) fn latest(self) -> Date {
        match self {
            Self::One(day) => day,
            Self::Either(one, other) => one.max(other),
        }
    }
}

/// Reads `2024-04-03`, with a time behind it or without; `2024/04/03`, `03.04.2024`, `3 April 2024`,
/// `3-Apr-24`, `April 3, 2024`, `3 avril 2024`, `03/04/2024`; and the bare number of a day that a
/// spreadsheet shows where the format of the cell was lost.
pub(super) fn day(text: &str) -> Option<Day> {
    let text = text.trim();
    if let Ok(serial) = text.parse::<i64>() {
        // From 1954 to 2064.
        let epoch = jiff::civil::date(1899, 12, 30);
        return (20_000..60_000).contains(&serial).then(|| Some(Day::One(epoch + jiff::Span::new().days(serial))))?;
    }
    let without_time = text.split(['T', ' ']).next().unwrap_or_default();
    let numbers = |text: &str, mark: char| -> Option<[i16; 3]> {
        let numbers: Vec<_> = text.split(mark).map(str::parse).collect::<Result<_, _>>().ok()?;
        numbers.try_into().ok()
    };
    for mark in ['-', '/', '.'] {
        if let Some([one, two, three]) = numbers(without_time, mark) {
            return match (mark, one) {
                (_, 1000..) => date(one, two, three).map(Day::One),
                ('.', _) => date(year(three), two, one).map(Day::One),
                _ => either(year(three), one, two),
            };
        }
    }
    in_words(text)
}

fn either(year: i16, one: i16, two: i16) -> Option<Day> {
    match (date(year, two, one), date(year, one, two)) {
        (Some(european), Some(american)) if european != american => Some(Day::Either(european, american)),
        (Some(day), _) | (None, Some(day)) => Some(Day::One(day)),
        (None, None) => None,
    }
}

fn in_words(text: &str) -> Option<Day> {
    let folded = text.to_lowercase();
    let words: Vec<_> = folded.split([' ', ',', '-', '.', '\u{a0}']).filter(|word| !word.is_empty()).collect();
    let [one, two, three, ..] = words[..] else { return None };
    let number = |word: &str| word.trim_end_matches(|c: char| c.is_alphabetic()).parse::<i16>().ok();
    let (day, month) = match (month(one), month(two)) {
        (Some(month), None) => (number(two)?, month),
        (None, Some(month)) => (number(one)?, month),
        _ => return None,
    };
    date(year(number(three)?), month, day).map(Day::One)
}

/// A month by the beginning of its name in English or French, Spanish or German.
fn month(word: &str) -> Option<i16> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "ene", "jän"],
        &["feb", "fév", "fev"],
        &["mar", "mär"],
        &["apr", "avr", "abr"],
        &["may", "mai"],
        &["jun", "juin"],
        &["jul", "juil"],
        &["aug", "aoû", "aou", "ago"],
        &["sep"],
        &["oct", "okt"],
        &["nov"],
        &["dec", "déc", "dic", "dez"],
    ];
    let is_word = word.chars().all(char::is_alphabetic);
    let at = MONTHS.iter().position(|names| is_word && names.iter().any(|name| word.starts_with(name)))?;
    i16::try_from(at + 1).ok()
}

/// Of two digits, as spreadsheets read them.
fn year(number: i16) -> i16 {
    match number {
        0..30 => 2000 + number,
        30..100 => 1900 + number,
        number => number,
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().filter(|_| year >= 1900)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_people_write_it() {
        let third = Day::One(jiff::civil::date(2024, 4, 3));
        for text in [
            "2024-04-03",
            "2024-04-03T10:11:12Z",
            "2024-04-03 10:11",
            "2024/4/3",
            "03.04.2024",
            "3.4.24",
            "3 April 2024",
            "3-Apr-24",
            "April 3, 2024",
            "Apr 3rd, 2024",
            "3 avril 2024",
            "3 abril 2024",
            " 45385 ",
        ] {
            assert_eq!(day(text), Some(third), "{text}");
        }
        assert_eq!(day("23/04/2024"), Some(Day::One(jiff::civil::date(2024, 4, 23))));
        assert_eq!(day("04/23/2024"), Some(Day::One(jiff::civil::date(2024, 4, 23))));
        assert_eq!(day("04/04/2024"), Some(Day::One(jiff::civil::date(2024, 4, 4))));
        assert_eq!(day("1er août 2023"), Some(Day::One(jiff::civil::date(2023, 8, 1))));
        assert_eq!(day("juillet 5 2023"), Some(Day::One(jiff::civil::date(2023, 7, 5))));
    }

    #[test]
    fn day_and_month_that_can_not_be_told_apart_are_both_kept() {
        let either = Day::Either(jiff::civil::date(2024, 4, 3), jiff::civil::date(2024, 3, 4));
        assert_eq!(day("03/04/2024"), Some(either));
        assert_eq!(day("3-4-24"), Some(either));
        assert_eq!(either.latest(), jiff::civil::date(2024, 4, 3));
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "",
            "yesterday",
            "2024",
            "2024-13-01",
            "30/30/2024",
            "2023-02-29",
            "12345",
            "a b c",
            "99999999999999999999",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}

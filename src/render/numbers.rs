//! Numbers as a language writes them, and texts that follow a number's plural category, by ICU.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_decimal::options::{DecimalFormatterOptions, GroupingStrategy};
use icu_plurals::{PluralCategory, PluralRules};
use serde::Deserialize;

use super::dates::locale;
use super::strings::fill;
use crate::domain::Language;

/// `1024` in the language's own digits, without separators: a count, or an issue's number.
#[must_use]
pub fn number(number: u64, language: &Language) -> String {
    let mut options = DecimalFormatterOptions::default();
    options.grouping_strategy = Some(GroupingStrategy::Never);
    match DecimalFormatter::try_new(locale(language).into(), options) {
        Ok(formatter) => formatter.format(&Decimal::from(number)).to_string(),
        Err(_) => number.to_string(),
    }
}

/// A text with `{count}` that has a form for each plural category of its language (CLDR, UTS 35
/// part 3 section 5); one string alone is the form for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Counted {
    zero: Option<String>,
    one: Option<String>,
    two: Option<String>,
    few: Option<String>,
    many: Option<String>,
    other: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text, or a table of zero, one, two, few, many and other")]
enum Raw {
    One(String),
    Forms(Forms),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forms {
    zero: Option<String>,
    one: Option<String>,
    two: Option<String>,
    few: Option<String>,
    many: Option<String>,
    other: Option<String>,
}

impl TryFrom<Raw> for Counted {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        match raw {
            Raw::One(other) => Ok(Self { zero: None, one: None, two: None, few: None, many: None, other }),
            Raw::Forms(Forms { zero, one, two, few, many, other }) => {
                let other = other.ok_or("a text by number needs the form `other`")?;
                Ok(Self { zero, one, two, few, many, other })
            }
        }
    }
}

impl Counted {
    /// The form for `count`, filled in.
    #[must_use]
    pub fn of(&self, count: u64, language: &Language) -> String {
        let category = PluralRules::try_new_cardinal(locale(language).into())
            .map_or(PluralCategory::Other, |rules| rules.category_for(count));
        let form = match category {
            PluralCategory::Zero => &self.zero,
            PluralCategory::One => &self.one,
            PluralCategory::Two => &self.two,
            PluralCategory::Few => &self.few,
            PluralCategory::Many => &self.many,
            PluralCategory::Other => &None,
        };
        fill(form.as_ref().unwrap_or(&self.other), &[("count", &number(count, language))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "text = { zero = 'zero', one = 'one', two = 'two', few = 'few', many = 'many', other = 'other' }";

    fn counted(toml: &str) -> Result<Counted, toml::de::Error> {
        #[derive(Deserialize)]
        struct Text {
            text: Counted,
        }
        toml::from_str::<Text>(toml).map(|text| text.text)
    }

    #[test]
    fn each_language_has_its_own_categories() {
        let all = counted(ALL).unwrap();
        for (tag, expected) in [
            ("en", &[(0, "other"), (1, "one"), (2, "other"), (21, "other")][..]),
            ("fr", &[(0, "one"), (1, "one"), (2, "other"), (1_000_000, "many")]),
            ("es", &[(0, "other"), (1, "one"), (2, "other"), (1_000_000, "many")]),
            ("uk", &[(0, "many"), (1, "one"), (3, "few"), (5, "many"), (11, "many"), (21, "one"), (22, "few")]),
            ("ar", &[(0, "zero"), (1, "one"), (2, "two"), (3, "few"), (10, "few"), (11, "many"), (99, "many")]),
            ("ar", &[(100, "other"), (102, "other"), (103, "few")]),
        ] {
            for (count, category) in expected {
                assert_eq!(all.of(*count, &tag.parse().unwrap()), *category, "{tag} {count}");
            }
        }
    }

    #[test]
    fn a_form_that_is_not_there_is_the_other_one() {
        let counted = counted("text = { one = 'one', other = '{count} more' }").unwrap();
        assert_eq!(counted.of(3, &"uk".parse().unwrap()), "3 more");
    }

    #[test]
    fn one_text_alone_serves_every_number() {
        assert_eq!(counted("text = '× {count}'").unwrap().of(1, &"en".parse().unwrap()), "× 1");
    }

    #[test]
    fn without_other_or_with_a_word_that_is_no_category_it_is_an_error() {
        assert!(counted("text = { one = 'one' }").unwrap_err().message().contains("needs the form `other`"));
        assert!(counted("text = { several = 'x', other = 'y' }").is_err());
    }

    #[test]
    fn a_number_has_the_digits_of_its_language() {
        for (tag, text) in
            [("en", "1024"), ("fr", "1024"), ("uk", "1024"), ("ar", "1024"), ("ar-EG", "١٠٢٤"), ("fa", "۱۰۲۴")]
        {
            assert_eq!(number(1024, &tag.parse().unwrap()), text);
        }
    }
}

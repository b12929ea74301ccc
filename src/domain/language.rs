//! A language by its BCP 47 tag: `en`, `fr-CA`, `ar`.

use std::fmt;
use std::str::FromStr;

use icu_locale::subtags::language;
use icu_locale::{LanguageIdentifier, LocaleDirectionality, LocaleExpander};

/// A canonical language tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(String);

/// The text is not a BCP 47 language tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language tag such as `en`, `fr` or `fr-CA`")]
pub struct LanguageError(String);

/// Which way a language is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Direction {
    /// The value of an HTML `dir` attribute.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

impl Language {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which way it is written, by its script.
    #[must_use]
    pub fn direction(&self) -> Direction {
        if LocaleDirectionality::new_common().is_right_to_left(&self.identifier()) {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        }
    }

    /// The one of `offered` that serves a reader of this language: the same tag, then the same
    /// language in the same script (`fr-CA` takes `fr`, and `fr` takes `fr-CA`), first come first
    /// served; none where nothing fits (RFC 4647 section 3.4, with likely subtags for the script).
    #[must_use]
    pub fn best_of<'a>(&self, offered: &'a [Language]) -> Option<&'a Language> {
        if let Some(same) = offered.iter().find(|candidate| *candidate == self) {
            return Some(same);
        }
        let wanted = self.maximized();
        offered.iter().find(|candidate| {
            let candidate = candidate.maximized();
            candidate.language == wanted.language && candidate.script == wanted.script
        })
    }

    fn identifier(&self) -> LanguageIdentifier {
        self.0.parse().unwrap_or(LanguageIdentifier::UNKNOWN)
    }

    fn maximized(&self) -> LanguageIdentifier {
        let mut identifier = self.identifier();
        LocaleExpander::new_extended().maximize(&mut identifier);
        // Two codes for one language (CLDR's languageMatching has them at distance 1).
        if identifier.language == language!("nb") {
            identifier.language = language!("no");
        }
        identifier
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(tag: &str) -> Result<Self, LanguageError> {
        let identifier: LanguageIdentifier =
            tag.trim().replace('_', "-").parse().map_err(|_| LanguageError(tag.trim().to_owned()))?;
        if identifier.language.is_unknown() {
            return Err(LanguageError(tag.trim().to_owned()));
        }
        Ok(Self(identifier.to_string()))
    }
}

impl TryFrom<String> for Language {
    type Error = LanguageError;

    fn try_from(tag: String) -> Result<Self, LanguageError> {
        tag.parse()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Language {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    fn best<'a>(wanted: &str, offered: &'a [Language]) -> Option<&'a str> {
        language(wanted).best_of(offered).map(Language::as_str)
    }

    #[test]
    fn a_regional_reader_takes_the_plain_language_and_the_reverse() {
        let offered = [language("en"), language("fr-CA")];
        assert_eq!(best("fr", &offered), Some("fr-CA"));
        assert_eq!(best("fr-BE", &offered), Some("fr-CA"));
        assert_eq!(best("EN_us", &offered), Some("en"));
        assert_eq!(best("de", &offered), None);
    }

    #[test]
    fn another_script_is_another_language() {
        let offered = [language("zh-Hans"), language("zh-Hant")];
        assert_eq!(best("zh-TW", &offered), Some("zh-Hant"));
        assert_eq!(best("zh", &offered), Some("zh-Hans"));
    }

    #[test]
    fn portuguese_of_one_country_serves_the_other_where_it_must() {
        let both = [language("pt-BR"), language("pt-PT")];
        assert_eq!(best("pt-PT", &both), Some("pt-PT"));
        assert_eq!(best("pt-BR", &both), Some("pt-BR"));
        assert_eq!(best("pt", &both), Some("pt-BR"));
        assert_eq!(best("pt-PT", &[language("pt-BR")]), Some("pt-BR"));
        assert_eq!(best("pt-AO", &both), Some("pt-BR"), "the first that is declared");
    }

    #[test]
    fn a_script_is_found_by_region_and_never_mixed() {
        let serbian = [language("sr"), language("sr-Latn")];
        assert_eq!(best("sr-RS", &serbian), Some("sr"));
        assert_eq!(best("sr-Cyrl", &serbian), Some("sr"));
        assert_eq!(best("sr-Latn-RS", &serbian), Some("sr-Latn"));
        assert_eq!(best("sr-ME", &serbian), Some("sr-Latn"), "Montenegro writes Latin letters");
        assert_eq!(best("sr-Latn", &[language("sr")]), None);
        let chinese = [language("zh-Hant")];
        assert_eq!(best("zh-HK", &chinese), Some("zh-Hant"));
        assert_eq!(best("zh-Hant-TW", &chinese), Some("zh-Hant"));
        assert_eq!(best("zh-CN", &chinese), None);
    }

    #[test]
    fn norwegian_without_more_is_bokmal() {
        for (wanted, offered) in [("no", "nb"), ("nb", "no"), ("nb-NO", "no"), ("no-NO", "nb")] {
            assert_eq!(best(wanted, &[language(offered)]), Some(offered), "{wanted}");
        }
        assert_eq!(best("nn", &[language("nb")]), None);
    }

    #[test]
    fn arabic_runs_from_right_to_left() {
        assert_eq!(language("ar").direction(), Direction::RightToLeft);
        assert_eq!(language("fr").direction(), Direction::LeftToRight);
    }

    #[test]
    fn a_word_is_not_a_tag() {
        for text in ["", "french!", "12", "e"] {
            assert!(text.parse::<Language>().is_err(), "{text:?}");
        }
    }
}

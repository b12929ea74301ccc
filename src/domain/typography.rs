//! Which rules a language's quotes, dashes and spaces are set by.

use super::Language;

/// A set of typographic rules, as `bulletin.toml` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Typography {
    /// Everything stays as it was typed.
    #[serde(rename = "none")]
    None,
    #[serde(rename = "en")]
    English,
    /// European French.
    #[serde(rename = "fr")]
    French,
    #[serde(rename = "fr-CA")]
    CanadianFrench,
}

impl Typography {
    pub const ALL: [Self; 4] = [Self::English, Self::French, Self::CanadianFrench, Self::None];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::English => "en",
            Self::French => "fr",
            Self::CanadianFrench => "fr-CA",
        }
    }

    /// The rules of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rules| rules.as_str() == name)
    }

    /// What holds for `language` where nothing is configured: none where the program knows no rules.
    #[must_use]
    pub fn of(language: &Language) -> Self {
        let tag = language.as_str();
        match tag.split('-').next() {
            Some("en") => Self::English,
            Some("fr") if tag.split('-').any(|part| part == "CA") => Self::CanadianFrench,
            Some("fr") => Self::French,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_the_rules_of_its_region_or_none() {
        for (tag, rules) in
            [("en", "en"), ("en-CA", "en"), ("fr", "fr"), ("fr-CA", "fr-CA"), ("fr-BE", "fr"), ("ar", "none")]
        {
            assert_eq!(Typography::of(&tag.parse().unwrap()).as_str(), rules, "{tag}");
        }
    }
}

//! A value that may differ from language to language.

use std::collections::BTreeMap;

use super::Language;

/// One value for everyone, and its translations where there are any.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Localised<T> {
    original: T,
    translations: BTreeMap<Language, T>,
}

impl<T> Localised<T> {
    pub fn new(original: T, translations: BTreeMap<Language, T>) -> Self {
        Self { original, translations }
    }

    /// The value for `language`, or the one for everyone.
    #[must_use]
    pub fn get(&self, language: &Language) -> &T {
        self.translations.get(language).unwrap_or(&self.original)
    }

    /// Every value: the original first, then the translations in the order of their tags.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.original).chain(self.translations.values())
    }
}

impl<T> From<T> for Localised<T> {
    fn from(original: T) -> Self {
        Self::new(original, BTreeMap::new())
    }
}

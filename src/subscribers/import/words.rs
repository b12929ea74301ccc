//! A cell of an export in the newsletter's own words: tags of languages, ids of topics, days.

use std::collections::BTreeSet;

use super::ValueMap;
use crate::domain::Language;
use crate::domain::finding::{cure_unknown, did_you_mean};
use crate::subscribers::headers::Role;

/// Why a row is not taken: the value at fault, and the reason.
pub(super) type Fault = (String, String);

/// The words that one column of the list may hold.
pub(super) struct Words<'a> {
    pub(super) languages: &'a [Language],
    /// Each topic's id, and every name of it.
    pub(super) topics: &'a [(&'a str, Vec<&'a str>)],
    /// What a person said that words of the export mean.
    pub(super) values: Vec<&'a ValueMap>,
    /// Whether words that are no topics mean nothing, instead of being a fault.
    pub(super) loose: bool,
}

impl Words<'_> {
    /// The value as the list says it.
    ///
    /// # Errors
    /// It means nothing here.
    pub(super) fn understood(&self, role: Option<Role>, value: &str) -> Result<String, Fault> {
        match role {
            Some(Role::Language) => {
                let tags: Result<Vec<_>, Fault> = split(value).map(|word| self.language(word, value)).collect();
                Ok(tags?.join(";"))
            }
            Some(Role::Topics) => self.topics(value),
            Some(Role::ConsentDate) => Ok(day(value)),
            _ => Ok(self.translated(value).to_owned()),
        }
    }

    fn language(&self, word: &str, value: &str) -> Result<String, Fault> {
        let tag = self.translated(word);
        tag.parse::<Language>().map(|language| language.as_str().to_owned()).map_err(|_| {
            let known = self.languages.iter().map(Language::as_str);
            let cure = match did_you_mean(tag, known) {
                Some(likely) => {
                    format!("did you mean `{likely}`? Then import with --value \"language:{tag}={likely}\"")
                }
                None => format!("import with --value \"language:{tag}=...\", which says what it means"),
            };
            (value.to_owned(), format!("`{tag}` is not a language tag: {cure}"))
        })
    }

    fn topics(&self, value: &str) -> Result<String, Fault> {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for word in split(value) {
            let word = self.translated(word);
            let called = |name: &&str| folded(name) == folded(word);
            let topic = self.topics.iter().find(|(id, names)| called(id) || names.iter().any(&called));
            match topic {
                Some((id, _)) if known.contains(id) => {}
                Some((id, _)) => known.push(*id),
                None => unknown.push(word),
            }
        }
        match unknown.first() {
            Some(word) if known.is_empty() && !self.loose => {
                let cure = cure_unknown(word, self.topics.iter().map(|(id, _)| *id));
                Err((value.to_owned(), format!("`{word}` is not a topic of the newsletter: {cure}")))
            }
            _ => Ok(known.join(";")),
        }
    }

    fn translated<'b>(&'b self, word: &'b str) -> &'b str {
        self.values.iter().find(|map| folded(&map.from) == folded(word)).map_or(word, |map| map.to.as_str())
    }
}

/// Whether two cells of a column say the same.
pub(super) fn same(role: Option<Role>, one: &str, other: &str) -> bool {
    match role {
        Some(Role::Language) => split(one).map(folded).eq(split(other).map(folded)),
        Some(Role::Topics) => {
            split(one).map(folded).collect::<BTreeSet<_>>() == split(other).map(folded).collect::<BTreeSet<_>>()
        }
        _ => one.trim() == other.trim(),
    }
}

pub(super) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The day of a moment, where one is written as ISO 8601 has it; anything else stays as it is.
fn day(value: &str) -> String {
    let day = value.get(..10).filter(|day| day.parse::<jiff::civil::Date>().is_ok());
    day.unwrap_or(value).to_owned()
}

/// Several values in one cell; Mailchimp puts each into quotes of its own.
fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '|', ',']).map(|word| word.trim().trim_matches('"').trim()).filter(|word| !word.is_empty())
}

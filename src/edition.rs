//! Editions: who gets what, and why not. An issue and one reader's preferences in, an [`EditionKey`]
//! or the reason for none out; a key in, the [`Edition`] that is rendered once for all its readers out.

pub mod why;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::config::WhenEmpty;
use crate::domain::digest::Digester;
use crate::domain::{ItemId, Language, Topic};
use crate::issue::content::{Block, Inline};
use crate::issue::{Fallback, Front, Issue, Item, ItemText};

/// What of a reader decides about their edition. Who the reader is, an edition never learns.
#[derive(Clone, Copy)]
pub struct Preferences<'a> {
    /// In the reader's order; none for the newsletter's first.
    pub languages: &'a [Language],
    /// None for every topic.
    pub topics: &'a BTreeSet<Topic>,
    /// The reader's cell in a declared column, by its alias.
    pub column: &'a dyn Fn(&str) -> Option<&'a str>,
}

/// What makes one edition differ from another: its languages, in order, and its items, in the issue's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EditionKey {
    languages: Vec<Language>,
    items: Vec<ItemId>,
}

/// Why a reader gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoEdition {
    /// No item is left for their preferences.
    NothingForThem,
}

impl fmt::Display for NoEdition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingForThem => f.write_str("no item of this issue matches their topics"),
        }
    }
}

impl EditionKey {
    #[must_use]
    pub fn new(languages: Vec<Language>, items: Vec<ItemId>) -> Self {
        Self { languages, items }
    }

    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    #[must_use]
    pub fn items(&self) -> &[ItemId] {
        &self.items
    }

    /// `en`, or `en;fr` for an edition in two languages.
    #[must_use]
    pub fn language(&self) -> String {
        self.languages.iter().map(Language::as_str).collect::<Vec<_>>().join(";")
    }

    /// A name that fits into a file name and stays the same from day to day: `en-1a2b3c4d`.
    #[must_use]
    pub fn id(&self) -> String {
        let mut digester = Digester::default();
        for language in &self.languages {
            digester.add("language", language.as_str());
        }
        for item in &self.items {
            digester.add("item", item.as_str());
        }
        let digest = digester.finish().to_string();
        format!("{}-{}", self.language().replace(';', "+"), &digest[..8])
    }
}

/// The edition that a reader with `preferences` gets of `issue`.
///
/// An item is for them iff its topics are empty or meet theirs, every condition holds, and it can be
/// shown in one of their languages: in its own text, or in the original where the item, its section
/// or the issue says so.
///
/// # Errors
/// Nothing is left, and `when_empty` says to skip.
pub fn select(issue: &Issue, preferences: Preferences<'_>, when_empty: WhenEmpty) -> Result<EditionKey, NoEdition> {
    let languages = languages(issue, preferences.languages);
    let items: Vec<_> = issue
        .items()
        .filter(|item| is_wanted(item, &preferences) && is_shown(issue, item, &languages))
        .map(|item| item.id.clone())
        .collect();
    if items.is_empty() && when_empty == WhenEmpty::Skip {
        return Err(NoEdition::NothingForThem);
    }
    Ok(EditionKey { languages, items })
}

/// The reader's languages as far as the issue has them, each once; its first where it has none of them.
fn languages(issue: &Issue, wanted: &[Language]) -> Vec<Language> {
    let mut languages: Vec<Language> = Vec::new();
    for best in wanted.iter().filter_map(|wanted| wanted.best_of(&issue.languages)) {
        if !languages.contains(best) {
            languages.push(best.clone());
        }
    }
    if languages.is_empty() {
        languages.push(issue.original().clone());
    }
    languages
}

fn is_wanted(item: &Item, preferences: &Preferences<'_>) -> bool {
    let topics_meet = item.topics.is_empty()
        || preferences.topics.is_empty()
        || item.topics.iter().any(|topic| preferences.topics.contains(topic));
    topics_meet && item.conditions.iter().all(|condition| condition.holds((preferences.column)(&condition.column)))
}

fn is_shown(issue: &Issue, item: &Item, languages: &[Language]) -> bool {
    match &item.only {
        Some(only) => languages.contains(only),
        None => {
            issue.fallback_of(item) == Fallback::Original
                || languages.iter().any(|language| item.texts.contains_key(language))
        }
    }
}

/// One edition, put together for rendering: what every reader of it gets, in order.
#[derive(Debug, Clone)]
pub struct Edition<'a> {
    pub key: EditionKey,
    pub issue: &'a Issue,
    /// One a language; the first gives the mail its subject, its language and its direction.
    pub parts: Vec<Part<'a>>,
}

/// The edition in one of its languages.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    pub language: &'a Language,
    pub front: &'a Front,
    pub sections: Vec<PartSection<'a>>,
}

/// A section with at least one item.
#[derive(Debug, Clone)]
pub struct PartSection<'a> {
    pub id: &'a ItemId,
    /// None where the section is itself its one item.
    pub heading: Option<PartHeading<'a>>,
    pub items: Vec<PartItem<'a>>,
}

#[derive(Debug, Clone)]
pub struct PartHeading<'a> {
    pub title: &'a [Inline],
    pub lead: &'a [Block],
    /// The language that it is written in: the part's, or the original where that lacks it.
    pub language: &'a Language,
}

#[derive(Debug, Clone)]
pub struct PartItem<'a> {
    pub id: &'a ItemId,
    pub text: &'a ItemText,
    /// The language that it is written in; another than the part's where it fell back.
    pub language: &'a Language,
}

impl<'a> Edition<'a> {
    /// Puts the edition of `key` together. An item that exists in none of its languages stands once, in
    /// the first part, in the original. Items of the key that the issue no longer has are left out.
    #[must_use]
    pub fn assemble(issue: &'a Issue, key: &EditionKey) -> Self {
        let selected: BTreeSet<&ItemId> = key.items.iter().collect();
        let mut parts = Vec::new();
        for (number, language) in key.languages.iter().enumerate() {
            let Some((language, front)) = issue.fronts.get_key_value(language) else { continue };
            let mut sections = Vec::new();
            for section in &issue.sections {
                let items: Vec<_> = section
                    .items
                    .iter()
                    .filter(|item| selected.contains(&item.id))
                    .filter_map(|item| text_of(issue, item, language, number == 0, &key.languages))
                    .collect();
                if items.is_empty() {
                    continue;
                }
                let written = in_language(&section.headings, language, issue.original());
                let heading = written.map(|(language, heading)| PartHeading {
                    title: &heading.title,
                    lead: &heading.lead,
                    language,
                });
                sections.push(PartSection { id: &section.id, heading, items });
            }
            parts.push(Part { language, front, sections });
        }
        Self { key: key.clone(), issue, parts }
    }

    /// Items that are shown in another language than their part's, with that language.
    pub fn fallen_back(&self) -> impl Iterator<Item = (&'a ItemId, &'a Language)> {
        self.parts.iter().flat_map(|part| {
            let items = part.sections.iter().flat_map(|section| &section.items);
            items.filter(|item| item.language != part.language).map(|item| (item.id, item.language))
        })
    }
}

fn in_language<'a, T>(
    texts: &'a BTreeMap<Language, T>,
    language: &Language,
    original: &Language,
) -> Option<(&'a Language, &'a T)> {
    texts.get_key_value(language).or_else(|| texts.get_key_value(original))
}

fn text_of<'a>(
    issue: &'a Issue,
    item: &'a Item,
    language: &Language,
    first: bool,
    all: &[Language],
) -> Option<PartItem<'a>> {
    let falls_back = item.only.is_none() && issue.fallback_of(item) == Fallback::Original;
    let nowhere_else = || first && !all.iter().any(|language| item.texts.contains_key(language));
    let (language, text) = match item.texts.get_key_value(language) {
        Some(own) => own,
        None if falls_back && nowhere_else() => item.texts.get_key_value(issue.original())?,
        None => return None,
    };
    Some(PartItem { id: &item.id, text, language })
}

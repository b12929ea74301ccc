//! Why a reader gets an item, or does not: the rules of [`select`](super::select), one by one and in words.

use std::collections::BTreeSet;
use std::fmt;

use super::{Preferences, languages};
use crate::domain::{Language, Topic};
use crate::issue::attributes::Condition;
use crate::issue::{Fallback, Issue, Item, Section};

/// An item, and all that speaks for it and against it.
#[derive(Debug, Clone)]
pub struct Explained<'a> {
    pub section: &'a Section,
    pub item: &'a Item,
    /// The item is in unless one of them keeps it out.
    pub reasons: Vec<Reason>,
}

/// What one rule says about an item and a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The item has no topics.
    Everyone,
    /// The reader has listed no topics.
    EveryTopic,
    /// Theirs, among the item's.
    Topic(Topic),
    /// None of the item's is theirs.
    OtherTopics {
        of_item: BTreeSet<Topic>,
        theirs: BTreeSet<Topic>,
    },
    Holds {
        column: String,
        cell: String,
    },
    /// The cell has no value that the condition asks for; none where it is blank.
    Fails {
        condition: Condition,
        cell: Option<String>,
    },
    /// In their language.
    In(Language),
    /// In the original, since it has no translation.
    FallsBack {
        shown: Language,
        wanted: Language,
    },
    /// There is no translation, and the issue or the item says to leave it out.
    Untranslated(Language),
    /// It exists in another language only.
    Only(Language),
}

impl Reason {
    #[must_use]
    pub fn keeps_out(&self) -> bool {
        match self {
            Self::OtherTopics { .. } | Self::Fails { .. } | Self::Untranslated(_) | Self::Only(_) => true,
            Self::Everyone
            | Self::EveryTopic
            | Self::Topic(_)
            | Self::Holds { .. }
            | Self::In(_)
            | Self::FallsBack { .. } => false,
        }
    }
}

impl Explained<'_> {
    #[must_use]
    pub fn is_in(&self) -> bool {
        !self.reasons.iter().any(Reason::keeps_out)
    }

    /// The language that it is shown in.
    #[must_use]
    pub fn language(&self) -> Option<&Language> {
        self.reasons.iter().find_map(|reason| match reason {
            Reason::In(language) | Reason::FallsBack { shown: language, .. } => Some(language),
            _ => None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |topics: &BTreeSet<Topic>| topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Self::Everyone => f.write_str("it is for everyone"),
            Self::EveryTopic => f.write_str("they listed no topics, and get every one"),
            Self::Topic(topic) => write!(f, "they want {topic}"),
            Self::OtherTopics { of_item, theirs } => {
                write!(f, "it is about {}, and they want {} only", listed(of_item), listed(theirs))
            }
            Self::Holds { column, cell } => write!(f, "their {column} is {cell}"),
            Self::Fails { condition: Condition { column, values }, cell } => {
                write!(f, "it is for {column} {}, and ", values.join(" or "))?;
                match cell {
                    Some(cell) => write!(f, "theirs is {cell}"),
                    None => f.write_str("theirs is blank"),
                }
            }
            Self::In(language) => write!(f, "it is in {language}"),
            Self::FallsBack { shown, wanted } => {
                write!(f, "it has no translation into {wanted}, and is shown in {shown} with a note")
            }
            Self::Untranslated(wanted) => write!(f, "it has no translation into {wanted}, and is left out then"),
            Self::Only(language) => write!(f, "it exists in {language} only"),
        }
    }
}

/// Each item of `issue` in order, and why a reader with `preferences` gets it or not.
#[must_use]
pub fn explain<'a>(issue: &'a Issue, preferences: Preferences<'_>) -> Vec<Explained<'a>> {
    let languages = languages(issue, preferences.languages);
    let items = issue.sections.iter().flat_map(|section| section.items.iter().map(move |item| (section, item)));
    let explained = items.map(|(section, item)| {
        let mut reasons = vec![of_topics(item, preferences.topics)];
        reasons.extend(item.conditions.iter().map(|condition| of_condition(condition, &preferences)));
        reasons.push(of_language(issue, item, &languages));
        Explained { section, item, reasons }
    });
    explained.collect()
}

fn of_topics(item: &Item, theirs: &BTreeSet<Topic>) -> Reason {
    if item.topics.is_empty() {
        return Reason::Everyone;
    }
    if theirs.is_empty() {
        return Reason::EveryTopic;
    }
    match item.topics.iter().find(|topic| theirs.contains(topic)) {
        Some(topic) => Reason::Topic(topic.clone()),
        None => Reason::OtherTopics { of_item: item.topics.clone(), theirs: theirs.clone() },
    }
}

fn of_condition(condition: &Condition, preferences: &Preferences<'_>) -> Reason {
    let cell = (preferences.column)(&condition.column);
    match cell {
        Some(cell) if condition.holds(Some(cell)) => {
            Reason::Holds { column: condition.column.clone(), cell: cell.trim().to_owned() }
        }
        _ => Reason::Fails { condition: condition.clone(), cell: cell.map(|cell| cell.trim().to_owned()) },
    }
}

fn of_language(issue: &Issue, item: &Item, languages: &[Language]) -> Reason {
    let own = languages.iter().find(|language| item.texts.contains_key(language));
    match (&item.only, own) {
        (Some(only), _) if !languages.contains(only) => Reason::Only(only.clone()),
        (_, Some(own)) => Reason::In(own.clone()),
        (_, None) if issue.fallback_of(item) == Fallback::Original => {
            Reason::FallsBack { shown: issue.original().clone(), wanted: languages[0].clone() }
        }
        (_, None) => Reason::Untranslated(languages[0].clone()),
    }
}

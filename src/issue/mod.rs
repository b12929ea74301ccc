//! An issue: a folder with `issue.toml` and one Markdown file a language in, an [`Issue`] out.

pub mod attributes;
pub mod content;
mod event;
mod front_matter;
mod html;
#[cfg(test)]
mod html_tests;
mod load;
mod markdown;
mod merge_fields;
mod notes;
mod outline;
mod pair;
pub mod typography;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::civil;

use crate::domain::field::{Fields, Merge};
use crate::domain::{Digest, Finding, IssueId, ItemId, Language, Topic};
use attributes::Condition;
use content::{Block, Inline};

pub use front_matter::FrontMatter;
pub use load::{Vocabulary, load, names};
pub use markdown::events as markdown_events;

/// One issue in all its languages.
#[derive(Debug, Clone)]
pub struct Issue {
    pub id: IssueId,
    pub number: Option<u32>,
    pub date: civil::Date,
    pub fallback: Fallback,
    /// The languages that it is written in, in the newsletter's order; the first rules.
    pub languages: Vec<Language>,
    pub fronts: BTreeMap<Language, Front>,
    pub sections: Vec<Section>,
    /// By their source in the text, `images/cover.png`.
    pub images: BTreeMap<String, Image>,
    pub fields: Fields,
    /// File name and text of everything that was read, in order: what a digest is made over.
    pub sources: Vec<(String, Vec<u8>)>,
    /// Doubts that stop nothing.
    pub findings: Vec<Finding>,
}

/// What happens to an item without translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// It is shown in the newsletter's first language, marked as such.
    #[default]
    Original,
    /// It is left out.
    Omit,
}

/// What stands before the first section, for everyone.
#[derive(Debug, Clone)]
pub struct Front {
    pub subject: Merge,
    /// The line that mail programs show beside the subject.
    pub preheader: String,
    pub introduction: Vec<Block>,
}

/// A `#` section with its `##` items; or a `#` that is itself an item.
#[derive(Debug, Clone)]
pub struct Section {
    pub id: ItemId,
    /// By language; empty for a section that is itself its one item.
    pub headings: BTreeMap<Language, Heading>,
    pub items: Vec<Item>,
}

/// A section's title, and its text before the first item.
#[derive(Debug, Clone)]
pub struct Heading {
    pub title: Vec<Inline>,
    pub lead: Vec<Block>,
}

/// What a reader gets or doesn't get as a whole.
#[derive(Debug, Clone)]
pub struct Item {
    pub id: ItemId,
    /// None: for everyone.
    pub topics: BTreeSet<Topic>,
    /// All must hold, the section's among them.
    pub conditions: Vec<Condition>,
    /// Exists in this language only and never falls back.
    pub only: Option<Language>,
    /// What happens where there is no translation; `None` leaves it to the issue.
    pub fallback: Option<Fallback>,
    pub texts: BTreeMap<Language, ItemText>,
}

/// An item in one language.
#[derive(Debug, Clone)]
pub struct ItemText {
    pub title: Vec<Inline>,
    pub body: Vec<Block>,
}

/// An image file that the issue uses.
#[derive(Clone)]
pub struct Image {
    /// `image/png` and the like.
    pub content_type: &'static str,
    /// In pixels.
    pub width: usize,
    pub height: usize,
    pub bytes: Vec<u8>,
    /// Of the bytes.
    pub digest: Digest,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} {}x{})", self.content_type, self.width, self.height)
    }
}

/// The issue can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error("there is no issue {id} in issues/")]
    NotFound { id: IssueId, known: Vec<String> },
    #[error("{} can't be read: {}", .0.display(), .1)]
    Read(PathBuf, #[source] std::io::Error),
    #[error("the issue has {} that must be mended first", if .0.len() == 1 { "a fault".to_owned() } else { format!("{} faults", .0.len()) })]
    Invalid(Vec<Finding>),
}

/// The front matter of a source, where it has one that can be read, and the byte at which the text behind it begins.
#[must_use]
pub fn front_matter(source: &str) -> (Option<FrontMatter>, usize) {
    front_matter::split(source).map_or((None, 0), |(front, start)| (Some(front), start))
}

impl Issue {
    /// All items in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.sections.iter().flat_map(|section| &section.items)
    }

    /// What happens to `item` for readers of a language that it lacks.
    #[must_use]
    pub fn fallback_of(&self, item: &Item) -> Fallback {
        item.fallback.unwrap_or(self.fallback)
    }

    /// The language that rules: the newsletter's first, in which the issue always exists.
    #[must_use]
    pub fn original(&self) -> &Language {
        &self.languages[0]
    }
}

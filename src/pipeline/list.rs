//! Where a newsletter's list is, and the words that it may use.

use std::path::{Path, PathBuf};

use crate::config::{Config, Subscribers};
use crate::domain::Topic;
use crate::subscribers::{ColumnNames, Vocabulary};

/// The list's path, and what findings call it: `list`, or `subscribers/subscribers.csv` of the folder.
#[must_use]
pub fn list_of(folder: &Path, list: Option<&Path>) -> (PathBuf, PathBuf) {
    let default = Path::new("subscribers").join("subscribers.csv");
    match list {
        Some(list) => (list.to_owned(), list.to_owned()),
        None => (folder.join(&default), default),
    }
}

/// The words of a configuration, as a list is read with them.
#[derive(Debug)]
pub struct Words<'a> {
    config: &'a Config,
    topics: Vec<&'a str>,
    columns: Vec<(&'a str, &'a str)>,
}

impl<'a> Words<'a> {
    #[must_use]
    pub fn of(config: &'a Config) -> Self {
        Self {
            config,
            topics: config.topics.keys().map(Topic::as_str).collect(),
            columns: config.columns.iter().map(|(alias, header)| (alias.as_str(), header.as_str())).collect(),
        }
    }

    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary<'_> {
        let Subscribers { email, name, language, topics, consent, consent_source, consent_date } =
            &self.config.subscribers;
        let named = ColumnNames {
            email: email.as_deref(),
            name: name.as_deref(),
            language: language.as_deref(),
            topics: topics.as_deref(),
            consent: consent.as_deref(),
            consent_source: consent_source.as_deref(),
            consent_date: consent_date.as_deref(),
        };
        Vocabulary { languages: &self.config.languages, topics: &self.topics, columns: &self.columns, named }
    }
}

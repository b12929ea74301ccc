//! What the program itself says in a mail, by language: `strings/<lang>.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{Finding, Language};

/// The texts of one language. A text may hold names in braces, which [`fill`] replaces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strings {
    /// With `{number}` and `{date}`.
    pub issue_line: String,
    pub in_this_issue: String,
    pub event_label: String,
    /// With `{city}`.
    pub local_time: String,
    /// With `{date}`.
    pub all_day: String,
    pub more_about_event: String,
    /// With `{language}`, as `languages` names it.
    pub fallback_note: String,
    /// Said in a mail in two languages, of this one.
    pub other_language: String,
    pub back_to_top: String,
    /// With `{sender}`.
    pub sent_by: String,
    /// With `{address}` and `{newsletter}`.
    pub why: String,
    pub leave: String,
    pub leave_text: String,
    pub contact: String,
    pub phone: String,
    pub archive: String,
    pub help: String,
    pub privacy: String,
    /// The names of languages, by tag.
    pub languages: BTreeMap<String, String>,
}

impl Strings {
    /// Reads one file's text; `file` is what findings call it.
    ///
    /// # Errors
    /// A text is missing, misspelt or not TOML.
    pub fn parse(text: &str, file: &str) -> Result<Self, Finding> {
        toml::from_str(text).map_err(|error| {
            let finding = Finding::error("strings", error.message().lines().next().unwrap_or_default());
            let finding = match error.span() {
                Some(span) => finding.at_offset(text, span.start),
                None => finding,
            };
            finding
                .in_file(file)
                .with_help("templates/strings/en.toml of the program has all texts; copy and translate it")
        })
    }

    /// How this language calls `other` within a sentence; its tag where there is no name.
    #[must_use]
    pub fn name_of<'a>(&'a self, other: &'a Language) -> &'a str {
        let primary = other.as_str().split('-').next().unwrap_or_default();
        let name = self.languages.get(other.as_str()).or_else(|| self.languages.get(primary));
        name.map_or(other.as_str(), String::as_str)
    }
}

/// `text` with each `{name}` replaced by its value.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

//! What the program itself says in a mail, by language: `strings/<lang>.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::numbers::Counted;
use crate::domain::{Finding, Language};

/// The texts of one language. A text may hold names in braces, which [`fill`] replaces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strings {
    /// With `{number}` and `{date}`.
    pub issue_line: String,
    pub in_this_issue: String,
    /// With `{count}`.
    pub items_count: Counted,
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
    /// Said at the top of the plain text of such a mail, of the language that comes second.
    pub further_down: String,
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
    /// What stands between a word and what it announces, with its space before it.
    pub colon: String,
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
            let message = error.message().lines().next().unwrap_or_default();
            let finding = Finding::error(
                "strings",
                match message.strip_prefix("missing field ") {
                    Some(key) => format!("the text {key} is missing"),
                    None => message.to_owned(),
                },
            );
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

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = include_str!("../../templates/strings/en.toml");

    #[test]
    fn what_a_file_lacks_is_told_with_the_file_and_the_cure() {
        let without = ENGLISH.replace("help = \"Help\"\n", "");
        let finding = Strings::parse(&without, "templates/strings/en.toml").unwrap_err();
        assert_eq!(finding.message, "the text `help` is missing");
        assert_eq!(finding.file.unwrap().to_str(), Some("templates/strings/en.toml"));
        assert!(finding.help.is_some());
        let without = ENGLISH.replace(", other = \"{count} items\"", "");
        let finding = Strings::parse(&without, "en.toml").unwrap_err();
        assert_eq!(finding.message, "a text by number needs the form `other`");
        let line = 1 + ENGLISH.lines().position(|line| line.starts_with("items_count")).unwrap();
        assert_eq!(finding.line, Some(line));
    }
}

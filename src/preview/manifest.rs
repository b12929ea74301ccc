//! `manifest.json`: the preview for programs to read. Its form is fixed; scripts lean on it.

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    pub issue: String,
    /// What `send --approve` takes.
    pub digest: String,
    /// People who get an edition.
    pub recipients: usize,
    pub editions: Vec<EditionEntry>,
    pub skipped: Vec<SkippedEntry>,
}

/// One edition; paths are relative to the preview's folder.
#[derive(Debug, Clone, Serialize)]
pub struct EditionEntry {
    pub id: String,
    /// `en`, or `en;fr` for an edition in two languages.
    pub language: String,
    pub items: Vec<String>,
    pub recipients: usize,
    pub subject: String,
    pub html: String,
    pub text: String,
    pub eml: String,
    /// Of the `.eml`.
    pub bytes: usize,
    /// Of the HTML part, decoded.
    pub html_bytes: usize,
    pub digest: String,
}

/// Someone who gets nothing.
#[derive(Debug, Clone, Serialize)]
pub struct SkippedEntry {
    /// Masked unless addresses were asked for.
    pub email: String,
    pub reason: String,
}

impl Manifest {
    /// As it stands in the file.
    ///
    /// # Panics
    /// Never: strings and numbers can always be written.
    #[must_use]
    pub fn json(&self) -> String {
        let json = serde_json::to_string_pretty(self).unwrap_or_else(|error| unreachable!("{error}"));
        json + "\n"
    }
}

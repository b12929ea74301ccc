//! A finding: something that a person should know about a file of theirs, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// How much a [`Finding`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    /// The thing that it speaks of is left out, or nothing can go on.
    Error,
}

/// One doubt or fault, with its place and its cure.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// A stable name in kebab case, such as `unknown-topic`.
    pub code: &'static str,
    /// One sentence without a full stop.
    pub message: String,
    pub file: Option<PathBuf>,
    /// From 1.
    pub line: Option<usize>,
    /// In characters, from 1.
    pub column: Option<usize>,
    /// For the row of a list: the header of the cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For the row of a list: what stands in the cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// For what shows in editions alone: the ids of those that have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            file: None,
            line: None,
            column: None,
            field: None,
            value: None,
            editions: Vec::new(),
            help: None,
        }
    }

    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// The same as something good to know.
    #[must_use]
    pub fn as_info(mut self) -> Self {
        self.severity = Severity::Info;
        self
    }

    /// The same as something that must not go on.
    #[must_use]
    pub fn as_error(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    #[must_use]
    pub fn in_file(mut self, file: impl AsRef<Path>) -> Self {
        self.file = Some(file.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Points at a byte of `source`: line and column are counted from it.
    #[must_use]
    pub fn at_offset(mut self, source: &str, offset: usize) -> Self {
        let offset = source.floor_char_boundary(offset);
        let before = &source[..offset];
        self.line = Some(before.matches('\n').count() + 1);
        self.column = Some(before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
        self
    }

    #[must_use]
    pub fn in_cell(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self.value = Some(value.into());
        self
    }

    /// Adds it to `findings`; where an equal one stands there already, that one gets `edition` besides.
    pub fn add_to(self, findings: &mut Vec<Self>, edition: &str) {
        let at = |finding: &Self| (finding.file.clone(), finding.line, finding.column);
        let is_equal =
            |known: &&mut Self| known.code == self.code && known.message == self.message && at(known) == at(&self);
        match findings.iter_mut().find(is_equal) {
            Some(known) => known.editions.push(edition.to_owned()),
            None => findings.push(Self { editions: vec![edition.to_owned()], ..self }),
        }
    }

    /// The editions that it shows in, as an end of its sentence; empty where it is about none.
    #[must_use]
    pub fn in_editions(&self) -> String {
        match self.editions.as_slice() {
            [] => String::new(),
            [one] => format!(" (edition {one})"),
            [first, rest @ ..] => format!(" (edition {first} and {} more)", rest.len()),
        }
    }

    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)?;
        if let (Some(field), Some(value)) = (&self.field, &self.value) {
            write!(f, " ({field}: `{value}`)")?;
        }
        f.write_str(&self.in_editions())
    }
}

/// The one of `known` that `word` was probably meant to be.
///
/// ```
/// use bulletin::domain::finding::did_you_mean;
/// assert_eq!(did_you_mean("polcy", ["policy", "media"]), Some("policy"));
/// assert_eq!(did_you_mean("weather", ["policy", "media"]), None);
/// ```
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.trim().to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// The cure for an unknown word: the likely one, and otherwise all that are known.
pub fn cure_unknown<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match did_you_mean(word, known.clone()) {
        Some(likely) => format!("did you mean `{likely}`?"),
        None => {
            let all: Vec<_> = known.into_iter().map(|word| format!("`{word}`")).collect();
            format!("known are {}.", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_editions_have_in_common_is_told_once_with_all_of_them() {
        let mut findings = Vec::new();
        for edition in ["en-1", "fr-1", "fr-2"] {
            Finding::error("no-sender", "nobody signs it").add_to(&mut findings, edition);
        }
        Finding::error("no-sender", "nobody signs that").add_to(&mut findings, "fr-2");
        let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["nobody signs it (edition en-1 and 2 more)", "nobody signs that (edition fr-2)"]);
        assert_eq!(findings[0].editions, ["en-1", "fr-1", "fr-2"]);
    }
}

//! The lines that findings speak of, for programs that don't have the files: each file is read once, however many
//! findings it has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::diagnostics::base;
use crate::domain::Finding;

/// A finding as a script gets it.
#[derive(Serialize)]
pub(super) struct Quoted<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    /// The line that it is about, as it stands in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<String>,
}

/// `findings` with their lines; files in them are looked up from `folder` on.
pub(super) fn quoted<'a>(findings: &'a [Finding], folder: &Path) -> Vec<Quoted<'a>> {
    let mut files: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let mut excerpt = |finding: &Finding| {
        let (file, line) = (finding.file.as_ref()?, finding.line?);
        let lines = files.entry(base(finding, folder).join(file)).or_insert_with_key(|path| {
            // What can't be read as text, as a spreadsheet's own file, has no lines.
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        });
        lines.get(line.checked_sub(1)?).cloned()
    };
    findings.iter().map(|finding| Quoted { finding, excerpt: excerpt(finding) }).collect()
}

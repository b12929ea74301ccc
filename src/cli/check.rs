//! `bulletin check [ISSUE]`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::diagnostics::{counted, tell_in_full};
use super::inspection::{inspect, record_path};
use super::{Ended, data, folder};
use crate::check::{RULES, Record};
use crate::config::ConfigError;
use crate::domain::{Finding, IssueId, Severity};
use crate::issue::{self, Issue, IssueError};
use crate::pipeline::{self, Newsletter, PipelineError, refused};
use crate::render::RenderError;
use crate::subscribers::ListError;

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The issue, by the name of its folder under issues/ [default: the last one]
    issue: Option<IssueId>,
    /// Another list than subscribers/subscribers.csv
    #[arg(long, value_name = "FILE")]
    subscribers: Option<PathBuf>,
    /// Note that all translations are up to date, after you looked them over
    #[arg(long)]
    accept_translations: bool,
    /// Tell all rules, and check nothing
    #[arg(long)]
    rules: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        if self.rules {
            self.tell_rules();
            return Ok(Ended::Well);
        }
        let folder = folder(dir)?;
        let findings = match self.findings(&folder) {
            Ok(findings) => findings,
            Err(error) => faults(error)?,
        };
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        if self.json {
            data(&format!("{:#}\n", json!({ "findings": findings })));
        } else {
            tell_in_full(&findings, &folder);
            eprintln!("{}, {}.", counted(errors, "error"), counted(warnings, "warning"));
        }
        Ok(if errors == 0 { Ended::Well } else { Ended::WithRest })
    }

    fn findings(&self, folder: &Path) -> Result<Vec<Finding>, PipelineError> {
        let newsletter = Newsletter::open(folder)?;
        let issue = newsletter.issue(&self.issue(folder)?)?;
        if self.accept_translations {
            accept(folder, &issue)?;
        }
        let mut doubts = Vec::new();
        let list = self.subscribers.as_deref();
        let assembly = pipeline::assemble(&newsletter, &issue, list, |finding| doubts.push(finding))?;
        let editions = pipeline::render(&newsletter, &issue, &assembly.editions)?;
        inspect(&newsletter, &issue, &assembly, &editions, doubts)
    }

    fn issue(&self, folder: &Path) -> Result<IssueId, PipelineError> {
        if let Some(issue) = &self.issue {
            return Ok(issue.clone());
        }
        let last = issue::names(&folder.join("issues")).into_iter().find_map(|name| name.parse().ok());
        last.ok_or_else(|| refused("there is no issue to check", "begin one: bulletin new 2026-01"))
    }

    fn tell_rules(&self) {
        if self.json {
            let rules =
                RULES.iter().map(|rule| json!({ "code": rule.code, "severity": rule.severity, "about": rule.about }));
            data(&format!("{:#}\n", json!({ "rules": rules.collect::<Vec<_>>() })));
            return;
        }
        for rule in RULES {
            let severity = match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            data(&format!("{:<18} {severity:<8} {}\n", rule.code, rule.about));
        }
    }
}

/// Faults that keep an issue from being made are what a check is for; anything else is an error.
fn faults(error: PipelineError) -> Result<Vec<Finding>, PipelineError> {
    match error {
        PipelineError::Config(ConfigError::Invalid(findings))
        | PipelineError::Issue(IssueError::Invalid(findings))
        | PipelineError::Render(RenderError::Faults(findings)) => Ok(findings),
        PipelineError::List(ListError::Invalid(finding)) | PipelineError::Render(RenderError::Invalid(finding)) => {
            Ok(vec![*finding])
        }
        error => Err(error),
    }
}

fn accept(folder: &Path, issue: &Issue) -> Result<(), PipelineError> {
    let (path, shown) = record_path(folder, issue);
    std::fs::write(&path, Record::of(issue).text()).map_err(|error| {
        refused(format!("{} can't be written: {error}", shown.display()), "check the folder's permissions")
    })?;
    eprintln!("Noted in {}: all translations are up to date.", shown.display());
    Ok(())
}

//! `bulletin check [ISSUE]`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::diagnostics::{counted, tell_in_full};
use super::excerpts::quoted;
use super::inspection::{inspect, record_path, spam};
use super::online::{self, Known};
use super::{Ended, data, folder};
use crate::check::online::ONLINE_RULES;
use crate::check::{Record, every_rule, spam_filters};
use crate::config::ConfigError;
use crate::domain::clock::Clock;
use crate::domain::{Finding, IssueId, Severity};
use crate::issue::{self, Issue, IssueError};
use crate::pipeline::{self, Newsletter, PipelineError, refused};
use crate::render::RenderError;
use crate::subscribers::ListError;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Check {
    /// The issue, by the name of its folder under issues/ [default: the last one]
    issue: Option<IssueId>,
    /// Another list than subscribers/subscribers.csv
    #[arg(long, value_name = "FILE")]
    subscribers: Option<PathBuf>,
    /// Note that all translations are up to date, after you looked them over
    #[arg(long)]
    accept_translations: bool,
    /// Ask a spam filter of this machine, Rspamd or SpamAssassin, about one mail of each language
    #[arg(long)]
    spam: bool,
    /// Tell all rules, and check nothing
    #[arg(long)]
    rules: bool,
    /// Ask over the network too: links, the domain's records, the relay
    #[arg(long)]
    online: bool,
    /// Ask for links again that were well within the last day
    #[arg(long, requires = "online")]
    fresh: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        if self.rules {
            self.tell_rules();
            return Ok(Ended::Well);
        }
        let folder = folder(dir)?;
        let findings = match self.findings(&folder, clock) {
            Ok(findings) => findings,
            Err(error) => faults(error)?,
        };
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        if self.json {
            data(&format!("{:#}\n", json!({ "findings": quoted(&findings, &folder) })));
        } else {
            tell_in_full(&findings, &folder);
            eprintln!("{}, {}.", counted(errors, "error"), counted(warnings, "warning"));
        }
        Ok(if errors == 0 { Ended::Well } else { Ended::WithRest })
    }

    fn findings(&self, folder: &Path, clock: &Clock) -> Result<Vec<Finding>, PipelineError> {
        let newsletter = Newsletter::open(folder)?;
        let issue = newsletter.issue(&self.issue(folder)?)?;
        if self.accept_translations {
            accept(folder, &issue)?;
        }
        let mut doubts = Vec::new();
        let list = self.subscribers.as_deref();
        let assembly = pipeline::assemble(&newsletter, &issue, list, |finding| doubts.push(finding))?;
        let editions = pipeline::render(&newsletter, &issue, &assembly.editions)?;
        if self.online {
            let known = if self.fresh { Known::AskedAgain } else { Known::Kept };
            doubts.extend(online::ask(&newsletter, &issue, &editions, assembly.recipients(), known, clock.now())?);
        }
        let filters = spam_filters(&std::env::var_os("PATH").unwrap_or_default());
        if self.spam {
            doubts.extend(spam(&newsletter, &issue, &editions, &filters));
        } else if let Some(filter) = filters.first().filter(|_| !self.json) {
            eprintln!("{} is at hand: --spam asks it about these mails.", filter.name);
        }
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
            let rules = every_rule().map(|rule| {
                let is_online = ONLINE_RULES.contains(rule);
                json!({ "code": rule.code, "severity": rule.severity, "about": rule.about, "online": is_online })
            });
            data(&format!("{:#}\n", json!({ "rules": rules.collect::<Vec<_>>() })));
            return;
        }
        for rule in every_rule() {
            let severity = match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            let needs = if ONLINE_RULES.contains(rule) { " (--online)" } else { "" };
            data(&format!("{:<18} {severity:<8} {}{needs}\n", rule.code, rule.about));
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

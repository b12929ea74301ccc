//! `bulletin subscribers check [FILE]`.

use std::path::{Path, PathBuf};

use crate::cli::diagnostics::{counted, tell_findings};
use crate::cli::new::today;
use crate::cli::{Ended, data, folder};
use crate::config::{Config, token_key};
use crate::domain::clock::Clock;
use crate::domain::{EmailAddress, Finding, Severity};
use crate::pipeline::{PipelineError, Words, list_of};
use crate::readers::Register;
use crate::subscribers::{Checked, Context, Table, check};

/// How many findings of a kind are shown, unless all are asked for.
const OF_A_KIND: usize = 20;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Check {
    /// The list [default: subscribers/subscribers.csv]
    file: Option<PathBuf>,
    /// Show every finding, not only the first twenty of each kind
    #[arg(long)]
    all: bool,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        let folder = folder(dir)?;
        let config = Config::load(&folder)?;
        let (path, shown) = list_of(&folder, self.file.as_deref());
        let book = Register::read(&folder.join("state").join("bulletin.db"), token_key(&folder)?)?;
        let suppressed = |email: &EmailAddress| book.suppression(email).map(ToString::to_string);
        let context = Context { today: today(clock), suppressed: Some(&suppressed) };
        let checked = check(Table::open(&path, &shown)?, Words::of(&config).vocabulary(), &context)?;
        if self.json {
            let json = serde_json::to_string(&Told::of(&checked)).unwrap_or_else(|error| unreachable!("{error}"));
            data(&format!("{json}\n"));
        } else {
            tell_findings(&checked.findings, (!self.all).then_some(OF_A_KIND));
            data(&summary(&checked));
        }
        let has_error = checked.findings.iter().any(|finding| finding.severity == Severity::Error);
        Ok(if has_error { Ended::WithRest } else { Ended::Well })
    }
}

fn summary(checked: &Checked) -> String {
    let of = |severity| checked.findings.iter().filter(|finding| finding.severity == severity).count();
    format!(
        "{}: {} can be sent to, {}; {}, {}, {}\n",
        counted(checked.rows, "row"),
        if checked.usable == 1 { "1 person".to_owned() } else { format!("{} people", checked.usable) },
        counted(checked.duplicates, "duplicate"),
        counted(of(Severity::Error), "error"),
        counted(of(Severity::Warning), "warning"),
        counted(of(Severity::Info), "note"),
    )
}

/// What scripts get: all keys are always there.
#[derive(serde::Serialize)]
struct Told<'a> {
    rows: usize,
    usable: usize,
    duplicates: usize,
    findings: Vec<ToldFinding<'a>>,
}

/// A finding of a list: its column is that of the table, by its header.
#[derive(serde::Serialize)]
struct ToldFinding<'a> {
    severity: Severity,
    code: &'static str,
    message: &'a str,
    file: Option<&'a Path>,
    line: Option<usize>,
    column: Option<&'a str>,
    value: Option<&'a str>,
    help: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(checked: &'a Checked) -> Self {
        let findings = checked.findings.iter().map(|finding: &Finding| ToldFinding {
            severity: finding.severity,
            code: finding.code,
            message: &finding.message,
            file: finding.file.as_deref(),
            line: finding.line,
            column: finding.field.as_deref(),
            value: finding.value.as_deref(),
            help: finding.help.as_deref(),
        });
        Self {
            rows: checked.rows,
            usable: checked.usable,
            duplicates: checked.duplicates,
            findings: findings.collect(),
        }
    }
}

//! Errors and findings as a person reads them: what is wrong, where, with the line itself, and the cure.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, NamedSource, Report, SourceCode, SourceSpan};

use crate::config::{ConfigError, SecretError};
use crate::deliver::DeliverError;
use crate::domain::{Finding, Severity};
use crate::issue::IssueError;
use crate::ledger::LockError;
use crate::pipeline::PipelineError;
use crate::render::RenderError;
use crate::subscribers::ListError;

/// How many rows of a list, or findings of a kind, are named before the rest is counted.
const ROWS: usize = 10;

/// One thing said, with its place and its cure.
#[derive(Debug)]
struct Said {
    severity: Severity,
    message: String,
    help: Option<String>,
    source: Option<NamedSource<String>>,
    span: Option<SourceSpan>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Said {}

impl Diagnostic for Said {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".to_owned()), span))))
    }
}

/// Leaves lines whole, so that a command in a cure can be copied; the terminal wraps them by itself.
pub(super) fn set_up() {
    let handler = |_: &_| Box::new(miette::MietteHandlerOpts::new().wrap_lines(false).build()) as _;
    // It fails only where it was done before.
    drop(miette::set_hook(Box::new(handler)));
}

fn say(said: Said) {
    eprintln!("{:?}", Report::new(said));
}

/// Tells why a command could not do its work. Files in findings are looked up from `folder` on.
pub(super) fn explain(error: &PipelineError, folder: &Path) {
    match error {
        PipelineError::Config(ConfigError::Invalid(findings))
        | PipelineError::Issue(IssueError::Invalid(findings))
        | PipelineError::Render(RenderError::Faults(findings)) => {
            for finding in findings {
                say(of_finding(finding, folder));
            }
            eprintln!("{error}");
        }
        PipelineError::List(ListError::Invalid(finding)) | PipelineError::Render(RenderError::Invalid(finding)) => {
            say(of_finding(finding, folder));
        }
        error => say(Said {
            severity: Severity::Error,
            message: capitalised(&error.to_string()),
            help: cure(error),
            source: None,
            span: None,
        }),
    }
}

/// Tells each of `findings` with its line and its cure, those that stop a send last, next to the prompt. Of one kind
/// no more than [`ROWS`]: a list that was saved wrong has as many faults as rows.
pub(super) fn tell_in_full(findings: &[Finding], folder: &Path) {
    for severity in [Severity::Info, Severity::Warning, Severity::Error] {
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.severity == severity) {
            let count = told.entry(finding.code).or_default();
            *count += 1;
            if *count <= ROWS {
                say(of_finding(finding, folder));
            }
        }
        for (code, count) in told.into_iter().filter(|(_, count)| *count > ROWS) {
            eprintln!("and {} more of the kind {code} (`bulletin check --json` has them all)\n", count - ROWS);
        }
    }
}

/// What to do about an error that names no place in a file.
pub(super) fn cure(error: &PipelineError) -> Option<String> {
    let help = match error {
        PipelineError::Config(ConfigError::NotHere(_)) => {
            "--dir names a newsletter's folder; `bulletin init DIR` makes one".to_owned()
        }
        PipelineError::Config(ConfigError::NotFound(_)) => {
            "go into the newsletter's folder, name it with --dir, or make one with `bulletin init DIR`".to_owned()
        }
        PipelineError::Refused { help, .. } | PipelineError::Deliver(DeliverError::Relay { help, .. }) => help.clone(),
        PipelineError::Issue(IssueError::NotFound { id, known, .. }) => match known.as_slice() {
            [] => format!("begin it with `bulletin new {id}`"),
            known => format!("there are {}; begin it with `bulletin new {id}`", known.join(", ")),
        },
        PipelineError::Secret(SecretError::NoEnv(name)) => {
            format!("set it for this run: read -rs {name}; export {name}")
        }
        PipelineError::Secret(SecretError::NoFile(..) | SecretError::Command(_) | SecretError::Empty(_)) => {
            "see [smtp] in bulletin.toml: password_env, password_file or password_command".to_owned()
        }
        PipelineError::List(ListError::Read(..)) => "check its name and its permissions".to_owned(),
        PipelineError::State(error) | PipelineError::Deliver(DeliverError::Ledger(error)) => error.help().to_owned(),
        PipelineError::Lock(LockError::File(..)) => "check the folder's permissions".to_owned(),
        PipelineError::Render(RenderError::Mjml(_)) => {
            "compare your templates with the built-in ones; an ```mjml block in the issue must be whole elements"
                .to_owned()
        }
        _ => return None,
    };
    Some(help)
}

/// The same as findings, for where they are not told on stderr.
pub(super) fn findings(error: &PipelineError) -> Vec<Finding> {
    match error {
        PipelineError::Config(ConfigError::Invalid(findings))
        | PipelineError::Issue(IssueError::Invalid(findings))
        | PipelineError::Render(RenderError::Faults(findings)) => findings.clone(),
        PipelineError::List(ListError::Invalid(finding)) | PipelineError::Render(RenderError::Invalid(finding)) => {
            vec![Finding::clone(finding)]
        }
        error => {
            let finding = Finding::error("failed", capitalised(&error.to_string()));
            vec![Finding { help: cure(error), ..finding }]
        }
    }
}

/// Doubts about a list as they are told in short, since there may be many: the first of them, and counts.
#[derive(Debug, Default)]
pub(super) struct ListDoubts {
    bad: Shortened,
    /// Rows that have an error, and the line of the last one; a row's errors come one after the other.
    bad_rows: usize,
    last_bad: Option<usize>,
    odd: Shortened,
    /// Not a fault of anybody's, but worth knowing: who asks for a language that there is none of.
    lacking: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
struct Shortened {
    first: Vec<Finding>,
    count: usize,
}

impl ListDoubts {
    pub(super) fn add(&mut self, finding: Finding) {
        match finding.severity {
            Severity::Error => {
                if self.bad_rows == 0 || self.last_bad != finding.line {
                    self.bad_rows += 1;
                    self.last_bad = finding.line;
                }
                self.bad.add(finding);
            }
            Severity::Warning => self.odd.add(finding),
            Severity::Info => match self.lacking.get_mut(&finding.message) {
                Some(rows) => *rows += 1,
                None => drop(self.lacking.insert(finding.message, 1)),
            },
        }
    }

    pub(super) fn tell(&self) {
        if self.bad_rows > 0 {
            let rows = counted(self.bad_rows, "row");
            eprintln!("warning: left out of the list, since they can't be read right: {rows}");
            self.bad.tell("  ");
        }
        self.odd.tell("warning: ");
        for (message, rows) in &self.lacking {
            eprintln!("note: {message} ({})", counted(*rows, "row"));
        }
    }
}

impl Shortened {
    fn add(&mut self, finding: Finding) {
        self.count += 1;
        if self.first.len() < ROWS {
            self.first.push(finding);
        }
    }

    fn tell(&self, before: &str) {
        for finding in &self.first {
            tell(before, finding);
        }
        if self.count > ROWS {
            eprintln!("{before}and {} more like these", self.count - ROWS);
        }
    }
}

/// Tells the doubts about an issue, or about what else there are few of.
pub(super) fn tell_doubts<'a>(findings: impl IntoIterator<Item = &'a Finding>) {
    for finding in findings {
        tell("warning: ", finding);
    }
}

/// Tells the findings of a list that is checked, row by row; of each kind no more than `limit`.
pub(super) fn tell_findings(findings: &[Finding], limit: Option<usize>) {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        let count = told.entry(finding.code).or_default();
        *count += 1;
        if limit.is_none_or(|limit| *count <= limit) {
            let severity = match finding.severity {
                Severity::Error => "error: ",
                Severity::Warning => "warning: ",
                Severity::Info => "note: ",
            };
            tell(severity, finding);
        }
    }
    for (code, count) in told {
        if let Some(limit) = limit.filter(|limit| count > *limit) {
            eprintln!("and {} more of the kind {code} (--all shows them)", count - limit);
        }
    }
}

fn tell(before: &str, finding: &Finding) {
    eprintln!("{before}{finding}");
    if let Some(help) = &finding.help {
        eprintln!("    {help}");
    }
}

/// `1 row`, `2 rows`.
pub(super) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Tells the doubts about the templates, each once, though every edition has them.
pub(super) fn tell_template_doubts<'a>(findings: impl Iterator<Item = &'a Finding>) {
    let mut told = Vec::new();
    for finding in findings {
        if !told.contains(&finding) {
            tell("warning: ", finding);
            told.push(finding);
        }
    }
}

fn of_finding(finding: &Finding, folder: &Path) -> Said {
    let base = base(finding, folder);
    let text = finding.file.as_ref().and_then(|file| std::fs::read_to_string(base.join(file)).ok());
    let span = text.as_deref().zip(finding.line).map(|(text, line)| span(text, line, finding.column));
    let place = match (&finding.file, span) {
        (Some(file), None) => match finding.line {
            Some(line) => format!(" ({}:{line})", file.display()),
            None => format!(" ({})", file.display()),
        },
        _ => String::new(),
    };
    let editions = finding.in_editions();
    let source = text.zip(finding.file.as_ref());
    Said {
        severity: finding.severity,
        message: format!("{}{place}{editions}", capitalised(&finding.message)),
        help: finding.help.clone(),
        source: source
            .filter(|_| span.is_some())
            .map(|(text, file)| NamedSource::new(file.display().to_string(), text)),
        span,
    }
}

/// From where a finding's file is looked up: a list that was named on the command line from here, everything else
/// from the newsletter's folder.
pub(super) fn base<'a>(finding: &Finding, folder: &'a Path) -> &'a Path {
    match &finding.file {
        Some(file) if !folder.join(file).starts_with(folder.join("subscribers")) && is_list(finding) => Path::new(""),
        _ => folder,
    }
}

fn is_list(finding: &Finding) -> bool {
    matches!(finding.code, "no-email-column" | "empty-list" | "csv" | "not-csv" | "not-an-address")
}

/// From the place to the end of its line.
fn span(text: &str, line: usize, column: Option<usize>) -> SourceSpan {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let content = text[start..].lines().next().unwrap_or_default();
    let skip = content.char_indices().nth(column.unwrap_or(1) - 1).map_or(0, |(at, _)| at);
    SourceSpan::new((start + skip).into(), content.len() - skip)
}

/// With a capital, unless it begins with the name of a file or the like.
fn capitalised(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(letter) if first.chars().all(|c| c.is_alphabetic() || c == '\'' || c == ',') => {
            letter.to_uppercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

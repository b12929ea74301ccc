//! `bulletin bounces classify PATH...`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::bounces::{Classifier, Kind, Report};
use crate::cli::diagnostics::counted;
use crate::cli::{Ended, data, folder};
use crate::inbox::{self, Source};
use crate::pipeline::{self, PipelineError, refused};

#[derive(Debug, clap::Args)]
pub(super) struct Classify {
    /// Mails, folders, mboxes, Maildirs, or a provider's JSON; - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print one JSON object a line for each reported recipient
    #[arg(long)]
    json: bool,
}

/// A report with the mail that it stands in.
#[derive(Debug, Serialize)]
struct Line<'r> {
    file: &'r str,
    #[serde(flatten)]
    report: &'r Report,
}

impl Classify {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        let classifier = classifier(dir)?;
        let (mut mails, mut silent, mut unread) = (0, 0, 0);
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        for mail in self.paths.iter().flat_map(|path| inbox::open(&Source::of(path))) {
            let mail = match mail {
                Ok(mail) => mail,
                Err(error) => {
                    eprintln!("{error}");
                    unread += 1;
                    continue;
                }
            };
            let reports = classifier.classify(&mail.bytes, None);
            mails += 1;
            silent += usize::from(reports.is_empty());
            for report in &reports {
                *kinds.entry(report.kind).or_default() += 1;
                data(&if self.json { json(&mail.name, report) } else { table(&mail.name, report) });
            }
        }
        if !self.json {
            let told: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
            eprintln!("{}: {told}; {silent} without a report", counted(mails, "mail"));
        }
        if unread > 0 {
            let help = "check the name and the permissions; all others were read".to_owned();
            return Err(refused(format!("could not read {}", counted(unread, "place")), help));
        }
        Ok(Ended::Well)
    }
}

/// With the newsletter's own grammars and rules, where we stand in a newsletter that has some.
fn classifier(dir: Option<&Path>) -> Result<Classifier, PipelineError> {
    match folder(dir) {
        Ok(folder) => pipeline::classifier(&folder),
        Err(error) if dir.is_some() => Err(error),
        Err(_) => Ok(Classifier::built_in()),
    }
}

fn json(file: &str, report: &Report) -> String {
    let line = serde_json::to_string(&Line { file, report }).unwrap_or_else(|error| unreachable!("{error}"));
    format!("{line}\n")
}

fn table(file: &str, report: &Report) -> String {
    let recipient = report.recipient.as_deref().unwrap_or("(nobody named)");
    let status = report.status.as_deref().unwrap_or("-");
    let head = format!("{:<10} {:<13} {status:<7} {recipient}  ({file})\n", report.kind, report.reason);
    match &report.diagnostic {
        Some(diagnostic) => format!("{head}           {diagnostic}\n"),
        None => head,
    }
}

//! `bulletin bounces report [ISSUE]`.

use std::fmt::Write as _;

use crate::cli::{Ended, data};
use crate::domain::IssueId;
use crate::pipeline::{Newsletter, PipelineError};
use crate::upkeep::{BounceReport, Share, bounce_report, bounces_on_record};

#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// Of this issue alone
    issue: Option<IssueId>,
    /// Print the numbers as JSON
    #[arg(long)]
    json: bool,
}

impl Report {
    pub(super) fn run(&self, newsletter: &Newsletter) -> Result<Ended, PipelineError> {
        super::know(newsletter, self.issue.as_ref(), &bounces_on_record(newsletter)?)?;
        let report = bounce_report(newsletter, self.issue.as_ref())?;
        if self.json {
            data(&format!("{}\n", serde_json::to_string(&report).unwrap_or_else(|error| unreachable!("{error}"))));
        } else {
            data(&told(&report));
        }
        Ok(Ended::Well)
    }
}

/// The table for a terminal.
fn told(report: &BounceReport) -> String {
    let about = report.issue.as_ref().map_or("all issues".to_owned(), ToString::to_string);
    let BounceReport { sent, messages, unsigned, .. } = report;
    let mut out = format!("{about}: {sent} sent, {messages} came back\n");
    for (title, parts) in [
        ("By kind", &report.kinds),
        ("By reason", &report.reasons),
        ("By receiving domain", &report.domains),
        ("By issue", &report.issues),
    ] {
        if parts.is_empty() {
            continue;
        }
        // Writing to a String can't fail.
        let _ = writeln!(out, "\n{title:<32}{:>10}{:>10}{:>9}", "back", "sent", "rate");
        for Share { name, messages, sent, rate } in parts {
            let name = name.as_deref().unwrap_or("others");
            let rate = rate.map_or("-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
            let _ = writeln!(out, "  {name:<30}{messages:>10}{sent:>10}{rate:>9}");
        }
    }
    if *unsigned > 0 {
        let _ = writeln!(out, "\n{unsigned} more without a token, not counted");
    }
    out
}

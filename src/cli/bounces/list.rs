//! `bulletin bounces list [ISSUE]`.

use std::io;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::line::{Line, told};
use crate::cli::diagnostics::counted;
use crate::cli::{Ended, data};
use crate::domain::{IssueId, Kind, Reason};
use crate::pipeline::{Newsletter, PipelineError, refused};
use crate::readers::Bounce;
use crate::subscribers::neutral;
use crate::upkeep::bounces_on_record;

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Of this issue alone
    issue: Option<IssueId>,
    /// Of this kind alone: hard, soft, complaint or unknown
    #[arg(long)]
    kind: Option<Kind>,
    /// For this reason alone: user-unknown, mailbox-full, blocked, ...
    #[arg(long)]
    reason: Option<Reason>,
    /// Told on this day or later: 2026-03-01
    #[arg(long, value_name = "DAY")]
    since: Option<Date>,
    /// Print one JSON object a line
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print a table for a spreadsheet
    #[arg(long)]
    csv: bool,
}

impl List {
    pub(super) fn run(&self, newsletter: &Newsletter) -> Result<Ended, PipelineError> {
        let bounces = bounces_on_record(newsletter)?;
        super::know(newsletter, self.issue.as_ref(), &bounces)?;
        let chosen: Vec<&Bounce> = bounces.iter().filter(|bounce| self.is_wanted(bounce)).collect();
        if self.csv {
            let table = csv(&chosen).map_err(|error| refused(error.to_string(), "this is a fault of the program"))?;
            data(&table);
        } else if self.json {
            for bounce in &chosen {
                let line = serde_json::to_string(&Line::of(bounce)).unwrap_or_else(|error| unreachable!("{error}"));
                data(&format!("{line}\n"));
            }
        } else {
            for bounce in &chosen {
                let email = bounce.identity.as_deref().or(bounce.recipient.as_deref()).unwrap_or("(nobody named)");
                data(&format!("{}  {email}  {}\n", bounce.at.strftime("%Y-%m-%d"), told(bounce)));
            }
            eprintln!("{}.", counted(chosen.len(), "bounce"));
        }
        Ok(Ended::Well)
    }

    fn is_wanted(&self, bounce: &Bounce) -> bool {
        self.issue.as_ref().is_none_or(|issue| bounce.issue.as_ref() == Some(issue))
            && self.kind.is_none_or(|kind| bounce.kind == kind)
            && self.reason.is_none_or(|reason| bounce.reason == reason)
            && self.since.is_none_or(|since| TimeZone::UTC.to_datetime(bounce.at).date() >= since)
    }
}

fn csv(bounces: &[&Bounce]) -> io::Result<String> {
    let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    rows.write_record(Line::HEADERS)?;
    for bounce in bounces {
        rows.write_record(Line::of(bounce).cells().iter().map(|cell| neutral(cell).into_owned()))?;
    }
    let bytes = rows.into_inner().map_err(csv::IntoInnerError::into_error)?;
    // Without the mark, spreadsheets take UTF-8 for something older.
    Ok(format!("\u{feff}{}", String::from_utf8_lossy(&bytes)))
}

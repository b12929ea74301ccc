//! `bulletin report ISSUE`.

use std::path::{Path, PathBuf};

use super::{Ended, data, folder, known};
use crate::config::Config;
use crate::domain::IssueId;
use crate::ledger::Lock;
use crate::pipeline::{PipelineError, refused};
use crate::report::{Domains, Report as Numbers, ReportError, Sent, Subject, headline, page, report, table};
use crate::state::{private_file, private_folder};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Report {
    /// The issue, by the name of its folder under issues/
    issue: IssueId,
    /// Write the page there [default: outbox/ISSUE/report.html]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "csv"])]
    out: Option<PathBuf>,
    /// Print the numbers as JSON instead
    #[arg(long)]
    json: bool,
    /// Print the numbers as CSV instead, one a line
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Name every receiving domain, also those of one person
    #[arg(long)]
    addresses: bool,
    /// Of the issue's last rehearsal
    #[arg(long)]
    rehearsal: bool,
}

impl Report {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        let folder = folder(dir)?;
        let config = Config::load(&folder)?;
        let outbox = folder.join("outbox").join(self.issue.as_str());
        let (sent, home) =
            if self.rehearsal { (Sent::Rehearsal, outbox.join("rehearsal")) } else { (Sent::Issue, outbox.clone()) };
        let numbers = self.numbers(&folder, &config, sent, &home).map_err(|error| explained(error, &folder))?;
        if self.json {
            let json = serde_json::to_string(&numbers).unwrap_or_else(|error| unreachable!("{error}"));
            data(&format!("{json}\n"));
            return Ok(Ended::Well);
        }
        if self.csv {
            let csv = table(&numbers).map_err(|error| explained(error, &folder))?;
            data(&String::from_utf8_lossy(&csv));
            return Ok(Ended::Well);
        }
        let file = self.out.clone().unwrap_or_else(|| home.join("report.html"));
        write(&file, &page(&numbers).map_err(|error| explained(error, &folder))?).map_err(|error| {
            refused(
                format!("{} can't be written: {error}", file.display()),
                "check the folder's permissions and the room on the disk, or name another file with --out",
            )
        })?;
        data(&format!("{}\n", file.display()));
        if numbers.sending {
            eprintln!("It is being sent just now: the page tells how far it is.");
        }
        eprintln!("{}", headline(&numbers));
        Ok(Ended::Well)
    }

    fn numbers(&self, folder: &Path, config: &Config, sent: Sent, home: &Path) -> Result<Numbers, ReportError> {
        let state = folder.join("state");
        let first = &config.languages[0];
        let database = match sent {
            Sent::Issue => state.join("bulletin.db"),
            Sent::Rehearsal => home.join("ledger.db"),
        };
        let is_alive = |issue: &str| match sent {
            Sent::Issue => Lock::is_held(&state, issue),
            Sent::Rehearsal => Lock::is_held(&folder.join("outbox").join(issue), "rehearsal"),
        };
        report(&Subject {
            database: &database,
            newsletter: config.newsletter.name.get(first).clone(),
            issue: &self.issue,
            sent,
            domains: if self.addresses { Domains::All } else { Domains::Grouped },
            zone: config.throttle.zone.clone().unwrap_or(jiff::tz::TimeZone::UTC),
            is_alive: &is_alive,
        })
    }
}

fn explained(error: ReportError, folder: &Path) -> PipelineError {
    if let ReportError::NeverSent(issue) | ReportError::NeverRehearsed(issue) = &error
        && let Err(unknown) = known(folder, issue)
    {
        return unknown;
    }
    match error {
        ReportError::State(error) => error.into(),
        error => refused(error.to_string(), error.help()),
    }
}

/// The file takes its place when it is whole, and is its owner's alone, whatever stood there before.
fn write(file: &Path, page: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder)?;
    }
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    std::io::Write::write_all(&mut private_file(Path::new(&draft))?, page.as_bytes())?;
    std::fs::rename(draft, file)
}

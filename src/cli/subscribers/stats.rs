//! `bulletin subscribers stats`: the list in numbers.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::diagnostics::counted;
use crate::cli::new::today;
use crate::cli::{Ended, data};
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError, refused};
use crate::state::{private_file, private_folder};
use crate::upkeep::stats::{self, Section, months_of, percent, sections};

/// What a label has room for, so that a line fits a terminal of 80 columns.
const LABEL: usize = 48;

#[derive(Debug, clap::Args)]
pub(super) struct Stats {
    /// Write a page with charts, too [default: outbox/subscribers.html]
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "not asked for, asked for, asked for there")]
    html: Option<Option<PathBuf>>,
    /// Print the numbers as JSON
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        let stats = stats::stats(newsletter, today(clock))?;
        if self.json {
            data(&format!("{}\n", serde_json::to_string(&stats).unwrap_or_else(|error| unreachable!("{error}"))));
        } else {
            data(&told(&stats));
        }
        if stats.bad_rows > 0 {
            let rows = counted(stats.bad_rows, "row");
            eprintln!("warning: {rows} can't be used and are not counted; `bulletin subscribers check` tells why");
        }
        if let Some(file) = &self.html {
            let default = || newsletter.folder.join("outbox").join("subscribers.html");
            let file = file.clone().unwrap_or_else(default);
            write(&file, &stats::page(&stats)?).map_err(|error| {
                refused(
                    format!("{} can't be written: {error}", file.display()),
                    "check the folder's permissions and the room on the disk",
                )
            })?;
            eprintln!("The page is {}.", file.display());
        }
        Ok(Ended::Well)
    }
}

/// The file takes its place when it is whole, and is its owner's alone, whatever stood there before.
fn write(file: &Path, page: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder)?;
    }
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    io::Write::write_all(&mut private_file(Path::new(&draft))?, page.as_bytes())?;
    std::fs::rename(draft, file)
}

/// The table for a terminal.
fn told(stats: &stats::Stats) -> String {
    let mut out = format!("{}, {}\n", stats.newsletter, stats.date);
    for Section { title, of, rows, .. } in sections(stats, 0) {
        // Writing to a String can't fail.
        let _ = writeln!(out, "\n{title}");
        for (label, people) in rows {
            let _ = writeln!(out, "  {:<LABEL$}{people:>10}{:>9}", shortened(&label), percent(people, of));
        }
    }
    if stats.suppressed_elsewhere > 0 {
        let _ = writeln!(out, "\n{} more suppressed, not in the list", stats.suppressed_elsewhere);
    }
    let (headers, rows) = months_of(stats);
    let numbers = |cells: Vec<String>| cells.iter().fold(String::new(), |line, cell| line + &format!("{cell:>11}"));
    let _ = writeln!(out, "\n{:<16}{}", "By month", numbers(headers.iter().map(ToString::to_string).collect()));
    if rows.is_empty() {
        out.push_str("  nothing is on record yet\n");
    }
    for (month, counts) in rows {
        let month = month.map_or("earlier".to_owned(), |month| month.to_string());
        let _ = writeln!(out, "  {month:<14}{}", numbers(counts.iter().map(ToString::to_string).collect()));
    }
    out
}

fn shortened(label: &str) -> String {
    if label.chars().count() < LABEL {
        return label.to_owned();
    }
    label.chars().take(LABEL - 2).chain(['…']).collect()
}

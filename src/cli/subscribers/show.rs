//! `bulletin subscribers show ADDR`.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::bounces::{Line, told};
use crate::cli::{Ended, data};
use crate::domain::{EmailAddress, Language, Topic};
use crate::ledger::IssueLine;
use crate::pipeline::{Newsletter, PipelineError};
use crate::readers::{Change, Channel, Event};
use crate::upkeep::{Known, known};

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The person's address
    email: EmailAddress,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    email: String,
    listed: Option<Row<'a>>,
    suppressed: Option<String>,
    history: Vec<Happened>,
    bounces: Vec<Line<'a>>,
    issues: &'a [IssueLine],
}

#[derive(Serialize)]
struct Row<'a> {
    line: usize,
    name: Option<&'a str>,
    language: String,
    topics: String,
    columns: &'a std::collections::BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Happened {
    at: Timestamp,
    what: String,
    through: &'static str,
    note: Option<String>,
}

impl Show {
    pub(super) fn run(&self, newsletter: &Newsletter) -> Result<Ended, PipelineError> {
        let known = known(newsletter, &self.email)?;
        if self.json {
            let json = Json {
                email: self.email.to_string(),
                listed: known.row.as_ref().map(|row| Row {
                    line: row.line,
                    name: row.name.as_deref(),
                    language: languages(&row.languages),
                    topics: topics(&row.topics),
                    columns: &row.columns,
                }),
                suppressed: known.suppression.as_ref().map(ToString::to_string),
                history: known.history.iter().map(happened).collect(),
                bounces: known.bounces.iter().map(Line::of).collect(),
                issues: &known.issues,
            };
            data(&format!("{}\n", serde_json::to_string(&json).unwrap_or_else(|error| unreachable!("{error}"))));
        } else {
            data(&self.told(&known));
        }
        Ok(Ended::Well)
    }

    fn told(&self, known: &Known) -> String {
        let mut out = format!("{}\n", self.email);
        let mut line = |label: &str, text: &str| {
            // Writing to a String can't fail.
            let _ = writeln!(out, "  {label:<11}{text}");
        };
        match &known.row {
            None => line("listed", "no: the list has no row with this address"),
            Some(row) => {
                line("listed", &format!("in line {} of the list", row.line));
                line("name", row.name.as_deref().unwrap_or("none"));
                line("language", &none_is(languages(&row.languages), "the newsletter's first"));
                line("topics", &none_is(topics(&row.topics), "all"));
                for (alias, value) in &row.columns {
                    line(alias, value);
                }
            }
        }
        match &known.suppression {
            Some(suppression) => line("suppressed", &format!("{suppression}; nothing is sent")),
            None => line("suppressed", "no"),
        }
        for event in &known.history {
            let Happened { at, what, note, .. } = happened(event);
            let note = note.map_or(String::new(), |note| format!(": {note}"));
            let through = match event.channel {
                // What happened says so already.
                Channel::Bounce | Channel::Complaint => String::new(),
                channel => format!(" {channel}"),
            };
            line(&at.strftime("%Y-%m-%d").to_string(), &format!("{what}{through}{note}"));
        }
        for bounce in &known.bounces {
            line(&bounce.at.strftime("%Y-%m-%d").to_string(), &told(bounce));
        }
        for IssueLine { issue, state, reason, at } in &known.issues {
            let day = at.map_or(String::new(), |at| format!(" on {}", at.strftime("%Y-%m-%d")));
            let reason = reason.as_deref().map_or(String::new(), |reason| format!(" ({reason})"));
            line(issue, &format!("{state}{day}{reason}"));
        }
        out
    }
}

fn happened(event: &Event) -> Happened {
    let what = match &event.change {
        Change::Listed => "put into the list".to_owned(),
        Change::Suppressed(cause) => cause.to_string(),
        Change::Restored => "restored".to_owned(),
        Change::Languages(wanted) => format!("asked for {}", none_is(languages(wanted), "the first language")),
        Change::Topics(wanted) => format!("asked for {}", none_is(topics(wanted), "every topic")),
        Change::Synced => "written into the list".to_owned(),
    };
    Happened { at: event.at, what, through: event.channel.as_str(), note: event.note.clone() }
}

fn languages(languages: &[Language]) -> String {
    languages.iter().map(Language::as_str).collect::<Vec<_>>().join(";")
}

fn topics(topics: &std::collections::BTreeSet<Topic>) -> String {
    topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(";")
}

fn none_is(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

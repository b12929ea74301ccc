//! `bulletin new ISSUE`: an issue to start from, in every language of the newsletter.

use std::fs;
use std::path::Path;

use jiff::civil;
use serde::Deserialize;

use super::{Ended, data, folder, init};
use crate::check::STARTER;
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::domain::{IssueId, Topic};
use crate::pipeline::{PipelineError, refused};

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// What the issue is called: 2026-01
    issue: IssueId,
}

impl New {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        let folder = folder(dir)?;
        let config = Config::load(&folder)?;
        let issues = folder.join("issues");
        let home = issues.join(self.issue.as_str());
        if home.exists() {
            return Err(refused(
                format!("{} is there already", home.display()),
                "choose another name, or edit that one",
            ));
        }
        let number = next_number(&issues).map_or(String::new(), |number| format!("number = {number}\n"));
        let date = self.issue.as_str().parse::<civil::Date>().unwrap_or_else(|_| today(clock));
        init::write(
            &home.join("issue.toml"),
            &format!(
                "{number}date = {date}\n# What an item without translation becomes: \"original\" or \"omit\".\nfallback = \"original\"\n"
            ),
        )?;
        let topic = config.topics.keys().next().map(Topic::as_str);
        for (place, language) in config.languages.iter().enumerate() {
            init::write(
                &home.join(format!("{language}.md")),
                &source(&self.issue, language.as_str(), topic, place == 0),
            )?;
        }
        fs::create_dir_all(home.join("images"))
            .map_err(|error| refused(format!("{}: {error}", home.display()), "check the folder's permissions"))?;
        data(&format!("{}\n", home.display()));
        eprintln!("Write it, then look at it with `bulletin preview {}`.", self.issue);
        Ok(Ended::Well)
    }
}

/// The first language's file shows the attributes; the others only pair by id.
fn source(issue: &IssueId, language: &str, topic: Option<&str>, first: bool) -> String {
    let topic = topic.filter(|_| first).map_or(String::new(), |topic| format!(" .{topic}"));
    // The check knows them again where they were left.
    let [preheader, introduction, item, button] = STARTER;
    format!(
        "+++\n\
         subject = \"{issue} ({language})\"\n\
         preheader = \"{preheader}\"\n\
         +++\n\n\
         Hello {{{{ subscriber.name | default(value=\"reader\") }}}},\n\n\
         {introduction}\n\n\
         # A section {{#section}}\n\n\
         ## An item {{#item{topic}}}\n\n\
         {item}\n\n\
         **[{button}](https://www.example.org/{language})**\n"
    )
}

/// One more than the highest number so far; none where no issue has one.
fn next_number(issues: &Path) -> Option<u32> {
    #[derive(Deserialize)]
    struct Numbered {
        number: Option<u32>,
    }
    let entries = fs::read_dir(issues).ok()?.flatten();
    let numbers = entries.filter_map(|entry| {
        let text = fs::read_to_string(entry.path().join("issue.toml")).ok()?;
        toml::from_str::<Numbered>(&text).ok()?.number
    });
    Some(numbers.max().unwrap_or(0) + 1)
}

pub(super) fn today(clock: &Clock) -> civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(clock.now()).date()
}

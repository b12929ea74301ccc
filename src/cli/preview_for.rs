//! `bulletin preview ISSUE --for ADDR`: what one reader gets, and why each item is in or out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::diagnostics::counted;
use super::preview::{explained, noon};
use super::{Ended, data, folder};
use crate::compose::Kind;
use crate::domain::{EmailAddress, IssueId, Language, Topic};
use crate::edition::Preferences;
use crate::edition::why::explain;
use crate::pipeline::{self, Found, LookedUp, Newsletter, PipelineError, Skip};
use crate::preview::reader::{Outcome, Reader, ReaderPage};
use crate::subscribers::Subscriber;

/// Whom it is about, and where it goes.
pub(super) struct PreviewFor<'a> {
    pub issue: &'a IssueId,
    pub email: &'a str,
    pub list: Option<&'a Path>,
    pub out: Option<&'a Path>,
    pub json: bool,
}

impl PreviewFor<'_> {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        let newsletter = Newsletter::open(&folder(dir)?)?;
        let issue = newsletter.issue(self.issue)?;
        let LookedUp { list, found } = pipeline::look_up(&newsletter, &issue, self.list, self.email)?;
        let file = list.display().to_string();
        let mut reader =
            Reader { issue: issue.id.to_string(), email: self.email.to_owned(), file, ..Reader::default() };
        match found {
            Found::Person { subscriber, by_themselves, edition, surplus } => {
                tell_person(&mut reader, &subscriber);
                reader.by_themselves = by_themselves;
                reader.surplus = surplus;
                let column = |alias: &str| subscriber.column(alias);
                let preferences =
                    Preferences { languages: &subscriber.languages, topics: &subscriber.topics, column: &column };
                reader.explain(&issue, &explain(&issue, preferences));
                let rendered = match &edition {
                    Ok(key) => {
                        reader.outcome = Outcome::Gets;
                        reader.edition = Some(key.id());
                        pipeline::render(&newsletter, &issue, std::slice::from_ref(key))?
                    }
                    Err(skip) => {
                        tell_skip(&mut reader, skip, &subscriber.email);
                        Vec::new()
                    }
                };
                let composer = newsletter.composer(&issue.id, noon(issue.date), Kind::Issue);
                if let Some(rendered) = rendered.first() {
                    let parts = composer.parts(rendered, &subscriber);
                    reader.subject = Some(parts.map_err(|error| explained(error.into()))?.2);
                }
                let out = self.out.map_or_else(|| pages(&newsletter, &issue.id), Path::to_owned);
                reader.page = Some(out.join("index.html").display().to_string());
                let page = ReaderPage {
                    newsletter: newsletter.config.newsletter.name.get(issue.original()),
                    issue: &issue,
                    digest: newsletter.digest(&issue),
                    composer,
                    mail: rendered.first().map(|rendered| (rendered, &*subscriber)),
                };
                page.write(&out, &reader).map_err(explained)?;
            }
            Found::BadRow { line, findings } => {
                reader.outcome = Outcome::BadRow;
                reader.line = Some(line);
                let told = findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ");
                reader.reason = Some(format!("their row can't be read right, and is left out: {told}"));
                reader.help = findings.into_iter().find_map(|finding| finding.help);
            }
            Found::Nobody { nearest, suppressed } => {
                reader.reason = Some(match suppressed {
                    Some(suppression) => format!("nobody in the list has this address, and it is {suppression}"),
                    None => "nobody in the list has this address".to_owned(),
                });
                reader.help = match nearest.as_slice() {
                    [] => Some("no address of the list is like it".to_owned()),
                    near => Some(format!("did you mean {}?", near.join(", or "))),
                };
                reader.nearest = nearest;
            }
        }
        if self.json {
            data(&format!("{:#}\n", serde_json::json!(reader)));
        } else {
            data(&told(&reader));
        }
        Ok(if matches!(reader.outcome, Outcome::BadRow | Outcome::NotListed) { Ended::WithRest } else { Ended::Well })
    }
}

/// Where the page about a reader goes; one at a time, since it names them.
fn pages(newsletter: &Newsletter, issue: &IssueId) -> PathBuf {
    pipeline::outbox(newsletter, issue).join("preview-for")
}

fn tell_person(reader: &mut Reader, subscriber: &Subscriber) {
    reader.email = subscriber.email.to_string();
    reader.name.clone_from(&subscriber.name);
    reader.line = Some(subscriber.line);
    reader.languages = subscriber.languages.iter().map(Language::to_string).collect();
    reader.topics = subscriber.topics.iter().map(Topic::to_string).collect();
}

fn tell_skip(reader: &mut Reader, skip: &Skip, email: &EmailAddress) {
    reader.reason = Some(skip.to_string());
    match skip {
        Skip::NoEdition(_) => {
            reader.outcome = Outcome::Nothing;
            reader.help = Some("when_empty = \"introduction\" in bulletin.toml sends the introduction then".to_owned());
        }
        Skip::Suppressed(_) => {
            reader.outcome = Outcome::Suppressed;
            reader.help = Some(format!("`bulletin subscribers show {email}` tells all that is known of them"));
        }
    }
}

/// The facts, for a terminal.
fn told(reader: &Reader) -> String {
    let mut out = String::new();
    let mut say = |word: &str, text: &str| {
        let _ = writeln!(out, "{word:<10} {text}");
    };
    let name = reader.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let line = reader.line.map(|line| format!(", line {line}")).unwrap_or_default();
    say("reader", &format!("{}{name}", reader.email));
    say("list", &format!("{}{line}", reader.file));
    if !reader.surplus.is_empty() {
        let lines: Vec<_> = reader.surplus.iter().map(ToString::to_string).collect();
        say("", &format!("again in line {}; the first row counts", lines.join(", ")));
    }
    if !reader.items.is_empty() {
        let asked = if reader.by_themselves { "; they asked for it themselves" } else { "" };
        let or = |words: &[String], none: &str| if words.is_empty() { none.to_owned() } else { words.join(", ") };
        say("language", &or(&reader.languages, "none listed"));
        say("topics", &format!("{}{asked}", or(&reader.topics, "none listed: every topic")));
    }
    if let (Some(edition), Some(subject)) = (&reader.edition, &reader.subject) {
        let shown = reader.items.iter().filter(|item| item.shown).count();
        say("gets", &format!("{edition}, {shown} of {}: {subject}", counted(reader.items.len(), "item")));
    }
    if let Some(reason) = &reader.reason {
        say("gets", &format!("nothing: {reason}"));
    }
    if let Some(help) = &reader.help {
        say("", help);
    }
    if let Some(page) = &reader.page {
        say("page", page);
    }
    for (number, item) in reader.items.iter().enumerate() {
        let gap = if number == 0 { "\n" } else { "" };
        let word = if item.shown { "in" } else { "out" };
        let _ = write!(out, "{gap}{word:<4} {}\n     {}\n", item.title, item.why.join("; "));
    }
    for section in &reader.dropped {
        let _ = writeln!(out, "out  the section \u{201c}{section}\u{201d}, since nothing of it is left");
    }
    out
}

//! Everything that the check has to say about an issue, for the commands that tell it: `check` itself, what is
//! looked at before a send, and the gallery.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::diagnostics::counted;
use super::preview::noon;
use crate::check::{self, Message, Post, RECORD, Record, SpamFilter, Subject, spam_finding};
use crate::compose::Kind;
use crate::domain::{Finding, IssueId, Severity};
use crate::issue::Issue;
use crate::pipeline::{Assembly, Newsletter, PipelineError};
use crate::render::RenderedEdition;
use crate::subscribers::Subscriber;

/// The findings about an issue and its editions, weighed by `[check]`; `doubts` are those about the list.
///
/// # Errors
/// The people can't be read again.
pub(super) fn inspect(
    newsletter: &Newsletter,
    issue: &Issue,
    assembly: &Assembly,
    editions: &[RenderedEdition],
    doubts: Vec<Finding>,
) -> Result<Vec<Finding>, PipelineError> {
    let mut findings = issue.findings.clone();
    findings.extend(doubts);
    findings.extend(assembly.gaps.iter().cloned());
    for edition in editions {
        let id = edition.key.id();
        for doubt in &edition.findings {
            doubt.clone().add_to(&mut findings, &id);
        }
    }
    let longest = longest(assembly)?;
    let (translations, fault) = record(&newsletter.folder, issue);
    findings.extend(fault);
    let config = &newsletter.config;
    let message = |edition: &RenderedEdition| message(newsletter, issue, edition, &longest);
    let subject = Subject {
        issue,
        editions,
        templates: &newsletter.templates,
        sender: &config.sender,
        post: Post {
            links: &config.links,
            return_path: &config.return_path,
            dkim: &config.dkim,
            relay: config.smtp.as_ref().map(|smtp| smtp.host.as_str()),
            recipients: assembly.recipients(),
        },
        images: config.newsletter.images,
        longest: &longest,
        translations: &translations,
        message: &message,
    };
    findings.extend(subject.findings());
    Ok(check::weigh(findings, &newsletter.config.check))
}

/// The message of an edition to someone of whom this is known.
fn message(
    newsletter: &Newsletter,
    issue: &Issue,
    edition: &RenderedEdition,
    columns: &BTreeMap<String, String>,
) -> Result<Message, String> {
    let composer = newsletter.composer(&issue.id, noon(issue.date), Kind::Issue);
    let reader = reader(edition, columns);
    let message = composer.compose(edition, &reader).map_err(|error| error.to_string())?;
    let (_, _, subject) = composer.parts(edition, &reader).map_err(|error| error.to_string())?;
    Ok(Message { octets: message.content.to_vec(), subject })
}

/// What a spam filter of this machine says of the first edition of each language, which has the most items.
pub(super) fn spam(
    newsletter: &Newsletter,
    issue: &Issue,
    editions: &[RenderedEdition],
    filters: &[SpamFilter],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known = BTreeSet::new();
    for edition in editions.iter().filter(|edition| known.insert(edition.key.language())) {
        // Why there is no message is told by the check itself.
        if let Ok(message) = message(newsletter, issue, edition, &BTreeMap::new())
            && let Some(finding) = spam_finding(filters, &message.octets)
        {
            finding.add_to(&mut findings, &edition.key.id());
        }
    }
    findings
}

/// Counts what was found on a line of what is about to happen.
pub(super) fn tell_count(errors: &[Finding], others: &[Finding], issue: &IssueId) {
    let warnings = others.iter().filter(|finding| finding.severity == Severity::Warning).count();
    let counts = [(errors.len(), "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, what)| counted(count, what)).collect();
    if !counts.is_empty() {
        eprintln!("  findings    {}; `bulletin check {issue}` tells them", counts.join(", "));
    }
}

/// Someone whose mail is as long as any.
fn reader(edition: &RenderedEdition, longest: &BTreeMap<String, String>) -> Subscriber {
    Subscriber {
        email: "reader@example.org".parse().unwrap_or_else(|_| unreachable!("a plain address")),
        name: longest.get("name").cloned(),
        languages: edition.key.languages().to_vec(),
        topics: BTreeSet::new(),
        columns: longest.clone(),
        line: 0,
    }
}

/// The record of the issue's translations: where it is, and as a person knows it.
pub(super) fn record_path(folder: &Path, issue: &Issue) -> (PathBuf, PathBuf) {
    let shown = Path::new("issues").join(issue.id.as_str()).join(RECORD);
    (folder.join(&shown), shown)
}

fn record(folder: &Path, issue: &Issue) -> (Record, Option<Finding>) {
    let (path, shown) = record_path(folder, issue);
    match std::fs::read_to_string(&path).map(|text| Record::parse(&text)) {
        Ok(Ok(record)) => (record, None),
        Ok(Err(fault)) => (Record::default(), Some(fault.in_file(shown))),
        // None was written yet.
        Err(_) => (Record::default(), None),
    }
}

/// Of each column, the longest value that a reader has.
fn longest(assembly: &Assembly) -> Result<BTreeMap<String, String>, PipelineError> {
    let mut longest: BTreeMap<String, String> = BTreeMap::new();
    let mut see = |alias: &str, value: &str| match longest.get_mut(alias) {
        Some(known) if known.len() >= value.len() => {}
        Some(known) => value.clone_into(known),
        None => drop(longest.insert(alias.to_owned(), value.to_owned())),
    };
    let mut entries = assembly.entries();
    while let Some(entry) = entries.advance()? {
        entry.each_cell(&mut see)?;
    }
    Ok(longest)
}

//! Before a send: an issue with all its editions in, findings out, each with its place and its cure. Nothing
//! here goes over the network but `online`, which is asked for by itself.
//!
//! `source` reads the author's files again with all places; `structure`, `links`, `inbox_line` and
//! `translations` (with `numbers`) speak of them, `mail` of the editions as they leave. All rules stand in
//! `rules`.

mod inbox_line;
mod links;
mod mail;
mod numbers;
pub mod online;
mod rules;
mod source;
mod structure;
mod translations;

use std::collections::BTreeMap;

use crate::config::Sender;
use crate::domain::{Finding, Localised};
use crate::issue::Issue;
use crate::render::RenderedEdition;
use source::Source;

pub use rules::{Levels, RULES, Rule, every_rule};
pub use translations::{RECORD, Record};

/// What is looked at.
pub struct Subject<'a> {
    pub issue: &'a Issue,
    pub editions: &'a [RenderedEdition],
    pub sender: &'a Localised<Sender>,
    /// Of each column, the longest value in the list.
    pub longest: &'a BTreeMap<String, String>,
    pub translations: &'a Record,
}

impl Subject<'_> {
    /// Everything that is to be said about the issue and its editions, file by file from top to bottom.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let sources = Source::all(self.issue);
        let mut findings = Vec::new();
        for source in &sources {
            inbox_line::check(source, &mut findings);
            structure::check(self.issue, source, &mut findings);
            links::check(source, &mut findings);
        }
        translations::check(self.issue, &sources, self.translations, &mut findings);
        for edition in self.editions {
            mail::check(edition, self.sender.get(edition.language()), self.longest, &mut findings);
        }
        if self.editions.is_empty() {
            let finding = rules::NOBODY.finding("nobody in the list gets this issue");
            findings.push(finding.with_help("see the topics and conditions of its items, and the list's columns"));
        }
        findings
    }
}

/// `findings` as the newsletter weighs them: see `[check]` in `bulletin.toml`.
#[must_use]
pub fn weigh(findings: Vec<Finding>, levels: &Levels) -> Vec<Finding> {
    let mut findings = rules::weigh(findings, levels);
    findings.sort_by(|one, other| (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column)));
    findings
}

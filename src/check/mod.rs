//! Before a send: an issue with all its editions in, findings out, each with its place and its cure. Nothing
//! here goes over the network but `online`, which is asked for by itself.
//!
//! `source` (and `block`) reads the author's files again with all places; `structure`, `links`, `inbox_line` and
//! `translations` (with `numbers`, `months`, `targets`) speak of them. Editions are read as they leave: `mail`
//! (size, law), `parts` (plain text beside HTML), `html`, `contrast` and `caniemail` (what a page is made of, with
//! `markup`, `css`, `page`, `cascade`, `paint` and, for the places, `origins`), `form` (the message's octets).
//! `post` speaks of how all of it is mailed, and `spam` asks a filter of this machine. All rules stand in `rules`.

mod block;
mod caniemail;
mod cascade;
mod contrast;
mod css;
mod form;
mod html;
mod inbox_line;
mod links;
mod mail;
mod markup;
mod months;
mod numbers;
pub mod online;
mod origins;
mod page;
mod paint;
mod parts;
mod post;
mod rules;
mod source;
mod spam;
mod structure;
mod targets;
mod translations;
mod words;

use std::collections::BTreeMap;

use crate::config::{Images, Sender};
use crate::domain::{Finding, Localised};
use crate::issue::Issue;
use crate::render::{RenderedEdition, Templates};
use caniemail::Support;
use contrast::Contrast;
use mail::Filled;
use origins::Origin;
use page::Page;
use source::Source;

pub use post::Post;
pub use rules::{Levels, RULES, Rule, every_rule};
pub use spam::{SpamFilter, spam_filters, spam_finding};
pub use structure::STARTER;
pub use translations::{RECORD, Record};

/// What is looked at.
pub struct Subject<'a> {
    pub issue: &'a Issue,
    pub editions: &'a [RenderedEdition],
    pub templates: &'a Templates,
    pub sender: &'a Localised<Sender>,
    pub post: Post<'a>,
    pub images: Images,
    /// Of each column, the longest value in the list.
    pub longest: &'a BTreeMap<String, String>,
    pub translations: &'a Record,
    /// An edition's message to a reader of the longest values, or why there is none.
    pub message: &'a dyn Fn(&RenderedEdition) -> Result<Message, String>,
}

/// One reader's message.
pub struct Message {
    pub octets: Vec<u8>,
    /// As it was meant.
    pub subject: String,
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
        let origins = Origin::all(self.templates, &sources);
        findings.extend(html::wordless_pictures(&origins));
        let mut contrast = Contrast::default();
        let mut support = Support::default();
        for edition in self.editions {
            let id = edition.key.id();
            let filled = Filled::new(edition, self.longest);
            let page = Page::read(&filled.html);
            contrast.see(&page, &id);
            support.see(&filled.html, &id);
            for finding in self.of_edition(edition, &filled, &page, &origins) {
                finding.add_to(&mut findings, &id);
            }
        }
        findings.extend(contrast.findings(&origins));
        findings.extend(support.findings(&origins));
        if self.editions.is_empty() {
            let finding = rules::NOBODY.finding("nobody in the list gets this issue");
            findings.push(finding.with_help("see the topics and conditions of its items, and the list's columns"));
        }
        let senders = self.editions.iter().map(|edition| &self.sender.get(edition.language()).email);
        findings.extend(self.post.findings(&senders.collect::<Vec<_>>()));
        findings
    }

    fn of_edition(
        &self,
        edition: &RenderedEdition,
        filled: &Filled,
        page: &Page<'_>,
        origins: &[Origin<'_>],
    ) -> Vec<Finding> {
        let sender = self.sender.get(edition.language());
        let words = words::words_of(&filled.html);
        let mut found = mail::findings(edition, filled, &words, sender);
        found.extend(parts::findings(&filled.html, page, &words, &filled.text));
        let own = self.post.links.web.as_deref().filter(|_| self.images == Images::Hosted);
        found.extend(html::findings(page, origins, own));
        let faults = match (self.message)(edition) {
            Ok(message) => form::faults(&message.octets, &message.subject, &sender.email.domain()),
            Err(error) => vec![error],
        };
        let help = "a receiver may refuse it: look at subject, sender and addresses";
        let told = |fault| rules::MAIL_FORM.finding(format!("the message is not in form: {fault}")).with_help(help);
        found.extend(faults.into_iter().map(told));
        found
    }
}

/// `findings` as the newsletter weighs them: see `[check]` in `bulletin.toml`.
#[must_use]
pub fn weigh(findings: Vec<Finding>, levels: &Levels) -> Vec<Finding> {
    let mut findings = rules::weigh(findings, levels);
    findings.sort_by(|one, other| (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column)));
    findings
}

//! What one reader gets, and why: a person of the list in; their facts, their own mail, and a page over both out.
//! It names them, and is for whoever asked about them alone.

use std::path::Path;

use serde::Serialize;

use super::folder::Folder;
use super::gallery::{self, About, Album, SkippedPeople, told};
use super::mail::Mail;
use super::{EditionEntry, Manifest, PreviewError};
use crate::compose::Composer;
use crate::domain::Digest;
use crate::edition::why::Explained;
use crate::issue::Issue;
use crate::render::RenderedEdition;
use crate::subscribers::Subscriber;

/// One address, as an issue has it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reader {
    pub issue: String,
    /// The address that was asked about, as it stands in the list where it does.
    pub email: String,
    pub name: Option<String>,
    pub outcome: Outcome,
    /// Where they get nothing: why.
    pub reason: Option<String>,
    /// And what to do about it.
    pub help: Option<String>,
    /// The list, and the line of their row.
    pub file: String,
    pub line: Option<usize>,
    /// Lines of further rows of theirs, which don't count.
    pub surplus: Vec<usize>,
    pub languages: Vec<String>,
    /// None for every topic.
    pub topics: Vec<String>,
    /// Whether languages or topics are what they asked for by themselves, and not the list's.
    pub by_themselves: bool,
    /// The id of their edition.
    pub edition: Option<String>,
    pub subject: Option<String>,
    pub items: Vec<ReaderItem>,
    /// Titles of sections of which no item is left.
    pub dropped: Vec<String>,
    /// Addresses of the list that are most like it.
    pub nearest: Vec<String>,
    /// The page about them.
    pub page: Option<String>,
}

/// What becomes of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Gets,
    /// Nothing of this issue is for them.
    Nothing,
    Suppressed,
    BadRow,
    #[default]
    NotListed,
}

/// An item, and why they get it or not.
#[derive(Debug, Clone, Serialize)]
pub struct ReaderItem {
    pub id: String,
    pub section: String,
    pub title: String,
    pub shown: bool,
    /// In which it is shown.
    pub language: Option<String>,
    /// What keeps it out, or else what speaks for it.
    pub why: Vec<String>,
}

impl Reader {
    /// Takes in why each item is for them or not.
    pub fn explain(&mut self, issue: &Issue, explained: &[Explained<'_>]) {
        for Explained { section, item, reasons } in explained {
            let (against, for_it): (Vec<_>, Vec<_>) = reasons.iter().partition(|reason| reason.keeps_out());
            let shown = against.is_empty();
            let text = item.texts.get(issue.original()).or_else(|| item.texts.values().next());
            let title = text.map(|text| told(issue, &text.title)).unwrap_or_default();
            let heading = section.headings.get(issue.original()).or_else(|| section.headings.values().next());
            let why = if shown { for_it } else { against };
            self.items.push(ReaderItem {
                id: item.id.to_string(),
                section: heading.map_or_else(|| title.clone(), |heading| told(issue, &heading.title)),
                title,
                shown,
                language: None,
                why: why.into_iter().map(ToString::to_string).collect(),
            });
        }
        for (line, one) in self.items.iter_mut().zip(explained).filter(|(line, _)| line.shown) {
            line.language = one.language().map(ToString::to_string);
        }
        for section in &issue.sections {
            let theirs = || explained.iter().zip(&self.items).filter(|(one, _)| one.section.id == section.id);
            if !theirs().any(|(_, line)| line.shown) {
                self.dropped.extend(theirs().next().map(|(_, line)| line.section.clone()));
            }
        }
    }
}

/// The page of one reader, with their own mail where they get one.
pub struct ReaderPage<'a> {
    pub newsletter: &'a str,
    pub issue: &'a Issue,
    pub digest: Digest,
    pub composer: Composer<'a>,
    pub mail: Option<(&'a RenderedEdition, &'a Subscriber)>,
}

impl ReaderPage<'_> {
    /// Writes it into `folder`, in place of one that stands there.
    ///
    /// # Errors
    /// The folder can't be written, or holds what is no such page.
    pub fn write(&self, folder: &Path, reader: &Reader) -> Result<(), PreviewError> {
        let out = Folder::new(folder);
        out.clear()?;
        let mut album = Album::default();
        let editions = match self.mail {
            Some((rendered, subscriber)) => vec![self.mail_of(rendered, subscriber, &out, &mut album)?],
            None => Vec::new(),
        };
        let manifest = Manifest {
            issue: self.issue.id.to_string(),
            digest: self.digest.to_string(),
            recipients: editions.len(),
            editions,
            skipped: 0,
        };
        let about = About {
            newsletter: self.newsletter,
            number: self.issue.number,
            date: self.issue.date.to_string(),
            manifest: &manifest,
            issue: self.issue,
            skipped: SkippedPeople::default(),
            findings: Vec::new(),
            findings_more: 0,
            reader: Some(reader),
        };
        out.write("index.html", gallery::page(&about, album)?.as_bytes())
    }

    fn mail_of(
        &self,
        rendered: &RenderedEdition,
        subscriber: &Subscriber,
        out: &Folder<'_>,
        album: &mut Album,
    ) -> Result<EditionEntry, PreviewError> {
        let message = self.composer.compose(rendered, subscriber)?;
        let (html, text, subject) = self.composer.parts(rendered, subscriber)?;
        let mail = Mail { html: &html, text: &text, subject, message: &message.content };
        mail.write(rendered, 1, out, album, &self.composer, self.issue)
    }
}

//! The preview: every edition on disk, to be looked at and approved. Editions and a composer in; a
//! gallery, a manifest, and the files of each edition out. The same input gives the same bytes.

mod folder;
mod gallery;
pub mod live;
mod mail;
mod manifest;
mod masks;
pub mod reader;

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::compose::{ComposeError, Composer, Prepared};
use crate::domain::{Digest, EmailAddress, Finding};
use crate::edition::{Edition, EditionKey};
use crate::issue::Issue;
use crate::render::RenderedEdition;
use crate::state::{StateError, private_file};
use crate::subscribers::Subscriber;

use folder::Folder;
use gallery::{About, Album, SkippedPeople};
use mail::Mail;
use manifest::ManifestError;

pub use manifest::{EditionEntry, Manifest};

/// The file that tells programs of a preview.
pub const MANIFEST: &str = "manifest.json";

/// What a preview is made of.
pub struct Preview<'a> {
    pub issue: &'a Issue,
    pub newsletter: &'a str,
    pub digest: Digest,
    pub composer: Composer<'a>,
    /// Each edition and how many people get it.
    pub editions: Vec<(RenderedEdition, usize)>,
    /// How many people get nothing.
    pub skipped: usize,
    pub readers: &'a dyn Readers,
    /// What the check has to say, and how much there is besides.
    pub findings: (Vec<Finding>, usize),
    /// Alias and header of declared columns: what stands in for a cell in an edition's sample.
    pub columns: &'a [(&'a str, &'a str)],
    pub addresses: Addresses,
    pub extent: Extent,
}

/// What is done with someone who gets an edition, whose place comes with them.
pub type EachReader<'a> = &'a mut dyn FnMut(&Subscriber, usize) -> Result<(), PreviewError>;
/// What is done with someone who gets none, for a reason.
pub type EachSkipped<'a> = &'a mut dyn FnMut(&EmailAddress, &str) -> Result<(), PreviewError>;

/// Whoever knows the people of the list, and hands them over one after the other, in its order.
pub trait Readers {
    /// Hands over each person who gets an edition, with its place in [`Preview::editions`].
    ///
    /// # Errors
    /// The people can't be read, or what is done with one of them fails.
    fn each_reader(&self, each: EachReader<'_>) -> Result<(), PreviewError>;

    /// Hands over each person who gets none, with the reason.
    ///
    /// # Errors
    /// As [`Readers::each_reader`].
    fn each_skipped(&self, each: EachSkipped<'_>) -> Result<(), PreviewError>;
}

/// An item that some editions show in another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FellBack {
    pub item: String,
    /// The editions' language, or languages: `ar`, `ar;fr`.
    pub wanted: String,
    /// The language that the item is shown in.
    pub shown: String,
    /// The ids of the editions, in their order.
    pub editions: Vec<String>,
}

/// How addresses are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    Masked,
    Shown,
}

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// A sample of each edition.
    Editions,
    /// Besides, each recipient's own message.
    EachRecipient,
}

/// A preview can't be written.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    #[error("{} can't be written: {}", .0.display(), .1)]
    Write(PathBuf, #[source] std::io::Error),
    #[error("the folder {} holds other files than a preview", .0.display())]
    Foreign(PathBuf),
    #[error("{0}")]
    Gallery(String),
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Preview<'_> {
    /// Writes everything into `folder`, in place of a preview that stands there.
    ///
    /// # Errors
    /// The folder can't be written, or holds what is no preview.
    pub fn write(&self, folder: &Path) -> Result<Manifest, PreviewError> {
        let out = Folder::new(folder);
        out.clear()?;
        let mut album = Album::default();
        let mut editions = Vec::new();
        let mut prepared = Vec::new();
        for (rendered, recipients) in &self.editions {
            let messages = self.composer.prepare(rendered)?;
            editions.push(self.edition(rendered, &messages, *recipients, &out, &mut album)?);
            prepared.push(messages);
        }
        if self.extent == Extent::EachRecipient {
            self.readers.each_reader(&mut |person, place| {
                let message = prepared[place].message(person)?;
                out.write(&format!("each/row-{:05}.eml", person.line), &message.content.to_vec())
            })?;
        }
        let manifest = Manifest {
            issue: self.issue.id.to_string(),
            digest: self.digest.to_string(),
            recipients: self.editions.iter().map(|(_, recipients)| recipients).sum(),
            editions,
            skipped: self.skipped,
        };
        let (findings, findings_more) = &self.findings;
        let about = About {
            newsletter: self.newsletter,
            number: self.issue.number,
            date: self.issue.date.to_string(),
            manifest: &manifest,
            issue: self.issue,
            skipped: self.skipped_people()?,
            findings: findings.iter().map(|finding| self.addresses.mask(finding)).collect(),
            findings_more: *findings_more,
            reader: None,
        };
        out.write("index.html", gallery::page(&about, album)?.as_bytes())?;
        // Last, since it tells a finished preview from one that was broken off.
        let path = folder.join(MANIFEST);
        let unwritable = |error| PreviewError::Write(path.clone(), error);
        let file = private_file(&path).map_err(unwritable)?;
        let written = manifest.write(self.readers, self.addresses, BufWriter::new(file));
        written.map_err(|error| match error {
            ManifestError::Write(error) => unwritable(error),
            ManifestError::People(error) => error,
        })?;
        Ok(manifest)
    }

    fn edition(
        &self,
        rendered: &RenderedEdition,
        messages: &Prepared,
        recipients: usize,
        out: &Folder<'_>,
        album: &mut Album,
    ) -> Result<EditionEntry, PreviewError> {
        let sample = self.sample(rendered);
        let message = messages.message(&sample)?;
        let (html, text, subject) = self.composer.parts(rendered, &sample)?;
        let mail = Mail { html: &html, text: &text, subject, message: &message.content };
        mail.write(rendered, recipients, out, album, &self.composer, self.issue)
    }

    fn skipped_people(&self) -> Result<SkippedPeople, PreviewError> {
        let mut skipped = SkippedPeople::default();
        self.readers.each_skipped(&mut |email, reason| {
            skipped.add(reason, || self.addresses.show(email));
            Ok(())
        })?;
        Ok(skipped)
    }

    /// What is shown in another language than its readers', over all editions: one entry an item and
    /// an edition's languages, in the issue's order.
    #[must_use]
    pub fn fallbacks(&self) -> Vec<FellBack> {
        let mut found: Vec<FellBack> = Vec::new();
        for (rendered, _) in &self.editions {
            let (key, wanted) = (&rendered.key, rendered.key.language());
            for (item, shown) in fallen_back(self.issue, key) {
                match found.iter_mut().find(|known| known.item == item && known.wanted == wanted) {
                    Some(known) => known.editions.push(key.id()),
                    None => {
                        found.push(FellBack { item, wanted: wanted.clone(), shown, editions: vec![key.id()] });
                    }
                }
            }
        }
        let place = |entry: &FellBack| self.issue.items().position(|item| item.id.as_str() == entry.item);
        found.sort_by(|one, other| place(one).cmp(&place(other)).then_with(|| one.wanted.cmp(&other.wanted)));
        found
    }

    /// The made-up reader of an edition's sample: nobody's data is shown when a preview is passed round.
    fn sample(&self, rendered: &RenderedEdition) -> Subscriber {
        let columns = self.columns.iter().map(|(alias, header)| ((*alias).to_owned(), format!("[{header}]")));
        Subscriber {
            email: "reader@example.org".parse().unwrap_or_else(|_| unreachable!("a plain address")),
            name: Some("Sample Reader".to_owned()),
            languages: rendered.key.languages().to_vec(),
            topics: std::collections::BTreeSet::new(),
            columns: columns.collect(),
            line: 0,
        }
    }
}

/// Items of the edition of `key` that are shown in another language, with that language.
fn fallen_back(issue: &Issue, key: &EditionKey) -> Vec<(String, String)> {
    let edition = Edition::assemble(issue, key);
    edition.fallen_back().map(|(item, language)| (item.to_string(), language.to_string())).collect()
}

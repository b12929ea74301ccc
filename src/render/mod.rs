//! An [`Edition`] to a [`RenderedEdition`]: HTML through Tera, MJML and mrml, and plain text from the
//! same structure, each cut at its merge fields. Nothing here can see a subscriber.

mod dates;
mod flowed;
mod html;
mod layout;
mod mjml;
mod numbers;
mod pictures;
mod strings;
mod templates;
mod text;
mod wrapping;

use std::path::{Path, PathBuf};

use crate::config::{Brand, Links, Newsletter, Sender};
use crate::domain::digest::Digester;
use crate::domain::field::{Escape, Merge};
use crate::domain::{Digest, Finding, Language, Localised, Severity};
use crate::edition::{Edition, EditionKey};
use crate::issue::{Image, Issue};
use pictures::Pictures;

pub use mjml::{MjmlError, to_html as mjml_to_html};
pub use pictures::EmbeddedImage;
pub use templates::Templates;

/// What rendering needs to know beside the issue: slices of the configuration, and the logo's file.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub newsletter: &'a Newsletter,
    pub sender: &'a Localised<Sender>,
    pub links: &'a Links,
    pub brand: &'a Brand,
    pub logo: Option<&'a Image>,
}

/// An edition as all its readers get it, with places left open for their own values.
#[derive(Debug, Clone)]
pub struct RenderedEdition {
    pub key: EditionKey,
    pub subject: Merge,
    pub html: Merge,
    pub text: Merge,
    /// In the order of their first use; empty where images are hosted.
    pub images: Vec<EmbeddedImage>,
    /// Over all of the above.
    pub digest: Digest,
    /// Doubts about the templates.
    pub findings: Vec<Finding>,
}

/// An edition can't be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("{} can't be read: {}", .0.display(), .1)]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{}", .0.message)]
    Invalid(Box<Finding>),
    #[error("the templates make MJML that must be mended first")]
    Faults(Vec<Finding>),
    #[error(transparent)]
    Mjml(#[from] mjml::MjmlError),
}

impl RenderedEdition {
    /// An edition of these parts, without doubts; its digest is over all of them.
    #[must_use]
    pub fn new(key: EditionKey, subject: Merge, html: Merge, text: Merge, images: Vec<EmbeddedImage>) -> Self {
        let mut digester = Digester::default();
        digester.add("edition", key.id());
        subject.digest("subject", &mut digester);
        html.digest("html", &mut digester);
        text.digest("text", &mut digester);
        for image in &images {
            digester.add(&image.content_id, &image.bytes);
        }
        Self { key, subject, html, text, images, digest: digester.finish(), findings: Vec::new() }
    }

    /// The language that gives the mail its subject, its `lang` and its direction.
    ///
    /// # Panics
    /// Never: a key has at least one language.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.key.languages()[0]
    }
}

/// Renders one edition.
///
/// # Errors
/// A template has a fault, or what the templates make is not MJML.
pub fn render(
    edition: &Edition<'_>,
    templates: &Templates,
    setting: Setting<'_>,
) -> Result<RenderedEdition, RenderError> {
    let mut pictures = Pictures::new(edition.issue, setting);
    let layout = layout::Layout { templates, setting, edition, events: dates::Events::default() };
    let mjml = layout.mjml(&mut pictures)?;
    let skeleton = mjml::Skeleton::of(&mjml);
    let mut findings = mjml::check(skeleton.as_ref().map_or(&mjml, |skeleton| &skeleton.mjml), &[]);
    if !findings.is_empty() {
        // Only now do their places matter, and the words between them.
        findings = mjml::check(&mjml, &sources(edition.issue, templates));
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(RenderError::Faults(findings));
    }
    let html = mjml::html_of(&mjml, skeleton.as_ref())?;
    let text = layout.text()?;
    let fields = &edition.issue.fields;
    let html = Merge::cut(&html, fields, Escape::Html);
    let text = Merge::cut(&text, fields, Escape::Plain);
    let subject = edition.parts[0].front.subject.clone();
    let images = pictures.into_used();

    let rendered = RenderedEdition::new(edition.key.clone(), subject, html, text, images);
    Ok(RenderedEdition { findings, ..rendered })
}

/// The MJML of one edition, as MJML's own tools take it.
///
/// # Errors
/// A template has a fault.
pub fn assembled_mjml(
    edition: &Edition<'_>,
    templates: &Templates,
    setting: Setting<'_>,
) -> Result<String, RenderError> {
    let mut pictures = Pictures::new(edition.issue, setting);
    layout::Layout { templates, setting, edition, events: dates::Events::default() }.mjml(&mut pictures)
}

/// The files that an edition's MJML comes from.
fn sources<'a>(issue: &'a Issue, templates: &'a Templates) -> Vec<mjml::Source<'a>> {
    let folder = Path::new("issues").join(issue.id.as_str());
    let of_markdown = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "md");
    let texts = issue.sources.iter().filter(|(name, _)| of_markdown(name));
    let texts = texts.filter_map(|(name, text)| Some((folder.join(name), std::str::from_utf8(text).ok()?)));
    let templates = templates.mjml().map(|(name, text)| (Path::new("templates").join(name), text));
    templates.chain(texts).map(|(file, text)| mjml::Source { file, text }).collect()
}

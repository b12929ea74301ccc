//! An [`Edition`] to a [`RenderedEdition`]: HTML through Tera, MJML and mrml, and plain text from the
//! same structure, each cut at its merge fields. Nothing here can see a subscriber.

mod dates;
mod html;
mod layout;
mod mjml;
mod numbers;
mod pictures;
mod strings;
mod templates;
mod text;

use std::path::PathBuf;

use crate::config::{Brand, Links, Newsletter, Sender};
use crate::domain::field::{Escape, Merge};
use crate::domain::{Digest, Finding, Language, Localised};
use crate::edition::{Edition, EditionKey};
use crate::issue::Image;
use pictures::Pictures;

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
}

/// An edition can't be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("{} can't be read: {}", .0.display(), .1)]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{}", .0.message)]
    Invalid(Box<Finding>),
    #[error(transparent)]
    Mjml(#[from] mjml::MjmlError),
}

impl RenderedEdition {
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
    let layout = layout::Layout { templates, setting, edition };
    let html = mjml::to_html(&layout.mjml(&mut pictures)?)?;
    let text = layout.text()?;
    let fields = &edition.issue.fields;
    let html = Merge::cut(&html, fields, Escape::Html);
    let text = Merge::cut(&text, fields, Escape::Plain);
    let subject = edition.parts[0].front.subject.clone();
    let images = pictures.into_used();

    let mut digester = crate::domain::digest::Digester::default();
    digester.add("edition", edition.key.id());
    subject.digest("subject", &mut digester);
    html.digest("html", &mut digester);
    text.digest("text", &mut digester);
    for image in &images {
        digester.add(&image.content_id, &image.bytes);
    }
    Ok(RenderedEdition { key: edition.key.clone(), subject, html, text, images, digest: digester.finish() })
}

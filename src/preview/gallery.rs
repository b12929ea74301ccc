//! `index.html`: the preview for a person, from disk and without a server.

use serde::Serialize;
use tera::{Context, Tera};

use super::manifest::SkippedEntry;
use super::{Manifest, Preview, PreviewError};

/// What the gallery tells of an edition beside its manifest entry.
#[derive(Serialize)]
pub(super) struct Page {
    /// Items shown in another language, with that language.
    pub fallen_back: Vec<(String, String)>,
}

/// So many of those who get nothing are shown; the manifest has all of them.
const SHOWN: usize = 1_000;

const TEMPLATE: &str = include_str!("gallery.html");

/// The page.
///
/// # Errors
/// The template has a fault, or the people can't be read.
pub(super) fn page(preview: &Preview<'_>, manifest: &Manifest, pages: &[Page]) -> Result<String, PreviewError> {
    let mut context = Context::new();
    context.insert("newsletter", preview.newsletter);
    context.insert("number", &preview.issue.number);
    context.insert("date", &preview.issue.date.to_string());
    context.insert("manifest", manifest);
    context.insert("pages", pages);
    let mut skipped = Vec::new();
    preview.readers.each_skipped(&mut |email, reason| {
        if skipped.len() < SHOWN {
            skipped.push(SkippedEntry { email: preview.addresses.show(email), reason: reason.to_owned() });
        }
        Ok(())
    })?;
    context.insert("skipped_count", &manifest.skipped);
    context.insert("skipped_more", &manifest.skipped.saturating_sub(skipped.len()));
    context.insert("skipped", &skipped);
    let mut tera = Tera::default();
    let rendered = tera.add_raw_template("gallery.html", TEMPLATE).and_then(|()| tera.render("gallery.html", &context));
    rendered.map_err(|error| PreviewError::Gallery(error.to_string()))
}

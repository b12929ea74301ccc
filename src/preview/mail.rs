//! A mail as one reader gets it, in files: HTML whose images are beside it, plain text, and the message itself.

use super::folder::Folder;
use super::gallery::Album;
use super::{EditionEntry, PreviewError};
use crate::compose::{Composer, Content};
use crate::domain::Digest;
use crate::issue::Issue;
use crate::render::RenderedEdition;

/// The parts of a message.
pub(super) struct Mail<'a> {
    pub html: &'a str,
    pub text: &'a str,
    pub subject: String,
    pub message: &'a Content,
}

impl Mail<'_> {
    /// Writes its files, and takes it into the album; `recipients` get one like it.
    pub(super) fn write(
        self,
        rendered: &RenderedEdition,
        recipients: usize,
        out: &Folder<'_>,
        album: &mut Album,
        composer: &Composer<'_>,
        issue: &Issue,
    ) -> Result<EditionEntry, PreviewError> {
        let id = rendered.key.id();
        let mut page = self.html.to_owned();
        for image in &rendered.images {
            let name = format!("images/{}-{}", Digest::of(&image.bytes), image.file_name);
            out.write_image(&format!("editions/{name}"), &image.bytes)?;
            page = page.replace(&format!("cid:{}", image.content_id), &name);
        }
        let entry = EditionEntry {
            id: id.clone(),
            language: rendered.key.language(),
            items: rendered.key.items().iter().map(ToString::to_string).collect(),
            recipients,
            subject: self.subject,
            html: format!("editions/{id}.html"),
            text: format!("editions/{id}.txt"),
            eml: format!("editions/{id}.eml"),
            bytes: self.message.len(),
            html_bytes: self.html.len(),
            digest: rendered.digest.to_string(),
        };
        let message = self.message.to_vec();
        out.write(&entry.html, page.as_bytes())?;
        out.write(&entry.text, self.text.as_bytes())?;
        out.write(&entry.eml, &message)?;
        album.add(composer, issue, rendered, entry.clone(), [self.html, self.text], &message);
        Ok(entry)
    }
}

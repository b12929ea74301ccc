//! The images of one edition: where the HTML finds each, and which of them the message must carry.

use std::collections::BTreeMap;

use super::Setting;
use crate::config::Images;
use crate::issue::{Image, Issue};

/// An image that goes into the message, found by its Content-ID (RFC 2392).
#[derive(Debug, Clone)]
pub struct EmbeddedImage {
    /// Without angle brackets.
    pub content_id: String,
    pub file_name: String,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// What an `<img>` needs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    pub url: String,
    /// In CSS pixels, scaled down to the room that there is.
    pub width: usize,
    pub height: usize,
}

/// The name that the logo goes by.
const LOGO: &str = "logo";

pub(super) struct Pictures<'a> {
    issue: &'a Issue,
    setting: Setting<'a>,
    used: Vec<EmbeddedImage>,
    known: BTreeMap<String, String>,
}

impl<'a> Pictures<'a> {
    pub(super) fn new(issue: &'a Issue, setting: Setting<'a>) -> Self {
        Self { issue, setting, used: Vec::new(), known: BTreeMap::new() }
    }

    /// The image that the text calls `source`, at most `room` pixels wide.
    pub(super) fn of_issue(&mut self, source: &str, room: usize) -> Option<Source> {
        let image = self.issue.images.get(source)?;
        Some(self.place(source, image, room))
    }

    /// The logo, 64 pixels wide (it is drawn larger for fine screens).
    pub(super) fn logo(&mut self) -> Option<Source> {
        self.setting.logo.map(|image| self.place(LOGO, image, 64))
    }

    pub(super) fn into_used(self) -> Vec<EmbeddedImage> {
        self.used
    }

    fn place(&mut self, name: &str, image: &Image, room: usize) -> Source {
        let width = image.width.min(room).max(1);
        let height = (image.height * width).div_ceil(image.width.max(1));
        let url = match self.known.get(name) {
            Some(url) => url.clone(),
            None => {
                let url = self.url(name, image);
                self.known.insert(name.to_owned(), url.clone());
                url
            }
        };
        Source { url, width, height }
    }

    fn url(&mut self, name: &str, image: &Image) -> String {
        let ending = image.content_type.rsplit('/').next().unwrap_or_default();
        let stem = name.rsplit('/').next().unwrap_or(name);
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        let stem: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        match (self.setting.newsletter.images, &self.setting.links.web) {
            (Images::Hosted, Some(web)) => {
                let path = if name == LOGO { format!("{stem}.{ending}") } else { name.to_owned() };
                format!("{web}/issues/{}/{path}", self.issue.id)
            }
            _ => {
                let content_id = format!("{stem}.{}@{}", image.digest, self.setting.newsletter.id);
                let url = format!("cid:{content_id}");
                let file_name = format!("{stem}.{ending}");
                let bytes = image.bytes.clone();
                self.used.push(EmbeddedImage { content_id, file_name, content_type: image.content_type, bytes });
                url
            }
        }
    }
}

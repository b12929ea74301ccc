//! `manifest.json`: the preview for programs to read. Its form is fixed; scripts lean on it. Who gets nothing may
//! be a long list, and is written as it is gone through.

use std::cell::RefCell;
use std::io::{self, Write};

use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use super::{Addresses, PreviewError, Readers};

/// What a preview tells of itself.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    pub issue: String,
    /// What `send --approve` takes.
    pub digest: String,
    /// People who get an edition.
    pub recipients: usize,
    pub editions: Vec<EditionEntry>,
    /// How many people get nothing.
    #[serde(skip)]
    pub skipped: usize,
}

/// One edition; paths are relative to the preview's folder.
#[derive(Debug, Clone, Serialize)]
pub struct EditionEntry {
    pub id: String,
    /// `en`, or `en;fr` for an edition in two languages.
    pub language: String,
    pub items: Vec<String>,
    pub recipients: usize,
    pub subject: String,
    pub html: String,
    pub text: String,
    pub eml: String,
    /// Of the `.eml`.
    pub bytes: usize,
    /// Of the HTML part, decoded.
    pub html_bytes: usize,
    pub digest: String,
}

/// Someone who gets nothing.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SkippedEntry {
    /// Masked unless addresses were asked for.
    pub email: String,
    pub reason: String,
}

/// The manifest with those who get nothing behind it.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    skipped: Skipped<'a>,
}

struct Skipped<'a> {
    readers: &'a dyn Readers,
    addresses: Addresses,
    /// What went wrong while they were gone through.
    fault: RefCell<Option<PreviewError>>,
}

impl Serialize for Skipped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_seq(None)?;
        let mut refused = Ok(());
        let gone_through = self.readers.each_skipped(&mut |email, reason| {
            let entry = SkippedEntry { email: self.addresses.show(email), reason: reason.to_owned() };
            if refused.is_ok() {
                refused = entries.serialize_element(&entry);
            }
            Ok(())
        });
        refused?;
        gone_through.map_err(|error| {
            let told = S::Error::custom(&error);
            self.fault.replace(Some(error));
            told
        })?;
        entries.end()
    }
}

impl Manifest {
    /// Writes it as it stands in the file.
    ///
    /// # Errors
    /// It can't be written, or the people can't be read to their end.
    pub(super) fn write(
        &self,
        readers: &dyn Readers,
        addresses: Addresses,
        mut out: impl Write,
    ) -> Result<(), ManifestError> {
        let skipped = Skipped { readers, addresses, fault: RefCell::default() };
        let whole = Whole { manifest: self, skipped };
        match serde_json::to_writer_pretty(&mut out, &whole) {
            Ok(()) => out.write_all(b"\n").and_then(|()| out.flush()).map_err(ManifestError::Write),
            Err(error) => Err(match whole.skipped.fault.take() {
                Some(fault) => ManifestError::People(fault),
                None => ManifestError::Write(error.into()),
            }),
        }
    }
}

/// The manifest is not whole.
pub(super) enum ManifestError {
    Write(io::Error),
    People(PreviewError),
}

//! The folder that a preview goes into: what stood there of an older preview is removed, and nothing else; each
//! file can be read by its owner alone.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::{MANIFEST, PreviewError};
use crate::state::{private_file, private_folder};

/// Where a preview goes.
pub(super) struct Folder<'a> {
    path: &'a Path,
    /// Names of images that are there already: editions have most of them in common.
    images: RefCell<HashSet<String>>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self { path, images: RefCell::default() }
    }

    /// Removes a preview that stands there; anything else there is none of ours.
    pub(super) fn clear(&self) -> Result<(), PreviewError> {
        let failed = |error| PreviewError::Write(self.path.to_owned(), error);
        private_folder(self.path).map_err(failed)?;
        let ours = ["index.html", MANIFEST, "editions", "each"];
        let entries = fs::read_dir(self.path).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        if entries.iter().any(|entry| !ours.iter().any(|name| entry.file_name() == *name)) {
            return Err(PreviewError::Foreign(self.path.to_owned()));
        }
        for entry in entries {
            let path = entry.path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|error| PreviewError::Write(path, error))?;
        }
        Ok(())
    }

    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), PreviewError> {
        let path = self.path.join(name);
        let written = private_folder(path.parent().unwrap_or(self.path))
            .and_then(|()| private_file(&path))
            .and_then(|mut file| file.write_all(content));
        written.map_err(|error| PreviewError::Write(path, error))
    }

    /// Writes an image whose name tells its content: once is enough.
    pub(super) fn write_image(&self, name: &str, content: &[u8]) -> Result<(), PreviewError> {
        if self.images.borrow_mut().insert(name.to_owned()) { self.write(name, content) } else { Ok(()) }
    }
}

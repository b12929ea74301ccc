//! What is shown just now: a folder with a whole preview, which stays as long as somebody reads from it, so that no
//! page ever sees half of one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::event::Event;
use crate::domain::Digest;
use crate::domain::digest::Digester;
use crate::preview::MANIFEST;

/// What pages are given, and what they are told.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// The run's, from which a page that missed something can tell so.
    pub id: String,
    /// The id of the run that made what is shown.
    pub page: String,
    /// None before the first good preview.
    pub stage: Option<Arc<Stage>>,
    pub event: Event,
}

impl Shown {
    /// Before the first run is over.
    pub fn nothing(run: &str) -> Self {
        let id = format!("{run}-0");
        Self { page: id.clone(), id, stage: None, event: Event::Nothing }
    }

    /// What is shown after run `id` made `stage`; none where no page need hear of it. `event` is told the id of the
    /// run that made the page, which is an earlier one where it looks the same.
    pub fn followed_by(self, id: String, stage: Stage, event: impl FnOnce(&str) -> Event) -> Option<Self> {
        let is_same = self.stage.as_ref().is_some_and(|shown| shown.content == stage.content);
        if is_same && !self.event.is_fault() {
            return None;
        }
        let (page, stage) = if is_same { (self.page, self.stage) } else { (id.clone(), Some(Arc::new(stage))) };
        Some(Self { event: event(&page), id, page, stage })
    }
}

/// A preview in a folder of its own, which ends with it.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    /// The same for two previews that look the same.
    content: Option<Digest>,
}

impl Stage {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, content: None }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Notes what it looks like, now that it is whole.
    pub fn filled(mut self) -> Self {
        let mut digester = Digester::default();
        // The manifest has the digest of each edition.
        for name in ["index.html", MANIFEST] {
            digester.add(name, fs::read(self.folder.join(name)).unwrap_or_default());
        }
        self.content = Some(digester.finish());
        self
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // The next run with this port removes what can't be removed now.
        drop(fs::remove_dir_all(&self.folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(folder: &Path, name: &str, content: &str) -> Stage {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("index.html"), content).unwrap();
        Stage::new(folder.join(name)).filled()
    }

    fn next(shown: &Shown, id: &str, stage: Stage) -> Option<Shown> {
        shown.clone().followed_by(id.to_owned(), stage, |_| Event::Nothing)
    }

    #[test]
    fn a_preview_that_looks_the_same_is_told_only_where_there_was_a_fault_and_then_needs_no_reload() {
        let folder = tempfile::tempdir().unwrap();
        let first = next(&Shown::nothing("7"), "7-1", stage(folder.path(), "1", "a")).unwrap();
        assert_eq!((first.id.as_str(), first.page.as_str()), ("7-1", "7-1"));
        assert!(next(&first, "7-2", stage(folder.path(), "2", "a")).is_none());
        let faulty = Shown { id: "7-3".to_owned(), event: Event::fault("7-1", &[], folder.path()), ..first.clone() };
        let mended = next(&faulty, "7-4", stage(folder.path(), "4", "a")).unwrap();
        assert_eq!((mended.id.as_str(), mended.page.as_str()), ("7-4", "7-1"));
        let other = next(&mended, "7-5", stage(folder.path(), "5", "b")).unwrap();
        assert_eq!((other.id.as_str(), other.page.as_str()), ("7-5", "7-5"));
    }

    #[test]
    fn a_folder_stays_as_long_as_somebody_reads_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let exists = |name: &str| folder.path().join(name).exists();
        let first = next(&Shown::nothing("7"), "7-1", stage(folder.path(), "1", "a")).unwrap();
        let reading = first.stage.clone();
        let second = next(&first, "7-2", stage(folder.path(), "2", "b"));
        drop(first);
        assert!(exists("1") && exists("2"));
        drop(reading);
        assert!(!exists("1") && exists("2"));
        drop(second);
        assert!(!exists("2"));
    }
}

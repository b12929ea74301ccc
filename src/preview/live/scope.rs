//! What a preview is made of: the files that are worth a look when they are written, and the folders in which that
//! is heard of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use notify::RecursiveMode;

/// The sources of one issue's preview.
#[derive(Debug, Clone)]
pub struct Scope {
    folder: PathBuf,
    /// Everything below these counts.
    trees: [PathBuf; 2],
    /// Single files, wherever they are.
    files: BTreeSet<PathBuf>,
}

/// Length and time of change of each file.
pub(super) type Snapshot = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

impl Scope {
    /// The sources of `issue`, the name of a folder below issues/, in the newsletter's `folder`, with the list.
    ///
    /// # Errors
    /// The folder is not there.
    pub fn new(folder: &Path, issue: &str, list: &Path) -> std::io::Result<Self> {
        // Whole, as changes are told with the path that was given.
        let folder = folder.canonicalize()?;
        let trees = [folder.join("issues").join(issue), folder.join("templates")];
        let files = BTreeSet::from([folder.join("bulletin.toml")]);
        let mut scope = Self { folder, trees, files };
        scope.also(&[list.to_owned()]);
        Ok(scope)
    }

    /// The newsletter's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Watches `files`, too; and where one is a link, the file that it leads to.
    pub(super) fn also(&mut self, files: &[PathBuf]) {
        for file in files {
            let Ok(file) = std::path::absolute(file) else { continue };
            if let (Some(parent), Some(name)) = (file.parent(), file.file_name()) {
                self.files.insert(whole(parent).join(name));
            }
            self.files.extend(file.canonicalize());
        }
    }

    /// The folders in which changes are heard of. Those that are not there yet are left out: that they appear is
    /// heard of in the folder above.
    pub(super) fn places(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let above = self.trees.iter().chain(&self.files).filter_map(|path| path.parent());
        let flat: BTreeSet<&Path> = above.chain([self.folder.as_path()]).collect();
        let within_tree = |path: &Path| self.trees.iter().any(|tree| path.starts_with(tree));
        let flat = flat.into_iter().filter(|path| !within_tree(path)).map(|path| (path, RecursiveMode::NonRecursive));
        let trees = self.trees.iter().map(|tree| (tree.as_path(), RecursiveMode::Recursive));
        flat.chain(trees).filter(|(path, _)| path.is_dir()).map(|(path, mode)| (path.to_owned(), mode)).collect()
    }

    /// Whether a change of `path` can change the preview.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        // A folder that comes or goes takes its files with it.
        let holds_one = || self.trees.iter().chain(&self.files).any(|known| known.starts_with(path));
        let within = || self.trees.iter().any(|tree| path.starts_with(tree)) && !is_passing(path);
        holds_one() || within()
    }

    /// All files as they are now.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut found = Snapshot::new();
        self.trees.iter().chain(&self.files).for_each(|path| look(path, &mut found));
        found
    }
}

/// The path without links, as far as there is anything.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => whole(parent).join(name),
        _ => path.to_owned(),
    })
}

fn look(path: &Path, found: &mut Snapshot) {
    let Ok(metadata) = fs::metadata(path) else { return };
    if metadata.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| !is_passing(path)).for_each(|path| look(&path, found));
    } else {
        found.insert(path.to_owned(), (metadata.len(), metadata.modified().ok()));
    }
}

/// Whether editors and spreadsheets keep such files beside the one that they write.
fn is_passing(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // 4913 is how Vim tries whether it may write.
    let is_odd = name.starts_with(['.', '#', '~']) || name.ends_with('~') || name == "4913";
    is_odd || [".tmp", ".swp", ".swx", ".bak", ".part"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(folder: &Path) -> Scope {
        Scope::new(folder, "2015-11", &folder.join("subscribers/subscribers.csv")).unwrap()
    }

    #[test]
    fn sources_count_and_what_the_program_or_an_editor_writes_does_not() {
        let folder = tempfile::tempdir().unwrap();
        // Nothing need be there yet.
        let scope = scope(folder.path());
        let concerns = |name: &str| scope.concerns(&scope.folder().join(name));
        for name in [
            "bulletin.toml",
            "issues",
            "issues/2015-11",
            "issues/2015-11/en.md",
            "issues/2015-11/images/cover.png",
            "templates",
            "templates/strings/en.toml",
            "subscribers",
            "subscribers/subscribers.csv",
        ] {
            assert!(concerns(name), "{name}");
        }
        for name in [
            "outbox/2015-11/rendered/en-1.json",
            "state/bulletin.db",
            "target/debug",
            ".git/index",
            "notes.txt",
            "secret.key",
            "issues/2015-12/en.md",
            "issues/2015-11/.en.md.swp",
            "issues/2015-11/en.md~",
            "issues/2015-11/4913",
            "issues/2015-11/#en.md#",
            "issues/2015-11/.#en.md",
            "templates/.goutputstream-X1",
            "subscribers/.~lock.subscribers.csv#",
            "subscribers/subscribers.csv.bak",
        ] {
            assert!(!concerns(name), "{name}");
        }
    }

    #[test]
    fn a_folder_is_watched_once_it_is_there_and_a_list_s_own_place_too() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let list = elsewhere.path().join("list.csv");
        let scope = Scope::new(folder.path(), "2015-11", &list).unwrap();
        let watched = || -> Vec<_> { scope.places().into_iter().map(|(path, _)| path).collect() };
        let (root, other) = (scope.folder().to_owned(), elsewhere.path().canonicalize().unwrap());
        assert_eq!(watched().into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([root.clone(), other]));
        fs::create_dir_all(root.join("issues/2015-11/images")).unwrap();
        let places = scope.places();
        assert!(places.contains(&(root.join("issues"), RecursiveMode::NonRecursive)), "{places:?}");
        assert!(places.contains(&(root.join("issues/2015-11"), RecursiveMode::Recursive)), "{places:?}");
        assert!(scope.concerns(&elsewhere.path().canonicalize().unwrap().join("list.csv")));
    }

    #[cfg(unix)]
    #[test]
    fn where_the_list_is_a_link_the_file_that_it_leads_to_counts() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let real = elsewhere.path().canonicalize().unwrap().join("export.csv");
        fs::write(&real, "email\n").unwrap();
        fs::create_dir(folder.path().join("subscribers")).unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join("subscribers/subscribers.csv")).unwrap();
        let scope = scope(folder.path());
        assert!(scope.concerns(&real));
        assert!(scope.concerns(&scope.folder().join("subscribers/subscribers.csv")));
    }

    #[test]
    fn a_look_at_the_files_shows_what_was_written_made_or_removed() {
        let folder = tempfile::tempdir().unwrap();
        let scope = scope(folder.path());
        let mut last = scope.snapshot();
        let mut differs = |what: &str| {
            let now = scope.snapshot();
            assert_ne!(now, last, "{what}");
            last = now;
        };
        fs::create_dir_all(folder.path().join("issues/2015-11")).unwrap();
        fs::write(folder.path().join("issues/2015-11/en.md"), "a").unwrap();
        differs("made");
        fs::write(folder.path().join("issues/2015-11/en.md"), "ab").unwrap();
        differs("written");
        fs::remove_file(folder.path().join("issues/2015-11/en.md")).unwrap();
        differs("removed");
    }
}

//! The list's file, replaced whole or not at all: new rows in, a backup of the old ones out.
//!
//! The new file is written beside the old one and brought to the disk before the two change places, so
//! that whoever reads the list, and a crash at any moment, meets one or the other. What was replaced is
//! compared with what had been read: a change that a person's spreadsheet made meanwhile is put back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::Digest;
use crate::domain::digest::Digester;

/// Backups that are kept.
const BACKUPS: usize = 12;

/// A list's file as it was when it was opened.
#[derive(Debug)]
pub struct ListFile {
    path: PathBuf,
    /// Of its bytes; none where there was no file.
    content: Option<Digest>,
}

/// The file was left as it was.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{} can't be read: {}", .0.display(), .1)]
    Read(PathBuf, #[source] io::Error),
    #[error("{} can't be written: {}", .0.display(), .1)]
    Write(PathBuf, #[source] io::Error),
    #[error("{} was changed while it was worked on; nothing was written", .0.display())]
    Changed(PathBuf),
    #[error("{} is open in {}", .path.display(), .program)]
    Open { path: PathBuf, program: &'static str },
}

impl ListFile {
    /// Remembers what stands in the file at `path` now, if there is one.
    ///
    /// # Errors
    /// It can't be read, or a spreadsheet program has it open and would write over what is changed here.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        for (lock, program) in [(".~lock.NAME#", "LibreOffice"), ("~$NAME", "Excel")] {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.with_file_name(lock.replace("NAME", &name)).exists() {
                return Err(FileError::Open { path: path.to_owned(), program });
            }
        }
        let content = digest(path).map_err(|error| FileError::Read(path.to_owned(), error))?;
        Ok(Self { path: path.to_owned(), content })
    }

    /// Replaces the file by what `write` writes. `keep` names a folder for the old one, and the time under
    /// which it goes there; tells where.
    ///
    /// # Errors
    /// The file was changed since it was opened, or something can't be written; then it is as it was.
    pub fn replace(
        self,
        keep: Option<(&Path, Timestamp)>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Option<PathBuf>, FileError> {
        let failed = |error| FileError::Write(self.path.clone(), error);
        let temporary = Temporary::beside(&self.path).map_err(failed)?;
        temporary.fill(&self.path, write).map_err(failed)?;
        let Some(content) = self.content else {
            // A link does not replace what someone else put there meanwhile.
            return match fs::hard_link(&temporary.0, &self.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(FileError::Changed(self.path)),
                Err(error) => Err(failed(error)),
                Ok(()) => settle(&self.path).map(|()| None).map_err(failed),
            };
        };
        let backup = keep.map(|(folder, now)| back_up(&self.path, folder, now)).transpose().map_err(failed)?;
        exchange(&temporary.0, &self.path).map_err(failed)?;
        if digest(&temporary.0).map_err(failed)? != Some(content) {
            exchange(&temporary.0, &self.path).map_err(failed)?;
            // Of a state that nobody wanted to keep.
            drop(backup.map(fs::remove_file));
            return Err(FileError::Changed(self.path));
        }
        settle(&self.path).map_err(failed)?;
        if let Some((folder, _)) = keep {
            prune(folder, &self.path);
        }
        Ok(backup)
    }
}

/// The backups of the list at `path` in `folder`, the oldest first.
#[must_use]
pub fn backups(folder: &Path, path: &Path) -> Vec<PathBuf> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned() + "-";
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> =
        entries.filter(|path| path.file_name().unwrap_or_default().to_string_lossy().starts_with(&stem)).collect();
    found.sort();
    found
}

/// A file that is gone with the value.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let own = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&own).map(|_| Self(own))
    }

    /// Writes it, brings it to the disk, and gives it the permissions of `original`.
    fn fill(&self, original: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(&self.0)?);
        write(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        if let Ok(original) = fs::metadata(original) {
            file.set_permissions(original.permissions())?;
        }
        file.sync_all()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It may not be there any more, and a leftover does no harm.
        drop(fs::remove_file(&self.0));
    }
}

/// Lets two files change places, in one step where the system can do that.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            // Some file systems, network ones above all, can't.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {}
            result => return Ok(result?),
        }
    }
    let aside = one.with_extension("old");
    fs::hard_link(other, &aside)?;
    fs::rename(one, other)?;
    fs::rename(&aside, one)
}

/// Brings the file's name to the disk.
fn settle(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// A copy of the file in `folder`, on the disk.
fn back_up(path: &Path, folder: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or(String::new(), |extension| format!(".{}", extension.to_string_lossy()));
    let moment = now.strftime("%Y%m%dT%H%M%S%.3fZ");
    let backup = folder.join(format!("{stem}-{moment}{extension}"));
    fs::copy(path, &backup)?;
    File::open(&backup)?.sync_all()?;
    settle(&backup)?;
    Ok(backup)
}

/// Removes all but the latest backups: old lists are addresses of people who may have left since.
fn prune(folder: &Path, path: &Path) {
    let all = backups(folder, path);
    for old in &all[..all.len().saturating_sub(BACKUPS)] {
        // One that stays costs room, and the next time is soon.
        drop(fs::remove_file(old));
    }
}

fn digest(path: &Path) -> io::Result<Option<Digest>> {
    match fs::read(path) {
        Ok(bytes) => {
            let mut digester = Digester::default();
            digester.add("list", &bytes);
            Ok(Some(digester.finish()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(content: &str) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            fs::write(folder.list(), content).unwrap();
            folder
        }

        fn list(&self) -> PathBuf {
            self.0.path().join("subscribers.csv")
        }

        fn backups(&self) -> PathBuf {
            self.0.path().join("state/backups")
        }

        fn replace(&self, file: ListFile, content: &str, second: i64) -> Result<Option<PathBuf>, FileError> {
            let now = Timestamp::from_second(second).unwrap();
            file.replace(Some((&self.backups(), now)), |out| out.write_all(content.as_bytes()))
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    #[test]
    fn the_old_list_becomes_a_backup_and_nothing_else_is_left_behind() {
        let folder = Folder::with("old");
        let backup = folder.replace(ListFile::open(&folder.list()).unwrap(), "new", 0).unwrap().unwrap();
        assert_eq!(fs::read_to_string(folder.list()).unwrap(), "new");
        assert_eq!(fs::read_to_string(&backup).unwrap(), "old");
        assert!(backup.ends_with("state/backups/subscribers-19700101T000000.000Z.csv"), "{}", backup.display());
        let mut names = folder.names();
        names.sort();
        assert_eq!(names, ["state", "subscribers.csv"]);
    }

    #[test]
    fn a_change_made_meanwhile_is_noticed_and_not_overwritten() {
        let folder = Folder::with("old");
        let file = ListFile::open(&folder.list()).unwrap();
        fs::write(folder.list(), "saved by a person").unwrap();
        assert!(matches!(folder.replace(file, "new", 0), Err(FileError::Changed(_))));
        assert_eq!(fs::read_to_string(folder.list()).unwrap(), "saved by a person");
        assert!(backups(&folder.backups(), &folder.list()).is_empty());
    }

    #[test]
    fn a_list_that_appears_meanwhile_is_not_overwritten() {
        let folder = Folder::with("");
        fs::remove_file(folder.list()).unwrap();
        let file = ListFile::open(&folder.list()).unwrap();
        fs::write(folder.list(), "saved by a person").unwrap();
        assert!(matches!(folder.replace(file, "new", 0), Err(FileError::Changed(_))));
        fs::remove_file(folder.list()).unwrap();
        assert!(folder.replace(ListFile::open(&folder.list()).unwrap(), "new", 0).unwrap().is_none());
        assert_eq!(fs::read_to_string(folder.list()).unwrap(), "new");
    }

    #[test]
    fn a_write_that_fails_leaves_the_list_as_it_was() {
        let folder = Folder::with("old");
        let file = ListFile::open(&folder.list()).unwrap();
        let failed = file.replace(Some((&folder.backups(), Timestamp::UNIX_EPOCH)), |out| {
            out.write_all(b"half of it")?;
            Err(io::Error::other("no room"))
        });
        assert!(matches!(failed, Err(FileError::Write(..))));
        assert_eq!(fs::read_to_string(folder.list()).unwrap(), "old");
        assert_eq!(folder.names(), ["subscribers.csv"]);
    }

    #[test]
    fn a_list_that_is_open_in_a_spreadsheet_is_left_alone() {
        let folder = Folder::with("old");
        fs::write(folder.0.path().join(".~lock.subscribers.csv#"), "").unwrap();
        let open = ListFile::open(&folder.list());
        assert!(matches!(open, Err(FileError::Open { program: "LibreOffice", .. })), "{open:?}");
    }

    #[test]
    fn only_the_latest_backups_are_kept() {
        let folder = Folder::with("0");
        for round in 1..=15 {
            folder.replace(ListFile::open(&folder.list()).unwrap(), &round.to_string(), round).unwrap();
        }
        let kept = backups(&folder.backups(), &folder.list());
        assert_eq!(kept.len(), BACKUPS);
        assert_eq!(fs::read_to_string(kept.last().unwrap()).unwrap(), "14");
    }

    #[cfg(unix)]
    #[test]
    fn the_new_list_has_the_permissions_of_the_old_one() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::with("old");
        fs::set_permissions(folder.list(), fs::Permissions::from_mode(0o640)).unwrap();
        folder.replace(ListFile::open(&folder.list()).unwrap(), "new", 0).unwrap();
        assert_eq!(fs::metadata(folder.list()).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

//! A Maildir's mail after its work: marked, moved or removed, each by one rename or unlink, so that no other
//! program ever sees half of it.
//!
//! A mail is `new/UNIQUE` or `cur/UNIQUE:2,FLAGS`. Who else renames it meanwhile changes folder and flags, and
//! never the unique part, by which it is found again. Folders of a Maildir are Maildirs inside it whose names begin
//! with a dot and have dots for levels, as Courier and Dovecot have them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mailbox::{Place, Receipt};
use crate::domain::digest::Digester;

/// Parts the unique name from the flags.
const INFO: &str = ":2,";

/// What stands for a mail in a Maildir.
pub(super) fn receipt(path: &Path) -> Receipt {
    let key = unique(path).map(|unique| Digester::default().add("maildir", unique).finish());
    Receipt { place: Place::Maildir(path.to_owned()), key }
}

/// Marks the mail as read. A mail that is gone has been worked on by someone else.
pub(super) fn mark_seen(path: &Path) -> io::Result<()> {
    if let Some(found) = find(path)? {
        let root = root(path)?;
        fs::rename(&found, root.join("cur").join(seen_name(&found)?))?;
    }
    Ok(())
}

/// Moves the mail, marked as read, into a folder of its Maildir.
pub(super) fn move_to(path: &Path, folder: &str) -> io::Result<()> {
    let Some(found) = find(path)? else { return Ok(()) };
    let target = root(path)?.join(format!(".{}", folder.trim_matches('/').replace('/', ".")));
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(target.join(part))?;
    }
    // Tells some servers that this is a folder.
    fs::OpenOptions::new().create(true).append(true).open(target.join("maildirfolder"))?;
    fs::rename(&found, target.join("cur").join(seen_name(&found)?))
}

pub(super) fn delete(path: &Path) -> io::Result<()> {
    match find(path)? {
        Some(found) => fs::remove_file(found),
        None => Ok(()),
    }
}

/// Where the mail is now, since a mail program may have renamed it.
fn find(path: &Path) -> io::Result<Option<PathBuf>> {
    if path.exists() {
        return Ok(Some(path.to_owned()));
    }
    let root = root(path)?;
    for part in ["new", "cur"] {
        for entry in fs::read_dir(root.join(part))? {
            let entry = entry?.path();
            if unique(&entry).is_some() && unique(&entry) == unique(path) {
                return Ok(Some(entry));
            }
        }
    }
    Ok(None)
}

/// The Maildir that the mail lies in.
fn root(path: &Path) -> io::Result<&Path> {
    path.parent().and_then(Path::parent).ok_or_else(|| io::Error::other("the mail lies in no Maildir"))
}

pub(super) fn unique(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.split(':').next()
}

/// The name with the flag S among the others, in the order of the alphabet.
fn seen_name(path: &Path) -> io::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::other("the file's name is no text"))?;
    let (unique, flags) = name.split_once(INFO).unwrap_or((name, ""));
    let mut flags: Vec<char> = flags.chars().chain(['S']).collect();
    flags.sort_unstable();
    flags.dedup();
    Ok(format!("{unique}{INFO}{}", flags.into_iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildir() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        folder
    }

    fn put(maildir: &tempfile::TempDir, name: &str) -> PathBuf {
        let path = maildir.path().join(name);
        fs::write(&path, "A: b\n\n").unwrap();
        path
    }

    #[test]
    fn a_mail_that_was_worked_on_counts_as_read_and_keeps_its_other_flags() {
        let folder = maildir();
        mark_seen(&put(&folder, "new/1.host")).unwrap();
        mark_seen(&put(&folder, "cur/2.host:2,FT")).unwrap();
        assert!(folder.path().join("cur/1.host:2,S").exists());
        assert!(folder.path().join("cur/2.host:2,FST").exists());
        mark_seen(&folder.path().join("cur/1.host:2,S")).unwrap();
        assert!(folder.path().join("cur/1.host:2,S").exists());
    }

    #[test]
    fn a_mail_that_a_mail_program_renamed_is_found_and_one_that_is_gone_is_no_fault() {
        let folder = maildir();
        let path = put(&folder, "new/1.host");
        fs::rename(&path, folder.path().join("cur/1.host:2,R")).unwrap();
        mark_seen(&path).unwrap();
        assert!(folder.path().join("cur/1.host:2,RS").exists());
        delete(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("cur")).unwrap().count(), 0);
        mark_seen(&path).unwrap();
        move_to(&path, "Done").unwrap();
    }

    #[test]
    fn a_mail_is_moved_into_a_folder_that_is_made_for_it() {
        let folder = maildir();
        move_to(&put(&folder, "new/1.host"), "Bulletin/Processed").unwrap();
        let target = folder.path().join(".Bulletin.Processed");
        assert!(target.join("cur/1.host:2,S").exists());
        assert!(target.join("new").is_dir() && target.join("tmp").is_dir());
    }
}

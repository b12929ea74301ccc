//! Which files there are under a path, in order; links to folders are not followed, since they may go round.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::InboxError;

/// A file with mail in it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Whether it is certain to hold one mail, even where that looks like an mbox.
    pub(super) alone: bool,
    pub(super) in_maildir: bool,
}

/// The places that are still to be visited, the next one last.
#[derive(Debug)]
pub(super) struct Walk {
    places: Vec<(PathBuf, Place)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Named by the person, so that any kind of file will do, and a link is followed.
    Named,
    /// Found in a folder.
    Found,
    /// Found in a Maildir, where each file is a mail.
    Maildir,
}

impl Walk {
    pub(super) fn new(path: &Path) -> Self {
        Self { places: vec![(path.to_owned(), Place::Named)] }
    }

    pub(super) fn nowhere() -> Self {
        Self { places: Vec::new() }
    }

    fn enter(&mut self, folder: &Path, place: Place) -> io::Result<()> {
        let maildir = ["new", "cur"].iter().all(|part| folder.join(part).is_dir());
        let mut inside = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let hidden = name.as_encoded_bytes().starts_with(b".");
            if hidden || (maildir && name != "new" && name != "cur") {
                continue;
            }
            // The folder that we stand in gives names as short as they are typed.
            let path = if folder == Path::new(".") { PathBuf::from(&name) } else { folder.join(&name) };
            inside.push(path);
        }
        inside.sort_unstable_by(|a, b| b.cmp(a));
        let place = if maildir || place == Place::Maildir { Place::Maildir } else { Place::Found };
        self.places.extend(inside.into_iter().map(|path| (path, place)));
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Result<Found, InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, place) = self.places.pop()?;
            let failed = |error| InboxError::new(path.display().to_string(), error);
            let kind = match fs::metadata(&path) {
                Ok(metadata) => metadata.file_type(),
                Err(error) => return Some(Err(failed(error))),
            };
            if kind.is_dir() {
                if place != Place::Named && path.is_symlink() {
                    continue;
                }
                match self.enter(&path, place) {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(failed(error))),
                }
            }
            // A pipe that lies in a folder would be waited for without end.
            if place != Place::Named && !kind.is_file() {
                continue;
            }
            let in_maildir = place == Place::Maildir;
            let alone = in_maildir
                || path.extension().is_some_and(|extension| {
                    ["eml", "txt", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
                });
            return Some(Ok(Found { path, alone, in_maildir }));
        }
    }
}

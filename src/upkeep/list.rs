//! The newsletter's own list, opened to be changed: its rows as they stand in, the file replaced whole out.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ledger::Lock;
use crate::pipeline::{self, Newsletter, PipelineError, refused};
use crate::subscribers::file::{FileError, ListFile};
use crate::subscribers::{Dialect, Table, WriteError, Writer};

/// What a list that does not exist yet begins with.
const HEADERS: [&str; 4] = ["email", "name", "language", "topics"];

/// Keeps other processes from changing the list.
///
/// # Errors
/// One of them is changing it now.
pub fn lock_list(newsletter: &Newsletter) -> Result<Lock, PipelineError> {
    pipeline::lock(&newsletter.folder.join("state"), "subscribers", "changing the list")
}

/// The list with every cell as it stands in the file.
pub(super) struct OwnList {
    pub(super) headers: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    file: ListFile,
    path: PathBuf,
    dialect: Dialect,
}

impl OwnList {
    /// Reads the newsletter's list; one that does not exist yet is empty.
    ///
    /// # Errors
    /// It can't be read, or can't be written back.
    pub(super) fn open(newsletter: &Newsletter) -> Result<Self, PipelineError> {
        let (path, shown) = newsletter.list();
        // Remembered before it is read: what is read later can only be newer, which is noticed.
        let file = ListFile::open(&path).map_err(|error| explained(&error))?;
        Self::read(path, &shown, file)
    }

    /// Reads any file of a list.
    ///
    /// # Errors
    /// See [`OwnList::open`].
    pub(super) fn read(path: PathBuf, shown: &Path, file: ListFile) -> Result<Self, PipelineError> {
        if !path.exists() {
            let headers = HEADERS.map(str::to_owned).to_vec();
            return Ok(Self { headers, rows: Vec::new(), file, path, dialect: Dialect::default() });
        }
        let table = Table::open(&path, shown)?;
        let Some(dialect) = table.dialect().copied() else {
            return Err(refused(
                format!("{} is a file of a spreadsheet program, which is read but never written", shown.display()),
                "save it as \"CSV UTF-8\" under subscribers/subscribers.csv first",
            ));
        };
        let headers = texts(table.headers());
        let rows = table.into_iter().map(|row| Ok(texts(&row?.cells))).collect::<Result<_, PipelineError>>()?;
        Ok(Self { headers, rows, file, path, dialect })
    }

    /// Replaces the file by these rows, in the dialect that it had; `keep` says where the old one is kept,
    /// and the time of its name. Tells its path.
    ///
    /// # Errors
    /// It was changed meanwhile, or can't be written; then it is as it was.
    pub(super) fn replace(
        self,
        headers: &[String],
        rows: &[Vec<String>],
        keep: Option<(&Path, Timestamp)>,
    ) -> Result<Option<PathBuf>, PipelineError> {
        let mut fault = None;
        let replaced = self.file.replace(keep, |out| {
            let write = || {
                let mut writer = Writer::new(out, self.dialect);
                writer.write(headers)?;
                rows.iter().try_for_each(|row| writer.write(row))?;
                writer.finish().map(drop)
            };
            write().map_err(|error| match error {
                WriteError::Write(error) => error,
                unwritable @ WriteError::Unwritable { .. } => {
                    let told = io::Error::other(unwritable.to_string());
                    fault = Some(unwritable);
                    told
                }
            })
        });
        match (replaced, fault) {
            (_, Some(fault)) => Err(refused(
                format!("{}: {fault}", self.path.display()),
                "open the list in the spreadsheet, save it as \"CSV UTF-8\", and do this again",
            )),
            (replaced, None) => replaced.map_err(|error| explained(&error)),
        }
    }
}

fn texts(record: &csv::StringRecord) -> Vec<String> {
    record.iter().map(str::to_owned).collect()
}

/// Where the lists are kept that were replaced.
pub(super) fn backups(newsletter: &Newsletter) -> PathBuf {
    newsletter.folder.join("state").join("backups")
}

/// An error of the list's file with its cure.
pub(super) fn explained(error: &FileError) -> PipelineError {
    let help = match error {
        FileError::Read(..) | FileError::Write(..) => "check the folder's permissions and the room on the disk",
        FileError::Changed(_) => "someone saved it just now, so nothing was written: do this again",
        FileError::Open { .. } => "close it there first, or what is changed now would be overwritten when it is saved",
    };
    refused(error.to_string(), help)
}

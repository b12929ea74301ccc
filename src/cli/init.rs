//! `bulletin init DIR`: a folder for a new newsletter.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Ended, data};
use crate::config::{FILE, token_key};
use crate::pipeline::{PipelineError, refused};

#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The folder; it is made where it is missing
    folder: PathBuf,
}

const LIST: &str = "subscribers/subscribers.csv";

const FILES: &[(&str, &str)] = &[
    (FILE, include_str!("start/bulletin.toml")),
    (LIST, include_str!("start/subscribers.csv")),
    (".gitignore", "/secret.key\n/dkim/\n/state/\n/outbox/\n/subscribers/\n"),
];

impl Init {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        let folder = dir.map_or_else(|| self.folder.clone(), |dir| dir.join(&self.folder));
        for (name, _) in FILES {
            let path = folder.join(name);
            if path.exists() {
                return Err(refused(
                    format!("{} is there already, and nothing is overwritten", path.display()),
                    "name another folder",
                ));
            }
        }
        for (name, content) in FILES {
            write(&folder.join(name), content)?;
        }
        keep_private(&folder.join(LIST)).map_err(|error| failed(&folder, &error))?;
        fs::create_dir_all(folder.join("issues")).map_err(|error| failed(&folder, &error))?;
        token_key(&folder)?;
        data(&format!("{}\n", folder.display()));
        eprintln!(
            "A newsletter to start from. Fill in {FILE} and subscribers/subscribers.csv, then begin an issue\n\
             with `bulletin new 2026-01`. Keep a copy of secret.key: links in mails that were sent depend on it."
        );
        Ok(Ended::Well)
    }
}

/// Leaves a file to its owner alone: it will hold addresses.
fn keep_private(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Writes a file that must not be there yet, making its folder.
pub(super) fn write(path: &Path, content: &str) -> Result<(), PipelineError> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::File::create_new(path))
        .and_then(|mut file| std::io::Write::write_all(&mut file, content.as_bytes()))
        .map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> PipelineError {
    refused(format!("{} can't be written: {error}", path.display()), "check the folder's permissions")
}

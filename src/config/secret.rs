//! Secrets: the passwords of relay and mailboxes, and the key that signs tokens. None of them ever stands in `bulletin.toml`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::token::TokenKey;

/// Of a key; as many as the hash has that it is used with.
const KEY_OCTETS: usize = 32;

/// Where a password comes from, or an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    Env(String),
    /// The first line of the file; relative to the newsletter's folder.
    File(PathBuf),
    /// The first line that the command prints; run by `sh -c` in the newsletter's folder.
    Command(String),
}

/// A secret could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the password should be in the environment variable {0}, which is not set")]
    NoEnv(String),
    #[error("the password should be in {0}, which can't be read: {1}")]
    NoFile(PathBuf, #[source] std::io::Error),
    #[error("the command for the password failed: {0}")]
    Command(String),
    #[error("{0} gave an empty password")]
    Empty(String),
    #[error("the key {0} can't be read or made: {1}")]
    Key(PathBuf, #[source] std::io::Error),
    #[error("the key {0} is not whole; restore it from a backup, since links in mails that were sent depend on it")]
    BrokenKey(PathBuf),
}

impl PasswordSource {
    /// Fetches the password.
    ///
    /// # Errors
    /// It is not where it should be.
    pub fn fetch(&self, folder: &Path) -> Result<SecretString, SecretError> {
        let (text, source) = match self {
            Self::Env(name) => (
                std::env::var(name).map_err(|_| SecretError::NoEnv(name.clone()))?,
                format!("the environment variable {name}"),
            ),
            Self::File(path) => {
                let shown = path;
                let path = folder.join(path);
                (
                    fs::read_to_string(&path).map_err(|error| SecretError::NoFile(path, error))?,
                    format!("the password file {}", shown.display()),
                )
            }
            Self::Command(command) => {
                let output = Command::new("sh")
                    .arg("-c")
                    .arg(command)
                    .current_dir(folder)
                    .output()
                    .map_err(|error| SecretError::Command(error.to_string()))?;
                if !output.status.success() {
                    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                    return Err(SecretError::Command(format!("{} {said}", output.status)));
                }
                (String::from_utf8_lossy(&output.stdout).into_owned(), "the command for the password".to_owned())
            }
        };
        let password = text.lines().next().unwrap_or_default();
        if password.is_empty() { Err(SecretError::Empty(source)) } else { Ok(SecretString::from(password)) }
    }
}

/// The key that signs tokens: `BULLETIN_SECRET` where it is set, otherwise `secret.key` in `folder`,
/// which is made at first use, readable for its owner alone.
///
/// # Errors
/// The file can't be read or made, or is not whole.
pub fn token_key(folder: &Path) -> Result<TokenKey, SecretError> {
    if let Ok(secret) = std::env::var("BULLETIN_SECRET")
        && !secret.trim().is_empty()
    {
        return Ok(TokenKey::new(SecretString::from(secret.trim()).expose_secret().as_bytes()));
    }
    let path = folder.join("secret.key");
    let failed = |error| SecretError::Key(path.clone(), error);
    let secret = match fs::read_to_string(&path) {
        Ok(secret) => secret,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&path).map_err(failed)?,
        Err(error) => return Err(failed(error)),
    };
    let secret = secret.trim();
    if is_whole(secret) { Ok(TokenKey::new(secret.as_bytes())) } else { Err(SecretError::BrokenKey(path)) }
}

/// Whether a file's key is one of ours, or at least as long as one of someone's own should be. Half a key would
/// sign, and make strangers of all readers.
fn is_whole(secret: &str) -> bool {
    let is_ours = secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_ours { secret.len() == KEY_OCTETS * 2 } else { secret.len() >= KEY_OCTETS }
}

fn make_key(path: &Path) -> std::io::Result<String> {
    let mut random = [0_u8; KEY_OCTETS];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| std::io::Error::other("no randomness to be had"))?;
    let secret = HEXLOWER.encode(&random);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(path) {
        Ok(file) => file,
        // Another process was faster: its key is the key.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return fs::read_to_string(path),
        Err(error) => return Err(error),
    };
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_cut_off_is_not_taken_for_one() {
        let ours = "0123456789abcdef".repeat(4);
        assert!(is_whole(&ours));
        assert!(is_whole("a phrase of one's own, long enough to be no guess"));
        for broken in ["", "short", &ours[..40], &ours[..63], &format!("{ours}0")] {
            assert!(!is_whole(broken), "{broken:?}");
        }
    }
}

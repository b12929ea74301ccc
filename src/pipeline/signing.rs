//! The keys that sign: named in the configuration, read from the newsletter's folder.

use std::path::Path;

use super::{PipelineError, refused};
use crate::compose::dkim::SigningKey;
use crate::config::{self, Dkim};
use crate::domain::Finding;

/// Reads the keys. A file that others can read too is a finding, and signs all the same.
///
/// # Errors
/// A file is missing, can't be read or holds no key that signs: nothing goes out unsigned instead.
pub fn signing_keys(folder: &Path, dkim: &[Dkim]) -> Result<(Vec<SigningKey>, Vec<Finding>), PipelineError> {
    let mut keys = Vec::new();
    let mut findings = Vec::new();
    for named in dkim {
        let path = folder.join(&named.key);
        let shown = named.key.display();
        let pem = std::fs::read(&path).map_err(|error| {
            let help = format!(
                "restore the file from a backup, or make a key with `bulletin dkim new` and name it under [[dkim]] in \
                 {}",
                config::FILE
            );
            refused(format!("the DKIM key {shown} can't be read: {error}"), help)
        })?;
        let key = SigningKey::from_pem(&named.domain, &named.selector, &pem).map_err(|error| {
            let help = "`bulletin dkim new` makes one; one of OpenSSL's is good too, in PEM and without a passphrase";
            refused(format!("the DKIM key {shown} can't be used: {error}"), help)
        })?;
        keys.push(key);
        findings.extend(open_to_others(&path, &named.key));
    }
    Ok((keys, findings))
}

/// Who reads the key can write mail in the newsletter's name.
#[cfg(unix)]
fn open_to_others(path: &Path, shown: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        Finding::warning("open-key", "other people of this machine can read the DKIM key, and sign with it")
            .in_file(shown)
            .with_help(format!("chmod 600 {}", shown.display()))
    })
}

#[cfg(not(unix))]
fn open_to_others(_: &Path, _: &Path) -> Option<Finding> {
    None
}

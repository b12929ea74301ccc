//! The grammars and rules that are compiled in, and those of a newsletter that replace them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::GrammarError;

macro_rules! grammars {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("grammars/", $name)))),*] };
}

/// One file a family, in the order in which they are asked where two open at the same line.
const GRAMMARS: &[(&str, &str)] = &grammars![
    "qmail.toml",
    "exim.toml",
    "zoho.toml",
    "postfix.toml",
    "sendmail.toml",
    "microsoft-exchange.toml",
    "lotus-domino.toml",
    "opensmtpd.toml",
    "dragonfly.toml",
    "courier.toml",
    "gmail.toml",
    "yahoo.toml",
    "mdaemon.toml",
    "mimecast.toml",
    "japanese-carriers.toml",
    "ipswitch-imail.toml",
    "mailing-lists.toml",
    "gateways.toml",
    "generic.toml",
];

pub(super) const REASONS: (&str, &str) = ("reasons.toml", include_str!("rules/reasons.toml"));
pub(super) const AUTHORS: (&str, &str) = ("authors.toml", include_str!("rules/authors.toml"));
pub(super) const AUTO_REPLIES: (&str, &str) = ("auto-replies.toml", include_str!("rules/auto-replies.toml"));

/// All files that are in force: a name, and the text.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) grammars: Vec<(String, String)>,
    pub(super) reasons: String,
    pub(super) authors: String,
    pub(super) auto_replies: String,
}

impl Files {
    pub(super) fn built_in() -> Self {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Self {
            grammars: GRAMMARS.iter().map(owned).collect(),
            reasons: REASONS.1.to_owned(),
            authors: AUTHORS.1.to_owned(),
            auto_replies: AUTO_REPLIES.1.to_owned(),
        }
    }

    /// Those that are compiled in, with the files of `folder` in place of those of the same name. Other
    /// files there are families of their own, which are asked first.
    pub(super) fn with_folder(folder: &Path) -> Result<Self, GrammarError> {
        let mut files = Self::built_in();
        let mut own = BTreeMap::new();
        let failed = |error| GrammarError::Read(folder.to_owned(), error);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|error| GrammarError::Read(path, error))?;
            if name == REASONS.0 {
                files.reasons = text;
            } else if name == AUTHORS.0 {
                files.authors = text;
            } else if name == AUTO_REPLIES.0 {
                files.auto_replies = text;
            } else {
                own.insert(name, text);
            }
        }
        for (name, text) in &mut files.grammars {
            if let Some(replaced) = own.remove(name) {
                *text = replaced;
            }
        }
        files.grammars.splice(0..0, own);
        Ok(files)
    }
}

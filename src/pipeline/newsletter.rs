//! A newsletter's folder, opened.

use std::path::{Path, PathBuf};

use crate::compose::{Composer, Kind};
use crate::config::{self, Config};
use crate::domain::digest::Digester;
use crate::domain::token::TokenKey;
use crate::domain::{Digest, Finding, IssueId, Topic};
use crate::issue::{self, Image, Issue, IssueError};
use crate::ledger::planned_issues;
use crate::readers::{Book, Register};
use crate::render::{RenderError, Setting, Templates};
use crate::state::{StateError, open_to_read};
use crate::subscribers::{self, Roster};

use super::PipelineError;
use super::list::{Words, list_of};

/// Everything about a newsletter that does not change from issue to issue.
#[derive(Debug)]
pub struct Newsletter {
    pub folder: PathBuf,
    pub config: Config,
    pub templates: Templates,
    logo: Option<Image>,
    key: TokenKey,
}

impl Newsletter {
    /// Opens the newsletter in `folder`. A missing `secret.key` is made.
    ///
    /// # Errors
    /// The configuration, a template or the logo has a fault, or the key can't be had.
    pub fn open(folder: &Path) -> Result<Self, PipelineError> {
        let config = Config::load(folder)?;
        let templates = Templates::load(&folder.join("templates"), &config.languages)?;
        let logo = config.brand.logo.as_ref().map(|path| logo(folder, path)).transpose()?;
        let key = config::token_key(folder)?;
        Ok(Self { folder: folder.to_owned(), config, templates, logo, key })
    }

    /// Loads an issue.
    ///
    /// # Errors
    /// There is none of that name, or it has faults.
    pub fn issue(&self, id: &IssueId) -> Result<Issue, IssueError> {
        let words = issue::Vocabulary {
            languages: &self.config.languages,
            topics: self.config.topics.keys().map(Topic::as_str).collect(),
            columns: self.config.columns.keys().map(String::as_str).collect(),
            typography: &self.config.typography,
        };
        issue::load(&self.folder.join("issues"), id, &words)
    }

    /// Reads the list: `list`, or `subscribers/subscribers.csv` of the folder.
    ///
    /// # Errors
    /// It can't be used at all; bad rows are findings of the roster.
    pub fn roster(&self, list: Option<&Path>) -> Result<Roster, PipelineError> {
        let (path, shown) = list_of(&self.folder, list);
        Ok(subscribers::load(&path, &shown, Words::of(&self.config).vocabulary())?)
    }

    /// What signs the newsletter's tokens.
    #[must_use]
    pub fn key(&self) -> &TokenKey {
        &self.key
    }

    /// Where the newsletter's own list is, and what findings call it.
    #[must_use]
    pub fn list(&self) -> (PathBuf, PathBuf) {
        list_of(&self.folder, None)
    }

    /// Where the database is.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("state").join("bulletin.db")
    }

    /// What is known of readers beside the list.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn book(&self) -> Result<Book, StateError> {
        Register::read(&self.database(), self.key.clone())
    }

    /// What a person approves: a digest over everything that any reader of the issue can get, and over
    /// nothing else; not over who the readers are, nor over how the mail travels.
    #[must_use]
    pub fn digest(&self, issue: &Issue) -> Digest {
        let mut digester = Digester::default();
        digester.add("program", env!("CARGO_PKG_VERSION"));
        digester.add("issue", issue.id.as_str());
        for (name, content) in &issue.sources {
            digester.add(name, content);
        }
        self.digest_setting(&mut digester);
        digester.finish()
    }

    /// Feeds to `digester` all that shows in a mail beside its issue.
    pub(super) fn digest_setting(&self, digester: &mut Digester) {
        self.templates.digest(digester);
        if let Some(logo) = &self.logo {
            digester.add("logo", &logo.bytes);
        }
        let config = &self.config;
        let slices = serde_json::json!({
            "newsletter": config.newsletter,
            "sender": config.sender,
            "languages": config.languages,
            "typography": config.typography,
            "topics": config.topics,
            "columns": config.columns,
            "links": config.links,
            "brand": config.brand,
        });
        digester.add("configuration", slices.to_string());
    }

    /// The slices of the configuration that rendering needs.
    #[must_use]
    pub fn setting(&self) -> Setting<'_> {
        let Config { newsletter, sender, links, brand, .. } = &self.config;
        Setting { newsletter, sender, links, brand, logo: self.logo.as_ref() }
    }

    /// Makes an issue's messages with `date` in their Date header.
    #[must_use]
    pub fn composer<'a>(&'a self, issue: &'a IssueId, date: jiff::Timestamp, kind: Kind) -> Composer<'a> {
        let Config { newsletter, sender, links, return_path, .. } = &self.config;
        Composer { newsletter, sender, links, return_path, issue, key: &self.key, date, kind }
    }
}

/// Whether an issue of the newsletter was ever sent, or begun to be.
///
/// # Errors
/// The database can't be read.
pub fn was_ever_sent(newsletter: &Newsletter) -> Result<bool, StateError> {
    let path = newsletter.database();
    let Some(connection) = open_to_read(&path)? else { return Ok(false) };
    let issues = planned_issues(&connection).map_err(|error| StateError::Database(path, error))?;
    Ok(!issues.is_empty())
}

fn logo(folder: &Path, path: &Path) -> Result<Image, RenderError> {
    let file = folder.join(path);
    let fault = |message: String| {
        let finding = Finding::error("logo", message)
            .in_file(config::FILE)
            .with_help("brand.logo is a PNG, JPEG or GIF, named from the newsletter's folder on");
        RenderError::Invalid(Box::new(finding))
    };
    let bytes =
        std::fs::read(&file).map_err(|error| fault(format!("the logo {} can't be read: {error}", path.display())))?;
    Image::from_bytes(bytes)
        .ok_or_else(|| fault(format!("the logo {} is not an image that mail shows", path.display())))
}

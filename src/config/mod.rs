//! `bulletin.toml`: text in, a checked [`Config`] out, in slices of which each room takes its own.

mod bounce_policy;
mod bounces;
mod brand;
mod check;
mod checks;
mod dkim;
mod mailbox;
mod raw;
mod raw_mailbox;
mod secret;
mod subscribers;
mod throttle;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

pub use mailbox::{MailServer, Mailbox, MailboxAfter, MailboxPlace};
pub use secret::{PasswordSource, SecretError, token_key};
pub use throttle::{Batch, DomainLimits, Rate, RateError, Share, ShareError, Throttle};

use crate::domain::{
    BouncePolicy, Colour, EmailAddress, Finding, Language, Localised, ReturnPath, Severity, Topic, Typography,
};

/// The file that makes a folder a newsletter.
pub const FILE: &str = "bulletin.toml";

/// Everything that `bulletin.toml` says, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub newsletter: Newsletter,
    pub sender: Localised<Sender>,
    /// At least one; the first rules order and attributes of an issue's items.
    pub languages: Vec<Language>,
    /// How each of them sets its quotes and spaces.
    pub typography: BTreeMap<Language, Typography>,
    /// Declared topics with their names for readers, in the order of the file.
    pub topics: IndexMap<Topic, Localised<String>>,
    /// Alias to header of the columns that the list has beside email, name, language and topics.
    pub columns: IndexMap<String, String>,
    pub subscribers: Subscribers,
    pub links: Links,
    /// The envelope's sender, which bounces come back to.
    pub return_path: ReturnPath,
    /// Where bounces and requests to leave come in.
    pub mailboxes: Vec<Mailbox>,
    /// What follows from mail that comes back.
    pub bounce_policy: BouncePolicy,
    pub brand: Brand,
    /// How much the rules of a check weigh, by their codes, where it is not as the program has it; none for off.
    pub check: Vec<(String, Option<Severity>)>,
    /// The keys that sign; none where the relay does that.
    pub dkim: Vec<Dkim>,
    pub smtp: Option<Smtp>,
    pub throttle: Throttle,
}

/// What the newsletter is.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Newsletter {
    pub name: Localised<String>,
    /// The List-Id label and the first half of the Feedback-ID: letters, digits, hyphens and dots.
    pub id: String,
    pub when_empty: WhenEmpty,
    pub images: Images,
}

/// What a reader gets of whom no item is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenEmpty {
    #[default]
    Skip,
    Introduction,
}

/// Where the images of a mail are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Images {
    /// In the message itself (RFC 2392), so that no host learns who reads.
    #[default]
    Embedded,
    /// At the newsletter's web address.
    Hosted,
}

/// Who sends, as a reader of one language is told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sender {
    pub name: String,
    #[serde(serialize_with = "as_text")]
    pub email: EmailAddress,
    #[serde(serialize_with = "as_text")]
    pub reply_to: EmailAddress,
    /// Required by law in each mail (CASL section 6, CAN-SPAM section 5).
    pub postal_address: String,
    pub phone: Option<String>,
    pub website: Option<String>,
}

/// The headers that the list's columns have, where the program would not know them by their words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscribers {
    pub email: Option<String>,
    pub name: Option<String>,
    pub language: Option<String>,
    pub topics: Option<String>,
    pub consent: Option<String>,
    pub consent_source: Option<String>,
    pub consent_date: Option<String>,
}

/// Where a reader can go from a mail.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Links {
    /// Takes signed requests to leave: `unsubscribe+TOKEN@...`.
    #[serde(serialize_with = "as_text")]
    pub unsubscribe: EmailAddress,
    /// Where bounces come back to; [`Config::return_path`] is made of it.
    #[serde(serialize_with = "as_text")]
    pub bounces: EmailAddress,
    /// The newsletter's own web address, without a slash at its end.
    pub web: Option<String>,
    pub archive: Option<String>,
    pub help: Option<String>,
}

/// How the built-in theme is dressed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Brand {
    /// Relative to the newsletter's folder.
    pub logo: Option<PathBuf>,
    /// The head, headings, links and buttons.
    pub colour: Colour,
    /// The tint of `colour` for headings and links in dark mode.
    pub dark: Colour,
    /// Thin rules and marks.
    pub accent: Colour,
    /// A font stack, as CSS writes it.
    pub font: String,
    /// Said at the foot, as plain links.
    pub social: Vec<Social>,
}

/// Where else readers can follow the organisation.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Social {
    pub name: String,
    pub url: String,
}

/// A key that signs the mail (RFC 6376).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dkim {
    /// In lower case; the From address is in it, above or below it.
    pub domain: String,
    /// Names the key among those of the domain: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// A private key in PEM; relative to the newsletter's folder.
    pub key: PathBuf,
}

/// The relay that takes the mail.
#[derive(Debug, Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// Certificates in PEM of the only authority to be trusted; relative to the newsletter's folder.
    pub ca: Option<PathBuf>,
    pub username: Option<String>,
    /// How to log in; none for the best that the relay offers for a password.
    pub auth: Option<Auth>,
    pub chunking: Chunking,
    pub password: Option<PasswordSource>,
}

/// How the way to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// TLS from the first byte (RFC 8314 section 3.3), port 465.
    Implicit,
    /// STARTTLS, required (RFC 3207), port 587.
    #[default]
    Starttls,
    /// In the clear: towards loopback only.
    None,
}

/// How to log in at the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    Plain,
    Login,
    /// The password's source gives an access token (OAuth 2.0).
    Xoauth2,
}

/// Whether messages go to the relay as chunks (RFC 3030).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chunking {
    /// Where the relay offers it.
    #[default]
    Auto,
    Off,
}

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("there is no {FILE} in {0} or in a folder above it")]
    NotFound(PathBuf),
    #[error("there is no {FILE} in {0}")]
    NotHere(PathBuf),
    #[error("{0} can't be read: {1}")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{FILE} has {} that must be mended first", faults(.0.len()))]
    Invalid(Vec<Finding>),
}

fn faults(count: usize) -> String {
    if count == 1 { "a fault".into() } else { format!("{count} faults") }
}

impl Config {
    /// Reads `bulletin.toml` in `folder`.
    ///
    /// # Errors
    /// It can't be read, or says what it can't mean; then every fault that was found.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| ConfigError::Read(path, error))?;
        Self::parse(&text)
    }

    /// Reads the text of a `bulletin.toml`; findings name that file.
    ///
    /// # Errors
    /// See [`Config::load`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        checks::parse(text).map_err(|mut findings| {
            for finding in &mut findings {
                finding.file = Some(FILE.into());
            }
            ConfigError::Invalid(findings)
        })
    }

    /// The nearest folder from `start` upwards that holds a `bulletin.toml`.
    ///
    /// # Errors
    /// There is none.
    pub fn find_folder(start: &Path) -> Result<PathBuf, ConfigError> {
        start
            .ancestors()
            .find(|folder| folder.join(FILE).is_file())
            .map(Path::to_owned)
            .ok_or_else(|| ConfigError::NotFound(start.to_owned()))
    }
}

impl Default for Brand {
    fn default() -> Self {
        let colour = Colour::new(0x0f, 0x4c, 0x5c);
        Self {
            logo: None,
            colour,
            dark: Self::in_the_dark(colour),
            accent: Colour::new(0xe0, 0x9f, 0x3e),
            font: "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif".into(),
            social: Vec::new(),
        }
    }
}

/// Translations of one thing, checked against the declared languages.
type Translations<T> = BTreeMap<Language, T>;

fn as_text<S: serde::Serializer>(address: &EmailAddress, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}

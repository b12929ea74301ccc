//! The shape of `bulletin.toml` as it is written.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::bounce_policy::RawPolicy;
use super::raw_mailbox::RawMailboxes;
use super::{Auth, Chunking, Images, Tls, WhenEmpty};
use crate::domain::EmailAddress;
use crate::domain::verp::Separator;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) newsletter: RawNewsletter,
    pub(super) sender: RawSenders,
    #[serde(default)]
    pub(super) languages: IndexMap<Spanned<String>, RawLanguage>,
    #[serde(default)]
    pub(super) topics: IndexMap<Spanned<String>, RawText>,
    #[serde(default)]
    pub(super) columns: IndexMap<Spanned<String>, String>,
    #[serde(default)]
    pub(super) subscribers: RawSubscribers,
    #[serde(default)]
    pub(super) brand: RawBrand,
    #[serde(default)]
    pub(super) bounces: RawBounces,
    /// By the code of a rule: `off`, `info`, `warning` or `error`.
    #[serde(default)]
    pub(super) check: IndexMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) dkim: RawDkims,
    pub(super) smtp: Option<RawSmtp>,
    #[serde(default)]
    pub(super) throttle: RawThrottle,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNewsletter {
    pub(super) name: RawText,
    pub(super) id: Spanned<String>,
    pub(super) languages: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) when_empty: WhenEmpty,
    #[serde(default)]
    pub(super) images: Images,
    pub(super) unsubscribe: EmailAddress,
    pub(super) bounces: Option<Spanned<EmailAddress>>,
    pub(super) web: Option<Spanned<String>>,
    pub(super) archive: Option<Spanned<String>>,
    pub(super) help: Option<Spanned<String>>,
}

/// `[languages.fr]`: what differs from the program's own choice for that language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLanguage {
    pub(super) typography: Option<Spanned<String>>,
}

/// One text, or one a language.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawText {
    One(String),
    Each(IndexMap<String, String>),
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSender {
    pub(super) name: Option<String>,
    pub(super) email: Option<EmailAddress>,
    pub(super) reply_to: Option<EmailAddress>,
    pub(super) postal_address: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) website: Option<String>,
}

/// `[sender]` with its `[sender.fr]` inside: serde's own flattening would lose unknown keys.
pub(super) struct RawSenders {
    pub(super) original: RawSender,
    pub(super) translations: Vec<(String, RawSender)>,
}

/// `[subscribers]`: the headers of the columns that every list has.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSubscribers {
    pub(super) email: Option<Spanned<String>>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) language: Option<Spanned<String>>,
    pub(super) topics: Option<Spanned<String>>,
    pub(super) consent: Option<Spanned<String>>,
    pub(super) consent_source: Option<Spanned<String>>,
    pub(super) consent_date: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBrand {
    pub(super) logo: Option<PathBuf>,
    pub(super) colour: Option<Spanned<String>>,
    pub(super) accent: Option<Spanned<String>>,
    pub(super) font: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) social: Vec<RawSocial>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSocial {
    pub(super) name: Spanned<String>,
    pub(super) url: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBounces {
    #[serde(default)]
    pub(super) mailbox: RawMailboxes,
    pub(super) verp: Option<Spanned<bool>>,
    #[serde(default)]
    pub(super) separator: Separator,
    pub(super) password_env: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) password_command: Option<String>,
    pub(super) auth: Option<Spanned<Auth>>,
    pub(super) ca: Option<Spanned<PathBuf>>,
    pub(super) timeout: Option<Spanned<String>>,
    pub(super) after: Option<Spanned<RawAfter>>,
    pub(super) folder: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) policy: RawPolicy,
}

/// What becomes of a mail that was worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawAfter {
    Seen,
    Move,
    Leave,
    Delete,
}

/// One table, or a list of tables.
#[derive(Default)]
pub(super) struct RawDkims(pub(super) Vec<RawDkim>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDkim {
    pub(super) domain: Option<Spanned<String>>,
    pub(super) selector: Spanned<String>,
    pub(super) key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSmtp {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    #[serde(default)]
    pub(super) tls: Tls,
    pub(super) ca: Option<Spanned<PathBuf>>,
    pub(super) username: Option<String>,
    pub(super) auth: Option<Spanned<Auth>>,
    #[serde(default)]
    pub(super) chunking: Chunking,
    pub(super) password_env: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) password_command: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawThrottle {
    pub(super) rate: Option<Spanned<String>>,
    pub(super) connections: Option<Spanned<usize>>,
    pub(super) window: Option<Spanned<usize>>,
    pub(super) batch: Option<Spanned<u32>>,
    pub(super) pause: Option<Spanned<String>>,
    pub(super) messages_per_connection: Option<Spanned<u32>>,
    pub(super) adaptive: Option<bool>,
    pub(super) per_domain: Option<RawLimits>,
    #[serde(default)]
    pub(super) domain: Vec<RawDomain>,
    pub(super) window_of_day: Option<Spanned<String>>,
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) wait: Option<Spanned<String>>,
    pub(super) retry_for: Option<Spanned<String>>,
    pub(super) retry_times: Option<u32>,
    pub(super) retry_pause: Option<Spanned<String>>,
    pub(super) max_failure_rate: Option<Spanned<String>>,
}

/// `per_domain`: what holds for every receiving domain without an entry of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) rate: Option<Spanned<String>>,
    pub(super) connections: Option<Spanned<usize>>,
}

/// `[[throttle.domain]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDomain {
    pub(super) name: Spanned<String>,
    pub(super) rate: Option<Spanned<String>>,
    pub(super) connections: Option<Spanned<usize>>,
}

const SENDER_KEYS: &[&str] = &["name", "email", "reply_to", "postal_address", "phone", "website"];

impl<'de> Deserialize<'de> for RawSenders {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Senders;
        impl<'de> Visitor<'de> for Senders {
            type Value = RawSenders;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a table that says who sends")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawSenders, A::Error> {
                let mut original = RawSender::default();
                let mut translations = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "name" => original.name = Some(map.next_value()?),
                        "email" => original.email = Some(map.next_value()?),
                        "reply_to" => original.reply_to = Some(map.next_value()?),
                        "postal_address" => original.postal_address = Some(map.next_value()?),
                        "phone" => original.phone = Some(map.next_value()?),
                        "website" => original.website = Some(map.next_value()?),
                        // Language tags have primary subtags of two or three letters (RFC 5646 section 2.2.1).
                        tag if matches!(tag.split('-').next().map(str::len), Some(2 | 3)) => {
                            translations.push((key, map.next_value()?));
                        }
                        _ => return Err(A::Error::unknown_field(&key, SENDER_KEYS)),
                    }
                }
                Ok(RawSenders { original, translations })
            }
        }
        deserializer.deserialize_map(Senders)
    }
}

impl<'de> Deserialize<'de> for RawDkims {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Dkims;
        impl<'de> Visitor<'de> for Dkims {
            type Value = RawDkims;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a table [dkim] with selector and key, or several as [[dkim]]")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawDkims, A::Error> {
                Ok(RawDkims(vec![RawDkim::deserialize(MapAccessDeserializer::new(map))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<RawDkims, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(RawDkims)
            }
        }
        deserializer.deserialize_any(Dkims)
    }
}

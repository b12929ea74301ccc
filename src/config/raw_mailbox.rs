//! `mailbox` under `[bounces]` as it is written: a path or an address, a table with a password of its own, or a list
//! of them.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Auth;

#[derive(Default)]
pub(super) struct RawMailboxes(pub(super) Vec<RawMailbox>);

pub(super) enum RawMailbox {
    /// For which the keys of `[bounces]` hold.
    Plain(String),
    Own(RawOwn),
}

/// A mailbox on a server with what differs from the keys of `[bounces]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOwn {
    pub(super) url: String,
    pub(super) password_env: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) password_command: Option<String>,
    pub(super) auth: Option<Auth>,
    pub(super) ca: Option<PathBuf>,
}

impl RawMailbox {
    /// As it stands there.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Own(own) => &own.url,
        }
    }
}

const EXPECTED: &str = "a path, an address such as imaps://user@host/INBOX, or a table with `url`";

struct One;

impl<'de> Visitor<'de> for One {
    type Value = RawMailbox;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawMailbox, E> {
        Ok(RawMailbox::Plain(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawMailbox, A::Error> {
        RawOwn::deserialize(MapAccessDeserializer::new(map)).map(RawMailbox::Own)
    }
}

struct Several;

impl<'de> Visitor<'de> for Several {
    type Value = RawMailboxes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{EXPECTED}, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawMailboxes, E> {
        One.visit_str(text).map(|one| RawMailboxes(vec![one]))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawMailboxes, A::Error> {
        One.visit_map(map).map(|one| RawMailboxes(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawMailboxes, A::Error> {
        let mut mailboxes = Vec::new();
        while let Some(one) = list.next_element()? {
            mailboxes.push(one);
        }
        Ok(RawMailboxes(mailboxes))
    }
}

impl<'de> Deserialize<'de> for RawMailbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(One)
    }
}

impl<'de> Deserialize<'de> for RawMailboxes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Several)
    }
}

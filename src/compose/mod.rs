//! A [`RenderedEdition`] and a subscriber to an [`OutboundMessage`]: the octets that a relay is given,
//! and the envelope around them.
//!
//! The way of an edition: `quoted` (its parts, encoded), `mime` and `headers` (a whole message, with marks) ->
//! `prepared` (cut at the marks) -> `content` (one reader's message, in slices) -> `dkim` (signed).

mod content;
pub mod dkim;
mod headers;
mod leave;
mod mime;
mod prepared;
#[cfg(test)]
mod prepared_tests;
mod quoted;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::config::{Links, Newsletter, Sender};
use crate::domain::field::{Field, Merge};
use crate::domain::token::{Purpose, TokenKey};
use crate::domain::verp::EnvelopeId;
use crate::domain::{EmailAddress, IssueId, Localised, ReturnPath};
use crate::render::RenderedEdition;
use crate::subscribers::Subscriber;

use leave::Leave;

pub use content::Content;
pub use prepared::Prepared;

/// A finished message. The envelope is not the headers (RFC 5321 section 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundMessage {
    pub envelope: Envelope,
    pub content: Content,
}

/// Between whom a message travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub return_path: EmailAddress,
    /// What a DSN calls this message; it bears the token of the return-path.
    pub id: EnvelopeId,
    pub recipient: EmailAddress,
}

/// Whose message this is; a mark in the subject sets a test apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Issue,
    /// A trial mail to oneself: `[TEST]` before the subject.
    Test,
}

/// A message can't be made.
#[derive(Debug, thiserror::Error)]
#[error("the message can't be made: {0}")]
pub struct ComposeError(String);

/// Makes the messages of one issue. The same edition, subscriber and date give the same bytes.
#[derive(Debug, Clone, Copy)]
pub struct Composer<'a> {
    pub newsletter: &'a Newsletter,
    pub sender: &'a Localised<Sender>,
    pub links: &'a Links,
    pub return_path: &'a ReturnPath,
    pub issue: &'a IssueId,
    pub key: &'a TokenKey,
    /// What the Date header says.
    pub date: Timestamp,
    pub kind: Kind,
}

impl Composer<'_> {
    /// `edition`, made ready for its readers: what is the same for all of them is composed and encoded once.
    ///
    /// # Errors
    /// An address has no room for a token, or a header can't be written.
    pub fn prepare(&self, edition: &RenderedEdition) -> Result<Prepared, ComposeError> {
        Prepared::new(self, edition)
    }

    /// The message of `edition` to `subscriber`. Where there are several readers, [`Composer::prepare`] spares
    /// the work of all but the first.
    ///
    /// # Errors
    /// As [`Composer::prepare`].
    pub fn compose(&self, edition: &RenderedEdition, subscriber: &Subscriber) -> Result<OutboundMessage, ComposeError> {
        self.prepare(edition)?.message(subscriber)
    }

    /// What `subscriber` gets to see: HTML, plain text and subject.
    ///
    /// # Errors
    /// As [`Composer::prepare`].
    pub fn parts(
        &self,
        edition: &RenderedEdition,
        subscriber: &Subscriber,
    ) -> Result<(String, String, String), ComposeError> {
        let token = self.key.token(Purpose::Unsubscribe, None, &subscriber.email);
        let url = Leave::new(self.links)?.url(&token);
        let fill = |merge: &Merge| merge.fill(|field| value_of(field, subscriber, &url));
        Ok((fill(&edition.html), fill(&edition.text), fill(&edition.subject)))
    }

    fn date(&self) -> SystemTime {
        let seconds = u64::try_from(self.date.as_second()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }
}

/// What comes into the places of `field` for `subscriber`, who leaves by `url`.
fn value_of<'a>(field: &'a Field, subscriber: &'a Subscriber, url: &'a str) -> Cow<'a, str> {
    match field {
        Field::Column { alias, .. } if alias == "email" => subscriber.email.as_str(),
        Field::Column { alias, default } => subscriber.column(alias).or(default.as_deref()).unwrap_or_default(),
        Field::Address => subscriber.email.as_str(),
        Field::UnsubscribeUrl => url,
    }
    .into()
}

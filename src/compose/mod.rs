//! A [`RenderedEdition`] and a subscriber to an [`OutboundMessage`]: the octets that a relay is given,
//! and the envelope around them.

mod content;
pub mod dkim;
mod headers;
mod mime;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::config::{Links, Newsletter, Sender};
use crate::domain::field::{Field, Merge};
use crate::domain::token::{Purpose, TokenKey};
use crate::domain::verp::{EnvelopeId, EnvelopeIdError};
use crate::domain::{EmailAddress, IssueId, Localised, ReturnPath};
use crate::render::RenderedEdition;
use crate::subscribers::Subscriber;

pub use content::Content;

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
    /// The message of `edition` to `subscriber`.
    ///
    /// # Errors
    /// The address or a header can't be written.
    pub fn compose(&self, edition: &RenderedEdition, subscriber: &Subscriber) -> Result<OutboundMessage, ComposeError> {
        let leave = self.leave(subscriber)?;
        let (html, text, subject) = fill(edition, subscriber, &leave);
        let message = headers::message(self, edition, subscriber, &subject, &leave)
            .multipart(mime::body(edition, text, html))
            .map_err(|error| ComposeError(error.to_string()))?;
        Ok(OutboundMessage { envelope: self.envelope(subscriber)?, content: message.formatted().into() })
    }

    fn envelope(&self, subscriber: &Subscriber) -> Result<Envelope, ComposeError> {
        let token = self.key.token(Purpose::Bounce, Some(self.issue), &subscriber.email);
        let return_path = self.return_path.of(&token).map_err(|error| {
            ComposeError(format!(
                "newsletter.bounces, {}, leaves no room for a token: {error}",
                self.return_path.base()
            ))
        })?;
        let id = token.parse().map_err(|error: EnvelopeIdError| ComposeError(error.to_string()))?;
        Ok(Envelope { return_path, id, recipient: subscriber.email.clone() })
    }

    /// What `subscriber` gets to see: HTML, plain text and subject.
    ///
    /// # Errors
    /// As [`Composer::compose`].
    pub fn parts(
        &self,
        edition: &RenderedEdition,
        subscriber: &Subscriber,
    ) -> Result<(String, String, String), ComposeError> {
        Ok(fill(edition, subscriber, &self.leave(subscriber)?))
    }

    fn leave(&self, subscriber: &Subscriber) -> Result<Leave, ComposeError> {
        Leave::new(self.links, &self.key.token(Purpose::Unsubscribe, None, &subscriber.email))
    }

    fn date(&self) -> SystemTime {
        let seconds = u64::try_from(self.date.as_second()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }
}

fn fill(edition: &RenderedEdition, subscriber: &Subscriber, leave: &Leave) -> (String, String, String) {
    let fill = |merge: &Merge| {
        merge.fill(|field| match field {
            Field::Column { alias, .. } if alias == "email" => Cow::Owned(subscriber.email.to_string()),
            Field::Column { alias, default } => {
                Cow::Borrowed(subscriber.column(alias).or(default.as_deref()).unwrap_or_default())
            }
            Field::Address => Cow::Owned(subscriber.email.to_string()),
            Field::UnsubscribeUrl => Cow::Borrowed(leave.url()),
        })
    };
    (fill(&edition.html), fill(&edition.text), fill(&edition.subject))
}

/// The ways out for one reader.
struct Leave {
    mailto: String,
    https: Option<String>,
}

impl Leave {
    fn new(links: &Links, token: &str) -> Result<Self, ComposeError> {
        let address = links.unsubscribe.with_tag(token).map_err(|error| {
            ComposeError(format!("newsletter.unsubscribe, {}, leaves no room for a token: {error}", links.unsubscribe))
        })?;
        let https = links.web.as_ref().map(|web| format!("{web}/u/{token}"));
        Ok(Self { mailto: format!("mailto:{address}?subject=unsubscribe"), https })
    }

    /// The one that stands in the mail's text.
    fn url(&self) -> &str {
        self.https.as_deref().unwrap_or(&self.mailto)
    }
}

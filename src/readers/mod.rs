//! What readers asked for and what their mailboxes said, over the list: events in (who, what, when, through
//! what), and out of them what holds for each reader now: a suppression, wanted languages, wanted topics.
//!
//! The list is the coordinator's and stays as it is; an event outlives every list that is imported over it.

mod book;
mod bounce;
mod latest;
mod post;
mod record;
mod register;
mod returned;
mod standing;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::domain::token::Pseudonym;
use crate::domain::{Language, Topic};

pub use book::Book;
pub use bounce::{Bounce, Proof, Told};
pub use latest::Latest;
pub use post::Brought;
pub use record::{Record, Suppression};
pub use register::Register;
pub use returned::{Returned, returned};
pub use standing::{Count, Standing, Verdict, standing};

/// One thing that happened to one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub reader: Pseudonym,
    /// The address's identity; none where only a token is known, and none of someone who was forgotten.
    pub identity: Option<String>,
    pub at: Timestamp,
    pub change: Change,
    pub channel: Channel,
    /// A reason or the evidence, in words.
    pub note: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Put into the list.
    Listed,
    /// Not to be sent to from now on.
    Suppressed(Cause),
    /// To be sent to again.
    Restored,
    /// Languages in the reader's order, instead of the list's.
    Languages(Vec<Language>),
    /// Topics instead of the list's; none for every topic.
    Topics(BTreeSet<Topic>),
    /// The list says now what the reader asked for before.
    Synced,
}

/// Why someone is not sent to; the later outweighs the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    Bounced,
    /// The coordinator's decision.
    ByHand,
    Unsubscribed,
    /// Reported as spam (RFC 5965).
    Complained,
    /// Erased on request; only the pseudonym is left.
    Forgotten,
}

/// Through what an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Csv,
    Import,
    Web,
    /// A message to the List-Unsubscribe address (RFC 2369 section 3.2).
    Mailto,
    Bounce,
    Complaint,
    ByHand,
}

/// A word of the database that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not known to this version of the program")]
pub struct UnknownWord(pub(crate) String);

impl Cause {
    const ALL: [(Self, &str); 5] = [
        (Self::Bounced, "bounced"),
        (Self::ByHand, "by-hand"),
        (Self::Unsubscribed, "unsubscribed"),
        (Self::Complained, "complained"),
        (Self::Forgotten, "forgotten"),
    ];

    /// From the weakest on.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(cause, _)| cause)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }
}

impl Channel {
    const ALL: [(Self, &str); 7] = [
        (Self::Csv, "csv"),
        (Self::Import, "import"),
        (Self::Web, "web"),
        (Self::Mailto, "mailto"),
        (Self::Bounce, "bounce"),
        (Self::Complaint, "complaint"),
        (Self::ByHand, "by-hand"),
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }
}

fn word<T: PartialEq + Copy>(all: &[(T, &'static str)], one: T) -> &'static str {
    all.iter().find(|(known, _)| *known == one).map_or("", |(_, word)| word)
}

fn known<T: Copy>(all: &[(T, &'static str)], text: &str) -> Result<T, UnknownWord> {
    all.iter().find(|(_, word)| *word == text).map(|(one, _)| *one).ok_or_else(|| UnknownWord(text.to_owned()))
}

impl std::str::FromStr for Cause {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        known(&Self::ALL, text)
    }
}

impl std::str::FromStr for Channel {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        known(&Self::ALL, text)
    }
}

/// As a sentence goes on: `unsubscribed`, `suppressed by hand`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bounced => "bounced",
            Self::ByHand => "suppressed",
            Self::Unsubscribed => "unsubscribed",
            Self::Complained => "complained",
            Self::Forgotten => "forgotten",
        })
    }
}

/// As a sentence goes on: `through an import`.
impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "in the list",
            Self::Import => "by an import",
            Self::Web => "on the web",
            Self::Mailto => "by mail",
            Self::Bounce => "by a bounce",
            Self::Complaint => "by a complaint",
            Self::ByHand => "by hand",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for (cause, word) in Cause::ALL {
            assert_eq!((cause.as_str(), word.parse()), (word, Ok(cause)));
        }
        for (channel, word) in Channel::ALL {
            assert_eq!((channel.as_str(), word.parse()), (word, Ok(channel)));
        }
        assert!("revived".parse::<Cause>().is_err());
    }
}

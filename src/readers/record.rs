//! What holds for one reader now: their events in order in, the record out.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::{Cause, Change, Channel, Event};
use crate::domain::{Language, Topic};

/// What a reader's events add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    pub suppression: Option<Suppression>,
    /// What they asked for since the list was synced; none where the list says it.
    pub languages: Option<Vec<Language>>,
    /// Likewise; an empty set is every topic.
    pub topics: Option<BTreeSet<Topic>>,
    /// When a suppression of theirs was last undone: what came back before counts no more.
    pub restored: Option<Timestamp>,
}

/// Why, when and through what someone is not sent to any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    pub cause: Cause,
    pub at: Timestamp,
    pub channel: Channel,
    pub note: Option<String>,
}

impl Record {
    /// Takes in the next event.
    pub fn add(&mut self, event: &Event) {
        match &event.change {
            Change::Listed => {}
            Change::Suppressed(cause) => {
                // A bounce of someone who left before says nothing new, and must not be what is undone.
                if self.suppression.as_ref().is_none_or(|before| before.cause <= *cause) {
                    self.suppression = Some(Suppression {
                        cause: *cause,
                        at: event.at,
                        channel: event.channel,
                        note: event.note.clone(),
                    });
                }
            }
            Change::Restored => {
                self.suppression = None;
                self.restored = Some(event.at);
            }
            Change::Languages(languages) => self.languages = Some(languages.clone()),
            Change::Topics(topics) => self.topics = Some(topics.clone()),
            Change::Synced => (self.languages, self.topics) = (None, None),
        }
    }

    /// Whether the reader asked for something that the list does not say.
    #[must_use]
    pub fn has_wishes(&self) -> bool {
        self.languages.is_some() || self.topics.is_some()
    }
}

/// `unsubscribed by mail on 2026-03-01`, `bounced on 2026-03-01 (user-unknown 5.1.1, issue 2026-03)`.
impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.at.strftime("%Y-%m-%d");
        match (self.cause, self.channel, &self.note) {
            // The note is the program's own there, and says why.
            (_, Channel::Bounce | Channel::Complaint, Some(note)) => write!(f, "{} on {day} ({note})", self.cause),
            (Cause::Bounced, Channel::Bounce, None) | (Cause::Complained, Channel::Complaint, None) => {
                write!(f, "{} on {day}", self.cause)
            }
            (_, channel, _) => write!(f, "{} {channel} on {day}", self.cause),
        }
    }
}

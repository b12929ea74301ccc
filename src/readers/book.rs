//! All readers of whom anything is known beside the list, for looking up while a list is gone through.

use std::collections::HashMap;

use super::{Event, Record, Suppression};
use crate::domain::EmailAddress;
use crate::domain::token::{Pseudonym, TokenKey};

/// Records of readers, found by address.
#[derive(Debug)]
pub struct Book {
    key: TokenKey,
    records: HashMap<Pseudonym, Record>,
    /// Identities to the pseudonym under which the reader was first known.
    names: HashMap<String, Pseudonym>,
    /// Whether there are readers of whom only the pseudonym is known. Only then is one worked out for each
    /// address that is looked up, which costs a thousand times more than to look.
    nameless: bool,
}

impl Book {
    /// A book over `events` in the order in which they happened; `key` is the newsletter's.
    #[must_use]
    pub fn new(key: TokenKey, events: impl IntoIterator<Item = Event>) -> Self {
        let mut book = Self { key, records: HashMap::new(), names: HashMap::new(), nameless: false };
        for event in events {
            book.add(event);
        }
        book
    }

    /// Takes in the next event.
    pub fn add(&mut self, mut event: Event) {
        let reader = match event.identity.take() {
            // An address keeps its first pseudonym, so that a new key does not part its events.
            Some(identity) => *self.names.entry(identity).or_insert(event.reader),
            None => {
                self.nameless = true;
                event.reader
            }
        };
        self.records.entry(reader).or_default().add(&event);
    }

    /// What is known of the reader with this address.
    #[must_use]
    pub fn record(&self, email: &EmailAddress) -> Option<&Record> {
        if self.records.is_empty() { None } else { self.record_of(&email.identity(), email) }
    }

    /// [`Book::record`] where the identity of the address was worked out already.
    #[must_use]
    pub fn record_of(&self, identity: &str, email: &EmailAddress) -> Option<&Record> {
        let reader = match self.names.get(identity) {
            Some(reader) => *reader,
            None if self.nameless => self.key.pseudonym(email),
            None => return None,
        };
        self.records.get(&reader)
    }

    /// Why the reader with this address is not sent to; none where they may be.
    #[must_use]
    pub fn suppression(&self, email: &EmailAddress) -> Option<&Suppression> {
        self.record(email)?.suppression.as_ref()
    }

    /// The pseudonym that the newsletter's key makes of an address, whatever is known about it.
    #[must_use]
    pub fn pseudonym(&self, email: &EmailAddress) -> Pseudonym {
        self.key.pseudonym(email)
    }

    /// The pseudonym under which events about this address are kept.
    #[must_use]
    pub fn reader(&self, email: &EmailAddress) -> Pseudonym {
        self.names.get(&email.identity()).copied().unwrap_or_else(|| self.key.pseudonym(email))
    }

    /// What is known under a pseudonym of the newsletter's key, and under the identity that goes with it.
    #[must_use]
    pub fn known(&self, reader: Pseudonym, identity: Option<&str>) -> Option<&Record> {
        let kept = identity.and_then(|identity| self.names.get(identity)).unwrap_or(&reader);
        self.records.get(kept).or_else(|| self.records.get(&reader))
    }

    /// Every suppression there is.
    pub fn suppressions(&self) -> impl Iterator<Item = &Suppression> {
        self.records.values().filter_map(|record| record.suppression.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::{Cause, Change, Channel};
    use super::*;

    fn key() -> TokenKey {
        TokenKey::new(b"secret")
    }

    fn address(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    fn event(email: &str, change: Change, named: bool) -> Event {
        let email = address(email);
        Event {
            reader: key().pseudonym(&email),
            identity: named.then(|| email.identity()),
            at: Timestamp::UNIX_EPOCH,
            change,
            channel: Channel::ByHand,
            note: None,
        }
    }

    fn causes(events: Vec<Event>) -> Option<Cause> {
        Book::new(key(), events).suppression(&address("ann@example.org")).map(|found| found.cause)
    }

    #[test]
    fn a_suppression_holds_for_every_spelling_until_it_is_undone() {
        let left = || event("Ann@Example.org", Change::Suppressed(Cause::Unsubscribed), true);
        assert_eq!(causes(vec![left()]), Some(Cause::Unsubscribed));
        assert_eq!(causes(vec![left(), event("ann@example.org", Change::Restored, true)]), None);
        assert_eq!(causes(vec![event("bob@example.org", Change::Suppressed(Cause::Unsubscribed), true)]), None);
    }

    #[test]
    fn a_weaker_cause_does_not_hide_a_stronger_one() {
        let suppressed = |cause| event("ann@example.org", Change::Suppressed(cause), true);
        assert_eq!(causes(vec![suppressed(Cause::Complained), suppressed(Cause::Bounced)]), Some(Cause::Complained));
        assert_eq!(causes(vec![suppressed(Cause::Bounced), suppressed(Cause::Complained)]), Some(Cause::Complained));
    }

    #[test]
    fn someone_of_whom_only_the_pseudonym_is_left_is_found_by_their_address() {
        let forgotten = vec![event("ann@example.org", Change::Suppressed(Cause::Forgotten), false)];
        assert_eq!(causes(forgotten), Some(Cause::Forgotten));
    }

    #[test]
    fn an_address_stays_suppressed_under_a_new_key() {
        let left = event("ann@example.org", Change::Suppressed(Cause::Unsubscribed), true);
        let book = Book::new(TokenKey::new(b"another"), vec![left]);
        assert!(book.suppression(&address("ann@example.org")).is_some());
    }

    #[test]
    fn wishes_hold_until_the_list_says_them() {
        let wish = event("ann@example.org", Change::Languages(vec!["fr".parse().unwrap()]), true);
        let book = Book::new(key(), vec![wish.clone()]);
        assert!(book.record(&address("ann@example.org")).unwrap().has_wishes());
        let synced = event("ann@example.org", Change::Synced, true);
        let book = Book::new(key(), vec![wish, synced]);
        assert!(!book.record(&address("ann@example.org")).unwrap().has_wishes());
    }
}

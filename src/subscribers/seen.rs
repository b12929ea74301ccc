//! Who stands in the list already: identities in, the line of the first out. A list may have a million
//! people, so that their strings are not kept: 28 bytes a person are.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};

use sha2::{Digest as _, Sha256};

/// The people of a list by a digest of their mailbox. Two of a million share one of 128 bits with a chance
/// of less than one in 10^26.
#[derive(Debug, Default)]
pub(super) struct Seen {
    first: HashMap<[u8; 16], Entry>,
    /// Those whose mailbox another spelling had taken: by their own identity.
    others: HashMap<[u8; 16], Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    identity: u32,
    line: u32,
    preferences: u32,
}

/// What stands in the list of someone already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// The person, in this line.
    Person {
        line: usize,
        other_preferences: bool,
    },
    /// Another address of probably the same mailbox.
    Mailbox {
        line: usize,
    },
}

impl Seen {
    /// Notes the person in `line`, unless they are there already. `mailbox` is the identity, or what the
    /// provider takes for it.
    pub(super) fn note(
        &mut self,
        identity: &str,
        mailbox: &str,
        line: usize,
        preferences: impl std::hash::Hash,
    ) -> Before {
        let new = Entry {
            identity: short(identity),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            preferences: short(preferences),
        };
        let person = |entry: &Entry| Before::Person {
            line: entry.line as usize,
            other_preferences: entry.preferences != new.preferences,
        };
        let key = digest(mailbox);
        let Some(first) = self.first.get(&key).copied() else {
            self.first.insert(key, new);
            return Before::Nothing;
        };
        if first.identity == new.identity {
            return person(&first);
        }
        match self.others.get(&digest(identity)) {
            Some(entry) => person(entry),
            None => {
                self.others.insert(digest(identity), new);
                Before::Mailbox { line: first.line as usize }
            }
        }
    }
}

fn digest(text: &str) -> [u8; 16] {
    let full = Sha256::digest(text.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    half
}

/// Enough to tell two things apart that are nearly the same already.
#[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
fn short(of: impl std::hash::Hash) -> u32 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_known_again_and_so_is_a_mailbox() {
        let mut seen = Seen::default();
        assert_eq!(seen.note("a.b@gmail.com", "ab@gmail.com", 2, "en"), Before::Nothing);
        assert_eq!(seen.note("ab@gmail.com", "ab@gmail.com", 3, "en"), Before::Mailbox { line: 2 });
        let again = |line, other_preferences| Before::Person { line, other_preferences };
        assert_eq!(seen.note("a.b@gmail.com", "ab@gmail.com", 4, "en"), again(2, false));
        assert_eq!(seen.note("ab@gmail.com", "ab@gmail.com", 5, "fr"), again(3, true));
        assert_eq!(seen.note("b@example.org", "b@example.org", 6, "fr"), Before::Nothing);
    }
}

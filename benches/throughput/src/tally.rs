//! What a sink counted.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

/// Counts since the start. Of a recipient only a hash is kept: with 64 bits, two among a million are taken for
/// one once in some ten million runs.
#[derive(Debug, Default)]
pub struct Tally {
    pub messages: u64,
    pub commands: u64,
    /// All that came in, commands included.
    pub octets: u64,
    pub connections: u64,
    recipients: HashSet<u64>,
    hasher: RandomState,
}

impl Tally {
    /// Notes the recipient of a message, as it stood in RCPT.
    pub fn note(&mut self, recipient: &[u8]) {
        self.recipients.insert(self.hasher.hash_one(recipient));
    }

    #[must_use]
    pub fn json(&self) -> String {
        format!(
            "{{\"messages\": {}, \"recipients\": {}, \"commands\": {}, \"octets\": {}, \"connections\": {}}}",
            self.messages,
            self.recipients.len(),
            self.commands,
            self.octets,
            self.connections
        )
    }
}

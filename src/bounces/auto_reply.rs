//! Answers that a machine gave in somebody's place (RFC 3834): the mail arrived, and nobody is to be struck off.

use serde::Deserialize;

use super::address;
use super::mime::Opened;
use super::report::Reason;
use super::sender::decoded;

/// What such answers look like, out of a TOML file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AutoReplies {
    header: Vec<String>,
    subject: Vec<String>,
    challenge: Vec<String>,
}

impl AutoReplies {
    /// In whose place a machine answered, and how.
    pub(super) fn read(&self, mail: &Opened) -> Option<(Option<String>, Reason)> {
        let header = &mail.header;
        let subject = decoded(header.get("Subject").unwrap_or_default()).trim().to_lowercase();
        let by_field = self.header.iter().filter_map(|field| field.split_once(':')).any(|(name, value)| {
            let value = value.trim();
            header.all(name).any(|found| found.trim().to_lowercase().starts_with(&value.to_lowercase()))
        });
        let by_subject = self.subject.iter().any(|known| subject.starts_with(known));
        if !by_field && !by_subject {
            return None;
        }
        let recipient = header.get("From").and_then(|from| address::all(from).last()).map(str::to_owned);
        let text = mail.texts.first().map(|text| text.to_lowercase()).unwrap_or_default();
        let challenges =
            self.challenge.iter().any(|word| text.contains(word.as_str()) || subject.contains(word.as_str()));
        let reason = if challenges {
            Reason::Challenge
        } else if by_subject || header.get("Auto-Submitted").is_some() {
            Reason::Vacation
        } else {
            Reason::Automatic
        };
        Some((recipient, reason))
    }
}

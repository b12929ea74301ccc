//! Why a message was not taken, in a few words that tables and programs share: a reply in, a [`Refusal`] out.
//!
//! By the enhanced status code (RFC 3463, RFC 7372) where it says something, then by the reply code, then
//! by words that servers agree on.

use super::outcome::{Reply, Stage};

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    UserUnknown,
    HostUnknown,
    Moved,
    MailboxFull,
    Suspended,
    TooLarge,
    /// The sender's address or network stands on a list.
    Blocked,
    Spam,
    AuthFailure,
    Policy,
    Network,
    /// Tried as long as it is worth it.
    Expired,
    System,
    /// What was said tells nothing.
    Other,
}

impl Refusal {
    /// What a refusal at `stage` is about.
    #[must_use]
    pub fn of(reply: &Reply, stage: Stage) -> Self {
        let text = reply.text.to_lowercase();
        let by_code = match reply.enhanced.as_deref().and_then(detail) {
            Some(detail) => Self::by_detail(detail),
            None => Self::by_code(reply.code, stage),
        };
        match by_code {
            // Both stand for many things, and the words behind them tell which.
            Some(Self::Policy) => Self::by_words(&text, OUR_WORDS).unwrap_or(Self::Policy),
            None => {
                Self::by_words(&text, OUR_WORDS).or_else(|| Self::by_words(&text, THEIR_WORDS)).unwrap_or(Self::Other)
            }
            Some(known) => known,
        }
    }

    fn by_detail(detail: (u16, u16)) -> Option<Self> {
        Some(match detail {
            (1, 0 | 1 | 3) => Self::UserUnknown,
            (1, 2 | 10) => Self::HostUnknown,
            (1, 6) => Self::Moved,
            (2, 1) => Self::Suspended,
            (2, 2) => Self::MailboxFull,
            (2, 3) | (3, 4) => Self::TooLarge,
            (4, 7) => Self::Expired,
            (4, 1..=4) => Self::Network,
            (7, 8 | 9 | 20..=27 | 30) => Self::AuthFailure,
            (1, 7 | 8) | (7, _) => Self::Policy,
            (3..=6, _) => Self::System,
            _ => return None,
        })
    }

    fn by_code(code: u16, stage: Stage) -> Option<Self> {
        match code {
            0 => Some(Self::Network),
            530 | 534 | 535 | 538 => Some(Self::AuthFailure),
            // RFC 5321 has it for a mailbox that is full, and for a message that is too large.
            552 if stage == Stage::Rcpt => Some(Self::MailboxFull),
            552 => Some(Self::TooLarge),
            _ => None,
        }
    }

    fn by_words(text: &str, words: &[(&str, Self)]) -> Option<Self> {
        words.iter().find(|(word, _)| text.contains(word)).map(|(_, refusal)| *refusal)
    }

    /// Whether it is about us and not about the reader, who is not to be held to account for it.
    #[must_use]
    pub fn is_about_us(self) -> bool {
        matches!(self, Self::Blocked | Self::Spam | Self::AuthFailure | Self::Policy)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserUnknown => "user-unknown",
            Self::HostUnknown => "host-unknown",
            Self::Moved => "moved",
            Self::MailboxFull => "mailbox-full",
            Self::Suspended => "suspended",
            Self::TooLarge => "too-large",
            Self::Blocked => "blocked",
            Self::Spam => "spam",
            Self::AuthFailure => "auth-failure",
            Self::Policy => "policy",
            Self::Network => "network",
            Self::Expired => "expired",
            Self::System => "system",
            Self::Other => "other",
        }
    }
}

const OUR_WORDS: &[(&str, Refusal)] = &[
    ("dmarc", Refusal::AuthFailure),
    ("dkim", Refusal::AuthFailure),
    ("spf", Refusal::AuthFailure),
    ("blocklist", Refusal::Blocked),
    ("block list", Refusal::Blocked),
    ("blacklist", Refusal::Blocked),
    ("spamhaus", Refusal::Blocked),
    ("blocked", Refusal::Blocked),
    ("reputation", Refusal::Blocked),
    ("spam", Refusal::Spam),
    ("unsolicited", Refusal::Spam),
];

const THEIR_WORDS: &[(&str, Refusal)] = &[
    ("user unknown", Refusal::UserUnknown),
    ("unknown user", Refusal::UserUnknown),
    ("no such user", Refusal::UserUnknown),
    ("no such mailbox", Refusal::UserUnknown),
    ("does not exist", Refusal::UserUnknown),
    ("doesn't exist", Refusal::UserUnknown),
    ("quota", Refusal::MailboxFull),
    ("mailbox full", Refusal::MailboxFull),
    ("mailbox is full", Refusal::MailboxFull),
    ("disabled", Refusal::Suspended),
    ("too large", Refusal::TooLarge),
];

/// Subject and detail of an enhanced code; none where it says nothing.
fn detail(enhanced: &str) -> Option<(u16, u16)> {
    let (_, rest) = enhanced.split_once('.')?;
    let (subject, detail) = rest.split_once('.')?;
    Some((subject.parse().ok()?, detail.parse().ok()?)).filter(|detail| *detail != (0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u16, enhanced: &str, text: &str, stage: Stage) -> &'static str {
        let enhanced = (!enhanced.is_empty()).then(|| enhanced.to_owned());
        Refusal::of(&Reply { code, enhanced, text: text.into() }, stage).as_str()
    }

    #[test]
    fn a_reader_who_is_unknown_a_mailbox_that_is_full_and_our_own_fault_are_told_apart() {
        for (code, enhanced, text, expected) in [
            (550, "5.1.1", "no such mailbox", "user-unknown"),
            (550, "", "User unknown in virtual mailbox table", "user-unknown"),
            (550, "5.0.0", "unknown user", "user-unknown"),
            (550, "5.1.2", "", "host-unknown"),
            (552, "5.2.2", "over quota", "mailbox-full"),
            (552, "", "no more storage", "mailbox-full"),
            (550, "5.2.1", "account disabled", "suspended"),
            (550, "5.7.1", "refused by policy", "policy"),
            (554, "5.7.1", "Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org", "blocked"),
            (550, "5.7.1", "message content rejected as spam", "spam"),
            (550, "5.7.26", "unauthenticated mail", "auth-failure"),
            (550, "5.7.1", "DMARC policy of example.org", "auth-failure"),
            (451, "4.7.1", "greylisted, try again later", "policy"),
            (450, "4.4.1", "", "network"),
            (0, "", "the server closed the connection", "network"),
            (550, "", "no", "other"),
        ] {
            assert_eq!(of(code, enhanced, text, Stage::Rcpt), expected, "{code} {enhanced} {text}");
        }
        assert_eq!(of(552, "", "no more storage", Stage::Content), "too-large");
        assert_eq!(of(552, "5.3.4", "message larger than 10 octets", Stage::Mail), "too-large");
    }

    #[test]
    fn only_what_is_our_own_fault_is_about_us() {
        let ours = [Refusal::Blocked, Refusal::Spam, Refusal::AuthFailure, Refusal::Policy];
        assert!(ours.into_iter().all(Refusal::is_about_us));
        let theirs = [Refusal::UserUnknown, Refusal::MailboxFull, Refusal::Expired, Refusal::Other];
        assert!(!theirs.into_iter().any(Refusal::is_about_us));
    }
}

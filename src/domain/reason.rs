//! What became of an address and why, in the words that delivery, bounces, tables and programs share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a report means for the reader's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The address will never take mail.
    Hard,
    /// It did not take this mail; it may take the next.
    Soft,
    /// The reader reported the mail as spam, or asked their provider to be taken off.
    Complaint,
    /// A machine answered in the reader's place; the mail arrived.
    AutoReply,
    /// The mail arrived, or was passed on.
    Delivered,
    /// It is about the address, but what it says could not be made out.
    Unknown,
}

/// Why. The kind of each stands in the coordinator's guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    UserUnknown,
    HostUnknown,
    Moved,
    /// The domain says that it takes no mail at all (RFC 7505).
    NoMail,
    MailboxFull,
    Suspended,
    /// The reader, or their server, takes mail from some senders only.
    Filtered,
    /// Our host or network is not trusted.
    Blocked,
    /// Our sender's address or domain is not taken.
    Rejected,
    /// SPF, DKIM or DMARC failed, or the host has no name (PTR).
    AuthFailure,
    Spam,
    Virus,
    /// A rule of the receiving side that is none of the others.
    Policy,
    /// The server does not relay to that domain.
    NoRelay,
    /// Too many mails, connections or recipients in too short a time.
    RateLimited,
    TooLarge,
    /// Something about the mail's form.
    Format,
    Network,
    Expired,
    /// A fault of a server or of a program behind it.
    System,
    Abuse,
    OptOut,
    Vacation,
    Challenge,
    /// A machine's answer of no kind above.
    Automatic,
    Delivered,
    Unknown,
}

/// A word that names no kind or reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a word for what became of a mail")]
pub struct UnknownReason(String);

impl Kind {
    const ALL: [(Self, &str); 6] = [
        (Self::Hard, "hard"),
        (Self::Soft, "soft"),
        (Self::Complaint, "complaint"),
        (Self::AutoReply, "auto-reply"),
        (Self::Delivered, "delivered"),
        (Self::Unknown, "unknown"),
    ];

    /// Every word, in the order of the guide.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|(_, word)| word)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }
}

impl Reason {
    const ALL: [(Self, &str); 27] = [
        (Self::UserUnknown, "user-unknown"),
        (Self::HostUnknown, "host-unknown"),
        (Self::Moved, "moved"),
        (Self::NoMail, "no-mail"),
        (Self::MailboxFull, "mailbox-full"),
        (Self::Suspended, "suspended"),
        (Self::Filtered, "filtered"),
        (Self::Blocked, "blocked"),
        (Self::Rejected, "rejected"),
        (Self::AuthFailure, "auth-failure"),
        (Self::Spam, "spam"),
        (Self::Virus, "virus"),
        (Self::Policy, "policy"),
        (Self::NoRelay, "no-relay"),
        (Self::RateLimited, "rate-limited"),
        (Self::TooLarge, "too-large"),
        (Self::Format, "format"),
        (Self::Network, "network"),
        (Self::Expired, "expired"),
        (Self::System, "system"),
        (Self::Abuse, "abuse"),
        (Self::OptOut, "opt-out"),
        (Self::Vacation, "vacation"),
        (Self::Challenge, "challenge"),
        (Self::Automatic, "automatic"),
        (Self::Delivered, "delivered"),
        (Self::Unknown, "unknown"),
    ];

    /// Every reason, in the order of the guide.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(reason, _)| reason)
    }

    /// What an undelivered mail means for the address, where this is why.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::UserUnknown | Self::HostUnknown | Self::Moved | Self::NoMail => Kind::Hard,
            Self::Abuse | Self::OptOut => Kind::Complaint,
            Self::Vacation | Self::Challenge | Self::Automatic => Kind::AutoReply,
            Self::Delivered => Kind::Delivered,
            _ => Kind::Soft,
        }
    }

    /// Whether it is about the sender or the mail and not about the reader, who is not to be held to account
    /// for it.
    #[must_use]
    pub fn is_about_us(self) -> bool {
        matches!(
            self,
            Self::Blocked
                | Self::Rejected
                | Self::AuthFailure
                | Self::Spam
                | Self::Virus
                | Self::Policy
                | Self::NoRelay
                | Self::RateLimited
                | Self::TooLarge
                | Self::Format
        )
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }
}

fn word<T: PartialEq + Copy>(all: &[(T, &'static str)], one: T) -> &'static str {
    all.iter().find(|(known, _)| *known == one).map_or("", |(_, word)| word)
}

impl FromStr for Kind {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(kind, _)| *kind).ok_or_else(|| UnknownReason(text.to_owned()))
    }
}

/// `other` is what databases before the first release say for `unknown`.
impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let text = if text == "other" { "unknown" } else { text };
        let found = Self::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(reason, _)| *reason).ok_or_else(|| UnknownReason(text.to_owned()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written_and_is_the_one_that_json_has() {
        for (kind, word) in Kind::ALL {
            assert_eq!((kind.as_str(), word.parse()), (word, Ok(kind)));
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
        for (reason, word) in Reason::ALL {
            assert_eq!((reason.as_str(), word.parse()), (word, Ok(reason)));
            assert_eq!(serde_json::to_value(reason).unwrap(), word);
        }
        assert_eq!("other".parse(), Ok(Reason::Unknown));
        assert!("gone".parse::<Reason>().is_err());
    }

    #[test]
    fn only_what_is_our_own_fault_is_about_us_and_it_is_never_hard() {
        let ours = Reason::all().filter(|reason| reason.is_about_us());
        assert!(ours.map(Reason::kind).all(|kind| kind == Kind::Soft));
        for theirs in [Reason::UserUnknown, Reason::MailboxFull, Reason::Suspended, Reason::Expired, Reason::Unknown] {
            assert!(!theirs.is_about_us(), "{theirs}");
        }
    }
}

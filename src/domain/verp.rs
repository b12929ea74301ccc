//! Return-paths that tell whose message comes back (VERP): a base address and a token in, the envelope's
//! sender out; and the way back, from the recipient of a bounce to the token in it.
//!
//! The token stands behind the local part and a separator, `bounces+TOKEN@example.org`, where most servers
//! deliver to the mailbox before it (RFC 5233). A local part has 64 octets at most (RFC 5321 section 4.5.3.1.1).

use std::fmt;
use std::str::FromStr;

use super::EmailAddress;
use super::address::AddressError;
use super::token::TOKEN_LENGTH;

/// What stands between the local part and the token; which of them a mail server splits at is its own choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
pub enum Separator {
    #[default]
    #[serde(rename = "+")]
    Plus,
    #[serde(rename = "-")]
    Hyphen,
    #[serde(rename = "=")]
    Equals,
}

impl Separator {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Hyphen => "-",
            Self::Equals => "=",
        }
    }
}

/// Where bounces come back to: one address for all, or one for each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPath {
    base: EmailAddress,
    separator: Option<Separator>,
}

impl ReturnPath {
    /// Octets that may stand before the separator.
    pub const ROOM: usize = 64 - 1 - TOKEN_LENGTH;

    /// The same address for every message; a bounce is then known by its ENVID or by the Message-ID in it.
    #[must_use]
    pub fn plain(base: EmailAddress) -> Self {
        Self { base, separator: None }
    }

    /// An address for each message.
    ///
    /// # Errors
    /// The base leaves no room for a token, or nothing can stand behind its local part.
    pub fn with_tokens(base: EmailAddress, separator: Separator) -> Result<Self, AddressError> {
        let path = Self { base, separator: Some(separator) };
        path.tagged(separator, &"x".repeat(TOKEN_LENGTH))?;
        Ok(path)
    }

    /// The return-path of the message with this token.
    ///
    /// # Errors
    /// It is longer than a token is, or holds what an address can't.
    pub fn of(&self, token: &str) -> Result<EmailAddress, AddressError> {
        match self.separator {
            None => Ok(self.base.clone()),
            // One of this length was tried when this was made.
            Some(separator) if is_shaped(token) => Ok(self.base.extended(&[separator.as_str(), token])),
            Some(separator) => self.tagged(separator, token),
        }
    }

    /// The token in `recipient`, an address that a bounce was sent to; none where it is another address, or
    /// has no token. Case is of no account, since some servers fold it. Whether the token is genuine, its key
    /// tells.
    ///
    /// ```
    /// use bulletin::domain::verp::{ReturnPath, Separator};
    /// let path = ReturnPath::with_tokens("bounces@example.org".parse()?, Separator::Plus)?;
    /// let token = "b2d9k4gk3t5q1l0v7m8n6p2r4s6u8a0c2";
    /// assert_eq!(path.of(token)?.to_string(), format!("bounces+{token}@example.org"));
    /// assert_eq!(path.recognise(&format!("Bounces+{token}@EXAMPLE.org")), Some(token));
    /// assert_eq!(path.recognise("bounces@example.org"), None);
    /// # Ok::<(), bulletin::domain::address::AddressError>(())
    /// ```
    #[must_use]
    pub fn recognise<'a>(&self, recipient: &'a str) -> Option<&'a str> {
        let separator = self.separator?;
        let (local, domain) = recipient.trim().rsplit_once('@')?;
        let base = self.base.local_part();
        let (front, token) = local.split_at_checked(base.len())?;
        let token = token.strip_prefix(separator.as_str())?;
        let ours = front.eq_ignore_ascii_case(base) && domain.eq_ignore_ascii_case(&self.base.domain());
        (ours && is_shaped(token)).then_some(token)
    }

    /// The address without any token.
    #[must_use]
    pub fn base(&self) -> &EmailAddress {
        &self.base
    }

    fn tagged(&self, separator: Separator, token: &str) -> Result<EmailAddress, AddressError> {
        format!("{}{}{token}@{}", self.base.local_part(), separator.as_str(), self.base.domain()).parse()
    }
}

fn is_shaped(token: &str) -> bool {
    token.len() == TOKEN_LENGTH && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The name that a message's envelope bears, which a DSN repeats as Original-Envelope-Id (RFC 3461 section 4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeId(String);

/// The text can't name an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an envelope's name has 1 to 100 printable characters of ASCII")]
pub struct EnvelopeIdError;

impl FromStr for EnvelopeId {
    type Err = EnvelopeIdError;

    fn from_str(text: &str) -> Result<Self, EnvelopeIdError> {
        let fits = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(EnvelopeIdError) }
    }
}

impl EnvelopeId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::IssueId;
    use crate::domain::token::{Purpose, TokenKey};

    fn address(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    fn separators() -> impl Strategy<Value = Separator> {
        prop_oneof![Just(Separator::Plus), Just(Separator::Hyphen), Just(Separator::Equals)]
    }

    proptest! {
        #[test]
        fn whoever_a_message_went_to_is_known_again_from_the_address_that_it_comes_back_to(
            base in "[A-Za-z0-9][A-Za-z0-9+=-]{0,29}", domain in "[a-z]{1,20}\\.example\\.(org|com|net)",
            separator in separators(), reader in "[a-z]{1,20}@example\\.(org|net)", issue in "20[0-9]{2}-[01][0-9]",
        ) {
            let key = TokenKey::new(b"secret");
            let (reader, issue) = (address(&reader), issue.parse::<IssueId>().unwrap());
            let token = key.token(Purpose::Bounce, Some(&issue), &reader);
            let path = ReturnPath::with_tokens(address(&format!("{base}@{domain}")), separator).unwrap();
            let sender = path.of(&token).unwrap().to_string();
            prop_assert_eq!(address(&sender), path.of(&token).unwrap());
            prop_assert!(sender.rsplit_once('@').unwrap().0.len() <= 64);
            for seen in [sender.clone(), sender.to_uppercase(), sender.to_lowercase()] {
                let found = path.recognise(&seen).unwrap();
                prop_assert_eq!(key.open(found, Purpose::Bounce, Some(&issue)), Some(key.pseudonym(&reader)));
            }
        }

        #[test]
        fn a_return_path_shows_neither_the_reader_nor_the_issue(
            reader in "[a-z]{8,20}@[a-z]{8,20}\\.example\\.net", issue in "20[0-9]{2}-[01][0-9]",
        ) {
            let token = TokenKey::new(b"secret").token(Purpose::Bounce, Some(&issue.parse().unwrap()), &address(&reader));
            let path = ReturnPath::with_tokens(address("q@example.org"), Separator::Plus).unwrap();
            let sender = path.of(&token).unwrap().to_string();
            let (local, domain) = reader.split_once('@').unwrap();
            prop_assert!(!sender.contains(local) && !sender.contains(domain.split('.').next().unwrap()));
            prop_assert!(!sender.contains(&issue));
        }

        #[test]
        fn whatever_a_bounce_is_addressed_to_is_read_without_a_fault(recipient in "\\PC{0,80}") {
            let path = ReturnPath::with_tokens(address("bounces@example.org"), Separator::Plus).unwrap();
            prop_assert_eq!(path.recognise(&recipient), None);
        }
    }

    #[test]
    fn a_base_that_leaves_no_room_for_a_token_is_refused() {
        let of_length = |length| address(&format!("{}@example.org", "b".repeat(length)));
        assert_eq!(ReturnPath::ROOM, 30);
        assert!(ReturnPath::with_tokens(of_length(ReturnPath::ROOM), Separator::Plus).is_ok());
        let error = ReturnPath::with_tokens(of_length(ReturnPath::ROOM + 1), Separator::Plus).unwrap_err();
        assert_eq!(error, AddressError::LocalPartTooLong);
        let plain = ReturnPath::plain(of_length(64));
        assert_eq!(plain.of("b0123").unwrap(), of_length(64));
    }

    #[test]
    fn an_address_that_only_looks_like_a_return_path_is_none() {
        let path = ReturnPath::with_tokens(address("bounces@example.org"), Separator::Plus).unwrap();
        let token = "b2d9k4gk3t5q1l0v7m8n6p2r4s6u8a0c2";
        assert_eq!(path.recognise(&format!(" bounces+{token}@example.org ")), Some(token));
        for other in [
            format!("bounces-{token}@example.org"),
            format!("bounces+{token}0@example.org"),
            format!("bounces+{}@example.org", &token[1..]),
            format!("bounces+{token}@example.net"),
            format!("bounce+{token}@example.org"),
            format!("xbounces+{token}@example.org"),
            format!("bounces+{token}"),
            "bounces+@example.org".to_owned(),
            String::new(),
        ] {
            assert_eq!(path.recognise(&other), None, "{other}");
        }
        assert_eq!(ReturnPath::plain(address("b@example.org")).recognise(&format!("b+{token}@example.org")), None);
    }

    #[test]
    fn what_would_end_a_parameter_cannot_name_an_envelope() {
        for text in ["", "a b", "a\r\nRCPT TO:<x@example.org>", "é", &"x".repeat(101)] {
            assert_eq!(text.parse::<EnvelopeId>(), Err(EnvelopeIdError), "{text:?}");
        }
        assert_eq!("b01=+".parse::<EnvelopeId>().unwrap().to_string(), "b01=+");
    }
}

//! An email address: text in, a deliverable address and its identity out (RFC 5321, RFC 6531, UTS 46).

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

/// A mailbox that a message can be sent to.
///
/// The local part stays as it was typed (in NFC, RFC 6532 section 3.1); an internationalised domain is
/// held as its A-label, which is what an envelope needs. Two spellings of one mailbox compare by [`EmailAddress::identity`].
///
/// ```
/// use bulletin::domain::EmailAddress;
/// let address: EmailAddress = "Marie@Bücher.example".parse()?;
/// assert_eq!(address.to_string(), "Marie@xn--bcher-kva.example");
/// assert_eq!(address.identity(), "marie@xn--bcher-kva.example");
/// # Ok::<(), bulletin::domain::address::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(lettre::Address);

/// Why a text is not an address that mail can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("the address is empty")]
    Empty,
    #[error("there is no @ in the address")]
    NoAt,
    #[error("there is a space or an invisible character inside the address")]
    Space,
    #[error("the part before the @ is not valid")]
    LocalPart,
    #[error("the part before the @ is longer than 64 octets")]
    LocalPartTooLong,
    #[error("the domain after the @ is not valid")]
    Domain,
    #[error("the domain after the @ has no dot, so it is not a public mail domain")]
    NoDot,
}

impl AddressError {
    /// What the person who owns the list can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty => "fill in the address, or delete the row",
            Self::NoAt | Self::NoDot => "write the whole address, like ann@example.org",
            Self::Space => "remove the space; one cell holds one address",
            Self::LocalPart | Self::LocalPartTooLong => "check the spelling before the @",
            Self::Domain => "check the spelling after the @",
        }
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        let invisible = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}')
        };
        if text.contains(invisible) {
            return Err(AddressError::Space);
        }
        if local.len() > 64 {
            return Err(AddressError::LocalPartTooLong);
        }
        let domain = if domain.is_ascii() {
            domain.to_owned()
        } else {
            idna::domain_to_ascii_strict(domain).map_err(|_| AddressError::Domain)?
        };
        if !domain.contains('.') {
            return Err(if domain.is_empty() { AddressError::Domain } else { AddressError::NoDot });
        }
        let top_level = domain.rsplit('.').next().unwrap_or_default();
        let labels_hold = domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        if domain.len() > 253 || !labels_hold || top_level.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AddressError::Domain);
        }
        let local: String = local.nfc().collect();
        lettre::Address::new(local, domain).map(Self).map_err(|_| AddressError::LocalPart)
    }
}

impl EmailAddress {
    /// What makes two spellings the same person: NFC, lower case, the domain as an A-label.
    #[must_use]
    pub fn identity(&self) -> String {
        self.to_string().to_lowercase().nfc().collect()
    }

    /// The domain as an A-label, in lower case.
    #[must_use]
    pub fn domain(&self) -> String {
        self.0.domain().to_ascii_lowercase()
    }

    /// What stands before the @, as it was typed.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.user()
    }

    /// Whether the local part needs a server that offers SMTPUTF8 (RFC 6531 section 3.2).
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.0.user().is_ascii()
    }

    /// The address as it may stand in a log or a shared preview: `a***@example.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.0.user().chars().next().unwrap_or('*');
        format!("{first}***@{}", self.0.domain())
    }

    /// The same address with `tag` behind its local part: `bounces@x` and `t` give `bounces+t@x`.
    ///
    /// # Errors
    /// The tagged local part no longer fits into 64 octets, or `tag` holds what an address can't.
    pub fn with_tag(&self, tag: &str) -> Result<Self, AddressError> {
        format!("{}+{tag}@{}", self.0.user(), self.0.domain()).parse()
    }

    /// The form that lettre's message and protocol types take.
    #[must_use]
    pub fn as_lettre(&self) -> &lettre::Address {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl<'de> serde::Deserialize<'de> for EmailAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("`{text}`: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EmailAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn the_envelope_keeps_what_was_typed_and_the_identity_does_not() {
        let address = parse("  Ann.Smith@Example.ORG ").unwrap();
        assert_eq!(address.to_string(), "Ann.Smith@Example.ORG");
        assert_eq!(address.identity(), "ann.smith@example.org");
    }

    #[test]
    fn an_internationalised_local_part_is_normalised_in_the_identity_only() {
        let decomposed = parse("zoe\u{301}@example.org").unwrap();
        let composed = parse("zo\u{e9}@example.org").unwrap();
        assert_eq!(decomposed.identity(), composed.identity());
        assert!(composed.needs_smtputf8());
    }

    #[test]
    fn each_fault_is_named() {
        for (text, fault) in [
            ("", AddressError::Empty),
            ("ann.example.org", AddressError::NoAt),
            ("ann smith@example.org", AddressError::Space),
            ("ann@example.org\nBcc: x@example.org", AddressError::Space),
            ("@example.org", AddressError::LocalPart),
            ("ann@", AddressError::Domain),
            ("ann@localhost", AddressError::NoDot),
            ("ann@exa_mple.org", AddressError::Domain),
            ("ann@example..org", AddressError::Domain),
            ("ann@127.0.0.1", AddressError::Domain),
            ("a..b@example.org", AddressError::LocalPart),
        ] {
            assert_eq!(parse(text), Err(fault), "{text:?}");
        }
        assert_eq!(parse(&format!("{}@example.org", "a".repeat(65))), Err(AddressError::LocalPartTooLong));
    }

    #[test]
    fn a_masked_address_shows_one_letter_and_the_domain() {
        assert_eq!(parse("élodie@example.org").unwrap().masked(), "é***@example.org");
    }
}

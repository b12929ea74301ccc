//! An email address: text in, a deliverable address and its identity out (RFC 5321, RFC 6531, IDNA 2008).

mod cure;
mod hostname;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use unicode_normalization::{UnicodeNormalization, is_nfc};

pub use cure::likely;

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
pub struct EmailAddress {
    text: Box<str>,
    /// Where the @ stands.
    at: usize,
}

/// Why a text is not an address that mail can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("the address is empty")]
    Empty,
    #[error("there is no @ in the address")]
    NoAt,
    #[error("there is more than one address in the cell")]
    Several,
    #[error("there is a space or an invisible character inside the address")]
    Space,
    #[error("there is a typographic quotation mark in the address")]
    Quote,
    #[error("the part before the @ is not valid")]
    LocalPart,
    #[error("the part before the @ is longer than 64 octets")]
    LocalPartTooLong,
    #[error("the address is longer than 254 octets")]
    TooLong,
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
            Self::Several => "one cell holds one address; give the other a row of its own",
            Self::Space => "remove the space; one cell holds one address",
            Self::Quote => "remove the quotation mark",
            Self::LocalPart | Self::LocalPartTooLong | Self::TooLong => "check the spelling before the @",
            Self::Domain => "check the spelling after the @",
        }
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        plain(text).map_or_else(|| checked(text), Ok)
    }
}

/// An address that nothing can be said against at first sight, as nearly all are, in a fraction of the time that
/// [`checked`] takes to find out. None where it takes a closer look.
fn plain(text: &str) -> Option<EmailAddress> {
    let (local, domain) = text.split_once('@')?;
    let is_atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+'))
    };
    let is_label = |label: &str| {
        let is_inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let [first, .., last] = label.as_bytes() else { return false };
        // An A-label has hyphens in these places (RFC 5890 section 2.3.1).
        let is_reserved = label.as_bytes().get(2..4) == Some(b"--");
        first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() && !is_reserved && label.bytes().all(is_inner)
    };
    let top_level = domain.rsplit_once('.')?.1;
    let fits = local.len() <= 64 && domain.len() <= 63 && top_level.bytes().all(|b| b.is_ascii_alphabetic());
    (fits && local.split('.').all(is_atom) && domain.split('.').all(is_label))
        .then(|| EmailAddress::of_parts(local, domain))
}

/// Any address, or what is wrong with it.
fn checked(text: &str) -> Result<EmailAddress, AddressError> {
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
    let quoted = is_quoted(local);
    // RFC 5321 section 4.1.2 has no control characters anywhere, and spaces in a quoted string alone.
    if text.contains(is_invisible) {
        return Err(AddressError::Space);
    }
    if local.contains('@') && !quoted {
        return Err(AddressError::Several);
    }
    if domain.contains(' ') || (local.contains(' ') && !quoted) {
        return Err(AddressError::Space);
    }
    // RFC 6531 section 3.3 would allow them; in a list they were pasted.
    if local.contains(is_typographic_quote) {
        return Err(AddressError::Quote);
    }
    if local.len() > 64 {
        return Err(AddressError::LocalPartTooLong);
    }
    let domain = hostname::a_labels(domain)?;
    // RFC 5321 section 4.5.3.1.3, less the angle brackets.
    if local.len() + 1 + domain.len() > 254 {
        return Err(AddressError::TooLong);
    }
    let local: String = if is_nfc(local) { local.to_owned() } else { local.nfc().collect() };
    // Of the grammar of local parts lettre knows the rest.
    lettre::Address::new(&local, &domain).map_err(|_| AddressError::LocalPart)?;
    Ok(EmailAddress::of_parts(&local, &domain))
}

impl EmailAddress {
    /// What makes two spellings the same person: NFC, lower case, the domain as an A-label.
    #[must_use]
    pub fn identity(&self) -> String {
        if self.as_str().is_ascii() && !is_quoted(self.local_part()) {
            return self.as_str().to_ascii_lowercase();
        }
        let local = self.plain_local();
        let folded = format!("{local}@{}", self.domain_part()).to_lowercase();
        if is_nfc(&folded) { folded } else { folded.nfc().collect() }
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the @, as it was typed.
    #[must_use]
    pub fn local_part(&self) -> &str {
        &self.text[..self.at]
    }

    /// The local part without quotes that it does not need (RFC 5321 section 4.1.2).
    fn plain_local(&self) -> Cow<'_, str> {
        let local = self.local_part();
        if !is_quoted(local) {
            return Cow::Borrowed(local);
        }
        let mut plain = String::new();
        let mut chars = local[1..local.len() - 1].chars();
        while let Some(c) = chars.next() {
            plain.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_atom_character);
        if plain.split('.').all(is_atom) { Cow::Owned(plain) } else { Cow::Borrowed(local) }
    }

    /// The domain as an A-label, in lower case.
    #[must_use]
    pub fn domain(&self) -> String {
        self.domain_part().to_ascii_lowercase()
    }

    /// The domain as an A-label, in the case that it was typed in.
    fn domain_part(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Whether the local part needs a server that offers SMTPUTF8 (RFC 6531 section 3.2).
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.local_part().is_ascii()
    }

    /// The address as it may stand in a log or a shared preview: `a***@example.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.local_part().chars().next().unwrap_or('*');
        format!("{first}***@{}", self.domain_part())
    }

    /// The same address with `tag` behind its local part: `bounces@x` and `t` give `bounces+t@x`.
    ///
    /// # Errors
    /// The tagged local part no longer fits into 64 octets, or `tag` holds what an address can't.
    pub fn with_tag(&self, tag: &str) -> Result<Self, AddressError> {
        format!("{}+{tag}@{}", self.local_part(), self.domain_part()).parse()
    }

    /// An address of parts that were an address's already: `local` in NFC, `domain` as A-labels.
    fn of_parts(local: &str, domain: &str) -> Self {
        Self { text: [local, "@", domain].concat().into(), at: local.len() }
    }

    /// The same with more behind the local part, which may stand there and has room.
    pub(super) fn extended(&self, more: &[&str]) -> Self {
        let mut text = String::with_capacity(self.text.len() + more.iter().map(|part| part.len()).sum::<usize>());
        text.push_str(self.local_part());
        text.extend(more.iter().copied());
        let at = text.len();
        text.push_str(&self.text[self.at..]);
        Self { text: text.into(), at }
    }

    /// In the form that lettre's message types take.
    #[must_use]
    pub fn to_lettre(&self) -> lettre::Address {
        lettre::Address::new_dangerous(self.local_part(), self.domain_part())
    }
}

fn is_quoted(local: &str) -> bool {
    local.len() > 1 && local.starts_with('"') && local.ends_with('"')
}

/// RFC 5322 section 3.2.3, with RFC 6531's characters beyond ASCII.
fn is_atom_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

fn is_invisible(c: char) -> bool {
    (c.is_whitespace() && c != ' ')
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fffd}')
}

fn is_typographic_quote(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '«' | '»' | '‹' | '›')
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_address_that_is_taken_at_first_sight_passes_every_check(
            text in "[a-zA-Z0-9.+_-]{0,6}[@ü'\"]{0,2}[a-zA-Z0-9.-]{0,8}[.@-]{0,1}[a-z0-9-]{0,5}"
        ) {
            if let Some(address) = plain(&text) {
                prop_assert_eq!(checked(&text), Ok(address));
            }
        }
    }

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
            (".a@example.org", AddressError::LocalPart),
            ("a(b)@example.org", AddressError::LocalPart),
            ("ann@example.org;bo@example.org", AddressError::Several),
            ("ann@@example.org", AddressError::Several),
            ("“ann”@example.org", AddressError::Quote),
            ("ann\0@example.org", AddressError::Space),
            ("an\u{ad}n@example.org", AddressError::Space),
            ("ann@-example.org", AddressError::Domain),
            ("ann@xn--zzzzzzzzzzzzzz-.org", AddressError::Domain),
            ("ann@[192.0.2.1]", AddressError::Domain),
            ("ann@☃.example", AddressError::Domain),
            ("ann＠example.org", AddressError::NoAt),
        ] {
            assert_eq!(parse(text), Err(fault), "{text:?}");
        }
        assert_eq!(parse(&format!("{}@example.org", "a".repeat(65))), Err(AddressError::LocalPartTooLong));
        let domain = format!("{}.example", ["b".repeat(60).as_str(); 3].join("."));
        assert_eq!(parse(&format!("{}@{domain}", "a".repeat(62))).unwrap().to_string().len(), 253);
        assert_eq!(parse(&format!("{}@{domain}", "a".repeat(64))), Err(AddressError::TooLong));
        assert_eq!(parse(&format!("a@{}.example", "b".repeat(64))), Err(AddressError::Domain));
    }

    #[test]
    fn what_the_standards_allow_is_allowed() {
        for text in [
            "o'brien+news@example.org",
            "!#$%&'*+-/=?^_`{|}~@example.org",
            "\"ann smith\"@example.org",
            "\"a@b\"@example.org",
            "1@1.example",
            "анна@пример.example",
            "ann@मेल.example",
            "ann@l·l.example",
            "ann@xn--bcher-kva.example",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn quotes_that_an_address_does_not_need_make_no_other_person() {
        assert_eq!(parse("\"Ann.S\"@example.org").unwrap().identity(), "ann.s@example.org");
        assert_eq!(parse("\"a\\n\"@example.org").unwrap().identity(), "an@example.org");
        assert_eq!(parse("\"ann smith\"@example.org").unwrap().identity(), "\"ann smith\"@example.org");
    }

    #[test]
    fn a_masked_address_shows_one_letter_and_the_domain() {
        assert_eq!(parse("élodie@example.org").unwrap().masked(), "é***@example.org");
    }
}

//! Signed tokens: they name a purpose, reveal no address, and can be checked with the key alone.

use data_encoding::BASE32_DNSSEC;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{EmailAddress, IssueId};

/// The key that signs tokens. Nothing prints it.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

/// What a token may be used for; a token of one purpose is worthless for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Unsubscribe,
    MessageId,
    /// The return-path of one message (VERP), and its ENVID (RFC 3461 section 4.4).
    Bounce,
}

impl Purpose {
    fn letter(self) -> char {
        match self {
            Self::Unsubscribe => 'u',
            Self::MessageId => 'm',
            Self::Bounce => 'b',
        }
    }
}

/// Who a token stands for: 80 bits that only the key can tie to an address. Two readers of a list of
/// a million share one with a chance of less than one in a billion.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; HALF]);

/// The text is not a pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pseudonym has 16 letters and digits in base32")]
pub struct PseudonymError;

impl std::fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&BASE32_DNSSEC.encode(&self.0))
    }
}

impl std::fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pseudonym({self})")
    }
}

impl std::str::FromStr for Pseudonym {
    type Err = PseudonymError;

    fn from_str(text: &str) -> Result<Self, PseudonymError> {
        let bytes = BASE32_DNSSEC.decode(text.to_ascii_lowercase().as_bytes()).map_err(|_| PseudonymError)?;
        bytes.try_into().map(Self).map_err(|_| PseudonymError)
    }
}

/// Bytes of the part that names the reader, and bytes of the part that signs it: together 32 letters.
const HALF: usize = 10;

/// Letters and digits of a token.
pub const TOKEN_LENGTH: usize = 1 + 2 * HALF * 8 / 5;

impl TokenKey {
    /// A key out of any secret; the longer and the more random, the better.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        // An HMAC key may have any length (RFC 2104 section 3), so that this can't fail.
        Self(Hmac::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")))
    }

    /// The token that stands for `reader` and `purpose`: a letter for the purpose, then 32 letters
    /// and digits in lower case, of which 80 bits are a pseudonym of the reader and 80 bits the signature.
    /// `issue` binds it to one issue.
    #[must_use]
    pub fn token(&self, purpose: Purpose, issue: Option<&IssueId>, reader: &EmailAddress) -> String {
        self.token_of(purpose, issue, self.pseudonym(reader))
    }

    /// The same for a reader whose pseudonym is known.
    #[must_use]
    pub fn token_of(&self, purpose: Purpose, issue: Option<&IssueId>, pseudonym: Pseudonym) -> String {
        let signature = truncated(self.mac(purpose, issue, pseudonym));
        let mut bytes = [0; 2 * HALF];
        bytes[..HALF].copy_from_slice(&pseudonym.0);
        bytes[HALF..].copy_from_slice(&signature);
        let mut token = String::with_capacity(TOKEN_LENGTH);
        token.push(purpose.letter());
        BASE32_DNSSEC.encode_append(&bytes, &mut token);
        token
    }

    /// Who `token` stands for, if it was signed with this key for `purpose` and `issue`. Upper and lower
    /// case are one, since some mail servers fold a local part.
    #[must_use]
    pub fn open(&self, token: &str, purpose: Purpose, issue: Option<&IssueId>) -> Option<Pseudonym> {
        let token = token.to_ascii_lowercase();
        let bytes = BASE32_DNSSEC.decode(token.strip_prefix(purpose.letter())?.as_bytes()).ok()?;
        let (pseudonym, signature) = bytes.split_at_checked(HALF)?;
        let pseudonym = Pseudonym(pseudonym.try_into().ok()?);
        let whole = signature.len() == HALF;
        (whole && self.mac(purpose, issue, pseudonym).verify_truncated_left(signature).is_ok()).then_some(pseudonym)
    }

    /// Whether `token` is this reader's, for this purpose and issue.
    #[must_use]
    pub fn verifies(&self, token: &str, purpose: Purpose, issue: Option<&IssueId>, reader: &EmailAddress) -> bool {
        self.open(token, purpose, issue) == Some(self.pseudonym(reader))
    }

    /// The name under which a reader is known without their address: the same for every spelling of one
    /// identity, and for every purpose and issue.
    #[must_use]
    pub fn pseudonym(&self, reader: &EmailAddress) -> Pseudonym {
        Pseudonym(truncated(self.0.clone().chain_update("reader\0").chain_update(reader.identity())))
    }

    fn mac(&self, purpose: Purpose, issue: Option<&IssueId>, pseudonym: Pseudonym) -> Hmac<Sha256> {
        self.0
            .clone()
            .chain_update([purpose.letter() as u8, 0])
            .chain_update(issue.map_or("", IssueId::as_str))
            .chain_update([0])
            .chain_update(pseudonym.0)
    }
}

fn truncated(mac: Hmac<Sha256>) -> [u8; HALF] {
    let full = mac.finalize().into_bytes();
    let mut short = [0; HALF];
    short.copy_from_slice(&full[..HALF]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_reader_purpose_and_issue_only() {
        let key = TokenKey::new(b"secret");
        let ann = address("ann@example.org");
        let issue: IssueId = "2015-11".parse().unwrap();
        let token = key.token(Purpose::MessageId, Some(&issue), &ann);
        assert!(key.verifies(&token, Purpose::MessageId, Some(&issue), &ann));
        assert!(key.verifies(&token.to_uppercase(), Purpose::MessageId, Some(&issue), &address("ANN@example.org")));
        assert!(!key.verifies(&token, Purpose::Unsubscribe, Some(&issue), &ann));
        assert!(!key.verifies(&token, Purpose::MessageId, None, &ann));
        assert!(!key.verifies(&token, Purpose::MessageId, Some(&issue), &address("bob@example.org")));
        assert!(!TokenKey::new(b"other").verifies(&token, Purpose::MessageId, Some(&issue), &ann));
        for garbage in ["", "m", "mabc", "m00000000000000000000000000000000", "é"] {
            assert!(!key.verifies(garbage, Purpose::MessageId, Some(&issue), &ann), "{garbage}");
        }
    }

    #[test]
    fn an_opened_token_tells_whose_it_is_without_a_list() {
        let key = TokenKey::new(b"secret");
        let ann = address("ann@example.org");
        let token = key.token(Purpose::Unsubscribe, None, &ann);
        let pseudonym = key.open(&token, Purpose::Unsubscribe, None).unwrap();
        assert_eq!(pseudonym, key.pseudonym(&address("Ann@EXAMPLE.org")));
        assert_eq!(pseudonym.to_string().parse(), Ok(pseudonym));
        assert_eq!("short".parse::<Pseudonym>(), Err(PseudonymError));
    }

    #[test]
    fn a_token_fits_behind_a_local_part_and_shows_no_address() {
        let token = TokenKey::new(b"secret").token(Purpose::Unsubscribe, None, &address("ann@example.org"));
        assert_eq!((token.len(), TOKEN_LENGTH), (33, 33));
        assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert!(!token.contains("ann"));
    }
}

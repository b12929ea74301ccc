//! A digest over content: what a person approves, and what names an edition.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The first 64 bits of a SHA-256, written as 16 hexadecimal digits: short enough to read aloud,
/// and long enough that an edited source can't keep its digest by accident.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 8]);

/// The text is not 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: it has 16 digits and letters from a to f")]
pub struct DigestError(String);

/// Collects named pieces into a [`Digest`]; the order of the pieces counts.
#[derive(Default)]
pub struct Digester(Sha256);

impl Digester {
    /// Adds one piece. Name and length go in first, so that no two lists of pieces run together.
    pub fn add(&mut self, name: &str, content: impl AsRef<[u8]>) -> &mut Self {
        let content = content.as_ref();
        self.0.update((name.len() as u64).to_be_bytes());
        self.0.update(name);
        self.0.update((content.len() as u64).to_be_bytes());
        self.0.update(content);
        self
    }

    /// Adds to the piece that was added last, whose length is not known beforehand; nothing else may follow.
    pub fn add_on(&mut self, content: impl AsRef<[u8]>) -> &mut Self {
        self.0.update(content);
        self
    }

    #[must_use]
    pub fn finish(&self) -> Digest {
        let full: [u8; 32] = self.0.clone().finalize().into();
        let mut short = [0; 8];
        short.copy_from_slice(&full[..8]);
        Digest(short)
    }
}

impl Digest {
    /// The digest of one piece of content.
    #[must_use]
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        Digester::default().add("", content).finish()
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let bad = || DigestError(text.to_owned());
        let bytes = HEXLOWER.decode(text.trim().to_ascii_lowercase().as_bytes()).map_err(|_| bad())?;
        bytes.try_into().map(Self).map_err(|_| bad())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_run_together() {
        let one = Digester::default().add("a", "bc").finish();
        let other = Digester::default().add("ab", "c").finish();
        assert_ne!(one, other);
    }

    #[test]
    fn a_digest_reads_back_what_it_writes_and_refuses_the_rest() {
        let digest = Digest::of("content");
        assert_eq!(digest.to_string().to_uppercase().parse(), Ok(digest));
        for text in ["", "12", "zz34567890123456", "123456789012345678"] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}

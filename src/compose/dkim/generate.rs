//! New keys, in PEM (PKCS#8, RFC 5958), as every other program for DKIM reads them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use data_encoding::BASE64;
use secrecy::SecretString;

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// 2048 bits: what every receiver verifies, and what a TXT record has room for.
    Rsa,
    /// Short and fast; receivers that do not know it pass over it (RFC 8463 section 5).
    Ed25519,
}

/// The system gave no random numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key can't be made: {0}")]
pub struct GenerateError(String);

impl Algorithm {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// A new private key.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate(self) -> Result<SecretString, GenerateError> {
        let failed = |_| GenerateError("there is no randomness to be had".to_owned());
        match self {
            Self::Rsa => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let der: Pkcs8V1Der = pair.as_der().map_err(failed)?;
                Ok(pem(der.as_ref()))
            }
            Self::Ed25519 => {
                /// A PKCS#8 frame of version 1 around a seed (RFC 8410 section 7): OpenSSL before 3 reads no other.
                const FRAME: &[u8] =
                    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
                let mut seed = [0_u8; 32];
                rand::fill(&mut seed).map_err(failed)?;
                Ok(pem(&[FRAME, &seed].concat()))
            }
        }
    }
}

/// A private key in PEM (RFC 7468 section 10).
fn pem(der: &[u8]) -> SecretString {
    const LINE: usize = 64;
    let mut out = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in der.chunks(LINE / 4 * 3) {
        BASE64.encode_append(line, &mut out);
        out.push('\n');
    }
    out.push_str("-----END PRIVATE KEY-----\n");
    out.into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::super::SigningKey;
    use super::*;

    #[test]
    fn a_new_key_can_sign_and_is_never_the_same() {
        for (algorithm, kind) in [(Algorithm::Rsa, "k=rsa; p=MIIBIjAN"), (Algorithm::Ed25519, "k=ed25519; p=")] {
            let record = || {
                let pem = algorithm.generate().unwrap();
                SigningKey::from_pem("example.org", "s", pem.expose_secret().as_bytes()).unwrap().record().text
            };
            let (one, other) = (record(), record());
            assert!(one.starts_with(&format!("v=DKIM1; {kind}")), "{one}");
            assert_ne!(one, other);
        }
    }
}

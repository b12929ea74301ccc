//! A key that signs: PEM in, signatures and the DNS record of its public half out.
//!
//! RSA with 2048 bits or more (RFC 8301 section 3.2) and Ed25519 (RFC 8463).

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use super::record::Record;

/// A private key with the name under which receivers find its public half.
pub struct SigningKey {
    pub(super) domain: String,
    pub(super) selector: String,
    pair: Pair,
    /// The public half as `p=` has it.
    public: Vec<u8>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Why a file holds no key that can sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`)")]
    Pem,
    #[error("its key is neither RSA with at least 2048 bits nor Ed25519")]
    Kind,
}

/// A signature could not be made; the operating system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message can't be signed: there is no randomness to be had")]
pub struct SignError;

impl SigningKey {
    /// Reads a key in PKCS#8 or, for RSA, PKCS#1.
    ///
    /// # Errors
    /// There is none, or none that can sign.
    pub fn from_pem(domain: &str, selector: &str, pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::Pem)?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(Pair::rsa),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                // Most programs leave the public half out, so that there is nothing to check it against.
                let ed25519 = || Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Pair::Ed25519);
                RsaKeyPair::from_pkcs8(der).ok().map(Pair::rsa).or_else(ed25519)
            }
            _ => None,
        };
        let pair = pair.ok_or(KeyError::Kind)?;
        let public = pair.public().ok_or(KeyError::Kind)?;
        Ok(Self { domain: domain.to_ascii_lowercase(), selector: selector.to_ascii_lowercase(), pair, public })
    }

    /// What the DNS has to say for this key to be believed.
    #[must_use]
    pub fn record(&self) -> Record {
        let kind = match self.pair {
            Pair::Rsa(_) => "rsa",
            Pair::Ed25519(_) => "ed25519",
        };
        Record {
            name: format!("{}._domainkey.{}", self.selector, self.domain),
            text: format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&self.public)),
        }
    }

    /// The `a=` of its signatures.
    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// Signs canonical header fields.
    pub(super) fn sign(&self, content: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), content, &mut signature).map_err(|_| SignError)?;
                Ok(signature)
            }
            // The hash is what is signed, and not the content (RFC 8463 section 3).
            Pair::Ed25519(pair) => Ok(pair.sign(&Sha256::digest(content)).as_ref().to_vec()),
        }
    }
}

impl Pair {
    fn rsa(pair: RsaKeyPair) -> Self {
        Self::Rsa(Box::new(pair))
    }

    /// Of RSA, what says also what it is (RFC 5280 section 4.1), as everyone publishes it; of Ed25519 the bare key
    /// (RFC 8463 section 4.2).
    fn public(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
                Some(der.as_ref().to_vec())
            }
            Self::Ed25519(pair) => Some(pair.public_key().as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for SigningKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}._domainkey.{}, {})", self.selector, self.domain, self.algorithm())
    }
}

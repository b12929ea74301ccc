//! DKIM (RFC 6376): a message in, the same message with a signature for each key on top out.
//!
//! Written on AWS-LC, and not on a library for all of mail's authentication: those bring a DNS resolver and
//! parsers for reports along, and read the machine's clock.

mod canonical;
mod generate;
mod key;
mod record;
#[cfg(test)]
mod signer_tests;

use std::fmt::Write as _;

use data_encoding::BASE64;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::content::Form;
use super::{Content, OutboundMessage};
use canonical::{Body, HeaderField, fields};

pub(super) use canonical::is_canonical;
pub use generate::{Algorithm, GenerateError};
pub use key::{KeyError, SignError, SigningKey};
pub use record::Record;

/// Signed once more than they stand in a message, so that none can be added unseen (RFC 6376 section 8.15).
/// RFC 8058 section 4 wants the two of List-Unsubscribe covered. The body's fields decide what a reader sees.
const OVERSIGNED: &[&str] = &[
    "from",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// Signed where they are there; nobody gains by adding another.
const SIGNED: &[&str] = &["list-help", "list-archive", "feedback-id", "content-language"];

/// Octets of a line of the signature's own field.
const LINE: usize = 76;

/// Signs messages with every key it has; with none, it leaves them as they are.
#[derive(Debug, Default)]
pub struct Signer {
    keys: Vec<SigningKey>,
}

impl Signer {
    #[must_use]
    pub fn new(keys: Vec<SigningKey>) -> Self {
        Self { keys }
    }

    /// Puts the signatures on top of the message; `now` is when they say they were made. The same message and
    /// moment give the same bytes.
    ///
    /// # Errors
    /// The system gives no random numbers, which RSA blinds itself with.
    pub fn sign(&self, message: &mut OutboundMessage, now: Timestamp) -> Result<(), SignError> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let head = message.content.head();
        let fields = fields(&head);
        let body_hash = BASE64.encode(&body_hash(&message.content));
        let (names, signed) = select(&fields);
        let mut top = String::new();
        for key in &self.keys {
            top.push_str(&signature(key, &names, &signed, &body_hash, now)?);
        }
        message.content.put_on_top(top.as_bytes());
        Ok(())
    }
}

/// The hash of a body's canonical form, for `bh=`.
fn body_hash(content: &Content) -> [u8; 32] {
    let mut hash = Sha256::new();
    match content.form() {
        Form::Settled => content.body().for_each(|slice| hash.update(slice)),
        Form::Any => {
            let mut body = Body::new(|slice: &[u8]| hash.update(slice));
            content.body().for_each(|slice| body.add(slice));
            body.end();
        }
    }
    hash.finalize().into()
}

/// The names for `h=`, and the canonical fields that they stand for. Of fields with the same name the lowest
/// comes first (RFC 6376 section 5.4.2); a name too many stands for nothing.
fn select(fields: &[HeaderField<'_>]) -> (Vec<&'static str>, Vec<u8>) {
    let mut names = Vec::new();
    let mut signed = Vec::new();
    for (name, surplus) in OVERSIGNED.iter().map(|name| (*name, 1)).chain(SIGNED.iter().map(|name| (*name, 0))) {
        let found = fields.iter().rev().filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
        let mut count = surplus;
        for field in found {
            field.write(&mut signed);
            signed.extend_from_slice(b"\r\n");
            count += 1;
        }
        names.extend(std::iter::repeat_n(name, count));
    }
    (names, signed)
}

/// One DKIM-Signature field with its CRLF.
fn signature(
    key: &SigningKey,
    names: &[&str],
    signed: &[u8],
    body_hash: &str,
    now: Timestamp,
) -> Result<String, SignError> {
    let mut field = format!(
        "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n s={}; t={};\r\n h=",
        key.algorithm(),
        key.domain,
        key.selector,
        now.as_second()
    );
    let mut width = " h=".len();
    for (at, name) in names.iter().enumerate() {
        // A fold is allowed behind a colon (RFC 6376 section 3.5).
        if width + name.len() + 1 > LINE {
            field.push_str("\r\n  ");
            width = 2;
        }
        let end = if at + 1 == names.len() { ';' } else { ':' };
        width += name.len() + 1;
        // Writing to a String can't fail.
        let _ = write!(field, "{name}{end}");
    }
    let _ = write!(field, "\r\n bh={body_hash};\r\n b=");

    // The signature covers its own field, with nothing behind `b=` and without the CRLF (RFC 6376 section 3.7).
    let mut content = signed.to_vec();
    HeaderField::read(field.as_bytes()).write(&mut content);
    let signature = BASE64.encode(&key.sign(&content)?);
    for (at, piece) in signature.as_bytes().chunks(LINE - " b=".len()).enumerate() {
        if at > 0 {
            field.push_str("\r\n   ");
        }
        field.push_str(&String::from_utf8_lossy(piece));
    }
    field.push_str("\r\n");
    Ok(field)
}

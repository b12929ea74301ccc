//! Signatures, read back by hand; `tests/it/dkim.rs` has another implementation verify them.

use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use data_encoding::BASE64;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use super::canonical::fields;
use super::{Algorithm, KeyError, Signer, SigningKey};
use crate::compose::{Content, Envelope, OutboundMessage};

/// The message, key and signature of RFC 8463 appendix A.
const BODY: &str = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const FIELDS: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";

fn message(text: &str) -> OutboundMessage {
    let envelope = Envelope {
        return_path: "news@example.org".parse().unwrap(),
        id: "b01".parse().unwrap(),
        recipient: "ann@example.net".parse().unwrap(),
    };
    OutboundMessage { envelope, content: text.as_bytes().to_vec().into() }
}

fn key(algorithm: Algorithm, selector: &str) -> SigningKey {
    let pem = algorithm.generate().unwrap();
    SigningKey::from_pem("Example.org", selector, pem.expose_secret().as_bytes()).unwrap()
}

fn signed(keys: Vec<SigningKey>, text: &str) -> String {
    let mut message = message(text);
    Signer::new(keys).sign(&mut message, jiff::Timestamp::from_second(1_528_637_909).unwrap()).unwrap();
    String::from_utf8(message.content.to_vec()).unwrap()
}

#[test]
fn what_the_rfc_signed_is_what_we_would_sign() {
    let hash = BASE64.encode(&super::body_hash(&Content::from(format!("{FIELDS}\r\n{BODY}").into_bytes())));
    assert_eq!(hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    let field = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; \
        i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : \
        message-id : from : subject : date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    let mut content = Vec::new();
    let text = FIELDS.to_owned();
    for field in fields(text.as_bytes()) {
        field.write(&mut content);
        content.extend_from_slice(b"\r\n");
    }
    fields(field.as_bytes())[0].write(&mut content);
    let public = BASE64.decode(b"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").unwrap();
    let signature = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";
    let signature = BASE64.decode(signature.as_bytes()).unwrap();
    UnparsedPublicKey::new(&ED25519, public).verify(&Sha256::digest(&content), &signature).unwrap();
}

#[test]
fn each_key_signs_the_same_fields_one_more_time_than_they_are_there() {
    let text = format!("{FIELDS}Feedback-ID: a:b:c:d\r\n\r\n{BODY}");
    let signed = signed(vec![key(Algorithm::Rsa, "r"), key(Algorithm::Ed25519, "e")], &text);
    assert!(signed.ends_with(&text), "the message itself is not touched");
    let fields: Vec<_> = signed.split("DKIM-Signature: ").skip(1).collect();
    assert_eq!(fields.len(), 2);
    for (field, start) in fields.iter().zip([
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\r\n s=r; t=1528637909;\r\n h=",
        "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org;\r\n s=e; t=1528637909;\r\n h=",
    ]) {
        assert!(field.starts_with(start), "{field}");
        let names: String = field[start.len()..].split(';').next().unwrap().split_whitespace().collect();
        let expected = "from:from:reply-to:to:to:cc:subject:subject:date:date:message-id:message-id:mime-version:\
            content-type:content-transfer-encoding:list-id:list-unsubscribe:list-unsubscribe-post:feedback-id";
        assert_eq!(names, expected);
    }
    let own_lines = signed[..signed.len() - text.len()].lines();
    assert!(own_lines.clone().all(|line| line.len() <= 78), "{signed}");
    assert!(!signed.contains("l="), "a length would leave room for an appendix");
}

#[test]
fn a_signature_is_that_of_its_key_over_its_own_field_too() {
    let key = key(Algorithm::Rsa, "r");
    let public = key.record().text;
    let public = BASE64.decode(public.rsplit("p=").next().unwrap().as_bytes()).unwrap();
    let signed = signed(vec![key], &format!("{FIELDS}\r\n{BODY}"));
    let (field, signature) = signed.split_once("\r\n b=").unwrap();
    let signature: String = signature.split("\r\nFrom:").next().unwrap().split_whitespace().collect();
    let signature = BASE64.decode(signature.as_bytes()).unwrap();
    let mut content = Vec::new();
    // In the order of `h=`, in which To comes before Subject and both are here once.
    for field in fields(FIELDS.as_bytes()) {
        field.write(&mut content);
        content.extend_from_slice(b"\r\n");
    }
    fields(format!("{field}\r\n b=").as_bytes())[0].write(&mut content);
    // What stands behind the frame is the RSA key itself.
    let verify =
        |content: &[u8]| UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public[24..]).verify(content, &signature);
    assert!(verify(&content).is_ok());
    content[0] ^= 1;
    assert!(verify(&content).is_err());
}

#[test]
fn of_two_fields_with_one_name_both_are_signed_the_lower_one_first() {
    let text = format!("Subject: one\r\n{FIELDS}\r\n{BODY}");
    let (names, content) = super::select(&fields(text.as_bytes()));
    assert_eq!(names.iter().filter(|name| **name == "subject").count(), 3);
    let content = String::from_utf8(content).unwrap();
    assert!(content.contains("subject:Is dinner ready?\r\nsubject:one\r\n"), "{content}");
}

#[test]
fn without_a_key_a_message_stays_as_it_is() {
    assert_eq!(signed(Vec::new(), "Subject: x\r\n\r\nhi\r\n"), "Subject: x\r\n\r\nhi\r\n");
}

#[test]
fn what_cannot_sign_is_refused_and_a_key_is_never_shown() {
    for (pem, error) in [
        ("", KeyError::Pem),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", KeyError::Pem),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", KeyError::Kind),
    ] {
        assert_eq!(SigningKey::from_pem("example.org", "s", pem.as_bytes()).unwrap_err(), error, "{pem}");
    }
    let shown = format!("{:?}", key(Algorithm::Ed25519, "e"));
    assert_eq!(shown, "SigningKey(e._domainkey.example.org, ed25519-sha256)");
}

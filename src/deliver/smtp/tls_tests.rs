//! Conversations under TLS, with a certificate of the tests' own.

use tokio::io::AsyncReadExt;

use super::open::open;
use super::peer::{self, ENVELOPE, HELLO, Peer, message};
use super::relay::Relay;
use super::setup::SmtpTransport;
use super::tls::Protection;
use crate::deliver::transport::{ConnectError, Connection, Transport};
use crate::dial::Security;
use crate::dial::Tls;
use crate::domain::outcome::Outcome;

/// An authority that signed nothing: made with `openssl req -x509`, its key thrown away.
const ELSEWHERE: &str = "\
    -----BEGIN CERTIFICATE-----\n\
    MIIBiTCCAS+gAwIBAgIUajHrTOEoiBbziaea34/9LDtkBIYwCgYIKoZIzj0EAwIw\n\
    GTEXMBUGA1UEAwwOZWxzZXdoZXJlLnRlc3QwIBcNMjYxMTI0MTQ0MjI1WhgPMjEy\n\
    NjEwMzExNDQyMjVaMBkxFzAVBgNVBAMMDmVsc2V3aGVyZS50ZXN0MFkwEwYHKoZI\n\
    zj0CAQYIKoZIzj0DAQcDQgAEgxca4faR10EkY3VyL+donSR9PnulK8Z+AQYiA9k+\n\
    fN+I8PTNh0LPUybloKN6MJabLJOkoRcS1zcp3Akzn3iGGaNTMFEwHQYDVR0OBBYE\n\
    FJd4KLvTgjIUmDElW8PRkEK6l3F6MB8GA1UdIwQYMBaAFJd4KLvTgjIUmDElW8PR\n\
    kEK6l3F6MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgH1E5m0HA\n\
    Sdt+WoYYa9uney0c6NzbfSYWhf7dQgvYY44CIQDGLFPqWEDARjzoo3FXgdmXQMO4\n\
    0PPPhyO4tAHjJv1iIw==\n\
    -----END CERTIFICATE-----\n";

async fn failed(script: &str, name: &str) -> ConnectError {
    let peer = Peer::start(script).await;
    let error = peer.encrypted(Security::Implicit, name).connect().await.unwrap_err();
    peer.done().await;
    error
}

#[tokio::test]
async fn a_message_goes_under_implicit_tls_and_after_starttls() {
    let talk = format!("{HELLO}{ENVELOPE}C: hi\nC: .\nS: 250 taken\nC: QUIT\nS: 221 bye\n");
    let starttls = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nTLS\n";
    // No greeting is repeated under TLS (RFC 3207 section 4.2).
    let resumed = talk.strip_prefix("S: 220 here\n").unwrap();
    for (security, script) in
        [(Security::Implicit, format!("TLS\n{talk}")), (Security::Starttls, format!("{starttls}{resumed}"))]
    {
        let peer = Peer::start(script).await;
        let mut connection = peer.encrypted(security, "relay.test").connect().await.unwrap();
        let outcome = connection.send_one(&message("ann@example.org", b"hi\r\n")).await.outcome;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{security:?}: {outcome:?}");
        connection.quit().await;
        peer.done().await;
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_or_from_an_unknown_authority_is_not_accepted() {
    let error = failed("TLS", "mail.example.org").await;
    let ConnectError::Fatal { message, help } = error else { panic!("{error:?}") };
    assert!(message.starts_with("the certificate of mail.example.org can't be trusted: "), "{message}");
    assert!(help.contains("`host`"), "{help}");

    let peer = Peer::start("TLS").await;
    let elsewhere = Tls::trusting(tokio_rustls::rustls::RootCertStore::empty(), "relay.test").unwrap();
    let transport =
        SmtpTransport { relay: peer.relay(Security::Implicit), protection: Protection::Implicit(elsewhere) };
    let error = transport.connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Fatal { .. }), "{error:?}");
    peer.done().await;
}

#[tokio::test]
async fn a_server_that_begins_in_the_clear_is_told_apart_from_one_that_leaves() {
    let error = failed("S: 220 here", "relay.test").await;
    let ConnectError::Fatal { message, help } = error else { panic!("{error:?}") };
    assert!(message.starts_with("relay.test does not begin with TLS: "), "{message}");
    assert!(help.contains("465"), "{help}");
    let error = failed("", "relay.test").await;
    assert!(matches!(error, ConnectError::Transient(_)), "{error:?}");
}

#[tokio::test]
async fn under_tls_too_the_final_dot_is_the_line_between_deferred_and_unknown() {
    let peer = Peer::start(format!("TLS\n{HELLO}{ENVELOPE}C: hi\nC: .")).await;
    let mut connection = peer.encrypted(Security::Implicit, "relay.test").connect().await.unwrap();
    let outcome = connection.send_one(&message("ann@example.org", b"hi\r\n")).await.outcome;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert!(!connection.is_usable());
    drop(connection);
    peer.done().await;

    // A pipe that holds less than the message, and a server that leaves in its middle.
    let (ours, theirs) = tokio::io::duplex(1_000);
    let server = tokio::spawn(async move {
        let mut stream = peer::acceptor().accept(theirs).await.unwrap();
        let mut heard = [0; 50];
        for said in ["220 here\r\n", "250 here\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"] {
            tokio::io::AsyncWriteExt::write_all(&mut stream, said.as_bytes()).await.unwrap();
            tokio::io::AsyncWriteExt::flush(&mut stream).await.unwrap();
            let read = stream.read(&mut heard).await.unwrap();
            assert!(read > 0);
        }
    });
    let relay = Relay::new("localhost", 465, Security::Implicit);
    let protection = Protection::Implicit(peer::tls("localhost"));
    let mut connection = open(Box::new(ours), &relay, &protection).await.unwrap();
    let outcome = connection.send_one(&message("ann@example.org", &b"line\r\n".repeat(10_000))).await.outcome;
    assert!(matches!(outcome, Outcome::Deferred(_)), "{outcome:?}");
    assert!(!connection.is_usable());
    server.await.unwrap();
}

/// A server that knows nothing newer than TLS 1.1: its hello in one record (RFC 4346 section 7.4.1.3), in answer
/// to ours, which is handed back.
async fn outdated(mut stream: tokio::io::DuplexStream) -> Vec<u8> {
    let mut ours = vec![0; 4_096];
    let read = stream.read(&mut ours).await.unwrap();
    ours.truncate(read);
    let mut hello = vec![0x03, 0x02];
    hello.extend([7; 32]);
    // No session, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, no compression.
    hello.extend([0x00, 0xc0, 0x13, 0x00]);
    let length = u8::try_from(hello.len()).unwrap();
    let record = [&[0x16, 0x03, 0x02, 0x00, length + 4, 0x02, 0x00, 0x00, length], hello.as_slice()].concat();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &record).await.unwrap();
    let _ = stream.read(&mut [0; 100]).await;
    ours
}

#[tokio::test]
async fn nothing_older_than_tls_1_2_is_offered_or_taken() {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let server = tokio::spawn(outdated(theirs));
    let relay = Relay::new("localhost", 465, Security::Implicit);
    let error = open(Box::new(ours), &relay, &Protection::Implicit(peer::tls("localhost"))).await.unwrap_err();
    let ConnectError::Fatal { message, help } = error else { panic!("{error:?}") };
    assert!(message.contains("can't agree on an encryption"), "{message}");
    assert!(help.contains("TLS 1.2 or 1.3"), "{help}");
    // supported_versions (RFC 8446 section 4.2.1): two of them, 1.3 and 1.2.
    let hello = server.await.unwrap();
    let offered = hello.windows(4).position(|window| window == [0x00, 0x2b, 0x00, 0x05]).unwrap();
    assert_eq!(hello[offered + 4..offered + 9], [0x04, 0x03, 0x04, 0x03, 0x03]);
}

#[tokio::test]
async fn a_pinned_authority_is_trusted_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let pinned = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        Some(path)
    };
    let ours = pinned("ours.pem", &peer::certificate_pem());
    let elsewhere = pinned("elsewhere.pem", ELSEWHERE);
    for (authority, trusted) in [(ours, true), (elsewhere, false), (None, false)] {
        let peer = Peer::start(format!("TLS\n{HELLO}C: QUIT\nS: 221 bye\n")).await;
        let mut relay = peer.relay(Security::Implicit);
        relay.host = "localhost".to_owned();
        relay.authority = authority;
        match SmtpTransport::new(relay).unwrap().connect().await {
            Ok(connection) => connection.quit().await,
            Err(ConnectError::Fatal { message, .. }) if !trusted => {
                assert!(message.contains("can't be trusted"), "{message}");
            }
            Err(error) => panic!("{error:?}"),
        }
        peer.done().await;
    }
}

#[test]
fn a_file_that_holds_no_authority_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let new = || {
        let mut relay = Relay::new("mail.example.org", 465, Security::Implicit);
        relay.authority = Some(path.clone());
        SmtpTransport::new(relay).unwrap_err()
    };
    for content in [None, Some(""), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")] {
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let error = new();
        assert!(error.to_string().contains("ca.pem"), "{error}");
        assert!(error.help().contains("`ca`"), "{}", error.help());
    }
}

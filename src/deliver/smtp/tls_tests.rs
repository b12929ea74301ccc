//! Conversations under TLS, with a certificate of the tests' own.

use tokio::io::AsyncReadExt;

use super::open::open;
use super::peer::{self, ENVELOPE, HELLO, Peer, message};
use super::relay::{Relay, Security};
use super::setup::SmtpTransport;
use super::tls::{Protection, Tls};
use crate::deliver::transport::{ConnectError, Connection, Transport};
use crate::domain::outcome::Outcome;

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
        let outcome = connection.send(&message("ann@example.org", b"hi\r\n")).await;
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
    let outcome = connection.send(&message("ann@example.org", b"hi\r\n")).await;
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
    let outcome = connection.send(&message("ann@example.org", &b"line\r\n".repeat(10_000))).await;
    assert!(matches!(outcome, Outcome::Deferred(_)), "{outcome:?}");
    assert!(!connection.is_usable());
    server.await.unwrap();
}

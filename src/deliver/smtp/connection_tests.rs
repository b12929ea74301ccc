//! Messages and their outcomes, held against scripted servers.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::open::open;
use super::peer::{ENVELOPE, HELLO, Peer, class, message};
use super::relay::{Relay, Timeouts};
use super::setup::SmtpTransport;
use super::tls::Protection;
use crate::deliver::transport::{Connection, Transport};
use crate::dial::Security;
use crate::domain::outcome::{Outcome, Reply};

const ANN: &str = "ann@example.org";

/// One message to a peer with this script; also whether the connection is good for another.
async fn sent(script: &str) -> (Outcome, bool) {
    sent_within(script, Timeouts::default()).await
}

async fn sent_within(script: &str, timeouts: Timeouts) -> (Outcome, bool) {
    let peer = Peer::start(format!("{HELLO}{script}")).await;
    let mut relay = peer.relay(Security::Clear);
    relay.timeouts = timeouts;
    let mut connection = SmtpTransport::new(relay).unwrap().connect().await.unwrap();
    let outcome = connection.send_one(&message(ANN, b"hi\r\n")).await.outcome;
    let usable = connection.is_usable();
    connection.quit().await;
    peer.done().await;
    (outcome, usable)
}

#[tokio::test]
async fn after_a_refusal_the_next_message_goes_over_the_same_connection() {
    let script = "C: MAIL FROM:<news@example.org>\nS: 250 ok\nC: RCPT TO:<gone@example.org>\nS: 550-5.1.1 no such\n\
        S: 550 5.1.1 mailbox\nC: RSET\nS: 250 ok\n";
    let peer = Peer::start(format!("{HELLO}{script}{ENVELOPE}C: hi\nC: .\nS: 250 taken\nC: QUIT\nS: 221 bye")).await;
    let mut connection = peer.transport().connect().await.unwrap();
    let refused = connection.send_one(&message("gone@example.org", b"hi\r\n")).await.outcome;
    let reply = Reply { code: 550, enhanced: Some("5.1.1".into()), text: "no such mailbox".into() };
    assert_eq!(refused, Outcome::Rejected(reply));
    assert_eq!(class(&connection.send_one(&message(ANN, b"hi\r\n")).await.outcome), "accepted");
    connection.quit().await;
    peer.done().await;
}

#[tokio::test]
async fn a_reset_that_fails_costs_the_connection_and_defers_the_next_message_but_changes_no_outcome() {
    for reset in ["S: 421 bye", "S: 500 what?", ""] {
        let script = format!("{HELLO}C: MAIL FROM:<news@example.org>\nS: 451 4.7.1 later\nC: RSET\n{reset}");
        let peer = Peer::start(script.trim_end()).await;
        let mut connection = peer.transport().connect().await.unwrap();
        let outcome = connection.send_one(&message(ANN, b"hi\r\n")).await.outcome;
        assert_eq!((class(&outcome), outcome.reply().code, connection.is_usable()), ("deferred", 451, true), "{reset}");
        assert_eq!(class(&connection.send_one(&message(ANN, b"hi\r\n")).await.outcome), "deferred", "{reset}");
        assert!(!connection.is_usable(), "{reset}");
        connection.quit().await;
        peer.done().await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_final_dot_defers_and_after_it_leaves_doubt() {
    for (script, expected, text) in [
        ("C: MAIL FROM:<news@example.org>", "deferred", "the server closed the connection"),
        ("C: MAIL FROM:<news@example.org>\nS> 25", "deferred", "the server closed the connection"),
        ("C: MAIL FROM:<news@example.org>\nS: nonsense", "deferred", "what came is no SMTP reply: nonsense"),
        ("C: MAIL FROM:<news@example.org>\nS: 354 go", "deferred", "the server is out of step: 354 go"),
        (&format!("{ENVELOPE}C: hi\nC: ."), "unknown", "the server closed the connection"),
        (&format!("{ENVELOPE}C: hi\nC: .\nS> 250 2.0.0 acc"), "unknown", "the server closed the connection"),
        (&format!("{ENVELOPE}C: hi\nC: .\nS: 250-one"), "unknown", "the server closed the connection"),
        (&format!("{ENVELOPE}C: hi\nC: .\nS: nonsense"), "unknown", "what came is no SMTP reply: nonsense"),
        (&format!("{ENVELOPE}C: hi\nC: .\nS: 354 more"), "unknown", "more"),
        (&format!("{ENVELOPE}C: hi\nC: .\nS: 421 4.3.2 not taken"), "deferred", "not taken"),
    ] {
        let (outcome, usable) = sent(script).await;
        assert_eq!((class(&outcome), outcome.reply().text.as_str(), usable), (expected, text, false), "{script}");
    }
}

#[tokio::test]
async fn silence_before_the_final_dot_defers_and_after_it_leaves_doubt() {
    let short = Duration::from_millis(30);
    let impatient = Timeouts { command: short, ..Timeouts::default() };
    let (outcome, usable) = sent_within("C: MAIL FROM:<news@example.org>\nWAIT", impatient).await;
    assert_eq!((outcome, usable), (Outcome::Deferred(Reply::silence("no reply within 0.03 s")), false));
    let impatient = Timeouts { reply: short, ..Timeouts::default() };
    let (outcome, usable) = sent_within(&format!("{ENVELOPE}C: hi\nC: .\nWAIT"), impatient).await;
    assert_eq!((outcome, usable), (Outcome::Unknown(Reply::silence("no reply within 0.03 s")), false));
}

/// Plays the server up to the 354, over a pipe that holds less than a message; then reads `taken` octets of
/// it, and leaves or falls asleep.
async fn half_taken(taken: usize, leaves: bool) -> (Outcome, bool) {
    let (ours, theirs) = tokio::io::duplex(1_000);
    let server = tokio::spawn(async move {
        let mut stream = BufReader::with_capacity(1, theirs);
        stream.write_all(b"220 here\r\n").await.unwrap();
        for said in ["250 here\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"] {
            stream.read_line(&mut String::new()).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
        }
        stream.read_exact(&mut vec![0; taken]).await.unwrap();
        (!leaves).then_some(stream)
    });
    let mut relay = Relay::new("localhost", 25, Security::Clear);
    relay.timeouts.data = Duration::from_millis(50);
    relay.timeouts.reply = Duration::from_millis(50);
    let mut connection = open(Box::new(ours), &relay, &Protection::Clear).await.unwrap();
    let outcome = connection.send_one(&message(ANN, &b"12345678\r\n".repeat(20_000))).await.outcome;
    let _asleep = server.await.unwrap();
    (outcome, connection.is_usable())
}

#[tokio::test]
async fn a_body_that_is_taken_in_part_is_deferred_up_to_its_very_last_octet() {
    // 200,000 octets and the final dot are 200,003, of which the pipe holds 1,000.
    for (taken, leaves, expected) in [
        (0, true, "deferred"),
        (70_000, true, "deferred"),
        (70_000, false, "deferred"),
        (199_002, true, "deferred"),
        (199_002, false, "deferred"),
        (199_003, false, "unknown"),
        (200_003, true, "unknown"),
    ] {
        let (outcome, usable) = half_taken(taken, leaves).await;
        assert_eq!((class(&outcome), usable), (expected, false), "{taken} {leaves}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_reply_that_came_before_its_time_vouches_for_no_message() {
    let envelope = ENVELOPE.replace("S: 354 go", "S: 354 go\nS: 250 taken");
    let (outcome, usable) = sent(envelope.trim_end()).await;
    assert_eq!((class(&outcome), usable), ("deferred", false));
    let (outcome, usable) = sent(&format!("{ENVELOPE}C: hi\nC: .\nS: 250 taken\nS: 421 4.3.2 shutting down")).await;
    assert_eq!((class(&outcome), usable), ("accepted", false));
}

#[tokio::test]
async fn an_internationalised_address_is_refused_without_a_word_where_the_server_does_not_offer_it() {
    let wide = message("zo\u{e9}@example.org", b"hi\r\n");
    let peer = Peer::start(format!("{HELLO}C: QUIT\nS: 221 bye")).await;
    let mut connection = peer.transport().connect().await.unwrap();
    let outcome = connection.send_one(&wide).await.outcome;
    assert_eq!((class(&outcome), outcome.reply().code), ("rejected", 0));
    assert_eq!(outcome.reply().enhanced.as_deref(), Some("5.6.7"));
    assert!(connection.is_usable());
    connection.quit().await;
    peer.done().await;
}

#[tokio::test]
async fn a_message_over_the_relays_limit_is_refused_here_and_the_connection_is_good_for_the_next() {
    let hello = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 SIZE 100\n";
    let small = ENVELOPE.replace("<news@example.org>", "<news@example.org> SIZE=4");
    let peer = Peer::start(format!("{hello}{small}C: hi\nC: .\nS: 250 taken\nC: QUIT\nS: 221 bye")).await;
    let mut connection = peer.transport().connect().await.unwrap();
    let outcome = connection.send_one(&message(ANN, &b"12345678\r\n".repeat(11))).await.outcome;
    assert_eq!((class(&outcome), outcome.reply().enhanced.as_deref()), ("rejected", Some("5.3.4")));
    assert!(outcome.reply().text.contains("110 octets") && outcome.reply().text.contains("100 (SIZE)"), "{outcome:?}");
    assert_eq!(class(&connection.send_one(&message(ANN, b"hi\r\n")).await.outcome), "accepted");
    connection.quit().await;
    peer.done().await;
}

#[tokio::test]
async fn a_send_that_is_dropped_half_way_leaves_a_connection_that_nobody_uses_again() {
    let peer = Peer::start(format!("{HELLO}C: MAIL FROM:<news@example.org>\nWAIT")).await;
    let mut connection = peer.transport().connect().await.unwrap();
    let message = message(ANN, b"hi\r\n");
    assert!(tokio::time::timeout(Duration::from_millis(20), connection.send_one(&message)).await.is_err());
    assert!(!connection.is_usable());
    assert_eq!(
        connection.send_one(&message).await.outcome,
        Outcome::Deferred(Reply::silence("the connection had ended"))
    );
    drop(connection);
    peer.done().await;
}

#[tokio::test]
async fn a_goodbye_waits_for_nobody() {
    let peer = Peer::start(format!("{HELLO}C: QUIT\nWAIT")).await;
    let mut transport = peer.transport();
    transport.relay.timeouts.goodbye = Duration::from_millis(20);
    transport.connect().await.unwrap().quit().await;
    peer.done().await;
}

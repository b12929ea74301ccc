//! How long each step is waited for, by a clock that runs ahead where nothing happens.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::time::Instant;

use super::open::open;
use super::peer::{self, class, message};
use super::relay::Relay;
use super::tls::Protection;
use crate::deliver::transport::{ConnectError, Connection};
use crate::dial::Security;
use crate::domain::outcome::Outcome;

/// Says these lines, hearing one before each but the first, then nothing more; at the end it reads on.
async fn play(stream: DuplexStream, lines: &[&str]) -> BufReader<DuplexStream> {
    let mut stream = BufReader::new(stream);
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            stream.read_line(&mut String::new()).await.unwrap();
        }
        stream.write_all(line.as_bytes()).await.unwrap();
    }
    stream
}

fn relay() -> Relay {
    Relay::new("localhost", 25, Security::Clear)
}

const READY: [&str; 2] = ["220 here\r\n", "250 here\r\n"];

/// What becomes of a message that goes to a server which falls silent after these lines, and after how long.
async fn waited(lines: Vec<&'static str>) -> (Outcome, Duration) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let server = tokio::spawn(async move { play(theirs, &lines).await });
    let mut connection = open(Box::new(ours), &relay(), &Protection::Clear).await.unwrap();
    let start = Instant::now();
    let outcome = connection.send_one(&message("ann@example.org", b"hi\r\n")).await.outcome;
    let took = start.elapsed();
    drop(server);
    (outcome, took)
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_waited_for_as_long_as_the_rfc_has_it_at_each_step() {
    // RFC 5321 section 4.5.3.2: MAIL and RCPT 5 minutes, DATA 2, the final dot 10.
    for (said, at_least, expected) in [
        (0, Duration::from_mins(5), "deferred"),
        (1, Duration::from_mins(5), "deferred"),
        (2, Duration::from_mins(2), "deferred"),
        (3, Duration::from_mins(10), "unknown"),
    ] {
        let replies = ["250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
        let (outcome, took) = waited([&READY[..], &replies[..said]].concat()).await;
        assert_eq!(class(&outcome), expected, "after {said} replies");
        assert!(took >= at_least && took <= Duration::from_mins(11), "{took:?} after {said} replies");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_reads_is_held_out_for_three_minutes() {
    let (ours, theirs) = tokio::io::duplex(1_000);
    let lines = ["220 here\r\n", "250 here\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
    let server = tokio::spawn(async move { play(theirs, &lines).await });
    let mut connection = open(Box::new(ours), &relay(), &Protection::Clear).await.unwrap();
    let start = Instant::now();
    let outcome = connection.send_one(&message("ann@example.org", &b"12345678\r\n".repeat(20_000))).await.outcome;
    assert_eq!((class(&outcome), start.elapsed()), ("deferred", Duration::from_mins(3)));
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_greet_or_shake_hands_is_not_waited_for_without_end() {
    for (protection, security, due) in [
        (Protection::Clear, Security::Clear, Duration::from_mins(5)),
        (Protection::Implicit(peer::tls("localhost")), Security::Implicit, Duration::from_secs(30)),
    ] {
        let (ours, _theirs) = tokio::io::duplex(1 << 16);
        let start = Instant::now();
        let error = open(Box::new(ours), &Relay::new("localhost", 25, security), &protection).await.unwrap_err();
        assert!(matches!(error, ConnectError::Transient(_)), "{error:?}");
        assert_eq!(start.elapsed(), due, "{security:?}");
    }
}

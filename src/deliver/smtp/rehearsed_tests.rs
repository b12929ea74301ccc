//! Messages sent to the rehearsal's catcher, which tells what it really took.

use super::SmtpConnection;
use super::peer::{class, message};
use super::relay::Relay;
use super::setup::SmtpTransport;
use crate::deliver::transport::{Connection, Transport};
use crate::domain::outcome::{Outcome, Reply};
use crate::rehearsal::{Catcher, CatcherOptions};

const ANN: &str = "ann@example.org";

async fn catcher(chaos: &str) -> (Catcher, SmtpTransport) {
    let options = CatcherOptions { chaos: chaos.parse().unwrap(), seed: 1, ..Default::default() };
    let catcher = Catcher::start(options).await.unwrap();
    let relay = Relay::from_url(&format!("smtp://{}", catcher.address())).unwrap();
    (catcher, SmtpTransport::new(relay).unwrap())
}

#[tokio::test]
async fn what_arrives_is_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let options = CatcherOptions { maildir: Some(folder.path().into()), ..Default::default() };
    let catcher = Catcher::start(options).await.unwrap();
    let relay = Relay::from_url(&format!("smtp://{}", catcher.address())).unwrap();
    let mut connection = SmtpTransport::new(relay).unwrap().connect().await.unwrap();
    let large = "A line like any other, and another one.\r\n..\r\n".repeat(10_000);
    let bodies = [
        "",
        "\r\n",
        ".\r\n",
        "..\r\n.\r\n...\r\n.x\r\n",
        "Subject: x\r\n\r\n.\r\n.\r\n",
        "x\r\n.\r\nQUIT\r\n",
        "no end",
        "no end.\r\n.",
        &large,
    ];
    for (number, body) in (1..).zip(bodies) {
        let outcome = connection.send(&message(ANN, body.as_bytes())).await;
        let text = format!("accepted as r{number:06}");
        assert_eq!(outcome, Outcome::Accepted(Reply { code: 250, enhanced: Some("2.0.0".into()), text }));
        let filed = std::fs::read_to_string(folder.path().join(format!("new/{number:06}.rehearsal"))).unwrap();
        let (_, received) = filed.split_once("Delivered-To: ann@example.org\r\n").unwrap();
        let line_end = if body.is_empty() || body.ends_with("\r\n") { "" } else { "\r\n" };
        assert!(received == format!("{body}{line_end}"), "{body:.40}");
    }
    connection.quit().await;
    let tally = catcher.stop().await;
    assert_eq!((tally.connections, tally.mistakes), (1, 0));
}

#[tokio::test]
async fn each_misbehaviour_has_its_outcome_and_costs_the_connection_only_where_it_must() {
    let stages = ["mail", "rcpt", "data", "body"];
    let refusals = stages.into_iter().flat_map(|stage| {
        [("451", "deferred", true), ("550", "rejected", true), ("421", "deferred", false)]
            .map(|(code, outcome, usable)| (format!("{code}@{stage}"), outcome, usable))
    });
    let failures = ["drop", "half"].into_iter().flat_map(|kind| {
        stages.map(|stage| (format!("{kind}@{stage}"), if stage == "body" { "unknown" } else { "deferred" }, false))
    });
    let others = [("lost".to_owned(), "unknown", false), ("slow=1ms".to_owned(), "accepted", true)];
    for (chaos, expected, usable) in refusals.chain(failures).chain(others) {
        let (catcher, transport) = catcher(&format!("{chaos}:100%")).await;
        let mut connection = transport.connect().await.unwrap();
        let first = connection.send(&message(ANN, b"hi\r\n")).await;
        assert_eq!((class(&first), connection.is_usable()), (expected, usable), "{chaos}: {first:?}");
        let code = chaos.split('@').next().and_then(|kind| kind.parse::<u16>().ok());
        if let Some(code) = code {
            assert_eq!(first.reply().code, code, "{chaos}");
            assert!(first.reply().enhanced.is_some(), "{chaos}");
        }
        let second = connection.send(&message("bob@example.org", b"hi\r\n")).await;
        assert_eq!(class(&second), if usable { expected } else { "deferred" }, "{chaos}: {second:?}");
        connection.quit().await;
        let tally = catcher.stop().await;
        assert_eq!((tally.mistakes, tally.connections), (0, 1), "{chaos}");
    }
}

#[tokio::test]
async fn an_internationalised_address_reaches_a_server_that_offers_to_take_it() {
    let (catcher, transport) = catcher("").await;
    let mut connection = transport.connect().await.unwrap();
    let outcome = connection.send(&message("zo\u{e9}@example.org", b"hi\r\n")).await;
    assert_eq!(class(&outcome), "accepted", "{outcome:?}");
    assert_eq!(catcher.accepted()[0].recipient, "zo\u{e9}@example.org");
    connection.quit().await;
    assert_eq!(catcher.stop().await.mistakes, 0);
}

#[tokio::test]
async fn over_a_whole_list_the_account_is_that_of_the_server() {
    let (catcher, transport) =
        catcher("451:8%,550@mail:5%,550:8%,421:3%,drop@data:3%,lost:5%,drop:5%,452@body:5%").await;
    let mut connection: Option<SmtpConnection> = None;
    let mut account = std::collections::BTreeMap::<_, u64>::new();
    for number in 0..300 {
        let mut open = match connection.take() {
            Some(open) => open,
            None => transport.connect().await.unwrap(),
        };
        let outcome = open.send(&message(&format!("reader{number}@example.org"), b"hi\r\n")).await;
        *account.entry(class(&outcome)).or_default() += 1;
        connection = open.is_usable().then_some(open);
    }
    let tally = catcher.stop().await;
    let refused = |codes: &[u16]| codes.iter().filter_map(|code| tally.refused.get(code)).sum::<u64>();
    assert_eq!(account["accepted"], tally.accepted - tally.lost);
    assert_eq!(account["rejected"], refused(&[550]));
    assert_eq!(account["deferred"] + account["unknown"], refused(&[421, 451, 452]) + tally.dropped + tally.lost);
    assert!(account["unknown"] >= tally.lost && tally.lost > 0);
    assert_eq!((account.values().sum::<u64>(), tally.mistakes), (300, 0));
}

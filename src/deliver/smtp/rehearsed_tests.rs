//! Messages sent to the rehearsal's catcher, which tells what it really took.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::SmtpConnection;
use super::flight::Way;
use super::peer::{class, message};
use super::relay::Relay;
use super::setup::SmtpTransport;
use crate::deliver::transport::{Connection, Transport};
use crate::domain::outcome::{Outcome, Reply};
use crate::rehearsal::{Catcher, CatcherOptions, Tally};

const ANN: &str = "ann@example.org";

const WAYS: [Way; 3] = [Way::Lockstep, Way::Pipelined, Way::Chunked];

/// A catcher that offers what this way takes, and no more.
fn offering(way: Way) -> CatcherOptions {
    CatcherOptions { pipelining: way != Way::Lockstep, chunking: way == Way::Chunked, ..Default::default() }
}

async fn catcher(way: Way, chaos: &str) -> (Catcher, SmtpTransport) {
    catcher_with(CatcherOptions { chaos: chaos.parse().unwrap(), seed: 1, ..offering(way) }).await
}

async fn catcher_with(options: CatcherOptions) -> (Catcher, SmtpTransport) {
    let catcher = Catcher::start(options).await.unwrap();
    let relay = Relay::from_url(&format!("smtp://{}", catcher.address())).unwrap();
    (catcher, SmtpTransport::new(relay).unwrap())
}

#[tokio::test]
async fn what_arrives_is_what_was_sent() {
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
    for way in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let options = CatcherOptions { maildir: Some(folder.path().into()), ..offering(way) };
        let (catcher, transport) = catcher_with(options).await;
        let mut connection = transport.connect().await.unwrap();
        let messages: Vec<_> = bodies.iter().map(|body| message(ANN, body.as_bytes())).collect();
        let mut told = Vec::new();
        connection.send(&messages, |place, heard| told.push((place, heard.outcome))).await;
        for ((number, body), (place, outcome)) in (1..).zip(bodies).zip(told) {
            let text = format!("accepted as r{number:06}");
            assert_eq!(
                outcome,
                Outcome::Accepted(Reply { code: 250, enhanced: Some("2.0.0".into()), text }),
                "{way:?}"
            );
            assert_eq!(place + 1, number, "{way:?}");
            let filed = std::fs::read_to_string(folder.path().join(format!("new/{number:06}.rehearsal"))).unwrap();
            let (_, received) = filed.split_once("Delivered-To: ann@example.org\r\n").unwrap();
            // The final dot wants a line of its own, and a chunk does not.
            let is_whole = way == Way::Chunked || body.is_empty() || body.ends_with("\r\n");
            assert!(received == format!("{body}{}", if is_whole { "" } else { "\r\n" }), "{way:?}: {body:.40}");
        }
        connection.quit().await;
        let tally = catcher.stop().await;
        assert_eq!((tally.connections, tally.mistakes), (1, 0), "{way:?}");
    }
}

#[tokio::test]
async fn each_misbehaviour_has_its_outcome_and_costs_the_connection_only_where_it_must() {
    let stages = ["mail", "rcpt", "data", "body"];
    for way in WAYS {
        let refusals = stages.into_iter().flat_map(|stage| {
            [("451", "deferred", true), ("550", "rejected", true), ("421", "deferred", false)]
                .map(|(code, outcome, usable)| (format!("{code}@{stage}"), outcome, usable))
        });
        // In a chunk, the content has left along with the commands.
        let silent = |stage| if stage == "body" || way == Way::Chunked { "unknown" } else { "deferred" };
        let failures = ["drop", "half"]
            .into_iter()
            .flat_map(|kind| stages.map(|stage| (format!("{kind}@{stage}"), silent(stage), false)));
        let others = [("lost".to_owned(), "unknown", false), ("slow=1ms".to_owned(), "accepted", true)];
        for (chaos, expected, usable) in refusals.chain(failures).chain(others) {
            let (catcher, transport) = catcher(way, &format!("{chaos}:100%")).await;
            let mut connection = transport.connect().await.unwrap();
            let first = connection.send_one(&message(ANN, b"hi\r\n")).await.outcome;
            assert_eq!((class(&first), connection.is_usable()), (expected, usable), "{way:?} {chaos}: {first:?}");
            let code = chaos.split('@').next().and_then(|kind| kind.parse::<u16>().ok());
            if let Some(code) = code {
                assert_eq!(first.reply().code, code, "{way:?} {chaos}");
                assert!(first.reply().enhanced.is_some(), "{way:?} {chaos}");
            }
            let second = connection.send_one(&message("bob@example.org", b"hi\r\n")).await.outcome;
            assert_eq!(class(&second), if usable { expected } else { "deferred" }, "{way:?} {chaos}: {second:?}");
            connection.quit().await;
            let tally = catcher.stop().await;
            assert_eq!((tally.mistakes, tally.connections), (0, 1), "{way:?} {chaos}");
        }
    }
}

#[tokio::test]
async fn an_internationalised_address_reaches_a_server_that_offers_to_take_it() {
    for way in WAYS {
        let (catcher, transport) = catcher(way, "").await;
        let mut connection = transport.connect().await.unwrap();
        let outcome = connection.send_one(&message("zo\u{e9}@example.org", b"hi\r\n")).await.outcome;
        assert_eq!(class(&outcome), "accepted", "{way:?} {outcome:?}");
        assert_eq!(catcher.accepted()[0].recipient, "zo\u{e9}@example.org");
        connection.quit().await;
        assert_eq!(catcher.stop().await.mistakes, 0);
    }
}

/// What became of each reader of a list that went in flights of `window`, and which of those ended with their
/// connection; and what the server says of it.
struct Sent {
    classes: Vec<&'static str>,
    broken: Vec<bool>,
    taken: BTreeSet<String>,
    tally: Tally,
}

fn reader(number: usize) -> String {
    format!("reader{number}@example.org")
}

async fn sent(readers: usize, window: usize, options: CatcherOptions) -> Sent {
    let (catcher, transport) = catcher_with(options).await;
    let mut connection: Option<SmtpConnection> = None;
    let (mut classes, mut broken) = (vec![""; readers], vec![false; readers]);
    let everyone: Vec<_> = (0..readers).collect();
    for flight in everyone.chunks(window) {
        let mut open = match connection.take() {
            Some(open) => open,
            None => transport.connect().await.unwrap(),
        };
        let messages = flight.iter().map(|&number| {
            let mut message = message(&reader(number), b"hi\r\n");
            // The catcher draws lots for each of them.
            message.envelope.return_path = format!("news{number}@example.org").parse().unwrap();
            message
        });
        let messages: Vec<_> = messages.collect();
        open.send(&messages, |place, heard| {
            assert_eq!(std::mem::replace(&mut classes[flight[place]], class(&heard.outcome)), "", "told twice");
        })
        .await;
        let is_usable = open.is_usable();
        for &number in flight {
            broken[number] = !is_usable;
        }
        connection = is_usable.then_some(open);
    }
    let taken = catcher.accepted().into_iter().map(|one| one.recipient).collect();
    Sent { classes, broken, taken, tally: catcher.stop().await }
}

#[tokio::test]
async fn over_a_whole_list_the_account_is_that_of_the_server() {
    for (way, window) in WAYS.into_iter().zip([1, 1, 1]).chain([(Way::Pipelined, 16)]) {
        let chaos = "451:8%,550@mail:5%,550:8%,421:3%,drop@data:3%,lost:5%,drop:5%,452@body:5%".parse().unwrap();
        let sent = sent(300, window, CatcherOptions { chaos, seed: 1, ..offering(way) }).await;
        let mut account = BTreeMap::<_, u64>::new();
        sent.classes.iter().for_each(|class| *account.entry(*class).or_default() += 1);
        let tally = sent.tally;
        let refused = |codes: &[u16]| codes.iter().filter_map(|code| tally.refused.get(code)).sum::<u64>();
        assert_eq!(account["accepted"], tally.accepted - tally.lost, "{way:?}");
        assert_eq!(account["rejected"], refused(&[550]), "{way:?}");
        let silent = account["deferred"] + account["unknown"];
        let told = refused(&[421, 451, 452]) + tally.dropped + tally.lost;
        // Behind a broken connection, those of the same flight are deferred along with it.
        assert!(if window == 1 { silent == told } else { silent >= told }, "{way:?}: {silent} {told}");
        assert!(account["unknown"] >= tally.lost && tally.lost > 0, "{way:?}");
        assert_eq!((account.values().sum::<u64>(), tally.mistakes), (300, 0), "{way:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever the server refuses, shuts down or leaves.
    #[test]
    fn in_flight_everyone_has_the_outcome_of_lockstep_unless_their_connection_broke(
        rules in proptest::collection::vec((0..7_usize, 0..4_usize, 1..15_u32), 0..5),
        seed in any::<u64>(),
        window in 1..17_usize,
    ) {
        const READERS: usize = 40;
        let kinds = ["451", "550", "421", "drop", "half", "452", "lost"];
        let stages = ["mail", "rcpt", "data", "body"];
        let mut seen = BTreeSet::new();
        let rules = rules.into_iter().filter(|(kind, stage, _)| seen.insert((*kind, *stage)));
        let rules = rules.map(|(kind, stage, share)| match kinds[kind] {
            "lost" => format!("lost:{share}%"),
            kind => format!("{kind}@{}:{share}%", stages[stage]),
        });
        let rules: BTreeSet<_> = rules.collect();
        let chaos = rules.into_iter().collect::<Vec<_>>().join(",");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options = |way| CatcherOptions { chaos: chaos.parse().unwrap(), seed, ..offering(way) };
            let plain = sent(READERS, 1, options(Way::Lockstep)).await;
            for way in [Way::Pipelined, Way::Chunked] {
                let flown = sent(READERS, window, options(way)).await;
                assert_eq!(flown.tally.mistakes, 0, "{way:?} {chaos}");
                for number in 0..READERS {
                    let (class, expected) = (flown.classes[number], plain.classes[number]);
                    let is_open = flown.broken[number] && ["deferred", "unknown"].contains(&class);
                    assert!(class == expected || is_open, "{way:?} {chaos}: {number} is {class}, not {expected}");
                    let is_taken = flown.taken.contains(&reader(number));
                    assert!(!is_taken || ["accepted", "unknown"].contains(&class), "{way:?} {chaos}: {number} {class}");
                    assert!(is_taken || class != "accepted", "{way:?} {chaos}: {number} was not taken");
                }
            }
        });
    }
}

//! Flights to the letter: what leaves together, and how replies find their messages, held against scripted servers.

use super::peer::{Peer, class, message};
use crate::deliver::transport::{Connection, Transport};

const PIPELINING: &str = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 PIPELINING\n";
const CHUNKING: &str = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250-PIPELINING\nS: 250 CHUNKING\n";

/// MAIL, RCPT and what comes next, said in one go to this reader.
fn said(name: &str, next: &str) -> String {
    format!("C: MAIL FROM:<news@example.org>\nC: RCPT TO:<{name}@example.org>\nC: {next}\n")
}

/// What becomes of messages to these readers, each `hi`, by a server with this script; and whether the connection is
/// good for more.
async fn flown(hello: &str, script: &str, names: &[&str]) -> (Vec<(&'static str, u16)>, bool) {
    let peer = Peer::start(format!("{hello}{}", script.trim_end())).await;
    let mut connection = peer.transport().connect().await.unwrap();
    let messages: Vec<_> = names.iter().map(|name| message(&format!("{name}@example.org"), b"hi\r\n")).collect();
    let mut told = vec![("", 0); names.len()];
    connection.send(&messages, |place, heard| told[place] = (class(&heard.outcome), heard.outcome.reply().code)).await;
    let usable = connection.is_usable();
    drop(connection);
    peer.done().await;
    (told, usable)
}

#[tokio::test]
async fn the_next_messages_commands_leave_behind_the_final_dot() {
    let (ann, bob) = (said("ann", "DATA"), said("bob", "DATA"));
    let script = format!(
        "{ann}S: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\n{bob}S: 250 taken\nS: 250 ok\nS: 250 ok\nS: 354 go\n\
         C: hi\nC: .\nS: 250 taken"
    );
    let (told, usable) = flown(PIPELINING, &script, &["ann", "bob"]).await;
    assert_eq!((told, usable), (vec![("accepted", 250); 2], true));
}

#[tokio::test]
async fn a_354_that_no_recipient_stands_behind_is_answered_with_a_lone_dot() {
    let (ann, bob) = (said("ann", "DATA"), said("bob", "DATA"));
    for end in ["554 no valid recipients", "250 nothing taken"] {
        let script = format!(
            "{ann}S: 250 ok\nS: 550 5.1.1 unknown\nS: 354 go\nC: .\nS: {end}\nC: RSET\n{bob}S: 250 ok\nS: 250 ok\n\
             S: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 taken"
        );
        let (told, usable) = flown(PIPELINING, &script, &["ann", "bob"]).await;
        assert_eq!((told, usable), (vec![("rejected", 550), ("accepted", 250)], true), "{end}");
    }
}

#[tokio::test]
async fn a_refusal_in_the_middle_is_its_own_messages_and_a_reset_comes_before_the_next() {
    let (ann, bob, eve) = (said("ann", "DATA"), said("bob", "DATA"), said("eve", "DATA"));
    let script = format!(
        "{ann}S: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\n{bob}S: 250 taken\nS: 250 ok\nS: 450 4.2.1 later\n\
         S: 554 no valid recipients\nC: RSET\n{eve}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 taken"
    );
    let (told, usable) = flown(PIPELINING, &script, &["ann", "bob", "eve"]).await;
    assert_eq!((told, usable), (vec![("accepted", 250), ("deferred", 450), ("accepted", 250)], true));
}

#[tokio::test]
async fn chunks_leave_all_together_and_a_refused_one_along_with_them() {
    let chunk = |name| said(name, "BDAT 4 LAST\nC: hi");
    let script = format!(
        "{}C: RSET\n{}C: RSET\n{}S: 250 ok\nS: 250 ok\nS: 250 taken\nS: 250 ok\nS: 250 ok\nS: 550 5.1.1 unknown\n\
         S: 503 no recipient\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 taken",
        chunk("ann"),
        chunk("bob"),
        chunk("eve")
    );
    let (told, usable) = flown(CHUNKING, &script, &["ann", "bob", "eve"]).await;
    assert_eq!((told, usable), (vec![("accepted", 250), ("rejected", 550), ("accepted", 250)], true));
}

#[tokio::test]
async fn what_was_taken_though_it_was_refused_is_unknown() {
    let script = format!("{}S: 250 ok\nS: 450 later\nS: 250 taken", said("ann", "BDAT 4 LAST\nC: hi"));
    assert_eq!(flown(CHUNKING, &script, &["ann"]).await.0, [("unknown", 0)]);
}

#[tokio::test]
async fn who_stands_behind_a_shutdown_is_deferred_and_behind_a_silent_end_unknown() {
    let both = format!("{}C: RSET\n{}", said("ann", "BDAT 4 LAST\nC: hi"), said("bob", "BDAT 4 LAST\nC: hi"));
    for (said, expected) in [
        ("S: 421 4.3.2 too busy", [("deferred", 421), ("deferred", 0)]),
        ("S: 250 ok\nS: 250 ok\nS: 421 4.3.2 too busy", [("deferred", 421), ("deferred", 0)]),
        ("S: 250 ok\nS: 250 ok\nS: 250 taken\nS: 421 4.3.2 too busy", [("accepted", 250), ("deferred", 421)]),
        ("S: 250 ok\nS: 250 ok\nS: 250 taken", [("accepted", 250), ("unknown", 0)]),
        ("S: 250 ok\nS: 550 unknown", [("rejected", 550), ("unknown", 0)]),
        ("S: nonsense", [("unknown", 0), ("unknown", 0)]),
        ("", [("unknown", 0), ("unknown", 0)]),
    ] {
        let (told, usable) = flown(CHUNKING, &format!("{both}{said}"), &["ann", "bob"]).await;
        assert_eq!((told, usable), (expected.to_vec(), false), "{said}");
    }
    // A server that goes on after that, against its word, may have taken what had left.
    for (said, expected) in [
        ("S: 421 4.3.2 too busy\nS: 250 ok\nS: 250 taken\nS: 250 ok\nS: 503 no\nS: 503 no\nS: 503 no", "unknown"),
        ("S: 421 4.3.2 too busy\nS: 250 ok\nS: 450 no\nS: 250 ok\nS: 503 no\nS: 503 no\nS: 503 no", "deferred"),
    ] {
        let (told, usable) = flown(CHUNKING, &format!("{both}{said}"), &["ann", "bob"]).await;
        assert_eq!((told[0].0, told[1].0, usable), (expected, "rejected", false), "{said}");
    }
    // By DATA, only one message's end has left at a time.
    let script = format!(
        "{}S: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\n{}S: 250 taken\nS: 250 ok",
        said("ann", "DATA"),
        said("bob", "DATA")
    );
    let (told, usable) = flown(PIPELINING, &script, &["ann", "bob"]).await;
    assert_eq!((told, usable), (vec![("accepted", 250), ("deferred", 0)], false));
}

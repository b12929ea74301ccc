//! Whatever a server says, however it says it, and whenever it stops: no message is told as taken, refused or put off
//! that was not. The server draws each reply; what it really did is on its own record.

use std::collections::BTreeMap;
use std::time::Duration;

use memchr::memmem;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::SmtpConnection;
use super::offer::Offer;
use super::peer::{class, message};
use super::relay::{Chunking, Timeouts};
use super::session::Session;
use crate::deliver::transport::Connection as _;

/// What the server does when a reply is due.
#[derive(Debug, Clone, Copy)]
enum Say {
    /// What the command asks for.
    Right,
    Slowly,
    /// This, whatever was asked, in so many lines.
    Code(u16, usize),
    Garbage,
    /// 421, and goes on as if nothing were.
    Shutdown,
    ShutdownAndClose,
    /// Some octets of a reply, and no more.
    Half,
    Close,
    /// Nothing any more, over an open connection.
    Nothing,
}

fn say() -> impl Strategy<Value = Say> {
    let codes = [250, 251, 252, 334, 354, 450, 451, 452, 503, 530, 550, 552, 554];
    prop_oneof![
        24 => Just(Say::Right),
        2 => Just(Say::Slowly),
        6 => (proptest::sample::select(codes.to_vec()), 1..4_usize).prop_map(|(code, lines)| Say::Code(code, lines)),
        1 => Just(Say::Garbage),
        1 => Just(Say::Shutdown),
        1 => Just(Say::ShutdownAndClose),
        1 => Just(Say::Half),
        1 => Just(Say::Close),
        1 => Just(Say::Nothing),
    ]
}

/// What the server did with a message.
#[derive(Debug, Default, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "a record of what happened, each independent of the others")]
struct Fact {
    /// It got all of its content,
    received: bool,
    /// and answered it with some reply that left completely,
    answered: bool,
    /// which was a 2xx.
    taken: bool,
    /// Codes that it refused the message with, before its content or after.
    refused: Vec<u16>,
    refused_before_content: bool,
    shut_down: bool,
}

#[derive(Debug, Default)]
struct Facts {
    messages: BTreeMap<usize, Fact>,
    /// 421 was said at some time.
    shut_down: bool,
    /// Codes that RSET was refused with: nobody behind it can be sent to over this connection.
    reset_refused: Vec<u16>,
}

/// What the client said: a command with its line, or a message's content; an empty one is a lone dot.
enum Heard {
    Line(String),
    Content,
    Dot,
}

/// The next whole thing in `octets`.
fn heard(octets: &mut Vec<u8>, in_content: bool) -> Option<Heard> {
    if in_content {
        if octets.starts_with(b".\r\n") {
            octets.drain(..3);
            return Some(Heard::Dot);
        }
        let end = memmem::find(octets, b"\r\n.\r\n")?;
        octets.drain(..end + 5);
        return Some(Heard::Content);
    }
    let end = memmem::find(octets, b"\r\n")?;
    let line = String::from_utf8(octets[..end].to_vec()).unwrap();
    let Some(size) = line.strip_prefix("BDAT ").and_then(|rest| rest.strip_suffix(" LAST")) else {
        octets.drain(..end + 2);
        return Some(Heard::Line(line));
    };
    let whole = end + 2 + size.parse::<usize>().unwrap();
    (octets.len() >= whole).then(|| {
        octets.drain(..whole);
        Heard::Content
    })
}

/// How a server goes about its replies.
#[derive(Debug, Clone)]
struct Script {
    replies: Vec<Say>,
    /// Octets that leave together.
    piece: usize,
    /// Replies to what came together leave together.
    is_merging: bool,
}

/// Serves until either side ends, and tells what it did.
async fn serve(mut stream: DuplexStream, script: Script) -> Facts {
    let mut facts = Facts::default();
    let (mut octets, mut out) = (Vec::new(), Vec::new());
    let (mut current, mut in_content) = (None, false);
    let mut replies = script.replies.into_iter();
    'session: loop {
        let Some(one) = heard(&mut octets, in_content) else {
            for piece in std::mem::take(&mut out).chunks(script.piece) {
                if stream.write_all(piece).await.is_err() {
                    break 'session;
                }
                tokio::task::yield_now().await;
            }
            match stream.read_buf(&mut octets).await {
                Ok(count) if count > 0 => continue,
                _ => break,
            }
        };
        let right = match &one {
            Heard::Line(line) if line == "DATA" => 354,
            _ => 250,
        };
        if let Heard::Line(line) = &one
            && let Some(number) = line.strip_prefix("MAIL FROM:<news").and_then(|rest| rest.split('@').next())
        {
            current = Some(number.parse().unwrap());
        }
        let is_reset = matches!(&one, Heard::Line(line) if line == "RSET");
        if let (Some(number), Heard::Content) = (current, &one) {
            facts.messages.entry(number).or_default().received = true;
        }
        let (code, lines, is_last) = match replies.next().unwrap_or(Say::Right) {
            Say::Right => (right, 1, false),
            Say::Slowly => {
                tokio::time::sleep(Duration::from_millis(500)).await;
                (right, 1, false)
            }
            Say::Code(code, lines) => (code, lines, false),
            Say::Shutdown => (421, 1, false),
            Say::ShutdownAndClose => (421, 1, true),
            Say::Garbage => {
                out.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\n");
                in_content = false;
                continue;
            }
            Say::Half => {
                out.extend_from_slice(b"250-here and");
                break;
            }
            Say::Close => {
                break;
            }
            Say::Nothing => {
                drop(stream.write_all(&std::mem::take(&mut out)).await);
                while stream.read_buf(&mut octets).await.is_ok_and(|count| count > 0) {}
                break;
            }
        };
        for line in 1..=lines {
            let between = if line == lines { ' ' } else { '-' };
            out.extend_from_slice(format!("{code}{between}line {line}\r\n").as_bytes());
        }
        if is_reset && code >= 400 {
            facts.reset_refused.push(code);
        }
        let Some(fact) = current.filter(|_| !is_reset).map(|number| facts.messages.entry(number).or_default()) else {
            facts.shut_down |= code == 421;
            in_content = false;
            if is_last {
                break;
            }
            if !script.is_merging {
                drop(stream.write_all(&std::mem::take(&mut out)).await);
            }
            continue;
        };
        match (&one, code) {
            (_, 421) => (fact.shut_down, facts.shut_down) = (true, true),
            (Heard::Content, code) => {
                fact.answered = true;
                fact.taken |= code < 300;
                fact.refused.extend(Some(code).filter(|code| *code >= 400));
            }
            (Heard::Line(_), 400..) => {
                fact.refused.push(code);
                fact.refused_before_content = true;
            }
            _ => {}
        }
        in_content = matches!(&one, Heard::Line(line) if line == "DATA") && (300..400).contains(&code);
        if is_last {
            break;
        }
        if !script.is_merging {
            drop(stream.write_all(&std::mem::take(&mut out)).await);
        }
    }
    drop(stream.write_all(&out).await);
    facts
}

/// Two flights over one connection, the second as far as it is good for more: each message's outcome and its code.
async fn flown(ehlo: &str, script: Script, flights: [usize; 2], room: usize) -> (Vec<(&'static str, u16)>, Facts) {
    let (ours, theirs) = tokio::io::duplex(room);
    let server = tokio::spawn(serve(theirs, script));
    let offer = Offer::read(&ehlo.parse().unwrap());
    let mut connection = SmtpConnection::new(Session::new(Box::new(ours)), offer, Timeouts::default(), Chunking::Auto);
    let mut told = Vec::new();
    for count in flights {
        let first = told.len();
        let messages: Vec<_> = (first..first + count)
            .map(|number| {
                let mut message = message("ann@example.org", b"Subject: x\r\n\r\n.hi\r\n");
                message.envelope.return_path = format!("news{number}@example.org").parse().unwrap();
                message
            })
            .collect();
        told.resize(first + count, ("", 0));
        connection
            .send(&messages, |place, heard| {
                let before =
                    std::mem::replace(&mut told[first + place], (class(&heard.outcome), heard.outcome.reply().code));
                assert_eq!(before.0, "", "told twice");
            })
            .await;
    }
    drop(connection);
    (told, server.await.unwrap())
}

/// Holds what was told of a message against what the server did with it.
fn judge((class, code): (&str, u16), fact: &Fact, facts: &Facts) -> Result<(), String> {
    let is_told = match class {
        "accepted" => fact.taken && !fact.refused_before_content && !fact.shut_down,
        "deferred" if facts.reset_refused.contains(&code) => true,
        // A code that a server gave is one that it gave to this message.
        "rejected" | "deferred" if code == 421 => fact.shut_down,
        "rejected" | "deferred" if code != 0 => fact.refused.contains(&code),
        "deferred" | "unknown" => true,
        _ => false,
    };
    if !is_told {
        return Err("the server did not say so".to_owned());
    }
    // A 421 to RSET is about whoever stands behind it, and who goes on after one breaks their word.
    let is_contradicted = fact.refused_before_content || fact.shut_down || facts.reset_refused.contains(&421);
    if fact.taken && !is_contradicted && !["accepted", "unknown"].contains(&class) {
        return Err("it was taken, and would be sent again".to_owned());
    }
    let is_dropped = facts.shut_down && class == "deferred";
    if fact.received && !fact.answered && !is_contradicted && class != "unknown" && !is_dropped {
        return Err("it had arrived, and nobody knows what became of it".to_owned());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_server_says_nobody_is_told_to_have_a_mail_that_it_did_not_take_nor_sent_one_again_that_it_took(
        replies in proptest::collection::vec(say(), 0..30),
        piece in 1..40_usize,
        is_merging in any::<bool>(),
        flights in [1..6_usize, 0..4_usize],
        room in 8..600_usize,
    ) {
        for ehlo in ["250 here\r\n", "250-here\r\n250 PIPELINING\r\n", "250-here\r\n250-PIPELINING\r\n250 CHUNKING\r\n"] {
            let script = Script { replies: replies.clone(), piece, is_merging };
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            let (told, facts) = runtime.block_on(flown(ehlo, script, flights, room));
            for (number, one) in told.iter().enumerate() {
                let fact = facts.messages.get(&number).cloned().unwrap_or_default();
                let judged = judge(*one, &fact, &facts);
                prop_assert_eq!(judged, Ok(()), "{}: {} is {:?}; {:?}", ehlo, number, one, fact);
            }
        }
    }
}

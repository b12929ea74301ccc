//! Conversations over a pipe in memory, held against RFC 5321 and its extensions.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::watch;

use super::dice::Dice;
use super::maildir::Maildir;
use super::register::Register;
use super::session::{Session, Shared, Stop};

const ENVELOPE: &str = "MAIL FROM:<news@example.org>\r\nRCPT TO:<reader@example.org>\r\n";

fn shared(chaos: &str) -> Arc<Shared> {
    with_register(chaos, Register::open(None).unwrap())
}

fn with_register(chaos: &str, register: Register) -> Arc<Shared> {
    let dice = Dice::new(chaos.parse().unwrap(), 1);
    Arc::new(Shared { pipelining: true, chunking: true, limit: 1_000, dice, register })
}

/// Sends the whole input in pieces and gives all that came back.
async fn talk_in(shared: &Arc<Shared>, input: &str, piece: usize) -> String {
    let (client, server) = duplex(4_096);
    let (_stop, stopped) = watch::channel(false);
    let session = Session::new(server, 1, Arc::clone(shared), Stop(stopped));
    let (mut reader, mut writer) = tokio::io::split(client);
    let input = input.as_bytes().to_vec();
    let sending = async move {
        for part in input.chunks(piece) {
            if writer.write_all(part).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _ = writer.shutdown().await;
    };
    let receiving = async {
        let mut output = String::new();
        reader.read_to_string(&mut output).await.unwrap();
        output
    };
    let ((), output, _) = tokio::join!(sending, receiving, session.run());
    output
}

async fn talk(shared: &Arc<Shared>, input: &str) -> String {
    talk_in(shared, input, usize::MAX).await
}

/// The codes of the replies, in order, without the greeting.
async fn codes(shared: &Arc<Shared>, input: &str) -> Vec<String> {
    let output = talk(shared, input).await;
    let last_lines = output.split("\r\n").filter(|line| line.get(3..4) == Some(" "));
    last_lines.skip(1).map(|line| line[..3].to_owned()).collect()
}

#[tokio::test]
async fn a_pipelined_conversation_is_answered_in_order_however_it_is_cut() {
    let content = "Subject: x\r\n\r\n..dots\r\n.\r\n";
    let input = format!("EHLO me\r\n{ENVELOPE}DATA\r\n{content}{ENVELOPE}BDAT 3\r\nabcBDAT 5 LAST\r\nde\r\n.QUIT\r\n");
    for piece in [1, 2, 3, 5, 64, usize::MAX] {
        let shared = shared("");
        let output = talk_in(&shared, &input, piece).await;
        let expected = "220 localhost ESMTP rehearsal\r\n\
            250-localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n\
            250-SMTPUTF8\r\n250-DSN\r\n250-SIZE 1000\r\n250 CHUNKING\r\n\
            250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n\
            354 end with a dot on a line of its own\r\n250 2.0.0 accepted as r000001\r\n\
            250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n\
            250 2.0.0 3 octets\r\n250 2.0.0 accepted as r000002\r\n\
            221 2.0.0 goodbye\r\n";
        assert_eq!(output, expected, "{piece}");
        let sizes: Vec<_> = shared.register.accepted().iter().map(|one| one.bytes).collect();
        assert_eq!(sizes, [content.len() - 4, 8], "{piece}");
        assert_eq!(shared.register.tally().mistakes, 0);
    }
}

#[tokio::test]
async fn replies_to_pipelined_commands_leave_in_one_piece_and_before_waiting() {
    let (mut client, server) = duplex(4_096);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(Session::new(server, 1, shared(""), Stop(stopped)).run());
    let mut buffer = [0; 1_024];
    let greeting = client.read(&mut buffer).await.unwrap();
    assert!(buffer[..greeting].starts_with(b"220 "));
    client.write_all(format!("HELO me\r\n{ENVELOPE}NOOP\r\nNO").as_bytes()).await.unwrap();
    let replies = client.read(&mut buffer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&buffer[..replies]).lines().count(), 4);
}

#[tokio::test]
async fn the_wrong_order_is_503_and_does_no_harm() {
    let shared = shared("");
    let input = "MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nEHLO me\r\nRCPT TO:<a@b>\r\nMAIL FROM:<a@b>\r\n\
        MAIL FROM:<a@b>\r\nDATA\r\nBDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<a@b>\r\nRSET\r\nBDAT 6\r\nQUIT\r\nQUIT\r\n";
    let expected = ["503", "503", "503", "250", "503", "250", "503", "503", "503", "250", "250", "503", "221"];
    assert_eq!(codes(&shared, input).await, expected);
    assert_eq!((shared.register.count(), shared.register.tally().mistakes), (0, 8));
}

#[tokio::test]
async fn nonsense_gets_the_enhanced_code_that_fits_and_the_talk_goes_on() {
    let long = "x".repeat(5_000);
    let input = format!(
        "EHLO me\r\nSTARTTLS\r\nMAIL FROM:a\r\n{long}\r\nNOOP\nMAIL FROM:<j\u{f6}rg@b>\r\nVRFY me\r\n\
         MAIL FROM:<a@b> SIZE=1001\r\nMAIL FROM:<a@b> HOLDFOR=9\r\nQUIT\r\n"
    );
    let output = talk(&shared(""), &input).await;
    let told: Vec<_> = output.lines().skip(9).map(|line| &line[..9]).collect();
    let expected = [
        "500 5.5.2",
        "501 5.5.4",
        "500 5.5.6",
        "500 5.5.2",
        "553 5.6.7",
        "252 2.5.0",
        "552 5.3.4",
        "555 5.5.4",
        "221 2.0.0",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_smtputf8() {
    let wide = "RCPT TO:<\u{10d}ten\u{e1}\u{159}@example.org>\r\n";
    let input =
        format!("EHLO me\r\nMAIL FROM:<a@b>\r\n{wide}RSET\r\nMAIL FROM:<a@b> SMTPUTF8\r\n{wide}DATA\r\n.\r\nQUIT\r\n");
    let shared = shared("");
    assert_eq!(codes(&shared, &input).await, ["250", "250", "553", "250", "250", "250", "354", "250", "221"]);
    assert_eq!(shared.register.accepted()[0].recipient, "\u{10d}ten\u{e1}\u{159}@example.org");
}

#[tokio::test]
async fn a_message_too_large_is_read_to_its_end_and_refused() {
    let large = format!("{}\r\n", "x".repeat(98)).repeat(50);
    let half = large.len() / 2;
    let input = format!(
        "EHLO me\r\n{ENVELOPE}DATA\r\n{large}.\r\n{ENVELOPE}BDAT {half}\r\n{}BDAT {half} LAST\r\n{}NOOP\r\nQUIT\r\n",
        &large[..half],
        &large[half..]
    );
    let shared = shared("");
    let expected = ["250", "250", "250", "354", "552", "250", "250", "552", "503", "250", "221"];
    assert_eq!(codes(&shared, &input).await, expected);
    assert_eq!((shared.register.count(), shared.register.tally().refused[&552]), (0, 2));
}

#[tokio::test]
async fn chunks_after_a_refused_recipient_are_swallowed_and_the_last_ends_the_transaction() {
    let shared = shared("550:100%");
    let input = format!("EHLO me\r\n{ENVELOPE}BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<a@b>\r\nQUIT\r\n");
    assert_eq!(codes(&shared, &input).await, ["250", "250", "550", "554", "503", "250", "221"]);
    assert_eq!(shared.register.tally().mistakes, 0);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_end_has_sent_nothing() {
    for rest in ["DATA\r\nhello\r\n.", "BDAT 100 LAST\r\nhello", "BDAT 5\r\nhello"] {
        let shared = shared("");
        let output = talk(&shared, &format!("EHLO me\r\n{ENVELOPE}{rest}")).await;
        assert!(!output.contains("accepted"), "{rest}");
        assert_eq!(shared.register.count(), 0, "{rest}");
    }
}

#[tokio::test]
async fn drop_lost_and_half_differ_in_what_was_taken_but_not_in_what_is_known() {
    for content in ["DATA\r\nhello\r\n.\r\n", "BDAT 5 LAST\r\nhello"] {
        for (chaos, taken) in [("drop:100%", 0), ("lost:100%", 1), ("half:100%", 1)] {
            let shared = shared(chaos);
            let output = talk(&shared, &format!("EHLO me\r\n{ENVELOPE}{content}QUIT\r\n")).await;
            assert!(!output.contains("accepted as r000001") && !output.contains("221"), "{output}");
            assert_eq!(output.ends_with("\r\n"), chaos != "half:100%", "{output}");
            let tally = shared.register.tally();
            assert_eq!((tally.accepted, tally.dropped + tally.lost + tally.halved), (taken, 1), "{chaos}");
        }
    }
}

#[tokio::test]
async fn each_stage_can_refuse_and_421_ends_the_conversation() {
    let input = format!("EHLO me\r\n{ENVELOPE}DATA\r\nhello\r\n.\r\nQUIT\r\n");
    let stages = [
        ("connect", ""),
        ("ehlo", "220"),
        ("mail", "250 CHUNKING"),
        ("rcpt", "250 2.1.0"),
        ("data", "250 2.1.5"),
        ("body", "354"),
    ];
    for (stage, before) in stages {
        let shared = shared(&format!("421@{stage}:100%"));
        let output = talk(&shared, &input).await;
        let mut lines = output.lines().rev();
        assert!(lines.next().unwrap().starts_with("421 4.7.0 "), "{stage}: {output}");
        assert!(lines.next().unwrap_or_default().starts_with(before), "{stage}: {output}");
        assert_eq!((shared.register.count(), shared.register.tally().refused[&421]), (0, 1));
    }
}

#[tokio::test]
async fn after_an_unwelcoming_greeting_only_quit_is_left() {
    let output = talk(&shared("554@connect:100%"), "EHLO me\r\nNOOP\r\nQUIT\r\n").await;
    let told: Vec<_> = output.lines().map(|line| &line[..3]).collect();
    assert_eq!(told, ["554", "503", "503", "221"]);
}

#[tokio::test]
async fn slow_is_late_but_complete() {
    for content in ["DATA\r\nhello\r\n.\r\n", "BDAT 5 LAST\r\nhello"] {
        let shared = shared("slow=60ms:100%");
        let started = tokio::time::Instant::now();
        let output = talk(&shared, &format!("EHLO me\r\n{ENVELOPE}{content}QUIT\r\n")).await;
        assert!(output.contains("accepted as r000001") && output.contains("221"), "{output}");
        assert!(started.elapsed() >= Duration::from_millis(60));
        assert_eq!(shared.register.tally().slowed, 1);
    }
}

#[tokio::test]
async fn a_message_counts_only_once_it_is_in_the_maildir() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = Maildir::open(folder.path()).unwrap();
    let shared = with_register("", Register::open(Some(maildir)).unwrap());
    let input = format!("EHLO me\r\n{ENVELOPE}DATA\r\nSubject: x\r\n\r\n..dot\nbare\r\n.\r\nQUIT\r\n");
    assert!(talk(&shared, &input).await.contains("250 2.0.0 accepted as r000001"));
    let filed = std::fs::read_to_string(folder.path().join("new/000001.rehearsal")).unwrap();
    assert_eq!(
        filed,
        "Return-Path: <news@example.org>\r\nDelivered-To: reader@example.org\r\nSubject: x\r\n\r\n.dot\nbare\r\n"
    );
    std::fs::remove_dir_all(folder.path().join("new")).unwrap();
    assert!(talk(&shared, &input).await.contains("451 4.3.0 "));
    assert_eq!((shared.register.count(), shared.register.tally().refused[&451]), (1, 1));
}

#[tokio::test]
async fn without_chunking_bdat_is_unknown_and_not_offered() {
    let register = Register::open(None).unwrap();
    let dice = Dice::new(super::Chaos::default(), 0);
    let shared = Arc::new(Shared { pipelining: false, chunking: false, limit: 1_000, dice, register });
    let output = talk(&shared, "EHLO me\r\nBDAT 0 LAST\r\nQUIT\r\n").await;
    assert!(!output.contains("CHUNKING") && output.contains("500 5.5.2 "), "{output}");
}

#[tokio::test]
async fn without_pipelining_whoever_does_not_wait_for_a_reply_makes_a_mistake() {
    let register = Register::open(None).unwrap();
    let dice = Dice::new(super::Chaos::default(), 0);
    let shared = Arc::new(Shared { pipelining: false, chunking: true, limit: 1_000, dice, register });
    let output = talk(&shared, "EHLO me\r\nNOOP\r\nQUIT\r\n").await;
    assert!(!output.contains("PIPELINING") && output.contains("250 CHUNKING"), "{output}");
    assert_eq!(shared.register.tally().mistakes, 2);
}

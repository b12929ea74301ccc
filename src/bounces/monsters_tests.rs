//! Mails that nobody should write: whatever comes in, the classifier ends soon, and it ends well.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Classifier, Report};

/// Far more than the slowest takes unoptimised on a busy machine, and far less than one that does not end.
const SOON: Duration = Duration::from_secs(20);

fn classify(mail: &[u8]) -> Vec<Report> {
    thread_local! {
        static CLASSIFIER: Classifier = Classifier::built_in();
    }
    let begun = Instant::now();
    let reports = CLASSIFIER.with(|classifier| classifier.classify(mail, None));
    assert!(begun.elapsed() < SOON, "{:?} for {} bytes", begun.elapsed(), mail.len());
    reports
}

const DSN: &str = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail Returned to Sender\n\
                   Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n--b\n\
                   Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
                   Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n\n--b\n\
                   Content-Type: message/rfc822\n\n";

#[test]
fn a_mail_of_a_hundred_megabytes_still_names_its_recipient() {
    let mut mail = DSN.as_bytes().to_vec();
    mail.resize(100 * 1024 * 1024, b'x');
    assert_eq!(classify(&mail)[0].recipient.as_deref(), Some("ann@example.com"));
}

#[test]
fn ten_thousand_parts_within_each_other_are_not_opened() {
    let mut mail = String::from("From: MAILER-DAEMON@mx.example.net\n");
    for depth in 0..10_000 {
        write!(mail, "Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n").unwrap();
    }
    assert_eq!(classify(mail.as_bytes()), []);
    let enclosed = "Content-Type: message/rfc822\n\n".repeat(10_000);
    assert_eq!(classify(enclosed.as_bytes()), []);
    let beside = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nundeliverable\n".repeat(50_000));
    classify(beside.as_bytes());
}

#[test]
fn headers_lines_and_lists_without_end_are_cut() {
    for mail in [
        "X: y\n".repeat(1_000_000),
        format!("From: {}", "a@b ".repeat(1_000_000)),
        format!("X: y\n{}", " more\n".repeat(1_000_000)),
        format!("From: MAILER-DAEMON\n\nundeliverable\n{}", "\"a@\"@<".repeat(200_000)),
        format!("From: MAILER-DAEMON\n\nundeliverable\n{}", "<ann@example.com>: undeliverable\n".repeat(30_000)),
        format!("{DSN}\n{}", "Final-Recipient: rfc822; a@example.com\n".repeat(100_000)),
        format!("Content-Type: text/plain; {}\n\n", "a=\"b\";".repeat(100_000)),
        format!("From: MAILER-DAEMON\nSubject: {}\n\n", "=?utf-8?q?=41?=".repeat(50_000)),
        format!("From: MAILER-DAEMON\n\n{}", "undeliverable delayed ".repeat(100_000)),
        "\r".repeat(2_000_000),
        "\0".repeat(2_000_000),
        "[".repeat(1_000_000),
        "{\"a\":".repeat(1_000_000),
        "{}".repeat(1_000_000),
    ] {
        classify(mail.as_bytes());
    }
}

#[test]
fn many_recipients_are_all_named_up_to_a_bound() {
    let mut fields = String::new();
    let mut text = String::from("Hi. This is the qmail-send program at mx.example.net.\n\n");
    for number in 0..5000 {
        write!(fields, "Final-Recipient: rfc822; r{number}@example.com\nAction: failed\nStatus: 5.1.1\n\n").unwrap();
        write!(text, "<r{number}@example.com>:\nno such user\n\n").unwrap();
    }
    let dsn = format!(
        "From: MAILER-DAEMON\nContent-Type: multipart/report; boundary=b\n\n--b\n\n--b\n\
         Content-Type: message/delivery-status\n\n{fields}--b--\n"
    );
    assert_eq!(classify(dsn.as_bytes()).len(), 1000);
    let named = classify(format!("From: MAILER-DAEMON\n\n{text}").as_bytes());
    assert_eq!(named.len(), 1000);
    assert_eq!(named[999].recipient.as_deref(), Some("r999@example.com"));
}

/// Pieces of real reports, out of which a mail is thrown together.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("From: MAILER-DAEMON@mx.example.net\n".to_owned()),
        Just("Content-Type: multipart/report; boundary=b\n".to_owned()),
        Just("Content-Type: message/delivery-status\n".to_owned()),
        Just("Content-Type: text/html; charset=utf-16\n".to_owned()),
        Just("Content-Transfer-Encoding: base64\n".to_owned()),
        Just("Content-Transfer-Encoding: quoted-printable\n".to_owned()),
        Just("Final-Recipient: utf-8; \\x{E9}\\x{110000}@example.com\n".to_owned()),
        Just("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550-5.1.1 no\n 550 5.1.1 user\n".to_owned()),
        Just("--b\n".to_owned()),
        Just("--b--\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\u{1b}$B\u{1b}(B".to_owned()),
        Just("This is the qmail-send program\n<ann@example.com>:\n".to_owned()),
        Just("did not reach the following recipient(s):\n".to_owned()),
        Just("{\"event\":\"bounce\",\"email\":\"a@example.com\",\"reason\":\"\"}".to_owned()),
        "[ -~é\"<>@:;.=?\\\\]{0,40}\n?",
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mail in proptest::collection::vec(any::<u8>(), 0..600)) {
        classify(&mail);
    }

    #[test]
    fn no_heap_of_pieces_makes_it_panic(mail in pieces()) {
        classify(&mail);
    }

    #[test]
    fn the_ends_of_lines_say_nothing(mail in pieces()) {
        let text = String::from_utf8(mail).unwrap().replace('\r', "");
        // JSON keeps its own line ends.
        prop_assume!(!text.trim_start().starts_with(['{', '[']));
        let lf = classify(text.as_bytes());
        prop_assert_eq!(&classify(text.replace('\n', "\r\n").as_bytes()), &lf);
        prop_assert_eq!(&classify(text.replace('\n', "\r").as_bytes()), &lf);
    }
}

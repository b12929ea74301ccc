//! Mail that came back, through the command: each family of mail servers by a mail written for it by hand.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::project::{Project, Said, repository};

/// Recipient, kind, reason and status.
type Told = (&'static str, &'static str, &'static str, Option<&'static str>);

/// What each fixture says; one that says nothing stands there as well.
const EXPECTED: &[(&str, Option<Told>)] = &[
    ("reports/postfix.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/postfix.eml", Some(("bob@example.com", "soft", "mailbox-full", Some("4.2.2")))),
    ("reports/postfix-alias.eml", Some(("ann@example.com", "hard", "host-unknown", Some("5.4.4")))),
    ("reports/postfix-delay.eml", Some(("ann@example.com", "soft", "network", Some("4.4.1")))),
    ("reports/postfix-delivered.eml", Some(("ann@example.com", "delivered", "delivered", Some("2.0.0")))),
    ("reports/sendmail.eml", Some(("ann@example.com", "soft", "suspended", Some("5.3.0")))),
    ("reports/sendmail-8-text.eml", Some(("ann@no-such.example", "hard", "host-unknown", Some("5.1.2")))),
    ("reports/sendmail-5.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/qmail.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/qmail.eml", Some(("bob@example.org", "soft", "spam", Some("5.7.1")))),
    ("reports/exim.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/exim.eml", Some(("bob@example.org", "soft", "too-large", Some("5.3.4")))),
    ("reports/exim-delay.eml", Some(("ann@example.com", "soft", "network", None))),
    ("reports/exim-base64.eml", Some(("ann@example.com", "hard", "host-unknown", None))),
    ("reports/exchange-2003.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/exchange-2003.eml", Some(("bob@example.com", "soft", "mailbox-full", None))),
    ("reports/office-365.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.10")))),
    ("reports/outlook-blocked.eml", Some(("ann@example.com", "soft", "blocked", Some("5.5.0")))),
    ("reports/domino.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/opensmtpd.eml", Some(("ann@example.com", "soft", "auth-failure", Some("5.7.1")))),
    ("reports/dragonfly.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/courier.eml", Some(("ann@example.com", "soft", "no-relay", Some("5.0.0")))),
    ("reports/mdaemon.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/mimecast.eml", Some(("ann@example.com", "soft", "mailbox-full", Some("5.2.2")))),
    ("reports/zoho.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/gmail.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/gmail-delay.eml", Some(("ann@example.com", "soft", "network", None))),
    ("reports/yahoo.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/japanese-carrier.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/loose-fields.eml", Some(("ann@example.com", "soft", "mailbox-full", Some("5.2.2")))),
    ("reports/international.eml", Some(("élodie@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/imail.eml", Some(("ann@example.com", "soft", "mailbox-full", None))),
    ("reports/mailing-list.eml", Some(("harbour@example.com", "soft", "filtered", None))),
    ("reports/gateway.eml", Some(("ann@example.com", "soft", "virus", Some("5.7.0")))),
    ("reports/names-nobody.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/wrapped-by-another-host.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/no-reason.eml", Some(("ann@example.com", "soft", "unknown", Some("5.0.0")))),
    ("reports/null-mx.eml", Some(("ann@example.com", "hard", "no-mail", Some("5.1.0")))),
    ("reports/complaint.eml", Some(("ann@example.com", "complaint", "abuse", None))),
    ("reports/complaint-named.eml", Some(("ann@example.com", "complaint", "abuse", None))),
    ("reports/complaint-named.eml", Some(("bob@example.com", "complaint", "abuse", None))),
    ("reports/opt-out.eml", Some(("ann@example.com", "complaint", "opt-out", None))),
    ("reports/dmarc-failure.eml", None),
    ("reports/vacation.eml", Some(("ann@example.com", "auto-reply", "vacation", None))),
    ("reports/out-of-office.eml", Some(("bob@example.com", "auto-reply", "vacation", None))),
    ("reports/challenge.eml", Some(("carl@example.com", "auto-reply", "challenge", None))),
    ("webhooks/ses-bounce.json", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("webhooks/ses-through-sns.json", Some(("ann@example.com", "complaint", "abuse", None))),
    ("webhooks/sendgrid.json", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("webhooks/sendgrid.json", Some(("bob@example.com", "soft", "rate-limited", Some("4.7.1")))),
    ("webhooks/sendgrid.json", Some(("carl@example.com", "complaint", "abuse", None))),
    ("webhooks/sendgrid.json", Some(("dora@example.com", "delivered", "delivered", None))),
    ("webhooks/postmark.json", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("webhooks/postmark.json", Some(("bob@example.com", "complaint", "abuse", None))),
    ("webhooks/mailgun.json", Some(("ann@example.com", "soft", "mailbox-full", Some("5.2.2")))),
    ("webhooks/unrelated.json", None),
    ("reports/sendmail-kin.eml", Some(("ann@example.com", "soft", "mailbox-full", None))),
    ("reports/mailmarshal.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/delivery-errors.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/qmail-kin.eml", Some(("ann@example.com", "soft", "mailbox-full", None))),
    ("reports/trouble-delivering.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/groupwise.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/netscape.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/smail.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/xmail.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/hmailserver.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/ironport.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.0")))),
    ("reports/powermta.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.0.0")))),
    ("reports/exchange-french.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/office-365-text.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/interscan.eml", Some(("ann@example.com", "hard", "user-unknown", None))),
    ("reports/out-of-office-names-a-colleague.eml", Some(("bob@mx.example.net", "auto-reply", "vacation", None))),
    ("reports/not-read.eml", None),
    ("reports/names-a-help-desk.eml", Some(("ann@example.com", "soft", "mailbox-full", None))),
    ("reports/fields-in-base64.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/fields-in-base64.eml", Some(("bob@example.com", "soft", "mailbox-full", Some("5.2.2")))),
    ("reports/received-at.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/not-delivered-to.eml", Some(("ann@example.com", "soft", "mailbox-full", None))),
    ("reports/qmail-quoted-printable.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/iso-2022-jp-base64.eml", Some(("ann@example.com", "hard", "user-unknown", Some("5.1.1")))),
    ("reports/challenge-by-subject.eml", Some(("eve@example.com", "auto-reply", "challenge", None))),
];

fn fixtures() -> String {
    repository().join("tests/fixtures/bounces").display().to_string()
}

fn classify(arguments: &[&str]) -> Vec<Value> {
    let project = Project::empty();
    let mut all = vec!["bounces", "classify", "--json"];
    all.extend(arguments);
    let said = project.run(&all);
    assert_eq!(said.status, Some(0), "{said:#?}");
    said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_family_names_its_recipients_with_kind_and_reason() {
    let folder = fixtures();
    let reports = ["reports", "webhooks"].map(|part| format!("{folder}/{part}"));
    let mut found: Vec<String> = classify(&[&reports[0], &reports[1]])
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap_or("-").to_owned();
            let file = text("file").strip_prefix(&format!("{folder}/")).unwrap().to_owned();
            format!("{file}: {} {} {} {}", text("recipient"), text("kind"), text("reason"), text("status"))
        })
        .collect();
    let mut expected: Vec<String> = EXPECTED
        .iter()
        .filter_map(|(file, told)| {
            let (recipient, kind, reason, status) = (*told)?;
            Some(format!("{file}: {recipient} {kind} {reason} {}", status.unwrap_or("-")))
        })
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_fixture_stands_in_the_table() {
    for part in ["reports", "webhooks"] {
        for entry in std::fs::read_dir(repository().join("tests/fixtures/bounces").join(part)).unwrap() {
            let name = format!("{part}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(EXPECTED.iter().any(|(file, _)| *file == name), "{name}");
        }
    }
}

#[test]
fn what_people_send_claims_nothing() {
    assert_eq!(classify(&[&format!("{}/people", fixtures())]), [] as [Value; 0]);
}

#[test]
fn a_report_passed_on_by_a_person_claims_nothing_whichever_it_is() {
    let project = Project::empty();
    let person = "Return-Path: <dora@example.org>\nFrom: Dora <dora@example.org>\nTo: news@example.org\n\
                  MIME-Version: 1.0\n";
    for entry in std::fs::read_dir(repository().join("tests/fixtures/bounces/reports")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let report = std::fs::read_to_string(&path).unwrap();
        let quoted = format!("> {}\n", report.trim_end().replace('\n', "\n> "));
        let body = report.split_once("\n\n").unwrap().1;
        let attached =
            "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nIs it yours?\n--x\nContent-Type: message/rfc822\n\n";
        for (how, mail) in [
            ("attached", format!("{person}Subject: Fwd: returned mail\n{attached}{report}\n--x--\n")),
            ("attached-alone", format!("{person}Subject: returned mail\nContent-Type: message/rfc822\n\n{report}")),
            (
                "quoted",
                format!("{person}Subject: Re: Undelivered\nIn-Reply-To: <1@x.example>\n\nWhat is it?\n\n{quoted}"),
            ),
            ("below", format!("{person}Subject: FW: Undelivered\n\nSee below.\n\n-----Original Message-----\n{body}")),
            ("as-it-is", format!("{person}Subject: Undelivered Mail Returned to Sender\n\n{report}")),
        ] {
            project.write(&format!("mails/{name}-{how}.eml"), &mail);
        }
    }
    let said = project.run(&["bounces", "classify", "mails", "--json"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), ""));
}

#[test]
fn the_ends_of_lines_change_nothing() {
    let project = Project::empty();
    for entry in std::fs::read_dir(repository().join("tests/fixtures/bounces/reports")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for (kind, end) in [("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")] {
            project.write(&format!("{kind}/{name}"), &text.replace('\n', end));
        }
    }
    let of = |kind: &str| {
        let said = project.run(&["bounces", "classify", kind, "--json"]);
        said.stdout.replace(&format!("\"{kind}/"), "\"")
    };
    let lf = of("lf");
    assert!(lf.lines().count() > 30);
    assert_eq!(of("crlf"), lf);
    assert_eq!(of("cr"), lf);
}

#[test]
fn mail_is_read_from_an_mbox_a_maildir_and_standard_input() {
    let project = Project::empty();
    let qmail = std::fs::read_to_string(repository().join("tests/fixtures/bounces/reports/qmail.eml")).unwrap();
    let mbox = format!("From MAILER-DAEMON Tue Dec  2 09:01:00 2025\n{qmail}\n").repeat(2);
    project.write("box", &mbox);
    project.write("maildir/new/1.host", &qmail);
    project.write("maildir/cur/2.host:2,S", &qmail);
    project.write("maildir/tmp/3.host", &qmail);
    let files = |said: &Said| -> Vec<String> {
        let of = |line: &str| serde_json::from_str::<Value>(line).unwrap()["file"].as_str().unwrap().to_owned();
        said.stdout.lines().map(of).collect()
    };
    let said = project.run(&["bounces", "classify", "box", "maildir", "--json"]);
    assert_eq!(
        files(&said),
        [
            "box:1",
            "box:1",
            "box:2",
            "box:2",
            "maildir/cur/2.host:2,S",
            "maildir/cur/2.host:2,S",
            "maildir/new/1.host",
            "maildir/new/1.host"
        ]
    );
    let mut child = project
        .command(&["bounces", "classify", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(qmail.as_bytes()).unwrap();
    assert_eq!(files(&child.wait_with_output().unwrap().into()), ["-", "-"]);
}

#[test]
fn a_person_gets_a_table_and_a_sum() {
    let project = Project::empty();
    for name in ["qmail.eml", "vacation.eml"] {
        std::fs::copy(repository().join("tests/fixtures/bounces/reports").join(name), project.path(name)).unwrap();
    }
    project.write("letter.eml", "From: Dora <dora@example.org>\nSubject: Hello\n\nGood bulletin!\n");
    let said = project.run(&["bounces", "classify", "."]);
    insta::assert_snapshot!(format!("{}{}", said.stdout, said.stderr));
}

#[test]
fn a_place_that_is_not_there_is_told_and_all_others_are_read() {
    let project = Project::empty();
    std::fs::copy(repository().join("tests/fixtures/bounces/reports/qmail.eml"), project.path("q.eml")).unwrap();
    let said = project.run(&["bounces", "classify", "nowhere", "q.eml", "--json"]);
    assert_eq!((said.status, said.stdout.lines().count()), (Some(2), 2), "{said:#?}");
    assert!(said.stderr.contains("nowhere"), "{said:#?}");
}

#[test]
fn a_newsletter_can_word_a_family_of_its_own() {
    let project = Project::sample();
    project.write(
        "bounces/our-provider.toml",
        "mta = \"Our provider\"\nheader = [\"X-Our-Provider:\"]\nopening = [\"alas, it came back\"]\n\
         recipient = [\"nobody called {recipient} lives here\"]\nreason = \"user-unknown\"\n",
    );
    project.write(
        "mail.eml",
        "From: robot@example.net\nX-Our-Provider: 1\nSubject: Alas\n\nAlas, it came back.\nNobody called ann@example.com lives here\n",
    );
    let said = project.run(&["bounces", "classify", "mail.eml", "--json"]);
    let line: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:#?}"));
    assert_eq!(
        (&line["recipient"], &line["kind"], &line["mta"]),
        (&"ann@example.com".into(), &"hard".into(), &"Our provider".into())
    );
    project.write("bounces/our-provider.toml", "mta = \"x\"\nopenings = []\n");
    let said = project.run(&["bounces", "classify", "mail.eml"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("our-provider.toml"), "{said:#?}");
}

#[test]
fn the_json_of_webhooks_is_read_from_files_folders_and_standard_input() {
    let project = Project::empty();
    let fixtures = repository().join("tests/fixtures/bounces/webhooks");
    let mut lines = String::new();
    for name in ["ses-bounce", "ses-through-sns", "sendgrid", "postmark", "mailgun"] {
        let json = std::fs::read_to_string(fixtures.join(format!("{name}.json"))).unwrap();
        project.write(&format!("events/{name}.json"), &json);
        let values = serde_json::Deserializer::from_str(&json).into_iter::<Value>();
        lines.extend(values.map(|value| format!("{}\n", value.unwrap())));
    }
    project.write("month.jsonl", &lines);
    let recipients = |said: &Said| {
        let told = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut told: Vec<_> = told.map(|line| (line["recipient"].to_string(), line["reason"].to_string())).collect();
        told.sort();
        told
    };
    let of_folder = recipients(&project.run(&["bounces", "classify", "events", "--json"]));
    assert!(of_folder.len() > 8, "{of_folder:?}");
    assert_eq!(recipients(&project.run(&["bounces", "classify", "month.jsonl", "--json"])), of_folder);
    let input = std::fs::File::open(project.path("month.jsonl")).unwrap();
    let said: Said = project.command(&["bounces", "classify", "-", "--json"]).stdin(input).output().unwrap().into();
    assert_eq!(recipients(&said), of_folder);
}

//! The closed loop: a send through a real server, what that server returns, and the next send without those whom
//! mail can't reach.

use std::path::Path;

use serde_json::Value;

use super::dovecot::{Mailboxes, PASSWORD};
use super::postfix::{Manners, PLAIN, Postfix};
use super::{Den, Filed, exim};
use crate::project::{Project, Said};
use crate::send::stage::{Account, ISSUE, newsletter, reader, send};

const NEXT: &str = "2015-12";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Sends the issue after the first one.
fn send_next(project: &Project, relay: &str) -> Said {
    copy(&project.path(&format!("issues/{ISSUE}")), &project.path(&format!("issues/{NEXT}")));
    let digest = project.digest(NEXT);
    project.run(&["send", NEXT, "--approve", &digest, "--relay", relay, "--json"])
}

/// Those of the next issue who were skipped, and why.
fn skipped(project: &Project) -> Vec<(String, String)> {
    let said = project.run(&["status", NEXT, "--recipients", "--json"]);
    let people = said.stdout.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |person: &Value, key: &str| person[key].as_str().unwrap().to_owned();
    people
        .filter(|person| person["state"] == "skipped")
        .map(|person| (text(&person, "email"), text(&person, "reason")))
        .collect()
}

fn emails(list: &Value) -> Vec<String> {
    let mut emails: Vec<_> =
        list.as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect();
    emails.sort();
    emails
}

/// A report like a genuine one, without a token.
fn forge(mailbox: &Path, about: &str) {
    let report = format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@example.org\nTo: <bounces@example.org>\nSubject: Undelivered\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNo.\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; example.org\n\n\
         Final-Recipient: rfc822; {about}\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    );
    std::fs::write(mailbox.join("new/forged"), report).unwrap();
}

/// Collects a server's Maildir: over IMAP from a Dovecot that has its mails, or as it lies there where there is none.
fn collected(project: &Project, mailbox: &Path) -> Value {
    let maildir = ["bounces", "collect", mailbox.to_str().unwrap(), "--json"];
    let Some(told) = over_imap(project, mailbox) else { return project.json(&maildir, 0) };
    let again = project.json(&maildir, 0);
    assert_eq!((&again["reports"], &again["suppressed"]), (&0.into(), &serde_json::json!([])), "the same mails");
    told
}

/// Collects the mails of a Maildir from Dovecot; none where there is no Dovecot with IMAP.
fn over_imap(project: &Project, mailbox: &Path) -> Option<Value> {
    let dovecot = Mailboxes::start()?;
    for entry in std::fs::read_dir(mailbox.join("new")).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        dovecot.deliver(entry.file_name().to_str().unwrap(), &text);
    }
    let place = format!("imaps://ann@localhost:{}/INBOX", dovecot.imaps);
    let ca = dovecot.den.text("ca.pem");
    let bounces = format!("[bounces]\nmailbox = \"{place}\"\nca = \"{ca}\"\npassword_env = \"BOX\"\n\n[throttle]");
    project.edit("bulletin.toml", "[throttle]", &bounces);
    let mut command = project.command(&["bounces", "collect", "--json"]);
    let said = Said::from(command.env("BOX", PASSWORD).output().unwrap());
    assert_eq!(said.status, Some(0), "{said:#?}");
    project.edit("bulletin.toml", &bounces, "[throttle]");
    Some(serde_json::from_str(&said.stdout).unwrap())
}

#[test]
fn what_postfix_returns_suppresses_exactly_whom_it_can_not_reach_and_the_next_send_skips_them() {
    let (gone, full, forwarded, unknown) = (reader(4), reader(5), reader(6), reader(7));
    let known: Vec<_> = (0..7).map(reader).collect();
    let manners =
        Manners { gone: Some(&gone), full: Some(&full), forwarded: Some((&forwarded, "moved@example.com")), ..PLAIN };
    let Some(postfix) = Postfix::start(&known, manners) else { return };
    let (project, digest) = newsletter(8);
    let said = send(&project, &postfix.url(), &digest, &[]).end();
    let account = Account { planned: 8, accepted: 7, rejected: 1, ..Account::default() };
    assert_eq!(Account::of(&said), account, "{said:#?}");
    assert!(said.stderr.contains(&format!("{unknown}  user-unknown 5.1.1")), "{}", said.stderr);

    let mailbox = postfix.den.path("mail/bounces");
    Filed::wait_for(&mailbox, 3);
    forge(&mailbox, &reader(0));
    let told = collected(&project, &mailbox);
    let mailbox = mailbox.to_str().unwrap();
    assert_eq!(emails(&told["suppressed"]), [gone.as_str(), forwarded.as_str()], "{told}");
    assert_eq!(emails(&told["counted"]), [full.as_str()], "{told}");
    assert_eq!(told["doubtful"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["filed"], 4, "{told}");
    let again = project.json(&["bounces", "collect", mailbox, "--json"], 0);
    assert_eq!((&again["reports"], &again["suppressed"]), (&0.into(), &serde_json::json!([])));

    let said = send_next(&project, &postfix.url());
    let account = Account { planned: 8, accepted: 5, skipped: 3, ..Account::default() };
    assert_eq!(Account::of(&said), account, "{said:#?}");
    let skipped = skipped(&project);
    assert_eq!(skipped.iter().map(|(email, _)| email).collect::<Vec<_>>(), [&gone, &forwarded, &unknown]);
    for (email, why) in &skipped {
        assert!(why.starts_with("suppressed: bounced on ") && why.contains("user-unknown"), "{email}: {why}");
    }
    // The full mailbox was tried again, and what came back counts as its second issue.
    Filed::wait_for(&postfix.den.path("mail/bounces"), 1);
    let told = project.json(&["bounces", "collect", mailbox, "--json"], 0);
    assert_eq!((&told["counted"][0]["times"], &told["counted"][0]["of"]), (&2.into(), &3.into()), "{told}");
    postfix.close();
}

#[test]
fn what_exim_returns_suppresses_exactly_whom_it_can_not_reach() {
    let den = Den::new();
    let (unknown, gone) = (reader(1), reader(2));
    let Some((server, port)) = exim::start(&den, &unknown, &gone) else { return };
    let (project, digest) = newsletter(5);
    let relay = format!("smtp://127.0.0.1:{port}");
    let said = send(&project, &relay, &digest, &[]).end();
    let account = Account { planned: 5, accepted: 4, rejected: 1, ..Account::default() };
    assert_eq!(Account::of(&said), account, "{said:#?}");
    // Three readers' own, and the report about the fourth.
    Filed::wait_for(&den.path("mail"), 4);
    forge(&den.path("mail"), &reader(0));
    let told = collected(&project, &den.path("mail"));
    assert_eq!(emails(&told["suppressed"]), [gone.as_str()], "{told}");
    let said = send_next(&project, &relay);
    let account = Account { planned: 5, accepted: 3, skipped: 2, ..Account::default() };
    assert_eq!(Account::of(&said), account, "{said:#?}");
    assert_eq!(skipped(&project).into_iter().map(|(email, _)| email).collect::<Vec<_>>(), [unknown, gone]);
    drop(server);
}

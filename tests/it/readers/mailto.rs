//! Leaving by mail: the token of the List-Unsubscribe header is enough, and nothing else is.

use std::fs;

use mail_parser::MessageParser;

use crate::project::Project;
use crate::send::stage::{ISSUE, Post, newsletter, reader, sent};

/// The address that a mail program writes to when this reader presses its button for leaving.
fn leaving(project: &Project, number: usize) -> String {
    assert_eq!(project.run(&["preview", ISSUE, "--out", "out", "--each"]).status, Some(0));
    let mail = fs::read(project.path(&format!("out/each/row-{:05}.eml", number + 2))).unwrap();
    let parsed = MessageParser::new().parse(&mail).unwrap();
    let header = parsed.header_raw("List-Unsubscribe").unwrap().replace(char::is_whitespace, "");
    let (_, rest) = header.split_once("mailto:").unwrap();
    rest.split(['?', '>']).next().unwrap().to_owned()
}

fn mail(project: &Project, name: &str, from: &str, to: &str) {
    let text = format!("From: {from}\r\nTo: <{to}>\r\nSubject: unsubscribe\r\n\r\n");
    project.write(&format!("mailbox/new/{name}"), &text);
    fs::create_dir_all(project.path("mailbox/cur")).unwrap();
}

#[test]
fn who_asks_by_mail_is_suppressed_whatever_address_they_write_from() {
    let (project, digest) = newsletter(3);
    let to = leaving(&project, 1);
    mail(&project, "1", "someone.else@example.net", &to.to_uppercase());
    let said = project.run(&["bounces", "collect", "mailbox"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stdout.starts_with("reader0001@example.org asked to leave"), "{}", said.stdout);
    assert!(said.stderr.contains("1 mail read, 1 new request to leave."), "{}", said.stderr);

    let post = Post::open("");
    sent(&project, &post, &digest, &[]);
    assert_eq!(post.recipients(), [reader(0), reader(2)]);
    let shown = project.run(&["subscribers", "show", &reader(1)]).stdout;
    assert!(shown.contains("unsubscribed by mail on 20"), "{shown}");
}

#[test]
fn a_mail_is_worked_on_once_so_that_it_does_not_undo_what_a_person_decided_since() {
    let (project, _) = newsletter(1);
    mail(&project, "1", &reader(0), &leaving(&project, 0));
    project.edit("bulletin.toml", "[throttle]", "[bounces]\nmailbox = \"mailbox\"\n\n[throttle]");
    let collected = project.json(&["bounces", "collect", "--json"], 0);
    assert_eq!(collected["unsubscribed"][0]["email"], reader(0));
    project.run(&["subscribers", "unsuppress", &reader(0), "--because", "asked again"]);
    // Marked as read, as a mail program does it.
    assert_eq!(collected["filed"], 1);
    assert!(project.path("mailbox/cur/1:2,S").exists() && !project.path("mailbox/new/1").exists());
    // It is not fetched again, and not worked on again where it comes under another name.
    fs::copy(project.path("mailbox/cur/1:2,S"), project.path("mailbox/new/2")).unwrap();
    let collected = project.json(&["bounces", "collect", "--json"], 0);
    assert_eq!((&collected["mails"], &collected["unsubscribed"]), (&1.into(), &serde_json::json!([])));
    assert_eq!(project.json(&["subscribers", "show", &reader(0), "--json"], 0)["suppressed"], serde_json::Value::Null);
}

#[cfg(unix)]
#[test]
fn a_watch_collects_what_is_there_and_ends_when_it_is_asked_to() {
    use std::io::{BufRead as _, BufReader};
    let (project, _) = newsletter(1);
    mail(&project, "1", &reader(0), &leaving(&project, 0));
    let mut watch = project
        .command(&["bounces", "collect", "mailbox", "--watch", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(watch.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let collected: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&collected["unsubscribed"][0]["email"], &collected["filed"]), (&reader(0).into(), &1.into()));
    let pid = watch.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn without_a_genuine_token_nobody_is_suppressed_and_a_person_is_told() {
    let (project, _) = newsletter(2);
    let to = leaving(&project, 0);
    let forged = to.replace("unsubscribe+u", "unsubscribe+ua");
    mail(&project, "1", &reader(1), "unsubscribe@example.org");
    mail(&project, "2", &reader(1), &forged);
    mail(&project, "3", &reader(1), "info@example.org");
    let said = project.run(&["bounces", "collect", "mailbox"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), ""), "{said:#?}");
    assert_eq!(said.stderr.matches("without a token that could be trusted").count(), 2, "{}", said.stderr);
    assert!(said.stderr.contains("bulletin subscribers suppress reader0001@example.org --cause unsubscribed"));
}

#[test]
fn who_left_the_list_already_is_kept_from_coming_back() {
    let (project, _) = newsletter(2);
    let to = leaving(&project, 1);
    project.write("subscribers/subscribers.csv", "email\nreader0000@example.org\n");
    mail(&project, "1", &reader(1), &to);
    let collected = project.json(&["bounces", "collect", "mailbox", "--json"], 0);
    assert_eq!(collected["unsubscribed"][0]["email"], serde_json::Value::Null);
    project.write("export.csv", "email\nreader0001@example.org\n");
    let told = project.json(&["subscribers", "import", "export.csv", "--yes", "--json"], 0);
    assert_eq!((&told["added"], &told["suppressed"]), (&0.into(), &1.into()));
}

#[test]
fn a_send_warns_when_the_mailboxes_were_not_read_for_two_days() {
    let (project, digest) = newsletter(2);
    project.edit("bulletin.toml", "[throttle]", "[bounces]\nmailbox = \"mailbox\"\n\n[throttle]");
    fs::create_dir_all(project.path("mailbox/new")).unwrap();
    fs::create_dir_all(project.path("mailbox/cur")).unwrap();
    let post = Post::open("");
    let (said, _) = sent(&project, &post, &digest, &[]);
    assert!(
        !said.stderr.contains("mailboxes"),
        "nothing was ever sent, so nothing can have come back: {}",
        said.stderr
    );
    project.write("subscribers/subscribers.csv", &crate::send::stage::list(3));
    let (said, _) = sent(&project, &post, &digest, &["--include-new"]);
    assert!(said.stderr.contains("were never read"), "{}", said.stderr);
    assert!(said.stderr.contains("bulletin bounces collect"), "{}", said.stderr);
    project.run(&["bounces", "collect"]);
    project.write("subscribers/subscribers.csv", &crate::send::stage::list(4));
    let (said, _) = sent(&project, &post, &digest, &["--include-new"]);
    assert!(!said.stderr.contains("mailboxes"), "{}", said.stderr);
}

#[test]
fn no_mailbox_is_an_error_with_its_cure() {
    let (project, _) = newsletter(1);
    let said = project.run(&["bounces", "collect"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("mailbox = "), "{}", said.stderr);
    assert_eq!(project.run(&["bounces", "collect", "nowhere"]).status, Some(2));
}

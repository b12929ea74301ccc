//! A send into a Maildir: the same as over SMTP, on this machine's disk.

use std::collections::BTreeMap;

use super::stage::{Account, Books, ISSUE, newsletter, send};
use crate::project::Project;

/// Each message in the archive by its recipient.
fn archived(project: &Project, folder: &str) -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    for entry in std::fs::read_dir(project.path(folder).join("new")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let recipient = text.lines().nth(1).unwrap().strip_prefix("Delivered-To: ").unwrap().to_owned();
        assert!(messages.insert(recipient.clone(), text).is_none(), "{recipient} twice");
    }
    messages
}

#[test]
fn a_maildir_gets_one_file_for_everyone_and_the_ledger_knows() {
    let (project, digest) = newsletter(20);
    let said = send(&project, "maildir:archive", &digest, &["--connections", "4"]).end();
    assert_eq!(Account::of(&said), Account { planned: 20, accepted: 20, ..Account::default() }, "{said:#?}");
    let messages = archived(&project, "archive");
    assert_eq!(messages.keys().cloned().collect::<Vec<_>>(), Books::read(&project).emails("accepted"));
    for (recipient, message) in &messages {
        assert!(message.starts_with("Return-Path: <bounces+b"), "{message}");
        assert!(message.contains(&format!("<{recipient}>")) || message.contains(&format!("To: {recipient}")));
        assert!(message.ends_with("\r\n"));
    }

    let said = send(&project, "maildir:archive", &digest, &[]).end();
    assert_eq!(Account::of(&said).accepted, 20);
    assert_eq!(archived(&project, "archive"), messages, "a second run adds nothing");
    let said = send(&project, "maildir:elsewhere", &digest, &[]).end();
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(said.stderr.contains("maildir:") && said.stderr.contains("archive"), "{}", said.stderr);
    assert!(!project.path("elsewhere").exists());
}

#[test]
fn a_test_mail_can_be_looked_at_on_the_disk() {
    let (project, _) = newsletter(3);
    let said = project.run(&["send", ISSUE, "--test", "ann@example.net", "--relay", "maildir:trial"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let messages = archived(&project, "trial");
    assert_eq!(messages.len(), 1);
    assert!(messages["ann@example.net"].contains("\r\nSubject: [TEST] "));
    let said = project.run(&["send", ISSUE, "--test", "ann@example.net", "--relay", "maildir:"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
}

//! The envelope's sender: one for each message, that tells whose it is to whoever has the key.

use std::collections::BTreeSet;

use bulletin::domain::token::{Purpose, TokenKey};
use bulletin::domain::verp::Separator;
use bulletin::domain::{EmailAddress, IssueId, ReturnPath};
use bulletin::rehearsal::CatcherOptions;

use crate::project::{Project, SECRET};
use crate::send::Post;

const MAILDIR: &str = "outbox/2015-11/rehearsal/maildir/new";

/// Return-Path and Delivered-To of each message in a Maildir's `new`.
fn envelopes(project: &Project, folder: &str) -> Vec<(String, EmailAddress)> {
    let mut envelopes = Vec::new();
    for entry in std::fs::read_dir(project.path(folder)).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut lines = text.lines();
        let sender = lines.next().unwrap().strip_prefix("Return-Path: <").unwrap().strip_suffix('>').unwrap();
        let recipient = lines.next().unwrap().strip_prefix("Delivered-To: ").unwrap();
        envelopes.push((sender.to_owned(), recipient.parse().unwrap()));
    }
    envelopes
}

fn are_each_readers_own(envelopes: &[(String, EmailAddress)], path: &ReturnPath) {
    let key = TokenKey::new(SECRET.as_bytes());
    let issue: IssueId = "2015-11".parse().unwrap();
    for (sender, recipient) in envelopes {
        assert!(sender.parse::<EmailAddress>().unwrap().local_part().len() <= 64, "{sender}");
        let token = path.recognise(sender).unwrap_or_else(|| panic!("no token in {sender}"));
        assert!(key.verifies(token, Purpose::Bounce, Some(&issue), recipient), "{sender} is not {recipient}'s");
    }
    let different: BTreeSet<_> = envelopes.iter().map(|(sender, _)| sender).collect();
    assert_eq!(different.len(), envelopes.len());
}

#[test]
fn every_message_has_a_return_path_of_its_own_that_opens_to_its_reader() {
    let project = Project::sample();
    assert_eq!(project.run(&["rehearse", "2015-11"]).status, Some(0));
    let envelopes = envelopes(&project, MAILDIR);
    assert_eq!(envelopes.len(), 60);
    let base: EmailAddress = "bounces@example.org".parse().unwrap();
    are_each_readers_own(&envelopes, &ReturnPath::with_tokens(base, Separator::Plus).unwrap());
}

#[test]
fn the_separator_is_the_mail_servers_choice() {
    let project = Project::sample();
    project.edit("bulletin.toml", "[sender]\n", "[bounces]\nseparator = \"-\"\n\n[sender]\n");
    assert_eq!(project.run(&["rehearse", "2015-11"]).status, Some(0));
    let base: EmailAddress = "bounces@example.org".parse().unwrap();
    let path = ReturnPath::with_tokens(base, Separator::Hyphen).unwrap();
    are_each_readers_own(&envelopes(&project, MAILDIR), &path);
}

#[test]
fn without_verp_or_without_an_address_for_bounces_all_messages_share_one() {
    for (from, to, shared) in [
        ("[sender]\n", "[bounces]\nverp = false\n\n[sender]\n", "bounces@example.org"),
        ("bounces = \"bounces@example.org\"\n", "", "bulletin@example.org"),
    ] {
        let project = Project::sample();
        project.edit("bulletin.toml", from, to);
        assert_eq!(project.run(&["rehearse", "2015-11"]).status, Some(0));
        assert!(envelopes(&project, MAILDIR).iter().all(|(sender, _)| sender == shared));
    }
}

#[test]
fn a_test_mail_has_a_return_path_of_the_same_form() {
    let project = Project::sample();
    let post = Post::with(CatcherOptions { maildir: Some(project.path("post")), ..CatcherOptions::default() });
    let said = project.run(&["send", "2015-11", "--test", "ann@example.org", "--relay", &post.url()]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let envelopes = envelopes(&project, "post/new");
    assert_eq!(envelopes.len(), 1);
    let base: EmailAddress = "bounces@example.org".parse().unwrap();
    are_each_readers_own(&envelopes, &ReturnPath::with_tokens(base, Separator::Plus).unwrap());
}

#[test]
fn how_bounces_are_told_apart_is_no_part_of_what_is_approved() {
    let project = Project::sample();
    let before = project.digest("2015-11");
    project.edit("bulletin.toml", "[sender]\n", "[bounces]\nverp = false\n\n[sender]\n");
    assert_eq!(project.digest("2015-11"), before);
}

#[test]
fn an_address_that_leaves_no_room_for_a_token_is_told_with_its_line_and_its_cure() {
    let project = Project::sample();
    project.edit("bulletin.toml", "bounces@", &format!("{}@", "b".repeat(31)));
    let said = project.run(&["preview", "2015-11"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    for needed in ["there is no room left for +TOKEN", "bulletin.toml:9", "at most 30 characters", "verp = false"] {
        assert!(crate::send::flat(&said.stderr).contains(needed), "{needed}: {}", said.stderr);
    }
    project.edit("bulletin.toml", "[sender]\n", "[bounces]\nverp = false\n\n[sender]\n");
    assert_eq!(project.run(&["preview", "2015-11"]).status, Some(0));

    let project = Project::sample();
    project.edit("bulletin.toml", "bounces = \"bounces@example.org\"\n", "");
    project.edit("bulletin.toml", "[sender]\n", "[bounces]\nverp = true\n\n[sender]\n");
    let said = project.run(&["preview", "2015-11"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(said.stderr.contains("no address for bounces"), "{}", said.stderr);
}

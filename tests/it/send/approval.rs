//! What was approved is what is sent: nothing leaves under another digest, and a correction goes to those
//! who are still to be sent to.

use std::path::Path;

use bulletin::rehearsal::CatcherOptions;
use mail_parser::MessageParser;

use super::stage::{Account, Books, ISSUE, Post, Running, flat, newsletter, reader, retry_later, send, sent};

/// Recipient, subject and plain text of each message in a Maildir.
fn mails(maildir: &Path) -> Vec<(String, String, String)> {
    let mut mails: Vec<_> = std::fs::read_dir(maildir.join("new"))
        .unwrap()
        .map(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let message = MessageParser::default().parse(&bytes).unwrap();
            let to = message.header_raw("Delivered-To").unwrap().trim().to_owned();
            (to, message.subject().unwrap().to_owned(), message.body_text(0).unwrap().into_owned())
        })
        .collect();
    mails.sort();
    mails
}

#[test]
fn a_digest_that_is_not_that_of_the_issue_stops_the_send_before_a_byte_leaves() {
    let (project, digest) = newsletter(5);
    let post = Post::open("");
    let wrong = "0123456789abcdef";
    let said = send(&project, &post.url(), wrong, &[]).end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    let words = flat(&said.stderr);
    assert!(words.contains(wrong) && words.contains(&digest), "both digests are named: {words}");
    assert!(words.contains("bulletin preview 2015-11"), "the way out is named: {words}");
    assert_eq!(post.tally().connections, 0);
    assert_eq!(project.run(&["status", ISSUE]).status, Some(2), "a plan was made");
}

#[test]
fn unattended_and_without_a_digest_nothing_is_sent_and_the_command_to_do_so_is_named() {
    let (project, digest) = newsletter(5);
    let post = Post::open("");
    let said = Running::start(project.command(&["send", ISSUE, "--relay", &post.url()])).end();
    assert_eq!(said.status, Some(2), "{said:#?}");
    let command = format!("bulletin send {ISSUE} --approve {digest}");
    assert!(flat(&said.stderr).contains(&command), "{}", said.stderr);
    assert_eq!(post.tally().connections, 0);
    assert!(said.stderr.contains(&command), "copied from two lines, the command would do something else: {said:#?}");
}

#[test]
fn whatever_a_reader_can_get_to_see_is_edited_after_the_approval_stops_the_send() {
    let (project, digest) = newsletter(5);
    let post = Post::open("");
    let edits = [
        ("issues/2015-11/en.md", "Edmonton has a community plan", "Edmonton has a plan"),
        ("issues/2015-11/fr.md", "subject = \"", "subject = \"Encore : "),
        ("issues/2015-11/issue.toml", "fallback = \"original\"", "fallback = \"omit\""),
        ("bulletin.toml", "email = \"bulletin@example.org\"", "email = \"elsewhere@example.org\""),
        ("bulletin.toml", "postal_address = \"200 ", "postal_address = \"201 "),
        ("bulletin.toml", "colour = \"#0f4c5c\"", "colour = \"#0f4c5d\""),
        ("templates/issue.txt", "\n", "\n\n"),
        ("templates/style.css", "\n", "\n\n"),
        ("templates/strings/en.toml", "\n", "\n\n"),
    ];
    for (file, from, to) in edits {
        let before = project.read(file);
        project.edit(file, from, to);
        let said = send(&project, &post.url(), &digest, &[]).end();
        assert_eq!(said.status, Some(2), "{file}: {said:#?}");
        project.write(file, &before);
    }
    let image = project.path("issues/2015-11/images/consultation.png");
    let mut bytes = std::fs::read(&image).unwrap();
    bytes.push(0);
    std::fs::write(&image, bytes).unwrap();
    assert_eq!(send(&project, &post.url(), &digest, &[]).end().status, Some(2), "an image");
    assert_eq!(post.tally().connections, 0);
}

#[test]
fn who_reads_and_how_fast_they_are_sent_to_is_no_matter_of_the_approval() {
    let (project, digest) = newsletter(5);
    project.edit("bulletin.toml", "connections = 2", "connections = 1");
    project.write("subscribers/subscribers.csv", "email\nann@example.org\nbob@example.org\n");
    let post = Post::open("");
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 2, accepted: 2, ..Account::default() });
}

#[test]
fn a_source_that_is_corrected_in_mid_send_goes_to_the_rest_with_its_new_text_and_both_digests_are_told() {
    let (project, digest) = newsletter(24);
    retry_later(&project);
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    let chaos = "451:50%".parse().unwrap();
    let post =
        Post::with(CatcherOptions { chaos, seed: 3, maildir: Some(before.clone()), ..CatcherOptions::default() });
    let (_, first) = sent(&project, &post, &digest, &["--wait", "0s"]);
    assert!(first.deferred > 4 && first.accepted > 4, "{first:?}");
    let rest = Books::read(&project).emails("deferred");

    project.edit("issues/2015-11/en.md", "Edmonton has a community plan", "Calgary has a community plan");
    let post = post.reopen(CatcherOptions { maildir: Some(after.clone()), ..CatcherOptions::default() });
    let said = send(&project, &post.url(), &digest, &[]).end();
    assert_eq!((said.status, post.tally().connections), (Some(2), 0), "the old approval was enough: {said:#?}");

    let corrected = project.digest(ISSUE);
    assert_ne!(corrected, digest);
    let (said, account) = sent(&project, &post, &corrected, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 24, accepted: 24, ..Account::default() });
    assert!(said.stderr.contains("corrected"), "{}", said.stderr);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["digests"], serde_json::json!([digest, corrected]));
    let status = project.json(&["status", ISSUE, "--json"], 0);
    assert_eq!(status["digests"], serde_json::json!([digest, corrected]));

    assert_eq!(post.recipients(), rest);
    let english = |(to, _, _): &&(String, String, String)| (0..24).step_by(2).any(|number| reader(number) == *to);
    let (old, new) = (mails(&before), mails(&after));
    assert_eq!(new.iter().map(|mail| mail.0.clone()).collect::<Vec<_>>(), rest);
    let says = |text: &str, words: &str| flat(text).contains(words);
    assert!(new.iter().any(|mail| english(&mail)));
    assert!(new.iter().filter(english).all(|mail| says(&mail.2, "Calgary has a community plan")));
    assert!(old.iter().filter(english).all(|mail| says(&mail.2, "Edmonton has a community plan")));
}

#[test]
fn who_is_left_without_an_item_by_a_correction_is_skipped_with_the_reason() {
    let (project, _) = newsletter(0);
    let readers: Vec<_> = (0..8).map(|number| format!("{},Reader,en,media", reader(number))).collect();
    project.write("subscribers/subscribers.csv", &format!("email,name,language,topics\n{}\n", readers.join("\n")));
    retry_later(&project);
    let post = Post::open("451:50%");
    let (_, first) = sent(&project, &post, &project.digest(ISSUE), &["--wait", "0s"]);
    assert!(first.deferred > 0 && first.accepted > 0, "{first:?}");
    project.edit("issues/2015-11/en.md", "{#media-reports .media}", "{#media-reports .research}");
    let (_, second) = sent(&project, &post, &project.digest(ISSUE), &["--wait", "30s"]);
    assert_eq!(second, Account { deferred: 0, skipped: first.deferred, ..first });
    let books = Books::read(&project);
    for person in books.people.iter().filter(|person| person.state == "skipped") {
        assert_eq!(person.reason.as_deref(), Some("no item of this issue matches their topics"));
    }
    assert_eq!(post.recipients(), books.emails("accepted"));
}

#[test]
fn who_was_unknown_when_a_source_was_corrected_gets_all_of_the_correction_when_tried_again() {
    let (project, digest) = newsletter(20);
    let folder = tempfile::tempdir().unwrap();
    let post = Post::open("lost:40%");
    let (_, first) = sent(&project, &post, &digest, &[]);
    assert!(first.unknown > 0 && first.accepted > 0, "{first:?}");

    // An item that no edition of the first approval has.
    for (file, title) in [("en.md", "Late news"), ("fr.md", "Dernière heure")] {
        let path = format!("issues/{ISSUE}/{file}");
        let source = project.read(&path);
        project.write(&path, &format!("{source}\n# {title} {{#late .everyone}}\n\nNB 2015-12.\n"));
    }
    let corrected = project.digest(ISSUE);
    let maildir = folder.path().join("after");
    let post = post.reopen(CatcherOptions { maildir: Some(maildir.clone()), ..CatcherOptions::default() });
    let (_, second) = sent(&project, &post, &corrected, &[]);
    assert_eq!((second, post.count()), (first, 0), "an approval alone sends to nobody unknown");
    let (_, third) = sent(&project, &post, &corrected, &["--retry-unknown"]);
    assert_eq!(third, Account { planned: 20, accepted: 20, ..Account::default() });
    for (to, _, text) in mails(&maildir) {
        assert!(text.contains("NB 2015-12."), "{to} got the corrected issue without its new item");
    }
}

#[test]
fn a_test_mail_is_one_marked_message_that_the_ledger_knows_nothing_of() {
    let (project, _) = newsletter(5);
    let folder = tempfile::tempdir().unwrap();
    let maildir = folder.path().join("test");
    let post = Post::with(CatcherOptions { maildir: Some(maildir.clone()), ..CatcherOptions::default() });
    let url = post.url();
    for (language, word) in [("fr", "traite"), ("en", "Trafficking")] {
        let test = ["send", ISSUE, "--test", "me@example.org", "--language", language, "--relay", &url];
        let said = Running::start(project.command(&test)).end();
        assert_eq!(said.status, Some(0), "{said:#?}");
        let (to, subject, _) = mails(&maildir).pop().unwrap();
        assert_eq!(to, "me@example.org");
        assert!(subject.starts_with("[TEST] ") && subject.contains(word), "{subject}");
        std::fs::remove_dir_all(maildir.join("new")).unwrap();
        std::fs::create_dir(maildir.join("new")).unwrap();
    }
    let tally = post.tally();
    assert_eq!((tally.accepted, tally.connections, tally.mistakes), (2, 2, 0));
    assert_eq!(project.run(&["status", ISSUE]).status, Some(2), "the ledger knows of a test");
}

#[test]
fn a_test_mail_that_the_relay_does_not_take_is_told_with_its_words() {
    let (project, _) = newsletter(5);
    for (chaos, words) in [("550:100%", "no such mailbox"), ("451:100%", "greylisted"), ("lost:100%", "the connection")]
    {
        let post = Post::open(chaos);
        let url = post.url();
        let test = ["send", ISSUE, "--test", "me@example.org", "--relay", &url];
        let said = Running::start(project.command(&test)).end();
        assert_eq!(said.status, Some(2), "{chaos}: {said:#?}");
        assert!(flat(&said.stderr).contains(words), "{chaos}: {}", said.stderr);
    }
}

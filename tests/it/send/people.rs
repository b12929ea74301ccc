//! A plan's people are frozen: who came since, who left since, and whom only a person can decide about.

use bulletin::rehearsal::CatcherOptions;

use super::stage::{Account, Books, ISSUE, Post, list, newsletter, reader, retry_later, send, sent};
use crate::project::Project;

const LIST: &str = "subscribers/subscribers.csv";

/// The list without `emails`.
fn without(project: &Project, emails: &[String]) {
    let list = project.read(LIST);
    let kept: Vec<_> = list.lines().filter(|line| !emails.iter().any(|email| line.starts_with(email))).collect();
    project.write(LIST, &(kept.join("\n") + "\n"));
}

/// A newsletter whose send left several people deferred and several unknown, and its relay, calm now.
fn half_sent(chaos: &str) -> (Project, String, Post, Books) {
    let (project, digest) = newsletter(30);
    retry_later(&project);
    let post = Post::open(chaos);
    sent(&project, &post, &digest, &["--wait", "0s"]);
    let books = Books::read(&project);
    (project, digest, post.reopen(CatcherOptions::default()), books)
}

#[test]
fn who_came_into_the_list_since_is_reported_and_left_out_until_included() {
    let (project, digest) = newsletter(10);
    let post = Post::open("");
    sent(&project, &post, &digest, &[]);
    project.write(LIST, &list(13));
    let (said, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 10, accepted: 10, ..Account::default() });
    assert!(said.stderr.contains("new         3 came into the list"), "{}", said.stderr);
    assert!(said.stderr.contains("--include-new"), "{}", said.stderr);
    assert_eq!(post.count(), 10);

    let (_, account) = sent(&project, &post, &digest, &["--include-new"]);
    assert_eq!(account, Account { planned: 13, accepted: 13, ..Account::default() });
    assert_eq!(post.recipients(), (0..13).map(reader).collect::<Vec<_>>());
    let (said, again) = sent(&project, &post, &digest, &["--include-new"]);
    assert_eq!((again, post.count()), (account, 13));
    assert!(!said.stderr.contains("came into the list"), "{}", said.stderr);
}

#[test]
fn who_left_the_list_since_is_skipped_with_the_reason_unless_they_have_it_already() {
    let (project, digest, post, before) = half_sent("451:40%");
    let (deferred, accepted) = (before.emails("deferred"), before.emails("accepted"));
    assert!(deferred.len() > 2 && !accepted.is_empty());
    let leavers = [deferred[0].clone(), deferred[2].clone(), accepted[0].clone()];
    without(&project, &leavers);
    let (said, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 30, accepted: 28, skipped: 2, ..Account::default() });
    assert!(said.stderr.contains("gone        2 of the plan"), "{}", said.stderr);
    let books = Books::read(&project);
    assert_eq!(books.emails("skipped"), [deferred[0].clone(), deferred[2].clone()]);
    for person in books.people.iter().filter(|person| person.state == "skipped") {
        assert_eq!(person.reason.as_deref(), Some("no longer in the list"));
    }
    let rest: Vec<_> = deferred.iter().filter(|email| !leavers.contains(email)).cloned().collect();
    assert_eq!(post.recipients(), rest);
}

#[test]
fn who_is_skipped_for_want_of_a_row_is_sent_to_when_the_row_is_back() {
    let (project, digest, post, before) = half_sent("451:40%");
    let list = project.read(LIST);
    // A list of the month before, say, or --subscribers forgotten when a send is continued.
    project.write(LIST, "email,name,language,topics\nann@example.org,Ann,en,\n");
    let (_, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!((account.skipped, post.count()), (before.account.deferred, 0));
    project.write(LIST, &list);
    let (_, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 30, accepted: 30, ..Account::default() }, "they are lost for this issue");
    assert_eq!(post.recipients(), before.emails("deferred"));
}

#[test]
fn an_address_that_is_only_spelt_otherwise_is_the_same_person() {
    let (project, digest, post, before) = half_sent("451:40%");
    let list = project.read(LIST);
    project.write(LIST, &list.replace("reader", "Reader").replace("example.org", "EXAMPLE.org"));
    let (said, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 30, accepted: 30, ..Account::default() });
    let told = ["gone  ", "new  "].iter().any(|word| said.stderr.contains(word));
    assert!(!told, "{}", said.stderr);
    assert_eq!(post.count(), before.account.deferred);
}

#[test]
fn who_is_unknown_is_left_alone_until_a_person_decides() {
    let (project, digest, post, before) = half_sent("lost:40%");
    let unknown = before.account.unknown;
    assert!(unknown > 0 && before.account.accepted > 0);
    let (said, account) = sent(&project, &post, &digest, &["--wait", "0s"]);
    assert_eq!((account, post.tally().connections), (before.account, 0));
    let hint = said.stderr.lines().find(|line| line.trim_start().starts_with("unknown")).unwrap();
    assert!(hint.contains(&unknown.to_string()), "{hint}");
    assert!(hint.contains("--retry-unknown") && hint.contains("--drop-unknown"), "{hint}");
    let both = send(&project, &post.url(), &digest, &["--retry-unknown", "--drop-unknown"]).end();
    assert_eq!(both.status, Some(2), "{both:#?}");
    assert_eq!(Books::read(&project).account, before.account);
}

#[test]
fn retry_unknown_sends_to_those_alone_whose_reply_never_came() {
    let (project, digest, post, before) = half_sent("lost:40%");
    let (said, account) = sent(&project, &post, &digest, &["--retry-unknown"]);
    assert_eq!(account, Account { planned: 30, accepted: 30, ..Account::default() });
    assert_eq!(post.recipients(), before.emails("unknown"));
    let due = format!("recipients  {} to be sent to now", before.account.unknown);
    assert!(said.stderr.contains(&due), "what is agreed to is not what is shown: {}", said.stderr);
}

#[test]
fn drop_unknown_gives_them_up_as_rejected_and_sends_nothing() {
    let (project, digest, post, before) = half_sent("lost:40%");
    let (_, account) = sent(&project, &post, &digest, &["--drop-unknown"]);
    let expected = Account { rejected: before.account.unknown, unknown: 0, ..before.account };
    assert_eq!((account, post.tally().connections), (expected, 0));
    let books = Books::read(&project);
    assert_eq!(books.emails("rejected"), before.emails("unknown"));
    assert!(books.people.iter().filter(|person| person.state == "rejected").all(|person| person.reason.is_some()));
    let (_, again) = sent(&project, &post, &digest, &["--retry-unknown"]);
    assert_eq!((again, post.tally().connections), (expected, 0), "a decision was taken back");
}

#[test]
fn who_is_unknown_and_left_the_list_is_skipped_when_the_unknown_are_tried_again() {
    let (project, digest, post, before) = half_sent("lost:40%");
    let unknown = before.emails("unknown");
    without(&project, &unknown[..1]);
    let (_, account) = sent(&project, &post, &digest, &["--retry-unknown"]);
    assert_eq!(post.recipients(), unknown[1..], "who left was mailed, or someone else was not");
    assert_eq!(account, Account { planned: 30, accepted: 29, skipped: 1, ..Account::default() });
    assert_eq!(Books::read(&project).emails("skipped"), unknown[..1]);
}

#[test]
fn what_is_shown_before_a_send_with_newcomers_counts_them_in() {
    let (project, digest) = newsletter(4);
    let post = Post::open("");
    sent(&project, &post, &digest, &[]);
    project.write(LIST, &list(7));
    let (said, _) = sent(&project, &post, &digest, &["--include-new"]);
    assert!(said.stderr.contains("recipients  3 to be sent to now"), "{}", said.stderr);
}

#[test]
fn rows_that_are_bad_or_double_stand_outside_the_plan_and_stop_nobody() {
    let (project, digest) = newsletter(4);
    let text = project.read(LIST);
    project.write(
        LIST,
        &format!("{text}not an address,,en,\nREADER0001@example.org,Again,en,\nzoe@example.org,Zoe,en,nonsense\n"),
    );
    let post = Post::open("");
    let (said, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 4, accepted: 4, ..Account::default() });
    assert!(said.stderr.contains("left out of the list"), "{}", said.stderr);
    assert_eq!(project.run(&["status", ISSUE]).status, Some(0));
}

//! Whom a run is for: those who failed, those in a file, those not in a file, or just so many. Everyone
//! else stays where they are in the account.

use bulletin::rehearsal::CatcherOptions;

use super::stage::{Account, Books, ISSUE, Post, list, newsletter, reader, send, sent};

const LIST: &str = "subscribers/subscribers.csv";

#[test]
fn who_was_refused_for_good_is_tried_again_on_request_and_no_one_else() {
    let (project, digest) = newsletter(30);
    let post = Post::open("552:30%,lost:10%");
    let (_, before) = sent(&project, &post, &digest, &[]);
    assert!(before.rejected > 2 && before.unknown > 0, "{before:?}");
    let rejected = Books::read(&project).emails("rejected");
    // Someone has left the list since, and is not written to any more.
    let without: Vec<_> = list(30).lines().filter(|line| !line.starts_with(&rejected[0])).map(str::to_owned).collect();
    project.write(LIST, &(without.join("\n") + "\n"));

    let post = post.reopen(CatcherOptions::default());
    let (said, account) = sent(&project, &post, &digest, &["--only-failed"]);
    let again = before.rejected - 1;
    assert!(said.stderr.contains(&format!("failed      {again} were refused for good")), "{}", said.stderr);
    assert!(said.stderr.contains(&format!("recipients  {again} to be sent to now")), "{}", said.stderr);
    let expected = Account { rejected: 1, accepted: before.accepted + again, ..before };
    assert_eq!((account, post.recipients()), (expected, rejected[1..].to_vec()));
    assert!(Books::read(&project).people.iter().any(|person| person.attempts == 2));
}

#[test]
fn who_expired_gets_all_their_retries_anew_when_they_are_tried_again() {
    let (project, digest) = newsletter(2);
    project.edit("bulletin.toml", "retry_pause = \"50ms\"", "retry_pause = \"10ms\"\nretry_times = 1");
    let post = Post::open("451:100%");
    let rejected = Account { planned: 2, rejected: 2, ..Account::default() };
    for attempts in [2, 4] {
        let (_, account) =
            sent(&project, &post, &digest, &["--wait", "30s", "--only-failed"][..if attempts == 2 { 2 } else { 3 }]);
        assert_eq!(account, rejected);
        assert!(Books::read(&project).people.iter().all(|person| person.attempts == attempts));
    }
}

#[test]
fn who_was_given_up_without_knowing_is_not_tried_again_with_those_who_failed() {
    let (project, digest) = newsletter(20);
    let post = Post::open("lost:40%");
    sent(&project, &post, &digest, &[]);
    let (_, dropped) = sent(&project, &post, &digest, &["--drop-unknown"]);
    assert!(dropped.rejected > 0);
    let (_, account) = sent(&project, &post, &digest, &["--only-failed"]);
    assert_eq!(account, dropped);
    post.recipients();
}

#[test]
fn nobody_failed_where_nothing_was_sent() {
    let (project, digest) = newsletter(2);
    let said = send(&project, "smtp://127.0.0.1:1", &digest, &["--only-failed"]).end();
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(said.stderr.contains("was never sent"), "{}", said.stderr);
}

#[test]
fn a_file_names_those_who_get_it_now_and_the_rest_stays_pending() {
    let (project, digest) = newsletter(10);
    project.write("first.txt", &format!("{}\nREADER0003@EXAMPLE.org\nstranger@example.net\n", reader(1)));
    let post = Post::open("");
    let (said, account) = sent(&project, &post, &digest, &["--to", "first.txt"]);
    assert_eq!(account, Account { planned: 10, accepted: 2, pending: 8, ..Account::default() });
    assert_eq!(post.recipients(), [reader(1), reader(3)]);
    assert!(said.stderr.contains("recipients  2 to be sent to now"), "{}", said.stderr);
    assert!(said.stderr.contains("1 in first.txt not in the plan: stranger@example.net"), "{}", said.stderr);

    project.write("not.csv", &format!("Name,E-mail\nFive,{}\n", reader(5)));
    let (_, account) = sent(&project, &post, &digest, &["--except", "not.csv"]);
    assert_eq!(account, Account { planned: 10, accepted: 9, pending: 1, ..Account::default() });
    assert_eq!(Books::read(&project).emails("pending"), [reader(5)]);
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 10, accepted: 10, ..Account::default() });
    post.recipients();
}

#[test]
fn a_decision_about_the_unknown_holds_for_those_alone_who_are_named() {
    let (project, digest) = newsletter(20);
    let post = Post::open("lost:40%");
    let (_, before) = sent(&project, &post, &digest, &[]);
    let unknown = Books::read(&project).emails("unknown");
    assert!(unknown.len() > 1);
    project.write("one.txt", &unknown[0]);
    let post = post.reopen(CatcherOptions::default());
    let (_, account) = sent(&project, &post, &digest, &["--retry-unknown", "--to", "one.txt"]);
    assert_eq!(account, Account { accepted: before.accepted + 1, unknown: before.unknown - 1, ..before });
    assert_eq!(post.recipients(), unknown[..1]);
}

#[test]
fn a_line_that_is_no_address_stops_the_send_before_anybody_is_chosen() {
    let (project, digest) = newsletter(3);
    project.write("not.txt", "reader0001@example.org\nreader0002\n");
    let post = Post::open("");
    let said = send(&project, &post.url(), &digest, &["--except", "not.txt"]).end();
    assert_eq!((said.status, post.tally().connections), (Some(2), 0), "{said:#?}");
    assert!(said.stderr.contains("not.txt") && said.stderr.contains("reader0002"), "{}", said.stderr);
}

#[test]
fn a_limit_is_one_of_attempts_and_the_next_run_goes_on_behind_it() {
    let (project, digest) = newsletter(10);
    let post = Post::open("");
    for accepted in [4, 8] {
        let (said, account) = sent(&project, &post, &digest, &["--limit", "4", "--connections", "3"]);
        assert_eq!(account, Account { planned: 10, accepted, pending: 10 - accepted, ..Account::default() });
        assert!(said.stderr.contains("recipients  4 to be sent to now"), "{}", said.stderr);
        assert!(said.stderr.contains("As many were tried as --limit says."), "{}", said.stderr);
    }
    let (said, account) = sent(&project, &post, &digest, &["--limit", "4"]);
    assert_eq!(account, Account { planned: 10, accepted: 10, ..Account::default() });
    assert!(!said.stderr.contains("As many were tried"), "{}", said.stderr);
    assert_eq!(post.recipients(), (0..10).map(reader).collect::<Vec<_>>());
    assert_eq!(project.run(&["status", ISSUE]).status, Some(0));
}

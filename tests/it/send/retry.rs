//! Those whom the relay does not take yet: tried again in the run, or in a later one, and only they.

use bulletin::rehearsal::CatcherOptions;

use super::stage::{Account, Books, ISSUE, Post, flat, newsletter, retry_later, send, sent};

#[test]
fn who_is_refused_for_now_is_tried_again_in_the_same_run_until_accepted() {
    let (project, digest) = newsletter(30);
    let post = Post::open("451:40%,452@body:20%");
    let (_, account) = sent(&project, &post, &digest, &["--wait", "30s", "--connections", "3"]);
    assert_eq!(account, Account { planned: 30, accepted: 30, ..Account::default() });
    let books = Books::read(&project);
    assert_eq!(post.recipients(), books.emails("accepted"));
    let refusals: u64 = post.tally().refused.values().sum();
    let attempts: u64 = books.people.iter().map(|person| person.attempts).sum();
    assert!(refusals > 0, "nobody was refused");
    assert_eq!(attempts, 30 + refusals, "each refusal and each acceptance is an attempt");
}

#[test]
fn who_is_still_deferred_when_waiting_ends_is_named_with_the_next_due_time_and_comes_first_next_time() {
    let (project, digest) = newsletter(30);
    retry_later(&project);
    let post = Post::open("451:40%");
    let (said, first) = sent(&project, &post, &digest, &["--wait", "0s"]);
    assert_eq!((first.status(), first.accepted + first.deferred), (1, 30), "{said:#?}");
    assert!(first.deferred > 0 && first.accepted > 0, "{first:?}");
    let due = said.stderr.lines().find_map(|line| line.strip_prefix("The next retry is due at "));
    let due = due.unwrap_or_else(|| panic!("no due time: {}", said.stderr));
    assert!(due.contains(" UTC; run the same command again then"), "{due}");
    let books = Books::read(&project);
    for person in books.people.iter().filter(|person| person.state == "deferred") {
        assert_eq!(person.reason.as_deref(), Some("451 4.7.1 greylisted, try again later (rehearsed)"));
    }
    let (deferred, accepted) = (books.emails("deferred"), post.recipients());
    assert_eq!(accepted, books.emails("accepted"));

    let post = post.reopen(CatcherOptions::default());
    let (_, second) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(second, Account { planned: 30, accepted: 30, ..Account::default() });
    assert_eq!(post.recipients(), deferred, "the second run is for those whom the first left");
}

#[test]
fn who_is_deferred_for_too_long_is_rejected_as_expired() {
    let (project, digest) = newsletter(10);
    project.edit("bulletin.toml", "retry_pause = \"50ms\"", "retry_pause = \"50ms\"\nretry_for = \"300ms\"");
    let post = Post::open("451:100%");
    let (said, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 10, rejected: 10, ..Account::default() }, "{said:#?}");
    for person in Books::read(&project).people {
        let reason = person.reason.unwrap();
        assert!(reason.starts_with("451 4.7.1 expired: "), "{reason}");
        assert!(person.attempts > 1, "given up at once");
    }
}

#[test]
fn a_retry_that_is_not_due_yet_is_not_hurried_by_running_again() {
    let (project, digest) = newsletter(10);
    project.edit("bulletin.toml", "retry_pause = \"50ms\"", "retry_pause = \"1h\"");
    let post = Post::open("451:100%");
    let (_, first) = sent(&project, &post, &digest, &["--wait", "0s"]);
    assert_eq!(first.deferred, 10);
    let tally = post.tally();
    let said = send(&project, &post.url(), &digest, &["--wait", "1s"]).end();
    assert_eq!((Account::of(&said), post.tally()), (first, tally), "{said:#?}");
    assert!(said.stderr.contains("The next retry is due at "), "{}", said.stderr);
    assert_eq!(project.run(&["status", ISSUE, "--json"]).status, Some(1));
}

#[test]
fn who_was_tried_often_enough_is_rejected_as_expired() {
    let (project, digest) = newsletter(4);
    project.edit("bulletin.toml", "retry_pause = \"50ms\"", "retry_pause = \"10ms\"\nretry_times = 2");
    let post = Post::open("451:100%");
    let (_, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 4, rejected: 4, ..Account::default() });
    for person in Books::read(&project).people {
        assert_eq!(person.attempts, 3);
        assert!(person.reason.unwrap().contains("expired: not accepted in 3 attempts: "));
    }
}

#[test]
fn a_relay_that_refuses_everyone_by_policy_is_told_apart_from_readers_who_do_not_exist() {
    let (project, digest) = newsletter(40);
    for chaos in ["554:100%", "553@mail:100%"] {
        let post = Post::open(chaos);
        let said = send(&project, &post.url(), &digest, &["--connections", "3", "--wait", "0s"]).end();
        assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
        assert!(flat(&said.stderr).contains("The relay refuses us, not the readers"), "{}", said.stderr);
        let refused: u64 = post.tally().refused.values().sum();
        assert!((10..=12).contains(&refused), "{refused} were tried: more than those in flight");
        let books = Books::read(&project);
        assert_eq!((books.account.rejected, books.account.deferred), (0, refused), "someone is lost: {chaos}");
        std::fs::remove_dir_all(project.path("state")).unwrap();
    }
    let post = Post::open("550:100%");
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 40, rejected: 40, ..Account::default() });
}

#[test]
fn after_the_relay_was_set_right_those_whom_it_refused_by_policy_get_their_mail() {
    let (project, digest) = newsletter(30);
    let post = Post::open("554:100%");
    assert_eq!(send(&project, &post.url(), &digest, &[]).end().status, Some(2));
    let post = post.reopen(CatcherOptions::default());
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 30, accepted: 30, ..Account::default() });
    assert_eq!(post.recipients().len(), 30);
}

#[test]
fn a_run_in_which_too_many_are_refused_ends_early_and_goes_on_when_told_to() {
    let (project, digest) = newsletter(100);
    project.edit("bulletin.toml", "max_failure_rate = \"100%\"", "max_failure_rate = \"10%\"");
    let post = Post::open("550:50%");
    let (said, account) = sent(&project, &post, &digest, &[]);
    assert!(account.pending > 70 && account.rejected > 2, "{account:?}");
    assert!(said.stderr.contains("were refused for good"), "{}", said.stderr);
    assert!(said.stderr.contains("--max-failure-rate 100%"), "{}", said.stderr);
    let (said, account) = sent(&project, &post, &digest, &["--max-failure-rate", "100%"]);
    assert_eq!((account.pending, account.accepted + account.rejected), (0, 100), "{said:#?}");
}

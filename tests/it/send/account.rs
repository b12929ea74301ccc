//! The closing account: it adds up whatever the relay does, it agrees with what the relay took, and the
//! exit status follows from it.

use std::io::Read as _;

use super::stage::{Account, Books, ISSUE, Post, Running, flat, newsletter, sent, within_patience};
use crate::project::{Project, repository};

/// Every misbehaviour that leaves the relay one that can be talked to.
const ALL_KINDS: &str = "451:5%,550:4%,421:2%,452@mail:3%,550@data:2%,451@body:3%,554@body:2%,drop@rcpt:2%,\
                         drop:2%,lost:2%,half:2%,half@mail:2%,slow=5ms:5%,421@connect:5%,drop@ehlo:3%";

fn rehearse(project: &Project, more: &[&str]) -> Account {
    let mut arguments = vec!["rehearse", ISSUE, "--json"];
    arguments.extend(more);
    Account::of(&Running::start(project.command(&arguments)).end())
}

/// How many messages the catcher of a rehearsal filed.
fn filed(project: &Project) -> u64 {
    let new = project.path(&format!("outbox/{ISSUE}/rehearsal/maildir/new"));
    std::fs::read_dir(new).unwrap().count() as u64
}

#[test]
fn a_rehearsal_among_all_kinds_of_chaos_has_an_account_that_adds_up() {
    let (project, _) = newsletter(80);
    for seed in ["1", "2", "3"] {
        let account =
            rehearse(&project, &["--chaos", ALL_KINDS, "--seed", seed, "--connections", "3", "--wait", "30s"]);
        assert_eq!((account.planned, account.pending, account.deferred), (80, 0, 0), "{account:?}");
        assert!(account.accepted > 40 && account.rejected > 0 && account.unknown > 0, "{account:?}");
        // A message whose reply never came may have been taken.
        assert!((account.accepted..=account.accepted + account.unknown).contains(&filed(&project)), "{account:?}");
    }
    assert!(!project.path("state").exists(), "a rehearsal wrote to state/");
}

#[test]
fn the_exit_status_is_1_iff_someone_was_not_reached() {
    type Expected = fn(Account) -> bool;
    // Account::of holds the status against the account; what each chaos leads to is held here.
    let outcomes: [(&str, &str, Expected); 6] = [
        ("451:30%", "30s", |account| account.accepted == 12),
        ("slow=5ms:100%", "30s", |account| account.accepted == 12),
        ("550:40%", "30s", |account| account.rejected > 0 && account.accepted + account.rejected == 12),
        ("lost:40%", "30s", |account| account.unknown > 0 && account.accepted + account.unknown == 12),
        ("451:100%", "0s", |account| account.deferred == 12),
        ("421@connect:100%", "0s", |account| account.pending == 12),
    ];
    let (project, _) = newsletter(12);
    for (chaos, wait, expected) in outcomes {
        let account = rehearse(&project, &["--chaos", chaos, "--wait", wait]);
        assert!(expected(account), "{chaos}: {account:?}");
    }
}

#[test]
fn a_calm_rehearsal_reaches_everyone_who_has_something_to_read_and_leaves_state_alone() {
    let (project, _) = newsletter(30);
    // Nothing in the issue is about the one topic that this reader asks for.
    project.edit("bulletin.toml", "[columns]", "jobs = { en = \"Jobs\", fr = \"Emplois\" }\n\n[columns]");
    let list = project.read("subscribers/subscribers.csv");
    project.write("subscribers/subscribers.csv", &format!("{list}jobs@example.org,Job,en,jobs\n"));
    for _ in 0..2 {
        let account = rehearse(&project, &[]);
        assert_eq!(account, Account { planned: 31, accepted: 30, skipped: 1, ..Account::default() });
        assert_eq!((account.status(), filed(&project)), (0, 30), "one file for each message");
    }
    assert!(!project.path("state").exists(), "a rehearsal wrote to state/");
    assert_eq!(project.run(&["status", ISSUE]).status, Some(2), "a rehearsal counted as a send");
}

#[test]
fn a_rehearsal_between_two_runs_of_a_send_changes_nothing_about_it() {
    let (project, digest) = newsletter(20);
    let post = Post::open("552:30%");
    let (_, before) = sent(&project, &post, &digest, &[]);
    let database = std::fs::read(project.path("state/bulletin.db")).unwrap();
    assert_eq!(rehearse(&project, &[]).accepted, 20);
    assert_eq!(std::fs::read(project.path("state/bulletin.db")).unwrap(), database);
    assert_eq!(Books::read(&project).account, before);
}

#[test]
fn run_again_after_its_end_a_send_sends_nothing_more_and_tells_the_same() {
    let (project, digest) = newsletter(40);
    let post = Post::open("");
    let (said, first) = sent(&project, &post, &digest, &[]);
    assert_eq!(first, Account { planned: 40, accepted: 40, ..Account::default() }, "{said:#?}");
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((json["issue"].as_str(), json["seconds"].is_f64()), (Some(ISSUE), true), "{json}");
    let tally = post.tally();
    assert!(tally.connections <= 2, "connections are not kept for the next message: {tally:?}");
    for _ in 0..2 {
        let (_, again) = sent(&project, &post, &digest, &[]);
        assert_eq!(again, first);
    }
    assert_eq!(post.tally(), tally, "the relay was bothered again");
    assert_eq!(post.recipients(), Books::read(&project).emails("accepted"));
}

#[test]
fn who_is_refused_for_good_stands_in_the_ledger_with_the_servers_words_and_is_left_alone() {
    let (project, digest) = newsletter(40);
    let post = Post::open("550:25%");
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!((account.status(), account.accepted + account.rejected), (1, 40));
    let tally = post.tally();
    assert!(account.rejected > 0 && account.rejected == tally.refused[&550], "{account:?}, {tally:?}");
    for person in Books::read(&project).people.iter().filter(|person| person.state == "rejected") {
        assert_eq!(person.reason.as_deref(), Some("550 5.1.1 no such mailbox (rehearsed)"));
        assert_eq!(person.attempts, 1);
    }
    let (_, again) = sent(&project, &post, &digest, &[]);
    assert_eq!((again, post.tally()), (account, tally), "they were tried again");
}

#[test]
fn the_sample_newsletter_reaches_its_whole_list_wherever_people_write_from() {
    let (project, digest) = newsletter(0);
    let sample = std::fs::read_to_string(repository().join("subscribers/subscribers.csv")).unwrap();
    project.write("subscribers/subscribers.csv", &format!("{sample}zoé@example.org,Zoé,fr,,,\n"));
    let post = Post::open("");
    let (_, account) = sent(&project, &post, &digest, &["--connections", "3"]);
    assert_eq!((account.accepted, account.status()), (sample.lines().count() as u64, 0), "{account:?}");
    let taken = post.recipients();
    for address in ["marie@xn--bcher-kva.example.org", "zoé@example.org", "sean+bulletin@example.net"] {
        assert!(taken.iter().any(|email| email == address), "{address} is not among {taken:?}");
    }
}

#[test]
fn a_second_rehearsal_of_an_issue_does_not_sweep_the_first_away_that_is_still_running() {
    let (project, _) = newsletter(3);
    let slow = ["rehearse", ISSUE, "--chaos", "slow=600s:100%", "--connections", "1", "--json"];
    let mut first = Running::start(project.command(&slow));
    let new = project.path(&format!("outbox/{ISSUE}/rehearsal/maildir/new"));
    let files = || std::fs::read_dir(&new).map_or(0, Iterator::count);
    within_patience("a message is filed", || (files() == 1).then_some(()));
    let second = Running::start(project.command(&["rehearse", ISSUE, "--json"])).end();
    assert!(first.is_alive());
    assert_eq!((second.status, files()), (Some(2), 1), "{second:#?}");
    assert!(flat(&second.stderr).contains("nother process"), "{}", second.stderr);
}

#[test]
fn a_reader_of_the_account_who_goes_away_is_no_crash() {
    let (project, digest) = newsletter(5);
    let post = Post::open("");
    let url = post.url();
    let send = ["send", ISSUE, "--approve", &digest, "--relay", &url, "--json"];
    let status = ["status", ISSUE, "--recipients", "--json"];
    for arguments in [&send[..], &status[..]] {
        // As in `bulletin status ... | head -1`, and sooner than head ever is.
        let (nobody, stdout) = std::io::pipe().unwrap();
        drop(nobody);
        let mut child = project.command(arguments);
        let mut child = child.stdout(stdout).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = child.wait().unwrap().code();
        assert!(code == Some(0) && !stderr.contains("panicked"), "{arguments:?} ended with {code:?}: {stderr}");
    }
    assert_eq!(Books::read(&project).account.accepted, 5);
}

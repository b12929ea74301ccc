//! The process of a send: one at a time for an issue, and it ends in good order when it is asked to.

use std::sync::atomic::{AtomicBool, Ordering};

use bulletin::ledger::Lock;
use bulletin::rehearsal::CatcherOptions;

use super::stage::{Account, Books, ISSUE, Post, newsletter, send, sent, within_patience};

#[test]
fn a_second_send_of_an_issue_refuses_and_its_status_counts_attempts_as_pending_while_the_first_runs() {
    let (project, digest) = newsletter(6);
    let post = Post::open("slow=600s:100%");
    let mut first = send(&project, &post.url(), &digest, &["--connections", "2"]);
    within_patience("two messages are in flight", || (post.tally().slowed == 2).then_some(()));

    let second = send(&project, &post.url(), &digest, &[]).end();
    assert_eq!((second.status, second.stdout.as_str()), (Some(2), ""), "{second:#?}");
    assert!(second.stderr.contains("Another process is sending 2015-11"), "{}", second.stderr);
    let status = project.run(&["status", ISSUE, "--recipients", "--json"]);
    assert_eq!(Account::of(&status), Account { planned: 6, pending: 6, ..Account::default() }, "{status:#?}");
    assert!(status.stderr.contains("being sent just now"), "{}", status.stderr);
    assert_eq!(Books::read(&project).emails("pending").len(), 6);
    assert_eq!(post.tally().connections, 2, "the second one came to the relay");

    assert!(first.is_alive());
    first.kill();
    // Without the process that made them, nobody can tell of the attempts.
    let books = Books::read(&project);
    assert_eq!(books.account, Account { planned: 6, unknown: 2, pending: 4, ..Account::default() });
    let attempts: Vec<_> = books.people.iter().map(|person| person.attempts).collect();
    assert_eq!(attempts, [1, 1, 0, 0, 0, 0]);

    let unknown = books.emails("unknown");
    let post = post.reopen(CatcherOptions::default());
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 6, accepted: 4, unknown: 2, ..Account::default() });
    assert!(post.recipients().iter().all(|email| !unknown.contains(email)), "an unknown one was tried again");
}

#[test]
fn one_issue_that_is_being_sent_keeps_no_other_and_no_rehearsal_waiting() {
    let (project, digest) = newsletter(3);
    for file in ["issue.toml", "en.md", "fr.md"] {
        project.write(&format!("issues/2015-12/{file}"), &project.read(&format!("issues/{ISSUE}/{file}")));
    }
    for image in ["assessment-tool.png", "consultation.png", "edmonton-report.png"] {
        std::fs::create_dir_all(project.path("issues/2015-12/images")).unwrap();
        let from = project.path(&format!("issues/{ISSUE}/images/{image}"));
        std::fs::copy(from, project.path(&format!("issues/2015-12/images/{image}"))).unwrap();
    }
    let slow = Post::open("slow=600s:100%");
    let _first = send(&project, &slow.url(), &digest, &["--connections", "1"]);
    within_patience("a message is in flight", || (slow.tally().slowed == 1).then_some(()));

    let post = Post::open("");
    let (other, url) = (project.digest("2015-12"), post.url());
    let said = project.run(&["send", "2015-12", "--approve", &other, "--relay", &url, "--json"]);
    assert_eq!(Account::of(&said), Account { planned: 3, accepted: 3, ..Account::default() });
    let said = project.run(&["rehearse", ISSUE, "--json"]);
    assert_eq!(Account::of(&said), Account { planned: 3, accepted: 3, ..Account::default() });
}

#[test]
fn asking_whether_a_send_is_alive_keeps_none_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("bulletin.db");
    let over = AtomicBool::new(false);
    let kept = std::thread::scope(|scope| {
        // What each `bulletin status` does, many times as often.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                std::hint::black_box(Lock::is_held(&database, ISSUE));
            }
        });
        let kept = (0..2_000).filter(|_| Lock::take(&database, ISSUE).is_err()).count();
        over.store(true, Ordering::Relaxed);
        kept
    });
    assert_eq!(kept, 0, "of 2000 sends so many were told that another process is sending");
}

#[cfg(unix)]
#[test]
fn the_first_term_signal_finishes_what_is_in_flight_and_a_rerun_does_the_rest() {
    let (project, digest) = newsletter(300);
    let post = Post::open("slow=100ms:20%");
    let mut run = send(&project, &post.url(), &digest, &["--rate", "60/s", "--connections", "3"]);
    within_patience("some messages arrive", || (post.count() >= 10).then_some(()));
    run.terminate();
    let said = run.end();
    let account = Account::of(&said);
    assert_eq!((account.planned, account.unknown, account.deferred), (300, 0, 0), "{said:#?}");
    assert!(account.pending > 0 && account.accepted >= 10, "{account:?}");
    assert_eq!(account.accepted, post.count(), "what was in flight was not finished");
    assert!(said.stderr.contains("Stopped. Run the same command again to continue."), "{}", said.stderr);
    assert_eq!(Books::read(&project).account, account);

    let (_, account) = sent(&project, &post, &digest, &["--connections", "3"]);
    assert_eq!(account, Account { planned: 300, accepted: 300, ..Account::default() });
    assert_eq!(post.recipients().len(), 300);
}

#[cfg(unix)]
#[test]
fn the_second_term_signal_breaks_off_and_what_was_in_flight_is_unknown() {
    let (project, digest) = newsletter(6);
    let post = Post::open("slow=600s:100%");
    let mut run = send(&project, &post.url(), &digest, &["--connections", "2"]);
    within_patience("two messages are in flight", || (post.tally().slowed == 2).then_some(()));
    // Two signals at the same time may arrive as one, so there are as many as it takes; with this relay
    // one alone would never end the run.
    within_patience("the program ends", || {
        run.terminate();
        (!run.is_alive()).then_some(())
    });
    let said = run.end();
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(said.stderr.contains("Finishing what is in flight"), "{}", said.stderr);
    let books = Books::read(&project);
    assert_eq!(books.account, Account { planned: 6, unknown: 2, pending: 4, ..Account::default() });
}

#[cfg(unix)]
#[test]
fn a_term_signal_ends_a_wait_for_retries_at_once() {
    let (project, digest) = newsletter(4);
    project.edit("bulletin.toml", "retry_pause = \"50ms\"", "retry_pause = \"1h\"");
    let post = Post::open("451:100%");
    let mut run = send(&project, &post.url(), &digest, &["--wait", "10h"]);
    within_patience("everyone was tried", || (post.tally().refused.get(&451) == Some(&4)).then_some(()));
    run.terminate();
    let account = Account::of(&run.end());
    assert_eq!(account, Account { planned: 4, deferred: 4, ..Account::default() });
}

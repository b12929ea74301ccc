//! The pace of a send: never faster than asked for. That it is not much slower is no matter of a test,
//! which may run on a busy machine.

use std::fmt::Write as _;
use std::time::Duration;

use bulletin::domain::clock::Clock;

use super::stage::{Account, ISSUE, Post, newsletter, send, sent, within_patience};

/// What a run said of how long it took.
fn seconds(stdout: &str) -> f64 {
    serde_json::from_str::<serde_json::Value>(stdout).unwrap()["seconds"].as_f64().unwrap()
}

#[test]
fn a_rate_holds_for_the_whole_run_whatever_the_connections() {
    let (project, digest) = newsletter(21);
    let post = Post::open("");
    let (said, account) = sent(&project, &post, &digest, &["--rate", "20/s", "--connections", "4"]);
    assert_eq!(account, Account { planned: 21, accepted: 21, ..Account::default() });
    assert!(seconds(&said.stdout) >= 1.0, "20 intervals of 50 ms: {}", said.stdout);
}

#[test]
fn batches_have_their_pauses_unless_there_is_to_be_no_throttle_of_any_kind() {
    for (more, paused) in [(&[][..], true), (&["--rate", "max"], false)] {
        let (project, digest) = newsletter(9);
        project.edit("bulletin.toml", "rate = \"max\"", "rate = \"1000/s\"\nbatch = 4\npause = \"20s\"");
        let post = Post::open("");
        if paused {
            project.edit("bulletin.toml", "pause = \"20s\"", "pause = \"400ms\"");
        }
        let (said, account) = sent(&project, &post, &digest, more);
        assert_eq!(account.accepted, 9);
        let seconds = seconds(&said.stdout);
        assert!(if paused { seconds >= 0.8 } else { seconds < 20.0 }, "{seconds} for two pauses");
        assert_eq!(project.run(&["status", ISSUE]).status, Some(0));
    }
}

#[test]
fn a_receiving_domain_has_its_own_rate_and_keeps_no_other_waiting() {
    let (project, digest) = newsletter(0);
    let own = "\n[[throttle.domain]]\nname = \"googlemail.com\"\nrate = \"10/s\"\n";
    project.edit("bulletin.toml", "max_failure_rate = \"100%\"\n", own);
    let mut list = "email,name,language,topics\n".to_owned();
    for number in 0..6 {
        writeln!(list, "a{number}@gmail.com,,en,\na{number}@googlemail.com,,en,\na{number}@example.org,,en,").unwrap();
    }
    project.write("subscribers/subscribers.csv", &list);
    let post = Post::open("");
    let (said, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account.accepted, 18);
    assert!(seconds(&said.stdout) >= 1.1, "11 intervals of 100 ms, counted together: {}", said.stdout);
    // In the order of the list, the last one would be one of the others.
    let end = post.taken_in_order().pop().unwrap();
    assert!(!end.ends_with("@example.org"), "{end} waited for another domain");
}

#[test]
fn a_relay_that_asks_for_patience_gets_it_and_everyone_gets_their_mail() {
    let (project, digest) = newsletter(12);
    project.edit("bulletin.toml", "adaptive = false", "per_domain = { rate = \"100/s\" }");
    let post = Post::open("451:30%");
    let (said, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 12, accepted: 12, ..Account::default() });
    assert!(said.stderr.contains("Going slower, as example.org asks"), "{}", said.stderr);
}

#[test]
fn a_send_with_an_appointment_is_agreed_to_now_and_begins_then() {
    let (project, digest) = newsletter(3);
    let post = Post::open("");
    let at = Clock::system().now() + Duration::from_secs(3);
    let (said, account) = sent(&project, &post, &digest, &["--at", &at.to_string()]);
    assert_eq!(account, Account { planned: 3, accepted: 3, ..Account::default() });
    assert!(Clock::system().now() >= at);
    assert!(said.stderr.contains("Everything is ready. Waiting until "), "{}", said.stderr);
    // Run again, it continues: a time that is over is no obstacle.
    let (_, again) = sent(&project, &post, &digest, &["--at", &at.to_string()]);
    assert_eq!(again, account);
}

#[cfg(unix)]
#[test]
fn a_term_signal_before_the_time_of_a_send_ends_it_with_nothing_sent() {
    let (project, digest) = newsletter(3);
    let post = Post::open("");
    let mut run = send(&project, &post.url(), &digest, &["--at", "2999-01-01T00:00:00Z"]);
    within_patience("the relay is tried", || (post.tally().connections == 1).then_some(()));
    run.terminate();
    let said = run.end();
    assert_eq!((said.status, post.count()), (Some(2), 0), "{said:#?}");
    assert!(said.stderr.contains("nothing was sent"), "{}", said.stderr);
    assert_eq!(project.run(&["status", ISSUE]).status, Some(2), "a plan was made");
}

#[test]
fn a_time_without_a_zone_is_not_guessed_at() {
    let (project, digest) = newsletter(3);
    let said = send(&project, "smtp://127.0.0.1:1", &digest, &["--at", "2999-01-01 09:00"]).end();
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(said.stderr.contains("time_zone"), "{}", said.stderr);
}

#[cfg(unix)]
#[test]
fn outside_of_the_window_of_the_day_a_send_waits_and_says_so_unless_there_is_to_be_no_throttle() {
    let (project, digest) = newsletter(3);
    // A window of one minute that is twelve hours away.
    let there = Clock::system().now() + Duration::from_hours(12);
    let minute = there.strftime("%H:%M").to_string();
    let next = (there + Duration::from_mins(1)).strftime("%H:%M").to_string();
    let window = format!("adaptive = false\nwindow_of_day = \"{minute}-{next}\"\ntime_zone = \"UTC\"");
    project.edit("bulletin.toml", "adaptive = false", &window);
    let post = Post::open("");
    let mut run = send(&project, &post.url(), &digest, &[]);
    let heard = run.hear("Outside the sending window: waiting until ");
    run.terminate();
    let said = run.end();
    assert_eq!(Account::of(&said), Account { planned: 3, pending: 3, ..Account::default() }, "{said:#?}");
    assert!(heard.contains(&format!("  window      {minute} to {next}, UTC")), "{heard}");
    assert_eq!(post.tally().connections, 0);
    let (_, account) = sent(&project, &post, &digest, &["--rate", "max"]);
    assert_eq!(account.accepted, 3);
}

#[test]
fn a_connection_is_given_up_after_as_many_messages_as_are_configured() {
    let (project, digest) = newsletter(10);
    project.edit("bulletin.toml", "adaptive = false", "adaptive = false\nmessages_per_connection = 4");
    let post = Post::open("");
    let (_, account) = sent(&project, &post, &digest, &["--connections", "1"]);
    assert_eq!((account.accepted, post.tally().connections), (10, 3));
}

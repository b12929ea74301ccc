//! The pace of a send: never faster than asked for. That it is not much slower is no matter of a test,
//! which may run on a busy machine.

use super::stage::{Account, ISSUE, Post, newsletter, sent};

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

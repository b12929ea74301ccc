//! What the check finds stands between a send and its agreement: errors stop it, unless someone says otherwise.

use super::stage::{ISSUE, Post, flat, newsletter, send, sent};

/// A newsletter whose issue has words that were to be replaced.
fn unfinished() -> (crate::project::Project, String) {
    let (project, _) = newsletter(4);
    project.edit("issues/2015-11/en.md", "Edmonton has a community plan", "TODO has a community plan");
    let digest = project.digest(ISSUE);
    (project, digest)
}

#[test]
fn an_error_stops_the_send_before_a_byte_leaves_and_is_told_in_full() {
    let (project, digest) = unfinished();
    let post = Post::open("");
    let said = send(&project, &post.url(), &digest, &[]).end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    let words = flat(&said.stderr);
    for part in [
        "findings 1 error, 2 warnings; `bulletin check 2015-11` tells them",
        "`TODO` was to be replaced",
        "issues/2015-11/en.md:",
        "Nothing was sent: the check has found 1 error",
        "--despite-findings",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(!words.contains("palermo-protocol"), "warnings are counted only: {words}");
    assert_eq!(post.tally().connections, 0);
    assert_eq!(project.run(&["status", ISSUE]).status, Some(2), "a plan was made");
}

#[test]
fn whoever_says_so_sends_despite_it() {
    let (project, digest) = unfinished();
    let post = Post::open("");
    let (said, account) = sent(&project, &post, &digest, &["--despite-findings"]);
    assert_eq!(account.accepted, 4, "{said:#?}");
    assert!(flat(&said.stderr).contains("findings 1 error, 2 warnings;"), "{said:#?}");
    // Nobody is left, so nothing is looked at again.
    let (said, _) = sent(&project, &post, &digest, &[]);
    assert!(!said.stderr.contains("findings"), "{said:#?}");
}

#[test]
fn a_rule_that_weighs_less_stops_nothing_and_neither_do_warnings_nor_bad_rows() {
    let (project, digest) = unfinished();
    let toml = project.read("bulletin.toml");
    project.write("bulletin.toml", &format!("{toml}\n[check]\nplaceholder = \"warning\"\n"));
    let list = project.read("subscribers/subscribers.csv");
    project.write("subscribers/subscribers.csv", &format!("{list}nobody,Nobody,en,\n"));
    let post = Post::open("");
    let (said, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account.accepted, 4, "{said:#?}");
    assert!(flat(&said.stderr).contains("findings 3 warnings; `bulletin check 2015-11` tells them"), "{said:#?}");
}

#[test]
fn a_rehearsal_counts_what_was_found_and_goes_on() {
    let (project, _) = unfinished();
    let said = project.run(&["rehearse", ISSUE]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(
        flat(&said.stderr).contains("findings 1 error, 2 warnings; `bulletin check 2015-11` tells them"),
        "{said:#?}"
    );
}

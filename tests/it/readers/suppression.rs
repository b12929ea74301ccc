//! Suppressed by hand: skipped with the reason, whatever the list says, until someone undoes it.

use crate::project::Project;
use crate::send::stage::{Account, Books, ISSUE, Post, list, newsletter, reader, retry_later, sent};

fn suppress(project: &Project, more: &[&str]) {
    let said = project.run(&[&["subscribers", "suppress"], more].concat());
    assert_eq!(said.status, Some(0), "{said:#?}");
}

fn reason(project: &Project, email: &str) -> String {
    let books = Books::read(project);
    let person = books.people.iter().find(|person| person.email == email).unwrap();
    assert_eq!(person.state, "skipped");
    person.reason.clone().unwrap()
}

#[test]
fn a_suppressed_person_is_skipped_with_the_reason_in_preview_rehearsal_and_send() {
    let (project, digest) = newsletter(5);
    suppress(&project, &["READER0002@Example.org", "--because", "asked by telephone"]);

    let manifest = project.json(&["preview", ISSUE, "--json"], 0);
    assert_eq!(manifest["recipients"], 4);
    assert_eq!(manifest["skipped"][0]["email"], "r***@example.org");
    assert!(manifest["skipped"][0]["reason"].as_str().unwrap().starts_with("suppressed: suppressed by hand on 20"));
    assert_eq!(manifest["digest"].as_str(), Some(digest.as_str()), "who the readers are is not what is approved");

    let rehearsed = project.json(&["rehearse", ISSUE, "--json"], 0);
    assert_eq!((&rehearsed["accepted"], &rehearsed["skipped"]), (&4.into(), &1.into()));

    let post = Post::open("");
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 5, accepted: 4, skipped: 1, ..Account::default() });
    assert!(!post.recipients().contains(&reader(2)));
    assert!(reason(&project, &reader(2)).starts_with("suppressed: "));
}

#[test]
fn who_is_suppressed_after_the_plan_was_made_is_skipped_and_comes_back_when_it_is_undone() {
    let (project, digest) = newsletter(30);
    retry_later(&project);
    let post = Post::open("451:40%");
    sent(&project, &post, &digest, &["--wait", "0s"]);
    let deferred = Books::read(&project).emails("deferred");
    suppress(&project, &[&deferred[0], "--cause", "unsubscribed"]);

    let post = post.reopen(bulletin::rehearsal::CatcherOptions::default());
    let (said, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert!(said.stderr.contains("suppressed  1 of the plan"), "{}", said.stderr);
    assert_eq!((account.skipped, account.accepted), (1, 29));
    assert!(reason(&project, &deferred[0]).starts_with("suppressed: unsubscribed by hand on 20"));

    let said = project.run(&["subscribers", "unsuppress", &deferred[0], "--because", "a mistake of mine"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let (_, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 30, accepted: 30, ..Account::default() });
}

#[test]
fn a_list_that_is_replaced_revives_nobody() {
    let (project, digest) = newsletter(3);
    suppress(&project, &[&reader(1)]);
    project.write("subscribers/subscribers.csv", &list(3).replace("reader0001@", "Reader0001@"));
    let post = Post::open("");
    sent(&project, &post, &digest, &[]);
    assert_eq!(post.recipients(), [reader(0), reader(2)]);
}

#[test]
fn to_undo_a_suppression_takes_a_reason() {
    let (project, _) = newsletter(1);
    suppress(&project, &[&reader(0), "--because", "moved away"]);
    let said = project.run(&["subscribers", "unsuppress", &reader(0)]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("needs a reason"), "{}", said.stderr);
    let shown = project.json(&["subscribers", "show", &reader(0), "--json"], 0);
    assert!(shown["suppressed"].as_str().unwrap().starts_with("suppressed by hand"), "{shown}");
}

#[test]
fn show_tells_the_row_the_history_and_every_issue() {
    let (project, digest) = newsletter(2);
    sent(&project, &Post::open(""), &digest, &[]);
    suppress(&project, &[&reader(1), "--because", "asked by telephone"]);
    project.run(&["subscribers", "unsuppress", &reader(1), "--because", "asked to get it again"]);
    let shown = project.json(&["subscribers", "show", &reader(1), "--json"], 0);
    assert_eq!(shown["listed"]["line"], 3);
    assert_eq!(shown["suppressed"], serde_json::Value::Null);
    let history: Vec<_> = shown["history"].as_array().unwrap().iter().map(|event| &event["note"]).collect();
    assert_eq!(history, ["asked by telephone", "asked to get it again"]);
    assert_eq!((&shown["issues"][0]["issue"], &shown["issues"][0]["state"]), (&ISSUE.into(), &"accepted".into()));

    let told = project.run(&["subscribers", "show", &reader(1)]).stdout;
    assert!(told.contains("in line 3 of the list"), "{told}");
    assert!(told.contains("restored by hand: asked to get it again"), "{told}");
    let unknown = project.run(&["subscribers", "show", "nobody@example.org"]);
    assert!(unknown.stdout.contains("no row with this address"), "{unknown:#?}");
}

#[test]
fn a_check_of_the_list_names_the_suppressed_with_the_reason() {
    let (project, _) = newsletter(3);
    suppress(&project, &[&reader(1), "--cause", "unsubscribed"]);
    let checked = project.json(&["subscribers", "check", "--json"], 0);
    assert_eq!((&checked["rows"], &checked["usable"]), (&3.into(), &2.into()));
    let findings = checked["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["code"] == "suppressed").unwrap();
    assert_eq!((&found["line"], &found["column"]), (&3.into(), &"email".into()));
    assert!(found["message"].as_str().unwrap().contains("unsubscribed by hand on 20"), "{found}");
}

//! A ledger that can't be written: nothing leaves that it does not know of.

use rusqlite::Connection;

use super::stage::{Account, Books, ISSUE, Post, flat, newsletter, retry_later, send, sent};
use crate::project::Project;

const DATABASE: &str = "state/bulletin.db";

/// A send that could not: its words name `file`, and the relay saw nothing of it.
fn refuses(project: &Project, digest: &str, file: &str) {
    let post = Post::open("");
    let said = send(project, &post.url(), digest, &[]).end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    // Long names are broken into lines wherever there is no more room.
    let words = flat(&said.stderr).replace(' ', "");
    assert!(words.contains(file), "{file} is not named: {}", said.stderr);
    assert_eq!(post.tally().connections, 0, "the relay was called before the ledger was open");
}

/// From now on the ledger refuses to note `kind`.
fn break_ledger(project: &Project, kind: &str) {
    let database = Connection::open(project.path(DATABASE)).unwrap();
    let trigger = format!(
        "CREATE TRIGGER broken BEFORE INSERT ON delivery_event WHEN NEW.kind = '{kind}'
         BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    );
    database.execute_batch(&trigger).unwrap();
}

fn mend_ledger(project: &Project) {
    Connection::open(project.path(DATABASE)).unwrap().execute_batch("DROP TRIGGER broken").unwrap();
}

#[test]
fn a_file_where_the_folder_of_the_ledger_should_be_stops_the_send_before_a_byte_leaves() {
    let (project, digest) = newsletter(3);
    project.write("state", "");
    refuses(&project, &digest, "state");
    assert_eq!(project.read("state"), "", "the file was overwritten");
}

#[test]
fn a_ledger_that_is_no_database_stops_the_send_and_is_left_as_it_is() {
    let (project, digest) = newsletter(3);
    for garbage in ["short", &"not a database, though long enough to be one\n".repeat(200)] {
        project.write(DATABASE, garbage);
        refuses(&project, &digest, "bulletin.db");
        assert_eq!(project.read(DATABASE), garbage, "the file was overwritten");
        assert_eq!(project.run(&["status", ISSUE]).status, Some(2));
    }
}

#[test]
fn a_ledger_of_a_newer_version_stops_the_send_and_is_left_as_it_is() {
    let (project, digest) = newsletter(3);
    std::fs::create_dir(project.path("state")).unwrap();
    Connection::open(project.path(DATABASE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refuses(&project, &digest, "bulletin.db");
    let database = Connection::open(project.path(DATABASE)).unwrap();
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_ledger_that_refuses_an_attempt_lets_no_message_leave() {
    let (project, digest) = newsletter(10);
    retry_later(&project);
    let post = Post::open("451:100%");
    sent(&project, &post, &digest, &["--wait", "0s"]);
    let before = Books::read(&project).account;
    assert_eq!(before.deferred, 10);

    break_ledger(&project, "attempt");
    let refused = post.tally().refused;
    let said = send(&project, &post.url(), &digest, &["--wait", "30s", "--connections", "3"]).end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    assert!(flat(&said.stderr).contains("the disk is full"), "{}", said.stderr);
    assert_eq!((post.count(), post.tally().refused), (0, refused), "someone was attempted off the books");
    assert_eq!(Books::read(&project).account, before);
}

#[test]
fn a_ledger_that_refuses_an_outcome_ends_the_run_and_who_was_in_flight_is_unknown() {
    let (project, digest) = newsletter(30);
    // The plan is made while the relay is away.
    let post = Post::open("421@connect:100%");
    sent(&project, &post, &digest, &["--wait", "0s"]);
    break_ledger(&project, "accepted");
    let post = post.reopen(bulletin::rehearsal::CatcherOptions::default());
    let said = send(&project, &post.url(), &digest, &["--connections", "3"]).end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    assert!(flat(&said.stderr).contains("the disk is full"), "{}", said.stderr);
    let (books, taken) = (Books::read(&project), post.recipients());
    assert!((1..=3).contains(&taken.len()), "{} messages left after the first refusal", taken.len());
    let account = books.account;
    assert_eq!((account.accepted, account.unknown + account.pending), (0, 30), "{account:?}");
    let unknown = books.emails("unknown");
    assert!(unknown.len() <= 3 && taken.iter().all(|email| unknown.contains(email)), "{taken:?}, {unknown:?}");

    mend_ledger(&project);
    let (_, account) = sent(&project, &post, &digest, &[]);
    let expected = Account {
        planned: 30,
        accepted: 30 - unknown.len() as u64,
        unknown: unknown.len() as u64,
        ..Account::default()
    };
    assert_eq!(account, expected);
    // That nobody was mailed twice is asserted in here.
    post.recipients();
}

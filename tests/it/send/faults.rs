//! A ledger that can't be written: nothing leaves that it does not know of.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use super::stage::{Account, Books, ISSUE, Post, flat, newsletter, retry_later, send, sent, within_patience};
use crate::project::{Project, skipped};

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

#[test]
fn a_damaged_ledger_stops_the_send_before_a_byte_leaves_and_is_not_replaced_by_an_empty_one() {
    let (project, digest) = newsletter(200);
    let post = Post::open("451:100%");
    sent(&project, &post, &digest, &["--wait", "0s"]);
    let mut pages = std::fs::read(project.path(DATABASE)).unwrap();
    pages[4096..].fill(0xa5);
    std::fs::write(project.path(DATABASE), &pages).unwrap();
    let post = post.reopen(bulletin::rehearsal::CatcherOptions::default());
    let said = send(&project, &post.url(), &digest, &[]).end();
    assert_eq!((said.status, post.tally().connections), (Some(2), 0), "{said:#?}");
    assert!(flat(&said.stderr).contains("from a backup"), "{}", said.stderr);
    assert_eq!(std::fs::read(project.path(DATABASE)).unwrap(), pages);
}

/// A small disk in place of a newsletter's `state/`; gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None, with a word about it, where this machine does not let us.
    fn mount(project: &Project) -> Option<Self> {
        let folder = project.path("state");
        std::fs::create_dir_all(&folder).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder.to_str().unwrap()]);
        if !mounted {
            return skipped("a small disk can only be made by root on Linux");
        }
        Some(Self(folder))
    }

    /// Writes until there is no room for another byte.
    fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }

    fn remount(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}"), self.0.to_str().unwrap()]), "remount,{how}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Nothing else can be done about it here.
        let _ = Command::new("umount").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn mount(arguments: &[&str]) -> bool {
    let status = Command::new("mount").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn a_disk_that_is_full_stops_the_send_before_a_byte_leaves_and_says_what_to_do() {
    let (project, digest) = newsletter(20);
    let Some(disk) = SmallDisk::mount(&project) else { return };
    disk.fill();
    let post = Post::open("");
    let said = send(&project, &post.url(), &digest, &[]).end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    assert!(flat(&said.stderr).contains("make room on the disk"), "{}", said.stderr);
    assert_eq!(post.tally().connections, 0);
    disk.empty();
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 20, accepted: 20, ..Account::default() });
}

#[test]
fn a_disk_that_becomes_full_in_mid_send_ends_it_and_nobody_is_lost_or_mailed_twice() {
    let (project, digest) = newsletter(300);
    let Some(disk) = SmallDisk::mount(&project) else { return };
    let post = Post::open("");
    let run = send(&project, &post.url(), &digest, &["--rate", "100/s", "--connections", "3"]);
    within_patience("some messages arrive", || (post.count() >= 5).then_some(()));
    disk.fill();
    let said = run.end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    let words = flat(&said.stderr);
    assert!(words.contains("full") && words.contains("make room on the disk"), "{}", said.stderr);

    disk.empty();
    let (_, account) = sent(&project, &post, &digest, &["--connections", "3"]);
    assert!(account.unknown <= 3, "more are unknown than were in flight: {account:?}");
    assert_eq!(account, Account { planned: 300, accepted: 300 - account.unknown, unknown: account.unknown, ..account });
    let books = Books::read(&project);
    let (taken, unknown) = (post.recipients(), books.emails("unknown"));
    assert!(books.emails("accepted").iter().all(|email| taken.contains(email)), "accepted, and never sent");
    assert!(taken.len() + unknown.len() >= 300, "someone was lost");
}

#[test]
fn a_disk_that_can_only_be_read_stops_the_send_before_a_byte_leaves() {
    let (project, digest) = newsletter(10);
    let Some(disk) = SmallDisk::mount(&project) else { return };
    let post = Post::open("451:100%");
    sent(&project, &post, &digest, &["--wait", "0s"]);
    disk.remount("ro");
    let post = post.reopen(bulletin::rehearsal::CatcherOptions::default());
    let said = send(&project, &post.url(), &digest, &[]).end();
    assert_eq!((said.status, post.tally().connections), (Some(2), 0), "{said:#?}");
    assert!(flat(&said.stderr).contains("permissions"), "{}", said.stderr);
    disk.remount("rw");
    let (_, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 10, accepted: 10, ..Account::default() });
}

//! What a send leaves in writing: each outcome with where it came from, and tables for a spreadsheet.

use bulletin::rehearsal::CatcherOptions;

use super::stage::{Account, Books, ISSUE, Post, newsletter, retry_later, sent};
use crate::project::Project;

/// The rows of a table, cell by cell, below its headers.
fn rows(project: &Project, name: &str) -> Vec<Vec<String>> {
    let text = project.read(&format!("outbox/{ISSUE}/{name}"));
    // It tells a spreadsheet that this is UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(text.as_bytes());
    let headers: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        headers.join(","),
        "time (UTC),email,language,outcome,reason,code,enhanced,text,remote,queue id,attempts"
    );
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn each_outcome_is_kept_with_server_codes_words_and_queue_id() {
    let (project, digest) = newsletter(20);
    let post = Post::open("550:30%");
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert!(account.accepted > 0 && account.rejected > 0, "{account:?}");
    let said = project.run(&["status", ISSUE, "--recipients", "--json"]);
    for line in said.stdout.lines().skip(1) {
        let person: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(person["remote"], post.address().to_string(), "{line}");
        assert!(person["at"].as_str().unwrap().ends_with('Z'), "{line}");
        if person["state"] == "accepted" {
            assert_eq!((&person["code"], &person["refusal"]), (&250.into(), &serde_json::Value::Null), "{line}");
            assert!(person["queue_id"].as_str().unwrap().starts_with("r0000"), "{line}");
            assert_eq!(person["stage"], "content");
        } else {
            let words = [&person["refusal"], &person["enhanced"], &person["text"], &person["stage"]];
            assert_eq!(words, ["user-unknown", "5.1.1", "no such mailbox (rehearsed)", "rcpt"], "{line}");
        }
    }
    let table = project.run(&["status", ISSUE, "--recipients"]).stdout;
    assert!(table.contains("  user-unknown: 550 5.1.1 no such mailbox"), "{table}");
}

#[test]
fn a_send_leaves_a_table_of_everyone_and_one_of_those_who_were_refused() {
    let (project, digest) = newsletter(12);
    retry_later(&project);
    let post = Post::open("552:30%,451:20%");
    let (_, account) = sent(&project, &post, &digest, &["--wait", "0s", "--limit", "9"]);
    let deliveries = rows(&project, "deliveries.csv");
    let count = |state: &str| deliveries.iter().filter(|row| row[3] == state).count() as u64;
    assert_eq!(
        (count("accepted"), count("rejected"), count("deferred"), count("pending")),
        (account.accepted, account.rejected, account.deferred, account.pending)
    );
    assert_eq!(deliveries.len() as u64, account.planned);
    assert_eq!((deliveries[0][2].as_str(), deliveries[1][2].as_str()), ("en", "fr"));
    let bounces = rows(&project, "bounces.csv");
    assert_eq!(bounces.len() as u64, account.rejected);
    assert!(bounces.iter().all(|row| row[4] == "mailbox-full" && row[5] == "552" && row[10] == "1"), "{bounces:?}");

    // The next run writes both anew, and a table of refusals names whom to try again.
    let post = post.reopen(CatcherOptions::default());
    let failed_table = format!("outbox/{ISSUE}/bounces.csv");
    let (_, after) = sent(&project, &post, &digest, &["--only-failed", "--to", &failed_table]);
    assert_eq!(after.rejected, 0);
    assert_eq!(post.count(), account.rejected);
    assert!(rows(&project, "bounces.csv").is_empty());
}

#[test]
fn what_stands_in_a_table_is_never_run_as_a_formula() {
    let (project, digest) = newsletter(0);
    project.write("subscribers/subscribers.csv", "email,name,language,topics\n+1-2@example.org,=1+1,en,\n");
    let post = Post::open("");
    let (_, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account, Account { planned: 1, accepted: 1, ..Account::default() });
    assert_eq!(rows(&project, "deliveries.csv")[0][1], "'+1-2@example.org");
}

#[test]
fn the_tables_can_be_written_again_from_the_ledger() {
    let (project, digest) = newsletter(3);
    let post = Post::open("");
    sent(&project, &post, &digest, &[]);
    let before = project.read(&format!("outbox/{ISSUE}/deliveries.csv"));
    std::fs::remove_dir_all(project.path("outbox")).unwrap();
    let said = project.run(&["status", ISSUE, "--csv"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stderr.contains("deliveries.csv"), "{}", said.stderr);
    assert_eq!(project.read(&format!("outbox/{ISSUE}/deliveries.csv")), before);
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_the_tables() {
    use std::os::unix::fs::PermissionsExt as _;
    let (project, digest) = newsletter(2);
    let post = Post::open("");
    // A table that someone made readable for others is replaced, not written over.
    project.write(&format!("outbox/{ISSUE}/bounces.csv"), "old");
    sent(&project, &post, &digest, &[]);
    for name in ["deliveries.csv", "bounces.csv"] {
        let path = project.path(&format!("outbox/{ISSUE}/{name}"));
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_table_that_cannot_be_written_changes_nothing_about_the_send() {
    let (project, digest) = newsletter(2);
    std::fs::create_dir_all(project.path(&format!("outbox/{ISSUE}/deliveries.csv.new"))).unwrap();
    let post = Post::open("");
    let (said, account) = sent(&project, &post, &digest, &[]);
    assert_eq!(account.accepted, 2);
    assert!(said.stderr.contains("warning: the tables in "), "{}", said.stderr);
    assert_eq!(Books::read(&project).account, account);
}

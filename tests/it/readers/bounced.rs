//! Mail that comes back: who is suppressed for it, who is only counted, and who never is.

use std::fs;

use bulletin::domain::token::{Purpose, TokenKey};
use bulletin::domain::{EmailAddress, IssueId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::project::{Project, SECRET};
use crate::send::stage::{Account, Books, ISSUE, Post, newsletter, reader, sent};

/// A token of this newsletter, or of one with another key.
fn token(secret: &str, purpose: Purpose, issue: &str, email: &str) -> String {
    let email: EmailAddress = email.parse().unwrap();
    let issue: IssueId = issue.parse().unwrap();
    TokenKey::new(secret.as_bytes()).token(purpose, Some(&issue), &email)
}

fn return_path(issue: &str, email: &str) -> String {
    format!("bounces+{}@example.org", token(SECRET, Purpose::Bounce, issue, email))
}

/// What a mail server reports about `recipient`, sent to `to`.
fn report(to: &str, recipient: &str, status: &str, said: &str, date: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: <{to}>\nDate: {date}\nSubject: Undelivered\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nYour mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n\
         Diagnostic-Code: smtp; {said}\n\n--b--\n"
    )
}

const MARCH: &str = "Tue, 3 Mar 2026 10:00:00 +0000";
const NO_USER: &str = "550 5.1.1 no such user";
const FULL: &str = "552 5.2.2 the mailbox is full";

fn hard(issue: &str, email: &str) -> String {
    report(&return_path(issue, email), email, "5.1.1", NO_USER, MARCH)
}

fn full(issue: &str, email: &str, date: &str) -> String {
    report(&return_path(issue, email), email, "5.2.2", FULL, date)
}

/// A newsletter whose mailbox holds these mails, and that had some issues before.
fn with_mails(readers: usize, mails: &[String]) -> Project {
    let (project, _) = newsletter(readers);
    for issue in ["2026-01", "2026-02", "2026-03"] {
        fs::create_dir_all(project.path(&format!("issues/{issue}"))).unwrap();
    }
    fill(&project, mails);
    project
}

fn fill(project: &Project, mails: &[String]) {
    for (number, mail) in mails.iter().enumerate() {
        project.write(&format!("returned/{number:03}.eml"), mail);
    }
}

fn collect(project: &Project) -> Value {
    project.json(&["bounces", "collect", "returned", "--json"], 0)
}

fn emails(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap_or("?")).collect()
}

fn suppression(project: &Project, email: &str) -> Value {
    project.json(&["subscribers", "show", email, "--json"], 0)["suppressed"].clone()
}

#[test]
fn whose_address_does_not_exist_is_suppressed_at_once_and_skipped_with_the_reason() {
    let project = with_mails(3, &[hard(ISSUE, &reader(1))]);
    let said = project.run(&["bounces", "collect", "returned"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let line = "reader0001@example.org bounced on 2026-03-03  user-unknown 5.1.1, issue 2015-11";
    assert!(said.stdout.contains(line), "{}", said.stdout);
    let post = Post::open("");
    let (_, account) = sent(&project, &post, &project.digest(ISSUE), &[]);
    assert_eq!(account, Account { planned: 3, accepted: 2, skipped: 1, ..Account::default() });
    let books = Books::read(&project);
    let skipped = books.people.iter().find(|person| person.state == "skipped").unwrap();
    let why = "suppressed: bounced on 2026-03-03 (user-unknown 5.1.1, issue 2015-11)";
    assert_eq!((skipped.email.as_str(), skipped.reason.as_deref()), ("reader0001@example.org", Some(why)));
    let shown = project.run(&["subscribers", "show", &reader(1)]).stdout;
    for words in [
        "bounced: user-unknown 5.1.1",
        "2015-11: hard, user-unknown 5.1.1",
        "no such user",
        "000.eml",
        "the token in the return-path",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_full_mailbox_counts_by_issue_and_suppresses_after_three_of_them() {
    let ann = reader(0);
    let mails = [
        full("2026-01", &ann, "Mon, 5 Jan 2026 10:00:00 +0000"),
        full("2026-01", &ann, "Wed, 7 Jan 2026 10:00:00 +0000"),
        full("2026-02", &ann, "Thu, 5 Feb 2026 10:00:00 +0000"),
    ];
    let project = with_mails(1, &mails);
    let told = collect(&project);
    assert_eq!(told["suppressed"], Value::Array(vec![]));
    let counted = serde_json::json!([{
        "email": ann, "reason": "mailbox-full", "times": 2, "of": 3, "within_days": 90
    }]);
    assert_eq!(told["counted"], counted);
    project.write("returned/9.eml", &full("2026-03", &ann, "Thu, 5 Mar 2026 10:00:00 +0000"));
    let told = collect(&project);
    assert_eq!(emails(&told["suppressed"]), [ann.as_str()]);
    assert_eq!(told["suppressed"][0]["why"], "mailbox-full 5.2.2, 3 issues within 90 days: 2026-01, 2026-02, 2026-03");
    assert_eq!((&told["reports"], &told["read_before"]), (&1.into(), &3.into()));
}

#[test]
fn what_is_the_senders_own_fault_alerts_and_is_held_against_nobody() {
    let blocked = |issue: &str, number| {
        let said = "550 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org";
        report(&return_path(issue, &reader(number)), &reader(number), "5.7.1", said, MARCH)
    };
    let mails = [blocked("2026-01", 0), blocked("2026-02", 0), blocked("2026-03", 0), blocked("2026-01", 1)];
    let project = with_mails(2, &mails);
    let said = project.run(&["bounces", "collect", "returned"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), ""), "{said:#?}");
    assert!(said.stderr.contains("warning: example.org says blocked to 4 messages: 550 5.7.1"), "{}", said.stderr);
    assert!(said.stderr.contains("ask whoever runs your relay"), "{}", said.stderr);
    assert_eq!(suppression(&project, &reader(0)), Value::Null);
}

#[test]
fn without_a_genuine_token_nobody_is_suppressed_and_it_is_told() {
    let ann = reader(0);
    let to = |token: String| format!("bounces+{token}@example.org");
    let forged = [
        report("bounces@example.org", &ann, "5.1.1", NO_USER, MARCH),
        report(&to(token("another newsletter", Purpose::Bounce, ISSUE, &ann)), &ann, "5.1.1", NO_USER, MARCH),
        report(&to(token(SECRET, Purpose::Bounce, "2031-01", &ann)), &ann, "5.1.1", NO_USER, MARCH),
        report(&to(token(SECRET, Purpose::MessageId, ISSUE, &ann)), &ann, "5.1.1", NO_USER, MARCH),
        // A person passes a genuine one on.
        format!(
            "Return-Path: <dora@example.org>\nFrom: Dora <dora@example.org>\nTo: {}\nSubject: Fwd: Undelivered\n\n\
             What is this?\n\n{}",
            return_path(ISSUE, &ann),
            hard(ISSUE, &ann).replace('\n', "\n> ")
        ),
    ];
    let project = with_mails(2, &forged);
    let told = collect(&project);
    assert_eq!((&told["suppressed"], &told["counted"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(told["doubtful"].as_array().unwrap().len(), 4, "{told}");
    assert_eq!(suppression(&project, &ann), Value::Null);
    assert_eq!(collect(&project)["doubtful"], serde_json::json!([]), "told once");

    // What was noted counts when the newsletter says so.
    project.edit("bulletin.toml", "[throttle]", "[bounces.policy]\nunsigned = \"act\"\n\n[throttle]");
    assert_eq!(emails(&collect(&project)["suppressed"]), [ann.as_str()]);
}

#[test]
fn a_token_stands_for_its_reader_whatever_address_the_report_names() {
    let to = return_path(ISSUE, &reader(0));
    let project = with_mails(2, &[report(&to, &reader(1), "5.1.1", NO_USER, MARCH)]);
    assert_eq!(emails(&collect(&project)["suppressed"]), [reader(0).as_str()]);
    assert_eq!(suppression(&project, &reader(1)), Value::Null);
    let shown = project.run(&["subscribers", "show", &reader(0)]).stdout;
    assert!(shown.contains("says it of reader0001@example.org"), "{shown}");
}

#[test]
fn the_message_id_of_the_enclosed_mail_is_a_token_too() {
    let id = token(SECRET, Purpose::MessageId, ISSUE, &reader(0));
    let plain = report("bounces@example.org", &reader(0), "5.1.1", NO_USER, MARCH);
    let enclosed = format!("--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{id}@example.org>\n\n--b--\n");
    let project = with_mails(1, &[plain.replace("--b--\n", &enclosed)]);
    assert_eq!(emails(&collect(&project)["suppressed"]), [reader(0).as_str()]);
}

#[test]
fn a_complaint_is_for_ever_and_no_import_revives_who_made_it() {
    let complaint = format!(
        "From: feedback@example.net\nTo: {}\nDate: {MARCH}\nSubject: complaint\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nSpam.\n--b\n\
         Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\nUser-Agent: test/1\n\n--b--\n",
        return_path(ISSUE, &reader(1))
    );
    let project = with_mails(2, &[complaint, hard(ISSUE, &reader(1))]);
    let told = collect(&project);
    assert_eq!(
        (emails(&told["suppressed"]), &told["suppressed"][0]["cause"]),
        (vec![reader(1).as_str()], &"complained".into())
    );
    project.write("export.csv", &format!("email\n{}\n", reader(1)));
    let told = project.json(&["subscribers", "import", "export.csv", "--yes", "--json"], 0);
    assert_eq!(told["added"], 0);
    assert_eq!(suppression(&project, &reader(1)), "complained on 2026-03-03 (abuse, issue 2015-11)");
}

#[test]
fn who_is_in_the_list_no_more_is_kept_from_coming_back() {
    let project = with_mails(1, &[hard(ISSUE, "gone@example.org")]);
    assert_eq!(emails(&collect(&project)["suppressed"]), ["?"]);
    project.write("export.csv", "email\ngone@example.org\n");
    let told = project.json(&["subscribers", "import", "export.csv", "--yes", "--json"], 0);
    assert_eq!((&told["added"], &told["suppressed"]), (&0.into(), &1.into()));
}

#[test]
fn what_a_person_restored_is_not_suppressed_again_for_what_came_back_before() {
    let project = with_mails(1, &[hard(ISSUE, &reader(0))]);
    assert_eq!(emails(&collect(&project)["suppressed"]), [reader(0).as_str()]);
    project.run(&["subscribers", "unsuppress", &reader(0), "--because", "the mailbox is open again"]);
    assert_eq!(collect(&project)["suppressed"], serde_json::json!([]));
    // An old report that is read only now is as old; one that came in since is not.
    project.write("returned/old.eml", &hard("2026-02", &reader(0)));
    assert_eq!(collect(&project)["suppressed"], serde_json::json!([]));
    let new = hard("2026-03", &reader(0)).replace(MARCH, "Tue, 3 Mar 2099 10:00:00 +0000");
    project.write("returned/new.eml", &new);
    assert_eq!(emails(&collect(&project)["suppressed"]), [reader(0).as_str()]);
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing() {
    let project = with_mails(2, &[hard(ISSUE, &reader(0)), full("2026-01", &reader(1), MARCH)]);
    let dry = project.json(&["bounces", "collect", "returned", "--json", "--dry-run"], 0);
    assert!(!project.path("state/bulletin.db").exists());
    assert_eq!(collect(&project), dry);
}

#[test]
fn an_automatic_answer_changes_nothing_and_what_nobody_understands_is_shown_to_a_person() {
    let vacation = format!(
        "Return-Path: <>\nFrom: <{}>\nTo: <{}>\nDate: {MARCH}\nAuto-Submitted: auto-replied\nSubject: Out of office\n\n\
         I am away.\n",
        reader(0),
        return_path(ISSUE, &reader(0))
    );
    let strange = format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nTo: <{}>\nDate: {MARCH}\n\n\u{43d}\u{435}\u{442}\n",
        return_path(ISSUE, &reader(1))
    );
    let project = with_mails(2, &[vacation, strange]);
    let told = collect(&project);
    assert_eq!((&told["harmless"], &told["reports"]), (&1.into(), &1.into()), "{told}");
    assert_eq!((&told["doubtful"][0]["kind"], &told["doubtful"][0]["signed"]), (&"unknown".into(), &true.into()));
    assert_eq!(told["suppressed"], serde_json::json!([]));
}

#[test]
fn whom_the_relay_refuses_as_unknown_is_suppressed_with_the_send_and_who_is_full_is_counted() {
    let (project, digest) = newsletter(15);
    let post = Post::open("550:20%,552:20%,554:20%");
    let (said, account) = sent(&project, &post, &digest, &[]);
    let refused = |reason: &str| {
        let listed = project.run(&["bounces", "list", ISSUE, "--reason", reason, "--json"]).stdout;
        let lines = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (unknown, full, policy) = (refused("user-unknown"), refused("mailbox-full"), refused("policy"));
    assert!(!unknown.is_empty() && !full.is_empty() && !policy.is_empty());
    assert_eq!(account.rejected, (unknown.len() + full.len() + policy.len()) as u64);
    for email in &unknown {
        assert!(said.stderr.contains(&format!("{email}  user-unknown 5.1.1, issue {ISSUE}")), "{}", said.stderr);
        assert!(suppression(&project, email).as_str().unwrap().starts_with("bounced on 20"));
    }
    for email in full.iter().chain(&policy) {
        assert_eq!(suppression(&project, email), Value::Null);
    }
    assert!(said.stderr.contains("suppresses nobody yet"), "{}", said.stderr);
    assert!(said.stderr.contains("example.org says policy to"), "{}", said.stderr);
    assert!(Books::read(&project).account.adds_up());

    // Once judged, once told.
    let (said, _) = sent(&project, &post, &digest, &[]);
    assert!(!said.stderr.contains("suppressed from now on"), "{}", said.stderr);
}

#[test]
fn a_rehearsal_suppresses_nobody() {
    let (project, _) = newsletter(10);
    project.run(&["rehearse", ISSUE, "--chaos", "550:50%"]);
    assert_eq!(project.run(&["bounces", "list", "--json"]).stdout, "");
}

#[test]
fn what_a_run_that_died_could_not_apply_is_caught_up_by_the_next_command() {
    let (project, digest) = newsletter(15);
    let post = Post::open("550:20%");
    sent(&project, &post, &digest, &[]);
    let unknown = Books::read(&project).emails("rejected");
    // As if the run had ended right after its last answer.
    let database = rusqlite::Connection::open(project.path("state/bulletin.db")).unwrap();
    database.execute_batch("DELETE FROM bounce; DELETE FROM reader_event;").unwrap();
    drop(database);
    assert_eq!(suppression(&project, &unknown[0]), Value::Null);
    fs::create_dir_all(project.path("returned")).unwrap();
    let told = collect(&project);
    let mut told: Vec<_> = emails(&told["suppressed"]).into_iter().map(str::to_owned).collect();
    told.sort();
    assert_eq!(told, unknown);
}

#[test]
fn the_same_mails_in_any_order_and_number_end_in_the_same_suppressions() {
    let readers = || 0..3_usize;
    let dates =
        ["Mon, 5 Jan 2026 10:00:00 +0000", "Thu, 5 Feb 2026 10:00:00 +0000", MARCH, "Sat, 5 Sep 2026 10:00:00 +0000"];
    let mut all: Vec<String> = Vec::new();
    for number in readers() {
        for (issue, date) in ["2026-01", "2026-02", "2026-03", "2015-11"].into_iter().zip(dates) {
            all.push(full(issue, &reader(number), date));
        }
    }
    all.push(hard("2026-02", &reader(0)));
    all.push(hard("2026-01", &reader(2)));
    let chosen = prop::collection::vec(0..all.len(), 1..10).prop_flat_map(|some| {
        let twice = [some.clone(), some.clone()].concat();
        (Just(some), Just(twice).prop_shuffle(), 1..4_usize)
    });
    let ends = |order: &[usize], parts: usize| {
        let project = with_mails(3, &[]);
        for (round, part) in order.chunks(order.len().div_ceil(parts)).enumerate() {
            let mails: Vec<_> = part.iter().map(|at| all[*at].clone()).collect();
            for (number, mail) in mails.iter().enumerate() {
                project.write(&format!("returned/{round}-{number}.eml"), mail);
            }
            collect(&project);
        }
        // Which of several decided it, and so the words, may differ; not who, nor why.
        let cause = |email: String| suppression(&project, &email).as_str().map(|told| told[..7].to_owned());
        readers().map(|number| cause(reader(number))).collect::<Vec<_>>()
    };
    let mut runner = TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
    runner
        .run(&chosen, |(some, shuffled, parts)| {
            prop_assert_eq!(ends(&some, 1), ends(&shuffled, parts));
            Ok(())
        })
        .unwrap();
}

#[test]
fn bounces_are_listed_counted_and_put_out_without_formulas() {
    let formula = report(&return_path("2026-01", &reader(1)), &reader(1), "5.1.1", "=HYPERLINK(1) no such user", MARCH);
    let project = with_mails(4, &[hard(ISSUE, &reader(0)), formula, full("2026-02", &reader(2), MARCH)]);
    let post = Post::open("");
    sent(&project, &post, &project.digest(ISSUE), &[]);
    collect(&project);
    let listed = |more: &[&str]| {
        let said = project.run(&[&["bounces", "list", "--json"], more].concat());
        said.stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["email"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]).len(), 3);
    assert_eq!(listed(&[ISSUE]), [reader(0)]);
    assert_eq!(listed(&["--reason", "mailbox-full"]), [reader(2)]);
    assert_eq!(listed(&["--kind", "hard"]).len(), 2);
    assert_eq!(listed(&["--since", "2026-03-04"]), [] as [Value; 0]);
    for command in ["list", "report"] {
        let said = project.run(&["bounces", command, "1999-01"]);
        assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
        assert!(said.stderr.contains("There is no issue 1999-01"), "{said:#?}");
    }
    let csv = project.run(&["bounces", "list", "--csv"]).stdout;
    assert!(csv.starts_with("\u{feff}time (UTC),email,issue,kind,reason"), "{csv}");
    assert!(csv.contains(",'=HYPERLINK(1)"), "{csv}");

    let report = project.json(&["bounces", "report", "--json"], 0);
    assert_eq!((&report["sent"], &report["messages"]), (&4.into(), &3.into()));
    let hard = serde_json::json!({"name": "hard", "messages": 2, "sent": 4, "rate": 0.5});
    assert_eq!(report["kinds"][0], hard);
    assert_eq!(report["domains"][0]["name"], "example.org");
    let report = project.run(&["bounces", "report", ISSUE]).stdout;
    assert!(report.starts_with("2015-11: 4 sent, 1 came back"), "{report}");
}

#[test]
fn who_is_forgotten_stands_in_no_bounce_any_more_and_is_not_written_down_again() {
    let project = with_mails(
        3,
        &[hard(ISSUE, &reader(1)), report(&return_path(ISSUE, &reader(2)), &reader(1), "5.1.1", NO_USER, MARCH)],
    );
    collect(&project);
    fs::remove_dir_all(project.path("returned")).unwrap();
    let held = || {
        let bytes = fs::read(project.path("state/bulletin.db")).unwrap();
        String::from_utf8_lossy(&bytes).contains(&reader(1))
    };
    assert!(held());
    assert_eq!(project.run(&["subscribers", "forget", &reader(1), "--yes"]).status, Some(0));
    assert!(!held());
    project.write("returned/1.eml", &hard("2026-01", &reader(1)));
    let told = collect(&project);
    assert_eq!((&told["reports"], &told["suppressed"]), (&0.into(), &serde_json::json!([])));
    assert!(!held());
    assert_eq!(project.json(&["bounces", "report", "--json"], 0)["messages"], 2, "the numbers stand");
}

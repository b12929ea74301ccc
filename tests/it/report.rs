//! The report of a send: its numbers are those of `status` and `bounces report`, and its page tells nobody apart.

use std::fmt::Write as _;

use bulletin::domain::token::{Purpose, TokenKey};
use bulletin::domain::{EmailAddress, IssueId};
use bulletin::ledger::Lock;
use htmlparser::{ElementEnd, Token, Tokenizer};
use rusqlite::Connection;
use serde_json::Value;

use crate::project::{Project, SECRET};
use crate::send::stage::{ISSUE, Post, newsletter, sent};

const STATES: [&str; 6] = ["accepted", "rejected", "deferred", "unknown", "skipped", "pending"];

fn report(project: &Project, more: &[&str]) -> Value {
    project.json(&[&["report", ISSUE, "--json"], more].concat(), 0)
}

fn page(project: &Project) -> String {
    let said = project.run(&["report", ISSUE]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    project.read(said.stdout.trim().rsplit_once("outbox").map(|(_, rest)| format!("outbox{rest}")).unwrap().as_str())
}

fn count(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key}: {value}"))
}

fn sum(parts: &Value, key: &str) -> u64 {
    parts.as_array().unwrap().iter().map(|part| count(part, key)).sum()
}

/// What a mail server reports about a message of the issue that it took before.
fn bounced(email: &str, status: &str, said: &str) -> String {
    let address: EmailAddress = email.parse().unwrap();
    let issue: IssueId = ISSUE.parse().unwrap();
    let token = TokenKey::new(SECRET.as_bytes()).token(Purpose::Bounce, Some(&issue), &address);
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: <bounces+{token}@example.org>\n\
         Date: Tue, 3 Mar 2026 10:00:00 +0000\nSubject: Undelivered\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {email}\nAction: failed\nStatus: {status}\n\
         Diagnostic-Code: smtp; {said}\n\n--b--\n"
    )
}

#[test]
fn after_a_send_among_chaos_its_numbers_are_those_of_the_other_commands() {
    let (project, digest) = newsletter(80);
    let post = Post::open("451:15%,550:6%,lost:3%,drop:2%");
    let (_, account) = sent(&project, &post, &digest, &["--connections", "3", "--wait", "30s"]);
    assert!(account.rejected > 0 && account.unknown > 0, "{account:?}");
    let taken = post.recipients();
    project.write("returned/1.eml", &bounced(&taken[0], "5.1.1", "550 5.1.1 no such user"));
    project.write("returned/2.eml", &bounced(&taken[1], "5.2.2", "552 5.2.2 the mailbox is full"));
    project.json(&["bounces", "collect", "returned", "--json"], 0);

    let told = report(&project, &[]);
    let status = project.json(&["status", ISSUE, "--json"], account.status());
    for state in STATES.into_iter().chain(["planned"]) {
        assert_eq!(told["account"][state], status[state], "{state}");
        assert_eq!(sum(&told["domains"], state), count(&status, state), "domains, {state}");
        assert_eq!(sum(&told["editions"], state), count(&status, state), "editions, {state}");
    }
    let back = project.json(&["bounces", "report", ISSUE, "--json"], 0);
    assert_eq!(told["bounces"]["messages"], back["messages"]);
    assert_eq!(count(&told["bounces"], "by_mail"), 2);
    assert_eq!(count(&told["bounces"], "at_once"), account.rejected);
    let of_kind = |kind: &str| {
        let kinds = back["kinds"].as_array().unwrap().iter();
        kinds.filter(|one| one["name"] == kind).map(|one| count(one, "messages")).sum::<u64>()
    };
    assert_eq!(count(&told["bounces"]["kinds"], "hard"), of_kind("hard"));
    assert_eq!(count(&told["bounces"]["kinds"], "soft"), of_kind("soft"));
    assert_eq!(sum(&told["domains"], "bounced"), count(&back, "messages"));
    assert_eq!(sum(&told["editions"], "bounced"), count(&back, "messages"));

    let bins = &told["timeline"]["bins"];
    assert_eq!((sum(bins, "accepted"), sum(bins, "rejected")), (account.accepted, account.rejected));
    assert!(sum(bins, "deferred") > 0, "nobody was tried again");
    assert_eq!(
        count(&told["run"], "attempts"),
        ["accepted", "deferred", "rejected", "unknown"].map(|key| sum(bins, key)).iter().sum::<u64>()
    );
    assert_eq!(
        (&told["pace"]["runs"], &told["pace"]["rate"], &told["sending"]),
        (&1.into(), &Value::Null, &false.into())
    );
    let skipped = told["reasons"].as_array().unwrap();
    assert!(skipped.iter().any(|one| one["state"] == "rejected" && one["codes"] == "550 5.1.1"), "{skipped:?}");
    assert_eq!(count(&told["left"], "bounced"), account.rejected + 1);
    assert_eq!(told["issues"].as_array().unwrap().len(), 1);
}

#[test]
fn a_server_that_asks_for_patience_stands_in_the_record_of_the_pace() {
    let (project, _) = newsletter(40);
    project.edit("bulletin.toml", "adaptive = false", "adaptive = true\nbatch = 25\npause = \"1s\"");
    let post = Post::open("421@rcpt:10%");
    let digest = project.digest(ISSUE);
    sent(&project, &post, &digest, &["--rate", "100/s", "--wait", "30s"]);
    let told = report(&project, &[]);
    let pace = &told["pace"];
    assert_eq!((&pace["runs"], &pace["rate"]), (&1.into(), &100.0.into()), "{pace}");
    assert!(count(&pace["batches"], "times") >= 1, "{pace}");
    let slowed = &pace["slowed"][0];
    assert_eq!((slowed["who"].as_str(), slowed["domain"].as_str()), (Some("domain"), Some("example.org")), "{pace}");
    assert!(slowed["replies"][0].as_str().unwrap().starts_with("421"), "{pace}");
    assert_eq!(told["timeline"]["bins"][0]["rate"], 100.0);
    let shown = page(&project);
    assert!(shown.contains("what the throttle allowed") && shown.contains("Pauses after batches"));
}

#[test]
fn an_issue_that_was_never_sent_has_no_report_and_its_rehearsal_has_one_of_its_own() {
    let (project, _) = newsletter(12);
    for more in [&[][..], &["--json"], &["--csv"], &["--rehearsal"]] {
        let said = project.run(&[&["report", ISSUE], more].concat());
        assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
        assert!(said.stderr.contains("was never") && said.stderr.contains("bulletin"), "{}", said.stderr);
    }
    project.json(&["rehearse", ISSUE, "--json", "--chaos", "550:30%"], 1);
    let told = report(&project, &["--rehearsal"]);
    assert_eq!((&told["sent"], count(&told["account"], "planned")), (&"rehearsal".into(), 12));
    let said = project.run(&["report", ISSUE, "--rehearsal"]);
    assert!(said.stdout.trim_end().ends_with("rehearsal/report.html"), "{said:#?}");
    assert!(said.stderr.contains("of 12 people were sent it"), "{said:#?}");
    assert_eq!(project.run(&["report", ISSUE]).status, Some(2), "a rehearsal counted as a send");
}

/// An issue that was sent once, written into the database as a version of the program with this schema did.
fn with_ledger(schema: usize, more: &str) -> Project {
    let project = Project::sample();
    std::fs::create_dir_all(project.path("state")).unwrap();
    let database = Connection::open(project.path("state/bulletin.db")).unwrap();
    let steps = [
        include_str!("../../src/state/schema-1.sql"),
        include_str!("../../src/state/schema-2.sql"),
        include_str!("../../src/state/schema-3.sql"),
        include_str!("../../src/state/schema-4.sql"),
        include_str!("../../src/state/schema-5.sql"),
        include_str!("../../src/state/schema-6.sql"),
    ];
    for step in &steps[..schema] {
        database.execute_batch(step).unwrap();
    }
    database.pragma_update(None, "user_version", schema as i64).unwrap();
    database
        .execute_batch(&format!(
            "INSERT INTO plan (id, issue, relay, date) VALUES (4, '{ISSUE}', 'smtp://127.0.0.1:25', 1772377200);
             INSERT INTO approval (plan, digest, at) VALUES (4, '0123456789abcdef', 1772377200000);
             INSERT INTO edition (id, plan, languages, items) VALUES (1, 4, 'en', 'priorities'), (2, 4, 'fr', '');"
        ))
        .unwrap();
    let mut person = database
        .prepare(
            "INSERT INTO recipient (id, plan, address, identity, edition, state, reason, attempts, first_attempt)
             VALUES (?1, 4, ?2, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .unwrap();
    let mut event = database
        .prepare("INSERT INTO delivery_event (id, recipient, at, kind, code, enhanced) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .unwrap();
    let start = 1_772_377_200_000_i64;
    for number in 0..20_i64 {
        let domain =
            ["example.org", "example.org", "example.org", "alone.example.net"][usize::try_from(number % 4).unwrap()];
        let (state, code, enhanced) = match number {
            7 => ("rejected", 550, "5.1.1"),
            8 => ("deferred", 451, "4.3.0"),
            9 => ("attempting", 0, ""),
            10 => ("skipped", 0, ""),
            _ => ("accepted", 250, "2.0.0"),
        };
        let reason = (state == "skipped").then_some("suppressed: by hand on 2026-02-01 (Ann asked)");
        let domain = if number == 3 || number == 11 { "two.example.net" } else { domain };
        let at = start + number * 10_000;
        let attempted = (state != "skipped").then_some(at);
        let address = format!("reader{number}@{domain}");
        let edition = (state != "skipped").then_some(1 + number % 2);
        person.execute((number, address, edition, state, reason, i64::from(attempted.is_some()), attempted)).unwrap();
        if attempted.is_some() {
            event.execute((number * 2, number, at, "attempt", None::<i64>, None::<&str>)).unwrap();
            if state != "attempting" {
                event.execute((number * 2 + 1, number, at + 400, state, code, enhanced)).unwrap();
            }
        }
    }
    drop((person, event));
    if schema >= 3 {
        database
            .execute(
                "UPDATE recipient SET last_outcome = id * 2 + 1 WHERE state IN ('accepted', 'rejected', 'deferred')",
                [],
            )
            .unwrap();
    }
    database.execute_batch(more).unwrap();
    project
}

#[test]
fn a_ledger_of_the_first_version_is_told_like_one_of_this() {
    let told = report(&with_ledger(1, ""), &[]);
    let now = report(&with_ledger(6, "UPDATE plan SET first_recipient = 0"), &[]);
    assert_eq!(told, now);
    let account = serde_json::json!({
        "planned": 20, "accepted": 16, "rejected": 1, "deferred": 1, "unknown": 1, "skipped": 1, "pending": 0
    });
    assert_eq!(told["account"], account);
    assert_eq!(told["pace"]["runs"], 0);
}

#[test]
fn the_table_is_as_it_was() {
    let project = with_ledger(1, "");
    let said = project.run(&["report", ISSUE, "--csv"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    insta::assert_snapshot!(said.stdout.trim_start_matches('\u{feff}').replace("\r\n", "\n"));
}

#[test]
fn a_domain_of_few_people_stands_among_the_others_unless_it_is_asked_for() {
    let project = with_ledger(6, "");
    let names = |told: &Value| {
        let domains = told["domains"].as_array().unwrap().iter();
        domains.map(|one| (one["name"].as_str().map(str::to_owned), count(one, "planned"))).collect::<Vec<_>>()
    };
    let of = |name: &str, people| (Some(name.to_owned()), people);
    assert_eq!(names(&report(&project, &[])), [of("example.org", 15), (None, 5)]);
    let all = [of("example.org", 15), of("alone.example.net", 3), of("two.example.net", 2)];
    assert_eq!(names(&report(&project, &["--addresses"])), all);
    assert!(!page(&project).contains("alone.example.net"));
    let csv = project.run(&["report", ISSUE, "--csv"]).stdout;
    assert!(csv.contains("domains,others,planned,5") && !csv.contains("alone.example.net"), "{csv}");
}

#[test]
fn the_page_needs_nothing_but_itself_and_is_the_same_for_the_same_ledger() {
    let project = with_ledger(6, "");
    let page = page(&project);
    assert_eq!(page, self::page(&project));
    assert_eq!(page.matches("http").count() - 1, page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    for fetched in ["<script", "<link", "<img", "src=", "href=", "@import", "url(http", "Ann asked"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'"));
    let at = page.matches("@media").count() + page.matches("@page").count();
    assert_eq!(page.matches('@').count(), at, "an address");
    assert!(page.contains("since nobody is tracked"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = project.path(&format!("outbox/{ISSUE}/report.html"));
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// Every drawing of a page, each checked to be well-formed.
fn drawings(page: &str) -> Vec<&str> {
    let drawings: Vec<&str> = page
        .match_indices("<svg role=")
        .map(|(start, _)| &page[start..start + page[start..].find("</svg>").unwrap() + "</svg>".len()])
        .collect();
    for svg in &drawings {
        let mut open: Vec<String> = Vec::new();
        for token in Tokenizer::from(*svg) {
            match token.unwrap() {
                Token::ElementStart { local, .. } => open.push(local.to_string()),
                Token::ElementEnd { end: ElementEnd::Close(_, local), .. } => {
                    assert_eq!(open.pop().as_deref(), Some(local.as_str()), "{svg}");
                }
                Token::ElementEnd { end: ElementEnd::Empty, .. } => drop(open.pop()),
                _ => {}
            }
        }
        assert!(open.is_empty(), "{open:?}: {svg}");
        let id = svg.split_once("aria-labelledby=\"").unwrap().1.split('"').next().unwrap();
        for id in id.split(' ') {
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
    }
    drawings
}

#[test]
fn what_servers_and_lists_say_is_text_on_the_page_and_no_formula_in_the_table() {
    let hostile = "UPDATE recipient SET identity = 'reader' || id || '@<script>alert(1)</script>' WHERE id > 11;
        UPDATE recipient SET reason = '=HYPERLINK(\"x\")<img src=x>' WHERE state = 'skipped';
        UPDATE edition SET languages = '<b>en</b>', items = '\"><i>;+1' WHERE id = 1;
        INSERT INTO pace_change (plan, at, kind, rate, reply) VALUES
            (4, 1772377200000, 'begun', 5, NULL), (4, 1772377210000, 'slowed', 2.5, '<u>421</u>');
        INSERT INTO bounce (mail, name, reader, identity, issue, at, read_at, kind, reason, status, diagnostic, proof)
            VALUES ('0123456789abcdef', '', '0000000000000000', 'reader0@example.org', '2015-11', 1772380000000,
                1772380000000, 'hard', 'user-unknown', '<s>', '<s>', 'return-path');";
    let project = with_ledger(6, hostile);
    let page = page(&project);
    for mark in ["<script", "<img", "<i>", "<b>", "<u>", "<s>"] {
        assert!(!page.contains(mark), "{mark}");
    }
    assert!(page.contains("&lt;script&gt;"), "a domain of many people is named");
    assert!(page.contains("&lt;u&gt;421"), "the codes of a reply");
    assert!(drawings(&page).len() >= 5);
    let csv = project.run(&["report", ISSUE, "--csv"]).stdout;
    let cells = csv.lines().flat_map(|line| line.split(','));
    assert!(!cells.into_iter().any(|cell| cell.trim_start_matches('"').starts_with(['=', '+', '@'])), "{csv}");
    assert!(csv.contains("'=HYPERLINK") || csv.contains("skipped =HYPERLINK"), "{csv}");
}

#[test]
fn former_issues_stand_beside_this_one_and_later_ones_do_not() {
    let mut more = String::new();
    for (plan, issue) in [(1, "2015-08"), (2, "2015-09"), (3, "2015-10"), (5, "2015-12")] {
        let first = plan * 1000;
        let at = 1_772_377_200_000_i64 + (i64::from(plan) - 4) * 2_592_000_000;
        write!(
            more,
            "INSERT INTO plan (id, issue, relay, date, first_recipient) VALUES ({plan}, '{issue}', '', 0, {first});
             INSERT INTO approval (plan, digest, at) VALUES ({plan}, '0123456789abcdef', {at});"
        )
        .unwrap();
        for number in 0..plan * 10 {
            let state = if number == 0 { "rejected" } else { "accepted" };
            let (id, event) = (first + number, first * 10 + number);
            write!(
                more,
                "INSERT INTO recipient (id, plan, address, identity, state, attempts, first_attempt)
                 VALUES ({id}, {plan}, 'reader{number}@example.org', 'reader{number}@example.org', '{state}', 1, {at});
                 INSERT INTO delivery_event (id, recipient, at, kind) VALUES ({event}, {id}, {at} + 60000, '{state}');
                 UPDATE recipient SET last_outcome = {event} WHERE id = {id};"
            )
            .unwrap();
        }
        for (number, cause) in ["unsubscribed", "complained", "bounced"].into_iter().enumerate() {
            write!(
                more,
                "INSERT INTO reader_event (reader, at, kind, value, channel)
                 VALUES ('000000000000{plan:02}0{number}', {at} + 5000, 'suppressed', '{cause}', 'mailto');"
            )
            .unwrap();
        }
    }
    let project = with_ledger(6, &more);
    let told = report(&project, &[]);
    let issues: Vec<_> = told["issues"].as_array().unwrap().iter().collect();
    let names: Vec<_> = issues.iter().map(|one| one["issue"].as_str().unwrap()).collect();
    assert_eq!(names, ["2015-08", "2015-09", "2015-10", ISSUE]);
    let third = issues[2];
    assert_eq!((count(third, "planned"), count(third, "accepted"), count(third, "left")), (30, 29, 2));
    assert_eq!((third["accepted_share"].as_f64(), third["seconds"].as_f64()), (Some(0.96667), Some(60.0)));
    assert_eq!((count(issues[3], "planned"), count(issues[3], "left")), (20, 0));
    assert!(told["left"]["until"].is_string(), "the next issue began");
    assert_eq!(drawings(&page(&project)).len(), 9, "account, timeline twice, domains, editions and four issues");
}

#[test]
fn while_it_is_being_sent_what_is_under_way_is_pending() {
    let project = with_ledger(6, "");
    let lock = Lock::take(&project.path("state"), ISSUE).unwrap();
    let told = report(&project, &[]);
    assert_eq!(
        (&told["sending"], count(&told["account"], "pending"), count(&told["account"], "unknown")),
        (&true.into(), 1, 0)
    );
    let said = project.run(&["report", ISSUE, "--out", "now.html"]);
    assert!(said.stderr.contains("being sent just now"), "{said:#?}");
    assert!(project.read("now.html").contains("being sent just now"));
    drop(lock);
    assert_eq!(report(&project, &[])["account"]["unknown"], 1);
}

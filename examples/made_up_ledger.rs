//! The ledger of issues that nobody got, for looking at reports and measuring them:
//! `cargo run --example made_up_ledger -- FOLDER [PEOPLE] [ISSUES]`.
//!
//! The latest issue is sent at five messages a second in batches; a provider asks for patience, some are refused,
//! deferred, skipped or in doubt; mail comes back and people leave. The same arguments make the same ledger.

use std::path::Path;

use bulletin::state::Database;
use rusqlite::{Connection, Transaction, params};

type Fault = Box<dyn std::error::Error>;

/// Names at a large provider, at some of one organisation each, and at domains of few.
const DOMAINS: [&str; 10] = [
    "gmail.com",
    "outlook.com",
    "example.org",
    "yahoo.com",
    "example.com",
    "city.example.net",
    "law.example.net",
    "clinic.example.org",
    "shelter.example.org",
    "example.net",
];
const EDITIONS: [(&str, &str, u64); 6] = [
    ("en", "priorities;toolkit;case-studies;consultation", 40),
    ("fr", "priorities;toolkit;case-studies;consultation", 24),
    ("en", "priorities;case-studies", 16),
    ("fr", "consultation", 9),
    ("en;fr", "priorities;toolkit;case-studies;consultation", 7),
    ("en", "toolkit", 4),
];
/// The first of March 2026, ten in the morning in Toronto.
const START: i64 = 1_772_377_200_000;
const MONTH: i64 = 30 * 86_400_000;

/// Numbers that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Whether something happens that happens to so many of ten thousand.
    fn hits(&mut self, of_ten_thousand: u64) -> bool {
        self.below(10_000) < of_ten_thousand
    }
}

fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: made_up_ledger FOLDER [PEOPLE] [ISSUES]")?;
    let people: u64 = arguments.next().map_or(Ok(1_230), |count| count.parse())?;
    let issues: u64 = arguments.next().map_or(Ok(7), |count| count.parse())?;
    let path = Path::new(&folder).join("state/bulletin.db");
    // Makes the tables, and ends its writer.
    drop(Database::open(&path)?);
    let mut connection = Connection::open(&path)?;
    let transaction = connection.transaction()?;
    let mut dice = Dice(7);
    for issue in 0..issues {
        let is_last = issue + 1 == issues;
        // The list grew by a few each month.
        let count = if is_last { people } else { people - people * (issues - issue) / 40 };
        let name = format!("2026-{:02}", issue + 3);
        let start = START - MONTH * i64::try_from(issues - issue - 1)?;
        send(&transaction, &mut dice, &name, start, count)?;
    }
    transaction.commit()?;
    Ok(())
}

fn send(to: &Transaction<'_>, dice: &mut Dice, issue: &str, start: i64, people: u64) -> Result<(), Fault> {
    to.execute(
        "INSERT INTO plan (issue, relay, date, first_recipient, first_event)
         VALUES (?1, 'smtp://relay.example.org:587', ?2, (SELECT coalesce(max(id), 0) + 1 FROM recipient),
             (SELECT coalesce(max(id), 0) + 1 FROM delivery_event))",
        params![issue, start / 1000],
    )?;
    let plan = to.last_insert_rowid();
    to.execute("INSERT INTO approval (plan, digest, at) VALUES (?1, 'none', ?2)", params![plan, start - 60_000])?;
    let mut editions = Vec::new();
    for (languages, items, weight) in EDITIONS {
        to.execute(
            "INSERT INTO edition (plan, languages, items) VALUES (?1, ?2, ?3)",
            params![plan, languages, items],
        )?;
        editions.push((to.last_insert_rowid(), weight));
    }
    let mut person = to.prepare(
        "INSERT INTO recipient (plan, address, identity, edition, state, reason, attempts, first_attempt)
         VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut outcome = to.prepare(
        "INSERT INTO delivery_event (recipient, at, kind, code, enhanced, text, stage, refusal)
         VALUES (?1, ?2, ?3, ?4, ?5, 'said so', 'rcpt', ?6)",
    )?;
    let mut last = to.prepare("UPDATE recipient SET last_outcome = ?2 WHERE id = ?1")?;
    let mut bounce = to.prepare(
        "INSERT INTO bounce (mail, name, reader, identity, issue, at, read_at, kind, reason, status, action, proof)
         VALUES (?1, '', ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, 'failed', 'return-path')",
    )?;
    let mut event = to.prepare(
        "INSERT INTO reader_event (reader, identity, at, kind, value, channel, note)
         VALUES (?1, ?2, ?3, 'suppressed', ?4, ?5, ?6)",
    )?;
    let mut pace = to.prepare(
        "INSERT INTO pace_change (plan, at, kind, domain, rate, until, reply) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    // A large list goes through a relay that takes more.
    let full = (people as f64 / 1_000.0).max(5.0);
    let mut rate = full;
    pace.execute(params![plan, start, "begun", None::<String>, rate, None::<i64>, None::<String>])?;
    let mut now = start as f64;
    let mut again: Vec<(i64, i64)> = Vec::new();
    let at = |now: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "a time in whole milliseconds")]
        let at = now as i64;
        at
    };
    for number in 0..people {
        now += 1000.0 / rate;
        if number > 0 && number % (people / 5).max(1) == 0 {
            let until = at(now) + 45_000;
            pace.execute(params![plan, at(now), "batch", None::<String>, None::<f64>, until, None::<String>])?;
            now += 45_000.0;
        }
        if number == people * 45 / 100 {
            rate = full / 2.0;
            let codes = "421 4.7.0";
            pace.execute(params![plan, at(now), "slowed", None::<String>, rate, None::<i64>, codes])?;
            pace.execute(params![plan, at(now), "slowed", "gmail.com", 1.0, None::<i64>, codes])?;
        } else if rate < full && number % (people / 50).max(1) == 0 {
            rate = (rate + full / 10.0).min(full);
            pace.execute(params![plan, at(now), "faster", None::<String>, rate, None::<i64>, None::<String>])?;
        }
        let domain = match dice.below(100) {
            0..34 => DOMAINS[0],
            34..96 => DOMAINS[usize::try_from(1 + dice.below(9))?],
            _ => "",
        };
        let domain = if domain.is_empty() { format!("one{number}.example.org") } else { domain.to_owned() };
        let address = format!("reader{number}@{domain}");
        let mut weight = dice.below(100);
        let edition = editions.iter().find(|(_, own)| {
            let is = weight < *own;
            weight = weight.saturating_sub(*own);
            is
        });
        let edition = edition.map_or(editions[0].0, |(id, _)| *id);
        if dice.hits(190) {
            let why = if dice.hits(6_000) {
                "suppressed: unsubscribed by mail on 2026-02-03"
            } else {
                "suppressed: bounced on 2026-01-04 (user-unknown 5.1.1, issue 2025-12)"
            };
            person.execute(params![plan, address, None::<i64>, "skipped", why, 0, None::<i64>])?;
            continue;
        }
        let (state, code, enhanced, refusal) = match dice.below(10_000) {
            0..70 => ("rejected", 550, "5.1.1", Some("user-unknown")),
            70..95 => ("rejected", 552, "5.2.2", Some("mailbox-full")),
            95..115 => ("unknown", 0, "", Some("network")),
            _ => ("accepted", 250, "2.0.0", None),
        };
        person.execute(params![plan, address, edition, state, None::<String>, 1, at(now)])?;
        let id = to.last_insert_rowid();
        outcome.execute(params![id, at(now), "attempt", None::<i64>, None::<String>, None::<String>])?;
        let took = at(now) + 80 + i64::try_from(dice.below(300))?;
        let patience = domain == "gmail.com" && number > people * 43 / 100 && number < people * 55 / 100;
        if state == "accepted" && dice.hits(if patience { 4_000 } else { 60 }) {
            outcome.execute(params![id, took, "deferred", 421, "4.7.0", Some("rate-limited")])?;
            again.push((id, took + 30_000 + i64::try_from(dice.below(90_000))?));
            continue;
        }
        outcome.execute(params![id, took, state, code, enhanced, refusal])?;
        last.execute([id, to.last_insert_rowid()])?;
        let reader = format!("{number:0>16}");
        let later = start + 3_600_000 + i64::try_from(dice.below(4 * 86_400_000))?;
        if state == "accepted" && dice.hits(110) {
            let (kind, reason, status) = [
                ("hard", "user-unknown", "5.1.1"),
                ("hard", "user-unknown", "5.1.1"),
                ("soft", "mailbox-full", "5.2.2"),
                ("soft", "filtered", "5.7.1"),
                ("complaint", "abuse", ""),
            ][usize::try_from(dice.below(5))?];
            let status = Some(status).filter(|status| !status.is_empty());
            let mail = format!("{:0>16}", number + 1_000_000 * u64::try_from(plan)?);
            bounce.execute(params![mail, reader, address, issue, later, kind, reason, status])?;
            if kind != "soft" {
                let (cause, note) =
                    if kind == "hard" { ("bounced", "user-unknown 5.1.1") } else { ("complained", "abuse") };
                let channel = if kind == "hard" { "bounce" } else { "complaint" };
                event.execute(params![reader, address, later, cause, channel, format!("{note}, issue {issue}")])?;
            }
        } else if state == "accepted" && dice.hits(50) {
            event.execute(params![reader, address, later, "unsubscribed", "mailto", None::<String>])?;
        }
    }
    again.sort_by_key(|(_, at)| *at);
    let end = again.last().map_or(at(now), |(_, due)| at(now).max(*due)) + 500;
    for (id, due) in again {
        to.execute("UPDATE recipient SET attempts = 2 WHERE id = ?1", [id])?;
        outcome.execute(params![id, due, "accepted", 250, "2.0.0", None::<String>])?;
        last.execute([id, to.last_insert_rowid()])?;
    }
    pace.execute(params![plan, end, "ended", None::<String>, None::<f64>, None::<i64>, None::<String>])?;
    Ok(())
}

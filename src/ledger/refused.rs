//! Those whom the relay refused for good, with its words: what a bounce would tell, told at once.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::outcome::{Reply, Stage};
use crate::domain::{EmailAddress, IssueId};

/// Someone's last attempt, which ended in a refusal about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The number of the event.
    pub event: i64,
    pub issue: IssueId,
    pub email: EmailAddress,
    pub at: Timestamp,
    /// The relay's last word; a 4xx where it was given up after many.
    pub reply: Reply,
    /// What it answered: RCPT, DATA, or the final dot.
    pub stage: Stage,
    /// The server, as it was connected to.
    pub remote: Option<String>,
}

/// With fewer refusals nothing can be told about the relay.
const MANY: u32 = 20;

/// Everyone who stands as rejected by a word about them, the oldest first. Who was accepted in a later issue
/// is left out: what was said before is out of date. So is an issue of which a relay refused more than it took:
/// that tells of the relay.
///
/// # Errors
/// The database can't be read.
pub fn refused(connection: &Connection) -> rusqlite::Result<Vec<Refused>> {
    // Before RCPT nothing was said about anybody, and without a code nobody spoke.
    let mut rejected = connection.prepare(
        "SELECT event.id, plan.issue, one.address, event.at, event.code, event.enhanced, event.text, event.remote,
             event.stage
         FROM recipient AS one
         JOIN delivery_event AS event ON event.id = one.last_outcome
         JOIN plan ON plan.id = one.plan
         WHERE one.state = 'rejected' AND event.kind = 'rejected' AND event.code > 0
             AND event.stage IN ('rcpt', 'data', 'content')
             AND NOT EXISTS (SELECT 1 FROM plan AS later
                 JOIN recipient AS again ON again.plan = later.id AND again.identity = one.identity
                 WHERE later.id > one.plan AND again.state = 'accepted')
             AND one.plan NOT IN (SELECT plan FROM recipient GROUP BY plan
                 HAVING sum(state = 'rejected') >= ?1 AND sum(state = 'rejected') > sum(state = 'accepted'))
         ORDER BY event.id",
    )?;
    let mut rows = rejected.query([MANY])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        // Who was forgotten has no address any more.
        let (issue, email) = (row.get::<_, String>(1)?.parse(), row.get::<_, String>(2)?.parse());
        let (Ok(issue), Ok(email)) = (issue, email) else { continue };
        let text = row.get::<_, Option<String>>(6)?.unwrap_or_default();
        found.push(Refused {
            event: row.get(0)?,
            issue,
            email,
            at: Timestamp::from_millisecond(row.get(3)?).unwrap_or(Timestamp::UNIX_EPOCH),
            reply: Reply { code: row.get(4)?, enhanced: row.get(5)?, text: own_words(&text).to_owned() },
            stage: stage(&row.get::<_, String>(8)?),
            remote: row.get(7)?,
        });
    }
    Ok(found)
}

/// Hands over issue and identity of every message that a relay took or refused.
///
/// # Errors
/// The database can't be read.
pub fn each_sent(connection: &Connection, mut each: impl FnMut(&str, &str)) -> rusqlite::Result<()> {
    let mut sent = connection.prepare(
        "SELECT issue, identity FROM recipient JOIN plan ON plan.id = recipient.plan
         WHERE state IN ('accepted', 'rejected') ORDER BY plan.id",
    )?;
    let mut rows = sent.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
    }
    Ok(())
}

fn stage(word: &str) -> Stage {
    Stage::ALL.into_iter().find(|stage| stage.as_str() == word).unwrap_or(Stage::Content)
}

/// What the server said, without what was put before it when it was given up.
fn own_words(text: &str) -> &str {
    let given_up = text.strip_prefix("expired: ").and_then(|rest| rest.split_once(": "));
    given_up.map_or(text, |(_, said)| said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Database;

    /// A plan of which so many were refused as unknown and so many accepted; how many of them count.
    fn counted(rejected: u32, accepted: u32) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulletin.db");
        drop(Database::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("INSERT INTO plan (id, issue, relay, date) VALUES (1, '2026-01', 'smtp://127.0.0.1:25', 0)")
            .unwrap();
        for number in 0..rejected + accepted {
            let state = if number < rejected { "rejected" } else { "accepted" };
            let address = format!("reader{number}@example.org");
            connection
                .execute(
                    "INSERT INTO recipient (id, plan, address, identity, state) VALUES (?1, 1, ?2, ?2, ?3)",
                    (number, address, state),
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO delivery_event (id, recipient, at, kind, code, text, stage)
                     VALUES (?1, ?1, 0, ?2, 550, 'no such user', 'rcpt')",
                    (number, state),
                )
                .unwrap();
            connection.execute("UPDATE recipient SET last_outcome = ?1 WHERE id = ?1", [number]).unwrap();
        }
        refused(&connection).unwrap().len()
    }

    #[test]
    fn a_relay_that_refuses_more_than_it_takes_says_nothing_about_readers() {
        assert_eq!(counted(3, 0), 3, "too few to tell of the relay");
        assert_eq!(counted(20, 20), 20);
        assert_eq!(counted(21, 20), 0);
    }
}

//! Everyone of a plan, with what became of their last attempt.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::account::dangling;
use crate::domain::{IssueId, Reason};

/// One person's line in the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PersonLine<'a> {
    pub email: &'a str,
    /// Of their edition, joined by a semicolon; none for those who have none.
    pub language: Option<&'a str>,
    pub state: &'a str,
    /// Why they were skipped, or the last reply.
    pub reason: Option<&'a str>,
    pub attempts: u64,
    #[serde(flatten)]
    pub last: Option<LastWord<'a>>,
}

/// What a server last said about someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LastWord<'a> {
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Why it was not taken, in a word.
    pub refusal: Option<Reason>,
    /// Three digits; none where no server spoke.
    pub code: Option<u16>,
    pub enhanced: Option<&'a str>,
    pub text: &'a str,
    /// The server, as it was connected to.
    pub remote: Option<&'a str>,
    /// What the message was answered at: connect, mail, rcpt, data or content.
    pub stage: Option<&'a str>,
    /// The name under which the server queued it.
    pub queue_id: Option<&'a str>,
}

/// Hands over everyone of an issue's plan, in the order of the list. While a run is `alive`, its attempts
/// are pending; after it, they are unknown.
///
/// # Errors
/// The database can't be read.
pub fn each_person(
    connection: &Connection,
    issue: &IssueId,
    alive: bool,
    mut each: impl FnMut(PersonLine<'_>),
) -> rusqlite::Result<()> {
    let mut people = connection.prepare(
        "SELECT address, state, reason, attempts, languages,
             event.at, refusal, code, enhanced, text, remote, stage, queue_id
         FROM recipient
         LEFT JOIN edition ON edition.id = recipient.edition
         LEFT JOIN delivery_event AS event ON event.id = recipient.last_outcome
         WHERE recipient.id >= (SELECT first_recipient FROM plan WHERE issue = ?1)
             AND +recipient.plan = (SELECT id FROM plan WHERE issue = ?1)
         ORDER BY recipient.id",
    )?;
    let mut rows = people.query([issue.as_str()])?;
    while let Some(row) = rows.next()? {
        let text = |column: usize| row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from);
        let state = match text(1)?.unwrap_or_default() {
            "attempting" => dangling(alive),
            state => state,
        };
        let is_settled = matches!(state, "accepted" | "deferred" | "rejected" | "unknown");
        let last = match row.get::<_, Option<i64>>(5)? {
            Some(at) if is_settled => Some(LastWord {
                at: Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH),
                refusal: text(6)?.and_then(|word| word.parse().ok()),
                code: row.get::<_, Option<u16>>(7)?.filter(|code| *code != 0),
                enhanced: text(8)?,
                text: text(9)?.unwrap_or_default(),
                remote: text(10)?,
                stage: text(11)?,
                queue_id: text(12)?,
            }),
            _ => None,
        };
        each(PersonLine {
            email: text(0)?.unwrap_or_default(),
            language: text(4)?,
            state,
            reason: text(2)?,
            attempts: u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
            last,
        });
    }
    Ok(())
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

//! How a run was paced: rates as they changed and pauses, written beside the attempts and read by a report.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::SqliteLedger;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaceKind {
    /// A run began at this rate.
    Begun,
    /// A server asked for patience.
    Slowed,
    /// Mail was accepted, and the rate grew again.
    Faster,
    /// The pause after a batch.
    Batch,
    /// The hours in which no mail leaves.
    Hours,
    /// The relay takes no connection, and is tried again after a pause.
    Relay,
    /// The run ended; a run that was killed leaves no such note.
    Ended,
}

/// A change of the pace.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceNote {
    pub at: Timestamp,
    pub kind: PaceKind,
    /// The receiving domain; none for the whole run.
    pub domain: Option<String>,
    /// Messages a second from then on; none for no limit.
    pub rate: Option<f64>,
    /// When a pause ends.
    pub until: Option<Timestamp>,
    /// The codes of the reply that was the cause, without its words.
    pub reply: Option<String>,
}

impl PaceKind {
    const ALL: [(Self, &str); 7] = [
        (Self::Begun, "begun"),
        (Self::Slowed, "slowed"),
        (Self::Faster, "faster"),
        (Self::Batch, "batch"),
        (Self::Hours, "hours"),
        (Self::Relay, "relay"),
        (Self::Ended, "ended"),
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == word).map(|(kind, _)| kind)
    }
}

impl PaceNote {
    #[must_use]
    pub fn new(kind: PaceKind, at: Timestamp) -> Self {
        Self { at, kind, domain: None, rate: None, until: None, reply: None }
    }
}

impl SqliteLedger {
    /// Takes a note of the pace of `plan`. Nobody waits for it: a send does not depend on it, and a write that
    /// fails is told by the attempts and outcomes that share its commit.
    pub fn note_pace(&self, plan: i64, note: PaceNote) {
        drop(self.database().write(move |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO pace_change (plan, at, kind, domain, rate, until, reply)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            let until = note.until.map(Timestamp::as_millisecond);
            let (at, kind) = (note.at.as_millisecond(), note.kind.as_str());
            insert.execute(params![plan, at, kind, note.domain, note.rate, until, note.reply]).map(drop)
        }));
    }
}

/// How the runs of a plan were paced, in order; nothing of what an earlier version of the program sent.
///
/// # Errors
/// The database can't be read.
pub fn pace_of(connection: &Connection, plan: i64) -> rusqlite::Result<Vec<PaceNote>> {
    let mut notes = connection
        .prepare("SELECT at, kind, domain, rate, until, reply FROM pace_change WHERE plan = ?1 ORDER BY id")?;
    let moment = |at| Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    let rows = notes.query_map([plan], |row| {
        Ok(PaceKind::of(row.get_ref(1)?.as_str()?).map(|kind| {
            Ok::<_, rusqlite::Error>(PaceNote {
                at: moment(row.get(0)?),
                kind,
                domain: row.get(2)?,
                rate: row.get(3)?,
                until: row.get::<_, Option<i64>>(4)?.map(moment),
                reply: row.get(5)?,
            })
        }))
    })?;
    rows.filter_map(Result::transpose).map(|note| note.and_then(|note| note)).collect()
}

//! Mail that came back, as the database keeps it: facts that are never changed, from which it is worked out
//! anew each time what follows for whom (see [`standing`](super::standing)).

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::register::parse;
use super::{UnknownWord, known, word};
use crate::domain::token::Pseudonym;
use crate::domain::{Digest, IssueId, Kind, Reason};
use crate::state::StateError;

/// What one report said about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    pub source: Told,
    /// Who it is about; none where the report names nobody.
    pub reader: Option<Pseudonym>,
    /// Their address's identity, where the list knows it.
    pub identity: Option<String>,
    pub issue: Option<IssueId>,
    /// When it was told, by the mail's own word.
    pub at: Timestamp,
    /// When it was read.
    pub read_at: Timestamp,
    pub kind: Kind,
    pub reason: Reason,
    /// The enhanced status code (RFC 3463).
    pub status: Option<String>,
    /// What the server said.
    pub diagnostic: Option<String>,
    /// `failed` or `delayed`, where the report says so (RFC 3464 section 2.3.3).
    pub action: Option<String>,
    /// Who wrote the report.
    pub mta: Option<String>,
    /// The address as the report writes it, which need not be the reader's.
    pub recipient: Option<String>,
    pub proof: Proof,
}

/// Where a bounce was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// In a mail, and where that lay.
    Mail { digest: Digest, name: String },
    /// In the session with the relay: the number of the ledger's event.
    Session(i64),
}

/// By what it is known whom a bounce is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// A signed token in the address that the report was sent to.
    ReturnPath,
    /// A signed token in its Original-Envelope-Id.
    EnvelopeId,
    /// A signed token in the Message-ID of the mail that it is about.
    MessageId,
    /// The relay said it when the message was handed over.
    Session,
    /// The address that it names stands in the list; anyone could have written it.
    Recipient,
    /// Nothing.
    Nothing,
}

impl Proof {
    const ALL: [(Self, &str); 6] = [
        (Self::ReturnPath, "return-path"),
        (Self::EnvelopeId, "envelope-id"),
        (Self::MessageId, "message-id"),
        (Self::Session, "session"),
        (Self::Recipient, "recipient"),
        (Self::Nothing, "none"),
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }

    /// Whether nobody else could have written it.
    #[must_use]
    pub fn is_signed(self) -> bool {
        !matches!(self, Self::Recipient | Self::Nothing)
    }
}

impl std::str::FromStr for Proof {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        known(&Self::ALL, text)
    }
}

const COLUMNS: &str = "mail, name, delivery, reader, identity, issue, at, read_at, kind, reason, status, diagnostic, \
                       action, mta, recipient, proof";

impl Bounce {
    /// Every bounce on record, in the order in which they were told.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn all(connection: &Connection) -> rusqlite::Result<Vec<Self>> {
        let query = format!("SELECT {COLUMNS} FROM bounce ORDER BY at, id");
        connection.prepare(&query)?.query_map([], read)?.collect()
    }

    /// The ledger's events that are on record.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn sessions(connection: &Connection) -> rusqlite::Result<HashSet<i64>> {
        let mut events = connection.prepare("SELECT delivery FROM bounce WHERE delivery IS NOT NULL")?;
        events.query_map([], |row| row.get(0))?.collect()
    }

    /// Those about one reader.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn about(connection: &Connection, reader: Pseudonym, identity: &str) -> rusqlite::Result<Vec<Self>> {
        let query = format!("SELECT {COLUMNS} FROM bounce WHERE reader = ?1 OR identity = ?2 ORDER BY at, id");
        connection.prepare(&query)?.query_map(params![reader.to_string(), identity], read)?.collect()
    }
}

impl super::Register {
    /// Takes down what a relay said in its session, each of the ledger's events once; tells which were new.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn append_bounces(&self, bounces: Vec<Bounce>) -> Result<Vec<Bounce>, StateError> {
        self.database().write_now(move |transaction| {
            let mut new = Vec::new();
            for bounce in bounces {
                if insert(transaction, &bounce)? {
                    new.push(bounce);
                }
            }
            Ok(new)
        })
    }
}

/// Tells whether it was new.
pub(super) fn insert(transaction: &Transaction<'_>, bounce: &Bounce) -> rusqlite::Result<bool> {
    let (mail, name, delivery) = match &bounce.source {
        Told::Mail { digest, name } => (Some(digest.to_string()), Some(name), None),
        Told::Session(event) => (None, None, Some(event)),
    };
    transaction
        .prepare_cached(
            "INSERT INTO bounce (mail, name, delivery, reader, identity, issue, at, read_at, kind, reason, status,
                 diagnostic, action, mta, recipient, proof)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (delivery) DO NOTHING",
        )?
        .execute(params![
            mail,
            name,
            delivery,
            bounce.reader.map(|reader| reader.to_string()),
            bounce.identity,
            bounce.issue.as_ref().map(IssueId::as_str),
            bounce.at.as_millisecond(),
            bounce.read_at.as_millisecond(),
            bounce.kind.as_str(),
            bounce.reason.as_str(),
            bounce.status,
            bounce.diagnostic,
            bounce.action,
            bounce.mta,
            bounce.recipient,
            bounce.proof.as_str()
        ])
        .map(|count| count == 1)
}

/// Takes out of every bounce who it was about, and every address and word that could tell; that there was one
/// stays. Those about others that name this address lose it as well.
pub(super) fn forget(transaction: &Transaction<'_>, reader: Pseudonym, identity: &str) -> rusqlite::Result<()> {
    let mut all = transaction.prepare("SELECT id, reader, identity, recipient, diagnostic FROM bounce")?;
    let mut clear = transaction.prepare(
        "UPDATE bounce SET name = CASE WHEN mail IS NULL THEN NULL ELSE '' END, identity = NULL, recipient = NULL,
             diagnostic = NULL, mta = NULL
         WHERE id = ?1",
    )?;
    let pseudonym = reader.to_string();
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let text = |column: usize| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
        let names = |text: String| text.to_lowercase().contains(identity);
        if text(1)? == pseudonym || text(2)? == identity || names(text(3)?) || names(text(4)?) {
            clear.execute([row.get::<_, i64>(0)?])?;
        }
    }
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Bounce> {
    let optional = |column: usize| row.get::<_, Option<String>>(column);
    let source = match (optional(0)?, row.get::<_, Option<i64>>(2)?) {
        (None, event) => Told::Session(event.unwrap_or_default()),
        (Some(digest), _) => Told::Mail { digest: parse(0, &digest)?, name: optional(1)?.unwrap_or_default() },
    };
    let moment =
        |column: usize| row.get(column).map(|at| Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH));
    Ok(Bounce {
        source,
        reader: optional(3)?.map(|reader| parse(3, &reader)).transpose()?,
        identity: optional(4)?,
        issue: optional(5)?.map(|issue| parse(5, &issue)).transpose()?,
        at: moment(6)?,
        read_at: moment(7)?,
        kind: parse(8, &row.get::<_, String>(8)?)?,
        reason: parse(9, &row.get::<_, String>(9)?)?,
        status: optional(10)?,
        diagnostic: optional(11)?,
        action: optional(12)?,
        mta: optional(13)?,
        recipient: optional(14)?,
        proof: parse(15, &row.get::<_, String>(15)?)?,
    })
}

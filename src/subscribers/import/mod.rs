//! Imports: another system's export and the list in; the list as it would be, and what would change, out.
//! Nothing is written here, so that a person can look at it first.
//!
//! What an export says is taken for those columns that it has. A blank cell erases nothing, who is
//! suppressed is neither added nor changed, and whoever left over there is to be suppressed here.

mod kind;
mod mapping;
mod merge;
mod words;

use crate::domain::EmailAddress;

pub use kind::Kind;
pub use mapping::{ColumnMap, MapError, Mapping, ValueMap};
pub use merge::{List, merge};

/// What an import may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// New people come in, and rows that are there take what the export says.
    #[default]
    AddAndUpdate,
    /// New people come in, and rows that are there stay as they are.
    AddOnly,
}

/// Why someone of an export is not to be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    Unsubscribed,
    Bounced,
    /// The other system was told not to send to them, for whatever reason.
    Blocked,
}

/// What an import would do.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The whole list as it would be.
    pub headers: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub added: Vec<EmailAddress>,
    pub updated: Vec<Update>,
    pub unchanged: usize,
    /// People of the export who are suppressed here already; they stay so.
    pub kept_away: Vec<EmailAddress>,
    /// People whom the export itself says not to send to: to be suppressed here.
    pub departed: Vec<(EmailAddress, Departure)>,
    pub refused: Vec<Refused>,
    /// Columns of the export that nothing takes.
    pub ignored: Vec<String>,
}

/// A row of the list that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    pub email: EmailAddress,
    pub cells: Vec<CellChange>,
}

/// A cell of the list that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    pub header: String,
    pub old: String,
    pub new: String,
}

/// A row of the export that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// The line of the export at which the row begins.
    pub line: usize,
    /// The cell at fault.
    pub value: String,
    pub reason: String,
    /// Whether the row itself is faulty, and not merely nobody to be written to.
    #[serde(skip)]
    pub faulty: bool,
}

impl Outcome {
    /// Whether the list or the suppressions would change at all.
    #[must_use]
    pub fn changes(&self) -> bool {
        !(self.added.is_empty() && self.updated.is_empty() && self.departed.is_empty())
    }

    /// Whether the list's file would change.
    #[must_use]
    pub fn changes_list(&self) -> bool {
        !(self.added.is_empty() && self.updated.is_empty())
    }
}

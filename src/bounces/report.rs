//! What a mail says about a recipient: the words in which the rest of the program hears of it.

use serde::Serialize;

use crate::domain::IssueId;
pub use crate::domain::reason::{Kind, Reason};
use crate::domain::token::Pseudonym;

/// What a mail says about one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The address as the report writes it; none where it names nobody, as some complaints do.
    pub recipient: Option<String>,
    pub kind: Kind,
    pub reason: Reason,
    /// The enhanced status code (RFC 3463), such as `5.1.1`, where the report has one.
    pub status: Option<String>,
    /// What the server said, on one line.
    pub diagnostic: Option<String>,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded` (RFC 3464 section 2.3.3).
    pub action: Option<String>,
    /// The program or service that wrote the report, or the host, as far as it tells.
    pub mta: Option<String>,
    /// What the report was recognised by.
    #[serde(skip)]
    pub evidence: Evidence,
    /// Who a valid token of ours stands for. A report without one may be forged.
    #[serde(skip)]
    pub claim: Option<Claim>,
    /// The Message-ID of the mail that the report is about, with its brackets.
    #[serde(skip)]
    pub message_id: Option<String>,
}

impl Report {
    /// Takes out what could steer the terminal of whoever reads it.
    pub(super) fn tidy(&mut self) {
        let texts = [
            &mut self.recipient,
            &mut self.status,
            &mut self.diagnostic,
            &mut self.action,
            &mut self.mta,
            &mut self.message_id,
        ];
        for text in texts {
            if text.as_ref().is_some_and(|text| text.contains(char::is_control)) {
                *text = text.take().map(|text| text.chars().filter(|c| !c.is_control()).collect());
            }
        }
    }

    /// Nothing is known but that a machine wrote to an address of ours.
    pub(super) fn of_token() -> Self {
        Self {
            recipient: None,
            kind: Kind::Unknown,
            reason: Reason::Unknown,
            status: None,
            diagnostic: None,
            action: None,
            mta: None,
            evidence: Evidence::Token,
            claim: None,
            message_id: None,
        }
    }
}

/// Who and what a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub reader: Pseudonym,
    pub issue: Option<IssueId>,
    pub token: Token,
}

/// Where a report bears a token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// In the address that it was sent to (VERP).
    ReturnPath,
    /// In its Original-Envelope-Id (RFC 3464 section 2.2.1).
    EnvelopeId,
    /// In the Message-ID of the mail that it is about. Whoever got that mail could write such a report, but
    /// about its reader alone.
    MessageId,
}

/// What a report was recognised by, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The fields of RFC 3464 or RFC 5965, or a provider's JSON.
    Fields,
    /// X-Failed-Recipients.
    FailedRecipients,
    /// A grammar found the recipient in the text.
    Text,
    /// The text tells of a failure, and the enclosed original was to one person.
    Original,
    /// Nothing but our own token.
    Token,
}

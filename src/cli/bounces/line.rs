//! One bounce on one line: for people, for programs and for a spreadsheet.

use jiff::Timestamp;
use serde::Serialize;

use super::words::proof;
use crate::domain::{IssueId, Kind, Reason};
use crate::readers::{Bounce, Told};

/// A bounce as programs read it.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Line<'b> {
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// The reader's, where the list knew it; none of someone who was forgotten.
    pub email: Option<&'b str>,
    pub issue: Option<&'b IssueId>,
    pub kind: Kind,
    pub reason: Reason,
    pub status: Option<&'b str>,
    pub diagnostic: Option<&'b str>,
    /// The address that the report names.
    pub recipient: Option<&'b str>,
    pub mta: Option<&'b str>,
    /// `return-path`, `envelope-id`, `message-id`, `session`, `recipient` or `none`.
    pub proof: &'static str,
    /// Where the mail lay; none where the relay said it at once.
    pub mail: Option<&'b str>,
}

impl<'b> Line<'b> {
    pub(in crate::cli) fn of(bounce: &'b Bounce) -> Self {
        Self {
            at: bounce.at,
            email: bounce.identity.as_deref(),
            issue: bounce.issue.as_ref(),
            kind: bounce.kind,
            reason: bounce.reason,
            status: bounce.status.as_deref(),
            diagnostic: bounce.diagnostic.as_deref(),
            recipient: bounce.recipient.as_deref(),
            mta: bounce.mta.as_deref(),
            proof: bounce.proof.as_str(),
            mail: match &bounce.source {
                Told::Mail { name, .. } => Some(name.as_str()).filter(|name| !name.is_empty()),
                Told::Session(_) => None,
            },
        }
    }

    pub(super) const HEADERS: [&'static str; 11] = [
        "time (UTC)",
        "email",
        "issue",
        "kind",
        "reason",
        "status",
        "text",
        "recipient in the report",
        "told by",
        "known by",
        "mail",
    ];

    pub(super) fn cells(&self) -> [String; 11] {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        [
            self.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            text(self.email),
            text(self.issue.map(IssueId::as_str)),
            self.kind.to_string(),
            self.reason.to_string(),
            text(self.status),
            text(self.diagnostic),
            text(self.recipient),
            text(self.mta),
            self.proof.to_owned(),
            text(self.mail),
        ]
    }
}

/// `2026-03: hard, user-unknown 5.1.1 "no such user" (the token in the return-path; mailbox/new/1)`.
pub(in crate::cli) fn told(bounce: &Bounce) -> String {
    let line = Line::of(bounce);
    let issue = line.issue.map_or(String::new(), |issue| format!("{issue}: "));
    let status = line.status.map_or(String::new(), |status| format!(" {status}"));
    let said = line.diagnostic.map_or(String::new(), |said| format!(" \"{said}\""));
    let mail = line.mail.map_or(String::new(), |mail| format!("; {mail}"));
    let other = line.recipient.filter(|named| line.email.is_none_or(|email| !email.eq_ignore_ascii_case(named)));
    let other = other.map_or(String::new(), |named| format!(", says it of {named}"));
    format!("{issue}{}, {}{status}{said}{other} ({}{mail})", line.kind, line.reason, proof(bounce.proof))
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

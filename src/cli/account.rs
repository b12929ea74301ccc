//! The closing account on stdout: a table for people, one object for programs.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::{Ended, data};
use crate::domain::IssueId;
use crate::ledger::Account;
use crate::pipeline::Mode;

/// The object that scripts read; its form is fixed.
#[derive(Serialize)]
struct Json<'a> {
    issue: &'a IssueId,
    #[serde(flatten)]
    account: &'a Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    /// Every digest that was approved, where there is more than one.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    digests: &'a [String],
}

/// How the account is told.
pub(super) struct Closing<'a> {
    pub issue: &'a IssueId,
    pub account: &'a Account,
    /// How long the run took, where there was one.
    pub took: Option<Duration>,
    pub digests: &'a [String],
    pub mode: Mode,
    pub json: bool,
}

impl Closing<'_> {
    /// Prints it, and tells the exit status.
    pub(super) fn print(&self) -> Ended {
        let digests = if self.digests.len() > 1 { self.digests } else { &[] };
        if self.json {
            let seconds = self.took.map(|took| (took.as_secs_f64() * 1000.0).round() / 1000.0);
            let json = Json { issue: self.issue, account: self.account, seconds, digests };
            data(&format!("{}\n", serde_json::to_string(&json).unwrap_or_else(|error| unreachable!("{error}"))));
        } else {
            data(&table(self.issue, self.account, self.mode));
            for digest in digests {
                data(&format!("  approved {digest}\n"));
            }
        }
        if self.account.is_complete() { Ended::Well } else { Ended::WithRest }
    }
}

fn table(issue: &IssueId, account: &Account, mode: Mode) -> String {
    let hint = |state: &str, then: &str| match mode {
        Mode::Send => format!("{state}{then}"),
        Mode::Rehearsal => state.to_owned(),
    };
    let rows = [
        ("accepted", account.accepted, hint("the relay took them", "")),
        ("rejected", account.rejected, hint("not to be tried again", "; `bulletin status --recipients` tells why")),
        ("deferred", account.deferred, hint("refused for now", "; run the command again later")),
        ("unknown", account.unknown, hint("sent, and no reply came", ": --retry-unknown or --drop-unknown decides")),
        ("skipped", account.skipped, hint("not to be sent to", "")),
        ("pending", account.pending, hint("not tried yet", "; run the command again")),
    ];
    let mut out = format!("{issue}: {} planned\n", account.planned);
    for (state, count, meaning) in rows {
        if count > 0 || state == "accepted" {
            // Writing to a String can't fail.
            let _ = writeln!(out, "  {state:<9}{count:>8}  {meaning}");
        }
    }
    out
}

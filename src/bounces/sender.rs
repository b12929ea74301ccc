//! Who wrote a mail: a machine that reports, a machine that answers in somebody's place, or a person.
//!
//! A person may forward a report, quote it, or ask about it. What they send says nothing about any address,
//! so that no text is read before this was asked.

use super::address;
use super::grammar::Grammars;
use super::mime::Opened;

/// How the subject of a mail that a person passes on or answers begins, in lower case.
const PASSED_ON: [&str; 20] = [
    "fwd:", "fw:", "re:", "aw:", "wg:", "tr:", "rv:", "sv:", "vs:", "vb:", "antw:", "doorst:", "i:", "r:", "ri:",
    "rif:", "enc:", "odp:", "pd:", "転送:",
];

/// Those of them that pass on what somebody else wrote.
const FORWARDED: [&str; 8] = ["fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "pd:", "転送:"];

/// Parts of names that only mail systems bear.
const DAEMONS: [&str; 15] = [
    "mailer-daemon",
    "mailerdaemon",
    "postmaster",
    "post_master",
    "post-master",
    "poostmaster",
    "mail delivery",
    "mail.delivery",
    "maildelivery",
    "mail administrator",
    "mail-daemon",
    "mailer daemon",
    "mdaemon",
    "system administrator",
    "mail system",
];

/// Parts of addresses that programs write from.
const ROLES: [&str; 16] = [
    "no-reply",
    "noreply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "daemon",
    "bounce",
    "admin",
    "notif",
    "system",
    "server",
    "gateway",
    "mailer",
    "delivery",
    "robot",
    "automat",
];

/// Parts of subjects that reports bear, in lower case.
const SUBJECTS: [&str; 41] = [
    "undeliver",
    "delivery status",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery notification",
    "delivery report",
    "delivery problem",
    "delivery error",
    "failure notice",
    "failure notification",
    "returned mail",
    "returned to sender",
    "returning message",
    "mail failure",
    "mail failed",
    "mail error",
    "mail system error",
    "mail could not be",
    "message could not be",
    "could not be delivered",
    "couldn't be delivered",
    "couldn’t be delivered",
    "not delivered",
    "non delivery",
    "non-delivery",
    "nondeliverable",
    "non remis",
    "unzustellbar",
    "delivery delayed",
    "delayed",
    "bounce",
    "rejected",
    "blocked",
    "warning: message",
    "warning: could not send",
    "message status",
    "email delivery",
    "no se puede entregar",
    "error sending",
    "エラー",
];

/// Who wrote a mail, as far as its header tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// A mail system, by its name or by fields that only such a one writes.
    System,
    /// A machine, by marks that people's mails don't bear.
    Machine,
    /// Somebody who wants no answer (RFC 5321 section 4.5.5): a system, or a program that answers for a person.
    Nameless,
    /// A machine or a person: nothing tells.
    Unclear,
    /// Somebody who passes on, or answers, what somebody else wrote.
    Person,
}

impl Author {
    /// Whether its words may be taken for a report.
    pub(super) fn reports(self) -> bool {
        matches!(self, Self::System | Self::Machine | Self::Nameless)
    }
}

pub(super) fn author(mail: &Opened, grammars: &Grammars) -> Author {
    let header = &mail.header;
    let lower = |name: &str| header.get(name).unwrap_or_default().trim().to_lowercase();
    let from = lower("From");
    let is_daemon = |text: &str| DAEMONS.iter().any(|name| text.contains(name));
    let return_path = lower("Return-Path");
    let null_sender = return_path == "<>";
    let family = grammars.families().any(|family| {
        family
            .header
            .iter()
            .any(|(name, value)| header.all(name).any(|found| found.trim().to_lowercase().starts_with(value)))
    });
    let subject = decoded(header.get("Subject").unwrap_or_default());
    let subject = subject.trim().to_lowercase();
    let passed_on = PASSED_ON.iter().any(|prefix| subject.starts_with(prefix));
    let daemon = is_daemon(&from) || from.is_empty() || from.ends_with("<>") || is_daemon(&return_path);
    if family || header.has("X-Failed-Recipients") {
        return Author::System;
    }
    // A postmaster may be a person who passes something on, by the subject or by an envelope of their own.
    let own_envelope = return_path.contains('@') && !is_daemon(&return_path);
    let forwarded = FORWARDED.iter().any(|prefix| subject.starts_with(prefix)) && !from.contains("daemon");
    if daemon && !(passed_on && (own_envelope || forwarded)) {
        return Author::System;
    }
    if passed_on {
        return Author::Person;
    }
    let answers = header.has("In-Reply-To") || header.has("References");
    let automatic = {
        let submitted = lower("Auto-Submitted");
        !submitted.is_empty() && submitted != "no"
    };
    let reports = SUBJECTS.iter().any(|part| subject.contains(part));
    if null_sender && reports {
        return Author::Machine;
    }
    if null_sender && (automatic || !answers) {
        return Author::Nameless;
    }
    // Who takes their own bounces is no mail system, whatever they write about; and where nobody noted the
    // return-path, the sender's name must be one that people don't bear.
    let author = address::first(&from);
    let by_role = if return_path.is_empty() {
        author.is_some_and(|author| ROLES.iter().any(|role| author.contains(role)))
    } else {
        author.is_none() || address::first(&return_path) != author
    };
    if reports && (automatic || !answers && by_role) {
        return Author::Machine;
    }
    Author::Unclear
}

/// A header value with its encoded words (RFC 2047) read.
pub(super) fn decoded(value: &str) -> std::borrow::Cow<'_, str> {
    if !value.contains("=?") {
        return value.into();
    }
    let field = format!("Subject: {value}\n\n");
    let message =
        mail_parser::MessageParser::new().header_text(mail_parser::HeaderName::Subject).parse_headers(field.as_bytes());
    match message.as_ref().and_then(mail_parser::Message::subject) {
        Some(text) => text.to_owned().into(),
        None => value.into(),
    }
}

//! Who wrote a mail: a machine that reports, a machine that answers in somebody's place, or a person.
//!
//! A person may forward a report, quote it, or ask about it. What they send says nothing about any address,
//! so that no text is read before this was asked.

use serde::Deserialize;

use super::address;
use super::grammar::Grammars;
use super::mime::Opened;

/// By what a mail system is told from a person, out of a TOML file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authors {
    daemons: Vec<String>,
    roles: Vec<String>,
    subjects: Vec<String>,
    forwarded: Vec<String>,
    replied: Vec<String>,
}

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

impl Authors {
    /// Who wrote a mail.
    pub(super) fn author(&self, mail: &Opened, grammars: &Grammars) -> Author {
        let header = &mail.header;
        let lower = |name: &str| header.get(name).unwrap_or_default().trim().to_lowercase();
        let from = lower("From");
        let is_daemon = |text: &str| self.daemons.iter().any(|name| text.contains(name.as_str()));
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
        let begins = |prefixes: &[String]| prefixes.iter().any(|prefix| subject.starts_with(prefix.as_str()));
        let passed_on = begins(&self.forwarded) || begins(&self.replied);
        let daemon = is_daemon(&from) || from.is_empty() || from.ends_with("<>") || is_daemon(&return_path);
        if family || header.has("X-Failed-Recipients") {
            return Author::System;
        }
        // A postmaster may be a person who passes something on, by the subject or by an envelope of their own.
        let own_envelope = return_path.contains('@') && !is_daemon(&return_path);
        let forwarded = begins(&self.forwarded) && !from.contains("daemon");
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
        let reports = self.subjects.iter().any(|part| subject.contains(part.as_str()));
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
            author.is_some_and(|author| self.roles.iter().any(|role| author.contains(role.as_str())))
        } else {
            author.is_none() || address::first(&return_path) != author
        };
        if reports && (automatic || !answers && by_role) {
            return Author::Machine;
        }
        Author::Unclear
    }
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

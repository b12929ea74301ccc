//! The judgement: what was recognised in, kind and reason out, from codes and words together.

use std::borrow::Cow;
use std::path::Path;

use super::auto_reply::AutoReplies;
use super::data::{self, Files};
use super::grammar::Grammars;
use super::header::cut;
use super::mime::Opened;
use super::report::{Evidence, Kind, Reason, Report};
use super::rules::{Rules, Weight};
use super::sender::{Author, Authors};
use super::{GrammarError, address, status, text};

/// How much of a diagnostic is told.
const LONGEST: usize = 1000;

/// Knows the grammars and the rules. Made once, used for every mail.
#[derive(Debug)]
pub struct Classifier {
    grammars: Grammars,
    rules: Rules,
    authors: Authors,
    auto_replies: AutoReplies,
}

/// What there is to judge by.
#[derive(Clone, Copy, Default)]
pub(super) struct Said<'s> {
    pub(super) action: Option<&'s str>,
    /// The enhanced code that the report gives in a field of its own.
    pub(super) status: Option<&'s str>,
    /// What the server said about the recipient.
    pub(super) words: &'s str,
    /// What else is written, by the one who reports.
    pub(super) around: Around<'s>,
    /// Why, where nothing else tells.
    pub(super) otherwise: Option<Reason>,
}

/// What the one who reports writes besides. It is looked for only where the rest says too little.
#[derive(Clone, Copy, Default)]
pub(super) enum Around<'s> {
    #[default]
    Nothing,
    Text(&'s str),
    Sought(&'s dyn Fn() -> String),
}

impl Around<'_> {
    fn on_one_line(self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text::on_one_line(text),
            Self::Sought(seek) => text::on_one_line(&seek()),
        }
    }
}

impl Classifier {
    /// The grammars and rules that are compiled in.
    #[must_use]
    pub fn built_in() -> Self {
        // A test reads all of them.
        Self::of(&Files::built_in()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// Those that are compiled in, with the files of a newsletter's folder `bounces/` in place of those of
    /// the same name.
    ///
    /// # Errors
    /// A file that can't be read, or is no such TOML.
    pub fn with_folder(folder: &Path) -> Result<Self, GrammarError> {
        Self::of(&Files::with_folder(folder)?)
    }

    fn of(files: &Files) -> Result<Self, GrammarError> {
        let named = |name: &str, error| GrammarError::File(name.into(), Box::new(error));
        Ok(Self {
            grammars: Grammars::parse(&files.grammars)?,
            rules: Rules::parse(&files.reasons).map_err(|error| named(data::REASONS.0, error))?,
            authors: toml::from_str(&files.authors).map_err(|error| named(data::AUTHORS.0, error.into()))?,
            auto_replies: toml::from_str(&files.auto_replies)
                .map_err(|error| named(data::AUTO_REPLIES.0, error.into()))?,
        })
    }

    pub(super) fn grammars(&self) -> &Grammars {
        &self.grammars
    }

    pub(super) fn auto_replies(&self) -> &AutoReplies {
        &self.auto_replies
    }

    /// Who wrote a mail.
    pub(super) fn author(&self, mail: &Opened) -> Author {
        self.authors.author(mail, &self.grammars)
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A report out of what there is to judge by.
    pub(super) fn report(&self, recipient: Option<String>, said: Said, evidence: Evidence) -> Report {
        let line = text::on_one_line(said.words);
        let code = status::enhanced(&line);
        let status = match (said.status, code) {
            // The server's own word comes before that of the one who reports.
            (Some(_), Some(code)) if !status::is_vague(code) && !code.starts_with('2') => Some(code),
            (status, code) => status.or(code),
        };
        let reason = self.reason(said, &line, code);
        let succeeded = said.action.is_none() && said.status.is_some_and(|status| status.starts_with('2'));
        let kind = if succeeded { Kind::Delivered } else { kind(said.action, reason, status) };
        let status = status.map(str::to_owned);
        let diagnostic = diagnostic(said, line);
        Report {
            recipient,
            kind,
            reason: if kind == Kind::Delivered { Reason::Delivered } else { reason },
            status,
            diagnostic: Some(cut(&diagnostic, LONGEST).to_owned()).filter(|text| !text.is_empty()),
            action: said.action.map(str::to_owned),
            mta: None,
            evidence,
            claim: None,
            message_id: None,
        }
    }

    fn reason(&self, said: Said, line: &str, code: Option<&str>) -> Reason {
        let words = self.rules.of_words(&without_addresses(line));
        if let Some((reason, Weight::Strong)) = words {
            return reason;
        }
        let by_code = [code, said.status].into_iter().flatten().find_map(|code| self.rules.of_code(code));
        if let Some(reason) = by_code {
            return reason;
        }
        let around = said.around.on_one_line();
        let more = self.rules.of_words(&without_addresses(&around));
        if let Some((reason, Weight::Strong)) = more {
            return reason;
        }
        let by_code = status::enhanced(&around).and_then(|code| self.rules.of_code(code));
        let weak = words.or(more).map(|(reason, _)| reason);
        let delayed = (said.action == Some("delayed")).then_some(Reason::Expired);
        by_code.or(weak).or(said.otherwise).or(delayed).unwrap_or(Reason::Unknown)
    }
}

/// The lines that tell most of what was said: those from the first code on, wherever it stands.
fn diagnostic(said: Said, line: String) -> String {
    const LINES: usize = 4;
    let from_code = |text: &str| {
        let first = text.lines().position(status::has_failure)?;
        let lines: Vec<&str> = text.lines().skip(first).take(LINES).collect();
        Some(text::on_one_line(&lines.join("\n")))
    };
    if let Some(told) = from_code(said.words) {
        return told;
    }
    match said.around {
        Around::Text(around) => from_code(around).unwrap_or(line),
        around if line.is_empty() => around.on_one_line(),
        _ => line,
    }
}

/// A 5xx alone makes nothing hard; a delay makes everything soft.
pub(super) fn kind(action: Option<&str>, reason: Reason, status: Option<&str>) -> Kind {
    match action {
        Some("delivered" | "relayed" | "expanded") => return Kind::Delivered,
        Some("delayed") => return Kind::Soft,
        _ => {}
    }
    // What is said with a 4xx may be otherwise tomorrow; but a server that names no such user until the queue
    // gives up means it.
    let given_up = action == Some("failed") && reason == Reason::UserUnknown;
    if reason.kind() == Kind::Hard && !given_up && status.is_some_and(|status| status.starts_with('4')) {
        return Kind::Soft;
    }
    match reason {
        Reason::Delivered | Reason::Vacation | Reason::Challenge | Reason::Automatic => Kind::Unknown,
        reason => reason.kind(),
    }
}

/// An address may hold any word, which is then not the server's.
pub(super) fn without_addresses(line: &str) -> Cow<'_, str> {
    if !line.contains('@') {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    for found in address::all(line) {
        let at = found.as_ptr() as usize - rest.as_ptr() as usize;
        plain.push_str(&rest[..at]);
        rest = &rest[at + found.len()..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(action: Option<&str>, status: Option<&str>, words: &str) -> (Kind, Reason) {
        let said = Said { action, status, words, ..Said::default() };
        let report = Classifier::built_in().report(None, said, Evidence::Fields);
        (report.kind, report.reason)
    }

    #[test]
    fn codes_and_words_are_judged_together() {
        for (status, words, kind, reason) in [
            (Some("5.1.1"), "550 5.1.1 no such user", Kind::Hard, Reason::UserUnknown),
            // The words say more than the code.
            (Some("5.1.1"), "550 5.1.1 the mailbox is full", Kind::Soft, Reason::MailboxFull),
            (Some("5.7.1"), "550 5.7.1 user unknown", Kind::Hard, Reason::UserUnknown),
            (Some("5.7.1"), "554 5.7.1 listed at a block list", Kind::Soft, Reason::Blocked),
            (Some("5.0.0"), "550 sender address rejected: domain not found", Kind::Soft, Reason::Rejected),
            // The code says more than the words.
            (Some("5.2.2"), "552 5.2.2 sorry", Kind::Soft, Reason::MailboxFull),
            (Some("5.1.1"), "", Kind::Hard, Reason::UserUnknown),
            // A 5xx alone is not hard.
            (Some("5.0.0"), "550 no", Kind::Soft, Reason::Unknown),
            (None, "550 message refused", Kind::Soft, Reason::Policy),
            // A name server may answer otherwise tomorrow.
            (Some("4.4.4"), "host not found, try again", Kind::Soft, Reason::Network),
        ] {
            assert_eq!(judged(Some("failed"), status, words), (kind, reason), "{status:?} {words}");
        }
    }

    #[test]
    fn a_delay_is_never_hard_and_a_delivery_never_a_failure() {
        assert_eq!(judged(Some("delayed"), Some("4.1.1"), "450 user unknown").0, Kind::Soft);
        for action in ["delivered", "relayed", "expanded"] {
            assert_eq!(judged(Some(action), Some("2.0.0"), "user unknown"), (Kind::Delivered, Reason::Delivered));
        }
    }

    #[test]
    fn words_inside_an_address_are_not_the_servers() {
        let said = "<no.such.user@spam.example.org>: 452 please come back";
        assert_eq!(judged(Some("failed"), None, said), (Kind::Soft, Reason::Unknown));
    }
}

//! Recognition: an opened mail in, a report for each recipient that it is about out; the first source that
//! names somebody is taken.

use std::borrow::Cow;
use std::cell::LazyCell;

use super::complaint::complaints;
use super::fields::{self, Recipient};
use super::grammar::Words;
use super::header::Fields;
use super::judge::{Around, Classifier, Said, kind, without_addresses};
use super::report::{Evidence, Kind, Reason, Report};
use super::rules::Weight;
use super::sender::Author;
use super::text::{self, Named, Told};
use super::{address, mime, webhooks};
use mime::Opened;

/// Where a mail stands: in the mailbox, or in another mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    Outer,
    Enclosed,
}

impl Classifier {
    /// What an opened mail says about each recipient.
    pub(super) fn read(&self, mail: &Opened, depth: Depth) -> Vec<Report> {
        let author = self.author(mail);
        let is_report = mail.content_type == "multipart/report";
        let is_told = author.reports() || is_report && author != Author::Person;
        if let Some(complaints) = complaints(mail, is_report, author) {
            return complaints;
        }
        // What was read or deleted did arrive.
        if mail.disposition {
            return Vec::new();
        }
        let mut reports = if is_told { self.of_statuses(mail) } else { Vec::new() };
        if reports.is_empty() && author != Author::Person {
            reports = webhooks::in_mail(self, mail).unwrap_or_default();
        }
        let answer = || {
            let report =
                |(recipient, reason)| Report { recipient, kind: Kind::AutoReply, reason, ..Report::of_token() };
            self.auto_replies().read(mail).map(report)
        };
        // Who answers for somebody may name a colleague, which is no report about them.
        if reports.is_empty() && author != Author::System && !is_report {
            reports.extend(answer());
        }
        if reports.is_empty() && is_told {
            reports = self.of_text(mail, author);
        }
        if reports.is_empty() && author.reports() && depth == Depth::Outer {
            reports = self.of_enclosed(mail);
        }
        if reports.is_empty() {
            reports.extend(answer());
        }
        let message_id = original(mail).and_then(|fields| fields.get("Message-ID").map(|id| id.trim().to_owned()));
        for report in reports.iter_mut().filter(|_| message_id.is_some()) {
            report.message_id.clone_from(&message_id);
        }
        reports
    }

    /// A report that another machine wrapped in a mail of its own, which itself names nobody.
    fn of_enclosed(&self, mail: &Opened) -> Vec<Report> {
        let text = readable(mail);
        let mut enclosed: Vec<&str> = mail.originals.iter().map(AsRef::as_ref).collect();
        enclosed.extend(
            ["\nReturn-Path: <>", "\nReturn-Path:<>"]
                .iter()
                .find_map(|field| text.find(field))
                .map(|at| &text[at + 1..]),
        );
        let read = |text: &str| self.read(&mime::open(text.trim_start_matches('\n')), Depth::Enclosed);
        enclosed.into_iter().map(read).find(|reports| !reports.is_empty()).unwrap_or_default()
    }

    /// By the fields of a delivery status; the text for people helps where they say little.
    fn of_statuses(&self, mail: &Opened) -> Vec<Report> {
        let mut reports: Vec<Report> = Vec::new();
        if mail.statuses.is_empty() {
            return reports;
        }
        let text = readable(mail);
        let told = LazyCell::new(|| text::read(self.grammars(), &text));
        for status in &mail.statuses {
            let notification = fields::read(status);
            let sole = notification.recipients.len() == 1;
            for mut one in notification.recipients {
                if one.address.is_none() {
                    one.address = Self::elsewhere(mail, told.as_ref());
                }
                let Some(recipient) = one.address.clone() else { continue };
                let seek = || around(&one, told.as_ref(), &text, sole);
                let said = Said {
                    action: one.action.as_deref(),
                    status: one.status.as_deref(),
                    words: &one.said,
                    around: Around::Sought(&seek),
                    otherwise: one
                        .category
                        .as_deref()
                        .and_then(|category| self.rules().of_words(category))
                        .map(|(reason, _)| reason),
                };
                let mut report = self.report(Some(recipient), said, Evidence::Fields);
                if sole && report.reason == Reason::UserUnknown && self.tells_of_a_full_mailbox(&text) {
                    (report.kind, report.reason) = (kind(said.action, Reason::MailboxFull, None), Reason::MailboxFull);
                }
                report.mta = notification.reporting_mta.clone().or_else(|| told.as_ref().and_then(Told::mta));
                add(&mut reports, report);
            }
        }
        reports
    }

    /// A full mailbox exists, whatever else the same report says.
    fn tells_of_a_full_mailbox(&self, text: &str) -> bool {
        let words = self.rules().of_words(&without_addresses(&text::on_one_line(&text::joined(text))));
        words == Some((Reason::MailboxFull, Weight::Strong))
    }

    /// By the text for people.
    fn of_text(&self, mail: &Opened, author: Author) -> Vec<Report> {
        let text = readable(mail);
        let told = text::read(self.grammars(), &text);
        let mut reports = Vec::new();
        if author == Author::Nameless && told.as_ref().is_none_or(|told| told.family.words == Words::Common) {
            return Vec::new();
        }
        // Fields that lost their own part.
        let end = told.as_ref().map_or(text.len(), |told| told.said_to);
        if let Some(begin) = ["\nReporting-MTA:", "\nFinal-Recipient:", "\nOriginal-Recipient:"]
            .iter()
            .filter_map(|field| text[..end].find(field))
            .min()
        {
            for one in fields::read(&text[begin..end]).recipients {
                let Some(recipient) = one.address.clone() else { continue };
                let said = Said {
                    action: one.action.as_deref(),
                    status: one.status.as_deref(),
                    words: &one.said,
                    ..Said::default()
                };
                let mta = told.as_ref().and_then(Told::mta).or(one.remote);
                add(&mut reports, Report { mta, ..self.report(Some(recipient), said, Evidence::Fields) });
            }
        }
        if !reports.is_empty() {
            return reports;
        }
        let (family, told_said) = match &told {
            Some(told) => (Some(told.family), Cow::Borrowed(told.said.as_str())),
            None => (None, Cow::Owned(text::joined(&text))),
        };
        let otherwise = family.and_then(|family| family.reason);
        let mta = told.as_ref().and_then(Told::mta);
        let mut failed: Vec<&str> = mail.header.all("X-Failed-Recipients").flat_map(address::all).collect();
        let mut named: Vec<&Named> = told.iter().flat_map(|told| &told.named).collect();
        // Besides those who were not reached, a report may name whom to turn to, and whom it was sent to.
        let ends = ["From", "To"].map(|name| mail.header.get(name).and_then(address::first));
        let is_end = |name: &str| ends.into_iter().flatten().any(|end| end.eq_ignore_ascii_case(name));
        if named.iter().any(|one| !is_desk(one.recipient) && !is_end(one.recipient)) {
            named.retain(|one| !is_desk(one.recipient) && !is_end(one.recipient));
        }
        // Where the two contradict each other, a family that is known by its words is believed.
        let agree = named.iter().any(|one| failed.iter().any(|known| known.eq_ignore_ascii_case(one.recipient)));
        if !named.is_empty() && !agree && family.is_some_and(|family| !family.is_generic) {
            failed.clear();
        }
        for recipient in &failed {
            let own = named.iter().find(|one| one.recipient.eq_ignore_ascii_case(recipient));
            let words = own.map_or(told_said.as_ref(), |own| own.said.as_str());
            let said = Said { words, otherwise, ..Said::default() };
            add(
                &mut reports,
                Report {
                    mta: mta.clone(),
                    ..self.report(Some((*recipient).to_owned()), said, Evidence::FailedRecipients)
                },
            );
        }
        if failed.is_empty() {
            for one in &named {
                let said = Said { words: &one.said, around: Around::Text(&told_said), otherwise, ..Said::default() };
                add(
                    &mut reports,
                    Report { mta: mta.clone(), ..self.report(Some(one.recipient.to_owned()), said, Evidence::Text) },
                );
            }
        }
        let behind = header_behind(&text[end..]);
        if reports.is_empty()
            && family.is_some()
            && let Some(recipient) = sole_recipient(mail).or_else(|| behind.as_ref().and_then(to_one))
        {
            let said = Said { words: &told_said, otherwise, ..Said::default() };
            reports.push(Report { mta, ..self.report(Some(recipient), said, Evidence::Original) });
        }
        if let Some(id) = behind.as_ref().and_then(|fields| fields.get("Message-ID")) {
            for report in &mut reports {
                report.message_id = Some(id.trim().to_owned());
            }
        }
        reports
    }

    /// Who a notification without an address may be about.
    fn elsewhere(mail: &Opened, told: Option<&Told>) -> Option<String> {
        let failed = mail.header.get("X-Failed-Recipients").and_then(address::first);
        let named = told.and_then(|told| told.named.first()).map(|one| one.recipient);
        failed.or(named).map(str::to_owned).or_else(|| sole_recipient(mail))
    }
}

/// One report a recipient: of two the one that says more.
fn add(reports: &mut Vec<Report>, report: Report) {
    let same = |known: &&mut Report| match (&known.recipient, &report.recipient) {
        (Some(known), Some(new)) => known.eq_ignore_ascii_case(new),
        _ => false,
    };
    match reports.iter_mut().find(same) {
        Some(known) if known.reason == Reason::Unknown => *known = report,
        Some(_) => {}
        None => reports.push(report),
    }
}

/// What people read, behind a line end.
fn readable(mail: &Opened) -> String {
    let mut text = String::from("\n");
    for part in &mail.texts {
        text.push_str(part);
        text.push('\n');
    }
    text
}

/// What the text says about a recipient of the fields.
fn around(one: &Recipient, told: Option<&Told>, text: &str, sole: bool) -> String {
    if let Some(told) = told {
        let is_it = |name: &str| {
            [&one.address, &one.resolved].into_iter().flatten().any(|known| known.eq_ignore_ascii_case(name))
        };
        if let Some(named) = told.named.iter().find(|named| is_it(named.recipient)) {
            return named.said.clone();
        }
        if sole {
            return told.said.clone();
        }
    }
    if sole { text::joined(text) } else { String::new() }
}

/// The header of the enclosed mail.
pub(super) fn original<'m>(mail: &'m Opened) -> Option<Fields<'m>> {
    mail.originals.first().map(|original| Fields::split(original.trim_start_matches('\n')).0)
}

/// The one person that the enclosed mail was to.
pub(super) fn sole_recipient(mail: &Opened) -> Option<String> {
    to_one(&original(mail)?)
}

/// The header of an original that stands below the report in one text.
fn header_behind(text: &str) -> Option<Fields<'_>> {
    let begin = ["\nReceived:", "\nReturn-Path:", "\nFrom:", "\nTo:", "\nSubject:", "\nDate:", "\nMessage-I"]
        .iter()
        .filter_map(|field| text.find(field))
        .min()?;
    Some(Fields::split(&text[begin + 1..]).0)
}

/// Whether people are asked to write there for help.
fn is_desk(recipient: &str) -> bool {
    const DESKS: [&str; 6] = ["postmaster@", "mailer-daemon@", "abuse@", "support@", "helpdesk@", "hostmaster@"];
    let recipient = recipient.to_ascii_lowercase();
    DESKS.iter().any(|desk| recipient.starts_with(desk))
}

fn to_one(fields: &Fields) -> Option<String> {
    let mut found = ["X-Original-To", "To"].iter().flat_map(|name| fields.all(name)).flat_map(address::all);
    let first = found.next()?;
    found.all(|other| other.eq_ignore_ascii_case(first)).then(|| first.to_owned())
}

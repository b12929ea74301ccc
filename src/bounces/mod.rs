//! Bounces and their kin: one mail, or one webhook's JSON, in; what it says about each recipient out.
//!
//! What is recognised, in this order: a signed token of ours in the address that was written to or in the
//! envelope id; the fields of RFC 3464 and RFC 5965; X-Failed-Recipients; the texts of many families of mail
//! servers, by grammars that are data; the enclosed original's only recipient. What a person sends,
//! be it a forwarded report, says nothing about anybody.
//!
//! A classifier never fails and never panics; of a mail without end it looks at the beginning.

mod address;
mod auto_reply;
mod complaint;
mod data;
mod fields;
mod grammar;
mod header;
mod judge;
mod mime;
mod moment;
mod recognise;
mod report;
mod rules;
mod sender;
mod session;
mod status;
mod text;
mod webhooks;

#[cfg(test)]
mod monsters_tests;

use std::borrow::Cow;
use std::path::PathBuf;

pub use judge::Classifier;
pub use moment::told_at;
pub use report::{Claim, Evidence, Kind, Reason, Report, Token};

/// Asks the caller whether an address, an envelope id or a Message-ID holds a token that it signed.
pub type Claims<'c> = &'c dyn Fn(&str, Token) -> Option<Claim>;

/// A file of grammars or rules that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum GrammarError {
    #[error("can't read {0}: {1}")]
    Read(PathBuf, #[source] std::io::Error),
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    #[error("too many phrases: {0}")]
    Phrases(#[from] aho_corasick::BuildError),
    #[error("{0}: {1}")]
    File(PathBuf, #[source] Box<GrammarError>),
}

impl Classifier {
    /// What `mail` says about each recipient that it reports on; nothing, where it is no report.
    #[must_use]
    pub fn classify(&self, mail: &[u8], claims: Option<Claims>) -> Vec<Report> {
        let mut reports = self.reports(mail, claims);
        reports.iter_mut().for_each(Report::tidy);
        reports
    }

    fn reports(&self, mail: &[u8], claims: Option<Claims>) -> Vec<Report> {
        let start = mail.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(start, Some(b'{' | b'[')) {
            return webhooks::read(self, mail);
        }
        let bytes = mime::normalised(mail);
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&bytes),
        };
        let text = text.trim_start_matches(['\u{feff}', '\n']);
        let opened = mime::open(text);
        let claim = claims.and_then(|claims| Self::claim(&opened, claims));
        let mut reports = self.read(&opened, recognise::Depth::Outer);
        if let Some(claim) = claim {
            if reports.is_empty() && self.author(&opened).reports() {
                reports.push(Report::of_token());
            }
            for report in &mut reports {
                report.claim = Some(claim.clone());
            }
        } else if let Some(claims) = claims {
            for report in &mut reports {
                report.claim = report.message_id.as_deref().and_then(|id| claims(id, Token::MessageId));
            }
        }
        reports
    }

    /// The first token of ours among the addresses that the mail was sent to and the envelope ids in it.
    fn claim(mail: &mime::Opened, claims: Claims) -> Option<Claim> {
        let to = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To"];
        let addresses = to.iter().flat_map(|name| mail.header.all(name)).flat_map(address::all);
        let addresses = addresses.map(|one| (Cow::Borrowed(one), Token::ReturnPath));
        let ids = mail.statuses.iter().filter_map(|status| fields::read(status).envelope_id);
        let ids = ids.map(|id| (Cow::Owned(id), Token::EnvelopeId));
        addresses.chain(ids).take(50).find_map(|(candidate, token)| claims(&candidate, token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::{Purpose, TokenKey};
    use crate::domain::{EmailAddress, IssueId};

    /// Classifies a mail to the return-path of Ann's message, or to another address, with the key at hand.
    fn with_key(mail: &str, to_ann: bool) -> (Vec<Report>, Claim) {
        let key = TokenKey::new(b"secret");
        let ann: EmailAddress = "ann@example.com".parse().unwrap();
        let issue: IssueId = "2025-12".parse().unwrap();
        let token = key.token(Purpose::Bounce, Some(&issue), &ann);
        let claims = |candidate: &str, token: Token| {
            let local = candidate.split('@').next()?.trim_start_matches('<');
            let purpose = if token == Token::MessageId { Purpose::MessageId } else { Purpose::Bounce };
            let reader = key.open(local.rsplit('+').next()?, purpose, Some(&issue))?;
            Some(Claim { reader, issue: Some(issue.clone()), token })
        };
        let id = key.token(Purpose::MessageId, Some(&issue), &ann);
        let mail = mail.replace("MESSAGE", &id);
        let tag = if to_ann { token.to_uppercase() } else { "somebody".to_owned() };
        let mail = mail.replace("TOKEN", &tag);
        let reports = Classifier::built_in().classify(mail.as_bytes(), Some(&claims));
        (reports, Claim { reader: key.pseudonym(&ann), issue: Some(issue.clone()), token: Token::ReturnPath })
    }

    const QMAIL: &str = "Return-Path: <>\nDelivered-To: bounces+TOKEN@news.example.org\nFrom: MAILER-DAEMON@example.net\n\
                         Subject: failure notice\n\nHi. This is the qmail-send program at example.net.\n\n\
                         <ann.other@example.net>:\nno such user\n";

    #[test]
    fn a_token_of_ours_says_who_it_is_about_whatever_the_report_calls_them() {
        let (reports, claim) = with_key(QMAIL, true);
        assert_eq!(reports.len(), 1);
        assert_eq!((reports[0].kind, reports[0].recipient.as_deref()), (Kind::Hard, Some("ann.other@example.net")));
        assert_eq!(reports[0].claim, Some(claim));
        let (forged, _) = with_key(QMAIL, false);
        assert_eq!((forged.len(), &forged[0].claim), (1, &None));
    }

    #[test]
    fn a_token_in_the_envelope_id_counts_as_much() {
        let dsn = "From: MAILER-DAEMON@example.net\nTo: news@example.org\n\
                   Content-Type: multipart/report; boundary=b\n\n--b\n\n\n--b\nContent-Type: message/delivery-status\n\n\
                   Original-Envelope-Id: TOKEN\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n\n--b--\n";
        let (reports, claim) = with_key(dsn, true);
        assert_eq!((reports.len(), reports[0].claim.clone()), (1, Some(Claim { token: Token::EnvelopeId, ..claim })));
    }

    #[test]
    fn a_message_id_of_ours_in_the_mail_that_a_report_is_about_is_a_token_too() {
        let mail =
            format!("{QMAIL}\n--- Below this line is a copy of the message.\n\nMessage-ID: <MESSAGE@example.org>\n");
        let (reports, claim) = with_key(&mail, false);
        assert_eq!(reports[0].claim, Some(Claim { token: Token::MessageId, ..claim }));
        // A person who forwards the mail names it as well, and reports nothing.
        let person = "Return-Path: <dora@example.org>\nTo: somebody@news.example.org\nFrom: Dora <dora@example.org>\n\
                      Subject: Fwd: News\n\nLook!\n\nMessage-ID: <MESSAGE@example.org>\n";
        assert_eq!(with_key(person, false).0, []);
    }

    #[test]
    fn with_a_token_a_report_that_nobody_understands_is_still_about_somebody() {
        let machine = "Return-Path: <>\nTo: bounces+TOKEN@news.example.org\nFrom: MAILER-DAEMON@example.net\n\n\u{43d}\u{435}\u{442}\n";
        let (reports, claim) = with_key(machine, true);
        assert_eq!((reports[0].kind, reports[0].evidence), (Kind::Unknown, Evidence::Token));
        assert_eq!(reports[0].claim, Some(claim));
        assert_eq!(with_key(machine, false).0, []);
        let person = "Return-Path: <dora@example.org>\nTo: bounces+TOKEN@news.example.org\nFrom: Dora <dora@example.org>\n\
                      Subject: Thank you\n\nA good issue!\n";
        assert_eq!(with_key(person, true).0, []);
    }

    #[test]
    fn the_mail_that_a_report_is_about_is_named() {
        let mail =
            format!("{QMAIL}\n--- Below this line is a copy of the message.\n\nMessage-ID: <1@news.example.org>\n");
        assert_eq!(with_key(&mail, true).0[0].message_id.as_deref(), Some("<1@news.example.org>"));
        let enclosed = "From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; boundary=b\n\n--b\n\n\n--b\n\
                        Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\n\
                        Status: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@news.example.org>\n--b--\n";
        assert_eq!(with_key(enclosed, true).0[0].message_id.as_deref(), Some("<1@news.example.org>"));
    }
}

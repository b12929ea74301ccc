//! What a server says in the session: a reply in, the same kind and reason out that a bounce of it would have.

use super::judge::{Classifier, Said};
use super::report::{Evidence, Kind, Reason, Report};
use crate::domain::EmailAddress;
use crate::domain::outcome::{Reply, Stage};

impl Classifier {
    /// What a server's last word on a message to `recipient` means: a bounce that was told at once.
    #[must_use]
    pub fn of_reply(&self, recipient: &EmailAddress, reply: &Reply, stage: Stage) -> Report {
        let action = match reply.code {
            200..=299 => "delivered",
            500..=599 => "failed",
            _ => "delayed",
        };
        self.answered(Some(recipient), action, reply, stage)
    }

    /// The same where the message is given up for this reply: a 4xx to the last attempt is a failure, too.
    #[must_use]
    pub fn of_last_reply(&self, recipient: &EmailAddress, reply: &Reply, stage: Stage) -> Report {
        self.answered(Some(recipient), "failed", reply, stage)
    }

    /// Why a server did not take a message.
    #[must_use]
    pub fn of_session(&self, reply: &Reply, stage: Stage) -> Reason {
        match reply.code {
            // Nobody spoke.
            0 => Reason::Network,
            _ => self.answered(None, "failed", reply, stage).reason,
        }
    }

    fn answered(&self, recipient: Option<&EmailAddress>, action: &str, reply: &Reply, stage: Stage) -> Report {
        let otherwise = match reply.code {
            530 | 534 | 535 | 538 => Some(Reason::AuthFailure),
            // RFC 5321 has it for a mailbox that is full, and for a message that is too large.
            552 if stage == Stage::Rcpt => Some(Reason::MailboxFull),
            552 => Some(Reason::TooLarge),
            _ => None,
        };
        let (status, words) = (reply.enhanced.as_deref(), reply.text.as_str());
        let said = Said { action: Some(action), status, words, otherwise, ..Said::default() };
        let mut report = self.report(recipient.map(ToString::to_string), said, Evidence::Fields);
        // A 2xx says no reason; who asks for one has been refused.
        if report.kind == Kind::Delivered && action != "delivered" {
            report.kind = Kind::Unknown;
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, enhanced: &str, text: &str) -> Reply {
        let enhanced = (!enhanced.is_empty()).then(|| enhanced.to_owned());
        Reply { code, enhanced, text: text.into() }
    }

    #[test]
    fn a_reply_in_the_session_is_judged_as_a_bounce_is() {
        let ann: EmailAddress = "ann@example.org".parse().unwrap();
        let classifier = Classifier::built_in();
        let report = classifier.of_reply(&ann, &reply(550, "5.1.1", "no such user here"), Stage::Rcpt);
        assert_eq!((report.kind, report.recipient.as_deref()), (Kind::Hard, Some("ann@example.org")));
        let for_now = reply(450, "4.1.1", "no such user here");
        assert_eq!(classifier.of_reply(&ann, &for_now, Stage::Rcpt).kind, Kind::Soft);
        let given_up = classifier.of_last_reply(&ann, &for_now, Stage::Rcpt);
        assert_eq!((given_up.kind, given_up.action.as_deref()), (Kind::Hard, Some("failed")));
        assert_eq!(classifier.of_reply(&ann, &reply(250, "2.0.0", "ok"), Stage::Content).kind, Kind::Delivered);
    }

    #[test]
    fn a_reader_who_is_unknown_a_mailbox_that_is_full_and_our_own_fault_are_told_apart() {
        let classifier = Classifier::built_in();
        for (code, enhanced, text, stage, reason) in [
            (550, "5.1.1", "no such mailbox", Stage::Rcpt, Reason::UserUnknown),
            (550, "", "User unknown in virtual mailbox table", Stage::Rcpt, Reason::UserUnknown),
            (550, "5.0.0", "unknown user", Stage::Rcpt, Reason::UserUnknown),
            (550, "5.1.2", "", Stage::Rcpt, Reason::HostUnknown),
            (552, "5.2.2", "over quota", Stage::Rcpt, Reason::MailboxFull),
            (552, "", "no", Stage::Rcpt, Reason::MailboxFull),
            (552, "", "no", Stage::Content, Reason::TooLarge),
            (552, "5.3.4", "message larger than 10 octets", Stage::Mail, Reason::TooLarge),
            (550, "5.2.1", "account disabled", Stage::Rcpt, Reason::Suspended),
            (550, "5.7.1", "refused by policy", Stage::Rcpt, Reason::Policy),
            (554, "5.7.1", "client [192.0.2.1] blocked using zen.spamhaus.org", Stage::Rcpt, Reason::Blocked),
            (550, "5.7.1", "message content rejected as spam", Stage::Content, Reason::Spam),
            (550, "5.7.26", "unauthenticated mail", Stage::Content, Reason::AuthFailure),
            (450, "4.4.1", "", Stage::Rcpt, Reason::Network),
            (535, "", "no", Stage::Connect, Reason::AuthFailure),
            (0, "", "the server closed the connection", Stage::Rcpt, Reason::Network),
            (550, "", "no", Stage::Rcpt, Reason::Unknown),
        ] {
            assert_eq!(classifier.of_session(&reply(code, enhanced, text), stage), reason, "{code} {enhanced} {text}");
        }
    }
}

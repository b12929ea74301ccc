//! Complaints: feedback reports (RFC 5965), and what stands for them at providers that write their own.

use super::address;
use super::header::Fields;
use super::mime::Opened;
use super::recognise::{original, sole_recipient};
use super::report::{Evidence, Kind, Reason, Report};
use super::sender::Author;

/// Abuse, and the wish to leave. Other feedback is about the mail and not from its reader, so that it names
/// nobody. None where the mail is no feedback.
pub(super) fn complaints(mail: &Opened, is_report: bool, author: Author) -> Option<Vec<Report>> {
    let complaint = |recipient, reason| Report {
        recipient,
        kind: Kind::Complaint,
        reason,
        evidence: Evidence::Fields,
        ..Report::of_token()
    };
    if let Some(feedback) = mail.feedback.as_ref().filter(|_| is_report || author.reports()) {
        let (fields, _) = Fields::split(feedback.trim_start_matches('\n'));
        let reason = match fields.get("Feedback-Type").map(|kind| kind.trim().to_ascii_lowercase()).as_deref() {
            Some("abuse") => Reason::Abuse,
            Some("opt-out" | "opt-out-list") => Reason::OptOut,
            _ => return Some(Vec::new()),
        };
        let mut recipients: Vec<String> = Vec::new();
        for field in ["Original-Rcpt-To", "Removal-Recipient"] {
            for found in fields.all(field).flat_map(address::all) {
                if !recipients.iter().any(|known| known.eq_ignore_ascii_case(found)) {
                    recipients.push(found.to_owned());
                }
            }
        }
        if recipients.is_empty() {
            recipients.extend(sole_recipient(mail));
        }
        let mta = fields.get("Reporting-MTA").or(fields.get("User-Agent")).map(|mta| mta.trim().to_owned());
        if recipients.is_empty() {
            return Some(vec![Report { mta, ..complaint(None, reason) }]);
        }
        return Some(
            recipients.into_iter().map(|one| Report { mta: mta.clone(), ..complaint(Some(one), reason) }).collect(),
        );
    }
    // Microsoft's junk mail reports enclose the mail and name its reader in a field of it.
    let original = original(mail);
    if let Some(reader) =
        original.as_ref().and_then(|fields| fields.get("X-HmXmrOriginalRecipient")).and_then(address::first)
        && mail.header.get("Subject").is_some_and(|subject| subject.trim_start().starts_with("complaint about message"))
    {
        return Some(vec![complaint(Some(reader.to_owned()), Reason::Abuse)]);
    }
    // Apple's mail programs write to List-Unsubscribe in this way.
    if mail.header.has("X-Apple-Unsubscribe") {
        let from = mail.header.get("From").and_then(address::first).map(str::to_owned);
        return Some(vec![complaint(from, Reason::OptOut)]);
    }
    None
}

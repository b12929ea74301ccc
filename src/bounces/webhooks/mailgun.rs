//! Mailgun: the webhook's `event-data`, the same bare, and the older form without it.

use serde_json::Value;

use super::{Around, Classifier, Kind, Reason, Report, Said, about, failure, plain, text};

const NAME: &str = "Mailgun";

pub(super) fn read(classifier: &Classifier, value: &Value) -> Option<Vec<Report>> {
    let value = value.get("event-data").unwrap_or(value);
    let recipient = Some(text(value, "recipient")?);
    let id = value.get("message").and_then(|message| text(message.get("headers")?, "message-id"));
    let status = value.get("delivery-status");
    let of_status = |key| status.and_then(|status| text(status, key));
    let words =
        of_status("message").or(of_status("description")).or(text(value, "error")).or(text(value, "description"));
    let said = |action, otherwise| Said {
        action: Some(action),
        status: of_status("enhanced-code").filter(|code| code.contains('.')),
        words: words.unwrap_or_default(),
        around: Around::Text(text(value, "reason").unwrap_or_default()),
        otherwise,
    };
    let report = match text(value, "event")? {
        "failed" if text(value, "severity") == Some("temporary") => {
            failure(classifier, recipient, said("delayed", Some(Reason::Expired)), NAME)
        }
        "failed" | "bounced" | "dropped" => match text(value, "reason") {
            Some("suppress-bounce") => plain(recipient, Kind::Hard, Reason::UserUnknown, NAME),
            Some("suppress-complaint") => plain(recipient, Kind::Complaint, Reason::Abuse, NAME),
            Some("suppress-unsubscribe") => plain(recipient, Kind::Complaint, Reason::OptOut, NAME),
            _ => failure(classifier, recipient, said("failed", None), NAME),
        },
        "complained" => plain(recipient, Kind::Complaint, Reason::Abuse, NAME),
        "unsubscribed" => plain(recipient, Kind::Complaint, Reason::OptOut, NAME),
        "delivered" => plain(recipient, Kind::Delivered, Reason::Delivered, NAME),
        _ => return Some(Vec::new()),
    };
    Some(vec![about(report, id)])
}

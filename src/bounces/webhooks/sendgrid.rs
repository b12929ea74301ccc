//! SendGrid: the event webhook's arrays, and its list of bounces.

use serde_json::Value;

use super::{Around, Classifier, Kind, Reason, Report, Said, about, failure, plain, text};

const NAME: &str = "SendGrid";

pub(super) fn read(classifier: &Classifier, value: &Value) -> Option<Vec<Report>> {
    let email = text(value, "email");
    let said = |action: Option<&'static str>, otherwise| Said {
        action,
        status: text(value, "status").filter(|status| status.contains('.')),
        words: text(value, "reason").or(text(value, "response")).unwrap_or_default(),
        around: Around::Nothing,
        otherwise,
    };
    let report = match text(value, "event") {
        Some("bounce" | "blocked") => failure(classifier, email, said(Some("failed"), None), NAME),
        Some("deferred") => failure(classifier, email, said(Some("delayed"), Some(Reason::Expired)), NAME),
        Some("dropped") => dropped(classifier, email, said(Some("failed"), None)),
        Some("spamreport") => plain(email, Kind::Complaint, Reason::Abuse, NAME),
        Some("unsubscribe" | "group_unsubscribe") => plain(email, Kind::Complaint, Reason::OptOut, NAME),
        Some("delivered") => plain(email, Kind::Delivered, Reason::Delivered, NAME),
        Some(_) => return Some(Vec::new()),
        // The list of bounces has no events.
        None if email.is_some() && value.get("reason").is_some() && value.get("created").is_some() => {
            failure(classifier, email, said(Some("failed"), None), NAME)
        }
        None => return None,
    };
    Some(vec![about(report, text(value, "smtp-id"))])
}

/// SendGrid did not even try, and says why.
fn dropped(classifier: &Classifier, email: Option<&str>, said: Said) -> Report {
    match said.words.to_ascii_lowercase().as_str() {
        "bounced address" | "invalid" => plain(email, Kind::Hard, Reason::UserUnknown, NAME),
        "spam reporting address" => plain(email, Kind::Complaint, Reason::Abuse, NAME),
        "unsubscribed address" => plain(email, Kind::Complaint, Reason::OptOut, NAME),
        _ => failure(classifier, email, said, NAME),
    }
}

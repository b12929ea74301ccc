//! Postmark: bounces, spam complaints, deliveries and changes of subscription.

use serde_json::Value;

use super::{Classifier, Kind, Reason, Report, Said, about, failure, plain, text};

const NAME: &str = "Postmark";

pub(super) fn read(classifier: &Classifier, value: &Value) -> Option<Vec<Report>> {
    let report = match text(value, "RecordType")? {
        "Bounce" => bounce(classifier, value)?,
        "SpamComplaint" => plain(text(value, "Email"), Kind::Complaint, Reason::Abuse, NAME),
        "Delivery" => plain(text(value, "Recipient"), Kind::Delivered, Reason::Delivered, NAME),
        "SubscriptionChange" if value.get("SuppressSending").and_then(Value::as_bool) == Some(true) => {
            let recipient = text(value, "Recipient");
            match text(value, "SuppressionReason") {
                Some("SpamComplaint") => plain(recipient, Kind::Complaint, Reason::Abuse, NAME),
                Some("ManualSuppression") => plain(recipient, Kind::Complaint, Reason::OptOut, NAME),
                // The bounce that led to it has its own record.
                _ => return Some(Vec::new()),
            }
        }
        _ => return Some(Vec::new()),
    };
    Some(vec![about(report, text(value, "MessageID"))])
}

fn bounce(classifier: &Classifier, value: &Value) -> Option<Report> {
    let email = text(value, "Email");
    let otherwise = match text(value, "Type")? {
        "HardBounce" | "BadEmailAddress" => Reason::UserUnknown,
        "DnsError" => Reason::Network,
        "SpamNotification" | "VirusNotification" => Reason::Spam,
        "Blocked" | "ISPBlocked" => Reason::Blocked,
        "DMARCPolicy" => Reason::AuthFailure,
        "SpamComplaint" => return Some(plain(email, Kind::Complaint, Reason::Abuse, NAME)),
        "Unsubscribe" => return Some(plain(email, Kind::Complaint, Reason::OptOut, NAME)),
        "AutoResponder" => return Some(plain(email, Kind::AutoReply, Reason::Vacation, NAME)),
        "ChallengeVerification" | "OpenRelayTest" => {
            return Some(plain(email, Kind::AutoReply, Reason::Challenge, NAME));
        }
        "AddressChange" => Reason::Moved,
        _ => Reason::Unknown,
    };
    let said =
        Said { words: text(value, "Details").unwrap_or_default(), otherwise: Some(otherwise), ..Said::default() };
    Some(failure(classifier, email, said, NAME))
}

//! Amazon SES: notifications and events, bare or in the envelope of SNS.

use serde_json::Value;

use super::super::address;
use super::{Around, Classifier, Kind, Reason, Report, Said, about, failure, plain, text};

const NAME: &str = "Amazon SES";

pub(super) fn read(classifier: &Classifier, value: &Value) -> Option<Vec<Report>> {
    if value.get("Type").is_some() && value.get("TopicArn").is_some() {
        // The message is JSON in a text; a confirmation of a subscription is none.
        let message: Value =
            value.get("Message").and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok())?;
        return Some(if message.get("Message").is_some() {
            Vec::new()
        } else {
            read(classifier, &message).unwrap_or_default()
        });
    }
    let event = text(value, "notificationType").or(text(value, "eventType"))?;
    let mail = value.get("mail");
    let id = mail.and_then(|mail| text(mail.get("commonHeaders")?, "messageId"));
    let list = |part: &Value, key: &str| part.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let reports: Vec<Report> = match event {
        "Bounce" => {
            let bounce = value.get("bounce")?;
            let otherwise = sub_type(text(bounce, "bounceType"), text(bounce, "bounceSubType"));
            list(bounce, "bouncedRecipients")
                .iter()
                .map(|one| {
                    let said = Said {
                        action: text(one, "action"),
                        status: text(one, "status"),
                        words: text(one, "diagnosticCode")
                            .map_or("", |code| code.strip_prefix("smtp;").unwrap_or(code)),
                        around: Around::Nothing,
                        otherwise,
                    };
                    failure(classifier, recipient(one), said, NAME)
                })
                .collect()
        }
        "DeliveryDelay" => {
            let delay = value.get("deliveryDelay")?;
            let otherwise = match text(delay, "delayType") {
                Some("MailboxFull") => Some(Reason::MailboxFull),
                Some("SpamDetected") => Some(Reason::Spam),
                Some("RecipientServerError" | "InternalFailure") => Some(Reason::System),
                Some("IPFailure") => Some(Reason::Blocked),
                _ => Some(Reason::Expired),
            };
            list(delay, "delayedRecipients")
                .iter()
                .map(|one| {
                    let said = Said {
                        action: Some("delayed"),
                        status: text(one, "status"),
                        words: text(one, "diagnosticCode").unwrap_or_default(),
                        around: Around::Nothing,
                        otherwise,
                    };
                    failure(classifier, recipient(one), said, NAME)
                })
                .collect()
        }
        "Complaint" => {
            let complaint = value.get("complaint")?;
            match text(complaint, "complaintFeedbackType") {
                // Without a type it came from a provider that gives none; the button is the same.
                None | Some("abuse") => list(complaint, "complainedRecipients")
                    .iter()
                    .map(|one| plain(recipient(one), Kind::Complaint, Reason::Abuse, NAME))
                    .collect(),
                Some(_) => Vec::new(),
            }
        }
        "Delivery" => list(value.get("delivery")?, "recipients")
            .iter()
            .map(|one| plain(one.as_str(), Kind::Delivered, Reason::Delivered, NAME))
            .collect(),
        _ => Vec::new(),
    };
    Some(reports.into_iter().map(|report| about(report, id)).collect())
}

fn recipient(one: &Value) -> Option<&str> {
    let field = text(one, "emailAddress")?;
    address::first(field).or(Some(field))
}

/// What SES thinks, where the server's own words are missing.
fn sub_type(kind: Option<&str>, sub: Option<&str>) -> Option<Reason> {
    Some(match (kind, sub) {
        (_, Some("NoEmail" | "Suppressed" | "OnAccountSuppressionList")) => Reason::UserUnknown,
        (_, Some("MailboxFull")) => Reason::MailboxFull,
        (_, Some("MessageTooLarge")) => Reason::TooLarge,
        (_, Some("ContentRejected" | "AttachmentRejected")) => Reason::Policy,
        _ => return None,
    })
}

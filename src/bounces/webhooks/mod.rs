//! Providers' JSON: what a webhook was sent, as a file or on standard input, or in a mail of Amazon's SNS.

mod mailgun;
mod postmark;
mod sendgrid;
mod ses;

use serde_json::Value;

use super::judge::{Around, Classifier, Said};
use super::mime::Opened;
use super::report::{Evidence, Kind, Reason, Report};

/// More than a provider sends in one request.
const LONGEST: usize = 8 * 1024 * 1024;

/// What one or several JSON values say, one behind the other.
pub(super) fn read(classifier: &Classifier, json: &[u8]) -> Vec<Report> {
    if json.len() > LONGEST {
        return Vec::new();
    }
    let values = serde_json::Deserializer::from_slice(json).into_iter::<Value>();
    let reports = values.map_while(Result::ok).flat_map(|value| of_value(classifier, &value));
    // An event that names nobody is about nobody.
    reports.filter(|report| report.recipient.is_some()).collect()
}

/// SNS sends its notifications as mail too, the JSON being the text.
pub(super) fn in_mail(classifier: &Classifier, mail: &Opened) -> Option<Vec<Report>> {
    let from_sns = mail.header.has("x-amz-sns-message-id");
    let text = mail.texts.first().filter(|text| from_sns && text.trim_start().starts_with('{'))?;
    // Long lines were folded on the way, which JSON's own texts can't hold.
    Some(read(classifier, text.replace('\n', "").as_bytes()))
}

fn of_value(classifier: &Classifier, value: &Value) -> Vec<Report> {
    if let Some(values) = value.as_array() {
        return values.iter().filter(|value| value.is_object()).flat_map(|value| of_value(classifier, value)).collect();
    }
    // Some hand on what Mailgun's API lists.
    if let Some(items) = value.get("items").and_then(Value::as_array) {
        return items.iter().filter(|value| value.is_object()).flat_map(|value| of_value(classifier, value)).collect();
    }
    let readers = [ses::read, postmark::read, mailgun::read, sendgrid::read];
    readers.iter().find_map(|read| read(classifier, value)).unwrap_or_default()
}

/// The text under a key, or a number as text.
fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A report of which the provider itself says what it is.
fn plain(recipient: Option<&str>, kind: Kind, reason: Reason, provider: &str) -> Report {
    Report {
        recipient: recipient.map(str::to_owned),
        kind,
        reason,
        mta: Some(provider.to_owned()),
        evidence: Evidence::Fields,
        ..Report::of_token()
    }
}

/// A failure, judged by what the server said; the provider's word counts where that says nothing.
fn failure(classifier: &Classifier, recipient: Option<&str>, said: Said, provider: &str) -> Report {
    let report = classifier.report(recipient.map(str::to_owned), said, Evidence::Fields);
    Report { mta: Some(provider.to_owned()), ..report }
}

/// With the Message-ID that a provider names.
fn about(mut report: Report, message_id: Option<&str>) -> Report {
    report.message_id = message_id.map(|id| if id.starts_with('<') { id.to_owned() } else { format!("<{id}>") });
    report
}

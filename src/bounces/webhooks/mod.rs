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

/// What one or several JSON values say, one behind the other, or one a line: what came to a webhook over a month is
/// kept in such files. A value that is broken costs its line and no other.
pub(super) fn read(classifier: &Classifier, json: &[u8]) -> Vec<Report> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    if json.len() <= LONGEST {
        return read_values(classifier, json);
    }
    // Of many, none is held together with others.
    json.split(|&byte| byte == b'\n')
        .filter(|line| line.len() <= LONGEST)
        .flat_map(|line| read_values(classifier, line))
        .collect()
}

fn read_values(classifier: &Classifier, json: &[u8]) -> Vec<Report> {
    let mut reports = Vec::new();
    let mut rest = json;
    loop {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let read = values.by_ref().map_while(Result::ok).flat_map(|value| of_value(classifier, &value));
        // An event that names nobody is about nobody.
        reports.extend(read.filter(|report| report.recipient.is_some()));
        let behind = &rest[values.byte_offset()..];
        let begun = behind.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(behind.len());
        match behind[begun..].iter().position(|&byte| byte == b'\n') {
            Some(end) => rest = &behind[begun + end + 1..],
            None => return reports,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bounced(email: &str) -> String {
        format!(r#"{{"event": "bounce", "email": "{email}", "status": "5.1.1", "reason": "550 no such user"}}"#)
    }

    fn told(json: &str) -> Vec<String> {
        let reports = read(&Classifier::built_in(), json.as_bytes());
        reports.into_iter().map(|report| report.recipient.unwrap()).collect()
    }

    #[test]
    fn events_stand_in_arrays_or_one_behind_the_other_or_one_a_line() {
        let [a, b, c] = ["a@example.org", "b@example.org", "c@example.org"].map(bounced);
        let all = ["a@example.org", "b@example.org", "c@example.org"];
        for json in [
            format!("[{a}, {b}, {c}]"),
            format!("{a}{b} {c}"),
            format!("{a}\r\n\r\n{b}\r\n{c}"),
            format!("\u{feff}[{a}]\n[{b},\n{c}]\n"),
        ] {
            assert_eq!(told(&json), all, "{json}");
        }
    }

    #[test]
    fn a_line_that_is_broken_costs_no_other() {
        let [a, b, c] = ["a@example.org", "b@example.org", "c@example.org"].map(bounced);
        let json = format!("{a}\n{{\"event\": \"bou\n{b}\nnot JSON\n[1, {{}}, null]\n{c}\n{{");
        assert_eq!(told(&json), ["a@example.org", "b@example.org", "c@example.org"]);
    }

    #[test]
    fn a_file_with_the_events_of_a_month_is_read_line_by_line() {
        let line = bounced("a@example.org");
        let many = format!("{line}\n").repeat(LONGEST / line.len() + 10);
        assert!(many.len() > LONGEST);
        assert_eq!(told(&many).len(), LONGEST / line.len() + 10);
        assert!(told(&format!("[{}]", vec![line.as_str(); LONGEST / line.len() + 10].join(","))).is_empty());
    }
}

//! Delivery status notifications by their fields (RFC 3464, RFC 6533), read as leniently as they are written.

use super::address;
use super::header::Fields;
use super::status;

/// How many recipients one notification may name.
const MOST: usize = 1000;

/// What the fields say about one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recipient {
    pub(super) address: Option<String>,
    /// The other address of the same mailbox: what it was resolved to.
    pub(super) resolved: Option<String>,
    pub(super) action: Option<String>,
    pub(super) status: Option<String>,
    pub(super) said: String,
    pub(super) remote: Option<String>,
    /// What PowerMTA takes it for: `bad-mailbox`, `quota-issues`; with spaces.
    pub(super) category: Option<String>,
}

/// The fields of a whole message.
#[derive(Debug, Default)]
pub(super) struct Notification {
    pub(super) reporting_mta: Option<String>,
    pub(super) envelope_id: Option<String>,
    pub(super) recipients: Vec<Recipient>,
}

/// Reads the groups of fields of a message/delivery-status, in any number and order.
pub(super) fn read(text: &str) -> Notification {
    let mut notification = Notification::default();
    let mut rest = text.trim_start_matches('\n');
    while !rest.is_empty() && notification.recipients.len() < MOST {
        let (group, behind) = Fields::split(rest);
        // What is no field at all is passed over line by line.
        let behind =
            if behind.len() == rest.len() { rest.split_once('\n').map_or("", |(_, behind)| behind) } else { behind };
        take(&mut notification, &group);
        rest = behind.trim_start_matches('\n');
    }
    notification
}

fn take(notification: &mut Notification, group: &Fields) {
    if let Some(mta) = group.get("Reporting-MTA") {
        notification.reporting_mta.get_or_insert_with(|| typed(mta).1.to_owned());
    }
    if let Some(id) = group.get("Original-Envelope-Id") {
        notification.envelope_id.get_or_insert_with(|| id.trim().to_owned());
    }
    // Some programs leave the blank line out between recipients: a second Final-Recipient begins another.
    let mut one = Recipient::default();
    let mut original = None;
    let mut has_final = false;
    for (name, value) in group.iter() {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "final-recipient" => {
                if has_final {
                    finish(notification, std::mem::take(&mut one), original.take());
                }
                has_final = true;
                one.address = address::of_field(value);
            }
            "original-recipient" => original = address::of_field(value),
            "x-actual-recipient" => one.resolved = address::of_field(value),
            "action" => {
                let word: String = value.trim().chars().take_while(char::is_ascii_alphabetic).collect();
                one.action = Some(word.to_ascii_lowercase()).filter(|word| !word.is_empty());
            }
            "status" => one.status = status::enhanced(value).map(str::to_owned),
            "diagnostic-code" => one.said = said(&one.said, typed(value).1),
            "remote-mta" => {
                one.remote = Some(typed(value).1.to_owned()).filter(|remote| !remote.is_empty());
            }
            "x-powermta-bouncecategory" => one.category = Some(value.replace('-', " ")),
            "x-supplementary-info" => one.said = said(&one.said, value),
            _ => {}
        }
    }
    finish(notification, one, original);
}

fn finish(notification: &mut Notification, mut one: Recipient, original: Option<String>) {
    // The address that we wrote to is the original one; the final one is where an alias led.
    if let Some(original) = original {
        let other = one.address.replace(original);
        if one.resolved.is_none() {
            one.resolved = other;
        }
    }
    let says_something = one.address.is_some() || one.action.is_some() && one.status.is_some();
    if says_something {
        notification.recipients.push(one);
    }
}

fn said(before: &str, more: &str) -> String {
    if before.is_empty() { more.to_owned() } else { format!("{before}\n{more}") }
}

/// `smtp; 550 no` as its type and its value.
fn typed(value: &str) -> (&str, &str) {
    match value.split_once(';') {
        Some((kind, rest)) if kind.trim().len() <= 20 && !kind.trim().contains(' ') => (kind.trim(), rest.trim()),
        _ => ("", value.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_however_loosely_they_are_written() {
        let text = "\nReporting-MTA:dns;mx.example.net\nOriginal-Envelope-Id: b123\n\n\nFinal-Recipient:RFC822;<ann@example.org>\n\
                    Action : Failed (no)\nStatus : 5.1.1 (bad address)\nDiagnostic-Code: smtp; 550 5.1.1\n no such user\n\n\
                    Original-Recipient: rfc822; bob@example.org\nFinal-Recipient: rfc822; robert@example.com\nAction: delayed\n\
                    Status: 4.4.1\nFinal-Recipient: rfc822; carl@example.org\nAction: failed\nStatus: 5.2.2\n";
        let read = read(text);
        assert_eq!(
            (read.reporting_mta.as_deref(), read.envelope_id.as_deref()),
            (Some("mx.example.net"), Some("b123"))
        );
        let short: Vec<_> = read
            .recipients
            .iter()
            .map(|one| (one.address.as_deref(), one.action.as_deref(), one.status.as_deref(), one.said.as_str()))
            .collect();
        assert_eq!(
            short,
            [
                (Some("ann@example.org"), Some("failed"), Some("5.1.1"), "550 5.1.1 no such user"),
                (Some("bob@example.org"), Some("delayed"), Some("4.4.1"), ""),
                (Some("carl@example.org"), Some("failed"), Some("5.2.2"), ""),
            ]
        );
        assert_eq!(read.recipients[1].resolved.as_deref(), Some("robert@example.com"));
    }

    #[test]
    fn text_without_fields_names_nobody() {
        for text in ["", "\n\n", "no fields here\nnone\n", "Action\n: x"] {
            assert_eq!(read(text).recipients, [], "{text:?}");
        }
    }
}

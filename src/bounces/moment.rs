//! When a mail came in: its bytes in, the time out that our own server wrote above it, or else its own.

use jiff::Timestamp;
use mail_parser::{HeaderName, HeaderValue, MessageParser};

/// The time of the uppermost Received field, which the server wrote that took the mail in; otherwise that of the
/// Date field, which anyone can write. None where the mail has neither.
///
/// ```
/// let mail = b"Received: by mx.example.org; Tue, 3 Mar 2026 10:00:00 +0100\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\n";
/// let told = bulletin::bounces::told_at(mail).map(|at| at.to_string());
/// assert_eq!(told.as_deref(), Some("2026-03-03T09:00:00Z"));
/// ```
#[must_use]
pub fn told_at(mail: &[u8]) -> Option<Timestamp> {
    let parsed = MessageParser::default().parse_headers(mail)?;
    let first = |name: &HeaderName| parsed.headers().iter().find(|header| header.name == *name);
    let received = first(&HeaderName::Received).and_then(|header| match &header.value {
        HeaderValue::Received(received) => received.date,
        _ => None,
    });
    let date = || match &first(&HeaderName::Date)?.value {
        HeaderValue::DateTime(date) => Some(*date),
        _ => None,
    };
    let moment = received.or_else(date).filter(mail_parser::DateTime::is_valid)?;
    Timestamp::from_second(moment.to_timestamp()).ok()
}

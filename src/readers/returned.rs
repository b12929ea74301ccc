//! Messages that came back: all reports in, one for each message out.

use std::collections::HashMap;

use super::{Bounce, Told};
use crate::domain::Kind;

/// What came back, as far as it can be counted.
#[derive(Debug, Default)]
pub struct Returned<'b> {
    /// The weightiest report about each message, and the last of those.
    pub messages: Vec<&'b Bounce>,
    /// Reports without a token, which anyone could have written: they are not counted.
    pub unsigned: u64,
}

/// Parts messages from reports.
#[must_use]
pub fn returned<'b>(bounces: impl IntoIterator<Item = &'b Bounce>) -> Returned<'b> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut returned = Returned::default();
    for bounce in bounces {
        if !bounce.proof.is_signed() {
            returned.unsigned += 1;
            continue;
        }
        let place = *places.entry(message(bounce)).or_insert_with(|| {
            returned.messages.push(bounce);
            returned.messages.len() - 1
        });
        let kept = &mut returned.messages[place];
        if weight(bounce.kind) >= weight(kept.kind) {
            *kept = bounce;
        }
    }
    returned
}

/// The same for all reports about one message.
fn message(bounce: &Bounce) -> String {
    match (&bounce.reader, &bounce.issue, &bounce.source) {
        (Some(reader), Some(issue), _) => format!("{reader} {issue}"),
        (_, _, Told::Mail { digest, .. }) => digest.to_string(),
        (_, _, Told::Session(event)) => event.to_string(),
    }
}

fn weight(kind: Kind) -> u8 {
    match kind {
        Kind::Complaint => 3,
        Kind::Hard => 2,
        Kind::Soft => 1,
        Kind::AutoReply | Kind::Delivered | Kind::Unknown => 0,
    }
}

//! An edition made ready for its readers: a whole message is composed and encoded once, with marks where
//! something of a reader's stands, and cut at the marks. A reader's message is then the slices between them,
//! which all readers share, and a few octets of its own.
//!
//! What it makes is to the octet what composing each message as a whole would make, which a property test in
//! `prepared_tests.rs` holds.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use super::content::Form;
use super::dkim::is_canonical;
use super::headers::{Personal, message, write_list_unsubscribe, write_subject, write_to};
use super::leave::Leave;
use super::{ComposeError, Composer, Content, Envelope, Kind, OutboundMessage, mime, quoted, value_of};
use crate::domain::field::{Escape, Field, Merge};
use crate::domain::token::{Purpose, TOKEN_LENGTH, TokenKey};
use crate::domain::verp::EnvelopeIdError;
use crate::domain::{IssueId, ReturnPath};
use crate::render::RenderedEdition;
use crate::subscribers::Subscriber;

/// One edition of an issue, from which each reader's message is made without encoding it anew.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// A whole message.
    octets: Arc<[u8]>,
    /// Octets of its headers, the empty line among them.
    head: usize,
    form: Form,
    /// What is to be replaced in it, from the top, in its headers and in its body.
    head_slots: Vec<(Range<usize>, Slot)>,
    body_slots: Vec<(Range<usize>, Slot)>,
    subject: Merge,
    kind: Kind,
    leave: Leave,
    return_path: ReturnPath,
    issue: IssueId,
    key: TokenKey,
}

#[derive(Debug, Clone)]
enum Slot {
    /// Whole header fields, with their CRLF.
    To,
    Subject,
    ListUnsubscribe,
    /// Tokens by themselves; of the one that stands in links, the letters that are together on a line.
    MessageToken,
    UnsubscribeToken(Range<usize>),
    /// A merge field in a part that is encoded as quoted-printable, on a line of so many octets.
    Place {
        field: Field,
        escape: Escape,
        column: usize,
    },
}

/// In the place of a token: as long, and of letters that no token has.
const MESSAGE_TOKEN: &str = "mzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
const UNSUBSCRIBE_TOKEN: &str = "uzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
const _: () = assert!(MESSAGE_TOKEN.len() == TOKEN_LENGTH && UNSUBSCRIBE_TOKEN.len() == TOKEN_LENGTH);

/// In the place of a merge field, or of letters of a token: an octet that quoted-printable and Base64 never have.
const MARK: u8 = 0;

/// What all slots of one message are filled from.
struct Reader<'a> {
    subscriber: &'a Subscriber,
    message: String,
    unsubscribe: String,
    url: String,
    /// Kept for the sake of its allocation.
    value: String,
}

impl Prepared {
    pub(super) fn new(composer: &Composer<'_>, edition: &RenderedEdition) -> Result<Self, ComposeError> {
        let leave = Leave::new(composer.links)?;
        let mut places = Vec::new();
        let url = leave.url(UNSUBSCRIBE_TOKEN);
        let text = encode(&edition.text, &url, &mut places);
        let html = encode(&edition.html, &url, &mut places);
        let address = "reader@example.org".parse().unwrap_or_else(|_| unreachable!("a plain address"));
        let subject = edition.subject.fill(|_| "".into());
        let personal = Personal {
            name: None,
            address: &address,
            subject: &subject,
            message: MESSAGE_TOKEN,
            unsubscribe: UNSUBSCRIBE_TOKEN,
        };
        let octets = message(composer, edition, &leave, &personal)
            .multipart(mime::body(edition, text, html))
            .map_err(|error| ComposeError(error.to_string()))?
            .formatted();
        let head = memmem::find(&octets, b"\r\n\r\n").map_or(octets.len(), |end| end + 4);
        let body_slots = memchr::memchr_iter(MARK, &octets).map(|at| at..at + 1).zip(places).collect();
        Ok(Self {
            head_slots: head_slots(&octets[..head], &edition.subject, &leave)?,
            body_slots,
            form: form(&octets, head),
            octets: octets.into(),
            head,
            subject: edition.subject.clone(),
            kind: composer.kind,
            leave,
            return_path: composer.return_path.clone(),
            issue: composer.issue.clone(),
            key: composer.key.clone(),
        })
    }

    /// The message to `subscriber`.
    ///
    /// # Errors
    /// The return-path has no room for a token.
    pub fn message(&self, subscriber: &Subscriber) -> Result<OutboundMessage, ComposeError> {
        let pseudonym = self.key.pseudonym(&subscriber.email);
        let token = |purpose, issue| self.key.token_of(purpose, issue, pseudonym);
        let unsubscribe = token(Purpose::Unsubscribe, None);
        let mut reader = Reader {
            subscriber,
            message: token(Purpose::MessageId, Some(&self.issue)),
            url: self.leave.url(&unsubscribe),
            unsubscribe,
            value: String::new(),
        };
        let mut content = Content::sharing(Arc::clone(&self.octets));
        content.reserve(self.head_slots.len() + self.body_slots.len());
        self.fill(0..self.head, &self.head_slots, &mut reader, &mut content);
        content.begin_body(self.form);
        self.fill(self.head..self.octets.len(), &self.body_slots, &mut reader, &mut content);
        let envelope = envelope(&self.return_path, &token(Purpose::Bounce, Some(&self.issue)), subscriber)?;
        Ok(OutboundMessage { envelope, content })
    }

    /// Adds a range of the whole message with its slots filled.
    fn fill(
        &self,
        range: Range<usize>,
        slots: &[(Range<usize>, Slot)],
        reader: &mut Reader<'_>,
        content: &mut Content,
    ) {
        let mut at = range.start;
        for (replaced, slot) in slots {
            content.add_shared(at..replaced.start);
            content.add_own_by(|out| self.write(slot, reader, out));
            at = replaced.end;
        }
        content.add_shared(at..range.end);
    }

    fn write(&self, slot: &Slot, reader: &mut Reader<'_>, out: &mut Vec<u8>) {
        match slot {
            Slot::To => write_to(reader.subscriber.name.as_deref(), &reader.subscriber.email, out),
            Slot::Subject => {
                let subject = self.subject.fill(|field| value_of(field, reader.subscriber, &reader.url));
                write_subject(self.kind, &subject, out);
            }
            Slot::ListUnsubscribe => write_list_unsubscribe(&self.leave, &reader.unsubscribe, out),
            Slot::MessageToken => out.extend_from_slice(reader.message.as_bytes()),
            Slot::UnsubscribeToken(letters) => out.extend_from_slice(&reader.unsubscribe.as_bytes()[letters.clone()]),
            Slot::Place { field, escape, column } => {
                reader.value.clear();
                escape.write(&value_of(field, reader.subscriber, &reader.url), &mut reader.value);
                quoted::value(&reader.value, *column, out);
            }
        }
    }
}

/// What can be said of every message that is cut from this one: the values add nothing that would change it.
fn form(octets: &[u8], head: usize) -> Form {
    let is_settled = memmem::find(octets, b"\n.").is_none() && is_canonical(&octets[head..]);
    if is_settled { Form::Settled } else { Form::Any }
}

/// Who bounces a message to `subscriber` comes back to.
pub(super) fn envelope(
    return_path: &ReturnPath,
    token: &str,
    subscriber: &Subscriber,
) -> Result<Envelope, ComposeError> {
    let address = return_path.of(token).map_err(|error| {
        ComposeError(format!("newsletter.bounces, {}, leaves no room for a token: {error}", return_path.base()))
    })?;
    let id = token.parse().map_err(|error: EnvelopeIdError| ComposeError(error.to_string()))?;
    Ok(Envelope { return_path: address, id, recipient: subscriber.email.clone() })
}

/// A part as quoted-printable with a mark in each place, and the places that the marks stand for. Of a link to leave,
/// which is as long for every reader, only the token is a place: `url` is that of a stand-in.
fn encode(part: &Merge, url: &str, places: &mut Vec<Slot>) -> Vec<u8> {
    quoted::part(part, |field, escape, column, out| {
        if *field == Field::UnsubscribeUrl {
            let start = out.len();
            quoted::value(&escape.escape(url), column, out);
            if let Some(letters) = mark_token(start, out) {
                places.extend(letters.into_iter().map(Slot::UnsubscribeToken));
                return;
            }
            out.truncate(start);
        }
        out.push(MARK);
        places.push(Slot::Place { field: field.clone(), escape, column });
    })
}

/// Puts marks in the place of the stand-in's letters, the first token behind `start`: one, or where a soft line break
/// parts them, two. Tells which letters each stands for.
fn mark_token(start: usize, out: &mut Vec<u8>) -> Option<Vec<Range<usize>>> {
    let tail = &out[start..];
    let (at, lines) = memchr::memchr_iter(UNSUBSCRIBE_TOKEN.as_bytes()[0], tail)
        .find_map(|at| Some((at, token_lines(&tail[at..])?)))?;
    let mut marked = tail[..at].to_vec();
    let mut end = at;
    for (number, letters) in lines.iter().enumerate() {
        if number > 0 {
            marked.extend_from_slice(quoted::SOFT_BREAK);
            end += quoted::SOFT_BREAK.len();
        }
        marked.push(MARK);
        end += letters.len();
    }
    marked.extend_from_slice(&tail[end..]);
    out.truncate(start);
    out.extend_from_slice(&marked);
    Some(lines)
}

/// The letters of a stand-in by the lines on which they stand; none where `octets` begin with something else.
fn token_lines(mut octets: &[u8]) -> Option<Vec<Range<usize>>> {
    let (mut lines, mut start) = (Vec::new(), 0);
    for (at, letter) in UNSUBSCRIBE_TOKEN.bytes().enumerate() {
        if let Some(behind) = octets.strip_prefix(quoted::SOFT_BREAK).filter(|_| at > 0) {
            octets = behind;
            lines.push(start..at);
            start = at;
        }
        octets = octets.strip_prefix(&[letter])?;
    }
    lines.push(start..TOKEN_LENGTH);
    Some(lines)
}

/// What stands for a reader in these headers.
fn head_slots(head: &[u8], subject: &Merge, leave: &Leave) -> Result<Vec<(Range<usize>, Slot)>, ComposeError> {
    let mut slots = vec![(field(head, "To")?, Slot::To)];
    if !subject.is_constant() {
        slots.push((field(head, "Subject")?, Slot::Subject));
    }
    let tokens = |token: &str, slot: Slot| {
        let found = memmem::find_iter(head, token.as_bytes());
        found.map(|at| (at..at + TOKEN_LENGTH, slot.clone())).collect::<Vec<_>>()
    };
    slots.extend(tokens(MESSAGE_TOKEN, Slot::MessageToken));
    let found = tokens(UNSUBSCRIBE_TOKEN, Slot::UnsubscribeToken(0..TOKEN_LENGTH));
    if found.len() == leave.ways() {
        slots.extend(found);
    } else {
        // Beyond ASCII a way out is written as an encoded word, token and all (RFC 2047).
        slots.push((field(head, "List-Unsubscribe")?, Slot::ListUnsubscribe));
    }
    slots.sort_by_key(|(range, _)| range.start);
    Ok(slots)
}

/// Where the header field `name` stands, its CRLF included.
fn field(head: &[u8], name: &str) -> Result<Range<usize>, ComposeError> {
    let start = format!("\r\n{name}: ");
    let start = memmem::find(head, start.as_bytes()).ok_or_else(|| ComposeError(format!("it has no {name}")))? + 2;
    let mut ends = memmem::find_iter(&head[start..], b"\r\n").map(|at| start + at + 2);
    let end = ends.find(|&end| !matches!(head.get(end), Some(b' ' | b'\t'))).unwrap_or(head.len());
    Ok(start..end)
}

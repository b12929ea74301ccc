//! The headers of a bulk mail: RFC 5322, and for lists RFC 2369, RFC 2919 and RFC 8058.

use std::borrow::Cow;

use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{Header as _, HeaderName, HeaderValue, Headers, Subject, To};
use lettre::message::{Mailbox, Mailboxes, MessageBuilder};

use super::leave::Leave;
use super::{Composer, Kind};
use crate::domain::{EmailAddress, Language};
use crate::render::RenderedEdition;

/// What is a reader's own among the headers.
pub(super) struct Personal<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) address: &'a EmailAddress,
    pub(super) subject: &'a str,
    /// Tokens: of the Message-ID, and of the ways out.
    pub(super) message: &'a str,
    pub(super) unsubscribe: &'a str,
}

/// A message with all its headers and no body yet.
pub(super) fn message(
    composer: &Composer<'_>,
    edition: &RenderedEdition,
    leave: &Leave,
    personal: &Personal<'_>,
) -> MessageBuilder {
    let language = edition.language();
    let sender = composer.sender.get(language);
    let newsletter = composer.newsletter;
    let list_id = format!("{} <{}>", phrase(newsletter.name.get(language)), newsletter.id);
    let https = leave.https(personal.unsubscribe);
    let help = composer.links.help.clone().unwrap_or_else(|| format!("mailto:{}", sender.reply_to));
    let languages = edition.key.languages().iter().map(Language::as_str).collect::<Vec<_>>().join(", ");
    // Four fields, the last of them the sender's own and the same for ever; none tells who reads.
    let feedback = format!("{}:{language}:bulletin:{}", composer.issue, newsletter.id);

    // lettre would read it off the fields, and can't read a quoted local part there. Ours is another one anyway.
    let envelope = Envelope::new(None, vec![personal.address.to_lettre()]);
    let mut builder = Message::builder().envelope(envelope.unwrap_or_else(|_| unreachable!("it has a recipient")));
    builder = builder
        .from(mailbox(Some(&sender.name), &sender.email))
        .reply_to(mailbox(Some(&sender.name), &sender.reply_to))
        .to(mailbox(personal.name, personal.address))
        .subject(marked(composer.kind, personal.subject))
        .message_id(Some(format!("<{}@{}>", personal.message, sender.email.domain())))
        .date(composer.date())
        .raw_header(raw("List-Id", list_id))
        .raw_header(list_unsubscribe(leave, personal.unsubscribe))
        .raw_header(raw("List-Help", format!("<{help}>")))
        .raw_header(raw("Precedence", "bulk".to_owned()))
        .raw_header(raw("Feedback-ID", feedback))
        .raw_header(raw("Content-Language", languages));
    if https.is_some() {
        builder = builder.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    if let Some(archive) = &composer.links.archive {
        builder = builder.raw_header(raw("List-Archive", format!("<{archive}>")));
    }
    builder
}

/// Appends the To field of one reader, as [`message`] has it.
pub(super) fn write_to(name: Option<&str>, address: &EmailAddress, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b"To: ");
    let is_simple = match name {
        None => true,
        // An atom, which needs no quotes, or several (RFC 5322 section 3.2.3).
        Some(name) => {
            let atoms = || name.split(' ');
            let quote: &[u8] = if atoms().nth(1).is_some() { b"\"" } else { b"" };
            for part in [quote, name.as_bytes(), quote, b" <"] {
                out.extend_from_slice(part);
            }
            let of_atom = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
            atoms().all(|atom| !atom.is_empty() && atom.bytes().all(of_atom))
        }
    };
    out.extend_from_slice(address.as_str().as_bytes());
    if name.is_some() {
        out.push(b'>');
    }
    // Whatever needs encoding or a fold is left to the library.
    if is_simple && out.len() - start <= UNFOLDED {
        out.extend_from_slice(b"\r\n");
    } else {
        out.truncate(start);
        write_field(To::from(Mailboxes::from(mailbox(name, address))).display(), out);
    }
}

/// Octets of a line that is never folded.
const UNFOLDED: usize = 76;

/// Appends the Subject field, as [`message`] has it.
pub(super) fn write_subject(kind: Kind, subject: &str, out: &mut Vec<u8>) {
    write_field(Subject::from(marked(kind, subject)).display(), out);
}

/// Appends the List-Unsubscribe field, as [`message`] has it.
pub(super) fn write_list_unsubscribe(leave: &Leave, token: &str, out: &mut Vec<u8>) {
    write_field(list_unsubscribe(leave, token), out);
}

fn list_unsubscribe(leave: &Leave, token: &str) -> HeaderValue {
    let mailto = format!("<{}>", leave.mailto(token));
    raw("List-Unsubscribe", leave.https(token).map_or_else(|| mailto.clone(), |https| format!("<{https}>, {mailto}")))
}

fn marked(kind: Kind, subject: &str) -> String {
    match kind {
        Kind::Issue => subject.to_owned(),
        Kind::Test => format!("[TEST] {subject}"),
    }
}

fn mailbox(name: Option<&str>, address: &EmailAddress) -> Mailbox {
    let name = name.map(|name| name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
    Mailbox::new(name, address.to_lettre())
}

/// A display name as RFC 5322 section 3.2.5 wants it: quoted where it holds more than words.
fn phrase(name: &str) -> Cow<'_, str> {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == ' ' || c == '-');
    if plain { name.into() } else { format!("\"{}\"", name.replace(['"', '\\'], "'")).into() }
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn write_field(value: HeaderValue, out: &mut Vec<u8>) {
    let mut fields = Headers::new();
    fields.insert_raw(value);
    out.extend_from_slice(fields.to_string().as_bytes());
}

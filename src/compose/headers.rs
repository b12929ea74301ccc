//! The headers of a bulk mail: RFC 5322, and for lists RFC 2369, RFC 2919 and RFC 8058.

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};

use super::{Composer, Kind, Leave};
use crate::domain::EmailAddress;
use crate::domain::token::Purpose;
use crate::render::RenderedEdition;
use crate::subscribers::Subscriber;

/// A message with all its headers and no body yet.
pub(super) fn message(
    composer: &Composer<'_>,
    edition: &RenderedEdition,
    subscriber: &Subscriber,
    subject: &str,
    leave: &Leave,
) -> MessageBuilder {
    let language = edition.language();
    let sender = composer.sender.get(language);
    let newsletter = composer.newsletter;
    let token = composer.key.token(Purpose::MessageId, Some(composer.issue), &subscriber.email);
    let subject = match composer.kind {
        Kind::Issue => subject.to_owned(),
        Kind::Test => format!("[TEST] {subject}"),
    };
    let list_id = format!("{} <{}>", phrase(newsletter.name.get(language)), newsletter.id);
    let mut unsubscribe = format!("<{}>", leave.mailto);
    if let Some(https) = &leave.https {
        unsubscribe = format!("<{https}>, {unsubscribe}");
    }
    let help = composer.links.help.clone().unwrap_or_else(|| format!("mailto:{}", sender.reply_to));
    let languages = edition.key.languages().iter().map(crate::domain::Language::as_str).collect::<Vec<_>>().join(", ");
    // Four fields, the last of them the sender's own and the same for ever; none tells who reads.
    let feedback = format!("{}:{language}:bulletin:{}", composer.issue, newsletter.id);

    let mut builder = Message::builder()
        .from(mailbox(Some(&sender.name), &sender.email))
        .reply_to(mailbox(Some(&sender.name), &sender.reply_to))
        .to(mailbox(subscriber.name.as_deref(), &subscriber.email))
        .subject(subject)
        .message_id(Some(format!("<{token}@{}>", sender.email.domain())))
        .date(composer.date())
        .raw_header(raw("List-Id", list_id))
        .raw_header(raw("List-Unsubscribe", unsubscribe))
        .raw_header(raw("List-Help", format!("<{help}>")))
        .raw_header(raw("Precedence", "bulk".to_owned()))
        .raw_header(raw("Feedback-ID", feedback))
        .raw_header(raw("Content-Language", languages));
    if leave.https.is_some() {
        builder = builder.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    if let Some(archive) = &composer.links.archive {
        builder = builder.raw_header(raw("List-Archive", format!("<{archive}>")));
    }
    builder
}

fn mailbox(name: Option<&str>, address: &EmailAddress) -> Mailbox {
    let name = name.map(|name| name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
    Mailbox::new(name, address.as_lettre().clone())
}

/// A display name as RFC 5322 section 3.2.5 wants it: quoted where it holds more than words.
fn phrase(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == ' ' || c == '-');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace(['"', '\\'], "'")) }
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

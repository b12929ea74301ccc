//! The relay: greeted, encrypted and logged in to as a send would, and left again before any MAIL.

use std::borrow::Cow;

use super::in_config;
use super::rules::{NO_RELAY, RELAY_LIMIT};
use crate::deliver::smtp::SmtpTransport;
use crate::deliver::{ConnectError, Connection as _, Transport as _};
use crate::domain::Finding;
use crate::render::RenderedEdition;

/// What the relay has to say.
pub(super) async fn check(transport: &SmtpTransport, editions: &[RenderedEdition], config: &str) -> Vec<Finding> {
    let relay = transport.relay();
    let connection = match transport.connect().await {
        Ok(connection) => connection,
        Err(ConnectError::Transient(reply)) => {
            let why = format!("{relay} takes no mail now: {reply}");
            return vec![no_relay(&why, "check host, port and tls under [smtp], or try it later", config)];
        }
        Err(ConnectError::Fatal { message, help }) => return vec![no_relay(&message, &help, config)],
    };
    let limit = connection.size_limit();
    connection.quit().await;
    let largest = editions.iter().max_by_key(|edition| octets(edition));
    let Some((edition, limit)) = largest.zip(limit) else { return Vec::new() };
    let size = octets(edition);
    if size <= limit {
        return Vec::new();
    }
    let message = format!("{relay} takes messages of at most {limit} octets, and the largest edition has about {size}");
    let mut finding = RELAY_LIMIT.finding(message).with_help("save the pictures smaller, or host them on the web");
    finding.editions.push(edition.key.id());
    vec![finding]
}

/// The relay can't be used; why, and what to do about it.
#[must_use]
pub fn no_relay(why: &str, help: &str, config: &str) -> Finding {
    in_config(NO_RELAY.finding(why).with_help(help), config, "[smtp]")
}

/// Octets of a message as it leaves, but for what a reader's own values add: quoted-printable takes three for each
/// that is not ASCII, and base64 four for three.
fn octets(edition: &RenderedEdition) -> usize {
    let quoted = |text: String| text.bytes().map(|byte| if byte.is_ascii() { 1 } else { 3 }).sum::<usize>();
    let parts = [&edition.html, &edition.text].map(|part| quoted(part.fill(|_| Cow::Borrowed(""))));
    parts.iter().sum::<usize>() + edition.images.iter().map(|image| image.bytes.len() * 137 / 100).sum::<usize>()
}

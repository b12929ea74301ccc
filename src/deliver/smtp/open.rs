//! The opening of a conversation: a fresh stream in, a connection that is ready for its first message out.
//!
//! Greeting and EHLO (RFC 5321 section 3.1), STARTTLS (RFC 3207), AUTH (`auth`).

use lettre::transport::smtp::commands::{Ehlo, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};

use super::auth::authenticate;
use super::connection::SmtpConnection;
use super::offer::Offer;
use super::relay::Relay;
use super::reply::reply;
use super::session::{Broken, Session};
use super::tls::{Protection, wrap};
use crate::deliver::transport::ConnectError;
use crate::dial::{Stream, Tls};
use crate::domain::outcome::Reply;

/// Talks until the first message can go.
pub(super) async fn open(
    stream: Stream,
    relay: &Relay,
    protection: &Protection,
) -> Result<SmtpConnection, ConnectError> {
    let mut session = match protection {
        Protection::Implicit(tls) => Session::sealed(wrap(tls, stream, relay).await?),
        Protection::Starttls(_) | Protection::Clear => Session::new(stream),
    };
    let greeting = session.read_reply(relay.timeouts.greeting).await?;
    if greeting.code().severity != Severity::PositiveCompletion {
        return Err(refused(
            &greeting,
            &format!("{relay} does not take us"),
            "ask the relay's operator whether mail from this machine is welcome there",
        ));
    }
    let mut offer = hello(&mut session, relay).await?;
    if let Protection::Starttls(tls) = protection {
        session = encrypt(session, &offer, relay, tls).await?;
        // What was offered in the clear may have been anyone's word (RFC 3207 section 4.2).
        offer = hello(&mut session, relay).await?;
    }
    if let Some(credentials) = &relay.credentials {
        authenticate(&mut session, &offer, relay, credentials).await?;
    }
    tracing::debug!(smtp.relay = %relay, "the relay is ready for messages");
    Ok(SmtpConnection::new(session, offer, relay.timeouts, relay.chunking))
}

/// EHLO, or HELO to a server that has never heard of it (RFC 5321 section 3.2).
async fn hello(session: &mut Session, relay: &Relay) -> Result<Offer, ConnectError> {
    let patience = relay.timeouts.command;
    let mut response = session.command(Ehlo::new(ClientId::Domain(relay.hello.clone())), patience).await?;
    if response.code().severity == Severity::PositiveCompletion {
        return Ok(Offer::read(&response));
    }
    if response.code().severity == Severity::PermanentNegativeCompletion {
        response = session.command(format!("HELO {}\r\n", relay.hello), patience).await?;
        if response.code().severity == Severity::PositiveCompletion {
            return Ok(Offer::default());
        }
    }
    let message = format!("{relay} does not accept our EHLO as {}", relay.hello);
    Err(refused(&response, &message, "some relays want the domain name of this machine there, known to the DNS"))
}

async fn encrypt(mut session: Session, offer: &Offer, relay: &Relay, tls: &Tls) -> Result<Session, ConnectError> {
    if !offer.has("STARTTLS") {
        return Err(fatal(
            format!("{relay} does not offer encryption, so nothing was sent"),
            "set tls = \"implicit\" and port = 465 under [smtp] if the relay's operator says so; if it used to \
             work, someone on the way may be tampering with the connection",
        ));
    }
    let response = session.command(Starttls, relay.timeouts.command).await?;
    if !response.has_code(220) {
        let help = "try tls = \"implicit\" and port = 465 under [smtp], or ask the relay's operator";
        return Err(refused(&response, &format!("{relay} does not start the encryption that it offers"), help));
    }
    // Read on, it would pass for something said under the protection of TLS (CVE-2011-0411 and its like).
    if session.has_unread() {
        return Err(fatal(
            format!("{relay} sent more before the encryption began than it may"),
            "someone on the way may be tampering with the connection; try from another network, and tell the \
             relay's operator",
        ));
    }
    Ok(Session::sealed(wrap(tls, session.into_stream(), relay).await?))
}

/// A reply that ends the opening: a 4xx may be a 2xx later, anything else stays what it is.
pub(super) fn refused(response: &Response, message: &str, help: &str) -> ConnectError {
    let reply = reply(response);
    match response.code().severity {
        Severity::TransientNegativeCompletion => ConnectError::Transient(reply),
        _ => fatal(format!("{message}: {reply}"), help),
    }
}

pub(super) fn fatal(message: impl Into<String>, help: impl Into<String>) -> ConnectError {
    ConnectError::Fatal { message: message.into(), help: help.into() }
}

impl From<Broken> for ConnectError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Garbage(_) => fatal(
                format!("what answers is no mail server, or a broken one: {broken}"),
                "check host, port and tls under [smtp] in bulletin.toml, or --relay",
            ),
            _ => Self::Transient(Reply::silence(broken.to_string())),
        }
    }
}

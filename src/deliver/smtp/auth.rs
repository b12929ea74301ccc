//! Logging in: AUTH PLAIN (RFC 4616), LOGIN or XOAUTH2, as RFC 4954 frames them.

use data_encoding::BASE64;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::response::{Response, Severity};
use secrecy::ExposeSecret;

use super::offer::Offer;
use super::open::{fatal, refused};
use super::relay::{Login, Relay};
use super::session::Session;
use crate::deliver::transport::ConnectError;
use crate::dial::{Secret, printable};

/// LOGIN asks for the username and for the password; whoever asks for more is not to be answered.
const MOST_CHALLENGES: usize = 2;

/// Logs in, or says what a person can do about it.
pub(super) async fn authenticate(
    session: &mut Session,
    offer: &Offer,
    relay: &Relay,
    (username, secret): &(String, Secret),
) -> Result<(), ConnectError> {
    let login = choose(offer, relay)?;
    let mechanism = match login {
        Login::Plain => Mechanism::Plain,
        Login::Login => Mechanism::Login,
        Login::Xoauth2 => Mechanism::Xoauth2,
    };
    let told = secret.tell().await;
    let password = told.map_err(|why| fatal(why, "see password_command under [smtp] in bulletin.toml"))?;
    let credentials = Credentials::new(username.clone(), password.expose_secret().to_owned());
    let unexpected = |_| {
        fatal(
            format!("{relay} asks for something else than a username and a password"),
            "ask the relay's operator how programs log in there",
        )
    };
    let patience = relay.timeouts.command;
    let opening = Auth::new(mechanism, credentials.clone(), None).map_err(unexpected)?;
    let mut response = session.command(opening, patience).await?;
    let mut reason = String::new();
    for _ in 0..MOST_CHALLENGES {
        if !response.has_code(334) {
            break;
        }
        response = if login == Login::Xoauth2 {
            // Not a question but the reason for the refusal, which follows an empty answer.
            reason = reason_in(&response);
            session.command("\r\n", patience).await?
        } else {
            let answer = Auth::new_from_response(mechanism, credentials.clone(), &response).map_err(unexpected)?;
            session.command(answer, patience).await?
        };
    }
    if response.code().severity == Severity::PositiveCompletion {
        return Ok(());
    }
    let help = match login {
        Login::Plain | Login::Login => format!(
            "check that `{username}` is the username under [smtp] in bulletin.toml that the relay knows, and that the \
             environment variable, file or command named there holds its password; some providers want a password \
             made for programs"
        ),
        Login::Xoauth2 => format!(
            "check that `{username}` is the mailbox that the token was made for, and that password_command under \
             [smtp] in bulletin.toml prints a fresh access token, which is good for an hour as a rule"
        ),
    };
    Err(refused(&response, &format!("{relay} does not let `{username}` log in{reason}"), &help))
}

/// What was configured, or else the best of what is offered.
fn choose(offer: &Offer, relay: &Relay) -> Result<Login, ConnectError> {
    match relay.login {
        Some(login) if offer.has_login(login) => Ok(login),
        Some(login) => Err(fatal(
            format!("{relay} does not offer to log in with {}", login.as_str()),
            "leave out `auth` under [smtp] for PLAIN or LOGIN, whichever the relay offers; otherwise check host and \
             port there",
        )),
        None => offer.login().ok_or_else(|| {
            fatal(
                format!("{relay} offers no way to log in that this program knows (PLAIN or LOGIN)"),
                "leave out `username` under [smtp] if the relay knows this machine without it; set auth = \"xoauth2\" \
                 if it wants a token; otherwise check port and tls there, since many relays let people log in on ports \
                 465 and 587 only",
            )
        }),
    }
}

/// The JSON in a refusal of XOAUTH2, as far as it can be shown.
fn reason_in(response: &Response) -> String {
    let text = response.first_word().and_then(|word| BASE64.decode(word.as_bytes()).ok());
    text.map(|text| format!(" ({})", printable(&String::from_utf8_lossy(&text)))).unwrap_or_default()
}

//! Logging in: AUTH PLAIN (RFC 4616) or LOGIN, as RFC 4954 frames them.

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::response::Severity;
use secrecy::{ExposeSecret, SecretString};

use super::offer::Offer;
use super::open::{fatal, refused};
use super::relay::Relay;
use super::session::Session;
use crate::deliver::transport::ConnectError;

/// LOGIN asks for the username and for the password; whoever asks for more is not to be answered.
const MOST_CHALLENGES: usize = 2;

/// Logs in, or says what a person can do about it.
pub(super) async fn authenticate(
    session: &mut Session,
    offer: &Offer,
    relay: &Relay,
    (username, password): &(String, SecretString),
) -> Result<(), ConnectError> {
    let Some(mechanism) = offer.mechanism() else {
        return Err(fatal(
            format!("{relay} offers no way to log in that this program knows (PLAIN or LOGIN)"),
            "leave out `username` under [smtp] if the relay knows this machine without it; otherwise check port and \
             tls there, since many relays let people log in on ports 465 and 587 only",
        ));
    };
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
    for _ in 0..MOST_CHALLENGES {
        if !response.has_code(334) {
            break;
        }
        let answer = Auth::new_from_response(mechanism, credentials.clone(), &response).map_err(unexpected)?;
        response = session.command(answer, patience).await?;
    }
    if response.code().severity == Severity::PositiveCompletion {
        return Ok(());
    }
    let help = format!(
        "check that `{username}` is the username under [smtp] in bulletin.toml that the relay knows, and that the \
         environment variable, file or command named there holds its password; some providers want a password \
         made for programs"
    );
    Err(refused(&response, &format!("{relay} does not let `{username}` log in"), &help))
}

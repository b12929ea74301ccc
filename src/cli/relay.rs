//! The relay that `[smtp]` names, with what it takes to log in there.

use std::sync::Arc;

use crate::config::{self, Auth, Smtp, Tls};
use crate::deliver::smtp::{Chunking, Login, Relay, Secret, Security};
use crate::pipeline::{Newsletter, PipelineError, refused};

/// The configured relay; its password is fetched.
///
/// # Errors
/// There is none, or the password is not where it should be.
pub(super) fn configured(newsletter: &Newsletter) -> Result<Relay, PipelineError> {
    let Some(smtp) = &newsletter.config.smtp else {
        return Err(refused(
            "bulletin.toml names no relay to send through",
            "add [smtp] with host, port, tls and username; your mail provider tells them",
        ));
    };
    let mut relay = Relay::new(smtp.host.clone(), smtp.port, security(smtp));
    relay.authority = smtp.ca.as_ref().map(|ca| newsletter.folder.join(ca));
    relay.login = smtp.auth.map(login);
    relay.chunking = chunking(newsletter);
    if let (Some(username), Some(password)) = (&smtp.username, &smtp.password) {
        // Asked for at once in any case, so that its lack is told before anything is begun.
        let known = password.fetch(&newsletter.folder)?;
        let secret = match smtp.auth {
            Some(Auth::Xoauth2) => {
                let (source, folder) = (password.clone(), newsletter.folder.clone());
                Secret::Asked(Arc::new(move || source.fetch(&folder).map_err(|error| error.to_string())))
            }
            _ => Secret::Known(known),
        };
        relay.credentials = Some((username.clone(), secret));
    }
    Ok(relay)
}

/// Whether messages go as chunks, to whatever relay.
pub(super) fn chunking(newsletter: &Newsletter) -> Chunking {
    match newsletter.config.smtp.as_ref().map(|smtp| smtp.chunking) {
        Some(config::Chunking::Off) => Chunking::Off,
        Some(config::Chunking::Auto) | None => Chunking::Auto,
    }
}

fn security(smtp: &Smtp) -> Security {
    match smtp.tls {
        Tls::Implicit => Security::Implicit,
        Tls::Starttls => Security::Starttls,
        Tls::None => Security::Clear,
    }
}

fn login(auth: Auth) -> Login {
    match auth {
        Auth::Plain => Login::Plain,
        Auth::Login => Login::Login,
        Auth::Xoauth2 => Login::Xoauth2,
    }
}

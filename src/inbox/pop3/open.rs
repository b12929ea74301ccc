//! The opening of a conversation: a server in, a session that has the mailbox to itself out.

use secrecy::ExposeSecret;

use super::session::{Reply, Session, refused};
use crate::dial::{Security, Tls};
use crate::inbox::Fault;
use crate::inbox::sasl::{Mechanism, reason};
use crate::inbox::server::{Login, Server};
use crate::inbox::wire::Wire;

/// Talks until the mails can be listed. The TLS is none in the clear.
pub(super) async fn open(server: &Server, tls: Option<&Tls>) -> Result<Session, Fault> {
    let stream = server.dial(tls).await?;
    let mut session = Session::new(Wire::new(stream, server.timeouts.reply));
    match session.reply().await? {
        Reply::Ok(_) => {}
        Reply::Err(_, said) => return Err(Fault::Broken(format!("the server does not take us now: {said}"))),
        Reply::Continue(said) => return Err(Fault::Garbage { protocol: "POP3", said }),
    }
    if let (Security::Starttls, Some(tls)) = (server.security, tls) {
        let offered = capabilities(&mut session).await?;
        if !offered.iter().any(|line| line == "STLS") {
            return Err(Fault::NoStarttls);
        }
        session.must("STLS", "start the encryption that it offers").await?;
        let stream = tls.wrap(session.into_stream()?, server.timeouts.connect).await?;
        session = Session::new(Wire::new(stream, server.timeouts.reply));
    }
    log_in(&mut session, server).await?;
    Ok(session)
}

/// What the server can do, in capitals; nothing where it has never heard of CAPA.
async fn capabilities(session: &mut Session) -> Result<Vec<String>, Fault> {
    match session.command("CAPA").await? {
        Reply::Ok(_) => Ok(session.list().await?.iter().map(|line| line.to_ascii_uppercase()).collect()),
        _ => Ok(Vec::new()),
    }
}

async fn log_in(session: &mut Session, server: &Server) -> Result<(), Fault> {
    let offered = capabilities(session).await?;
    let mechanisms = offered.iter().find_map(|line| line.strip_prefix("SASL ")).unwrap_or_default();
    let is_offered = |name: &str| mechanisms.split(' ').any(|word| word == name);
    let secret = server.secret.tell().await.map_err(Fault::Secret)?;
    let Some(mechanism) = Mechanism::choose(server.login, is_offered) else {
        if server.login == Login::Token {
            return Err(Fault::NoLogin("an access token"));
        }
        // A line end in a password would be a command of its own.
        if secret.expose_secret().chars().any(char::is_control) {
            return Err(Fault::NoLogin("a password with control characters"));
        }
        let user = session.command(&format!("USER {}", server.url.user)).await?;
        judge(server, user, "")?;
        let passed = session.command(&format!("PASS {}", secret.expose_secret())).await?;
        return judge(server, passed, "");
    };
    let mut reply = session.command(&format!("AUTH {}", mechanism.as_str())).await?;
    if let Reply::Continue(_) = reply {
        reply = session.command(&mechanism.message(server, &secret)).await?;
    }
    let mut why = String::new();
    // Not a question but the reason for the refusal, which follows an answer.
    if let Reply::Continue(text) = &reply {
        why = format!("{} ", reason(text));
        reply = session.command(mechanism.acknowledgement()).await?;
    }
    judge(server, reply, &why)
}

fn judge(server: &Server, reply: Reply, why: &str) -> Result<(), Fault> {
    match reply {
        Reply::Ok(_) => Ok(()),
        Reply::Err(code, said) if !matches!(code.as_str(), "" | "AUTH") => Err(refused("let us log in", &code, said)),
        // Servers without codes have words for it alone.
        Reply::Err(_, said) if said.to_ascii_lowercase().contains("lock") => Err(Fault::Locked(said)),
        Reply::Err(_, said) | Reply::Continue(said) => {
            Err(Fault::Login { user: server.url.user.clone(), said: format!("{why}{said}"), with: server.login })
        }
    }
}

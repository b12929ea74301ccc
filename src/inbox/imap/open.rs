//! The opening of a conversation: a server in, a session in its folder out.
//!
//! Greeting, STARTTLS (RFC 3501 section 6.2.1), AUTHENTICATE or LOGIN with the initial response where the server
//! takes one (RFC 4959), SELECT or EXAMINE.

use secrecy::{ExposeSecret, SecretString};

use super::parse::{Kind, Response, Status, Value};
use super::session::{Session, Untagged, quoted, refused};
use super::{DONE, folder};
use crate::dial::{Security, Tls, printable};
use crate::inbox::Fault;
use crate::inbox::sasl::{Mechanism, reason};
use crate::inbox::server::{Login, Server};
use crate::inbox::wire::Wire;

/// Whether the folder may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Change,
}

/// A session in its folder.
pub(super) struct Opened {
    pub(super) session: Session,
    /// Mails keep their numbers as long as this stays the same.
    pub(super) validity: u32,
    /// How many mails there are.
    pub(super) count: u32,
    /// Whether mails can bear words of ours.
    pub(super) keywords: Keywords,
    /// What parts the levels of a folder's name.
    pub(super) separator: char,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keywords {
    Taken,
    Unknown,
}

/// Talks until the folder is open. The TLS is none in the clear.
pub(super) async fn open(server: &Server, tls: Option<&Tls>, access: Access) -> Result<Opened, Fault> {
    let stream = server.dial(tls).await?;
    let mut session = Session::new(Wire::new(stream, server.timeouts.reply));
    let greeted = greeting(&mut session).await?;
    if let (Security::Starttls, Some(tls)) = (server.security, tls) {
        if greeted == Kind::Preauth {
            // No STARTTLS can follow, so somebody may have put this greeting in place of the server's own.
            return Err(Fault::Tampered);
        }
        session.ask_capabilities().await?;
        if !session.can("STARTTLS") {
            return Err(Fault::NoStarttls);
        }
        session.must("STARTTLS", "start the encryption that it offers", |_| {}).await?;
        let stream = tls.wrap(session.into_stream()?, server.timeouts.connect).await?;
        session = Session::new(Wire::new(stream, server.timeouts.reply));
    }
    // What was offered in the clear may have been anyone's word.
    session.ask_capabilities().await?;
    if greeted != Kind::Preauth {
        log_in(&mut session, server).await?;
        // Many can do more for those whom they know.
        session.ask_capabilities().await?;
    }
    select(session, server, access).await
}

async fn greeting(session: &mut Session) -> Result<Kind, Fault> {
    match session.response(0).await? {
        Response::Status { tag: None, status } => match status.kind {
            Kind::Ok | Kind::Preauth => Ok(status.kind),
            _ => Err(Fault::Broken(format!("the server does not take us now: {}", printable(&status.text)))),
        },
        other => Err(Fault::Garbage { protocol: "IMAP", said: printable(&format!("{other:?}")) }),
    }
}

async fn log_in(session: &mut Session, server: &Server) -> Result<(), Fault> {
    let secret = server.secret.tell().await.map_err(Fault::Secret)?;
    let offered = |name: &str| session.can(&format!("AUTH={name}"));
    let status = match Mechanism::choose(server.login, offered) {
        Some(mechanism) => return authenticate(session, server, mechanism, &secret).await,
        None if server.login == Login::Token => return Err(Fault::NoLogin("an access token")),
        None if session.can("LOGINDISABLED") => return Err(Fault::NoLogin("a password")),
        None => login(session, &server.url.user, &secret).await?,
    };
    judge(server, &status, "")
}

async fn authenticate(
    session: &mut Session,
    server: &Server,
    mechanism: Mechanism,
    secret: &SecretString,
) -> Result<(), Fault> {
    let message = mechanism.message(server, secret);
    let initial = session.can("SASL-IR");
    let words = format!("AUTHENTICATE {}", mechanism.as_str());
    let tag = session.begin(&if initial { format!("{words} {message}") } else { words }).await?;
    let mut told = initial;
    let mut why = String::new();
    loop {
        match session.response(0).await? {
            Response::Status { tag: Some(ended), status } if ended == tag => return judge(server, &status, &why),
            Response::Status { tag: None, status } if status.kind == Kind::Bye => {
                return Err(super::session::left(&status));
            }
            Response::Continue(_) if !told => {
                session.write(&format!("{message}\r\n")).await?;
                told = true;
            }
            // Not a question but the reason for the refusal, which follows an answer.
            Response::Continue(text) if why.is_empty() => {
                why = format!("{} ", reason(&text));
                session.write(&format!("{}\r\n", mechanism.acknowledgement())).await?;
            }
            Response::Data(_) | Response::Status { tag: None, .. } => {}
            _ => return Err(Fault::Broken("the server asks for something else than a user and a secret".to_owned())),
        }
    }
}

/// LOGIN, for servers that know nothing better; what can't be quoted goes as literals.
async fn login(session: &mut Session, user: &str, secret: &SecretString) -> Result<Status, Fault> {
    let secret = secret.expose_secret();
    if let (Some(user), Some(secret)) = (quoted(user), quoted(secret)) {
        return session.command(&format!("LOGIN {user} {secret}"), |_| {}).await;
    }
    let tag = session.begin(&format!("LOGIN {{{}}}", user.len())).await?;
    for text in [format!("{user} {{{}}}\r\n", secret.len()), format!("{secret}\r\n")] {
        match session.response(0).await? {
            Response::Continue(_) => session.write(&text).await?,
            Response::Status { status, .. } => return Ok(status),
            Response::Data(_) => return Err(Fault::NoLogin("a password")),
        }
    }
    session.end(&tag, 0, |_| {}).await
}

fn judge(server: &Server, status: &Status, why: &str) -> Result<(), Fault> {
    if status.kind == Kind::Ok {
        return Ok(());
    }
    Err(match status.code_word().as_str() {
        "UNAVAILABLE" | "LIMIT" => Fault::Broken(printable(&status.text)),
        "INUSE" => Fault::Locked(printable(&status.text)),
        _ => Fault::Login {
            user: server.url.user.clone(),
            said: printable(&format!("{why}{}", status.text)),
            with: server.login,
        },
    })
}

async fn select(mut session: Session, server: &Server, access: Access) -> Result<Opened, Fault> {
    let name = &server.url.folder;
    let separator = if name.contains('/') { separator(&mut session).await? } else { '/' };
    let verb = match access {
        Access::Read => "EXAMINE",
        Access::Change => "SELECT",
    };
    let argument = quoted(&folder::encode(name, separator)).unwrap_or_default();
    let (mut validity, mut count, mut keywords) = (0, 0, Keywords::Unknown);
    let heard = |untagged| match untagged {
        Untagged::Data(values) => {
            if values.get(1).is_some_and(|value| value.is("EXISTS")) {
                count = values[0].number().unwrap_or_default();
            }
        }
        Untagged::Status(status) => match (status.code_word().as_str(), &status.code) {
            ("UIDVALIDITY", Some(code)) => {
                validity = code.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_default();
            }
            ("PERMANENTFLAGS", Some(code)) => {
                let allowed = |flag: &str| flag == "\\*" || flag.eq_ignore_ascii_case(DONE);
                if code.split([' ', '(', ')']).any(allowed) {
                    keywords = Keywords::Taken;
                }
            }
            _ => {}
        },
    };
    let status = session.command(&format!("{verb} {argument}"), heard).await?;
    if status.kind != Kind::Ok {
        let known = folders(&mut session).await.unwrap_or_default();
        let is_there = known.iter().any(|one| one.eq_ignore_ascii_case(name));
        return Err(if is_there || known.is_empty() {
            refused("open the folder", &status)
        } else {
            Fault::NoFolder { folder: name.clone(), known }
        });
    }
    if access == Access::Change && status.code_word() == "READ-ONLY" {
        return Err(Fault::ReadOnly(name.clone()));
    }
    Ok(Opened { session, validity, count, keywords, separator })
}

/// What parts the levels of a folder's name on this server.
pub(super) async fn separator(session: &mut Session) -> Result<char, Fault> {
    let mut separator = '/';
    let heard = |untagged| {
        if let Untagged::Data(values) = untagged
            && let Some((_, found)) = listed(&values)
        {
            separator = found;
        }
    };
    session.must("LIST \"\" \"\"", "list its folders", heard).await?;
    Ok(separator)
}

/// All folders that can be opened, as people write them.
async fn folders(session: &mut Session) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    let heard = |untagged| {
        if let Untagged::Data(values) = untagged
            && let Some((name, separator)) = listed(&values)
            && !values[1].list().iter().any(|flag| flag.is("\\Noselect") || flag.is("\\NonExistent"))
        {
            found.push(folder::decode(&name, separator));
        }
    };
    session.must("LIST \"\" \"*\"", "list its folders", heard).await?;
    Ok(found)
}

/// `LIST (flags) "separator" name`.
fn listed(values: &[Value]) -> Option<(String, char)> {
    let [word, _, separator, name, ..] = values else { return None };
    let separator = separator.octets().and_then(|octets| octets.first()).map_or('/', |&byte| char::from(byte));
    word.is("LIST").then_some(())?;
    Some((String::from_utf8_lossy(name.octets()?).into_owned(), separator))
}

//! The mailboxes are read: who asks by mail to leave is suppressed.
//!
//! A request is a mail to the List-Unsubscribe address with a token in it (RFC 2369 section 3.2). The
//! signed token is enough, and nothing else is: a From can be forged, and people write from other addresses
//! than the one that they get the newsletter at.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::domain::digest::Digester;
use crate::domain::token::{Pseudonym, Purpose};
use crate::domain::verp::{ReturnPath, Separator};
use crate::domain::{Digest, EmailAddress};
use crate::inbox::{self, InboxError, Mail, Source};
use crate::pipeline::{Newsletter, PipelineError, refused};
use crate::readers::{Cause, Change, Channel, Event, Register};
use crate::state::Database;

/// What the mailboxes held.
#[derive(Debug, Default)]
pub struct Collected {
    /// Mails that were read, those that were read before among them.
    pub mails: usize,
    /// Requests to leave that are new, with the mail's name.
    pub left: Vec<(Leaver, String)>,
    /// Mails to the List-Unsubscribe address without a token that could be trusted: a person has to look.
    pub unsigned: Vec<Unsigned>,
    /// What could not be read.
    pub unreadable: Vec<InboxError>,
}

/// Someone who asked to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaver {
    Known(EmailAddress),
    /// Nobody in the list or in the register: they left the list already, but may come back by an import.
    Unlisted(Pseudonym),
}

/// A mail that seems to ask for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    pub mail: String,
    pub from: Option<String>,
}

/// A mail that was read, and what it asks for.
struct Request {
    mail: String,
    digest: Digest,
    reader: Pseudonym,
}

/// Reads `sources` and suppresses whoever asks to leave. Mails stay where they are; each is worked on once.
///
/// # Errors
/// The list or the database can't be read or written.
pub fn collect(newsletter: &Newsletter, sources: &[Source], now: Timestamp) -> Result<Collected, PipelineError> {
    let base = &newsletter.config.links.unsubscribe;
    let path = ReturnPath::with_tokens(base.clone(), Separator::Plus).map_err(|error| {
        refused(
            format!("newsletter.unsubscribe, {base}, leaves no room for a token: {error}"),
            "choose a shorter address",
        )
    })?;
    let mut collected = Collected::default();
    let mut requests = Vec::new();
    for mail in sources.iter().flat_map(inbox::open) {
        let mail = match mail {
            Ok(mail) => mail,
            Err(error) => {
                collected.unreadable.push(error);
                continue;
            }
        };
        collected.mails += 1;
        let recipients = inbox::recipients(&mail.bytes);
        let opened = recipients
            .iter()
            .filter_map(|recipient| path.recognise(recipient))
            .find_map(|token| newsletter.key().open(token, Purpose::Unsubscribe, None));
        match opened {
            Some(reader) => requests.push(Request { digest: digest(&mail), mail: mail.name, reader }),
            None if recipients.iter().any(|recipient| is_for(recipient, base)) => {
                collected.unsigned.push(Unsigned { from: inbox::sender(&mail.bytes), mail: mail.name });
            }
            None => {}
        }
    }
    let names = names(newsletter, &requests)?;
    let register = Register::new(Database::open(&newsletter.database())?);
    for Request { mail, digest, reader } in requests {
        let email = names.get(&reader);
        let event = Event {
            reader,
            identity: email.map(EmailAddress::identity),
            at: now,
            change: Change::Suppressed(Cause::Unsubscribed),
            channel: Channel::Mailto,
            note: None,
        };
        if register.append_from_mail(digest, vec![event], now)? {
            collected.left.push((email.cloned().map_or(Leaver::Unlisted(reader), Leaver::Known), mail));
        }
    }
    if collected.unreadable.is_empty() {
        register.note_collection(collected.mails, now)?;
    }
    Ok(collected)
}

/// The addresses of the list that the requests' pseudonyms stand for.
fn names(newsletter: &Newsletter, requests: &[Request]) -> Result<HashMap<Pseudonym, EmailAddress>, PipelineError> {
    let wanted: HashSet<_> = requests.iter().map(|request| request.reader).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let people = newsletter.roster(None)?.people.into_iter().map(|person| person.email);
    let named = people.map(|email| (newsletter.key().pseudonym(&email), email));
    Ok(named.filter(|(reader, _)| wanted.contains(reader)).collect())
}

/// Whether a mail was sent to the address, with or without something behind its local part.
fn is_for(recipient: &str, base: &EmailAddress) -> bool {
    let Some((local, domain)) = recipient.rsplit_once('@') else { return false };
    let local = local.split('+').next().unwrap_or_default();
    format!("{local}@{domain}").eq_ignore_ascii_case(&base.to_string())
}

fn digest(mail: &Mail) -> Digest {
    let mut digester = Digester::default();
    digester.add("mail", &mail.bytes);
    digester.finish()
}

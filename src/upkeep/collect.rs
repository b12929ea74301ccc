//! The mailboxes are read: who asks by mail to leave is suppressed, and so is whoever mail can't reach any more,
//! as the policy says.
//!
//! A request is a mail to the List-Unsubscribe address with a token in it (RFC 2369 section 3.2). The
//! signed token is enough, and nothing else is: a From can be forged, and people write from other addresses
//! than the one that they get the newsletter at. A bounce is believed for its token as well, wherever it bears it.

use jiff::Timestamp;

use super::judge::{InRecord, Judged, Who, consider, judge, lock_bounces, refusals};
use super::tokens::Tokens;
use super::told::Names;
use crate::bounces::{Classifier, Report, Token, told_at};
use crate::domain::digest::Digester;
use crate::domain::token::{Pseudonym, Purpose};
use crate::domain::verp::{ReturnPath, Separator};
use crate::domain::{Digest, EmailAddress, Kind};
use crate::inbox::{self, Filed, InboxError, Mail, Mailbox, Receipt};
use crate::pipeline::{self, Newsletter, PipelineError, refused};
use crate::readers::{Book, Bounce, Brought, Cause, Change, Channel, Event, Register, Told};
use crate::state::Database;

/// So many mails are held, as what they brought, before they are written.
const GROUP: usize = 1000;

/// What the mailboxes held.
#[derive(Debug, Default)]
pub struct Collected {
    /// Mails that were read, those that were read before among them.
    pub mails: usize,
    /// Those that were worked on at an earlier time.
    pub before: usize,
    /// Requests to leave that are new, with the mail's name.
    pub left: Vec<(Who, String)>,
    /// Mails to the List-Unsubscribe address without a token that could be trusted: a person has to look.
    pub unsigned: Vec<Unsigned>,
    /// What follows from the bounces.
    pub judged: Judged,
    /// Machines' answers and notes of delivery, from which nothing follows.
    pub harmless: usize,
    /// Mails that were marked, moved or removed, and those that were left as they are.
    pub filed: Filed,
    /// What could not be read, or not be marked.
    pub unreadable: Vec<InboxError>,
}

/// A mail that seems to ask for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    pub mail: String,
    pub from: Option<String>,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Apply,
    /// Tell what would be done.
    DryRun,
}

/// A mail that was read, and what it says.
struct Opened {
    mail: String,
    digest: Digest,
    /// Who asks to leave.
    leaver: Option<Pseudonym>,
    /// When it came in, as far as it tells.
    at: Option<Timestamp>,
    reports: Vec<Report>,
}

impl Opened {
    /// What is to be written of it.
    fn brought(self, names: &Names, newsletter: &Newsletter, book: &Book, now: Timestamp) -> Brought {
        let Self { mail, digest, leaver, at, reports } = self;
        let leaves = leaver.map(|reader| Event {
            reader,
            identity: names.identity(reader),
            at: now,
            change: Change::Suppressed(Cause::Unsubscribed),
            channel: Channel::Mailto,
            note: None,
        });
        // A clock that is ahead must not outlive a person's later decision.
        let at = at.map_or(now, |at| at.min(now));
        let bounces = reports.into_iter().map(|report| {
            let source = Told::Mail { digest, name: mail.clone() };
            names.bounce(report, source, newsletter, at, now)
        });
        // Of someone who was forgotten nothing is written down.
        let is_forgotten = |bounce: &Bounce| {
            let record = bounce.reader.and_then(|reader| book.known(reader, bounce.identity.as_deref()));
            record.and_then(|record| record.suppression.as_ref()).is_some_and(|found| found.cause == Cause::Forgotten)
        };
        let bounces = bounces.filter(|bounce| !is_forgotten(bounce)).collect();
        Brought { mail: digest, events: leaves.into_iter().collect(), bounces }
    }
}

/// Reads `mailboxes`, suppresses whoever asks to leave, and applies the policy to what came back; `watch` hears of
/// each mail. Each is worked on once, and marked as its mailbox says when what it brought is on the disk; those that
/// a person has to look at, and those from people, stay as they are.
///
/// # Errors
/// The list or the database can't be read or written, or another process reads the mailboxes just now.
pub fn collect(
    newsletter: &Newsletter,
    mailboxes: &[Mailbox],
    manner: Manner,
    now: Timestamp,
    watch: &mut dyn FnMut(),
) -> Result<Collected, PipelineError> {
    let _lock = (manner == Manner::Apply).then(|| lock_bounces(newsletter)).transpose()?;
    let reader = Reader::of(newsletter)?;
    let mut seen = Register::mails_seen(&newsletter.database())?;
    let book = newsletter.book()?;
    let mut collected = Collected::default();
    let mut opened = Vec::new();
    let mut done = Vec::new();
    for mailbox in mailboxes {
        let fetched = seen.clone();
        let mut reading = inbox::read(mailbox).unless(move |mail| fetched.contains(&mail));
        let mut receipts = Vec::new();
        for mail in reading.by_ref() {
            watch();
            let (mail, receipt) = match mail {
                Ok(mail) => mail,
                Err(error) => {
                    collected.unreadable.push(error);
                    continue;
                }
            };
            collected.mails += 1;
            let digest = digest(&mail);
            if seen.contains(&digest) {
                collected.before += 1;
                receipts.push(receipt);
                continue;
            }
            match reader.open(&mail, digest, &mut collected) {
                Opening::Brought(one) => {
                    seen.insert(digest);
                    opened.push(one);
                    receipts.push(receipt);
                }
                Opening::Harmless => receipts.push(receipt),
                Opening::Personal => {}
            }
        }
        done.push((reading, receipts));
    }
    let asking = opened.iter().filter_map(|one| one.leaver);
    let names = Names::of(newsletter, asking, opened.iter().flat_map(|one| &one.reports))?;
    let brought = opened.into_iter().map(|one| (one.mail.clone(), one.brought(&names, newsletter, &book, now)));
    let mut brought: Vec<(String, Brought)> = brought.collect();
    if manner == Manner::DryRun {
        let mut new: Vec<Bounce> = refusals(newsletter, &book, now)?;
        new.extend(brought.iter().flat_map(|(_, one)| one.bounces.iter().cloned()));
        collected.left = leavers(&brought);
        collected.judged = consider(newsletter, &book, new, InRecord::NotYet)?;
        return Ok(collected);
    }
    let register = Register::new(Database::open(&newsletter.database())?);
    let mut is_new = Vec::with_capacity(brought.len());
    for group in brought.chunks(GROUP) {
        is_new.extend(register.append_from_mails(group.iter().map(|(_, one)| one.clone()).collect(), now)?);
    }
    let mut is_new = is_new.into_iter();
    brought.retain(|_| is_new.next().unwrap_or(false));
    let mut new = register.append_bounces(refusals(newsletter, &book, now)?)?;
    new.extend(brought.iter().flat_map(|(_, one)| one.bounces.iter().cloned()));
    collected.left = leavers(&brought);
    register.remember(done.iter().flat_map(|(_, receipts)| receipts).filter_map(Receipt::key).collect(), now)?;
    for (reading, receipts) in &mut done {
        match reading.done(receipts) {
            Ok(filed) => collected.filed += filed,
            Err(error) => collected.unreadable.push(error),
        }
    }
    // Who left just now is in the book before it is asked again.
    collected.judged = judge(newsletter, &register, &newsletter.book()?, new)?;
    if collected.unreadable.is_empty() {
        register.note_collection(collected.mails, now)?;
    }
    Ok(collected)
}

/// Those who asked to leave, each with their mail.
fn leavers(brought: &[(String, Brought)]) -> Vec<(Who, String)> {
    let left = brought.iter().flat_map(|(mail, one)| one.events.iter().map(move |event| (event, mail)));
    let who = |event: &Event| {
        let named = event.identity.as_ref().and_then(|identity| identity.parse().ok());
        named.map_or(Who::Unlisted(event.reader), Who::Known)
    };
    left.map(|(event, mail)| (who(event), mail.clone())).collect()
}

/// What a mail turned out to be.
enum Opening {
    /// Something follows from it.
    Brought(Opened),
    /// A machine's answer, from which nothing follows.
    Harmless,
    /// A person wrote it, as far as can be told, and a person has to read it.
    Personal,
}

/// What is needed to tell what a mail says.
struct Reader<'n> {
    classifier: Classifier,
    tokens: Tokens<'n>,
    newsletter: &'n Newsletter,
    /// The List-Unsubscribe address.
    leaving: ReturnPath,
}

impl<'n> Reader<'n> {
    fn of(newsletter: &'n Newsletter) -> Result<Self, PipelineError> {
        let base = &newsletter.config.links.unsubscribe;
        let leaving = ReturnPath::with_tokens(base.clone(), Separator::Plus).map_err(|error| {
            refused(
                format!("newsletter.unsubscribe, {base}, leaves no room for a token: {error}"),
                "choose a shorter address",
            )
        })?;
        let (classifier, tokens) = (pipeline::classifier(&newsletter.folder)?, Tokens::of(newsletter)?);
        Ok(Self { classifier, tokens, newsletter, leaving })
    }

    /// What a mail says.
    fn open(&self, mail: &Mail, digest: Digest, collected: &mut Collected) -> Opening {
        let recipients = inbox::recipients(&mail.bytes);
        let leaver = recipients
            .iter()
            .filter_map(|recipient| self.leaving.recognise(recipient))
            .find_map(|token| self.newsletter.key().open(token, Purpose::Unsubscribe, None));
        let opened = |leaver, reports| {
            let at = told_at(&mail.bytes);
            Opening::Brought(Opened { mail: mail.name.clone(), digest, leaver, at, reports })
        };
        if leaver.is_some() {
            return opened(leaver, Vec::new());
        }
        if recipients.iter().any(|recipient| is_for(recipient, self.leaving.base())) {
            collected.unsigned.push(Unsigned { from: inbox::sender(&mail.bytes), mail: mail.name.clone() });
            return Opening::Personal;
        }
        let claims = |candidate: &str, token: Token| self.tokens.claim(candidate, token);
        let mut reports = self.classifier.classify(&mail.bytes, Some(&claims));
        let all = reports.len();
        reports.retain(|report| !matches!(report.kind, Kind::AutoReply | Kind::Delivered));
        collected.harmless += all - reports.len();
        match all {
            0 => Opening::Personal,
            _ if reports.is_empty() => Opening::Harmless,
            _ => opened(None, reports),
        }
    }
}

/// Whether a mail was sent to the address, with or without something behind its local part.
fn is_for(recipient: &str, base: &EmailAddress) -> bool {
    let Some((local, domain)) = recipient.rsplit_once('@') else { return false };
    let local = local.split('+').next().unwrap_or_default();
    format!("{local}@{domain}").eq_ignore_ascii_case(&base.to_string())
}

/// The same for a mail with CRLF, as servers hand it over, and with LF, as files have it.
fn digest(mail: &Mail) -> Digest {
    let mut digester = Digester::default();
    let plain: Vec<u8> = mail.bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
    digester.add("mail", plain);
    digester.finish()
}

//! Mails out of a folder: the numbers of those that were not worked on, then their sizes, then the mails, in
//! batches that are small together. Nothing is marked by reading (BODY.PEEK, RFC 3501 section 6.4.5).

use std::collections::VecDeque;

use super::open::{Access, Keywords, Opened, open};
use super::parse::Value;
use super::session::Untagged;
use super::{DONE, parse};
use crate::dial::{Tls, printable};
use crate::domain::digest::Digester;
use crate::inbox::mailbox::{After, Place, Receipt};
use crate::inbox::reading::Known;
use crate::inbox::server::Server;
use crate::inbox::{Fault, LIMIT, Mail};

/// Mails whose sizes are asked for at once, and the most that are fetched at once.
const BATCH: usize = 100;
/// Octets of the mails that are fetched at once; one that is larger comes alone.
const BATCH_SIZE: u64 = 1024 * 1024;

/// A folder on an IMAP server that is being read.
pub(in crate::inbox) struct Imap {
    pub(super) server: Server,
    pub(super) after: After,
    tls: Option<Tls>,
    pub(super) opened: Option<Opened>,
    /// Numbers of the mails that are still to be read; none before the first look.
    todo: Option<VecDeque<u32>>,
    /// The same, for the mails whose size is known.
    sized: VecDeque<(u32, u64)>,
    fetched: VecDeque<(Mail, Receipt)>,
    manner: Manner,
}

/// How mails are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Together,
    /// After a refusal, up to the end of the batch.
    OneByOne,
}

impl Imap {
    pub(in crate::inbox) fn new(server: Server, after: After) -> Self {
        let (opened, todo, sized, fetched) = (None, None, VecDeque::new(), VecDeque::new());
        Self { server, after, tls: None, opened, todo, sized, fetched, manner: Manner::Together }
    }

    /// With this TLS, where a test has one of its own.
    #[cfg(test)]
    pub(super) fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The folder, opened where it is not.
    pub(super) async fn opened(&mut self) -> Result<&mut Opened, Fault> {
        if self.opened.is_none() {
            if self.tls.is_none() {
                self.tls = self.server.tls()?;
            }
            let access = if self.after == After::Leave { Access::Read } else { Access::Change };
            self.opened = Some(open(&self.server, self.tls.as_ref(), access).await?);
        }
        self.opened.as_mut().ok_or_else(|| unreachable!("it was opened above"))
    }

    /// The next mail that was not worked on.
    pub(in crate::inbox) async fn next(&mut self, known: &Known<'_>) -> Result<Option<(Mail, Receipt)>, Fault> {
        if self.todo.is_none() {
            self.todo = Some(self.search().await?);
        }
        loop {
            if let Some(mail) = self.fetched.pop_front() {
                return Ok(Some(mail));
            }
            if !self.sized.is_empty() {
                self.fetch().await?;
            } else if !self.ask_sizes(known).await? {
                return Ok(None);
            }
        }
    }

    /// The numbers that are still to be read stand for other mails now.
    pub(super) fn forget(&mut self) {
        self.todo = Some(VecDeque::new());
        self.sized.clear();
        self.fetched.clear();
    }

    async fn search(&mut self) -> Result<VecDeque<u32>, Fault> {
        let after = self.after.clone();
        let opened = self.opened().await?;
        let wanted = match (after, opened.keywords) {
            (After::Seen, Keywords::Taken) => format!("UNDELETED UNKEYWORD {DONE}"),
            (After::Seen, Keywords::Unknown) => "UNDELETED UNSEEN".to_owned(),
            _ => "UNDELETED".to_owned(),
        };
        let mut found = Vec::new();
        let heard = |untagged| {
            if let Untagged::Data(values) = untagged
                && values.first().is_some_and(|word| word.is("SEARCH"))
            {
                found.extend(values.iter().filter_map(Value::number));
            }
        };
        opened.session.must(&format!("UID SEARCH {wanted}"), "search the folder", heard).await?;
        found.sort_unstable();
        found.dedup();
        Ok(found.into())
    }

    /// Asks for the sizes of the next mails that the caller does not remember; false where there are none left.
    async fn ask_sizes(&mut self, known: &Known<'_>) -> Result<bool, Fault> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let Some(uid) = self.todo.as_mut().and_then(VecDeque::pop_front) else { break };
            let validity = self.opened().await?.validity;
            if !self.receipt(validity, uid).key().is_some_and(known) {
                batch.push(uid);
            }
        }
        if batch.is_empty() {
            return Ok(false);
        }
        self.manner = Manner::Together;
        let mut sizes = Vec::new();
        let heard = |untagged| {
            if let Untagged::Data(values) = untagged
                && let Some(fetched) = Fetched::read(&values)
                && let (Some(uid), Some(size)) = (fetched.uid, fetched.size)
            {
                sizes.push((uid, size));
            }
        };
        let words = format!("UID FETCH {} (UID RFC822.SIZE)", set(&batch));
        self.opened().await?.session.must(&words, "tell the sizes of its mails", heard).await?;
        sizes.sort_unstable();
        sizes.dedup_by_key(|(uid, _)| *uid);
        // A mail that somebody removed meanwhile has none.
        sizes.retain(|(uid, _)| batch.contains(uid));
        self.sized.extend(sizes);
        Ok(true)
    }

    /// Fetches as many mails as are small together, or a large one.
    async fn fetch(&mut self) -> Result<(), Fault> {
        let mut batch = Vec::new();
        let mut total = 0;
        while let Some(&(uid, size)) = self.sized.front() {
            if !batch.is_empty() && (total + size > BATCH_SIZE || self.manner == Manner::OneByOne) {
                break;
            }
            total += size;
            batch.push((uid, size));
            self.sized.pop_front();
        }
        // Where a mail is too large, its beginning is all that crosses the line.
        let part = if total > LIMIT as u64 { format!("<0.{LIMIT}>") } else { String::new() };
        let uids: Vec<u32> = batch.iter().map(|(uid, _)| *uid).collect();
        let opened = self.opened().await?;
        let validity = opened.validity;
        let tag = opened.session.begin(&format!("UID FETCH {} (UID BODY.PEEK[]{part})", set(&uids))).await?;
        let (mut mails, mut room) = (Vec::new(), LIMIT);
        loop {
            // A server that announces small mails and sends large ones gets no more room than for one.
            match opened.session.response(room).await? {
                parse::Response::Status { tag: Some(ended), status } if ended == tag => {
                    if status.kind == parse::Kind::Ok {
                        break;
                    }
                    if let [uid] = uids.as_slice() {
                        return Err(Fault::Mail { mail: format!("{uid}"), said: printable(&status.text) });
                    }
                    // One of them is to blame, and the others can be had.
                    self.manner = Manner::OneByOne;
                    batch.iter().rev().for_each(|mail| self.sized.push_front(*mail));
                    return Ok(());
                }
                parse::Response::Status { tag: None, status } if status.kind == parse::Kind::Bye => {
                    return Err(super::session::left(&status));
                }
                parse::Response::Data(mut values) => {
                    if let Some((uid, bytes)) = Fetched::take(&mut values) {
                        room -= bytes.len().min(room);
                        mails.push((uid, bytes));
                    }
                }
                _ => {}
            }
        }
        for (uid, size) in batch {
            let Some(at) = mails.iter().position(|(one, _)| *one == uid) else { continue };
            let (_, bytes) = mails.swap_remove(at);
            let truncated = size > LIMIT as u64;
            let mail = Mail { name: format!("{};UID={uid}", self.server), bytes, truncated };
            let receipt = self.receipt(validity, uid);
            self.fetched.push_back((mail, receipt));
        }
        Ok(())
    }

    fn receipt(&self, validity: u32, uid: u32) -> Receipt {
        let mut digester = Digester::default();
        digester.add("imap", self.server.to_string()).add("validity", validity.to_be_bytes());
        let key = digester.add("uid", uid.to_be_bytes()).finish();
        Receipt { place: Place::Imap { validity, uid }, key: Some(key) }
    }
}

/// What stands in a FETCH response.
#[derive(Default)]
struct Fetched {
    uid: Option<u32>,
    size: Option<u64>,
}

impl Fetched {
    fn read(values: &[Value]) -> Option<Self> {
        values.get(1).filter(|word| word.is("FETCH"))?;
        let mut fetched = Self::default();
        for pair in values.get(2)?.list().chunks_exact(2) {
            if pair[0].is("UID") {
                fetched.uid = pair[1].number();
            } else if pair[0].is("RFC822.SIZE") {
                fetched.size = pair[1].atom().and_then(|number| number.parse().ok());
            }
        }
        Some(fetched)
    }

    /// A mail's number and its octets, moved out.
    fn take(values: &mut [Value]) -> Option<(u32, Vec<u8>)> {
        let uid = Self::read(values)?.uid?;
        let Some(Value::List(items)) = values.get_mut(2) else { return None };
        let at = items
            .iter()
            .position(|item| item.atom().is_some_and(|atom| atom.to_ascii_uppercase().starts_with("BODY[]")))?;
        match items.get_mut(at + 1)? {
            Value::Text(octets) => Some((uid, std::mem::take(octets))),
            // NIL, for a mail without anything in it.
            _ => Some((uid, Vec::new())),
        }
    }
}

/// Numbers as a command takes them: `1:3,7`.
pub(super) fn set(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let text = |&(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_told_as_a_range() {
        assert_eq!(set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[u32::MAX]), u32::MAX.to_string());
    }
}

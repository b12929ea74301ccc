//! What becomes of mails that were worked on: marked as read, moved (RFC 6851), or removed one by one (RFC 4315).
//! A plain EXPUNGE, which removes what others have marked too, is never said.

use super::fetch::{Imap, set};
use super::open::{Keywords, Opened, separator};
use super::parse::{Kind, Status};
use super::session::{quoted, refused};
use super::{DONE, folder};
use crate::inbox::Fault;
use crate::inbox::mailbox::After;

/// Mails that are filed by one command.
const BATCH: usize = 500;

impl Imap {
    /// Files these mails, given as the folder's validity and their numbers in it.
    pub(in crate::inbox) async fn done(&mut self, mails: &[(u32, u32)]) -> Result<(), Fault> {
        if mails.is_empty() || self.after == After::Leave {
            return Ok(());
        }
        let filed = self.file(mails).await;
        if let Err(Fault::Broken(_)) = filed {
            // While mails were worked on, the server may have lost patience: once more, over a new connection.
            self.opened = None;
            return self.file(mails).await;
        }
        filed
    }

    async fn file(&mut self, mails: &[(u32, u32)]) -> Result<(), Fault> {
        let (after, name) = (self.after.clone(), self.server.url.folder.clone());
        let validity = self.opened().await?.validity;
        if mails.iter().any(|(known, _)| *known != validity) {
            self.forget();
            return Err(Fault::Renumbered(name));
        }
        let opened = self.opened().await?;
        let mut uids: Vec<u32> = mails.iter().map(|(_, uid)| *uid).collect();
        uids.sort_unstable();
        uids.dedup();
        for uids in uids.chunks(BATCH) {
            let uids = set(uids);
            match &after {
                After::Leave => {}
                After::Seen => opened.mark(&uids).await?,
                After::Move(folder) => opened.move_to(&uids, folder).await?,
                After::Delete => opened.remove(&uids).await?,
            }
        }
        Ok(())
    }
}

impl Opened {
    async fn mark(&mut self, uids: &str) -> Result<(), Fault> {
        let flags = match self.keywords {
            Keywords::Taken => format!("\\Seen {DONE}"),
            Keywords::Unknown => "\\Seen".to_owned(),
        };
        self.store(uids, &flags).await
    }

    async fn store(&mut self, uids: &str, flags: &str) -> Result<(), Fault> {
        let words = format!("UID STORE {uids} +FLAGS.SILENT ({flags})");
        self.session.must(&words, "mark mails", |_| {}).await.map(drop)
    }

    async fn remove(&mut self, uids: &str) -> Result<(), Fault> {
        self.store(uids, "\\Deleted").await?;
        // Without UIDPLUS they stay, marked, until the server or a person clears the folder.
        if self.session.can("UIDPLUS") {
            self.session.must(&format!("UID EXPUNGE {uids}"), "remove mails", |_| {}).await?;
        }
        Ok(())
    }

    async fn move_to(&mut self, uids: &str, name: &str) -> Result<(), Fault> {
        self.mark(uids).await?;
        if name.contains('/') {
            self.separator = separator(&mut self.session).await?;
        }
        let target = quoted(&folder::encode(name, self.separator)).unwrap_or_default();
        let moves = self.session.can("MOVE");
        let words = format!("UID {} {uids} {target}", if moves { "MOVE" } else { "COPY" });
        let mut status = self.session.command(&words, |_| {}).await?;
        if status.kind != Kind::Ok && self.make(&target, &status).await? {
            status = self.session.command(&words, |_| {}).await?;
        }
        if status.kind != Kind::Ok {
            return Err(refused("move mails", &status));
        }
        if moves { Ok(()) } else { self.remove(uids).await }
    }

    /// Makes the folder that a mail is to be moved to, where that is what was missing.
    async fn make(&mut self, target: &str, status: &Status) -> Result<bool, Fault> {
        if !["TRYCREATE", "NONEXISTENT"].contains(&status.code_word().as_str()) {
            return Ok(false);
        }
        self.session.must(&format!("CREATE {target}"), "make the folder for mails that were worked on", |_| {}).await?;
        // So that mail programs show it; whether it works matters little.
        self.session.command(&format!("SUBSCRIBE {target}"), |_| {}).await?;
        Ok(true)
    }
}

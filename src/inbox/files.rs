//! Files and standard input: what lies under a path, one mail after the other, each with its receipt.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::mailbox::{Receipt, Source};
use super::maildir;
use super::mbox::{self, Mbox};
use super::reading::Known;
use super::walk::Walk;
use super::{InboxError, LIMIT, Mail};

pub(super) struct Files {
    walk: Walk,
    /// The mbox, or the standard input, that is being read.
    mbox: Option<Mbox<Box<dyn BufRead>>>,
}

impl Files {
    pub(super) fn under(path: &Path) -> Self {
        Self { walk: Walk::new(path), mbox: None }
    }

    pub(super) fn stdin() -> Self {
        let stdin: Box<dyn BufRead> = Box::new(BufReader::new(io::stdin()));
        Self { walk: Walk::nowhere(), mbox: Some(Mbox::new(Source::STDIN.to_owned(), stdin)) }
    }

    pub(super) fn next(&mut self, known: &Known) -> Option<Result<(Mail, Receipt), InboxError>> {
        loop {
            if let Some(mbox) = &mut self.mbox {
                match mbox.next() {
                    Some(mail) => return Some(mail.map(|mail| (mail, Receipt::FIXED))),
                    None => self.mbox = None,
                }
            }
            let file = match self.walk.next()? {
                Ok(file) => file,
                Err(error) => return Some(Err(error)),
            };
            if file.alone {
                let receipt = if file.in_maildir { maildir::receipt(&file.path) } else { Receipt::FIXED };
                if receipt.key().is_some_and(known) {
                    continue;
                }
                return Some(whole(&file.path).map(|mail| (mail, receipt)));
            }
            let name = file.path.display().to_string();
            match File::open(&file.path) {
                Ok(opened) => self.mbox = Some(Mbox::new(name, Box::new(BufReader::new(opened)))),
                Err(error) => return Some(Err(InboxError::new(name, error))),
            }
        }
    }
}

/// A file that holds one mail, whatever its lines begin with.
fn whole(path: &Path) -> Result<Mail, InboxError> {
    let name = path.display().to_string();
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(bytes)
    };
    let mut bytes = read().map_err(|error| InboxError::new(name.clone(), error))?;
    let truncated = bytes.len() > LIMIT;
    bytes.truncate(LIMIT);
    Ok(Mail { name, bytes: mbox::without_from_line(bytes), truncated })
}

//! Mails out of a mailbox, one after the other, and their removal where that is asked for.

use std::collections::{HashMap, HashSet, VecDeque};

use super::open::open;
use super::session::{Reply, Session};
use crate::dial::Tls;
use crate::domain::Digest;
use crate::domain::digest::Digester;
use crate::inbox::mailbox::{After, Place, Receipt};
use crate::inbox::reading::Known;
use crate::inbox::server::Server;
use crate::inbox::{Fault, LIMIT, Mail};

/// Lines of a mail that is too large, which hold as many octets as are kept of it as a rule.
const LINES: usize = LIMIT / 64;

/// A mailbox on a POP3 server that is being read.
pub(in crate::inbox) struct Pop3 {
    server: Server,
    after: After,
    tls: Option<Tls>,
    session: Option<Open>,
    /// The names of the mails that are still to be read; none before the first look.
    todo: Option<VecDeque<String>>,
}

/// A session, with the number that each mail has in it.
struct Open {
    session: Session,
    numbers: HashMap<String, usize>,
    sizes: HashMap<usize, u64>,
}

impl Pop3 {
    pub(in crate::inbox) fn new(server: Server, after: After) -> Self {
        Self { server, after, tls: None, session: None, todo: None }
    }

    async fn opened(&mut self) -> Result<&mut Open, Fault> {
        if self.session.is_none() {
            if self.tls.is_none() {
                self.tls = self.server.tls()?;
            }
            let mut session = open(&self.server, self.tls.as_ref()).await?;
            let named = names(&mut session).await?;
            if self.todo.is_none() {
                self.todo = Some(named.iter().map(|(_, name)| name.clone()).collect());
            }
            session.must("LIST", "list its mails").await?;
            let sizes = session.list().await?.iter().filter_map(|line| pair(line)).collect();
            let numbers = named.into_iter().map(|(number, name)| (name, number)).collect();
            self.session = Some(Open { session, numbers, sizes });
        }
        self.session.as_mut().ok_or_else(|| unreachable!("it was opened above"))
    }

    /// The next mail that the caller does not remember.
    pub(in crate::inbox) async fn next(&mut self, known: &Known<'_>) -> Result<Option<(Mail, Receipt)>, Fault> {
        if self.todo.is_none() {
            self.opened().await?;
        }
        while let Some(name) = self.todo.as_mut().and_then(VecDeque::pop_front) {
            let key = key(&self.server, &name);
            if known(key) {
                continue;
            }
            let open = self.opened().await?;
            // A mail that another program removed meanwhile has no number.
            let Some(&number) = open.numbers.get(&name) else { continue };
            let (bytes, truncated) = open.retrieve(number, &name).await?;
            let mail = Mail { name: format!("{};UIDL={name}", self.server), bytes, truncated };
            return Ok(Some((mail, Receipt { place: Place::Pop3 { name }, key: Some(key) })));
        }
        // The mailbox is free for others while what was read is worked on.
        if let Some(mut open) = self.session.take() {
            open.session.must("QUIT", "say goodbye").await?;
        }
        Ok(None)
    }

    /// Removes these mails, where the mailbox says so. They are gone when this returns: QUIT is what removes them
    /// (RFC 1939 section 6), so that a reading goes on in a session of its own.
    pub(in crate::inbox) async fn done(&mut self, names: &[String]) -> Result<usize, Fault> {
        if self.after != After::Delete || names.is_empty() {
            return Ok(0);
        }
        let removed = self.remove(names).await;
        if let Err(Fault::Broken(_)) = removed {
            // While mails were worked on, the server may have lost patience: once more, over a new connection.
            self.session = None;
            return self.remove(names).await;
        }
        removed
    }

    async fn remove(&mut self, names: &[String]) -> Result<usize, Fault> {
        let open = self.opened().await?;
        for name in names {
            if let Some(number) = open.numbers.get(name) {
                open.session.must(&format!("DELE {number}"), "remove a mail").await?;
            }
        }
        open.session.must("QUIT", "remove mails").await?;
        self.session = None;
        Ok(names.len())
    }
}

impl Open {
    async fn retrieve(&mut self, number: usize, name: &str) -> Result<(Vec<u8>, bool), Fault> {
        let size = self.sizes.get(&number).copied().unwrap_or_default();
        if size > LIMIT as u64 && matches!(self.session.command(&format!("TOP {number} {LINES}")).await?, Reply::Ok(_))
        {
            let (mail, _) = self.session.mail().await?;
            return Ok((mail, true));
        }
        match self.session.command(&format!("RETR {number}")).await? {
            Reply::Ok(_) => self.session.mail().await,
            Reply::Err(_, said) | Reply::Continue(said) => Err(Fault::Mail { mail: name.to_owned(), said }),
        }
    }
}

/// Number and name of each mail (RFC 1939 section 7).
async fn names(session: &mut Session) -> Result<Vec<(usize, String)>, Fault> {
    session.must("UIDL", "tell its mails apart").await?;
    Ok(session.list().await?.iter().filter_map(|line| pair(line)).collect())
}

fn pair<N: std::str::FromStr, T: std::str::FromStr>(line: &str) -> Option<(N, T)> {
    let (number, rest) = line.split_once(' ')?;
    Some((number.parse().ok()?, rest.trim().parse().ok()?))
}

fn key(server: &Server, name: &str) -> Digest {
    Digester::default().add("pop3", server.to_string()).add("uidl", name).finish()
}

/// The names of all mails that are there, for whoever waits for a new one.
pub(in crate::inbox) async fn look(server: &Server, tls: Option<&Tls>) -> Result<HashSet<String>, Fault> {
    let mut session = open(server, tls).await?;
    let named = names(&mut session).await?;
    session.must("QUIT", "say goodbye").await?;
    Ok(named.into_iter().map(|(_, name)| name).collect())
}

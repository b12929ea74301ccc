//! Waiting for mail in several mailboxes at once, until the program is asked to end.
//!
//! A thread of its own keeps a connection to each server, apart from the one over which mails are read: IMAP tells
//! by itself, everything else is looked at once a minute. Where a connection breaks, it is opened anew after a
//! pause, which grows as long as that fails.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::mailbox::{Mailbox, Source};
use super::server::{Server, Timeouts};
use super::{Fault, InboxError, imap, pop3};
use crate::domain::mailbox_url::MailboxProtocol;

/// Between the end of a connection and the next one, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(10));

/// What a watch tells, with the place of the mailbox among those that are watched.
#[derive(Debug)]
pub enum News {
    /// There may be mail to read. Comes once for each mailbox at the beginning, and whenever one comes back.
    Mail(usize),
    /// It can't be watched just now; it will be tried again.
    Trouble(usize, InboxError),
}

/// Mailboxes that are watched, as long as this is there.
pub struct Watch {
    news: Receiver<News>,
    end: Arc<End>,
}

#[derive(Default)]
struct End {
    told: AtomicBool,
    notify: Notify,
}

impl End {
    fn tell(&self) {
        self.told.store(true, Ordering::SeqCst);
        self.notify.notify_one();
    }
}

impl Watch {
    /// Begins to watch. From now on Ctrl-C and SIGTERM end the watch and not the program.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(mailboxes: &[Mailbox]) -> Result<Self, InboxError> {
        let failed = |error| InboxError::new("the mailboxes", Fault::Io(error));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (sender, news) = channel();
        let end = Arc::new(End::default());
        let mailboxes: Vec<_> = mailboxes.iter().cloned().enumerate().collect();
        let ended = Arc::clone(&end);
        let watching = move || {
            runtime.block_on(async {
                let mut watchers = tokio::task::JoinSet::new();
                for (place, mailbox) in mailboxes {
                    watchers.spawn(watch_one(place, mailbox, sender.clone()));
                }
                // The last sender goes with the watchers.
                drop(sender);
                tokio::select! {
                    () = interrupted() => ended.tell(),
                    () = ended.notify.notified() => {}
                }
            });
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("watch".to_owned()).spawn(watching).map_err(failed)?;
        Ok(Self { news, end })
    }

    /// Whether the program was asked to end; for a long reading, between two mails.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.end.told.load(Ordering::SeqCst)
    }
}

impl Iterator for Watch {
    type Item = News;

    /// Waits for news; none when it is time to end.
    fn next(&mut self) -> Option<News> {
        if self.is_ending() { None } else { self.news.recv().ok().filter(|_| !self.is_ending()) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.tell();
    }
}

async fn watch_one(place: usize, mailbox: Mailbox, news: Sender<News>) {
    let mail = || {
        let _ = news.send(News::Mail(place));
    };
    match mailbox.source {
        // Once it is read it is at its end.
        Source::Stdin => mail(),
        Source::Path(path) => watch_path(&path, mail).await,
        Source::Server(server) => watch_server(place, &server, &news).await,
    }
}

async fn watch_server(place: usize, server: &Server, news: &Sender<News>) {
    let (shortest, longest) = PAUSES;
    let mut pause = shortest;
    loop {
        let mut met = false;
        let fault = {
            let mail = || {
                met = true;
                let _ = news.send(News::Mail(place));
            };
            match server.tls() {
                Err(fault) => fault,
                Ok(tls) => match server.url.protocol {
                    MailboxProtocol::Imap => imap::watch(server, tls.as_ref(), mail).await,
                    MailboxProtocol::Pop3 => poll_pop3(server, tls.as_ref(), mail).await,
                },
            }
        };
        // A connection that lasted shows that nothing is wrong with the way there.
        pause = if met { shortest } else { (pause * 2).min(longest) };
        if !met || !fault.is_passing() {
            let _ = news.send(News::Trouble(place, InboxError::new(server.to_string(), fault)));
        }
        sleep(pause).await;
    }
}

async fn poll_pop3(server: &Server, tls: Option<&crate::dial::Tls>, mut mail: impl FnMut()) -> Fault {
    let mut before: Option<HashSet<String>> = None;
    loop {
        let now = match pop3::look(server, tls).await {
            Ok(now) => now,
            // Whoever reads the mailbox just now, we ourselves as a rule, sees what is new.
            Err(Fault::Locked(_)) => {
                sleep(server.timeouts.poll).await;
                continue;
            }
            Err(fault) => return fault,
        };
        if before.as_ref().is_none_or(|before| !now.is_subset(before)) {
            mail();
        }
        before = Some(now);
        sleep(server.timeouts.poll).await;
    }
}

/// Looks for files that were not there, or were shorter or older.
async fn watch_path(path: &Path, mut mail: impl FnMut()) {
    let mut before = HashSet::new();
    let mut first = true;
    loop {
        let found = path.to_owned();
        let now = tokio::task::spawn_blocking(move || files(&found)).await.unwrap_or_default();
        if first || !now.is_subset(&before) {
            mail();
        }
        (first, before) = (false, now);
        sleep(Timeouts::default().poll).await;
    }
}

/// Every file under a path with its length; one in a Maildir by its unique name, since marking renames it.
fn files(path: &Path) -> HashSet<(PathBuf, u64)> {
    let found = super::walk::Walk::new(path).filter_map(Result::ok);
    found
        .map(|file| {
            let length = std::fs::metadata(&file.path).map_or(0, |metadata| metadata.len());
            let name = if file.in_maildir { super::maildir::unique(&file.path).map(PathBuf::from) } else { None };
            (name.unwrap_or(file.path), length)
        })
        .collect()
}

/// Returns when the person who watches, or the system, asks the program to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_maildir_is_looked_at_once_a_minute_and_a_mark_is_no_news() {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        fs::write(folder.path().join("new/1.host"), "A: b\n\n").unwrap();
        let (sender, mut news) = tokio::sync::mpsc::unbounded_channel();
        let path = folder.path().to_owned();
        let task = tokio::spawn(async move { watch_path(&path, || sender.send(()).unwrap()).await });
        news.recv().await.unwrap();
        fs::rename(folder.path().join("new/1.host"), folder.path().join("cur/1.host:2,S")).unwrap();
        let quiet = tokio::time::timeout(Duration::from_secs(200), news.recv()).await;
        assert!(quiet.is_err());
        fs::write(folder.path().join("new/2.host"), "A: b\n\n").unwrap();
        news.recv().await.unwrap();
        task.abort();
    }

    #[test]
    fn a_watch_begins_with_each_mailbox_and_ends_when_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::new(Source::Path(folder.path().to_owned()));
        let mut watch = Watch::start(&[mailbox.clone(), mailbox]).unwrap();
        let mut places = Vec::new();
        for _ in 0..2 {
            let Some(News::Mail(place)) = watch.next() else { panic!() };
            places.push(place);
        }
        places.sort_unstable();
        assert_eq!(places, [0, 1]);
        watch.end.tell();
        assert!(watch.next().is_none());
    }
}

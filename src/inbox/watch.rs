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

/// How long to wait before the next connection: longer after each that came to nothing.
struct Pause(Duration);

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// The mailbox was watched, for some time at least.
    Stood,
    Failed,
}

impl Pause {
    const SHORTEST: Duration = Duration::from_secs(5);
    const LONGEST: Duration = Duration::from_mins(10);

    fn after(&mut self, connection: Connection) -> Duration {
        let pause = self.0;
        self.0 = match connection {
            Connection::Stood => Self::SHORTEST,
            Connection::Failed => (self.0 * 2).min(Self::LONGEST),
        };
        if connection == Connection::Stood { Self::SHORTEST } else { pause }
    }
}

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
    /// Begins to watch, until `interrupted` comes: Ctrl-C and SIGTERM, as a rule.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        mailboxes: &[Mailbox],
        interrupted: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, InboxError> {
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
                    () = interrupted => ended.tell(),
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
    let mut pause = Pause(Pause::SHORTEST);
    loop {
        let mut connection = Connection::Failed;
        let fault = {
            let mail = || {
                connection = Connection::Stood;
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
        // That a connection ends which stood is the way of servers, and is mended by the next one.
        if connection == Connection::Failed || !fault.is_passing() {
            let _ = news.send(News::Trouble(place, InboxError::new(server.to_string(), fault)));
        }
        sleep(pause.after(connection)).await;
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
    fn pauses_grow_as_long_as_no_connection_stands() {
        let mut pause = Pause(Pause::SHORTEST);
        let seconds: Vec<_> = (0..9).map(|_| pause.after(Connection::Failed).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(pause.after(Connection::Stood).as_secs(), 5);
        assert_eq!(pause.after(Connection::Failed).as_secs(), 5);
    }

    #[test]
    fn a_watch_begins_with_each_mailbox_and_ends_when_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::new(Source::Path(folder.path().to_owned()));
        let mut watch = Watch::start(&[mailbox.clone(), mailbox], std::future::pending()).unwrap();
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

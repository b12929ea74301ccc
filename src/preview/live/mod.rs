//! The preview while it is written: a preview is made whenever a source changes, served on this machine alone, and
//! pages that show it are told. A way to make the preview comes in; nothing but pages goes out, and nothing that a
//! page asks for changes anything. Server-Sent Events are of the HTML standard, section 9.2.

mod event;
mod page;
mod scope;
mod server;
mod stage;
mod watch;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::watch as latest;

use crate::domain::{Digest, Finding};
use event::Event;
use stage::{Shown, Stage};
use watch::{Next, Watch};

pub use scope::Scope;
pub use watch::Way;

/// The port that is taken where none was asked for and nobody else has it.
pub const PORT: u16 = 8025;

/// A preview that was made.
#[derive(Debug)]
pub struct Made {
    pub digest: Digest,
    /// Id and digest of each edition.
    pub editions: BTreeMap<String, String>,
    pub recipients: usize,
    pub skipped: usize,
    /// How many findings there are that stop nothing.
    pub doubts: usize,
    /// Files that it was made of and that stand outside of the folders that are watched anyway.
    pub files: Vec<PathBuf>,
}

/// What a run came to, for whoever sits at the terminal.
#[derive(Debug)]
pub enum Told<'a> {
    /// Another preview is shown, with so many editions that are new or not as they were.
    Fresh { changed: usize, made: &'a Made, took: Duration },
    /// A file was written, and the preview stayed as it is.
    Same,
    /// The preview can't be made; the last good one stays.
    Fault(&'a [Finding]),
    /// The system does not tell of changes, for this reason: the files are looked at instead.
    Polling(&'a str),
}

/// A preview that keeps up with its sources.
#[derive(Debug)]
pub struct Live {
    /// What is watched.
    pub scope: Scope,
    /// Where previews are put while they are shown; its own, and gone at the end.
    pub stage: PathBuf,
    pub way: Way,
    /// Tells this run from others of the same port.
    pub run: String,
}

/// It can't be served.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error("port {0} of this machine can't be used: {1}")]
    Port(u16, #[source] io::Error),
    #[error("the preview can't be served: {0}")]
    Serve(#[source] io::Error),
}

/// Takes `port` of this machine's own network; without one, [`PORT`] or whichever is free. Nobody reaches it from
/// another machine.
///
/// # Errors
/// It is taken already.
pub fn listen(port: Option<u16>) -> Result<TcpListener, LiveError> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| LiveError::Port(port, error));
    match port {
        Some(port) => bind(port),
        None => bind(PORT).or_else(|_| bind(0)),
    }
}

impl Live {
    /// Makes previews with `make`, into the folder that it is given, and serves the last good one over `listener`,
    /// until `until` is done. `tell` hears of each run.
    ///
    /// # Errors
    /// The server can't begin.
    ///
    /// # Panics
    /// As `make` does.
    pub fn run<M, T>(
        self,
        runtime: &Runtime,
        listener: TcpListener,
        make: M,
        tell: T,
        until: impl Future<Output = ()>,
    ) -> Result<(), LiveError>
    where
        M: FnMut(&Path) -> Result<Made, Vec<Finding>> + Send,
        T: Fn(&Told<'_>) + Send,
    {
        let (sender, receiver) = latest::channel(Shown::nothing(&self.run));
        let (signals, signalled) = mpsc::channel();
        let watch = Watch::new(self.way, signals.clone(), signalled);
        thread::scope(|scope| {
            // It takes the sender along, so that the server ends where this does.
            scope.spawn(move || self.work(watch, &sender, make, tell));
            let served = runtime.block_on(async {
                tokio::select! {
                    // First, so that a signal is heard from the first page on.
                    biased;
                    () = until => Ok(()),
                    served = server::serve(listener, receiver) => served,
                }
            });
            drop(signals.send(watch::Signal::Stop));
            served.map_err(LiveError::Serve)
        })
    }

    /// Makes one preview after the other.
    fn work<M, T>(mut self, mut watch: Watch, shown: &latest::Sender<Shown>, mut make: M, tell: T)
    where
        M: FnMut(&Path) -> Result<Made, Vec<Finding>>,
        T: Fn(&Told<'_>),
    {
        let mut editions = BTreeMap::new();
        for number in 1_u64.. {
            // Before the sources are read: what is written from now on is another change.
            if let Some(reason) = watch.arm(&self.scope) {
                tell(&Told::Polling(&reason));
            }
            let started = Instant::now();
            let stage = Stage::new(self.stage.join(number.to_string()));
            let id = format!("{}-{number}", self.run);
            let before = shown.borrow().clone();
            match make(stage.folder()) {
                Ok(preview) => {
                    self.scope.also(&preview.files);
                    let changed = changed(&editions, &preview.editions);
                    let count = changed.len();
                    let now = before.followed_by(id, stage.filled(), |page| Event::fresh(page, &preview, changed));
                    let told = match now {
                        Some(now) => {
                            shown.send_replace(now);
                            Told::Fresh { changed: count, made: &preview, took: started.elapsed() }
                        }
                        None => Told::Same,
                    };
                    tell(&told);
                    editions = preview.editions;
                }
                Err(findings) => {
                    let event = Event::fault(&before.page, &findings, self.scope.folder());
                    if event != before.event {
                        shown.send_replace(Shown { id, event, ..before });
                    }
                    tell(&Told::Fault(&findings));
                }
            }
            if watch.next(&self.scope) == Next::Stop {
                return;
            }
        }
    }
}

/// The editions of `now` that are new or not as they were.
fn changed(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let changed = now.iter().filter(|(id, digest)| before.get(*id) != Some(*digest));
    changed.map(|(id, _)| id.clone()).collect()
}

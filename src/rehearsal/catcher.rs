//! The listener: connections in, conversations out, each a task of its own.
//!
//! In come [`CatcherOptions`]; out comes a running [`Catcher`] on an address of this
//! machine, and at its end a [`Tally`].

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::chaos::Chaos;
use super::dice::Dice;
use super::maildir::Maildir;
use super::register::{Accepted, Register, Tally};
use super::session::{Session, Shared, Stop};

/// How long [`Catcher::stop`] waits for commands that are under way.
pub(super) const GRACE: Duration = Duration::from_secs(1);
/// How long no connection is taken after the system refused one; it is mostly out of
/// file descriptors then, and asking again at once would only burn the processor.
const BREATHER: Duration = Duration::from_millis(20);

/// What a catcher is to be. The default listens on a free port of 127.0.0.1, keeps
/// nothing on disk and behaves.
#[derive(Debug, Clone)]
pub struct CatcherOptions {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// The folder to file messages in; it and its parents are made where missing.
    pub maildir: Option<PathBuf>,
    /// How to misbehave.
    pub chaos: Chaos,
    /// Whom to misbehave to: the same seed strikes the same recipients.
    pub seed: u64,
    /// Whether to offer PIPELINING; without it, a client that does not wait for each reply makes a mistake.
    pub pipelining: bool,
    /// Whether to offer CHUNKING, and with it BDAT.
    pub chunking: bool,
    /// Octets of the largest message, announced as SIZE; 64 MiB by default.
    pub largest: usize,
}

impl Default for CatcherOptions {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            maildir: None,
            chaos: Chaos::default(),
            seed: 0,
            pipelining: true,
            chunking: true,
            largest: 64 << 20,
        }
    }
}

/// Why a catcher did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatcherError {
    /// The address could be reached from other machines.
    #[error("the catcher takes mail from this machine only and won't listen on {bind}: use 127.0.0.1 or [::1]")]
    NotLoopback {
        /// What was asked for.
        bind: SocketAddr,
    },
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {bind}: use another port, or port 0 for a free one")]
    Bind {
        /// What was asked for.
        bind: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The Maildir can't be made or read.
    #[error("cannot use {} as a Maildir: use a folder that you may write to", path.display())]
    Maildir {
        /// The folder that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A running catcher. Dropped without [`stop`](Self::stop), it ends all the same,
/// a little later and without a word.
///
/// ```
/// use bulletin::rehearsal::{Catcher, CatcherOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let chaos = "451:5%,lost:1%".parse()?;
/// let catcher = Catcher::start(CatcherOptions { chaos, seed: 1, ..Default::default() }).await?;
/// let relay = format!("smtp://{}", catcher.address());
/// // ... send something to `relay` ...
/// let tally = catcher.stop().await;
/// assert_eq!(tally.accepted, 0);
/// # Ok(())
/// # }
/// ```
pub struct Catcher {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Catcher {
    /// Without what was taken: addresses stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catcher").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Catcher {
    /// Listens, and takes mail from then on, on the current tokio runtime.
    ///
    /// # Errors
    /// [`CatcherError`]: the address is not loopback or not free, or the Maildir
    /// can't be used.
    pub async fn start(options: CatcherOptions) -> Result<Self, CatcherError> {
        let CatcherOptions { bind, maildir, chaos, seed, pipelining, chunking, largest } = options;
        if !bind.ip().to_canonical().is_loopback() {
            return Err(CatcherError::NotLoopback { bind });
        }
        let register = open_register(maildir).await?;
        let bound = async {
            let listener = TcpListener::bind(bind).await?;
            listener.local_addr().map(|address| (listener, address))
        };
        let (listener, address) = bound.await.map_err(|source| CatcherError::Bind { bind, source })?;
        let dice = Dice::new(chaos, seed);
        let shared = Arc::new(Shared { pipelining, chunking, limit: largest, dice, register });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve(listener, Arc::clone(&shared), Stop(stopped)));
        Ok(Self { address, shared, stop, task })
    }

    /// Where it listens, with the port that port 0 became.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A copy of what was taken so far, by sequence.
    #[must_use]
    pub fn accepted(&self) -> Vec<Accepted> {
        self.shared.register.accepted()
    }

    /// The length of [`accepted`](Self::accepted), without the copy.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.register.count()
    }

    /// The numbers so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.shared.register.tally()
    }

    /// Takes no new connections, lets each command under way finish for a second at
    /// most, closes the rest, and gives the final numbers.
    pub async fn stop(self) -> Tally {
        self.stop.send_replace(true);
        // An error would be a panic in there; the books outlive it.
        let _ = self.task.await;
        self.shared.register.tally()
    }
}

async fn open_register(maildir: Option<PathBuf>) -> Result<Register, CatcherError> {
    let path = maildir.clone().unwrap_or_default();
    let open = move || {
        let maildir = maildir.as_deref().map(Maildir::open).transpose()?;
        Register::open(maildir)
    };
    let opened = tokio::task::spawn_blocking(open).await.map_err(io::Error::other);
    opened.flatten().map_err(|source| CatcherError::Maildir { path, source })
}

/// Takes connections until told to stop, or until nobody is left to tell.
async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: Stop) {
    let mut sessions = JoinSet::new();
    let mut connections = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.asked() => break,
            Some(_) = sessions.join_next() => {}
            incoming = listener.accept() => match incoming {
                Ok((stream, _)) => {
                    connections += 1;
                    shared.register.note(|tally| tally.connections += 1);
                    sessions.spawn(attend(stream, connections, Arc::clone(&shared), stop.clone()));
                }
                Err(_) => tokio::time::sleep(BREATHER).await,
            },
        }
    }
    drop(listener);
    let finished = async { while sessions.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        sessions.shutdown().await;
    }
}

async fn attend(stream: TcpStream, number: u64, shared: Arc<Shared>, stop: Stop) {
    // Replies are small and awaited; Nagle's algorithm would hold them back. Where
    // the option can't be set, the conversation is merely slower.
    let _ = stream.set_nodelay(true);
    // An error means that the client has gone, which is its own business.
    let _ = Session::new(stream, number, shared, stop).run().await;
}

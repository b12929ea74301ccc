//! What `send` and `rehearse` share: the options of a run, and the run itself with its bar and its Ctrl-C.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::progress::Bar;
use crate::compose::dkim::Signer;
use crate::config::{Rate, Share};
use crate::deliver::{End, Transport};
use crate::domain::clock::Clock;
use crate::issue::Issue;
use crate::pipeline::{Delivery, Desk, Newsletter, Pace, PipelineError, Settled, refused};
use crate::render::RenderedEdition;

/// Options that change this run's pace or list.
#[derive(Debug, clap::Args)]
pub(super) struct RunOptions {
    /// Messages per second, minute or hour: 5/s, 200/m, 3000/h, or max for no throttle of any kind
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Connections to the relay at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    connections: Option<u16>,
    /// Messages a connection may have under way without a reply, at most; as many for each can become unknown
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    window: Option<u16>,
    /// How long to wait for retries before ending: 30s, 2m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
    /// When a greater share is refused for good, the run ends early: 10%, or 100% to go on whatever happens
    #[arg(long, value_name = "SHARE")]
    max_failure_rate: Option<Share>,
    /// Another list than subscribers/subscribers.csv
    #[arg(long, value_name = "FILE")]
    pub(super) subscribers: Option<PathBuf>,
}

impl RunOptions {
    /// `pace` with what was asked for instead.
    pub(super) fn apply(&self, mut pace: Pace) -> Pace {
        if let Some(rate) = self.rate {
            if rate == Rate::MAX {
                pace = pace.unthrottled();
            }
            pace.rate = rate;
        }
        if let Some(connections) = self.connections {
            pace.connections = usize::from(connections);
        }
        if let Some(window) = self.window {
            pace.window = usize::from(window);
        }
        if let Some(wait) = self.wait {
            pace.retry.wait = wait;
        }
        if let Some(share) = self.max_failure_rate {
            pace.max_failure_rate = share;
        }
        pace
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let span = text.parse::<jiff::SignedDuration>().map_err(|_| "write for instance 30s, 2m or 1h".to_owned())?;
    span.try_into().map_err(|_| "it can't be negative".to_owned())
}

/// What a run needs once everything is agreed.
pub(super) struct Agreed<'a, T> {
    pub newsletter: &'a Newsletter,
    pub issue: &'a Issue,
    pub desk: &'a Desk,
    pub settled: Settled,
    /// Editions that were rendered already.
    pub rendered: Vec<RenderedEdition>,
    /// How many are to be sent to,
    pub due: usize,
    /// and how many attempts are made at most.
    pub limit: Option<usize>,
    pub signer: Signer,
    pub transport: T,
    pub pace: &'a Pace,
    pub clock: &'a Clock,
}

impl<T: Transport> Agreed<'_, T> {
    /// Runs it with a progress bar. The first Ctrl-C finishes what is in flight, the second breaks off.
    pub(super) fn run(self, runtime: &Runtime) -> Result<End, PipelineError> {
        let bar = Arc::new(Bar::new(self.due));
        let (stop, stopped) = watch::channel(false);
        let delivery = Delivery::prepare(
            self.newsletter,
            self.issue,
            self.desk,
            self.settled,
            self.rendered,
            self.limit,
            self.signer,
            self.transport,
            self.pace,
            bar.clone(),
            self.clock.clone(),
            stopped,
        )?;
        let told = bar.clone();
        let ended = runtime.block_on(async move {
            tokio::select! {
                // First, so that a signal is heard from the first message on.
                biased;
                () = interrupted_twice(&stop, &told) => Err(refused(
                    "broken off: messages whose reply was still to come are unknown now",
                    "run the same command again to continue; `bulletin status` tells who is unknown",
                )),
                ended = delivery.run() => ended,
            }
        });
        bar.finish();
        ended
    }
}

async fn interrupted_twice(stop: &watch::Sender<bool>, bar: &Bar) {
    interrupted().await;
    bar.say("Finishing what is in flight. Press Ctrl-C again to break off at once.");
    stop.send_replace(true);
    interrupted().await;
}

/// Returns when the person who watches, or the system, asks the program to end.
pub(super) async fn interrupted() {
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

/// Tells how a run ended beside its account.
pub(super) fn tell_end(end: &End) {
    match end {
        End::Done { next_due: None } => {}
        End::Done { next_due: Some(due) } => {
            eprintln!(
                "The next retry is due at {}; run the same command again then.",
                due.strftime("%Y-%m-%d %H:%M:%S UTC")
            );
        }
        End::Limited => eprintln!("As many were tried as --limit says. Run the same command again to go on."),
        End::Stopped => eprintln!("Stopped. Run the same command again to continue."),
        End::TooManyRefused { refused, answers } => {
            eprintln!(
                "Ended early: {refused} of {answers} were refused for good, and a list like that harms the sender. \
                 `bulletin status --recipients` tells why; if it is as it should be, go on with --max-failure-rate 100%."
            );
        }
        End::Unreachable(reply) => {
            eprintln!("The relay could not be reached ({reply}). Nobody is lost: run the same command again later.");
        }
    }
}

/// Writes the tables of a run; that they can't be written is a pity, but nobody's mail depends on it.
pub(super) fn tell_logs(desk: &Desk, folder: &Path) {
    if let Err(error) = desk.write_logs(folder) {
        eprintln!("warning: {error}");
        if let PipelineError::Refused { help, .. } = error {
            eprintln!("    {help}");
        }
    }
}

/// A runtime for one command. Messages are made and signed on its threads, each connection's on one.
pub(super) fn runtime() -> Result<Runtime, PipelineError> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.max(2))
        .enable_all()
        .build()
        .map_err(|error| refused(format!("the program can't start its threads: {error}"), "close other programs"))
}

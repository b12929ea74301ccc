//! The progress bar: how many are done, how fast, how long yet. None where stderr is no terminal.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use jiff::Timestamp;

use crate::deliver::throttle::Slowed;
use crate::deliver::{Waiting, Watch};
use crate::domain::outcome::Outcome;

/// A bar over the recipients of one run.
pub(super) struct Bar {
    drawn: ProgressBar,
    /// Whether it says what the run waits for.
    is_waiting: AtomicBool,
    /// What was said already, which is not said again.
    said: Mutex<HashSet<String>>,
}

impl Bar {
    pub(super) fn new(recipients: usize) -> Self {
        let bar = ProgressBar::new(recipients as u64);
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len}  {rate}  {eta} left  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
                let _ = write!(out, "{:.1}/s", state.per_sec());
            });
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { drawn: bar, is_waiting: AtomicBool::default(), said: Mutex::default() }
    }

    /// A line above the bar, or on stderr where there is none.
    pub(super) fn say(&self, line: &str) {
        if self.drawn.is_hidden() {
            eprintln!("{line}");
        } else {
            self.drawn.println(line);
        }
    }

    /// Says a line, but no second time.
    fn say_once(&self, line: &str) {
        let is_new = self.said.lock().is_ok_and(|mut said| said.insert(line.to_owned()));
        if is_new {
            self.say(line);
        }
    }

    pub(super) fn finish(&self) {
        self.drawn.finish_and_clear();
    }
}

impl Watch for Bar {
    fn outcome(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Deferred(_) => {}
            Outcome::Accepted(_) | Outcome::Rejected(_) | Outcome::Unknown(_) => self.drawn.inc(1),
        }
        if self.is_waiting.swap(false, Ordering::Relaxed) {
            self.drawn.set_message("");
        }
    }

    fn withheld(&self) {
        self.drawn.inc(1);
    }

    fn waiting(&self, until: Timestamp, why: &Waiting) {
        let at = until.strftime("%H:%M:%S UTC");
        let why = match why {
            Waiting::Retries => "retries".to_owned(),
            Waiting::Relay(reply) => reply.to_string(),
            Waiting::Hours => {
                let at = until.strftime("%Y-%m-%d %H:%M UTC");
                self.say_once(&format!(
                    "Outside the sending window: waiting until {at}. Ctrl-C ends it; nobody is lost."
                ));
                "the sending window".to_owned()
            }
        };
        self.drawn.set_message(format!("waiting until {at} for {why}"));
        self.is_waiting.store(true, Ordering::Relaxed);
    }

    fn slowed(&self, slowed: &Slowed) {
        let whom = slowed.domain.as_deref().unwrap_or("the relay");
        self.say_once(&format!("Going slower, as {whom} asks; faster again as mail is accepted."));
        tracing::info!(throttle.domain = slowed.domain, throttle.rate = slowed.rate, "a rate was halved");
    }
}

//! The progress bar: how many are done, how fast, how long yet. None where stderr is no terminal.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use jiff::Timestamp;

use crate::deliver::Watch;
use crate::domain::outcome::Outcome;

/// A bar over the recipients of one run.
pub(super) struct Bar(ProgressBar);

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
        Self(bar)
    }

    /// A line above the bar, or on stderr where there is none.
    pub(super) fn say(&self, line: &str) {
        if self.0.is_hidden() {
            eprintln!("{line}");
        } else {
            self.0.println(line);
        }
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Watch for Bar {
    fn outcome(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Deferred(_) => {}
            Outcome::Accepted(_) | Outcome::Rejected(_) | Outcome::Unknown(_) => self.0.inc(1),
        }
        self.0.set_message("");
    }

    fn waiting(&self, until: Timestamp, why: &str) {
        self.0.set_message(format!("waiting until {} for {why}", until.strftime("%H:%M:%S UTC")));
    }
}

//! When a source was written: the system tells of it (inotify and the like), or the files are looked at in turns. A
//! change is told once a burst of them is over, since editors and spreadsheets write a file in several steps.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, Watcher};

use super::scope::{Scope, Snapshot};

/// A burst is over after so long without another change,
const QUIET: Duration = Duration::from_millis(60);
/// and at the latest after so long, where something writes without end.
const LONGEST: Duration = Duration::from_millis(400);
/// How often the files are looked at, where the system doesn't tell.
const TURN: Duration = Duration::from_millis(150);

/// How changes are heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The system tells; where it can't, the files are looked at.
    Told,
    /// The files are looked at, as folders over a network need.
    Polled,
}

/// What wakes the watch.
#[derive(Debug)]
pub(super) enum Signal {
    Touched(Vec<std::path::PathBuf>),
    /// Changes were missed, and may be anywhere.
    Missed,
    /// Nothing more will be told, for this reason.
    Broken(String),
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Changed,
    Stop,
}

/// Waits for changes.
pub(super) struct Watch {
    signals: Receiver<Signal>,
    /// None where the files are looked at.
    watcher: Option<RecommendedWatcher>,
    seen: Snapshot,
    /// Why the files are looked at, until that was told.
    reason: Option<String>,
}

impl Watch {
    /// `signals` come in from the system, and from whoever stops it.
    pub fn new(way: Way, sender: Sender<Signal>, signals: Receiver<Signal>) -> Self {
        let (watcher, reason) = match way {
            Way::Polled => (None, None),
            Way::Told => match notify::recommended_watcher(move |event| tell(event, &sender)) {
                Ok(watcher) => (Some(watcher), None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        Self { signals, watcher, seen: Snapshot::new(), reason }
    }

    /// Hears of changes in `scope` from here on; folders that came since are watched, too. The answer is the reason
    /// for which the files are looked at from now on, told once.
    pub fn arm(&mut self, scope: &Scope) -> Option<String> {
        if let Some(watcher) = &mut self.watcher {
            for (place, mode) in scope.places() {
                let watched = watcher.watch(&place, mode);
                // One that went away in this moment is heard of in the folder above.
                if let Err(error) = watched.or_else(|error| if place.exists() { Err(error) } else { Ok(()) }) {
                    self.give_up(error.to_string());
                    break;
                }
            }
        }
        if self.watcher.is_none() {
            self.seen = scope.snapshot();
        }
        self.reason.take()
    }

    /// Returns when something in `scope` changed since the watch was armed, and a burst of changes is over.
    pub fn next(&mut self, scope: &Scope) -> Next {
        while !match self.wait(None) {
            Ok(signal) => match self.weigh(signal, scope) {
                Weight::Stop => return Next::Stop,
                Weight::Change => true,
                Weight::None => false,
            },
            Err(RecvTimeoutError::Timeout) => scope.snapshot() != self.seen,
            Err(RecvTimeoutError::Disconnected) => return Next::Stop,
        } {}
        let began = Instant::now();
        while began.elapsed() < LONGEST {
            match self.wait(Some(QUIET)) {
                Ok(signal) => {
                    if self.weigh(signal, scope) == Weight::Stop {
                        return Next::Stop;
                    }
                }
                Err(_) => break,
            }
        }
        Next::Changed
    }

    fn wait(&self, most: Option<Duration>) -> Result<Signal, RecvTimeoutError> {
        match most.or(self.watcher.is_none().then_some(TURN)) {
            Some(most) => self.signals.recv_timeout(most),
            None => self.signals.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn weigh(&mut self, signal: Signal, scope: &Scope) -> Weight {
        match signal {
            Signal::Stop => Weight::Stop,
            Signal::Missed => Weight::Change,
            Signal::Broken(reason) => {
                self.give_up(reason);
                Weight::Change
            }
            Signal::Touched(paths) if paths.iter().any(|path| scope.concerns(path)) => Weight::Change,
            Signal::Touched(_) => Weight::None,
        }
    }

    fn give_up(&mut self, reason: String) {
        self.watcher = None;
        self.reason = Some(reason);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Weight {
    None,
    Change,
    Stop,
}

/// Passes on what the system tells. That the receiver is gone is the end of the watch.
fn tell(event: notify::Result<notify::Event>, sender: &Sender<Signal>) {
    let signal = match event {
        Ok(event) if event.need_rescan() => Signal::Missed,
        Ok(event) if is_change(event.kind) => Signal::Touched(event.paths),
        Ok(_) => return,
        Err(error) => Signal::Broken(error.to_string()),
    };
    drop(sender.send(signal));
}

/// Whether content may have changed; that the program itself reads a file is told, too, and is none.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::mpsc::channel;

    use super::*;

    fn scope(folder: &Path) -> Scope {
        Scope::new(folder, "2015-11", &folder.join("subscribers/subscribers.csv")).unwrap()
    }

    fn touched(scope: &Scope, name: &str) -> Signal {
        Signal::Touched(vec![scope.folder().join(name)])
    }

    #[test]
    fn a_burst_of_changes_is_one_and_what_concerns_nobody_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let scope = scope(folder.path());
        let (sender, signals) = channel();
        let mut watch = Watch::new(Way::Told, sender.clone(), signals);
        assert_eq!(watch.arm(&scope), None);
        for name in ["notes.txt", "bulletin.toml", "templates/style.css", "bulletin.toml"] {
            sender.send(touched(&scope, name)).unwrap();
        }
        assert_eq!(watch.next(&scope), Next::Changed);
        sender.send(touched(&scope, "outbox/2015-11/rendered/en-1.json")).unwrap();
        sender.send(Signal::Stop).unwrap();
        assert_eq!(watch.next(&scope), Next::Stop);
    }

    #[test]
    fn what_is_written_without_end_is_told_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let scope = scope(folder.path());
        let (sender, signals) = channel();
        let mut watch = Watch::new(Way::Told, sender.clone(), signals);
        let (path, done) = (scope.folder().join("bulletin.toml"), channel::<()>());
        let writer = std::thread::spawn(move || {
            while done.1.recv_timeout(Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
                drop(sender.send(Signal::Touched(vec![path.clone()])));
            }
        });
        assert_eq!(watch.next(&scope), Next::Changed);
        drop(done.0);
        writer.join().unwrap();
    }

    #[test]
    fn changes_that_were_missed_may_be_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let scope = scope(folder.path());
        let (sender, signals) = channel();
        let mut watch = Watch::new(Way::Told, sender.clone(), signals);
        let overflow = notify::Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        tell(Ok(overflow), &sender);
        assert_eq!(watch.next(&scope), Next::Changed);
    }

    #[test]
    fn a_watch_that_breaks_goes_on_by_looking_and_says_why_once() {
        let folder = tempfile::tempdir().unwrap();
        let scope = scope(folder.path());
        let (sender, signals) = channel();
        let mut watch = Watch::new(Way::Told, sender.clone(), signals);
        assert_eq!(watch.arm(&scope), None);
        tell(Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch)), &sender);
        assert_eq!(watch.next(&scope), Next::Changed);
        assert!(watch.arm(&scope).is_some());
        assert_eq!(watch.arm(&scope), None);
        fs::write(folder.path().join("bulletin.toml"), "x").unwrap();
        assert_eq!(watch.next(&scope), Next::Changed);
    }

    #[test]
    fn reading_a_file_is_no_change_and_replacing_it_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let scope = scope(folder.path());
        fs::write(folder.path().join("bulletin.toml"), "x").unwrap();
        let (sender, signals) = channel();
        let mut watch = Watch::new(Way::Told, sender, signals);
        assert_eq!(watch.arm(&scope), None);
        fs::read(folder.path().join("bulletin.toml")).unwrap();
        fs::write(folder.path().join(".bulletin.toml.swp"), "y").unwrap();
        fs::rename(folder.path().join(".bulletin.toml.swp"), folder.path().join("bulletin.toml")).unwrap();
        let mut changes = Vec::new();
        while !matches!(changes.last(), Some(Weight::Change)) {
            let signal = watch.signals.recv_timeout(Duration::from_secs(30)).unwrap();
            changes.push(watch.weigh(signal, &scope));
        }
        // The file beside it counts for nothing, so the one change is the file that took its place.
        assert_eq!(changes.iter().filter(|weight| **weight == Weight::Change).count(), 1);
    }
}

//! The pace of a run: a rate and batches for all of it, and a lane for each receiving domain with a rate
//! and connections of its own. Complaints in, slower rates out, and with success faster ones again.
//!
//! The throttle knows no clock and waits for nobody: it tells when, and the queue waits.

mod change;
mod pacer;

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::domain::provider;
use crate::ledger::PaceKind;
pub(super) use change::Change;
use pacer::{Pacer, Round};

/// What is configured.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Messages a second; none for no limit.
    pub rate: Option<f64>,
    /// After so many messages, so long a pause.
    pub batch: Option<(u32, Duration)>,
    /// Whether to go slower when a server asks for it.
    pub adaptive: bool,
    /// For each receiving domain that `domains` does not name.
    pub any_domain: Limits,
    /// By name, in lower case and ASCII; one name stands for all domains of its provider.
    pub domains: Vec<(String, Limits)>,
}

/// Limits of a receiving domain.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Messages a second; none for no limit.
    pub rate: Option<f64>,
    /// Connections that carry its mail at a time; none for no limit.
    pub connections: Option<usize>,
}

impl Limits {
    /// The stricter of two, where several domains of one provider are named.
    fn both(self, other: Self) -> Self {
        let rate = self.rate.into_iter().chain(other.rate).reduce(f64::min);
        Self { rate, connections: self.connections.into_iter().chain(other.connections).min() }
    }
}

/// A receiving domain, or all domains of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub(super) usize);

/// Keeps the pace.
#[derive(Debug)]
pub struct Throttle {
    settings: Settings,
    run: Pacer,
    in_batch: u32,
    /// Between two batches: no message before this.
    pause: Option<Instant>,
    lanes: Vec<LaneState>,
    names: HashMap<String, Lane>,
    /// What is to be noted.
    changes: Vec<Change>,
}

#[derive(Debug)]
struct LaneState {
    pacer: Pacer,
    connections: Option<usize>,
    under_way: usize,
}

/// Whether a lane's next message may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// Not before.
    Until(Instant),
    /// As many of its messages are under way as may be.
    Full,
}

/// A message's place in the pace, to be given back with what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    lane: Lane,
    of_run: Round,
    of_lane: Round,
}

/// A rate was lowered.
#[derive(Debug, Clone, PartialEq)]
pub struct Slowed {
    /// The receiving domain; none for the whole run.
    pub domain: Option<String>,
    /// Messages a second, from now on.
    pub rate: f64,
}

impl Throttle {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let run = Pacer::new(settings.rate);
        let (lanes, names, changes) = (Vec::new(), HashMap::new(), Vec::new());
        Self { settings, run, in_batch: 0, pause: None, lanes, names, changes }
    }

    /// Messages a second of the whole run, now; none for no limit.
    pub(super) fn rate(&self) -> Option<f64> {
        self.run.rate()
    }

    /// What changed since the last time.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// The lane of a domain, given in lower case and ASCII.
    pub fn lane(&mut self, domain: &str) -> Lane {
        let name = provider::counted_as(domain);
        if let Some(lane) = self.names.get(name) {
            return *lane;
        }
        let named = self.settings.domains.iter().filter(|(domain, _)| provider::counted_as(domain) == name);
        let limits = named.map(|(_, limits)| *limits).reduce(Limits::both).unwrap_or(self.settings.any_domain);
        let lane = Lane(self.lanes.len());
        self.lanes.push(LaneState { pacer: Pacer::new(limits.rate), connections: limits.connections, under_way: 0 });
        self.names.insert(name.to_owned(), lane);
        lane
    }

    pub(super) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// No message of the run before this; none for at once.
    pub(super) fn next(&self) -> Option<Instant> {
        self.run.next().max(self.pause)
    }

    /// Whether the run's next message comes so much later than the one before.
    pub(super) fn is_slower_than(&self, interval: Duration) -> bool {
        self.run.rate().is_some_and(|rate| 1.0 / rate > interval.as_secs_f64())
    }

    /// How long so many messages in each lane take at least.
    #[must_use]
    pub fn estimate(&self, messages: &HashMap<Lane, u32>) -> Duration {
        let all: u32 = messages.values().sum();
        let pauses = self.settings.batch.map_or(Duration::ZERO, |(size, pause)| pause * (all.saturating_sub(1) / size));
        let run = self.run.rate().map_or(0.0, |rate| f64::from(all) / rate) + pauses.as_secs_f64();
        let lanes =
            messages.iter().filter_map(|(lane, count)| Some(f64::from(*count) / self.lanes[lane.0].pacer.rate()?));
        Duration::try_from_secs_f64(lanes.fold(run, f64::max)).unwrap_or(Duration::MAX)
    }

    pub(super) fn gate(&self, lane: Lane, now: Instant) -> Gate {
        let state = &self.lanes[lane.0];
        if state.connections.is_some_and(|most| state.under_way >= most) {
            return Gate::Full;
        }
        state.pacer.next().filter(|next| *next > now).map_or(Gate::Open, Gate::Until)
    }

    /// A message goes: its lane's gate is open, and the run's next moment has come.
    pub(super) fn take(&mut self, lane: Lane, now: Instant) -> Ticket {
        let state = &mut self.lanes[lane.0];
        state.under_way += 1;
        let ticket = Ticket { lane, of_run: self.run.take(now), of_lane: state.pacer.take(now) };
        if let Some((size, pause)) = self.settings.batch {
            self.in_batch += 1;
            if self.in_batch >= size {
                self.in_batch = 0;
                let until = self.run.next().unwrap_or(now) + pause;
                self.pause = Some(until);
                self.changes.push(Change::pause(PaceKind::Batch, until));
            }
        }
        ticket
    }

    /// A message came to its end; none where nothing was said about it.
    pub(super) fn give_back(
        &mut self,
        ticket: Ticket,
        heard: Option<(&Outcome, Stage)>,
        now: Instant,
    ) -> Option<Slowed> {
        let lane = &mut self.lanes[ticket.lane.0];
        lane.under_way -= 1;
        let (outcome, stage) = heard.filter(|_| self.settings.adaptive)?;
        match outcome {
            Outcome::Accepted(_) => {
                let (lane_before, run_before) = (lane.pacer.rate(), self.run.rate());
                lane.pacer.success(ticket.of_lane, now);
                self.run.success(ticket.of_run, now);
                let (lane_rate, run_rate) = (lane.pacer.rate(), self.run.rate());
                if lane_rate != lane_before {
                    self.changes.push(Change::rate(Some(self.name(ticket.lane)), lane_rate));
                }
                if run_rate != run_before {
                    self.changes.push(Change::rate(None, run_rate));
                }
                None
            }
            Outcome::Deferred(reply) if reply.asks_for_patience() && stage.is_of_the_run() => {
                let rate = self.run.slow_down(ticket.of_run, now)?;
                Some(self.note(Slowed { domain: None, rate }, reply))
            }
            Outcome::Deferred(reply) if reply.asks_for_patience() => {
                let rate = lane.pacer.slow_down(ticket.of_lane, now)?;
                Some(self.note(Slowed { domain: Some(self.name(ticket.lane)), rate }, reply))
            }
            _ => None,
        }
    }

    /// The relay did not take a connection.
    pub(super) fn not_welcome(&mut self, reply: &Reply, now: Instant) -> Option<Slowed> {
        if !self.settings.adaptive || !reply.asks_for_patience() {
            return None;
        }
        let rate = self.run.slow_down_now(now)?;
        Some(self.note(Slowed { domain: None, rate }, reply))
    }

    fn note(&mut self, slowed: Slowed, reply: &Reply) -> Slowed {
        self.changes.push(Change::slowed(&slowed, reply));
        slowed
    }

    fn name(&self, lane: Lane) -> String {
        self.names.iter().find(|(_, known)| **known == lane).map_or_else(String::new, |(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, enhanced: &str) -> Outcome {
        Outcome::Deferred(Reply { code, enhanced: Some(enhanced.into()), text: "slow down".into() })
    }

    fn adaptive() -> Throttle {
        let any_domain = Limits { rate: Some(4.0), connections: None };
        Throttle::new(Settings { rate: Some(20.0), adaptive: true, any_domain, ..Settings::default() })
    }

    #[test]
    fn a_complaint_at_rcpt_or_after_the_content_is_its_domains_and_one_before_it_the_runs() {
        let now = Instant::now();
        for (code, enhanced, stage, slowed) in [
            (421, "4.3.2", Stage::Rcpt, Some((Some("example.org"), 2.0))),
            (450, "4.7.1", Stage::Content, Some((Some("example.org"), 2.0))),
            (451, "4.7.25", Stage::Data, Some((Some("example.org"), 2.0))),
            (421, "4.7.0", Stage::Mail, Some((None, 10.0))),
            (451, "4.7.1", Stage::Connect, Some((None, 10.0))),
            (451, "4.3.0", Stage::Rcpt, None),
            (452, "4.7.1", Stage::Rcpt, None),
        ] {
            let mut throttle = adaptive();
            let lane = throttle.lane("example.org");
            let ticket = throttle.take(lane, now);
            let told = throttle.give_back(ticket, Some((&refused(code, enhanced), stage)), now);
            let expected = slowed.map(|(domain, rate)| Slowed { domain: domain.map(str::to_owned), rate });
            assert_eq!(told, expected, "{code} {enhanced} {stage:?}");
        }
    }

    #[test]
    fn one_domain_that_complains_slows_down_no_other() {
        let now = Instant::now();
        let mut throttle = adaptive();
        let (slow, other) = (throttle.lane("example.org"), throttle.lane("example.net"));
        let ticket = throttle.take(slow, now);
        throttle.give_back(ticket, Some((&refused(421, "4.7.0"), Stage::Rcpt)), now);
        assert_eq!(throttle.gate(slow, now), Gate::Until(now + Duration::from_millis(500)));
        assert_eq!(throttle.gate(other, now), Gate::Open);
        assert_eq!(throttle.next(), Some(now + Duration::from_millis(50)));
    }

    #[test]
    fn a_domain_has_the_limits_of_its_own_name_or_its_providers_or_else_those_of_any() {
        let own = Limits { rate: Some(2.0), connections: Some(1) };
        let any_domain = Limits { rate: None, connections: Some(3) };
        let laxer = Limits { rate: Some(5.0), connections: None };
        let domains = vec![("googlemail.com".to_owned(), own), ("gmail.com".to_owned(), laxer)];
        let mut throttle = Throttle::new(Settings { any_domain, domains, ..Settings::default() });
        let (gmail, other) = (throttle.lane("gmail.com"), throttle.lane("example.org"));
        assert_eq!(throttle.lane("googlemail.com"), gmail);
        let now = Instant::now();
        let ticket = throttle.take(gmail, now);
        assert_eq!(throttle.gate(gmail, now), Gate::Full);
        throttle.give_back(ticket, None, now);
        assert_eq!(throttle.gate(gmail, now), Gate::Until(now + Duration::from_millis(500)));
        for _ in 0..3 {
            throttle.take(other, now);
        }
        assert_eq!(throttle.gate(other, now), Gate::Full);
    }

    #[test]
    fn the_slowest_lane_tells_how_long_a_run_takes_at_least() {
        let mut throttle = adaptive();
        let (one, other) = (throttle.lane("example.org"), throttle.lane("example.net"));
        let estimate = |one_count, other_count| {
            throttle.estimate(&HashMap::from([(one, one_count), (other, other_count)])).as_secs()
        };
        assert_eq!((estimate(10, 10), estimate(4000, 0), estimate(200, 200)), (2, 1000, 50));
    }

    #[test]
    fn each_change_of_a_rate_and_each_pause_is_told_once_for_the_record() {
        let pause = Duration::from_secs(30);
        let mut throttle = Throttle::new(Settings {
            rate: Some(20.0),
            adaptive: true,
            batch: Some((2, pause)),
            ..Settings::default()
        });
        let lane = throttle.lane("example.org");
        let now = Instant::now();
        let ticket = throttle.take(lane, now);
        throttle.give_back(ticket, Some((&refused(421, "4.7.0"), Stage::Mail)), now);
        let told: Vec<_> = throttle.take_changes().into_iter().map(|one| (one.kind, one.rate, one.reply)).collect();
        assert_eq!(told, [(PaceKind::Slowed, Some(10.0), Some("421 4.7.0".to_owned()))]);
        for _ in 0..5 {
            let ticket = throttle.take(lane, now);
            throttle.give_back(ticket, Some((&Outcome::Accepted(Reply::default()), Stage::Content)), now);
        }
        let told: Vec<_> = throttle.take_changes().into_iter().map(|one| (one.kind, one.rate)).collect();
        let batch = (PaceKind::Batch, None);
        assert_eq!(told, [batch, batch, batch, (PaceKind::Faster, Some(12.0))]);
        assert_eq!(throttle.take_changes(), []);
    }

    #[test]
    fn after_each_batch_there_is_its_pause() {
        let pause = Duration::from_secs(30);
        let mut throttle = Throttle::new(Settings { batch: Some((3, pause)), ..Settings::default() });
        let lane = throttle.lane("example.org");
        let start = Instant::now();
        let mut now = start;
        for message in 0..10 {
            now = throttle.next().unwrap_or(now).max(now);
            throttle.take(lane, now);
            assert_eq!(now - start, pause * (message / 3));
        }
    }

    #[test]
    fn where_nothing_is_to_be_adapted_a_complaint_changes_nothing() {
        let now = Instant::now();
        let mut throttle = Throttle::new(Settings::default());
        let lane = throttle.lane("example.org");
        let ticket = throttle.take(lane, now);
        assert_eq!(throttle.give_back(ticket, Some((&refused(421, "4.7.0"), Stage::Mail)), now), None);
        let reply = Reply { code: 421, ..Reply::default() };
        assert_eq!((throttle.not_welcome(&reply, now), throttle.next()), (None, None));
    }
}

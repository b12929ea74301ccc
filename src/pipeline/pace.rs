//! How fast and how patiently a run goes: the configuration in, the throttle and the retries of a run out.

use std::collections::HashMap;
use std::time::Duration;

use crate::config;
use crate::deliver::RetryPolicy;
use crate::deliver::throttle::{Limits, Settings, Throttle};
use crate::domain::Hours;

/// Whether anything leaves the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Send,
    Rehearsal,
}

/// How fast and how patiently a run goes: the configuration, and what this run has instead.
#[derive(Debug, Clone)]
pub struct Pace {
    pub rate: config::Rate,
    pub connections: usize,
    pub window: usize,
    pub batch: Option<config::Batch>,
    pub messages_per_connection: u32,
    pub adaptive: bool,
    pub per_domain: config::DomainLimits,
    pub domains: Vec<(String, config::DomainLimits)>,
    pub hours: Option<Hours>,
    pub retry: RetryPolicy,
    pub max_failure_rate: config::Share,
}

impl Pace {
    /// The configured pace; a rehearsal has no throttle, and retries soon.
    #[must_use]
    pub fn new(throttle: &config::Throttle, mode: Mode) -> Self {
        let pause = match mode {
            Mode::Send => throttle.retry_pause,
            Mode::Rehearsal => Duration::from_millis(20),
        };
        let retry = RetryPolicy {
            pause,
            longest: Duration::from_hours(1),
            times: throttle.retry_times,
            give_up: throttle.retry_for,
            wait: throttle.wait,
        };
        let configured = Self {
            rate: throttle.rate,
            connections: throttle.connections,
            window: throttle.window,
            batch: throttle.batch,
            messages_per_connection: throttle.messages_per_connection,
            adaptive: throttle.adaptive,
            per_domain: throttle.per_domain,
            domains: throttle.domains.clone(),
            hours: throttle.hours.clone(),
            retry,
            max_failure_rate: throttle.max_failure_rate,
        };
        match mode {
            Mode::Send => configured,
            // Nothing is burnt in a rehearsal, which shows the whole of it.
            Mode::Rehearsal => Self { max_failure_rate: config::Share::ALL, ..configured.unthrottled() },
        }
    }

    /// The same without a throttle of any kind: what is left are its connections and its retries.
    #[must_use]
    pub fn unthrottled(self) -> Self {
        Self {
            rate: config::Rate::MAX,
            batch: None,
            adaptive: false,
            per_domain: config::DomainLimits::NONE,
            domains: Vec::new(),
            hours: None,
            ..self
        }
    }

    pub(super) fn throttle(&self) -> Throttle {
        let limits =
            |limits: &config::DomainLimits| Limits { rate: limits.rate.per_second(), connections: limits.connections };
        Throttle::new(Settings {
            rate: self.rate.per_second(),
            batch: self.batch.map(|batch| (batch.size, batch.pause)),
            adaptive: self.adaptive,
            any_domain: limits(&self.per_domain),
            domains: self.domains.iter().map(|(name, own)| (name.clone(), limits(own))).collect(),
        })
    }

    /// How long so many messages to each domain take at least.
    #[must_use]
    pub fn estimate(&self, domains: &HashMap<String, u32>) -> Duration {
        let mut throttle = self.throttle();
        let mut messages = HashMap::new();
        for (domain, count) in domains {
            *messages.entry(throttle.lane(domain)).or_insert(0) += count;
        }
        throttle.estimate(&messages)
    }
}

/// An identity is an address with its domain in lower case and ASCII.
pub(super) fn domain(identity: &str) -> &str {
    identity.rsplit('@').next().unwrap_or_default()
}

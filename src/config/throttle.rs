//! `[throttle]`: how fast a send is, when, and how patient.

use std::time::Duration;

use jiff::tz::TimeZone;
use toml::Spanned;

use super::checks::Checks;
use super::raw::{RawDomain, RawLimits, RawThrottle};
use crate::domain::{EmailAddress, Hours};

/// How fast, and how patiently.
#[derive(Debug, Clone)]
pub struct Throttle {
    pub rate: Rate,
    pub connections: usize,
    /// Messages that a connection may have under way without a reply, at most.
    pub window: usize,
    pub batch: Option<Batch>,
    /// So many messages go over one connection, then a new one is opened.
    pub messages_per_connection: u32,
    /// Whether to go slower when a server asks for it.
    pub adaptive: bool,
    /// For each receiving domain that `domains` does not name.
    pub per_domain: DomainLimits,
    /// Receiving domains, or one domain of a provider for all of them, in lower case and ASCII.
    pub domains: Vec<(String, DomainLimits)>,
    /// The hours of the day in which mail leaves; none for all of them.
    pub hours: Option<Hours>,
    /// Where the times of day are meant that a person writes.
    pub zone: Option<TimeZone>,
    /// How long a run waits for its retries before it ends.
    pub wait: Duration,
    /// How long a deferred recipient is tried again, over all runs.
    pub retry_for: Duration,
    /// So many retries of a deferred recipient, over all runs.
    pub retry_times: u32,
    /// The first pause before a retry; each further one is twice as long.
    pub retry_pause: Duration,
    /// When more are refused for good, a run ends early.
    pub max_failure_rate: Share,
}

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

/// The text is not a share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share: write `10%`, from 0% to 100%")]
pub struct ShareError(String);

impl Share {
    pub const ALL: Self = Self(1.0);

    #[must_use]
    pub fn fraction(self) -> f64 {
        self.0
    }
}

impl std::str::FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let percent = text.trim().strip_suffix('%').and_then(|percent| percent.trim().parse::<f64>().ok());
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
        percent.map(|percent| Self(percent / 100.0)).ok_or_else(|| ShareError(text.to_owned()))
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", round(self.0 * 100.0))
    }
}

/// Limits of one receiving domain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DomainLimits {
    pub rate: Rate,
    /// Connections that carry its mail at a time; none for as many as there are.
    pub connections: Option<usize>,
}

/// Messages a second; none for no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(Option<f64>);

/// After so many messages, so long a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    pub size: u32,
    pub pause: Duration,
}

/// The text is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rate: write messages per second, minute or hour as `5/s`, `200/m`, `3000/h`, or `max`")]
pub struct RateError(String);

impl Rate {
    pub const MAX: Self = Self(None);

    #[must_use]
    pub fn per_second(self) -> Option<f64> {
        self.0
    }
}

impl std::str::FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let bad = || RateError(text.to_owned());
        if text.trim() == "max" {
            return Ok(Self::MAX);
        }
        let (count, unit) = text.split_once('/').ok_or_else(bad)?;
        let count: f64 = count.trim().parse().map_err(|_| bad())?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => return Err(bad()),
        };
        if count.is_finite() && count > 0.0 { Ok(Self(Some(count / seconds))) } else { Err(bad()) }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            None => f.write_str("no limit"),
            Some(rate) if rate >= 1.0 => write!(f, "{}/s", round(rate)),
            Some(rate) if rate * 60.0 >= 1.0 => write!(f, "{}/m", round(rate * 60.0)),
            Some(rate) => write!(f, "{}/h", round(rate * 3600.0)),
        }
    }
}

fn round(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            rate: Rate(Some(5.0)),
            connections: 2,
            window: 1,
            batch: None,
            messages_per_connection: 100,
            adaptive: true,
            per_domain: DomainLimits::NONE,
            domains: Vec::new(),
            hours: None,
            zone: None,
            wait: Duration::from_mins(2),
            retry_for: Duration::from_hours(24),
            retry_times: 30,
            retry_pause: Duration::from_secs(10),
            max_failure_rate: Share(0.2),
        }
    }
}

impl DomainLimits {
    pub const NONE: Self = Self { rate: Rate::MAX, connections: None };
}

impl Checks<'_> {
    pub(super) fn throttle(&mut self, raw: RawThrottle) -> Throttle {
        let default = Throttle::default();
        // In the order in which they usually stand, and so are their faults.
        let rate = raw.rate.map_or(default.rate, |rate| self.rate(&rate));
        let connections = raw.connections.map_or(default.connections, |connections| self.connections(&connections));
        let window = raw.window.map_or(default.window, |window| self.window(&window));
        let batch = self.batch(raw.batch, raw.pause.as_ref());
        let messages_per_connection = raw.messages_per_connection.map_or(default.messages_per_connection, |messages| {
            if *messages.get_ref() == 0 {
                self.fault(&messages, "a connection carries at least one message", "100 suits most relays");
            }
            messages.into_inner()
        });
        let per_domain = raw.per_domain.map_or(DomainLimits::NONE, |RawLimits { rate, connections }| {
            self.limits(rate.as_ref(), connections.as_ref())
        });
        let mut domains: Vec<(String, DomainLimits)> = Vec::new();
        for raw in raw.domain {
            let Some((name, limits)) = self.domain(&raw) else { continue };
            if domains.iter().any(|(known, _)| *known == name) {
                self.fault(&raw.name, format!("{name} stands here twice"), "remove one of the two");
            }
            domains.push((name, limits));
        }
        let zone = self.zone(raw.time_zone.as_ref());
        let hours = self.hours(raw.window_of_day.as_ref(), raw.time_zone.is_some(), zone.as_ref());
        Throttle {
            rate,
            connections,
            window,
            batch,
            messages_per_connection,
            adaptive: raw.adaptive.unwrap_or(default.adaptive),
            per_domain,
            domains,
            hours,
            zone,
            wait: self.duration(raw.wait.as_ref()).unwrap_or(default.wait),
            retry_for: self.duration(raw.retry_for.as_ref()).unwrap_or(default.retry_for),
            retry_times: raw.retry_times.unwrap_or(default.retry_times),
            retry_pause: self.duration(raw.retry_pause.as_ref()).unwrap_or(default.retry_pause),
            max_failure_rate: raw.max_failure_rate.map_or(default.max_failure_rate, |share| self.share(&share)),
        }
    }

    fn batch(&mut self, size: Option<Spanned<u32>>, pause: Option<&Spanned<String>>) -> Option<Batch> {
        let pause = self.duration(pause).or(pause.map(|_| Duration::ZERO));
        let Some(size) = size else {
            if pause.is_some() {
                self.table_fault("[throttle]", "[throttle] has a pause, but no batch", "add `batch = 200`");
            }
            return None;
        };
        if *size.get_ref() == 0 {
            self.fault(&size, "a batch needs at least one message", "leave `batch` out for no batches");
        }
        Some(Batch { size: size.into_inner(), pause: pause.unwrap_or(Duration::from_secs(30)) })
    }

    fn domain(&mut self, raw: &RawDomain) -> Option<(String, DomainLimits)> {
        let limits = self.limits(raw.rate.as_ref(), raw.connections.as_ref());
        let name = raw.name.get_ref();
        // Whatever an address may have behind its @, in the form in which addresses are compared.
        let Ok(address) = format!("any@{}", name.trim()).parse::<EmailAddress>() else {
            self.fault(&raw.name, format!("`{name}` is not a domain"), "write what stands behind the @: gmail.com");
            return None;
        };
        if raw.rate.is_none() && raw.connections.is_none() {
            self.fault(&raw.name, format!("nothing is said about {name}"), "add rate = \"2/s\" or connections = 1");
        }
        address.identity().rsplit_once('@').map(|(_, domain)| (domain.to_owned(), limits))
    }

    fn limits(&mut self, rate: Option<&Spanned<String>>, connections: Option<&Spanned<usize>>) -> DomainLimits {
        let rate = rate.map_or(Rate::MAX, |rate| self.rate(rate));
        DomainLimits { rate, connections: connections.map(|connections| self.connections(connections)) }
    }

    fn rate(&mut self, raw: &Spanned<String>) -> Rate {
        raw.get_ref().parse().unwrap_or_else(|error: RateError| {
            self.fault(raw, error.to_string(), "a relay's documentation names what it allows");
            Rate::MAX
        })
    }

    fn share(&mut self, raw: &Spanned<String>) -> Share {
        raw.get_ref().parse().unwrap_or_else(|error: ShareError| {
            self.fault(raw, error.to_string(), "20% suits most lists; 100% lets a run go on whatever is refused");
            Share::ALL
        })
    }

    fn connections(&mut self, raw: &Spanned<usize>) -> usize {
        if !(1..=100).contains(raw.get_ref()) {
            self.fault(raw, "connections must be between 1 and 100", "2 suits most relays");
        }
        (*raw.get_ref()).max(1)
    }

    fn window(&mut self, raw: &Spanned<usize>) -> usize {
        if !(1..=1000).contains(raw.get_ref()) {
            self.fault(raw, "window must be between 1 and 1000", "1 leaves the fewest messages in doubt");
        }
        (*raw.get_ref()).max(1)
    }

    fn zone(&mut self, raw: Option<&Spanned<String>>) -> Option<TimeZone> {
        let raw = raw?;
        let zone = TimeZone::get(raw.get_ref()).ok();
        if zone.is_none() {
            let message = format!("`{}` is not a time zone", raw.get_ref());
            self.fault(raw, message, "write Continent/City: America/Toronto, Europe/Paris");
        }
        zone
    }

    fn hours(&mut self, raw: Option<&Spanned<String>>, named: bool, zone: Option<&TimeZone>) -> Option<Hours> {
        let raw = raw?;
        if !named {
            let help = "add for instance time_zone = \"America/Toronto\"";
            self.fault(raw, "window_of_day needs a time_zone", help);
        }
        Hours::parse(raw.get_ref(), zone.cloned().unwrap_or(TimeZone::UTC))
            .map_err(|error| {
                let help = "write two times of the day: \"09:00-17:00\", or over midnight \"22:00-06:00\"";
                self.fault(raw, error.to_string(), help);
            })
            .ok()
    }

    pub(super) fn duration(&mut self, raw: Option<&Spanned<String>>) -> Option<Duration> {
        let raw = raw?;
        let parsed = raw.get_ref().parse::<jiff::SignedDuration>().ok().and_then(|span| span.try_into().ok());
        if parsed.is_none() {
            let message = format!("`{}` is not a length of time", raw.get_ref());
            self.fault(raw, message, "write for instance 30s, 2m or 24h");
        }
        parsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigError};

    fn parse(throttle: &str) -> Result<Throttle, Vec<(String, Option<usize>)>> {
        let text = format!(
            "[newsletter]\nname = \"News\"\nid = \"news.example.org\"\nlanguages = [\"en\"]\n\
             unsubscribe = \"leave@example.org\"\n[sender]\nname = \"Society\"\nemail = \"news@example.org\"\n\
             postal_address = \"1 Sample Street\"\n[throttle]\n{throttle}"
        );
        match Config::parse(&text) {
            Ok(config) => Ok(config.throttle),
            Err(ConfigError::Invalid(findings)) => {
                Err(findings.into_iter().map(|finding| (finding.message, finding.line)).collect())
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn domains_hours_and_a_default_for_every_domain_are_read() {
        let throttle = parse(
            "window_of_day = \"22:00-06:00\"\ntime_zone = \"America/Toronto\"\nadaptive = false\n\
             per_domain = { connections = 2 }\nmessages_per_connection = 20\n\
             [[throttle.domain]]\nname = \"Gmail.com\"\nrate = \"2/s\"\nconnections = 1\n\
             [[throttle.domain]]\nname = \"b\u{fc}cher.example\"\nrate = \"30/m\"\n",
        )
        .unwrap();
        assert_eq!(throttle.hours.unwrap().to_string(), "22:00 to 06:00, America/Toronto");
        assert_eq!(throttle.per_domain, DomainLimits { rate: Rate::MAX, connections: Some(2) });
        let gmail = DomainLimits { rate: Rate(Some(2.0)), connections: Some(1) };
        let other = DomainLimits { rate: Rate(Some(0.5)), connections: None };
        let domains = [("gmail.com".to_owned(), gmail), ("xn--bcher-kva.example".to_owned(), other)];
        assert_eq!((throttle.domains.as_slice(), throttle.messages_per_connection), (domains.as_slice(), 20));
        assert!(!throttle.adaptive);
        assert_eq!(parse("max_failure_rate = \"7.5%\"").unwrap().max_failure_rate.to_string(), "7.5%");
        assert!(parse("max_failure_rate = \"101%\"").is_err() && parse("max_failure_rate = \"0.1\"").is_err());
    }

    #[test]
    fn each_fault_of_the_throttle_is_told_with_its_line() {
        let faults = parse(
            "rate = \"fast\"\nwindow_of_day = \"9-17\"\ntime_zone = \"Toronto\"\nmessages_per_connection = 0\n\
             [[throttle.domain]]\nname = \"not a domain\"\nrate = \"2/s\"\n\
             [[throttle.domain]]\nname = \"example.org\"\n\
             [[throttle.domain]]\nname = \"EXAMPLE.org\"\nconnections = 1\n",
        )
        .unwrap_err();
        let mut lines: Vec<_> = faults.iter().filter_map(|(_, line)| *line).collect();
        lines.sort_unstable();
        assert_eq!(lines, [11, 12, 13, 14, 16, 19, 21], "{faults:?}");
        let faults = parse("window_of_day = \"09:00-17:00\"").unwrap_err();
        assert_eq!(faults[0].0, "window_of_day needs a time_zone");
    }
}

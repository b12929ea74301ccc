//! `send --at`: everything is checked and agreed to now, and the send begins at its time.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio::runtime::Runtime;

use super::run::interrupted;
use crate::deliver::{ConnectError, Connection as _, Transport};
use crate::domain::clock::Clock;
use crate::pipeline::{PipelineError, refused};

/// No sleep is longer, so that a clock that was set, or a machine that slept, is noticed.
const NAP: Duration = Duration::from_secs(20);

/// A moment as a person names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// On the clocks of the newsletter's time zone.
    Local(DateTime),
    Everywhere(Timestamp),
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::Everywhere(moment));
        }
        let local = text.parse().map(Self::Local);
        local.map_err(|_| "write \"2026-03-02 09:00\", or with an offset 2026-03-02T09:00:00-05:00".to_owned())
    }
}

impl At {
    /// The moment itself; `zone` is the newsletter's.
    pub(super) fn moment(self, zone: Option<&TimeZone>) -> Result<Timestamp, PipelineError> {
        let local = match self {
            Self::Everywhere(moment) => return Ok(moment),
            Self::Local(local) => local,
        };
        let moment = zone.and_then(|zone| zone.to_timestamp(local).ok());
        moment.ok_or_else(|| {
            refused(
                format!("nobody can tell which moment {} is: the newsletter has no time zone", local.strftime("%F %R")),
                format!(
                    "add time_zone under [throttle] in bulletin.toml, or name the offset: --at {}-05:00",
                    local.strftime("%FT%T")
                ),
            )
        })
    }
}

/// Waits until `at`. That the relay lets us in is tried now, while someone is there to mend it.
pub(super) fn wait<T: Transport>(
    at: Timestamp,
    transport: &T,
    clock: &Clock,
    runtime: &Runtime,
) -> Result<(), PipelineError> {
    if at <= clock.now() {
        return Ok(());
    }
    let waiting = async {
        match transport.connect().await {
            Ok(connection) => connection.quit().await,
            Err(ConnectError::Fatal { message, help }) => return Err(refused(message, help)),
            Err(ConnectError::Transient(reply)) => {
                eprintln!("warning: the relay can't be had just now ({reply}); it will be tried again at the time");
            }
        }
        let shown = at.strftime("%Y-%m-%d %H:%M:%S UTC");
        eprintln!("Everything is ready. Waiting until {shown}; Ctrl-C ends it, and nothing is sent.");
        while let Ok(left) = Duration::try_from(at.duration_since(clock.now()))
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(NAP)).await;
        }
        Ok(())
    };
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = interrupted() => Err(refused("stopped before its time: nothing was sent", "run the same command again")),
            waited = waiting => waited,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_named_on_local_clocks_or_with_its_offset() {
        let moment = |text: &str, zone: Option<&str>| {
            let zone = zone.map(|zone| TimeZone::get(zone).unwrap());
            text.parse::<At>().unwrap().moment(zone.as_ref()).ok().map(|moment| moment.to_string())
        };
        let toronto = Some("America/Toronto");
        assert_eq!(moment("2026-03-02 09:00", toronto).as_deref(), Some("2026-03-02T14:00:00Z"));
        assert_eq!(moment("2026-07-02T09:00:30", toronto).as_deref(), Some("2026-07-02T13:00:30Z"));
        assert_eq!(moment("2026-03-02T09:00:00+01:00", None).as_deref(), Some("2026-03-02T08:00:00Z"));
        assert_eq!(moment("2026-03-02T09:00:00Z", toronto).as_deref(), Some("2026-03-02T09:00:00Z"));
        assert_eq!(moment("2026-03-02 09:00", None), None);
        for text in ["", "tomorrow", "09:00", "2026-13-02 09:00"] {
            assert!(text.parse::<At>().is_err(), "{text}");
        }
    }
}

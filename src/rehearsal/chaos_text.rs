//! The grammar of `--chaos`: text to [`Chaos`] and back.
//!
//! In comes a comma-separated list of `KIND[@STAGE]:PERCENT%`, out comes a [`Chaos`]
//! or the [`ChaosError`] of the first part that is none; [`Display`](fmt::Display)
//! gives the canonical spelling, which reads back as the same.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::chaos::{Chaos, Kind, Rule, Stage, WHOLE};
use super::chaos_error::ChaosError;

/// One percent, in parts per million.
const PERCENT: u32 = WHOLE / 100;
const DEFAULT_DELAY: Duration = Duration::from_millis(50);
/// Senders wait ten minutes for the reply to the final dot (RFC 5321 section
/// 4.5.3.2.6); a longer delay would be a `lost` under another name.
const LONGEST_DELAY: Duration = Duration::from_mins(10);

impl FromStr for Chaos {
    type Err = ChaosError;

    /// Reads the list; an empty text is [`Chaos::default`].
    fn from_str(text: &str) -> Result<Self, ChaosError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let rules = text.split(',').map(Rule::parse).collect::<Result<Vec<_>, _>>()?;
        for stage in Stage::ALL {
            let sum: u64 = rules.iter().filter(|rule| rule.stage == stage).map(|rule| u64::from(rule.share)).sum();
            if sum > u64::from(WHOLE) {
                return Err(ChaosError::MoreThanAll { stage: stage.name(), sum: Share(sum).to_string() });
            }
        }
        Ok(Self { rules })
    }
}

impl Rule {
    fn parse(part: &str) -> Result<Self, ChaosError> {
        let part = part.trim();
        if part.is_empty() {
            return Err(ChaosError::EmptyPart);
        }
        let Some((what, percent)) = part.split_once(':') else {
            return Err(ChaosError::NoShare { part: part.to_owned() });
        };
        let (kind, stage) = match what.split_once('@') {
            Some((kind, stage)) => (Kind::parse(kind.trim())?, Stage::parse(stage.trim())?),
            None => Kind::parse(what.trim()).map(|kind| (kind, kind.usual_stage()))?,
        };
        if kind == Kind::Lost && stage != Stage::Body {
            return Err(ChaosError::LostElsewhere { stage: stage.name() });
        }
        let share = parse_percent(percent.trim())
            .ok_or_else(|| ChaosError::BadShare { part: part.to_owned(), share: percent.trim().to_owned() })?;
        Ok(Self { kind, stage, share })
    }
}

impl Kind {
    fn parse(text: &str) -> Result<Self, ChaosError> {
        let unknown = || ChaosError::UnknownKind { kind: text.to_owned() };
        match text.split_once('=') {
            Some(("slow", delay)) => parse_delay(delay).map(Self::Slow),
            Some(_) => Err(unknown()),
            None => match text {
                "drop" => Ok(Self::Drop),
                "lost" => Ok(Self::Lost),
                "half" => Ok(Self::Half),
                "slow" => Ok(Self::Slow(DEFAULT_DELAY)),
                _ => parse_code(text).map(Self::Code).ok_or_else(unknown),
            },
        }
    }
}

impl Stage {
    fn parse(text: &str) -> Result<Self, ChaosError> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.name() == text)
            .ok_or_else(|| ChaosError::UnknownStage { stage: text.to_owned() })
    }
}

/// A 4yz or 5yz code as RFC 5321 section 4.2 has them: y at most 5.
fn parse_code(text: &str) -> Option<u16> {
    match text.as_bytes() {
        [b'4' | b'5', b'0'..=b'5', b'0'..=b'9'] => text.parse().ok(),
        _ => None,
    }
}

fn parse_delay(text: &str) -> Result<Duration, ChaosError> {
    let number = |digits: &str| digits.parse::<u32>().ok().filter(|_| only_digits(digits)).map(u64::from);
    let delay = if let Some(digits) = text.strip_suffix("ms") {
        number(digits).map(Duration::from_millis)
    } else {
        text.strip_suffix('s').and_then(number).map(Duration::from_secs)
    };
    delay.filter(|delay| *delay <= LONGEST_DELAY).ok_or_else(|| ChaosError::BadDelay { delay: text.to_owned() })
}

/// `0.5%` to 5,000 parts per million, without a detour through floating point.
fn parse_percent(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !only_digits(whole) || !only_digits(fraction) || fraction.len() > 4 {
        return None;
    }
    let fraction: u32 = format!("{fraction:0<4}").parse().ok()?;
    let share = whole.parse::<u32>().ok()?.checked_mul(PERCENT)?.checked_add(fraction)?;
    (share <= WHOLE).then_some(share)
}

fn only_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Chaos {
    /// The canonical spelling: what is usual is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.rules.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{}", rule.kind)?;
            if rule.stage != rule.kind.usual_stage() {
                write!(f, "@{}", rule.stage.name())?;
            }
            write!(f, ":{}", Share(u64::from(rule.share)))?;
        }
        Ok(())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Drop => f.write_str("drop"),
            Self::Lost => f.write_str("lost"),
            Self::Half => f.write_str("half"),
            Self::Slow(DEFAULT_DELAY) => f.write_str("slow"),
            Self::Slow(delay) if delay.subsec_millis() == 0 => write!(f, "slow={}s", delay.as_secs()),
            Self::Slow(delay) => write!(f, "slow={}ms", delay.as_millis()),
        }
    }
}

/// Parts per million, shown as a percentage.
struct Share(u64);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / u64::from(PERCENT), self.0 % u64::from(PERCENT));
        if fraction == 0 {
            return write!(f, "{whole}%");
        }
        let digits = format!("{fraction:04}");
        write!(f, "{whole}.{}%", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        text.parse::<Chaos>().expect_err(text).to_string()
    }

    #[test]
    fn a_code_strikes_at_rcpt_and_the_others_at_the_body() {
        let chaos: Chaos = "451:5%,550:2%,421:1%,drop:1%,lost:1%,half:1%,slow:1%".parse().unwrap();
        let stages: Vec<_> = chaos.rules.iter().map(|rule| rule.stage).collect();
        assert_eq!(stages[..3], [Stage::Rcpt; 3]);
        assert_eq!(stages[3..], [Stage::Body; 4]);
    }

    #[test]
    fn a_stage_can_be_chosen_for_each_kind() {
        for stage in Stage::ALL {
            let name = stage.name();
            let chaos: Chaos = format!("451@{name}:1%,drop@{name}:1%").parse().unwrap();
            assert!(chaos.rules.iter().all(|rule| rule.stage == stage), "{name}");
        }
    }

    #[test]
    fn shares_are_exact_decimals() {
        let shares = [("0%", 0), ("0.5%", 5_000), ("12.34%", 123_400), ("0.0001%", 1), ("100%", WHOLE)];
        for (text, share) in shares {
            let chaos: Chaos = format!("451:{text}").parse().unwrap();
            assert_eq!(chaos.rules[0].share, share, "{text}");
        }
    }

    #[test]
    fn what_is_displayed_reads_back_as_the_same() {
        let spellings = [
            ("", ""),
            (" 451 : 5% , drop@body:1% ", "451:5%,drop:1%"),
            ("slow=50ms:1%,slow=1500ms@mail:1.50%", "slow:1%,slow=1500ms@mail:1.5%"),
            ("slow=3000ms:1%,421@connect:0.25%", "slow=3s:1%,421@connect:0.25%"),
        ];
        for (text, canonical) in spellings {
            let chaos: Chaos = text.parse().unwrap();
            assert_eq!(chaos.to_string(), canonical);
            assert_eq!(canonical.parse(), Ok(chaos));
        }
        assert!(Chaos::default().is_calm());
    }

    #[test]
    fn each_mistake_is_named_together_with_what_is_allowed() {
        assert!(wrong("451:5%,").contains("comma"));
        assert!(wrong("451").contains("`451`"));
        for part in ["451:5", "451:-1%", "451:101%", "451:5.%", "451:.5%", "451:0.00001%", "451:five%"] {
            let message = wrong(part);
            assert!(message.contains(&format!("`{part}`")) && message.contains("0% to 100%"), "{message}");
        }
        for kind in ["250", "354", "600", "461", "45", "4510", "crash", "drop=5ms", "DROP", ""] {
            let message = wrong(&format!("{kind}:5%"));
            assert!(message.contains(&format!("`{kind}`")) && message.contains("`drop`"), "{message}");
        }
        assert!(wrong("451@rctp:5%").contains("connect, ehlo, mail, rcpt, data or body"));
        assert!(wrong("lost@rcpt:5%").contains("lost"));
        for delay in ["", "5", "ms", "5m", "601s", "-1s", "+1s", "1.5s"] {
            assert!(wrong(&format!("slow={delay}:5%")).contains(&format!("`{delay}`")), "{delay}");
        }
    }

    #[test]
    fn the_shares_of_one_stage_may_not_exceed_the_whole() {
        assert!("451:60%,550:40%,drop:100%".parse::<Chaos>().is_ok());
        let message = wrong("451:60%,550:40.5%");
        assert!(message.contains("rcpt") && message.contains("100.5%"), "{message}");
    }
}

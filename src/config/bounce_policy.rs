//! `[bounces.policy]`: what follows from each reason for which mail comes back.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;
use toml::Spanned;

use super::checks::Checks;
use crate::domain::bounce_policy::{BouncePolicy, Rule, Unsigned};
use crate::domain::finding::cure_unknown;
use crate::domain::{Kind, Reason};

/// Reasons as keys, and beside them `unsigned`, as they are written.
pub(super) type RawPolicy = IndexMap<Spanned<String>, Spanned<RawRule>>;

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawRule {
    Word(String),
    After(RawAfter),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAfter {
    times: u32,
    within: String,
}

impl Checks<'_> {
    /// Every reason that a bounce may have can be given a rule; complaints are the reader's own word.
    pub(super) fn bounce_policy(&mut self, raw: RawPolicy) -> BouncePolicy {
        let (mut rules, mut unsigned) = (BTreeMap::new(), Unsigned::default());
        for (key, rule) in raw {
            if key.get_ref() == "unsigned" {
                unsigned = self.unsigned(&rule);
                continue;
            }
            let Some(reason) = self.reason(&key) else { continue };
            if let Some(rule) = self.rule(&rule) {
                rules.insert(reason, rule);
            }
        }
        BouncePolicy { rules, unsigned }
    }

    fn unsigned(&mut self, raw: &Spanned<RawRule>) -> Unsigned {
        match raw.get_ref() {
            RawRule::Word(word) if word == "log" => Unsigned::Log,
            RawRule::Word(word) if word == "act" => Unsigned::Act,
            _ => {
                let message = "a report without a token is only noted, or it counts like any other";
                self.fault(raw, message, "write \"log\" or \"act\"");
                Unsigned::default()
            }
        }
    }

    fn reason(&mut self, key: &Spanned<String>) -> Option<Reason> {
        let is_ruled = |reason: &Reason| matches!(reason.kind(), Kind::Hard | Kind::Soft);
        match key.get_ref().parse::<Reason>() {
            Ok(reason) if is_ruled(&reason) => Some(reason),
            Ok(reason) => {
                let what = match reason.kind() {
                    Kind::Complaint => "a complaint always suppresses, as the reader wishes",
                    _ => "the mail arrived, so nothing follows from it",
                };
                self.fault(key, format!("`{reason}` can't be given a rule: {what}"), "remove the line");
                None
            }
            Err(error) => {
                let ruled: Vec<_> = Reason::all().filter(is_ruled).map(Reason::as_str).collect();
                self.fault(key, error.to_string(), &cure_unknown(key.get_ref(), ruled.iter().copied()));
                None
            }
        }
    }

    fn rule(&mut self, raw: &Spanned<RawRule>) -> Option<Rule> {
        const HELP: &str = "write \"suppress\", \"alert\", \"ignore\", or { times = 3, within = \"90d\" }";
        match raw.get_ref() {
            RawRule::Word(word) => match word.as_str() {
                "suppress" => Some(Rule::Suppress),
                "alert" => Some(Rule::Alert),
                "ignore" => Some(Rule::Ignore),
                _ => {
                    self.fault(raw, format!("`{word}` is not a rule"), HELP);
                    None
                }
            },
            RawRule::After(RawAfter { times: 0, .. }) => {
                self.fault(raw, "after no time at all nothing can follow", "write times = 1 or more");
                None
            }
            RawRule::After(RawAfter { times, within }) => match days(within) {
                Some(days) => Some(Rule::After { times: *times, days }),
                None => {
                    self.fault(raw, format!("`{within}` is not a number of days"), "write for instance \"90d\"");
                    None
                }
            },
        }
    }
}

/// `90d`, `90 days`, `12w` or `12 weeks`, up to ten years.
fn days(text: &str) -> Option<u32> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u32 = text[..end].parse().ok()?;
    let days = match text[end..].trim() {
        "d" | "day" | "days" => number,
        "w" | "week" | "weeks" => number.checked_mul(7)?,
        _ => return None,
    };
    (1..=3660).contains(&days).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigError};

    const REST: &str = "[newsletter]\nname = \"N\"\nid = \"n.example.org\"\nlanguages = [\"en\"]\n\
                        unsubscribe = \"u@example.org\"\n[sender]\nname = \"S\"\nemail = \"s@example.org\"\n\
                        postal_address = \"1 Street\"\n";

    /// The policy of a configuration, or its faults with their lines.
    fn parse(policy: &str) -> Result<BouncePolicy, Vec<(String, Option<usize>)>> {
        match Config::parse(&format!("{REST}[bounces.policy]\n{policy}")) {
            Ok(config) => Ok(config.bounce_policy),
            Err(ConfigError::Invalid(findings)) => {
                Err(findings.into_iter().map(|finding| (finding.message, finding.line)).collect())
            }
            Err(other) => unreachable!("{other}"),
        }
    }

    #[test]
    fn each_reason_can_be_given_a_rule_of_its_own() {
        let policy = parse(
            "unsigned = \"act\"\nmailbox-full = { times = 2, within = \"12 weeks\" }\nblocked = \"ignore\"\n\
             spam = \"suppress\"\nuser-unknown = { times = 2, within = \"60d\" }\n",
        )
        .unwrap();
        assert_eq!(policy.unsigned, Unsigned::Act);
        let rule = |reason: Reason| policy.rule(reason.kind(), reason);
        assert_eq!(rule(Reason::MailboxFull), Rule::After { times: 2, days: 84 });
        assert_eq!(rule(Reason::UserUnknown), Rule::After { times: 2, days: 60 });
        assert_eq!((rule(Reason::Blocked), rule(Reason::Spam)), (Rule::Ignore, Rule::Suppress));
        assert_eq!(rule(Reason::Suspended), BouncePolicy::MAILBOX);
        assert_eq!(parse("").unwrap(), BouncePolicy::default());
    }

    #[test]
    fn each_fault_of_the_policy_is_told_with_its_line() {
        let faults = parse(
            "mailbox-ful = \"alert\"\nabuse = \"ignore\"\nspam = \"shout\"\nnetwork = { times = 0, within = \"9d\" }\n\
             expired = { times = 3, within = \"soon\" }\n",
        )
        .unwrap_err();
        let first = REST.lines().count() + 2;
        let lines: Vec<_> = faults.iter().map(|(_, line)| line.unwrap()).collect();
        assert_eq!(lines, (first..first + 5).collect::<Vec<_>>(), "{faults:?}");
        assert!(faults[0].0.contains("mailbox-ful"), "{faults:?}");
    }
}

//! What a spam filter of this machine says of a mail: Rspamd or SpamAssassin, whichever is at hand, run offline.
//! A message in, its score with the tests that it met out. One mail for each language is enough, since the editions
//! of a language are made of the same words.

mod run;
mod score;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use super::rules::SPAM_SCORE;
use crate::domain::Finding;
use run::{RunError, run};
use score::Score;

/// Points from which on it is worth a look, whatever the filter's own threshold.
const DOUBTFUL: f64 = 3.0;
/// No filter needs longer for a mail.
const PATIENCE: Duration = Duration::from_mins(1);
/// Tests that are named.
const NAMED: usize = 5;

/// Programs that score a mail on their stdin, in the order in which they are asked. The first two ask a server that
/// may not be running; then the next one is asked.
const KINDS: &[(&str, &[&str])] = &[
    ("rspamc", &["symbols"]),
    ("spamc", &["-x", "-R"]),
    ("spamassassin", &["--local", "--nocreate-prefs", "--cf=use_bayes 0", "-t"]),
];

/// A filter at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpamFilter {
    pub name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// The filters in the folders of `path`, as the variable PATH lists them.
#[must_use]
pub fn spam_filters(path: &OsStr) -> Vec<SpamFilter> {
    let at = |name: &str| std::env::split_paths(path).map(|folder| folder.join(name)).find(|program| program.is_file());
    let found = KINDS.iter().filter_map(|(name, arguments)| Some(SpamFilter { name, program: at(name)?, arguments }));
    found.collect()
}

/// What the first of `filters` that works says of `message`, or that none does.
#[must_use]
pub fn spam_finding(filters: &[SpamFilter], message: &[u8]) -> Option<Finding> {
    let mut failures = Vec::new();
    for filter in filters {
        match filter.score(message, PATIENCE) {
            Ok(score) => return finding(filter.name, &score),
            Err(error) => failures.push(format!("{}: {error}", filter.name)),
        }
    }
    let message = match failures.as_slice() {
        [] => "no spam filter is at hand".to_owned(),
        failures => format!("no spam filter could say anything ({})", failures.join("; ")),
    };
    let help = "install SpamAssassin, or start the server of the one that is there";
    Some(SPAM_SCORE.finding(message).as_info().with_help(help))
}

impl SpamFilter {
    fn score(&self, message: &[u8], patience: Duration) -> Result<Score, RunError> {
        let said = run(&self.program, self.arguments, message, patience)?;
        Score::read(&said).ok_or(RunError::Speechless)
    }
}

fn finding(filter: &str, score: &Score) -> Option<Finding> {
    let Score { points, threshold, tests } = score;
    if *points < DOUBTFUL.min(*threshold) {
        return None;
    }
    let named =
        tests.iter().take(NAMED).map(|(name, points)| format!("{name} {points}")).collect::<Vec<_>>().join(", ");
    let verdict = if points >= threshold { "takes the mail for junk" } else { "has doubts about the mail" };
    let message = format!("{filter} {verdict}: {points} points, where {threshold} are junk; {named}");
    let finding = SPAM_SCORE.finding(message).with_help("the tests' names tell what to change; look them up by name");
    Some(if points >= threshold { finding.as_error() } else { finding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Severity;

    fn score(points: f64) -> Option<Severity> {
        finding("x", &Score { points, threshold: 5.0, tests: vec![("A_TEST".into(), points)] }).map(|one| one.severity)
    }

    #[test]
    fn a_score_weighs_by_how_near_it_comes_to_junk() {
        assert_eq!(score(2.9), None);
        assert_eq!(score(3.0), Some(Severity::Warning));
        assert_eq!(score(5.0), Some(Severity::Error));
    }

    #[test]
    fn without_a_filter_that_is_told() {
        assert_eq!(spam_filters(OsStr::new("/nowhere")), []);
        assert_eq!(spam_finding(&[], b"x").unwrap().severity, Severity::Info);
    }
}

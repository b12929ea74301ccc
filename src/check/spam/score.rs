//! What a filter prints to its score: SpamAssassin's report, by itself or behind the mail, and Rspamd's.

/// Points, from how many on a mail is junk, and the tests that gave points, the most first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Score {
    pub(super) points: f64,
    pub(super) threshold: f64,
    pub(super) tests: Vec<(String, f64)>,
}

impl Score {
    /// None where there is no score in it.
    pub(super) fn read(said: &str) -> Option<Self> {
        // SpamAssassin puts its report behind the mail, whose own words count for nothing.
        let report = said.rfind("Content analysis details:").map_or(said, |start| &said[start..]);
        let (points, threshold) = report.lines().find_map(total)?;
        let mut tests: Vec<_> = report.lines().filter_map(test).filter(|(_, points)| *points > 0.0).collect();
        tests.sort_by(|one, other| other.1.total_cmp(&one.1));
        // `spamc` tells 0/0 where nobody scored the mail.
        (threshold > 0.0).then_some(Self { points, threshold, tests })
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// `(3.1 points, 5.0 required)`, `3.1/5.0`, `Score: 3.10 / 15.00`.
fn total(line: &str) -> Option<(f64, f64)> {
    if let Some((_, rest)) = line.split_once("details:") {
        let (points, rest) = rest.trim().strip_prefix('(')?.split_once(" points,")?;
        return Some((number(points)?, number(rest.split_once(" required")?.0)?));
    }
    let line = line.trim();
    let (points, threshold) = line.strip_prefix("Score:").unwrap_or(line).split_once('/')?;
    Some((number(points)?, number(threshold)?))
}

/// ` 1.2 A_TEST   What it is about`, `Symbol: A_TEST (1.20)[...]`.
fn test(line: &str) -> Option<(String, f64)> {
    let is_name =
        |name: &str| name.len() > 2 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if let Some(rest) = line.trim().strip_prefix("Symbol:") {
        let (name, rest) = rest.trim().split_once(['(', ' '])?;
        let points = rest.trim_start_matches('(').split(')').next()?;
        return Some((name.to_owned(), number(points)?)).filter(|(name, _)| is_name(name));
    }
    let mut words = line.split_whitespace();
    let (points, name) = (number(words.next()?)?, words.next()?);
    is_name(name).then(|| (name.to_owned(), points))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(said: &str) -> Option<(f64, f64, String)> {
        let Score { points, threshold, tests } = Score::read(said)?;
        let tests: Vec<_> = tests.iter().map(|(name, points)| format!("{name} {points}")).collect();
        Some((points, threshold, tests.join(", ")))
    }

    #[test]
    fn each_filter_is_understood() {
        let table = " pts rule name              description\n---- ---------------------- ----------\n\
            -0.0 NO_RELAYS              Informational: not relayed\n 0.7 HTML_FONT_LOW_CONTRAST BODY: HTML font\n 3.5 SUBJ_ALL_CAPS          Subject\n";
        let tests = "SUBJ_ALL_CAPS 3.5, HTML_FONT_LOW_CONTRAST 0.7".to_owned();
        let behind = format!(
            "Subject: 9.9/1.0\n\n 8 FAKE_TEST\n\nContent analysis details:   (4.2 points, 5.0 required)\n\n{table}"
        );
        assert_eq!(read(&behind), Some((4.2, 5.0, tests.clone())));
        assert_eq!(read(&format!("4.2/5.0\nSpam detection software\n{table}")), Some((4.2, 5.0, tests)));
        let rspamd = "Metric: default\nAction: no action\nSpam: false\nScore: 4.10 / 15.00\nSymbol: MIME_GOOD (-0.10)[multipart]\nSymbol: R_BAD (4.20)\n";
        assert_eq!(read(rspamd), Some((4.1, 15.0, "R_BAD 4.2".to_owned())));
    }

    #[test]
    fn no_score_is_no_score() {
        for said in ["", "0/0\n", "spamc: connection refused", "Score: x / y", "NaN/5.0"] {
            assert_eq!(read(said), None, "{said}");
        }
    }
}

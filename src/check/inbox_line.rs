//! What a reader sees of a mail before opening it: subject and preheader.

use super::rules::{LONG_PREHEADER, LONG_SUBJECT, NO_PREHEADER, SHOUTING_SUBJECT};
use super::source::Source;
use crate::domain::Finding;

/// Characters of a subject that most programs on large screens show; a phone shows some forty.
const SUBJECT: usize = 100;
/// Characters of a preheader that any program shows.
const PREHEADER: usize = 150;

pub(super) fn check(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let subject = source.subject.trim();
    let mut tell = |finding: Finding, key, help: &str| {
        findings.push(source.at(finding.with_help(help), source.front_at(key)));
    };
    let length = subject.chars().count();
    if length > SUBJECT {
        let message = format!("the subject has {length} characters, and a phone shows the first 40");
        tell(LONG_SUBJECT.finding(message), "subject", "put first what matters, and the rest into the preheader");
    }
    if is_shouting(subject) {
        let message = "the subject shouts, as junk mail does";
        tell(SHOUTING_SUBJECT.finding(message), "subject", "write it as a sentence, with one exclamation mark at most");
    }
    let preheader = source.preheader.trim();
    let length = preheader.chars().count();
    if preheader.is_empty() {
        let message = "there is no preheader, so that mail programs show whatever the mail begins with";
        tell(NO_PREHEADER.finding(message), "subject", "add preheader = \"...\" below the subject");
    } else if length > PREHEADER {
        let message = format!("the preheader has {length} characters, and no mail program shows more than {PREHEADER}");
        tell(LONG_PREHEADER.finding(message), "preheader", "shorten it; the mail itself can say the rest");
    }
}

/// More than one exclamation mark, or at least ten letters of which few are small.
fn is_shouting(subject: &str) -> bool {
    let large = subject.chars().filter(|c| c.is_uppercase()).count();
    let small = subject.chars().filter(|c| c.is_lowercase()).count();
    subject.matches('!').count() > 1 || (large >= 10 && large > small * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_shout_and_abbreviations_do_not() {
        for (subject, expected) in [
            ("READ THIS BEFORE MONDAY", true),
            ("At last!!", true),
            ("IMPORTANT: NEW RULES from May", true),
            ("UNHCR and IOM: what changed", false),
            ("Good news!", false),
            ("نشرة هذا الشهر", false),
        ] {
            assert_eq!(is_shouting(subject), expected, "{subject}");
        }
    }
}

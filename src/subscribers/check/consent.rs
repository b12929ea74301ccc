//! The consent columns of a row in; what is missing, unclear or too old out.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::dates::{Day, day};
use crate::domain::finding::cure_unknown;
use crate::domain::{Finding, Severity};
use crate::subscribers::row::cell;
use crate::subscribers::{Headers, Row};

/// How someone agreed to get the newsletter (Canada's anti-spam law, S.C. 2010, c. 23, sections 6 and 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// They said so. It lasts until they take it back.
    Express,
    /// It follows from what they did, such as a donation or a membership, and lasts 24 months
    /// (section 10(10) and (13)).
    Implied,
}

impl Consent {
    /// What a cell says, in English, French, Spanish or German.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let word = text.trim().to_lowercase().replace(['-', '_'], " ");
        let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| word.starts_with(beginning));
        match () {
            () if begins(&["expr", "explicit", "opt in", "double opt in", "ausdrück"]) => Some(Self::Express),
            () if begins(&["impli", "implí", "tacit", "tácit", "présum", "stillschweigend"]) => Some(Self::Implied),
            () => None,
        }
    }
}

/// How long implied consent lasts.
const MONTHS: i32 = 24;

/// The consent that a row tells of, whatever a check makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    pub consent: Option<Consent>,
    /// The later day, where day and month can't be told apart.
    pub since: Option<Date>,
}

impl Given {
    #[must_use]
    pub fn of(headers: &Headers, row: &Row) -> Self {
        let text = |at: Option<usize>| cell(row, at?);
        Self {
            consent: text(headers.consent).and_then(Consent::of),
            since: text(headers.consent_date).and_then(day).map(Day::latest),
        }
    }

    /// Whether it was implied, and longer ago than that lasts.
    #[must_use]
    pub fn has_ended(self, today: Date) -> bool {
        self.consent == Some(Consent::Implied) && self.since.is_some_and(|since| end(since) < today)
    }
}

/// The last day of the implied consent of a day.
fn end(since: Date) -> Date {
    since.saturating_add(MONTHS.months())
}

pub(super) fn check(headers: &Headers, row: &Row, today: Date, findings: &mut Vec<Finding>) {
    let warn =
        |at: usize, code, message: String, help: &str| headers.finding(row, at, Severity::Warning, code, message, help);
    let consent = headers.consent.and_then(|at| match cell(row, at) {
        None => {
            let help = "write express or implied, or take out who never agreed to get this newsletter";
            findings.push(warn(at, "missing-consent", "nothing tells how this person agreed".into(), help));
            None
        }
        Some(text) => {
            let consent = Consent::of(text);
            if consent.is_none() {
                let help = format!("write express or implied; {}", cure_unknown(text, ["express", "implied"]));
                let message = format!("`{text}` is neither express nor implied consent");
                findings.push(warn(at, "unknown-consent", message, &help));
            }
            consent
        }
    });
    let given = headers.consent_date.and_then(|at| Some((at, cell(row, at)?)));
    let Some((at, text)) = given else {
        if let (Some(Consent::Implied), Some(at)) = (consent, headers.consent_date.or(headers.consent)) {
            let help = "implied consent lasts 24 months: write since when it is there, as 2024-04-03";
            findings.push(warn(at, "missing-consent-date", "nothing tells since when consent is implied".into(), help));
        }
        return;
    };
    let Some(day) = day(text) else {
        findings.push(warn(at, "bad-date", format!("`{text}` is not a day"), "write it as 2024-04-03"));
        return;
    };
    if let Day::Either(one, other) = day {
        let message = format!("`{text}` may be {one} or {other}");
        findings.push(warn(at, "ambiguous-date", message, &format!("write it as {one} or {other}")));
    }
    let latest = day.latest();
    let ends = end(latest);
    if let Day::One(day) = day
        && day > today
    {
        findings.push(warn(at, "future-date", format!("the day of the consent, {day}, is to come"), "check the year"));
    } else if consent == Some(Consent::Implied) && ends < today {
        let message = format!("implied consent of {latest} ended on {ends}");
        let help = "ask for express consent, or take the row out: under Canada's anti-spam law (section 10(10)) \
                    implied consent lasts 24 months";
        findings.push(warn(at, "consent-expired", message, help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_understood_in_english_and_french() {
        for text in ["Express", "expressed", "exprès", "Explicite", "opt-in", "double opt-in"] {
            assert_eq!(Consent::of(text), Some(Consent::Express), "{text}");
        }
        for text in ["implied", "Implicite", "TACITE", "présumé"] {
            assert_eq!(Consent::of(text), Some(Consent::Implied), "{text}");
        }
        for text in ["yes", "oui", "x", ""] {
            assert_eq!(Consent::of(text), None, "{text}");
        }
    }
}

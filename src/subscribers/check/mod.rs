//! A list in, everything that a person should look at before they mail it out: the faults that leave a row
//! out, and the doubts that don't.

mod address;
mod consent;
mod dates;

use jiff::civil::Date;

pub use self::consent::{Consent, Given};
use super::row::cell;
use super::{Headers, ListError, People, Row, Subscriber, Table, Verdict, Vocabulary};
use crate::domain::{EmailAddress, Finding, Severity};

/// What a look at a list found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Data rows, whatever is in them.
    pub rows: usize,
    /// Different people that a send could reach.
    pub usable: usize,
    /// Surplus rows of people who stand there already.
    pub duplicates: usize,
    /// In the order of their rows.
    pub findings: Vec<Finding>,
}

/// Tells why someone is never sent to; none for everyone else.
pub type Suppressed<'a> = &'a dyn Fn(&EmailAddress) -> Option<String>;

/// What a check must know beside the list.
pub struct Context<'a> {
    pub today: Date,
    pub suppressed: Option<Suppressed<'a>>,
}

/// Looks at every row of a list.
///
/// # Errors
/// It can't be read to its end, or has no column for addresses.
pub fn check(table: Table, words: Vocabulary<'_>, context: &Context<'_>) -> Result<Checked, ListError> {
    let mut people = People::new(table, words)?;
    let mut checked = Checked::default();
    let mut doubts = Vec::new();
    while let Some(verdict) = people.advance()? {
        checked.rows += 1;
        checked.findings.extend(people.take_findings());
        let (headers, row) = (people.headers(), people.row());
        match verdict {
            Verdict::Person { subscriber, mailbox } => {
                checked.usable += 1;
                doubts.extend(mailbox.map(|line| same_mailbox(headers, row, line)));
                if let Some(reason) = context.suppressed.and_then(|suppressed| suppressed(&subscriber.email)) {
                    checked.usable -= 1;
                    doubts.push(suppressed(headers, row, &reason));
                }
                person(headers, row, &subscriber, &mut doubts);
                consent::check(headers, row, context.today, &mut doubts);
            }
            Verdict::Duplicate { line, .. } => {
                checked.duplicates += 1;
                let differs = checked
                    .findings
                    .last()
                    .is_some_and(|last| last.code == "duplicate-differs" && last.line == Some(row.line));
                doubts.extend((!differs).then(|| duplicate(headers, row, line)));
            }
            Verdict::Bad => {}
        }
        let file = people.file();
        checked.findings.extend(doubts.drain(..).map(|doubt| Finding { file: Some(file.to_owned()), ..doubt }));
    }
    checked.findings.extend(people.take_findings());
    Ok(checked)
}

fn same_mailbox(headers: &Headers, row: &Row, line: usize) -> Finding {
    let message = format!("this is probably the same mailbox as in line {line}: its provider ignores the difference");
    let help = "both get the mail; take one out if they are one person";
    headers.finding(row, headers.email, Severity::Warning, "same-mailbox", message, help)
}

fn suppressed(headers: &Headers, row: &Row, reason: &str) -> Finding {
    let message = format!("this person is never sent to: {reason}");
    let help = "nothing needs to be done; `bulletin subscribers show` tells more";
    headers.finding(row, headers.email, Severity::Info, "suppressed", message, help)
}

fn duplicate(headers: &Headers, row: &Row, line: usize) -> Finding {
    let message = format!("this person stands in line {line} already");
    let help = "nothing needs to be done: they get one mail";
    headers.finding(row, headers.email, Severity::Info, "duplicate", message, help)
}

fn person(headers: &Headers, row: &Row, subscriber: &Subscriber, doubts: &mut Vec<Finding>) {
    for (severity, code, message, help) in address::oddities(&subscriber.email) {
        doubts.push(headers.finding(row, headers.email, severity, code, message, help));
    }
    for at in std::iter::once(headers.email).chain(headers.name) {
        let Some(text) = cell(row, at) else { continue };
        if let Some((code, message)) = formula(text) {
            doubts.push(headers.finding(row, at, Severity::Warning, code, message, "write what shall stand there"));
        }
    }
}

/// What a spreadsheet would compute, or failed to; the program takes it as text.
fn formula(text: &str) -> Option<(&'static str, &'static str)> {
    const FAILED: &[&str] = &["#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#NOM?", "#VALEUR!"];
    match text {
        _ if FAILED.contains(&text) => Some(("formula-failed", "a formula of the spreadsheet failed here")),
        _ if text.starts_with(['=', '+', '@']) => {
            Some(("formula", "this looks like a formula of a spreadsheet; it is taken as text"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use super::super::ColumnNames;
    use super::*;

    fn checked(text: &str, suppressed: Option<Suppressed<'_>>) -> Checked {
        let languages = ["en".parse().unwrap()];
        let words = Vocabulary { languages: &languages, topics: &[], columns: &[], named: ColumnNames::default() };
        let table = Table::read(Cursor::new(text.as_bytes().to_vec()), Path::new("list.csv")).unwrap();
        check(table, words, &Context { today: jiff::civil::date(2026, 1, 15), suppressed }).unwrap()
    }

    fn codes(checked: &Checked) -> Vec<(&str, Option<usize>)> {
        checked.findings.iter().map(|finding| (finding.code, finding.line)).collect()
    }

    #[test]
    fn who_is_suppressed_is_not_usable_and_the_reason_is_told() {
        let suppressed =
            |email: &EmailAddress| (email.local_part() == "bo").then(|| "unsubscribed on 2024-04-03".to_owned());
        let checked = checked("email\nann@example.org\nbo@example.org\nbo@example.org\n", Some(&suppressed));
        assert_eq!((checked.rows, checked.usable, checked.duplicates), (3, 1, 1));
        assert_eq!(codes(&checked), [("suppressed", Some(3)), ("duplicate", Some(4))]);
        assert!(checked.findings[0].message.ends_with("unsubscribed on 2024-04-03"));
        assert_eq!(checked.findings[0].file.as_deref(), Some(Path::new("list.csv")));
    }

    #[test]
    fn implied_consent_ends_after_24_months_to_the_day() {
        let checked = checked(
            "email,consent,consent date\n\
             a@example.org,implied,2024-01-15\n\
             b@example.org,implied,2024-01-14\n\
             c@example.org,express,2010-01-01\n\
             d@example.org,express,\n\
             e@example.org,tacite,12/01/2024\n\
             f@example.org,tacite,01/02/2024\n\
             g@example.org,implied,2027-01-15\n",
            None,
        );
        assert_eq!(
            codes(&checked),
            [
                ("consent-expired", Some(3)),
                ("ambiguous-date", Some(6)),
                ("ambiguous-date", Some(7)),
                ("future-date", Some(8)),
            ]
        );
    }

    #[test]
    fn a_spelling_that_leads_to_the_same_mailbox_is_told_and_sent_to() {
        let checked = checked("email\na.b@gmail.com\nab@googlemail.com\na.b@example.org\nab@example.org\n", None);
        assert_eq!((checked.usable, codes(&checked)), (4, vec![("same-mailbox", Some(3))]));
    }
}

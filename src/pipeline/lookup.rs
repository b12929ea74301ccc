//! One person looked up in the list: an address in; who they are and what they want out, or why a send would not
//! reach them. The list is read as [`assemble`](super::assemble) reads it, row by row, and nobody else is kept.

use std::path::{Path, PathBuf};

use super::list::{Words, list_of};
use super::{Newsletter, PipelineError, Skip, prefer, select};
use crate::domain::{EmailAddress, Finding, Severity};
use crate::edition::EditionKey;
use crate::issue::Issue;
use crate::subscribers::{People, Subscriber, Table, Verdict};

/// Addresses that are suggested for one that is not in the list.
const SUGGESTED: usize = 3;

/// Who was looked up.
#[derive(Debug)]
pub struct LookedUp {
    /// What findings call the list.
    pub list: PathBuf,
    pub found: Found,
}

/// What the list says of an address.
#[derive(Debug)]
pub enum Found {
    Person {
        /// With the preferences that they asked for since the list was written.
        subscriber: Box<Subscriber>,
        /// Whether those are other ones than the list's.
        by_themselves: bool,
        edition: Result<EditionKey, Skip>,
        /// Lines of further rows of theirs, which don't count.
        surplus: Vec<usize>,
    },
    /// A row with this address that can't be read right, and is left out.
    BadRow { line: usize, findings: Vec<Finding> },
    /// Nobody; with the addresses of the list that are most like it, and why they would not be sent to in any case.
    Nobody { nearest: Vec<String>, suppressed: Option<String> },
}

/// Looks for `asked` in `list`, or in the newsletter's own.
///
/// # Errors
/// The list can't be used at all, or the database can't be read.
pub fn look_up(
    newsletter: &Newsletter,
    issue: &Issue,
    list: Option<&Path>,
    asked: &str,
) -> Result<LookedUp, PipelineError> {
    let book = newsletter.book()?;
    let (path, shown) = list_of(&newsletter.folder, list);
    let words = Words::of(&newsletter.config);
    let mut people = People::new(Table::open(&path, &shown)?, words.vocabulary())?;
    drop(people.take_findings());
    let email = asked.trim().parse::<EmailAddress>().ok();
    let identity = email.as_ref().map_or_else(|| asked.trim().to_lowercase(), EmailAddress::identity);
    let mut person: Option<Subscriber> = None;
    let mut surplus = Vec::new();
    let mut bad_row = None;
    let mut nearest = Nearest::to(&identity);
    while let Some(verdict) = people.advance()? {
        match verdict {
            Verdict::Person { subscriber, .. } if people.identity() == identity => person = Some(subscriber),
            Verdict::Person { .. } => nearest.add(people.identity()),
            Verdict::Duplicate { subscriber, .. } if people.identity() == identity => surplus.push(subscriber.line),
            Verdict::Duplicate { .. } => {}
            Verdict::Bad => {
                let row = people.row();
                let cell = row.cells.get(people.headers().email).map(|cell| cell.trim().to_lowercase());
                let line = row.line;
                if bad_row.is_none() && cell.as_ref() == Some(&identity) {
                    let faults = people.take_findings().filter(|finding| finding.severity == Severity::Error);
                    bad_row = Some((line, faults.collect()));
                } else if let Some(cell) = cell {
                    nearest.add(&cell);
                }
            }
        }
        people.take_findings().for_each(drop);
    }
    let suppressed = email.as_ref().and_then(|email| book.suppression(email));
    let found = match (person, bad_row) {
        (Some(mut subscriber), _) => {
            let listed = (subscriber.languages.clone(), subscriber.topics.clone());
            if let Some(record) = book.record(&subscriber.email) {
                prefer(&mut subscriber, record);
            }
            let by_themselves = listed != (subscriber.languages.clone(), subscriber.topics.clone());
            let edition = match suppressed {
                Some(suppression) => Err(Skip::Suppressed(suppression.clone())),
                None => select(newsletter, issue, &subscriber).map_err(Skip::NoEdition),
            };
            Found::Person { subscriber: Box::new(subscriber), by_themselves, edition, surplus }
        }
        (None, Some((line, findings))) => Found::BadRow { line, findings },
        (None, None) => Found::Nobody {
            nearest: nearest.into_addresses(),
            suppressed: suppressed.map(|suppression| Skip::Suppressed(suppression.clone()).to_string()),
        },
    };
    Ok(LookedUp { list: shown, found })
}

/// The addresses most like one, of all that come by.
struct Nearest<'a> {
    to: &'a str,
    /// So many letters may differ.
    within: usize,
    /// The nearest first.
    found: Vec<(usize, String)>,
}

impl<'a> Nearest<'a> {
    fn to(to: &'a str) -> Self {
        Self { to, within: (to.len() / 5).clamp(2, 5), found: Vec::new() }
    }

    fn add(&mut self, address: &str) {
        if address.len().abs_diff(self.to.len()) > self.within * 4 {
            return;
        }
        let distance = strsim::osa_distance(self.to, address);
        if distance > self.within {
            return;
        }
        let place = self.found.partition_point(|(known, _)| *known <= distance);
        if place < SUGGESTED {
            self.found.insert(place, (distance, address.to_owned()));
            self.found.truncate(SUGGESTED);
        }
    }

    fn into_addresses(self) -> Vec<String> {
        self.found.into_iter().map(|(_, address)| address).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_most_like_one_are_suggested_the_nearest_first() {
        let mut nearest = Nearest::to("ann@example.org");
        for address in ["bob@example.net", "anna@example.org", "an@exmaple.org", "amy@example.org", "an@example.org"] {
            nearest.add(address);
        }
        assert_eq!(nearest.into_addresses(), ["anna@example.org", "an@example.org", "an@exmaple.org"]);
    }
}

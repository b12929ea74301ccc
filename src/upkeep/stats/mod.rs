//! The list in numbers: by language, topic, receiving domain and consent, and how it grew. The list and the
//! readers' register in; counts out, and in `page` a page with charts. No address and no name comes out.

mod growth;
mod month;
mod page;
mod table;

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::{Topic, provider};
use crate::pipeline::{Newsletter, PipelineError, Words, prefer};
use crate::readers::{Cause, Register};
use crate::subscribers::{Consent, Given, People, Subscriber, Table, Verdict};

pub use growth::{Growth, MonthOfMoves, Moves};
pub use month::Month;
pub use page::{page, percent};
pub use table::{Section, months_of, sections};

/// How many receiving domains are named before the others are counted together.
const DOMAINS: usize = 15;

/// The list in numbers. What follows on `reachable` is about those people alone, with what they asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    pub newsletter: String,
    /// The day of the numbers, in UTC.
    pub date: Date,
    /// Different people in the list, those who are suppressed among them.
    pub people: usize,
    /// Rows that can't be used.
    pub bad_rows: usize,
    /// People of the list who are not sent to, by cause.
    pub suppressed: BTreeMap<&'static str, usize>,
    /// Suppressed people who don't stand in the list.
    pub suppressed_elsewhere: usize,
    pub reachable: usize,
    /// By the first language that each asked for; without a name, those who did not say.
    pub languages: Vec<Part>,
    /// By how many languages each asked for.
    pub languages_each: BTreeMap<usize, usize>,
    /// A person counts for each of theirs; without a name, those who get every topic.
    pub topics: Vec<Part>,
    /// The largest, a provider's domains together; without a name, all others.
    pub domains: Vec<Part>,
    /// None where the list has no column for it.
    pub consent: Option<Consents>,
    pub growth: Growth,
}

/// Some of the people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    pub name: Option<String>,
    pub people: usize,
}

/// How people agreed to get the newsletter; each counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Consents {
    pub express: usize,
    /// Not longer ago than 24 months, as far as the list says.
    pub implied: usize,
    /// Implied, and longer ago than that.
    pub ended: usize,
    pub not_said: usize,
}

/// Counts the newsletter's own list as of `today`.
///
/// # Errors
/// The list or the database can't be read.
pub fn stats(newsletter: &Newsletter, today: Date) -> Result<Stats, PipelineError> {
    let book = newsletter.book()?;
    let words = Words::of(&newsletter.config);
    let (path, shown) = newsletter.list();
    let mut people = People::new(Table::open(&path, &shown)?, words.vocabulary())?;
    let mut tally = Tally::default();
    let mut suppressed: BTreeMap<_, _> = Cause::all().map(|cause| (cause.as_str(), 0)).collect();
    let (mut listed, mut bad_rows) = (0, 0);
    let with_consent = people.headers().consent.is_some();
    let mut growth = Growth::up_to(today, people.headers().consent_date.is_some());
    while let Some(verdict) = people.advance()? {
        people.take_findings().for_each(drop);
        let mut subscriber = match verdict {
            Verdict::Person { subscriber, .. } => subscriber,
            Verdict::Duplicate { .. } => continue,
            Verdict::Bad => {
                bad_rows += 1;
                continue;
            }
        };
        listed += 1;
        if let Some(record) = book.record(&subscriber.email) {
            if let Some(suppression) = &record.suppression {
                *suppressed.entry(suppression.cause.as_str()).or_default() += 1;
                continue;
            }
            prefer(&mut subscriber, record);
        }
        let given = Given::of(people.headers(), people.row());
        tally.add(&subscriber, given, today);
        if let Some(since) = given.since {
            growth.add_consent(since);
        }
    }
    growth.add_events(Register::comings_and_goings(&newsletter.database())?);
    let unreachable: usize = suppressed.values().sum();
    Ok(Stats {
        newsletter: newsletter.config.newsletter.name.get(&newsletter.config.languages[0]).clone(),
        date: today,
        people: listed,
        bad_rows,
        suppressed,
        suppressed_elsewhere: book.suppressions().count().saturating_sub(unreachable),
        reachable: listed - unreachable,
        languages: parts(tally.languages, usize::MAX),
        languages_each: tally.languages_each,
        topics: parts(
            tally.topics.into_iter().map(|(topic, people)| (topic.map(|topic| topic.to_string()), people)),
            usize::MAX,
        ),
        domains: parts(tally.domains.into_iter().map(|(domain, people)| (Some(domain), people)), DOMAINS),
        consent: with_consent.then_some(tally.consents),
        growth,
    })
}

/// The counts under way.
#[derive(Default)]
struct Tally {
    languages: HashMap<Option<String>, usize>,
    languages_each: BTreeMap<usize, usize>,
    topics: HashMap<Option<Topic>, usize>,
    domains: HashMap<String, usize>,
    consents: Consents,
}

impl Tally {
    fn add(&mut self, person: &Subscriber, given: Given, today: Date) {
        let first = person.languages.first().map(ToString::to_string);
        *self.languages.entry(first).or_default() += 1;
        *self.languages_each.entry(person.languages.len()).or_default() += 1;
        if person.topics.is_empty() {
            *self.topics.entry(None).or_default() += 1;
        }
        for topic in &person.topics {
            *self.topics.entry(Some(topic.clone())).or_default() += 1;
        }
        let domain = person.email.domain().to_lowercase();
        *self.domains.entry(provider::counted_as(&domain).to_owned()).or_default() += 1;
        let consents = &mut self.consents;
        *match given.consent {
            Some(Consent::Express) => &mut consents.express,
            Some(Consent::Implied) if given.has_ended(today) => &mut consents.ended,
            Some(Consent::Implied) => &mut consents.implied,
            None => &mut consents.not_said,
        } += 1;
    }
}

/// The largest first, as many as `most` by name; the rest stands without one, last.
fn parts(counted: impl IntoIterator<Item = (Option<String>, usize)>, most: usize) -> Vec<Part> {
    let (mut named, mut rest) = (Vec::new(), 0);
    for (name, people) in counted {
        match name {
            Some(name) => named.push((std::cmp::Reverse(people), name)),
            None => rest += people,
        }
    }
    named.sort();
    rest += named.iter().skip(most).map(|(people, _)| people.0).sum::<usize>();
    named.truncate(most);
    let mut parts: Vec<_> =
        named.into_iter().map(|(people, name)| Part { name: Some(name), people: people.0 }).collect();
    parts.extend((rest > 0).then_some(Part { name: None, people: rest }));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_the_rest_together_last() {
        let counted = [("b", 2), ("a", 2), ("c", 5), ("d", 1), ("e", 1)].map(|(name, n)| (Some(name.to_owned()), n));
        let told: Vec<_> = parts(counted, 3).into_iter().map(|part| (part.name, part.people)).collect();
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(told, [(name("c"), 5), (name("a"), 2), (name("b"), 2), (None, 2)]);
        assert_eq!(parts([(name("a"), 1)], 3).len(), 1);
    }
}

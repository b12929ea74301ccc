//! Everyone of a plan in, counts by state, reason, receiving domain and edition out. What is held grows with domains
//! and editions, and by four bytes a person, of which medians are made.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::rounded;
use crate::domain::provider;
use crate::edition::EditionKey;
use crate::ledger::{Account, Settled};

/// How many domains are named before the others stand together.
const DOMAINS: usize = 15;

/// People with the same state for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub state: String,
    pub reason: String,
    /// `550 5.1.1`
    pub codes: Option<String>,
    pub people: u64,
}

/// A part of the people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// A provider's domains count as one; null for all others together.
    pub name: Option<String>,
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// Those with the same languages and items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EditionGroup {
    /// As the preview calls it; null for those who have none.
    pub id: Option<String>,
    pub language: Option<String>,
    pub items: Vec<String>,
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// What became of a part of the people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Numbers {
    #[serde(flatten)]
    pub account: Account,
    /// Messages that came back, of people whom the list knows.
    pub bounced: u64,
    /// Attempts of those who were attempted.
    pub median_attempts: Option<u32>,
    /// From their first attempt to when they were accepted.
    pub median_seconds: Option<f64>,
}

/// The counts under way.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) account: Account,
    pub(super) attempts: u64,
    pub(super) first_attempt: Option<Timestamp>,
    pub(super) last_outcome: Option<Timestamp>,
    reasons: BTreeMap<(String, String, Option<String>), u64>,
    /// Without a name, those who were forgotten.
    domains: HashMap<Option<String>, Part>,
    editions: BTreeMap<Option<i64>, Part>,
}

#[derive(Default)]
struct Part {
    account: Account,
    bounced: u64,
    attempts: BTreeMap<u32, u64>,
    /// Milliseconds to when each was accepted.
    waits: Vec<u32>,
}

impl Tally {
    pub(super) fn add(&mut self, person: &Settled<'_>) {
        self.account.add(person.state, 1);
        self.attempts += u64::from(person.attempts);
        self.first_attempt = [self.first_attempt, person.first_attempt].into_iter().flatten().min();
        self.last_outcome = self.last_outcome.max(person.last.map(|last| last.at));
        if let Some(key) = reason(person) {
            *self.reasons.entry(key).or_default() += 1;
        }
        let wait = person.first_attempt.zip(person.last).filter(|_| person.state == "accepted");
        let wait = wait
            .map(|(first, last)| u32::try_from(last.at.duration_since(first).as_millis().max(0)).unwrap_or(u32::MAX));
        let domain = person.domain.map(provider::counted_as);
        // A name is copied only where it is new.
        let of_domain = match domain.map(str::to_owned) {
            name if self.domains.contains_key(&name) => self.domains.get_mut(&name),
            name => Some(self.domains.entry(name).or_default()),
        };
        for part in of_domain.into_iter().chain([self.editions.entry(person.edition).or_default()]) {
            part.account.add(person.state, 1);
            if person.attempts > 0 {
                *part.attempts.entry(person.attempts).or_default() += 1;
            }
            part.waits.extend(wait);
        }
    }

    /// A message to someone of the plan came back.
    pub(super) fn add_bounce(&mut self, identity: &str, edition: Option<i64>) {
        let domain = identity.rsplit_once('@').map(|(_, domain)| provider::counted_as(domain).to_owned());
        for part in self.domains.get_mut(&domain).into_iter().chain(self.editions.get_mut(&edition)) {
            part.bounced += 1;
        }
    }

    pub(super) fn people_of(&self, domain: &str) -> u64 {
        self.domains.get(&Some(domain.to_owned())).map_or(0, |part| part.account.planned)
    }

    /// How long each took, in milliseconds, the shortest first.
    pub(super) fn waits(&self) -> Vec<u32> {
        let mut waits: Vec<u32> = self.editions.values().flat_map(|part| &part.waits).copied().collect();
        waits.sort_unstable();
        waits
    }

    /// By state in the account's order, the most frequent first.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        let reason = |((state, reason, codes), people): (&(String, String, Option<String>), &u64)| Reason {
            state: state.clone(),
            reason: reason.clone(),
            codes: codes.clone(),
            people: *people,
        };
        let mut reasons: Vec<_> = self.reasons.iter().map(reason).collect();
        let rank = |state: &str| STATES.iter().position(|known| *known == state);
        reasons.sort_by_key(|one| (rank(&one.state), std::cmp::Reverse(one.people)));
        reasons
    }

    /// The largest that have a name, then all others.
    pub(super) fn domains(&self, is_named: impl Fn(&str) -> bool) -> Vec<Group> {
        let (mut named, mut others): (Vec<(&String, &Part)>, Vec<&Part>) = (Vec::new(), Vec::new());
        for (domain, part) in &self.domains {
            match domain.as_ref().filter(|domain| is_named(domain)) {
                Some(domain) => named.push((domain, part)),
                None => others.push(part),
            }
        }
        named.sort_by_key(|(domain, part)| (std::cmp::Reverse(part.account.planned), *domain));
        others.extend(named.iter().skip(DOMAINS).map(|(_, part)| *part));
        named.truncate(DOMAINS);
        let named = named.into_iter().map(|(domain, part)| (Some(domain.clone()), numbers([part])));
        let others = (!others.is_empty()).then(|| (None, numbers(others)));
        named.chain(others).map(|(name, numbers)| Group { name, numbers }).collect()
    }

    /// The largest first, and those without one last; `known` tells languages and items of each.
    pub(super) fn editions(&self, known: &HashMap<i64, (String, String)>) -> Vec<EditionGroup> {
        let group = |(edition, part): (&Option<i64>, &Part)| {
            let key = edition.and_then(|edition| known.get(&edition));
            let (language, items) = key.map_or((None, Vec::new()), |(languages, items)| {
                let items = items.split(';').filter(|item| !item.is_empty()).map(str::to_owned).collect();
                (Some(languages.clone()), items)
            });
            let id = language.as_deref().and_then(|language| edition_id(language, &items));
            EditionGroup { id, language, items, numbers: numbers([part]) }
        };
        let mut editions: Vec<_> = self.editions.iter().map(group).collect();
        editions.sort_by_key(|one| (one.language.is_none(), std::cmp::Reverse(one.numbers.account.planned)));
        editions
    }
}

/// In the order of the account.
pub(super) const STATES: [&str; 6] = ["accepted", "rejected", "deferred", "unknown", "skipped", "pending"];

fn edition_id(language: &str, items: &[String]) -> Option<String> {
    let languages = language.split(';').map(str::parse).collect::<Result<_, _>>().ok()?;
    let items = items.iter().map(|item| item.parse()).collect::<Result<_, _>>().ok()?;
    Some(EditionKey::new(languages, items).id())
}

/// State, reason and codes of whoever has a reason.
fn reason(person: &Settled<'_>) -> Option<(String, String, Option<String>)> {
    let last = person.last;
    let codes = last.and_then(|last| {
        let enhanced = last.enhanced.map_or(String::new(), |enhanced| format!(" {enhanced}"));
        last.code.map(|code| format!("{code}{enhanced}"))
    });
    let refusal = || last.and_then(|last| last.refusal).map_or("unknown".to_owned(), |refusal| refusal.to_string());
    let (reason, codes) = match person.state {
        "skipped" => (skipped(person.reason.unwrap_or_default()), None),
        "rejected" if person.is_given_up => ("given up on request".to_owned(), None),
        "rejected" | "deferred" => (refusal(), codes),
        "unknown" => ("no reply came".to_owned(), None),
        _ => return None,
    };
    Some((person.state.to_owned(), reason, codes))
}

/// Without day and details, which differ from person to person and may name them.
fn skipped(reason: &str) -> String {
    let words = reason.split(" on ").next().unwrap_or_default().split(" (").next().unwrap_or_default().trim();
    if words.is_empty() || words.contains('@') { "another reason".to_owned() } else { words.to_owned() }
}

fn numbers<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Numbers {
    let (mut account, mut bounced) = (Account::default(), 0);
    let (mut attempts, mut waits): (BTreeMap<u32, u64>, Vec<u32>) = (BTreeMap::new(), Vec::new());
    for part in parts {
        let Account { accepted, rejected, deferred, unknown, skipped, pending, .. } = part.account;
        for (state, count) in STATES.into_iter().zip([accepted, rejected, deferred, unknown, skipped, pending]) {
            account.add(state, count);
        }
        bounced += part.bounced;
        for (times, people) in &part.attempts {
            *attempts.entry(*times).or_default() += people;
        }
        waits.extend(&part.waits);
    }
    waits.sort_unstable();
    let people: u64 = attempts.values().sum();
    let mut before = 0;
    let median_attempts = attempts.iter().find_map(|(times, count)| {
        before += count;
        (before * 2 >= people).then_some(*times)
    });
    Numbers { account, bounced, median_attempts, median_seconds: quantile(&waits, 0.5) }
}

/// The value, in seconds, up to which a share of `sorted` milliseconds stands; none of none.
pub(super) fn quantile(sorted: &[u32], share: f64) -> Option<f64> {
    #[expect(clippy::cast_possible_truncation, reason = "a place in the list")]
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).map(|millis| rounded(f64::from(*millis) / 1000.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::LastReply;

    fn moment(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn people() -> impl Strategy<Value = Vec<(usize, usize, Option<i64>, u32, u32)>> {
        proptest::collection::vec(
            (0..7_usize, 0..30_usize, proptest::option::of(0..4_i64), 0..5_u32, 0..9_000_u32),
            0..300,
        )
    }

    proptest! {
        #[test]
        fn domains_editions_and_reasons_add_up_to_the_account(people in people(), at_least in 1_u64..20) {
            let mut tally = Tally::default();
            for (state, domain, edition, attempts, wait) in &people {
                let domain = (*domain > 0).then(|| format!("d{}.example.org", domain * domain / 30));
                let last = LastReply { at: moment(i64::from(*wait)), refusal: None, code: Some(451), enhanced: None };
                tally.add(&Settled {
                    domain: domain.as_deref(),
                    edition: *edition,
                    state: STATES.get(*state).copied().unwrap_or("pending"),
                    reason: Some("no item of this issue matches their topics"),
                    attempts: *attempts,
                    first_attempt: (*attempts > 0).then(|| moment(0)),
                    last: Some(last).filter(|_| *attempts > 0),
                    is_given_up: false,
                });
            }
            let named = |domain: &str| tally.people_of(domain) >= at_least;
            let add = |accounts: Vec<Account>| {
                accounts.into_iter().fold(Account::default(), |mut sum, one| {
                    let counts = [one.accepted, one.rejected, one.deferred, one.unknown, one.skipped, one.pending];
                    assert_eq!(counts.iter().sum::<u64>(), one.planned);
                    STATES.into_iter().zip(counts).for_each(|(state, count)| sum.add(state, count));
                    sum
                })
            };
            let domains = tally.domains(named);
            prop_assert_eq!(&add(domains.iter().map(|one| one.numbers.account.clone()).collect()), &tally.account);
            let editions = tally.editions(&HashMap::new());
            prop_assert_eq!(&add(editions.into_iter().map(|one| one.numbers.account).collect()), &tally.account);
            prop_assert_eq!(tally.account.planned, people.len() as u64);
            let reasons: u64 = tally.reasons().iter().map(|reason| reason.people).sum();
            prop_assert_eq!(reasons + tally.account.accepted + tally.account.pending, tally.account.planned);
            // Whoever is named is not alone.
            let few = |group: &&Group| group.name.is_some() && group.numbers.account.planned < at_least;
            prop_assert!(!domains.iter().any(|group| few(&group)));
            prop_assert!(domains.iter().filter(|group| group.name.is_some()).count() <= DOMAINS);
        }

        #[test]
        fn a_median_stands_in_the_middle(mut values in proptest::collection::vec(0_u32..100_000, 1..50)) {
            values.sort_unstable();
            let median = quantile(&values, 0.5).unwrap() * 1000.0;
            let below = values.iter().filter(|value| f64::from(**value) < median - 0.5).count();
            let above = values.iter().filter(|value| f64::from(**value) > median + 0.5).count();
            prop_assert!(below * 2 <= values.len() && above * 2 <= values.len());
        }
    }

    #[test]
    fn what_is_told_of_a_reason_names_nobody() {
        assert_eq!(
            skipped("suppressed: bounced on 2026-03-03 (user-unknown 5.1.1, issue 2015-11)"),
            "suppressed: bounced"
        );
        assert_eq!(skipped("suppressed: unsubscribed by mail on 2026-03-03"), "suppressed: unsubscribed by mail");
        assert_eq!(skipped("no item of this issue matches their topics"), "no item of this issue matches their topics");
        assert_eq!(skipped("ann@example.org asked"), "another reason");
        assert_eq!(skipped(""), "another reason");
    }
}

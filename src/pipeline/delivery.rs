//! A settled plan to its end: editions rendered, messages composed as their turns come, the account closed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter::Peekable;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::watch;

use super::classifier::judge;
use super::outbox::{Messages, PlanOutbox};
use super::pace::domain;
use super::{Desk, Newsletter, Pace, PipelineError, Settled, refused, render};
use crate::compose::Kind;
use crate::compose::dkim::Signer;
use crate::deliver::throttle::{Lane, Slowed, Throttle};
use crate::deliver::{ConnectError, Connection as _, End, Job, Run, Transport, Waiting, Watch};
use crate::domain::chance::Chance;
use crate::domain::clock::Clock;
use crate::domain::outcome::Outcome;
use crate::domain::{EmailAddress, Language};
use crate::edition::EditionKey;
use crate::issue::Issue;
use crate::ledger::{Due, EditionId, PaceNote, Person, RecipientId, SqliteLedger, Standing};
use crate::readers::Latest;
use crate::render::RenderedEdition;
use crate::state::Place;
use crate::subscribers::Subscriber;

/// A settled plan, ready to go.
pub struct Delivery<T> {
    run: Run<T, SqliteLedger>,
    outbox: Arc<PlanOutbox>,
    /// Of each message in turn.
    lanes: Vec<Lane>,
    /// Those who were tried before, or are put off.
    retries: HashMap<RecipientId, Due>,
    throttle: Throttle,
}

impl<T: Transport> Delivery<T> {
    /// Renders what is due, as far as it is not among `rendered`, and lines it up.
    ///
    /// # Errors
    /// A template has a fault, or the ledger can't be read.
    #[expect(clippy::too_many_arguments, reason = "the joint of all rooms: each is named once, here")]
    pub fn prepare(
        newsletter: &Newsletter,
        issue: &Issue,
        desk: &Desk,
        settled: Settled,
        rendered: Vec<RenderedEdition>,
        limit: Option<usize>,
        signer: Signer,
        transport: T,
        pace: &Pace,
        watch: Arc<dyn Watch>,
        clock: Clock,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, PipelineError> {
        let Settled { plan, assembly, people } = settled;
        let mut line = Line::new(people, pace.throttle());
        let planned = desk.ledger().planned(&plan)?;
        planned.each(|person| line.add(&person))?;
        let Line { messages, lanes, retries, editions, throttle, is_proven, .. } = line;
        let keys = planned.editions()?;
        let editions: Vec<_> = editions.iter().filter_map(|edition| keys.get(edition).cloned()).collect();
        drop((planned, keys));
        let composer = newsletter.composer(&issue.id, plan.date, Kind::Issue);
        let editions = render_others(newsletter, issue, rendered, &editions)?;
        let editions = editions.iter().map(|edition| composer.prepare(edition)).collect::<Result<_, _>>()?;
        let outbox = Arc::new(PlanOutbox {
            latest: Latest::open(&newsletter.database(), newsletter.key())?,
            editions,
            assembly,
            messages,
            window: Mutex::default(),
            signer,
            clock: clock.clone(),
        });
        let run = Run {
            transport: Arc::new(transport),
            ledger: desk.ledger().clone(),
            outbox: outbox.clone(),
            watch: Arc::new(Recorder { watch, ledger: desk.ledger().clone(), plan: plan.id }),
            connections: pace.connections,
            window: pace.window,
            messages_per_connection: pace.messages_per_connection,
            hours: pace.hours.clone(),
            retry: pace.retry,
            judge: judge(&newsletter.folder)?,
            max_failure_rate: pace.max_failure_rate.fraction(),
            is_proven,
            limit,
            clock,
            chance: Chance::system(),
            stop,
        };
        Ok(Self { run, outbox, lanes, retries, throttle })
    }

    /// Delivers.
    ///
    /// # Errors
    /// The ledger can't be written, or the relay refuses us as such.
    pub async fn run(self) -> Result<End, PipelineError> {
        let Self { run, outbox, lanes, retries, throttle } = self;
        let numbers = (0..lanes.len()).map(move |at| outbox.messages.recipients()[at]);
        let jobs = numbers.zip(lanes).map(move |(recipient, lane)| match retries.get(&recipient) {
            Some(Due { attempts, first_attempt, at }) => {
                Job { recipient, lane, attempts: *attempts, first_attempt: *first_attempt, due: *at }
            }
            None => Job { recipient, lane, attempts: 0, first_attempt: None, due: None },
        });
        Ok(run.deliver(jobs, throttle).await?)
    }
}

/// Has the ledger take note of the pace, beside whoever watches.
struct Recorder {
    watch: Arc<dyn Watch>,
    ledger: SqliteLedger,
    plan: i64,
}

impl Watch for Recorder {
    fn outcome(&self, outcome: &Outcome) {
        self.watch.outcome(outcome);
    }

    fn withheld(&self) {
        self.watch.withheld();
    }

    fn waiting(&self, until: Timestamp, why: &Waiting) {
        self.watch.waiting(until, why);
    }

    fn slowed(&self, slowed: &Slowed) {
        self.watch.slowed(slowed);
    }

    fn paced(&self, note: PaceNote) {
        self.ledger.note_pace(self.plan, note);
    }
}

/// The editions of `keys` in their order, rendered where they are not among `rendered`.
fn render_others(
    newsletter: &Newsletter,
    issue: &Issue,
    rendered: Vec<RenderedEdition>,
    keys: &[EditionKey],
) -> Result<Vec<RenderedEdition>, PipelineError> {
    let mut known: HashMap<_, _> = rendered.into_iter().map(|edition| (edition.key.clone(), edition)).collect();
    let missing: Vec<_> = keys.iter().filter(|key| !known.contains_key(*key)).cloned().collect();
    let missing = render(newsletter, issue, &missing)?;
    known.extend(missing.into_iter().map(|edition| (edition.key.clone(), edition)));
    let each = keys.iter().enumerate();
    let taken = each.filter_map(|(at, key)| {
        let is_last = !keys[at + 1..].contains(key);
        if is_last { known.remove(key) } else { known.get(key).cloned() }
    });
    Ok(taken.collect())
}

/// Whoever is due, as they come out of the ledger.
struct Line {
    /// Who takes part, in the order of their numbers; those who have come are gone from it.
    people: Peekable<std::vec::IntoIter<(RecipientId, Place)>>,
    messages: Messages,
    lanes: Vec<Lane>,
    retries: HashMap<RecipientId, Due>,
    /// In the order in which they are needed.
    editions: Vec<EditionId>,
    places: HashMap<EditionId, usize>,
    throttle: Throttle,
    is_proven: bool,
}

impl Line {
    fn new(people: Vec<(RecipientId, Place)>, throttle: Throttle) -> Self {
        Self {
            messages: Messages::with_capacity(people.len()),
            lanes: Vec::with_capacity(people.len()),
            people: people.into_iter().peekable(),
            retries: HashMap::new(),
            editions: Vec::new(),
            places: HashMap::new(),
            throttle,
            is_proven: false,
        }
    }

    fn add(&mut self, person: &Person<'_>) {
        self.is_proven |= person.standing == Standing::Settled;
        while self.people.next_if(|(recipient, _)| *recipient < person.recipient).is_some() {}
        let Some((_, place)) = self.people.next_if(|(recipient, _)| *recipient == person.recipient) else { return };
        let (Standing::Due(due), Some(edition)) = (person.standing, person.edition) else { return };
        let at = *self.places.entry(edition).or_insert_with(|| {
            self.editions.push(edition);
            self.editions.len() - 1
        });
        self.messages.add(person.recipient, place, at);
        self.lanes.push(self.throttle.lane(domain(person.identity)));
        if due != (Due { attempts: 0, first_attempt: None, at: None }) {
            self.retries.insert(person.recipient, due);
        }
    }
}

/// Sends one marked test mail of all the issue's items to `address`; no ledger knows of it.
///
/// # Errors
/// A template has a fault, or the relay can't be reached or refuses us.
pub async fn send_test<T: Transport>(
    newsletter: &Newsletter,
    issue: &Issue,
    address: EmailAddress,
    language: Language,
    signer: &Signer,
    transport: T,
    clock: &Clock,
) -> Result<Outcome, PipelineError> {
    // Every item that is shown in this language, whatever its topics and conditions.
    let items = issue.items().filter(|item| item.only.as_ref().is_none_or(|only| *only == language));
    let key = EditionKey::new(vec![language.clone()], items.map(|item| item.id.clone()).collect());
    let person = test_reader(address, language);
    let rendered = render(newsletter, issue, &[key])?;
    let now = clock.now();
    let mut message = newsletter.composer(&issue.id, now, Kind::Test).compose(&rendered[0], &person)?;
    signer.sign(&mut message, now)?;
    let mut connection = transport.connect().await.map_err(|error| match error {
        ConnectError::Fatal { message, help } => refused(message, help),
        ConnectError::Transient(reply) => {
            refused(format!("the relay can't be reached: {reply}"), "check smtp.host and smtp.port, or try again later")
        }
    })?;
    let heard = connection.send_one(&message).await;
    connection.quit().await;
    Ok(heard.outcome)
}

/// Someone of whom nothing is known but the address.
fn test_reader(email: EmailAddress, language: Language) -> Subscriber {
    let languages = vec![language];
    Subscriber { email, name: None, languages, topics: BTreeSet::new(), columns: BTreeMap::new(), line: 0 }
}

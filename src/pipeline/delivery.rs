//! A settled plan to its end: editions rendered, messages composed as their turns come, the account closed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Desk, Newsletter, PipelineError, Proposal, Skip, refused, render};
use crate::compose::dkim::Signer;
use crate::compose::{Kind, OutboundMessage, Prepared};
use crate::config;
use crate::deliver::throttle::{Limits, Settings, Throttle};
use crate::deliver::{
    ConnectError, Connection as _, End, Job, Judge, NoMessage, Outbox, RetryPolicy, Run, Transport, Watch,
};
use crate::domain::chance::Chance;
use crate::domain::clock::Clock;
use crate::domain::outcome::Outcome;
use crate::domain::{EmailAddress, Hours, Language};
use crate::edition::EditionKey;
use crate::issue::Issue;
use crate::ledger::{Plan, RecipientId, SqliteLedger, Standing};
use crate::readers::Latest;
use crate::subscribers::Subscriber;

/// Whether anything leaves the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Send,
    Rehearsal,
}

/// How fast and how patiently a run goes: the configuration, and what this run has instead.
#[derive(Debug, Clone)]
pub struct Pace {
    pub rate: config::Rate,
    pub connections: usize,
    pub window: usize,
    pub batch: Option<config::Batch>,
    pub messages_per_connection: u32,
    pub adaptive: bool,
    pub per_domain: config::DomainLimits,
    pub domains: Vec<(String, config::DomainLimits)>,
    pub hours: Option<Hours>,
    pub retry: RetryPolicy,
    pub max_failure_rate: config::Share,
}

impl Pace {
    /// The configured pace; a rehearsal has no throttle, and retries soon.
    #[must_use]
    pub fn new(throttle: &config::Throttle, mode: Mode) -> Self {
        let pause = match mode {
            Mode::Send => throttle.retry_pause,
            Mode::Rehearsal => Duration::from_millis(20),
        };
        let retry = RetryPolicy {
            pause,
            longest: Duration::from_hours(1),
            times: throttle.retry_times,
            give_up: throttle.retry_for,
            wait: throttle.wait,
        };
        let configured = Self {
            rate: throttle.rate,
            connections: throttle.connections,
            window: throttle.window,
            batch: throttle.batch,
            messages_per_connection: throttle.messages_per_connection,
            adaptive: throttle.adaptive,
            per_domain: throttle.per_domain,
            domains: throttle.domains.clone(),
            hours: throttle.hours.clone(),
            retry,
            max_failure_rate: throttle.max_failure_rate,
        };
        match mode {
            Mode::Send => configured,
            // Nothing is burnt in a rehearsal, which shows the whole of it.
            Mode::Rehearsal => Self { max_failure_rate: config::Share::ALL, ..configured.unthrottled() },
        }
    }

    /// The same without a throttle of any kind: what is left are its connections and its retries.
    #[must_use]
    pub fn unthrottled(self) -> Self {
        Self {
            rate: config::Rate::MAX,
            batch: None,
            adaptive: false,
            per_domain: config::DomainLimits::NONE,
            domains: Vec::new(),
            hours: None,
            ..self
        }
    }

    fn throttle(&self) -> Throttle {
        let limits =
            |limits: &config::DomainLimits| Limits { rate: limits.rate.per_second(), connections: limits.connections };
        Throttle::new(Settings {
            rate: self.rate.per_second(),
            batch: self.batch.map(|batch| (batch.size, batch.pause)),
            adaptive: self.adaptive,
            any_domain: limits(&self.per_domain),
            domains: self.domains.iter().map(|(name, own)| (name.clone(), limits(own))).collect(),
        })
    }

    /// How long messages to these identities take at least.
    #[must_use]
    pub fn estimate(&self, identities: &[String]) -> Duration {
        let mut throttle = self.throttle();
        let mut messages = HashMap::new();
        for identity in identities {
            *messages.entry(throttle.lane(domain(identity))).or_insert(0) += 1;
        }
        throttle.estimate(&messages)
    }
}

/// An identity is an address with its domain in lower case and ASCII.
fn domain(identity: &str) -> &str {
    identity.rsplit('@').next().unwrap_or_default()
}

/// A settled plan, ready to go.
pub struct Delivery<T> {
    run: Run<T, SqliteLedger>,
    jobs: Vec<Job>,
    throttle: Throttle,
}

impl<T: Transport> Delivery<T> {
    /// Renders what is due and lines it up.
    ///
    /// # Errors
    /// A template has a fault, or the ledger can't be read.
    #[expect(clippy::too_many_arguments, reason = "the joint of all rooms: each is named once, here")]
    pub fn prepare(
        newsletter: &Newsletter,
        issue: &Issue,
        desk: &Desk,
        plan: &Plan,
        proposal: &Proposal,
        signer: Signer,
        transport: T,
        pace: &Pace,
        watch: Arc<dyn Watch>,
        clock: Clock,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, PipelineError> {
        let mut editions: Vec<EditionKey> = Vec::new();
        let mut places: HashMap<EditionKey, usize> = HashMap::new();
        let mut messages = HashMap::new();
        let mut jobs = Vec::new();
        let mut throttle = pace.throttle();
        let people = desk.people(plan)?;
        let is_proven = people.iter().any(|person| person.standing == Standing::Settled);
        let takes_part = proposal.participants();
        for person in people {
            if !takes_part(&person) {
                continue;
            }
            let (Standing::Due(due), Some(edition), Some(reader)) =
                (person.standing, person.edition, proposal.place(&person.identity))
            else {
                continue;
            };
            let at = *places.entry(edition).or_insert_with_key(|edition| {
                editions.push(edition.clone());
                editions.len() - 1
            });
            messages.insert(person.recipient, (reader, at));
            jobs.push(Job {
                recipient: person.recipient,
                lane: throttle.lane(domain(&person.identity)),
                attempts: due.attempts,
                first_attempt: due.first_attempt,
                due: due.at,
            });
        }
        let composer = newsletter.composer(&issue.id, plan.date, Kind::Issue);
        let editions = render(newsletter, issue, &editions)?;
        let editions = editions.iter().map(|edition| composer.prepare(edition)).collect::<Result<_, _>>()?;
        let classifier = super::classifier(&newsletter.folder)?;
        let judge: Judge = Arc::new(move |reply, stage| classifier.of_session(reply, stage));
        let outbox = PlanOutbox {
            latest: Latest::open(&newsletter.database(), newsletter.key())?,
            editions,
            people: proposal.assembly.roster.people.clone(),
            messages,
            signer,
            clock: clock.clone(),
        };
        let run = Run {
            transport: Arc::new(transport),
            ledger: desk.ledger().clone(),
            outbox: Arc::new(outbox),
            watch,
            connections: pace.connections,
            window: pace.window,
            messages_per_connection: pace.messages_per_connection,
            hours: pace.hours.clone(),
            retry: pace.retry,
            judge,
            max_failure_rate: pace.max_failure_rate.fraction(),
            is_proven,
            limit: proposal.whom().limit,
            clock,
            chance: Chance::system(),
            stop,
        };
        Ok(Self { run, jobs, throttle })
    }

    /// Delivers.
    ///
    /// # Errors
    /// The ledger can't be written, or the relay refuses us as such.
    pub async fn run(self) -> Result<End, PipelineError> {
        Ok(self.run.deliver(self.jobs, self.throttle).await?)
    }
}

/// Composes from prepared editions and the list.
struct PlanOutbox {
    /// Who left since the run began.
    latest: Latest,
    signer: Signer,
    /// Tells when a signature is made.
    clock: Clock,
    people: Vec<Subscriber>,
    editions: Vec<Prepared>,
    /// Places in both.
    messages: HashMap<RecipientId, (usize, usize)>,
}

impl Outbox for PlanOutbox {
    fn message(&self, recipient: RecipientId) -> Result<OutboundMessage, NoMessage> {
        let unknown = || NoMessage::Impossible("not in the plan".to_owned());
        let (person, edition) = self.messages.get(&recipient).ok_or_else(unknown)?;
        let person = &self.people[*person];
        if let Some(suppression) = self.latest.suppression(&person.email)? {
            return Err(NoMessage::Withheld(Skip::Suppressed(suppression).to_string()));
        }
        let message = self.editions[*edition].message(person);
        let mut message = message.map_err(|error| NoMessage::Impossible(error.to_string()))?;
        let signed = self.signer.sign(&mut message, self.clock.now());
        signed.map_err(|error| NoMessage::Impossible(error.to_string()))?;
        Ok(message)
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

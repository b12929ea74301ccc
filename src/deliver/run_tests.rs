//! Whole runs over a transport and a ledger that only remember, under a simulated clock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use super::throttle::{Settings, Slowed, Throttle};
use super::{
    ConnectError, Connection, DeliverError, End, Heard, Job, NoMessage, Outbox, RetryPolicy, Run, Transport, Waiting,
    Watch,
};
use crate::compose::{Envelope, OutboundMessage};
use crate::domain::Reason;
use crate::domain::chance::Chance;
use crate::domain::clock::Clock;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::ledger::{Ended, Ledger, RecipientId};
use crate::state::StateError;

/// What the relay says to the nth message that it is handed.
type Answers = Arc<dyn Fn(u64) -> Outcome + Send + Sync>;

/// How many messages went together, each time.
type Flights = Arc<Mutex<Vec<usize>>>;

struct Post {
    answers: Answers,
    count: Arc<AtomicU64>,
    flights: Flights,
}

impl Transport for Post {
    type Connection = Line;

    async fn connect(&self) -> Result<Line, ConnectError> {
        let (answers, count, flights) = (Arc::clone(&self.answers), Arc::clone(&self.count), Arc::clone(&self.flights));
        Ok(Line { answers, count, flights })
    }
}

struct Line {
    answers: Answers,
    count: Arc<AtomicU64>,
    flights: Flights,
}

impl Connection for Line {
    async fn send(&mut self, messages: &[OutboundMessage], mut tell: impl FnMut(usize, Heard) + Send) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.flights.lock().unwrap().push(messages.len());
        for place in 0..messages.len() {
            let outcome = (self.answers)(self.count.fetch_add(1, Ordering::Relaxed));
            tell(place, Heard { outcome, stage: Stage::Rcpt });
        }
    }

    fn most_at_once(&self) -> usize {
        usize::MAX
    }

    fn remote(&self) -> &'static str {
        "relay.test"
    }

    fn is_usable(&self) -> bool {
        true
    }

    async fn quit(self) {}
}

/// Who was attempted how often, and where they stand; and how many were in flight at most.
#[derive(Clone, Default)]
struct Books(Arc<Mutex<BTreeMap<i64, (u32, &'static str)>>>, Arc<AtomicUsize>);

impl Ledger for Books {
    async fn note(&self, ended: Vec<Ended>, begun: Vec<RecipientId>, _at: Timestamp) -> Result<Vec<Ended>, StateError> {
        let mut books = self.0.lock().unwrap();
        for (recipient, record) in &ended {
            let state = match record.outcome {
                Outcome::Accepted(_) => "accepted",
                Outcome::Deferred(_) => "deferred",
                Outcome::Rejected(_) => "rejected",
                Outcome::Unknown(_) => "unknown",
            };
            books.entry(recipient.0).or_default().1 = state;
        }
        for recipient in begun {
            let (attempts, state) = books.entry(recipient.0).or_insert((0, "pending"));
            assert!(["pending", "deferred"].contains(state), "{recipient:?} is {state} and attempted again");
            (*attempts, *state) = (*attempts + 1, "attempting");
        }
        let in_flight = books.values().filter(|(_, state)| *state == "attempting").count();
        self.1.fetch_max(in_flight, Ordering::Relaxed);
        Ok(ended)
    }

    async fn withhold(&self, _recipient: RecipientId, _reason: String) -> Result<(), StateError> {
        Ok(())
    }

    async fn put_off(&self, recipients: Vec<RecipientId>, _at: Timestamp) -> Result<(), StateError> {
        let mut books = self.0.lock().unwrap();
        for recipient in recipients {
            books.entry(recipient.0).or_default().1 = "deferred";
        }
        Ok(())
    }
}

impl Books {
    fn count(&self, state: &str) -> usize {
        self.0.lock().unwrap().values().filter(|(_, known)| *known == state).count()
    }

    fn attempts(&self) -> u32 {
        self.0.lock().unwrap().values().map(|(attempts, _)| attempts).sum()
    }
}

struct Letters;

impl Outbox for Letters {
    fn message(&self, recipient: RecipientId) -> Result<OutboundMessage, NoMessage> {
        let recipient = format!("reader{}@example.org", recipient.0).parse().unwrap();
        let envelope =
            Envelope { return_path: "news@example.org".parse().unwrap(), recipient, id: "b0".parse().unwrap() };
        Ok(OutboundMessage { envelope, content: b"hi\r\n".to_vec().into() })
    }
}

struct Nobody;

impl Watch for Nobody {
    fn outcome(&self, _outcome: &Outcome) {}
    fn withheld(&self) {}
    fn waiting(&self, _until: Timestamp, _why: &Waiting) {}
    fn slowed(&self, _slowed: &Slowed) {}
}

/// How a run differs from one that sends a message at a time, all of them, without a throttle.
struct Manner {
    window: usize,
    limit: Option<usize>,
    messages_per_connection: u32,
    settings: Settings,
}

impl Default for Manner {
    fn default() -> Self {
        Self { window: 1, limit: None, messages_per_connection: 100, settings: Settings::default() }
    }
}

/// A run for so many readers, its ledger, and what tells the time of day apart from the simulated clock.
async fn run(readers: i64, answers: Answers, jump: Arc<AtomicI64>) -> (Result<End, DeliverError>, Books, Duration) {
    let flights = Flights::default();
    run_as(Manner::default(), readers, answers, jump, &flights).await
}

async fn run_as(
    manner: Manner,
    readers: i64,
    answers: Answers,
    jump: Arc<AtomicI64>,
    flights: &Flights,
) -> (Result<End, DeliverError>, Books, Duration) {
    let start = Instant::now();
    let noon: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
    let clock =
        Clock::from_fn(move || noon + start.elapsed() + SignedDuration::from_secs(jump.load(Ordering::Relaxed)));
    let mut throttle = Throttle::new(manner.settings);
    let lane = throttle.lane("example.org");
    let job = |number| Job { recipient: RecipientId(number), lane, attempts: 0, first_attempt: None, due: None };
    let books = Books::default();
    let (_sender, stop) = watch::channel(false);
    let run = Run {
        transport: Arc::new(Post { answers, count: Arc::default(), flights: Arc::clone(flights) }),
        ledger: books.clone(),
        outbox: Arc::new(Letters),
        watch: Arc::new(Nobody),
        connections: 2,
        window: manner.window,
        messages_per_connection: manner.messages_per_connection,
        hours: None,
        retry: RetryPolicy {
            pause: Duration::from_secs(10),
            longest: Duration::from_hours(1),
            times: 30,
            give_up: Duration::from_hours(24),
            wait: Duration::from_mins(2),
        },
        judge: Arc::new(|_, _| Reason::Unknown),
        max_failure_rate: 1.0,
        is_proven: false,
        limit: manner.limit,
        clock,
        chance: Chance::from_fn(|| 0.5),
        stop,
    };
    let end = run.deliver((0..readers).map(job).collect::<Vec<_>>(), throttle).await;
    (end, books, start.elapsed())
}

fn reply(code: u16, enhanced: &str) -> Reply {
    Reply { code, enhanced: Some(enhanced.into()), text: String::new() }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_in_mid_run_neither_stalls_it_nor_sends_anything_twice() {
    for seconds in [-86_400, -3600, 3600, 20 * 3600] {
        let jump = Arc::new(AtomicI64::new(0));
        let set = Arc::clone(&jump);
        let answers: Answers = Arc::new(move |count| {
            if count == 5 {
                set.store(seconds, Ordering::Relaxed);
            }
            // The first ten are told to come back.
            if count < 10 { Outcome::Deferred(reply(451, "4.3.0")) } else { Outcome::Accepted(reply(250, "2.0.0")) }
        });
        let (end, books, took) = run(20, answers, jump).await;
        assert_eq!(end.unwrap(), End::Done { next_due: None }, "{seconds}");
        assert_eq!((books.count("accepted"), books.attempts()), (20, 30), "{seconds}");
        assert!((10..12).contains(&took.as_secs()), "{seconds}: a retry after 10 s, and not another time: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_along_with_everyone_is_put_off_and_not_rejected() {
    let answers: Answers = Arc::new(|_| Outcome::Rejected(reply(550, "5.7.1")));
    let (end, books, _) = run(50, answers, Arc::default()).await;
    let Err(DeliverError::Relay { message, help }) = end else { panic!("{end:?}") };
    assert!(message.contains("to each of the first") && help.contains("nobody is lost"), "{message}: {help}");
    assert_eq!((books.count("rejected"), books.count("deferred")), (0, usize::try_from(books.attempts()).unwrap()));
    assert!((10..=11).contains(&books.attempts()), "{}", books.attempts());
}

#[tokio::test(start_paused = true)]
async fn retries_grow_apart_until_they_are_more_than_a_run_waits_for() {
    let answers: Answers = Arc::new(|_| Outcome::Deferred(reply(451, "4.3.0")));
    let (end, books, took) = run(1, answers, Arc::default()).await;
    assert!(matches!(end.unwrap(), End::Done { next_due: Some(_) }));
    // After 10, 20, 40 and 80 seconds the next pause would be 160, and 2 minutes are waited for.
    assert_eq!((books.attempts(), books.count("deferred")), (4, 1));
    assert!((70..71).contains(&took.as_secs()), "{took:?}");
}

/// What becomes of so many readers in a run of this manner, how many messages went together each time, and how many were
/// in flight at most.
async fn flown(manner: Manner, readers: i64) -> (Books, Vec<usize>, usize) {
    let flights = Flights::default();
    let answers: Answers = Arc::new(|_| Outcome::Accepted(reply(250, "2.0.0")));
    let (end, books, _) = run_as(manner, readers, answers, Arc::default(), &flights).await;
    end.unwrap();
    let (flights, most) = (flights.lock().unwrap().clone(), books.1.load(Ordering::Relaxed));
    (books, flights, most)
}

#[tokio::test(start_paused = true)]
async fn a_window_bounds_what_is_in_flight_over_each_connection() {
    for window in [1, 3, 16] {
        let (books, flights, most) = flown(Manner { window, ..Manner::default() }, 50).await;
        assert_eq!((books.count("accepted"), books.attempts()), (50, 50), "{window}");
        assert_eq!(flights.iter().max(), Some(&window), "{window}: {flights:?}");
        assert!(most <= 2 * window, "{window}: {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_flight_is_longer_than_what_a_connection_or_a_limit_or_the_pace_leaves() {
    let manner = Manner { window: 16, messages_per_connection: 5, ..Manner::default() };
    let (_, flights, _) = flown(manner, 50).await;
    assert_eq!(flights, [5; 10]);
    let (books, _, _) = flown(Manner { window: 16, limit: Some(21), ..Manner::default() }, 50).await;
    assert_eq!(books.attempts(), 21);
    let settings = Settings { rate: Some(10.0), ..Settings::default() };
    let (_, flights, _) = flown(Manner { window: 16, settings, ..Manner::default() }, 20).await;
    assert_eq!(flights, [1; 20]);
}

#[tokio::test(start_paused = true)]
async fn retries_and_everyones_refusal_are_the_same_in_flights() {
    let answers: Answers = Arc::new(|count| match count {
        0..30 => Outcome::Deferred(reply(451, "4.3.0")),
        _ => Outcome::Accepted(reply(250, "2.0.0")),
    });
    let wide = || Manner { window: 16, ..Manner::default() };
    let (end, books, _) = run_as(wide(), 40, answers, Arc::default(), &Flights::default()).await;
    assert_eq!(end.unwrap(), End::Done { next_due: None });
    assert_eq!((books.count("accepted"), books.attempts()), (40, 70));
    let answers: Answers = Arc::new(|_| Outcome::Rejected(reply(550, "5.7.1")));
    let (end, books, _) = run_as(wide(), 200, answers, Arc::default(), &Flights::default()).await;
    assert!(matches!(end, Err(DeliverError::Relay { .. })), "{end:?}");
    assert_eq!((books.count("rejected"), books.count("deferred")), (0, 32));
}

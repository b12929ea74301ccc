//! The schedule under a simulated clock: workers that ask, take and settle, and the pace of what they do.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tokio::time::Instant;

use super::queue::Job;
use super::schedule::{GoesOn, Look, Schedule, Turn};
use super::throttle::{Lane, Limits, Settings, Throttle};
use super::{RetryPolicy, Waiting};
use crate::domain::Hours;
use crate::domain::outcome::{Outcome, Reply, Stage};
use crate::ledger::RecipientId;

const RETRY: RetryPolicy = RetryPolicy {
    pause: Duration::from_secs(10),
    longest: Duration::from_hours(1),
    times: 30,
    give_up: Duration::from_hours(24),
    wait: Duration::from_mins(2),
};

const DOMAINS: [&str; 3] = ["example.org", "example.net", "example.com"];

fn job(recipient: i64, lane: Lane) -> Job {
    Job { recipient: RecipientId(recipient), lane, attempts: 0, first_attempt: None, due: None }
}

/// So many jobs in the lanes of `DOMAINS` by turn.
fn jobs(throttle: &mut Throttle, count: usize) -> Vec<Job> {
    let lanes = DOMAINS.map(|domain| throttle.lane(domain));
    (0..count).map(|at| job(i64::try_from(at).unwrap(), lanes[at % lanes.len()])).collect()
}

fn schedule(settings: Settings, count: usize, now: Instant) -> Schedule {
    let mut throttle = Throttle::new(settings);
    let jobs = jobs(&mut throttle, count);
    Schedule::new(jobs, throttle, RETRY, None, now, wall(now, now))
}

/// A time of day that goes with the simulated clock.
fn wall(start: Instant, now: Instant) -> Timestamp {
    Timestamp::UNIX_EPOCH + (now - start)
}

fn accepted() -> Outcome {
    Outcome::Accepted(Reply { code: 250, ..Reply::default() })
}

fn slow_down() -> Outcome {
    Outcome::Deferred(Reply { code: 450, enhanced: Some("4.7.1".into()), text: String::new() })
}

/// What a simulated run did: when each message went, and in which lane.
struct Simulated {
    taken: Vec<(Duration, usize)>,
}

/// Runs it to its end with so many workers, each of which needs as long for a message as `delays` says, in milliseconds.
fn simulate(mut schedule: Schedule, workers: usize, delays: &[u64], outcome: impl Fn(usize) -> Outcome) -> Simulated {
    let start = Instant::now();
    let mut now = start;
    let mut busy: BTreeMap<(Instant, usize), Turn> = BTreeMap::new();
    let mut taken = Vec::new();
    for _ in 0..100_000 {
        while let Some((&(until, number), _)) = busy.first_key_value()
            && until <= now
        {
            let turn = busy.remove(&(until, number)).unwrap();
            schedule.settle(turn, Some((&outcome(turn.job.lane.0), Stage::Rcpt)), GoesOn::No, now);
        }
        let ends = busy.first_key_value().map(|((until, _), _)| *until);
        let wakes = match schedule.look(true, now, wall(start, now)) {
            Look::End => return Simulated { taken },
            Look::Work if busy.len() < workers => {
                let turn = schedule.take(now, wall(start, now)).expect("work is there to be taken");
                let number = taken.len();
                let until = now + Duration::from_millis(1 + delays[number % delays.len()]);
                busy.insert((until, number), turn);
                taken.push((now - start, turn.job.lane.0));
                continue;
            }
            Look::Work => None,
            Look::Wait(wait) => wait.until,
        };
        let next = ends.into_iter().chain(wakes).min().expect("someone waits for nothing");
        assert!(next > now, "a wait that is over already");
        now = next;
    }
    panic!("a run without end");
}

fn limits() -> impl Strategy<Value = Limits> {
    let rate = proptest::option::of((1_u32..40).prop_map(|rate| f64::from(rate) / 4.0));
    (rate, proptest::option::of(1_usize..4)).prop_map(|(rate, connections)| Limits { rate, connections })
}

/// Never more than `rate` allows, over any stretch.
fn within(rate: Option<f64>, times: &[Duration]) -> Result<(), TestCaseError> {
    let Some(rate) = rate else { return Ok(()) };
    for (first, from) in times.iter().enumerate() {
        for (last, to) in times.iter().enumerate().skip(first) {
            let room = to.saturating_sub(*from).as_secs_f64() * rate + 1.0;
            prop_assert!((last - first + 1) as f64 <= room + 1e-6, "{first}..{last} at {rate}/s: {times:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_window_of_any_length_exceeds_the_rate_of_the_run_or_of_a_domain(
        rate in proptest::option::of((1_u32..80).prop_map(|rate| f64::from(rate) / 4.0)),
        any_domain in limits(),
        own in limits(),
        workers in 1_usize..6,
        takes in proptest::collection::vec(0_u64..2_000, 1..20),
        complaints in 0_usize..3,
    ) {
        let domains = vec![(DOMAINS[0].to_owned(), own)];
        let settings = Settings { rate, adaptive: true, any_domain, domains, ..Settings::default() };
        let done = simulate(schedule(settings, 60, Instant::now()), workers, &takes, |lane| {
            if lane < complaints { slow_down() } else { accepted() }
        });
        prop_assert_eq!(done.taken.len(), 60, "nobody is left out");
        let of = |lane: Option<usize>| -> Vec<Duration> {
            done.taken.iter().filter(|(_, at)| lane.is_none_or(|lane| lane == *at)).map(|(time, _)| *time).collect()
        };
        within(rate, &of(None))?;
        within(own.rate, &of(Some(0)))?;
        within(any_domain.rate, &of(Some(1)))?;
        within(any_domain.rate, &of(Some(2)))?;
    }
}

#[test]
fn a_domain_that_must_wait_holds_up_no_other() {
    let slow = Limits { rate: Some(1.0 / 3600.0), connections: Some(1) };
    let settings = Settings { domains: vec![(DOMAINS[0].to_owned(), slow)], ..Settings::default() };
    let done = simulate(schedule(settings, 30, Instant::now()), 2, &[10], |_| accepted());
    let last = |lane| done.taken.iter().filter(|(_, at)| *at == lane).map(|(time, _)| *time).max().unwrap();
    assert!(last(1) < Duration::from_secs(1) && last(2) < Duration::from_secs(1));
    assert!(last(0) >= Duration::from_hours(9), "ten messages, an hour apart");
}

#[test]
fn without_limits_the_order_is_that_of_the_list() {
    let done = simulate(schedule(Settings::default(), 12, Instant::now()), 3, &[5, 1, 9], |_| accepted());
    let lanes: Vec<_> = done.taken.iter().map(|(_, lane)| *lane).collect();
    assert_eq!(lanes, [0, 1, 2].repeat(4));
}

#[test]
fn a_retry_goes_before_first_attempts_once_it_is_due() {
    let now = Instant::now();
    let mut throttle = Throttle::new(Settings::default());
    let mut list = jobs(&mut throttle, 4);
    list[3].due = Some(Timestamp::UNIX_EPOCH + Duration::from_secs(5));
    let mut schedule = Schedule::new(list, throttle, RETRY, None, now, Timestamp::UNIX_EPOCH);
    let mut take = |after| {
        let now = now + Duration::from_secs(after);
        schedule.take(now, Timestamp::UNIX_EPOCH).map(|turn| turn.job.recipient.0)
    };
    assert_eq!([take(0), take(5), take(5), take(5), take(5)], [Some(0), Some(3), Some(1), Some(2), None]);
}

#[test]
fn a_clock_that_is_set_back_or_forwards_neither_stalls_a_retry_nor_hurries_it() {
    let start = Instant::now();
    let noon: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
    for jump in [-86_400 * 365, -3600, 3600, 86_400 * 365] {
        let mut schedule = schedule(Settings::default(), 1, start);
        let turn = schedule.take(start, noon).unwrap();
        let retry = turn.job.tried(noon, noon + Duration::from_secs(10));
        schedule.settle(turn, None, GoesOn::Again, start);
        schedule.come_back(retry, start, noon);
        let jumped = noon + jiff::SignedDuration::from_secs(jump);
        assert!(schedule.take(start + Duration::from_millis(9_999), jumped).is_none(), "{jump}: hurried");
        assert!(schedule.take(start + Duration::from_secs(10), jumped).is_some(), "{jump}: stalled");
    }
}

#[test]
fn a_retry_that_an_earlier_run_put_off_before_the_clock_was_set_back_is_due_within_the_longest_pause() {
    let now = Instant::now();
    let noon: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
    let mut throttle = Throttle::new(Settings::default());
    let lane = throttle.lane(DOMAINS[0]);
    let due = Some(noon + Duration::from_hours(24 * 365));
    let jobs = vec![Job { attempts: 1, due, ..job(1, lane) }];
    let mut schedule = Schedule::new(jobs, throttle, RETRY, None, now, noon);
    assert!(schedule.take(now + Duration::from_mins(74), noon).is_none());
    assert!(schedule.take(now + Duration::from_mins(75), noon).is_some());
}

#[test]
fn outside_its_hours_nothing_goes_and_the_run_waits_however_long() {
    let now = Instant::now();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (night, morning) = (at("2026-01-15T23:00:00Z"), at("2026-01-16T14:00:00Z"));
    let hours = Hours::parse("09:00-17:00", TimeZone::get("America/Toronto").unwrap()).unwrap();
    let mut throttle = Throttle::new(Settings::default());
    let jobs = jobs(&mut throttle, 1);
    let mut schedule = Schedule::new(jobs, throttle, RETRY, Some(hours), now, night);
    let Look::Wait(wait) = schedule.look(false, now, night) else { panic!("it does not wait") };
    assert_eq!(wait.told, Some((morning, Waiting::Hours)));
    assert_eq!(wait.until, Some(now + Duration::from_hours(15)));
    assert_eq!(schedule.take(now, night), None);
    assert!(matches!(schedule.look(false, now, morning), Look::Work));
    let turn = schedule.take(now, morning).unwrap();
    // A retry that would have to wait for the next day is not waited for.
    let evening = at("2026-01-16T21:59:55Z");
    schedule.settle(turn, None, GoesOn::Again, now);
    schedule.come_back(turn.job.tried(evening, evening + Duration::from_secs(10)), now, evening);
    assert!(matches!(schedule.look(false, now, evening), Look::Wait(_)));
    assert!(matches!(schedule.look(false, now, at("2026-01-16T22:00:00Z")), Look::End));
}

#[test]
fn no_more_connections_are_opened_than_there_are_jobs_for_them() {
    let now = Instant::now();
    let mut schedule = schedule(Settings::default(), 2, now);
    let mut look = |holds| matches!(schedule.look(holds, now, Timestamp::UNIX_EPOCH), Look::Work);
    assert_eq!([look(false), look(false), look(false), look(true)], [true, true, false, true]);
}

#[test]
fn nobody_is_tried_again_and_no_run_ends_before_the_last_outcome_is_on_the_disk() {
    let now = Instant::now();
    let noon: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
    let mut schedule = schedule(Settings::default(), 1, now);
    let turn = schedule.take(now, noon).unwrap();
    let retry = turn.job.tried(noon, noon + Duration::from_secs(1));
    schedule.settle(turn, None, GoesOn::Again, now);
    let later = now + Duration::from_secs(5);
    assert!(schedule.take(later, noon).is_none());
    assert!(matches!(schedule.look(true, later, noon), Look::Wait(_)));
    schedule.come_back(retry, now, noon);
    assert!(matches!(schedule.look(true, later, noon), Look::Work));
    assert!(schedule.take(later, noon).is_some());
}

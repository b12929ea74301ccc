//! The program is killed, again and again, and nobody is lost or mailed twice.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, Instant};

use super::stage::{Account, Books, ISSUE, Post, Running, list, reader, send, within_patience};
use crate::project::Project;
use bulletin::rehearsal::{CatcherOptions, Tally};

/// Kills that must have met a process that was alive, unless `BULLETIN_TEST_KILLS` says otherwise.
const KILLS: u64 = 20;
const CONNECTIONS: u64 = 3;

/// How the runs go that are killed.
struct Manner {
    rate: &'static str,
    window: u64,
    kills: u64,
    /// So many that some are left after the last kill.
    readers_a_kill: usize,
}

/// `SplitMix64`: small, public, and good enough to be unpredictable for a program under test.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[test]
fn a_send_that_is_killed_at_random_moments_loses_nobody_and_mails_nobody_twice() {
    kill_again_and_again(&Manner { rate: "200/s", window: 1, kills: KILLS, readers_a_kill: 30 });
}

#[test]
fn a_send_with_a_window_that_is_killed_leaves_no_more_in_doubt_than_was_in_flight() {
    kill_again_and_again(&Manner { rate: "max", window: 16, kills: KILLS / 4, readers_a_kill: 150 });
}

#[expect(clippy::print_stdout, reason = "only a failure shows it")]
fn kill_again_and_again(manner: &Manner) {
    let seed = std::env::var("BULLETIN_TEST_SEED")
        .map_or_else(|_| RandomState::new().build_hasher().finish(), |seed| seed.parse().unwrap());
    println!("BULLETIN_TEST_SEED={seed} brings these moments back, as far as the machine lets it");
    let mut random = Random(seed);
    let due = std::env::var("BULLETIN_TEST_KILLS").map_or(manner.kills, |kills| kills.parse().unwrap());
    let readers = manner.readers_a_kill * usize::try_from(due).unwrap();
    let chaos =
        "451:5%,421:1%,451@body:1%,drop@data:1%,drop:1%,lost:1%,half:1%,half@rcpt:1%,slow=15ms:20%".parse().unwrap();
    let post = Post::with(CatcherOptions { chaos, seed, ..CatcherOptions::default() });
    let project = Project::sample();
    project.edit("bulletin.toml", "batch = 200\npause = \"30s\"", "retry_pause = \"50ms\"\nadaptive = false");
    project.write("people.csv", &list(readers));
    let digest = project.digest(ISSUE);
    let window = manner.window.to_string();
    let options = |rate| {
        let pace = ["--connections", "3", "--window", &window, "--rate", rate, "--wait", "30s"];
        [&["--subscribers", "people.csv"], pace.as_slice()].concat()
    };

    let mut kills = 0;
    let mut before = Account::default();
    for _ in 0..10 * due {
        if kills == due {
            break;
        }
        let (start, at_start) = (post.count(), post.tally());
        let run = send(&project, &post.url(), &digest, &options(manner.rate));
        kills += u64::from(kill_at_a_random_moment(run, &post, &mut random));

        let Some(account) = account(&project) else {
            assert_eq!((start, post.count()), (0, 0), "something was sent without a plan");
            continue;
        };
        let tally = post.tally();
        let silences = |tally: &Tally| tally.lost + tally.dropped + tally.halved;
        let silent = silences(&tally) - silences(&at_start);
        let grew = account.unknown - before.unknown;
        // A server that breaks off leaves a flight in doubt, and so does the kill on each connection.
        let most = (CONNECTIONS + silent) * manner.window;
        assert!(grew <= most, "{grew} became unknown, in {silent} flights by the relay's fault");
        assert!(account.accepted >= before.accepted && account.accepted <= post.count(), "{account:?}");
        assert_eq!(account.planned, readers as u64);
        before = account;
    }
    assert_eq!(kills, due, "the list was at its end before the kills were");
    assert!(before.unknown > 0 && before.pending > 0, "the kills met nothing in flight: {before:?}");

    let said = send(&project, &post.url(), &digest, &options("max")).end();
    let account = Account::of(&said);
    assert_eq!((account.pending, account.deferred, account.rejected), (0, 0, 0), "{said:#?}");
    let books = Books::read(&project);
    assert_eq!(books.account, account);

    let mut everyone: Vec<_> = books.people.iter().map(|person| person.email.clone()).collect();
    everyone.sort();
    assert_eq!(everyone, (0..readers).map(reader).collect::<Vec<_>>(), "planned are not those of the list");
    // That nobody was mailed twice is asserted in here.
    let taken = post.recipients();
    let (accepted, unknown) = (books.emails("accepted"), books.emails("unknown"));
    assert!(accepted.iter().all(|email| taken.contains(email)), "accepted, and the relay knows nothing of it");
    assert!(taken.iter().all(|email| accepted.contains(email) || unknown.contains(email)), "sent off the books");
    assert_eq!(accepted.len() + unknown.len(), readers, "someone was lost");
    assert_eq!(post.tally().mistakes, 0);
}

/// Kills the run when a random number of messages arrived or, now and then, after a random time, which
/// may be before the first. Tells whether it was still alive.
fn kill_at_a_random_moment(mut run: Running, post: &Post, random: &mut Random) -> bool {
    let start = Instant::now();
    let arrived = post.count();
    let patience = if random.below(4) == 0 { random.below(300) } else { 60_000 };
    let messages = 1 + random.below(16);
    within_patience("a moment to kill at", || {
        let now = post.count() >= arrived + messages || start.elapsed() >= Duration::from_millis(patience);
        (now || !run.is_alive()).then_some(())
    });
    run.kill().code().is_none()
}

/// The account after a kill; none where there is no plan yet.
fn account(project: &Project) -> Option<Account> {
    let said = project.run(&["status", ISSUE, "--json"]);
    (said.status != Some(2)).then(|| Account::of(&said))
}

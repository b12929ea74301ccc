//! Who is struck: the draw behind [`Chaos`].
//!
//! In come the rules, a seed, and whom it is about (a connection, a sender or a
//! recipient, and how often that one was tried before); out comes the misbehaviour
//! to show, if any. A draw is a hash of exactly these, so the same list and seed
//! misbehave in the same way however many connections the sender opens. The mixing
//! is FNV-1a over the text and the finaliser of `SplitMix64` over the numbers:
//! public, tiny and good enough where nobody tries to cheat.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::chaos::{Chaos, Kind, Stage, WHOLE};

/// The rules with their seed and the memory of who was tried how often.
pub(super) struct Dice {
    chaos: Chaos,
    seed: u64,
    tries: Mutex<HashMap<(Stage, String), u64>>,
}

/// Whom a draw is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// The n-th connection of this catcher.
    Connection(u64),
    /// A reverse-path, the n-th time it is seen.
    Sender(String, u64),
    /// A recipient, the n-th time it is tried.
    Recipient(String, u64),
}

impl Dice {
    pub(super) fn new(chaos: Chaos, seed: u64) -> Self {
        Self { chaos, seed, tries: Mutex::default() }
    }

    /// Counts one more MAIL with this reverse-path.
    pub(super) fn sender(&self, path: &str) -> Subject {
        let (path, nth) = self.count(Stage::Mail, path);
        Subject::Sender(path, nth)
    }

    /// Counts one more RCPT for this recipient.
    pub(super) fn recipient(&self, path: &str) -> Subject {
        let (path, nth) = self.count(Stage::Rcpt, path);
        Subject::Recipient(path, nth)
    }

    fn count(&self, stage: Stage, path: &str) -> (String, u64) {
        if self.chaos.is_calm() {
            return (String::new(), 0);
        }
        let key = path.to_lowercase();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = tries.entry((stage, key.clone())).or_default();
        *nth += 1;
        (key, *nth)
    }

    /// What happens to this one at this stage; `None` is an honest reply.
    ///
    /// A recipient refused with a 5yz code is refused so at each try, as a mailbox
    /// that does not exist would be. Only a recipient: one reverse-path may stand for
    /// the whole list, and a permanent verdict over it would be all or nothing.
    pub(super) fn draw(&self, stage: Stage, subject: &Subject) -> Option<Kind> {
        let (key, nth) = match subject {
            Subject::Connection(nth) => ("", *nth),
            Subject::Sender(path, nth) | Subject::Recipient(path, nth) => (path.as_str(), *nth),
        };
        let lasting = |kind: Kind| kind.is_permanent() && matches!(subject, Subject::Recipient(..));
        let for_good: u32 = self.chaos.at(stage).filter(|rule| lasting(rule.kind)).map(|rule| rule.share).sum();
        if for_good > 0
            && let Some(kind) = self.pick(stage, self.roll(stage, key, 0, WHOLE), lasting)
        {
            return Some(kind);
        }
        // The others share what is left, so that over the first tries each rule
        // strikes exactly as often as it says.
        let rest = WHOLE - for_good;
        self.pick(stage, self.roll(stage, key, nth, rest), |kind| !lasting(kind))
    }

    /// The rule whose stretch of the line the roll falls on.
    fn pick(&self, stage: Stage, roll: u32, eligible: impl Fn(Kind) -> bool) -> Option<Kind> {
        let mut left = roll;
        for rule in self.chaos.at(stage).filter(|rule| eligible(rule.kind)) {
            if left < rule.share {
                return Some(rule.kind);
            }
            left -= rule.share;
        }
        None
    }

    /// A number below `sides`; the n of a try starts at 1, 0 is the roll for good.
    fn roll(&self, stage: Stage, key: &str, nth: u64, sides: u32) -> u32 {
        let text = fnv1a(stage.name().bytes().chain([0]).chain(key.bytes()));
        let mixed = splitmix64(splitmix64(splitmix64(self.seed) ^ text) ^ nth);
        let scaled = (u128::from(mixed) * u128::from(sides)) >> 64;
        u32::try_from(scaled).unwrap_or(sides)
    }
}

fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn splitmix64(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice(chaos: &str, seed: u64) -> Dice {
        Dice::new(chaos.parse().unwrap(), seed)
    }

    fn fates(dice: &Dice, people: std::ops::Range<u32>) -> Vec<Option<Kind>> {
        people.map(|n| dice.draw(Stage::Rcpt, &dice.recipient(&format!("reader{n}@example.org")))).collect()
    }

    #[test]
    fn the_mixing_functions_are_the_published_ones() {
        assert_eq!(splitmix64(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(fnv1a("foobar".bytes()), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_same_seed_strikes_the_same_people_in_any_order() {
        let first = fates(&dice("451:20%,550:10%", 7), 0..500);
        let mut backwards: Vec<_> = {
            let dice = dice("451:20%,550:10%", 7);
            (0..500).rev().flat_map(|n| fates(&dice, n..n + 1)).collect()
        };
        backwards.reverse();
        assert_eq!(first, backwards);
        assert_ne!(first, fates(&dice("451:20%,550:10%", 8), 0..500));
    }

    #[test]
    fn each_rule_strikes_about_as_often_as_it_says() {
        let fates = fates(&dice("451:5%,550:2%,554:3%,421:0.5%", 1), 0..40_000);
        for (code, expected) in [(451, 2_000_i64), (550, 800), (554, 1_200), (421, 200)] {
            let hits = fates.iter().filter(|fate| **fate == Some(Kind::Code(code))).count();
            let off = i64::try_from(hits).unwrap() - expected;
            assert!(off.abs() * 5 < expected, "{code}: {hits} instead of {expected}");
        }
    }

    #[test]
    fn a_permanent_refusal_stays_and_a_temporary_one_is_drawn_again() {
        let dice = dice("451:30%,550:30%", 3);
        let tries: Vec<_> = (0..6).map(|_| fates(&dice, 0..300)).collect();
        let mut relented = 0;
        for (person, first) in tries[0].iter().enumerate() {
            for later in &tries[1..] {
                let gone = Some(Kind::Code(550));
                assert_eq!(*first == gone, later[person] == gone, "reader {person}");
            }
            relented += usize::from(*first == Some(Kind::Code(451)) && tries[1][person].is_none());
        }
        assert!(relented > 20, "{relented}");
    }

    #[test]
    fn a_permanent_code_at_mail_does_not_doom_the_only_sender() {
        let dice = dice("550@mail:50%", 5);
        let struck = (0..200).filter(|_| dice.draw(Stage::Mail, &dice.sender("news@example.org")).is_some()).count();
        assert!((60..140).contains(&struck), "{struck}");
    }

    #[test]
    fn a_whole_strikes_always_and_a_zero_never() {
        let dice = dice("451:100%,drop:0%", 9);
        assert!(fates(&dice, 0..200).iter().all(|fate| *fate == Some(Kind::Code(451))));
        assert_eq!(dice.draw(Stage::Body, &dice.recipient("reader@example.org")), None);
        assert_eq!(dice.draw(Stage::Connect, &Subject::Connection(1)), None);
    }

    #[test]
    fn the_case_of_an_address_does_not_matter() {
        let dice = dice("451:50%", 11);
        assert_eq!(dice.recipient("Reader@Example.ORG"), Subject::Recipient("reader@example.org".into(), 1));
        assert_eq!(dice.recipient("reader@example.org"), Subject::Recipient("reader@example.org".into(), 2));
    }
}

//! The reasons as data: phrases and codes out of a TOML file in, the reason for what a server said out.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use serde::Deserialize;

use super::report::Reason;
use super::{GrammarError, status};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<RawRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    reason: Reason,
    #[serde(default)]
    phrases: Vec<String>,
    #[serde(default)]
    weak: bool,
    #[serde(default)]
    codes: Vec<String>,
}

/// All rules, ready to be asked.
#[derive(Debug)]
pub(super) struct Rules {
    /// Every part of every phrase.
    parts: AhoCorasick,
    /// For each part the phrases that it belongs to.
    of_part: Vec<Vec<usize>>,
    phrases: Vec<Phrase>,
    codes: HashMap<String, Reason>,
}

#[derive(Debug)]
struct Phrase {
    reason: Reason,
    /// The place of its rule in the file: the lowest wins.
    rank: usize,
    weak: bool,
    /// How many parts have to be there, one after the other.
    parts: Vec<usize>,
}

impl Rules {
    pub(super) fn parse(text: &str) -> Result<Self, GrammarError> {
        let file: File = toml::from_str(text)?;
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut of_part: Vec<Vec<usize>> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        let (mut phrases, mut codes) = (Vec::new(), HashMap::new());
        for (rank, rule) in file.rule.into_iter().enumerate() {
            for phrase in rule.phrases {
                let parts = phrase.split('*').map(str::trim).filter(|part| !part.is_empty());
                let parts = parts
                    .map(|part| {
                        *known.entry(part.to_lowercase()).or_insert_with_key(|part| {
                            words.push(part.clone());
                            of_part.push(Vec::new());
                            words.len() - 1
                        })
                    })
                    .collect::<Vec<_>>();
                for part in &parts {
                    of_part[*part].push(phrases.len());
                }
                phrases.push(Phrase { reason: rule.reason, rank, weak: rule.weak, parts });
            }
            for code in rule.codes {
                match code.strip_prefix('x') {
                    Some(rest) => {
                        codes.entry(format!("4{rest}")).or_insert(rule.reason);
                        codes.entry(format!("5{rest}")).or_insert(rule.reason);
                    }
                    None => {
                        codes.entry(code).or_insert(rule.reason);
                    }
                }
            }
        }
        let parts = AhoCorasickBuilder::new()
            .kind(Some(AhoCorasickKind::DFA))
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(words)?;
        Ok(Self { parts, of_part, phrases, codes })
    }

    /// What `said`, on one line, tells by its words: the reason, and whether it is a weak one.
    pub(super) fn of_words(&self, said: &str) -> Option<(Reason, Weight)> {
        // How far each phrase of several parts has come.
        let mut begun: Vec<(usize, usize, usize)> = Vec::new();
        let mut best: Option<&Phrase> = None;
        for found in self.parts.find_overlapping_iter(said) {
            let part = found.pattern().as_usize();
            if !stands_alone(said, found.start(), found.end()) {
                continue;
            }
            for &index in &self.of_part[part] {
                let phrase = &self.phrases[index];
                let whole = if phrase.parts.len() == 1 {
                    true
                } else {
                    let at = begun.iter().position(|(known, ..)| *known == index).unwrap_or_else(|| {
                        begun.push((index, 0, 0));
                        begun.len() - 1
                    });
                    let (_, next, end) = &mut begun[at];
                    if phrase.parts.get(*next) == Some(&part) && found.start() >= *end {
                        *next += 1;
                        *end = found.end();
                    }
                    *next == phrase.parts.len()
                };
                let better = |best: &Phrase| (phrase.weak, phrase.rank) < (best.weak, best.rank);
                if whole && best.is_none_or(better) {
                    best = Some(phrase);
                }
            }
        }
        best.map(|phrase| (phrase.reason, if phrase.weak { Weight::Weak } else { Weight::Strong }))
    }

    /// What an enhanced code tells by itself.
    pub(super) fn of_code(&self, code: &str) -> Option<Reason> {
        if status::is_vague(code) {
            return None;
        }
        self.codes.get(code).copied()
    }
}

/// How much the words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Strong,
    Weak,
}

/// Whether a short word is one by itself: `rbl` is not in `marble`, `uce` is not in `reduce`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let inside = |byte: u8| byte.is_ascii_alphabetic();
    if !inside(bytes[start]) {
        return true;
    }
    let before = start > 0 && inside(bytes[start - 1]);
    let behind = end - start <= 4 && bytes.get(end).is_some_and(|byte| inside(*byte));
    !before && !behind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let text = r#"
            [[rule]]
            reason = "blocked"
            phrases = ["rbl", "ip * listed"]
            [[rule]]
            reason = "user-unknown"
            phrases = ["user unknown", "listed"]
            codes = ["x.1.1"]
            [[rule]]
            reason = "policy"
            phrases = ["refused"]
            weak = true
        "#;
        Rules::parse(text).unwrap()
    }

    #[test]
    fn the_first_rule_that_fits_tells_the_reason_and_a_weak_one_only_alone() {
        for (said, expected) in [
            ("User UNKNOWN", Some((Reason::UserUnknown, Weight::Strong))),
            ("refused: user unknown", Some((Reason::UserUnknown, Weight::Strong))),
            ("user unknown, see the RBL", Some((Reason::Blocked, Weight::Strong))),
            ("refused", Some((Reason::Policy, Weight::Weak))),
            ("good morning", None),
        ] {
            assert_eq!(rules().of_words(said), expected, "{said}");
        }
    }

    #[test]
    fn the_parts_of_a_phrase_stand_in_their_order() {
        assert_eq!(rules().of_words("your ip is listed"), Some((Reason::Blocked, Weight::Strong)));
        assert_eq!(rules().of_words("listed for your ip"), Some((Reason::UserUnknown, Weight::Strong)));
    }

    #[test]
    fn a_short_word_is_not_found_inside_another() {
        assert_eq!(rules().of_words("garblrbled marble"), None);
        assert_eq!(rules().of_words("the rbls"), None);
    }

    #[test]
    fn a_code_stands_for_both_classes_and_a_vague_one_for_none() {
        for (code, expected) in [
            ("5.1.1", Some(Reason::UserUnknown)),
            ("4.1.1", Some(Reason::UserUnknown)),
            ("5.0.0", None),
            ("5.9.9", None),
        ] {
            assert_eq!(rules().of_code(code), expected, "{code}");
        }
    }

    #[test]
    fn a_mistake_in_the_file_is_an_error() {
        assert!(Rules::parse("[[rule]]\nreason = \"no-such-reason\"").is_err());
    }
}

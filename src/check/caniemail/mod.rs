//! What of an edition's HTML and CSS mail programs don't show, by what caniemail.com found in its tests.
//!
//! Told is what the newsletter's own templates and blocks of MJML bring in. The built-in templates and MJML's own
//! scaffolding use a good deal that some programs pass over (round corners, media queries), each so that the mail
//! is whole without it: `built_in.txt` lists it, and a test holds that nothing else is in the sample.

mod detect;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::origins::{Kind, Origin};
use super::rules::CLIENT_SUPPORT;
use crate::domain::Finding;
use detect::{in_markup, in_sheet};

/// The share of mail programs from which on it is more than good to know, in hundredths.
const MANY: usize = 10;
/// Programs that are named.
const NAMED: usize = 3;
/// Those that most people read with, to be named before others.
const KNOWN: &[&str] = &[
    "Gmail (Desktop Webmail)",
    "Gmail (Android)",
    "Gmail (iOS)",
    "Outlook for Windows",
    "Outlook.com",
    "Apple Mail (iOS)",
    "Apple Mail (macOS)",
    "Yahoo! Mail (Desktop Webmail)",
    "Samsung Email (Android)",
];
/// MJML's own elements and attributes that bring more than can be read off them.
const RICH: &[&str] = &[
    "<mj-hero",
    "<mj-carousel",
    "<mj-accordion",
    "<mj-navbar",
    "<mj-social",
    "background-url",
    "<mj-group",
    "<mj-wrapper",
];

/// What a title says of its kind, which its signs say too.
const KINDS: &[&str] = &[" CSS property", " property", " element", " attribute", " keyword"];

/// One feature, and an answer for each program: y, a in part, n, u unknown, - not tested.
#[derive(Debug)]
struct Feature {
    slug: &'static str,
    title: &'static str,
    answers: &'static [u8],
}

struct Table {
    programs: Vec<&'static str>,
    features: HashMap<&'static str, Feature>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut lines = include_str!("features.tsv").lines().filter(|line| !line.starts_with('#'));
    let programs = lines.next().unwrap_or_default().split('\t').skip(1).collect();
    let features = lines.filter_map(|line| {
        let mut cells = line.split('\t');
        let (slug, title, _tested, answers) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        Some((slug, Feature { slug, title, answers: answers.as_bytes() }))
    });
    Table { programs, features: features.collect() }
});

fn feature(slug: &str) -> Option<&'static Feature> {
    TABLE.features.get(slug)
}

/// Whether the built-in templates use it.
fn is_built_in(slug: &str) -> bool {
    include_str!("built_in.txt").lines().any(|line| line == slug)
}

/// The features seen in all editions, each with the editions that have it.
#[derive(Debug, Default)]
pub(super) struct Support(BTreeMap<&'static str, Vec<String>>);

impl Support {
    /// Looks an edition's HTML over.
    pub(super) fn see(&mut self, html: &str, edition: &str) {
        in_markup(html, &mut |slug, _| {
            let Some(feature) = feature(slug) else { return };
            let editions = self.0.entry(feature.slug).or_default();
            if editions.last().is_none_or(|last| last != edition) {
                editions.push(edition.to_owned());
            }
        });
    }

    pub(super) fn findings(self, origins: &[Origin<'_>]) -> Vec<Finding> {
        let mut places: HashMap<&'static str, (usize, usize)> = HashMap::new();
        for (number, origin) in origins.iter().enumerate() {
            let mut see = |slug: &str, at: usize| {
                if let Some(feature) = feature(slug) {
                    places.entry(feature.slug).or_insert((number, at));
                }
            };
            match origin.kind {
                Kind::Markup => in_markup(&origin.markup, &mut see),
                Kind::Sheet => in_sheet(&origin.markup, 0, &mut see),
            }
        }
        let rich = || {
            let mut found = origins.iter().enumerate().flat_map(|(number, origin)| {
                RICH.iter().filter_map(move |word| Some((number, origin.markup.find(word)?)))
            });
            found.next()
        };
        let news = self.0.into_iter().filter(|(slug, _)| !is_built_in(slug));
        news.filter_map(|(slug, editions)| {
            let finding = Finding { editions, ..finding(feature(slug)?)? };
            Some(match places.get(slug).copied().or_else(rich) {
                Some((number, at)) => origins[number].at(finding, at),
                None => finding,
            })
        })
        .collect()
    }
}

/// What is to be said of a feature; nothing where every program shows it.
fn finding(feature: &Feature) -> Option<Finding> {
    let count = |answer: u8| feature.answers.iter().filter(|one| **one == answer).count();
    let (not, in_part) = (count(b'n'), count(b'a'));
    let tested = count(b'y') + not + in_part;
    if not + in_part == 0 {
        return None;
    }
    let of = |answer: u8| {
        let all = TABLE.programs.iter().zip(feature.answers);
        all.filter(move |(_, one)| **one == answer).map(|(program, _)| *program)
    };
    let missing: Vec<_> = of(if not > 0 { b'n' } else { b'a' }).collect();
    let known = KNOWN.iter().filter(|program| missing.contains(program)).copied();
    let others = missing.iter().filter(|program| !KNOWN.contains(program)).copied();
    let named: Vec<_> = known.chain(others).take(NAMED).collect();
    let share = |some: usize| (some * 100).div_ceil(tested);
    let title = KINDS.iter().fold(feature.title, |title, kind| title.strip_suffix(kind).unwrap_or(title));
    let told = match (not, in_part) {
        (0, part) => format!("{} % of mail programs support `{title}` in part only", share(part)),
        (not, 0) => format!("{} % of mail programs don't support `{title}`", share(not)),
        (not, part) => {
            format!("{} % of mail programs don't support `{title}`, and {} % in part only", share(not), share(part))
        }
    };
    let help = format!(
        "do without, or see to it that the mail is whole without it: https://www.caniemail.com/features/{}/",
        feature.slug
    );
    let finding = CLIENT_SUPPORT.finding(format!("{told}: {}", named.join(", "))).with_help(help);
    Some(if share(not + in_part) < MANY { finding.as_info() } else { finding })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_belongs_to_a_program() {
        assert!(TABLE.features.len() > 250 && TABLE.programs.len() > 40);
        for (slug, feature) in &TABLE.features {
            assert_eq!(feature.answers.len(), TABLE.programs.len(), "{slug}");
            assert!(feature.answers.iter().all(|answer| b"yanu-".contains(answer)), "{slug}");
        }
        for program in KNOWN {
            assert!(TABLE.programs.contains(program), "{program}");
        }
        for slug in include_str!("built_in.txt").lines().filter(|line| !line.starts_with('#')) {
            assert!(feature(slug).is_some(), "{slug}");
        }
    }

    #[test]
    fn a_feature_is_told_with_its_share_and_the_programs_that_people_know() {
        let feature = Feature { slug: "css-x", title: "x", answers: b"" };
        let answers: Vec<u8> =
            TABLE.programs.iter().map(|name| if name.starts_with("Gmail") { b'n' } else { b'y' }).collect();
        let of = |answers: Vec<u8>| finding(&Feature { answers: answers.leak(), ..feature });
        assert_eq!(of(vec![b'y'; 48]).map(|found| found.message), None);
        let gmail = of(answers).unwrap();
        assert_eq!(
            gmail.message,
            "9 % of mail programs don't support `x`: Gmail (Desktop Webmail), Gmail (Android), Gmail (iOS)"
        );
        assert_eq!(gmail.severity, crate::domain::Severity::Info);
        let nobody = of(vec![b'n'; 48]).unwrap();
        assert_eq!(nobody.severity, crate::domain::Severity::Warning);
        assert!(nobody.message.starts_with("100 % of mail programs"), "{nobody}");
    }
}

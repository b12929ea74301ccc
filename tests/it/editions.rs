//! Property tests of who gets what, against a plain reading of the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bulletin::config::WhenEmpty;
use bulletin::domain::{IssueId, Language, Topic};
use bulletin::edition::why::explain;
use bulletin::edition::{self, Edition, EditionKey, Preferences};
use bulletin::issue::{self, Issue};
use proptest::prelude::*;

use crate::project::Project;

const TOPICS: &[&str] = &["a", "b", "c"];
const LANGUAGES: &[&str] = &["en", "fr", "ar"];

/// An item as a test makes it up.
#[derive(Debug, Clone)]
struct Item {
    own: Option<Vec<usize>>,
    condition: Option<&'static str>,
    /// Languages beside the first that have it.
    translated: BTreeSet<usize>,
    /// Exists in this language only.
    only: Option<usize>,
    /// Omitted where there is no translation, or shown in the original; left to the section without.
    omit: Option<bool>,
}

#[derive(Debug, Clone)]
struct Section {
    topics: Option<Vec<usize>>,
    condition: Option<&'static str>,
    omit: Option<bool>,
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
struct Reader {
    languages: Vec<&'static str>,
    topics: BTreeSet<usize>,
    province: Option<&'static str>,
}

fn topics() -> impl Strategy<Value = Option<Vec<usize>>> {
    prop::option::of(prop::sample::subsequence((0..TOPICS.len()).collect::<Vec<_>>(), 0..=TOPICS.len()))
}

fn condition() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::weighted(0.3, prop::sample::select(vec!["mb", "on|qc"]))
}

fn omit() -> impl Strategy<Value = Option<bool>> {
    prop::option::weighted(0.3, any::<bool>())
}

fn section() -> impl Strategy<Value = Section> {
    let translated = prop::sample::subsequence(vec![1_usize, 2], 0..=2);
    let only = prop::option::weighted(0.2, 0..LANGUAGES.len());
    let item =
        (topics(), condition(), translated, only, omit()).prop_map(|(own, condition, translated, only, omit)| Item {
            own,
            condition,
            translated: translated.into_iter().collect(),
            only,
            omit: omit.filter(|_| only.is_none()),
        });
    (topics(), condition(), omit(), prop::collection::vec(item, 1..4))
        .prop_map(|(topics, condition, omit, items)| Section { topics, condition, omit, items })
}

fn reader() -> impl Strategy<Value = Reader> {
    let language = prop::sample::select(vec!["en", "fr", "fr-CA", "ar", "de"]);
    let topics = prop::sample::subsequence((0..TOPICS.len()).collect::<Vec<_>>(), 0..=TOPICS.len());
    let province = prop::option::of(prop::sample::select(vec!["MB", "on", " QC ", "BC", " "]));
    (prop::collection::vec(language, 0..3), topics, province).prop_map(|(languages, topics, province)| Reader {
        languages,
        topics: topics.into_iter().collect(),
        province,
    })
}

fn attributes(
    id: &str,
    topics: Option<&Vec<usize>>,
    condition: Option<&str>,
    only: Option<usize>,
    omit: Option<bool>,
) -> String {
    let mut out = format!("{{#{id}");
    match topics.map(Vec::as_slice) {
        None => {}
        Some([]) => out.push_str(" .everyone"),
        Some(topics) => topics.iter().for_each(|topic| write!(out, " .{}", TOPICS[*topic]).unwrap()),
    }
    if let Some(condition) = condition {
        write!(out, " province={condition}").unwrap();
    }
    if let Some(only) = only {
        write!(out, " lang={}", LANGUAGES[only]).unwrap();
    }
    if let Some(omit) = omit {
        write!(out, " fallback={}", if omit { "omit" } else { "original" }).unwrap();
    }
    out + "}"
}

/// The sources of one language: the first has every item but those of other languages alone.
fn source(language: usize, sections: &[Section]) -> String {
    let mut out = "+++\nsubject = \"S\"\n+++\nWelcome.\n".to_owned();
    for (s, section) in sections.iter().enumerate() {
        let items: Vec<_> = section
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| match item.only {
                Some(only) => only == language,
                None => language == 0 || item.translated.contains(&language),
            })
            .collect();
        if items.is_empty() && language != 0 {
            continue;
        }
        let (topics, condition, omit) =
            if language == 0 { (section.topics.as_ref(), section.condition, section.omit) } else { (None, None, None) };
        writeln!(out, "\n# Section {s} {}", attributes(&format!("s{s}"), topics, condition, None, omit)).unwrap();
        for (i, item) in items {
            let rules = language == 0 || item.only.is_some();
            let (own, condition) = if rules { (item.own.as_ref(), item.condition) } else { (None, None) };
            let id = format!("s{s}i{i}");
            let only = item.only.filter(|_| rules);
            let omit = item.omit.filter(|_| rules);
            writeln!(out, "\n## Item {id} {}\n\nText.", attributes(&id, own, condition, only, omit)).unwrap();
        }
    }
    out
}

fn load(sections: &[Section], fallback: &str) -> Issue {
    let project = Project::empty();
    project.write("issues/x/issue.toml", &format!("date = 2026-01-01\nfallback = \"{fallback}\"\n"));
    for (at, language) in LANGUAGES.iter().enumerate() {
        project.write(&format!("issues/x/{language}.md"), &source(at, sections));
    }
    let languages: Vec<Language> = LANGUAGES.iter().map(|tag| tag.parse().unwrap()).collect();
    let typography = BTreeMap::new();
    let words = issue::Vocabulary {
        languages: &languages,
        topics: TOPICS.to_vec(),
        columns: vec!["province"],
        typography: &typography,
    };
    let id: IssueId = "x".parse().unwrap();
    issue::load(&project.path("issues"), &id, &words).unwrap_or_else(|error| panic!("{error:?}"))
}

fn choose(issue: &Issue, reader: &Reader) -> Option<EditionKey> {
    let languages: Vec<Language> = reader.languages.iter().map(|tag| tag.parse().unwrap()).collect();
    let topics: BTreeSet<Topic> = reader.topics.iter().map(|topic| TOPICS[*topic].parse().unwrap()).collect();
    let column = |alias: &str| reader.province.filter(|_| alias == "province");
    let preferences = Preferences { languages: &languages, topics: &topics, column: &column };
    edition::select(issue, preferences, WhenEmpty::Skip).ok()
}

/// The reader's languages by a plain reading: their own that exist, or the first.
fn expected_languages(reader: &Reader) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for tag in &reader.languages {
        let primary = tag.split('-').next().unwrap();
        if let Some(at) = LANGUAGES.iter().position(|known| *known == primary)
            && !found.contains(&at)
        {
            found.push(at);
        }
    }
    if found.is_empty() { vec![0] } else { found }
}

/// Whether a reader gets an item, by a plain reading of the rules.
fn expected(section: &Section, item: &Item, reader: &Reader, languages: &[usize], omit: bool) -> bool {
    let topics = item.own.as_ref().or(section.topics.as_ref()).cloned().unwrap_or_default();
    let topics_meet =
        topics.is_empty() || reader.topics.is_empty() || topics.iter().any(|topic| reader.topics.contains(topic));
    let province = reader.province.map(|province| province.trim().to_lowercase()).filter(|p| !p.is_empty());
    let holds = |condition: Option<&str>| {
        condition.is_none_or(|wanted| province.as_ref().is_some_and(|is| wanted.split('|').any(|one| one == is)))
    };
    let exists_in = |language: &usize| match item.only {
        Some(only) => only == *language,
        None => *language == 0 || item.translated.contains(language),
    };
    let omit = item.omit.or(section.omit).unwrap_or(omit);
    let shown = languages.iter().any(exists_in) || (item.only.is_none() && !omit);
    topics_meet && holds(section.condition) && holds(item.condition) && shown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_item_reaches_exactly_those_whose_preferences_match(
        sections in prop::collection::vec(section(), 1..4),
        readers in prop::collection::vec(reader(), 1..12),
        omit in any::<bool>(),
    ) {
        // A section of the first language needs at least one item there.
        prop_assume!(sections.iter().all(|s| s.items.iter().any(|i| i.only.is_none_or(|only| only == 0))));
        let issue = load(&sections, if omit { "omit" } else { "original" });
        for reader in &readers {
            let languages = expected_languages(reader);
            let expected: Vec<String> = sections.iter().enumerate().flat_map(|(s, section)| {
                let languages = &languages;
                section.items.iter().enumerate().filter(move |(_, item)| expected(section, item, reader, languages, omit))
                    .map(move |(i, _)| format!("s{s}i{i}"))
            }).collect();
            match choose(&issue, reader) {
                None => prop_assert!(expected.is_empty(), "{reader:?} was skipped, but should get {expected:?}"),
                Some(key) => {
                    // The order is the issue's, which puts another language's own items where its file has them.
                    let got: BTreeSet<_> = key.items().iter().map(ToString::to_string).collect();
                    prop_assert_eq!(&got, &expected.iter().cloned().collect::<BTreeSet<_>>());
                    let tags: Vec<_> = languages.iter().map(|at| LANGUAGES[*at]).collect();
                    prop_assert_eq!(key.language(), tags.join(";"));
                }
            }
        }
    }

    #[test]
    fn the_reasons_that_are_told_are_those_by_which_a_reader_gets_an_item_or_not(
        sections in prop::collection::vec(section(), 1..4),
        reader in reader(),
        omit in any::<bool>(),
    ) {
        prop_assume!(sections.iter().all(|s| s.items.iter().any(|i| i.only.is_none_or(|only| only == 0))));
        let issue = load(&sections, if omit { "omit" } else { "original" });
        let languages: Vec<Language> = reader.languages.iter().map(|tag| tag.parse().unwrap()).collect();
        let topics: BTreeSet<Topic> = reader.topics.iter().map(|topic| TOPICS[*topic].parse().unwrap()).collect();
        let column = |alias: &str| reader.province.filter(|_| alias == "province");
        let explained = explain(&issue, Preferences { languages: &languages, topics: &topics, column: &column });
        prop_assert_eq!(explained.len(), issue.items().count());
        let told: Vec<_> = explained.iter().filter(|one| one.is_in()).map(|one| one.item.id.clone()).collect();
        let got = choose(&issue, &reader).map(|key| key.items().to_vec()).unwrap_or_default();
        prop_assert_eq!(told, got);
        for one in &explained {
            prop_assert!(one.reasons.iter().all(|reason| !reason.to_string().is_empty()));
        }
    }

    #[test]
    fn an_edition_shows_each_of_its_items_and_no_other_and_no_empty_section(
        sections in prop::collection::vec(section(), 1..4),
        reader in reader(),
        omit in any::<bool>(),
    ) {
        prop_assume!(sections.iter().all(|s| s.items.iter().any(|i| i.only.is_none_or(|only| only == 0))));
        let issue = load(&sections, if omit { "omit" } else { "original" });
        let Some(key) = choose(&issue, &reader) else { return Ok(()) };
        let edition = Edition::assemble(&issue, &key);
        let mut shown: BTreeMap<String, usize> = BTreeMap::new();
        for part in &edition.parts {
            for section in &part.sections {
                prop_assert!(!section.items.is_empty());
                for item in &section.items {
                    *shown.entry(item.id.to_string()).or_default() += 1;
                    prop_assert!(item.language == part.language || item.language == issue.original());
                }
            }
        }
        let wanted: BTreeSet<_> = key.items().iter().map(ToString::to_string).collect();
        prop_assert_eq!(shown.keys().cloned().collect::<BTreeSet<_>>(), wanted);
        for (item, _) in edition.fallen_back() {
            prop_assert_eq!(shown[item.as_str()], 1, "{} fell back and stands twice", item);
        }
    }
}

#[test]
fn every_person_of_the_sample_is_in_exactly_one_edition_or_skipped() {
    let project = Project::sample();
    project.write(
        "subscribers/more.csv",
        "email,topics\nann@example.org,policy\nbob@example.org,events\ncy@example.org,media\n",
    );
    project.edit("issues/2015-11/en.md", "{#media-reports .media}", "{#media-reports .media province=MB}");
    let manifest = project.json(&["preview", "2015-11", "--subscribers", "subscribers/more.csv", "--json"], 0);
    let counted: u64 =
        manifest["editions"].as_array().unwrap().iter().map(|edition| edition["recipients"].as_u64().unwrap()).sum();
    assert_eq!(counted, manifest["recipients"].as_u64().unwrap());
    assert_eq!(counted, 2);
    let skipped = manifest["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0]["email"], "c***@example.org");
    assert!(skipped[0]["reason"].as_str().unwrap().contains("no item of this issue"));
}

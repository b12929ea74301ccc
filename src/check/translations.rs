//! What an issue's languages have to say alike, item by item: each item is there, was looked over since its
//! original last changed, and has the same links and numbers.
//!
//! That a translation was looked over is kept in the issue itself, in `translations.toml`: for each language
//! and item, a digest of the original as it was then.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::months::months;
use super::numbers::numbers;
use super::rules::{LINKS_DIFFER, NUMBERS_DIFFER, STALE_TRANSLATION, UNTRANSLATED};
use super::source::Source;
use super::targets::strays;
use crate::domain::{Digest, Finding, Language};
use crate::issue::{Fallback, Issue, Item};

/// The file in an issue's folder.
pub const RECORD: &str = "translations.toml";

/// Which original each translation was looked over against: language, item, digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Record(BTreeMap<String, BTreeMap<String, String>>);

impl Record {
    /// Reads the record's text.
    ///
    /// # Errors
    /// It is not what this program writes; then a finding that says so.
    pub fn parse(text: &str) -> Result<Self, Box<Finding>> {
        toml::from_str(text).map_err(|error| {
            let finding = Finding::error("translations", "the record of translations can't be read");
            let start = error.span().map_or(0, |span| span.start);
            Box::new(finding.at_offset(text, start).with_help(
                "remove the file, look the translations over, and write it anew: bulletin check --accept-translations",
            ))
        })
    }

    /// The record of an issue whose translations are all good as they stand.
    #[must_use]
    pub fn of(issue: &Issue) -> Self {
        let sources = Source::all(issue);
        let mut record = BTreeMap::new();
        if let Some((original, translations)) = sources.split_first() {
            for translation in translations {
                let items = translation.items.keys().filter_map(|id| Some((id.clone(), digest(original, id)?)));
                record.insert(translation.language.to_string(), items.collect());
            }
        }
        Self(record)
    }

    /// As the file holds it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = "# Against which original each translation was last looked over. Written by\n\
                        # `bulletin check --accept-translations`.\n"
            .to_owned();
        for (language, items) in &self.0 {
            // Writing to a String can't fail.
            let _ = writeln!(text, "\n[{language}]");
            for (id, digest) in items {
                let _ = writeln!(text, "{id} = \"{digest}\"");
            }
        }
        text
    }

    fn get(&self, language: &Language, id: &str) -> Option<&str> {
        Some(self.0.get(language.as_str())?.get(id)?.as_str())
    }
}

pub(super) fn check(issue: &Issue, sources: &[Source<'_>], record: &Record, findings: &mut Vec<Finding>) {
    let Some((original, translations)) = sources.split_first() else { return };
    for item in issue.items() {
        untranslated(issue, item, sources, findings);
    }
    for translation in translations {
        for (id, range) in &translation.items {
            if !original.items.contains_key(id) {
                continue;
            }
            let at = range.start;
            let found = [
                stale(original, translation, id, record),
                links(original, translation, id),
                figures(original, translation, id),
            ];
            findings.extend(found.into_iter().flatten().map(|finding| translation.at(finding, at)));
        }
    }
}

fn untranslated(issue: &Issue, item: &Item, sources: &[Source<'_>], findings: &mut Vec<Finding>) {
    // Who wrote down what is to happen has thought of it.
    if item.only.is_some() || item.fallback.is_some() {
        return;
    }
    let id = item.id.as_str();
    let Some(written) = sources.iter().find(|source| source.items.contains_key(id)) else { return };
    for language in issue.languages.iter().filter(|language| !item.texts.contains_key(*language)) {
        let then = match issue.fallback_of(item) {
            Fallback::Original => format!("and is shown in {} with a note", written.language),
            Fallback::Omit => "and is left out there".to_owned(),
        };
        let finding = UNTRANSLATED.finding(format!("`{id}` has no translation into {language}, {then}"));
        let help = format!("translate it in {language}.md, or add lang={} to the heading", written.language);
        findings.push(written.at(finding.with_help(help), written.items[id].start));
    }
}

fn stale(original: &Source<'_>, translation: &Source<'_>, id: &str, record: &Record) -> Option<Finding> {
    let recorded = record.get(translation.language, id)?;
    if digest(original, id)? == recorded {
        return None;
    }
    let message = format!(
        "`{id}` was changed in {} after its translation into {} was looked over",
        original.language, translation.language
    );
    Some(STALE_TRANSLATION.finding(message).with_help("bring it up to date; then bulletin check --accept-translations"))
}

fn links(original: &Source<'_>, translation: &Source<'_>, id: &str) -> Option<Finding> {
    let count = |source: &Source<'_>| {
        let range = &source.items[id];
        source.links.iter().filter(|link| range.contains(&link.at)).count()
    };
    let (here, there) = (count(translation), count(original));
    if here == there {
        return targets(original, translation, id);
    }
    let (language, first) = (translation.language, original.language);
    let finding = LINKS_DIFFER.finding(format!("`{id}` has {here} links in {language} and {there} in {first}"));
    Some(finding.with_help("see which one is missing or too many"))
}

/// Links that are as many, but lead elsewhere.
fn targets(original: &Source<'_>, translation: &Source<'_>, id: &str) -> Option<Finding> {
    fn urls<'a>(source: &'a Source<'_>, id: &str) -> Vec<&'a str> {
        let range = &source.items[id];
        let links = source.links.iter().filter(|link| range.contains(&link.at));
        links.map(|link| link.url.as_str()).filter(|url| !url.starts_with('#')).collect()
    }
    let (there, here) = strays(&urls(original, id), &urls(translation, id)).into_iter().next()?;
    let (language, first) = (translation.language, original.language);
    let finding = LINKS_DIFFER.finding(format!("`{id}` leads to {here} in {language}, and to {there} in {first}"));
    Some(finding.with_help("see whether both are meant"))
}

fn figures(original: &Source<'_>, translation: &Source<'_>, id: &str) -> Option<Finding> {
    let text = |source: &Source<'_>| {
        let range = &source.items[id];
        let words = source.words.iter().filter(|words| range.contains(&words.at)).map(|words| words.text.as_str());
        words.collect::<Vec<_>>().join("\n")
    };
    let (text, original_text) = (text(translation), text(original));
    let (here, there) = (numbers(&text), numbers(&original_text));
    let alone = |one: &BTreeMap<u64, usize>, other: &BTreeMap<u64, usize>, language: &Language| {
        let more = one.iter().filter(|(number, count)| other.get(number).copied().unwrap_or(0) < **count);
        let more: Vec<_> = more.map(|(number, _)| number.to_string()).collect();
        (!more.is_empty()).then(|| format!("{} in {language} only", more.join(", ")))
    };
    let differences = [alone(&there, &here, original.language), alone(&here, &there, translation.language)];
    let differences: Vec<_> = differences.into_iter().flatten().collect();
    if differences.is_empty() {
        return dates(&text, &original_text).map(|told| {
            let message = format!("`{id}` names other months in its dates: {told}");
            NUMBERS_DIFFER.finding(message).with_help("compare the dates in both")
        });
    }
    let finding = NUMBERS_DIFFER.finding(format!("`{id}` has other numbers: {}", differences.join("; ")));
    Some(finding.with_help("compare dates, amounts and telephone numbers in both"))
}

/// Months by their numbers, where a text and its original don't name the same ones.
fn dates(text: &str, original: &str) -> Option<String> {
    let (here, there) = (months(text), months(original));
    // A language may write months as numbers.
    if here == there || here.is_empty() || there.is_empty() {
        return None;
    }
    let shown = |months: &BTreeMap<usize, usize>| {
        let names = months.iter().flat_map(|(month, count)| std::iter::repeat_n(month.to_string(), *count));
        names.collect::<Vec<_>>().join(", ")
    };
    Some(format!("months {}, where the original has {}", shown(&here), shown(&there)))
}

/// Over an item's source, whatever its line breaks.
fn digest(source: &Source<'_>, id: &str) -> Option<String> {
    let text = &source.text[source.items.get(id)?.clone()];
    Some(Digest::of(text.split_whitespace().collect::<Vec<_>>().join(" ").as_bytes()).to_string())
}

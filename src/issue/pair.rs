//! The outlines of all languages to one list of sections: ids pair an item with its translations, and
//! the first language rules order and attributes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::attributes::Attributes;
use super::outline::{Head, Outline, OutlineItem, OutlineSection};
use super::{Heading, Item, ItemText, Section};
use crate::domain::{Finding, ItemId, Language};

/// One language's outline and the file that it comes from.
pub struct Source {
    pub language: Language,
    pub file: PathBuf,
    pub outline: Outline,
}

/// Pairs `sources`, of which the first rules.
pub fn pair(sources: Vec<Source>, findings: &mut Vec<Finding>) -> Vec<Section> {
    let several = sources.len() > 1;
    let mut pairing = Pairing {
        several,
        original: None,
        rules: BTreeMap::new(),
        taken: BTreeSet::new(),
        findings,
        sections: Vec::new(),
    };
    for source in sources {
        pairing.taken.clear();
        pairing.add(source);
    }
    pairing.sections
}

struct Pairing<'a> {
    several: bool,
    original: Option<Language>,
    /// What each section says of its items, in the first language.
    rules: BTreeMap<ItemId, Attributes>,
    /// Ids seen in the file at hand.
    taken: BTreeSet<ItemId>,
    findings: &'a mut Vec<Finding>,
    sections: Vec<Section>,
}

/// Where a thing stands: for findings, and for what may be new in it.
struct Place<'a> {
    language: &'a Language,
    file: &'a PathBuf,
    first: bool,
}

impl Pairing<'_> {
    fn add(&mut self, source: Source) {
        let first = self.original.is_none();
        let place = Place { language: &source.language, file: &source.file, first };
        for (number, section) in source.outline.sections.into_iter().enumerate() {
            self.section(&place, number, section);
        }
        if first {
            self.original = Some(source.language);
        }
    }

    fn section(&mut self, place: &Place<'_>, number: usize, section: OutlineSection) {
        let id = self.id(place, &section.head, &format!("section-{}", number + 1));
        let known = self.sections.iter().position(|known| known.id == id);
        let at = match known {
            Some(at) => at,
            // A section of another language's own is welcome only if all its items are, which each of them says.
            None => {
                let after = self.after(place, &id);
                self.sections.insert(after, Section { id: id.clone(), headings: BTreeMap::new(), items: Vec::new() });
                after
            }
        };
        let OutlineSection { head, lead, items } = section;
        if items.is_empty() {
            if known.is_some() && !self.sections[at].headings.is_empty() {
                self.report(
                    place,
                    head.line,
                    format!("section `{id}` has items in the first language, and none here"),
                    "add its items, or leave the section out",
                );
                return;
            }
            let item = OutlineItem { head, body: lead };
            self.item(place, at, id, &Attributes::default(), item);
            return;
        }
        if known.is_some() && self.sections[at].headings.is_empty() {
            self.report(
                place,
                head.line,
                format!("section `{id}` has items here, and none in the first language"),
                "give both files the same sections",
            );
            return;
        }
        if let Some(ruling) = self.rules.get(&id).cloned() {
            self.contradiction(place, &head, &ruling, "a section");
        }
        let rules = self.rules.entry(id.clone()).or_insert(head.attributes).clone();
        self.sections[at].headings.insert(place.language.clone(), Heading { title: head.title, lead });
        for (number, item) in items.into_iter().enumerate() {
            let id = self.id(place, &item.head, &format!("{id}-{}", number + 1));
            self.item(place, at, id, &rules, item);
        }
    }

    fn item(&mut self, place: &Place<'_>, section: usize, id: ItemId, rules: &Attributes, item: OutlineItem) {
        let OutlineItem { head, body } = item;
        let line = head.line;
        if let Some(known) = self.sections[section].items.iter().position(|known| known.id == id) {
            self.contradiction(place, &head, &self.sections[section].items[known].attributes_for_check(), "an item");
            let known = &mut self.sections[section].items[known];
            if let Some(only) = known.only.clone()
                && only != *place.language
            {
                self.report(
                    place,
                    line,
                    format!("item `{id}` exists in {only} only, as its attributes say, but stands here too"),
                    "remove it here, or lang= there",
                );
                return;
            }
            known.texts.insert(place.language.clone(), ItemText { title: head.title, body });
            return;
        }
        if let Some(elsewhere) = self.sections.iter().find(|other| other.items.iter().any(|other| other.id == id)) {
            let message = format!("item `{id}` stands in section `{}` in the first language", elsewhere.id);
            self.report(place, line, message, "the first language rules the order: move it there");
            return;
        }
        let own = head.attributes.only.as_ref().or(rules.only.as_ref());
        if !place.first && own != Some(place.language) {
            let message = format!("item `{id}` is not in the first language");
            let help = format!("add it there, or mark it {{#{id} lang={}}} here", place.language);
            self.report(place, line, message, &help);
            return;
        }
        let attributes = head.attributes;
        if let Some(only) = &attributes.only
            && only != place.language
        {
            self.report(
                place,
                line,
                format!("item `{id}` says lang={only}, but stands in the {} file", place.language),
                "move it to that language's file",
            );
            return;
        }
        let topics = attributes.topics.or_else(|| rules.topics.clone()).unwrap_or_default();
        let only = attributes.only.or_else(|| rules.only.clone());
        let fallback = attributes.fallback.or(rules.fallback);
        let conditions = rules.conditions.iter().cloned().chain(attributes.conditions).collect();
        let texts = BTreeMap::from([(place.language.clone(), ItemText { title: head.title, body })]);
        let new = Item { id, topics: topics.into_iter().collect(), conditions, only, fallback, texts };
        self.sections[section].items.push(new);
    }

    /// An id that is written, or one by number where the issue has one language only.
    fn id(&mut self, place: &Place<'_>, head: &Head, otherwise: &str) -> ItemId {
        let id = head.attributes.id.clone().unwrap_or_else(|| {
            if self.several {
                let help = "add the same {#id} to it in every language, so that the translations find each other";
                self.report(place, head.line, "the heading has no id".into(), help);
            }
            otherwise.parse().unwrap_or_else(|_| unreachable!("made of an id and a number"))
        });
        if !self.taken.insert(id.clone()) {
            self.report(
                place,
                head.line,
                format!("the id `{id}` stands in this file twice"),
                "each section and item has its own",
            );
        }
        id
    }

    /// Attributes in another language's file must not say anything else than the first.
    fn contradiction(&mut self, place: &Place<'_>, head: &Head, ruling: &Attributes, what: &str) {
        let here = &head.attributes;
        let topics = here.topics.as_ref().is_some_and(|topics| {
            let here: BTreeSet<_> = topics.iter().collect();
            let there: BTreeSet<_> = ruling.topics.iter().flatten().collect();
            here != there
        });
        let conditions = !here.conditions.is_empty() && here.conditions != ruling.conditions;
        let only = here.only.is_some() && here.only != ruling.only;
        let fallback = here.fallback.is_some() && here.fallback != ruling.fallback;
        if topics || conditions || only || fallback {
            let message = format!("{what}'s attributes differ from those in the first language");
            self.report(place, head.line, message, "keep only the #id here; the first language rules the rest");
        }
    }

    /// Behind which section a new one goes: the last that this file had before it.
    fn after(&self, place: &Place<'_>, id: &ItemId) -> usize {
        if place.first {
            return self.sections.len();
        }
        let seen = |section: &Section| self.taken.contains(&section.id) && section.id != *id;
        self.sections.iter().rposition(seen).map_or(0, |at| at + 1)
    }

    fn report(&mut self, place: &Place<'_>, line: usize, message: String, help: &str) {
        let finding = Finding::error("pairing", message).in_file(place.file).at_line(line).with_help(help);
        self.findings.push(finding);
    }
}

impl Item {
    /// What another language's file may repeat of this item's attributes.
    fn attributes_for_check(&self) -> Attributes {
        Attributes {
            id: Some(self.id.clone()),
            topics: Some(self.topics.iter().cloned().collect()),
            conditions: self.conditions.clone(),
            only: self.only.clone(),
            fallback: self.fallback,
        }
    }
}

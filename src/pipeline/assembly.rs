//! The list gone through once, person by person: who gets which edition of an issue, and who gets none.
//!
//! What an issue needs to know of a person is put by in a spool, so that memory does not grow with the list,
//! and what was proposed is what is planned and sent, whatever happens to the list's file meanwhile.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use super::entry::{Entry, Fate, Form};
use super::list::{Words, list_of};
use super::{Newsletter, PipelineError, Skip, issue_folder, prefer, select};
use crate::domain::field::Field;
use crate::domain::{Finding, Language};
use crate::edition::{EditionKey, NoEdition};
use crate::issue::Issue;
use crate::readers::{Book, Record};
use crate::state::{Cursor, Place, Spool, SpoolWriter, StateError, Window};
use crate::subscribers::{People, Subscriber, Table, Verdict};

/// Different preferences of which the edition is remembered: a list has few.
const KNOWN: usize = 4096;

/// Who gets which edition of an issue, and who gets none.
#[derive(Debug)]
pub struct Assembly {
    /// Editions with at least one reader: by language, then those with the most items first.
    pub editions: Vec<EditionKey>,
    /// Merge fields that would stay empty for some.
    pub gaps: Vec<Finding>,
    /// Different people that a send could reach.
    people: usize,
    /// How many of them get each of the editions.
    readers: Vec<usize>,
    /// Editions were numbered as they came by; their places in `editions`.
    places: Vec<usize>,
    form: Form,
    spool: Spool,
}

/// Works out everyone's edition: by the list, which is `list` or the newsletter's own, and over it what readers
/// asked for since. Each finding about the list is told as it is made.
///
/// # Errors
/// The list can't be used at all, the database can't be read, or there is no room to put the people by.
pub fn assemble(
    newsletter: &Newsletter,
    issue: &Issue,
    list: Option<&Path>,
    mut doubt: impl FnMut(Finding),
) -> Result<Assembly, PipelineError> {
    let book = newsletter.book()?;
    let (path, shown) = list_of(&newsletter.folder, list);
    let words = Words::of(&newsletter.config);
    let mut people = People::new(Table::open(&path, &shown)?, words.vocabulary())?;
    let mut gathering = Gathering::new(newsletter, issue);
    while let Some(verdict) = people.advance()? {
        if let Verdict::Person { subscriber, .. } = verdict {
            gathering.add(subscriber, people.identity(), &book)?;
        }
        people.take_findings().for_each(&mut doubt);
    }
    people.take_findings().for_each(&mut doubt);
    gathering.finish()
}

impl Assembly {
    /// How many people get the edition at `place`.
    #[must_use]
    pub fn readers_of(&self, place: usize) -> usize {
        self.readers[place]
    }

    /// How many people get an edition at all.
    #[must_use]
    pub fn recipients(&self) -> usize {
        self.readers.iter().sum()
    }

    /// How many people get none.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.people - self.recipients()
    }

    /// Everyone, in the order of the list.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries { assembly: self, cursor: Cursor::default() }
    }

    /// The one who stands at `place`, read through `window`, which is used for no other assembly.
    ///
    /// # Errors
    /// They can't be read back.
    pub fn entry<'a>(&'a self, place: Place, window: &'a mut Window) -> Result<Entry<'a>, StateError> {
        let record = window.record(&self.spool, place)?;
        self.read(place, record)
    }

    /// The next one behind those whom `cursor` has seen; none at the end.
    pub(super) fn next<'a>(&'a self, cursor: &'a mut Cursor) -> Result<Option<Entry<'a>>, StateError> {
        let Some((place, record)) = cursor.next(&self.spool)? else { return Ok(None) };
        self.read(place, record).map(Some)
    }

    fn read<'a>(&'a self, place: Place, record: &'a [u8]) -> Result<Entry<'a>, StateError> {
        let edition = |number: usize| self.places.get(number).copied();
        Entry::read(&self.form, place, record, edition).ok_or_else(|| self.form.damaged())
    }
}

/// Everyone of an assembly, one after the other.
pub struct Entries<'a> {
    assembly: &'a Assembly,
    cursor: Cursor,
}

impl Entries<'_> {
    /// The next one; none at the end.
    ///
    /// # Errors
    /// They can't be read back.
    pub fn advance(&mut self) -> Result<Option<Entry<'_>>, StateError> {
        self.assembly.next(&mut self.cursor)
    }
}

/// An assembly under way.
struct Gathering<'a> {
    newsletter: &'a Newsletter,
    issue: &'a Issue,
    /// Columns that decide about an item.
    conditions: Vec<&'a str>,
    /// What was chosen for preferences that came by before.
    known: HashMap<Vec<u8>, Result<usize, NoEdition>>,
    preferences: Vec<u8>,
    numbers: HashMap<EditionKey, usize>,
    readers: Vec<usize>,
    people: usize,
    /// Columns that stand in the issue without a default, and how many people have nothing there.
    blank: Vec<(&'a str, usize)>,
    form: Form,
    languages: HashMap<Vec<Language>, usize>,
    spool: SpoolWriter,
}

impl<'a> Gathering<'a> {
    fn new(newsletter: &'a Newsletter, issue: &'a Issue) -> Self {
        let folder = newsletter.folder.join("state");
        let conditions = issue.items().flat_map(|item| &item.conditions);
        let mut conditions: Vec<_> = conditions.map(|condition| condition.column.as_str()).collect();
        conditions.sort_unstable();
        conditions.dedup();
        let blank = issue.fields.iter().filter_map(|field| match field {
            Field::Column { alias, default: None } if alias != "email" => Some((alias.as_str(), 0)),
            _ => None,
        });
        Self {
            newsletter,
            issue,
            conditions,
            known: HashMap::new(),
            preferences: Vec::new(),
            numbers: HashMap::new(),
            readers: Vec::new(),
            people: 0,
            blank: blank.collect(),
            form: Form::of(issue, &folder),
            languages: HashMap::new(),
            spool: SpoolWriter::new(&folder),
        }
    }

    fn add(&mut self, mut person: Subscriber, identity: &str, book: &Book) -> Result<(), StateError> {
        let chosen = match book.record_of(identity, &person.email) {
            Some(Record { suppression: Some(suppression), .. }) => Err(Skip::Suppressed(suppression.clone())),
            record => {
                if let Some(record) = record {
                    prefer(&mut person, record);
                }
                self.choose(&person).map_err(Skip::NoEdition)
            }
        };
        self.people += 1;
        for (alias, blank) in &mut self.blank {
            *blank += usize::from(person.column(alias).is_none());
        }
        let reason = chosen.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let fate = match &chosen {
            Ok(number) => {
                self.readers[*number] += 1;
                Fate::Gets(*number)
            }
            Err(Skip::NoEdition(_)) => Fate::Nothing(&reason),
            Err(Skip::Suppressed(_)) => Fate::Suppressed(&reason),
        };
        let languages = match self.languages.get(&person.languages) {
            Some(number) => *number,
            None => {
                let number = self.form.add_languages(&person.languages);
                self.languages.insert(person.languages.clone(), number);
                number
            }
        };
        let form = &self.form;
        self.spool.add(|out| form.write(&person, identity, fate, languages, out)).map(drop)
    }

    /// The number of someone's edition.
    fn choose(&mut self, person: &Subscriber) -> Result<usize, NoEdition> {
        let preferences = &mut self.preferences;
        preferences.clear();
        // Control characters are taken out of cells and never stand in a tag or a topic.
        let mut say = |word: &str, end: u8| {
            preferences.extend(word.as_bytes());
            preferences.push(end);
        };
        person.languages.iter().for_each(|language| say(language.as_str(), 0));
        say("", 1);
        person.topics.iter().for_each(|topic| say(topic.as_str(), 0));
        say("", 1);
        for column in &self.conditions {
            let (cell, end) = person.column(column).map_or(("", 1), |cell| (cell, 0));
            say(cell, end);
        }
        if let Some(chosen) = self.known.get(&self.preferences) {
            return *chosen;
        }
        let chosen = select(self.newsletter, self.issue, person).map(|key| {
            let next = self.numbers.len();
            let number = *self.numbers.entry(key).or_insert(next);
            self.readers.resize(self.numbers.len(), 0);
            number
        });
        if self.known.len() < KNOWN {
            self.known.insert(self.preferences.clone(), chosen);
        }
        chosen
    }

    fn finish(self) -> Result<Assembly, PipelineError> {
        let order = |(key, _): &(EditionKey, usize)| {
            let known = &self.newsletter.config.languages;
            let language = |tag| known.iter().position(|known| known == tag);
            let languages: Vec<_> = key.languages().iter().map(language).collect();
            (languages.len(), languages, Reverse(key.items().len()), key.items().to_vec(), key.clone())
        };
        let mut editions: Vec<_> = self.numbers.into_iter().collect();
        editions.sort_by_cached_key(order);
        let mut places = vec![0; editions.len()];
        for (place, (_, number)) in editions.iter().enumerate() {
            places[*number] = place;
        }
        let gaps = self.blank.into_iter().filter(|(_, blank)| *blank > 0).map(|(alias, blank)| {
            let message = format!("`{{{{ subscriber.{alias} }}}}` stays empty for {blank} of {}", self.people);
            let help = format!("write {{{{ subscriber.{alias} | default(value=\"...\") }}}}, or fill in the column");
            Finding::warning("merge-gap", message).in_file(issue_folder(&self.issue.id)).with_help(help)
        });
        Ok(Assembly {
            gaps: gaps.collect(),
            people: self.people,
            readers: editions.iter().map(|(_, number)| self.readers[*number]).collect(),
            places,
            form: self.form,
            spool: self.spool.finish()?,
            editions: editions.into_iter().map(|(key, _)| key).collect(),
        })
    }
}

//! The list and an export in, the list as it would be out.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::kind::Verdict;
use super::mapping::Source;
use super::words::{Fault, Words, folded, same};
use super::{CellChange, Extent, Kind, MapError, Mapping, Outcome, Refused, Update};
use crate::domain::finding::{cure_unknown, did_you_mean};
use crate::domain::{EmailAddress, Language};
use crate::subscribers::{ColumnNames, Role};

/// The list as it is, and the newsletter's words.
pub struct List<'a> {
    pub headers: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub languages: &'a [Language],
    /// Each topic's id, and every name of it.
    pub topics: &'a [(&'a str, Vec<&'a str>)],
    /// Alias and header of declared columns.
    pub columns: &'a [(&'a str, &'a str)],
    /// The column that stands for a role among some headers.
    /// Headers of the list's columns that `[subscribers]` names.
    pub named: ColumnNames<'a>,
    pub suppressed: &'a dyn Fn(&EmailAddress) -> bool,
}

/// A column of the list that takes something of the export.
struct Target {
    at: usize,
    role: Option<Role>,
    source: Source,
    /// Whether a person said so: then what can't be understood is a fault.
    told: bool,
}

/// Works out what an import of the rows of `file`, each with its line, would do.
///
/// # Errors
/// The mapping names what is not there, or one of the two has no column for the address.
pub fn merge(
    mut list: List<'_>,
    file: &Path,
    kind: Kind,
    headers: &[String],
    rows: impl IntoIterator<Item = (usize, Vec<String>)>,
    mapping: &Mapping,
    extent: Extent,
) -> Result<Outcome, MapError> {
    let own = Role::Email.find(&list.headers, list.named).ok_or(MapError::NoOwnEmail)?;
    let mut merging = Merging {
        targets: Vec::new(),
        found: HashMap::new(),
        seen: HashMap::new(),
        outcome: Outcome { headers: list.headers.clone(), rows: std::mem::take(&mut list.rows), ..Outcome::default() },
        list: &list,
        kind,
        mapping,
        extent,
    };
    merging.find_targets(headers)?;
    let Some(email) = merging.targets.iter().find(|target| target.at == own).map(|target| target.source.clone()) else {
        let likely = did_you_mean("email", headers.iter().map(String::as_str));
        let likely = likely.unwrap_or("the header of its column");
        return Err(MapError::NoEmail { help: format!("name it with --map email=\"{likely}\"") });
    };
    for (place, row) in merging.outcome.rows.iter().enumerate() {
        if let Some(email) = row.get(own).and_then(|cell| cell.parse::<EmailAddress>().ok()) {
            merging.found.entry(email.identity()).or_insert(place);
        }
    }
    for (line, row) in rows {
        if row.iter().any(|cell| !cell.trim().is_empty()) {
            merging.take(line, &row, file, headers, &email);
        }
    }
    if kind == Kind::Generic {
        let used: BTreeSet<_> = merging.targets.iter().flat_map(|target| target.source.places()).collect();
        let ignored = headers.iter().enumerate().filter(|(at, name)| !used.contains(at) && !name.trim().is_empty());
        merging.outcome.ignored = ignored.map(|(_, name)| name.clone()).collect();
    }
    Ok(merging.outcome)
}

struct Merging<'a> {
    targets: Vec<Target>,
    /// The first row of each person in the list, by identity.
    found: HashMap<String, usize>,
    /// The first line of each person in the export.
    seen: HashMap<String, usize>,
    outcome: Outcome,
    list: &'a List<'a>,
    kind: Kind,
    mapping: &'a Mapping,
    extent: Extent,
}

impl Merging<'_> {
    /// What was told goes before what the kind of export is known for, and that before equal names.
    fn find_targets(&mut self, headers: &[String]) -> Result<(), MapError> {
        for map in &self.mapping.columns {
            let source = Source::find(&map.source, headers).ok_or_else(|| MapError::NoHeader {
                header: map.source.clone(),
                help: cure_unknown(&map.source, headers.iter().map(String::as_str)),
            })?;
            let at = self.column(&map.column).unwrap_or_else(|| self.new_column(&map.column));
            self.target(at, source, true);
        }
        for (role, source) in self.kind.columns() {
            let at = Role::of(role).and_then(|role| role.find(&self.list.headers, self.list.named));
            if let (Some(at), Some(source)) = (at, Source::find(source, headers)) {
                self.target(at, source, false);
            }
        }
        for (at, name) in self.list.headers.iter().enumerate() {
            let by_role = self.role_at(at).and_then(|role| self.in_export(role, headers)).map(Source::Cell);
            let alias = self.list.columns.iter().find(|(_, header)| folded(header) == folded(name));
            let by_name = || [Some(name.as_str()), alias.map(|(alias, _)| *alias)].into_iter().flatten();
            let by_name =
                || by_name().find_map(|name| headers.iter().position(|header| folded(header) == folded(name)));
            if let Some(source) = by_role.or_else(|| by_name().map(Source::Cell)) {
                self.target(at, source, true);
            }
        }
        Ok(())
    }

    fn target(&mut self, at: usize, source: Source, told: bool) {
        if self.targets.iter().all(|target| target.at != at) {
            let role = self.role_at(at);
            self.targets.push(Target { at, role, source, told });
        }
    }

    fn role_at(&self, at: usize) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.find(&self.list.headers, self.list.named) == Some(at))
    }

    /// The column of the export for a role: called as in the list, or by a header that is known.
    fn in_export(&self, role: Role, headers: &[String]) -> Option<usize> {
        role.find(headers, self.list.named).or_else(|| role.find(headers, ColumnNames::default()))
    }

    /// The column of the list that a person names: by its role, its alias or its header.
    fn column(&self, name: &str) -> Option<usize> {
        let by_role = Role::of(name).and_then(|role| role.find(&self.outcome.headers, self.list.named));
        let alias = self.list.columns.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, header)| *header);
        by_role.or_else(|| self.outcome.headers.iter().position(|header| folded(header) == folded(alias)))
    }

    fn new_column(&mut self, name: &str) -> usize {
        let header = self.list.columns.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, header)| *header);
        self.outcome.headers.push(header.to_owned());
        for row in &mut self.outcome.rows {
            row.resize(self.outcome.headers.len(), String::new());
        }
        self.outcome.headers.len() - 1
    }

    fn take(&mut self, line: usize, row: &[String], file: &Path, headers: &[String], source: &Source) {
        let cell = |at: usize| row.get(at).map(String::as_str);
        let typed = source.value(&cell).unwrap_or_default();
        let email: EmailAddress = match typed.parse() {
            Ok(email) => email,
            Err(error) => return self.refuse(line, typed, error.to_string(), true),
        };
        if let Some(first) = self.seen.get(&email.identity()) {
            let reason = format!("stands in line {first} of the export already");
            return self.refuse(line, typed, reason, false);
        }
        self.seen.insert(email.identity(), line);
        let named = |name: &str| {
            let at = headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name))?;
            cell(at).filter(|value| !value.trim().is_empty())
        };
        match self.kind.verdict(file, &named) {
            Verdict::Refuse(reason) => return self.refuse(line, typed, reason.to_owned(), false),
            Verdict::Suppress(departure) if !(self.list.suppressed)(&email) => {
                return self.outcome.departed.push((email, departure));
            }
            Verdict::Suppress(_) => return self.outcome.kept_away.push(email),
            Verdict::Take if (self.list.suppressed)(&email) => return self.outcome.kept_away.push(email),
            Verdict::Take => {}
        }
        let values: Result<Vec<_>, Fault> = self
            .targets
            .iter()
            .filter_map(|target| Some((target, target.source.value(&cell)?)))
            .map(|(target, value)| Ok((target.at, target.role, self.words(target).understood(target.role, &value)?)))
            .collect();
        match values {
            Err((value, reason)) => self.refuse(line, value, reason, true),
            Ok(values) => self.put(email, values.into_iter().filter(|(_, _, value)| !value.is_empty()).collect()),
        }
    }

    /// The words that a column of the list may hold.
    fn words(&self, target: &Target) -> Words<'_> {
        let values = self.mapping.values.iter().filter(|map| self.column(&map.column) == Some(target.at));
        Words {
            languages: self.list.languages,
            topics: self.list.topics,
            values: values.collect(),
            loose: self.kind.has_loose_topics() && !target.told,
        }
    }

    fn refuse(&mut self, line: usize, value: String, reason: String, faulty: bool) {
        self.outcome.refused.push(Refused { line, value, reason, faulty });
    }

    /// Adds the person, or updates their row.
    fn put(&mut self, email: EmailAddress, values: Vec<(usize, Option<Role>, String)>) {
        let width = self.outcome.headers.len();
        let Some(place) = self.found.get(&email.identity()).copied() else {
            let mut row = vec![String::new(); width];
            for (at, _, value) in values {
                row[at] = value;
            }
            self.outcome.rows.push(row);
            return self.outcome.added.push(email);
        };
        let mut cells = Vec::new();
        for (at, role, value) in values {
            let old = self.outcome.rows[place].get(at).cloned().unwrap_or_default();
            // Another spelling of the same address is no news.
            if role != Some(Role::Email) && !same(role, &old, &value) {
                cells.push((at, old, value));
            }
        }
        if cells.is_empty() || self.extent == Extent::AddOnly {
            self.outcome.unchanged += 1;
            return;
        }
        let row = &mut self.outcome.rows[place];
        row.resize(row.len().max(width), String::new());
        let mut update = Update { email, cells: Vec::new() };
        for (at, old, value) in cells {
            row[at].clone_from(&value);
            update.cells.push(CellChange { header: self.outcome.headers[at].clone(), old, new: value });
        }
        self.outcome.updated.push(update);
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;

//! From an assembly to a frozen plan: an issue's ledger, under a lock, and what a person decided brought into it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::proposal::GONE;
use super::{Assembly, Decisions, Entry, Fate, PipelineError, Proposal, refused};
use crate::domain::{Digest, IssueId};
use crate::ledger::{Account, Lock, LockError, NewPerson, Plan, RecipientId, SqliteLedger, account_of};
use crate::state::{Cursor, Database, Place, StateError, Window, open_to_read};

/// An issue's ledger, open for one process alone.
pub struct Desk {
    ledger: SqliteLedger,
    database: PathBuf,
    issue: IssueId,
    _lock: Lock,
}

/// A plan that is ready to be carried out.
#[derive(Debug)]
pub struct Settled {
    pub plan: Plan,
    pub(super) assembly: Arc<Assembly>,
    /// Who takes part in this run, by number, and where they stand in the list.
    pub(super) people: Vec<(RecipientId, Place)>,
}

/// Takes the lock `name` in `folder`, under which one process alone is `doing` what it does.
///
/// # Errors
/// Another process holds it, or the folder can't be written.
pub fn lock(folder: &Path, name: &str, doing: &str) -> Result<Lock, PipelineError> {
    Lock::take(folder, name).map_err(|error| match error {
        LockError::Held => refused(
            format!("another process is {doing} just now"),
            "wait for it to end; `bulletin status` tells how far a send is",
        ),
        LockError::File(..) => error.into(),
    })
}

impl Desk {
    /// Opens the ledger in `database` for `issue`, under a lock that keeps others away.
    ///
    /// # Errors
    /// The database can't be used.
    pub fn open(database: &Path, issue: &IssueId, lock: Lock) -> Result<Self, PipelineError> {
        let ledger = SqliteLedger::new(Database::open(database)?);
        Ok(Self { ledger, database: database.to_owned(), issue: issue.clone(), _lock: lock })
    }

    /// What sending `issue` to `assembly`'s people over `relay` would do now.
    ///
    /// # Errors
    /// The issue has a plan for another relay, or the database can't be used.
    pub fn propose(
        &self,
        digest: Digest,
        assembly: Assembly,
        relay: &str,
        decisions: Decisions,
        now: Timestamp,
    ) -> Result<Proposal, PipelineError> {
        let plan = self.ledger.resume(&self.issue, now)?;
        if let Some(plan) = &plan
            && plan.relay != relay
            && plan.begun
        {
            let accepted = self.account()?.accepted;
            return Err(refused(
                format!(
                    "{} has a plan for {}, which accepted {accepted} messages already; {relay} is another relay",
                    self.issue, plan.relay
                ),
                format!("continue over {}, so that nobody is mailed twice", plan.relay),
            ));
        }
        if decisions.whom.only_failed && plan.is_none() {
            return Err(refused(
                format!("{} was never sent, so nobody was rejected", self.issue),
                "leave out --only-failed",
            ));
        }
        let planned = plan.as_ref().map(|plan| self.ledger.planned(plan)).transpose()?;
        Ok(Proposal::new(digest, assembly, decisions, plan.zip(planned))?)
    }

    /// Makes the plan, or brings the one that is continued up to what was approved and decided.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn settle(&self, proposal: &Proposal, relay: &str, now: Timestamp) -> Result<Settled, PipelineError> {
        let assembly = Arc::clone(&proposal.assembly);
        let editions = assembly.editions.clone();
        let Some(plan) = &proposal.plan else {
            let everyone = Everyone { assembly: Arc::clone(&assembly), cursor: Cursor::default() };
            let (plan, people) = self.ledger.create(&self.issue, relay, proposal.digest, now, editions, everyone)?;
            let people = meant(proposal, people)?;
            return Ok(Settled { plan, assembly, people });
        };
        if plan.relay != relay {
            self.ledger.move_to(plan, relay)?;
        }
        let members = proposal.members.iter();
        if let Some(decision) = proposal.decisions.unknown {
            let unknown = members.clone().filter(|member| member.is_decided());
            self.ledger.decide_unknown(unknown.map(|member| member.recipient).collect(), decision, now)?;
        }
        let failed = members.clone().filter(|member| proposal.is_tried_again(member));
        self.ledger.try_again(failed.map(|member| member.recipient).collect(), now)?;
        let mut new = Vec::new();
        if proposal.decisions.include_new {
            let (list, places) = (Arc::clone(&assembly), proposal.newcomers.clone());
            let mut window = Window::default();
            let people = places.into_iter().map(move |place| Ok(new_person(&list.entry(place, &mut window)?)));
            new = meant(proposal, self.ledger.add(plan, editions.clone(), people)?)?;
        }
        self.ledger.take_back(proposal.returned().map(|member| member.recipient).collect())?;
        self.ledger.skip(withheld(proposal)?)?;
        if proposal.is_corrected() {
            self.ledger.approve(plan, proposal.digest, now)?;
        }
        let anew: Vec<_> = proposal.chosen_anew().collect();
        let (list, mut window) = (Arc::clone(&assembly), Window::default());
        let anew = anew.into_iter().map(move |(recipient, place)| {
            let entry = list.entry(place, &mut window)?;
            Ok((recipient, chosen(entry.fate)))
        });
        self.ledger.assign(plan, editions, anew)?;
        let members = members.filter(|member| proposal.takes_part(member));
        let people = members.filter_map(|member| Some((member.recipient, member.place?))).chain(new).collect();
        let mut plan = plan.clone();
        (plan.digest, plan.relay) = (proposal.digest, relay.to_owned());
        Ok(Settled { plan, assembly, people })
    }

    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    pub(super) fn issue(&self) -> &IssueId {
        &self.issue
    }

    #[must_use]
    pub fn ledger(&self) -> &SqliteLedger {
        &self.ledger
    }

    /// The account as the ledger has it.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn account(&self) -> Result<Account, StateError> {
        Ok(self.closing()?.0)
    }

    /// The account, and every digest that was approved.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn closing(&self) -> Result<(Account, Vec<String>), StateError> {
        let failed = |error| StateError::Database(self.database.clone(), error);
        let Some(connection) = open_to_read(&self.database)? else { return Ok(Default::default()) };
        Ok(account_of(&connection, &self.issue, false).map_err(failed)?.unwrap_or_default())
    }
}

/// Everyone of an assembly on the way into a plan.
struct Everyone {
    assembly: Arc<Assembly>,
    cursor: Cursor,
}

impl Iterator for Everyone {
    type Item = Result<NewPerson, StateError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.assembly.next(&mut self.cursor).map(|entry| entry.map(|entry| new_person(&entry))).transpose()
    }
}

fn new_person(entry: &Entry<'_>) -> NewPerson {
    let (address, identity) = (entry.address.to_owned(), entry.identity.to_owned());
    NewPerson { place: entry.place, address, identity, edition: chosen(entry.fate) }
}

fn chosen(fate: Fate<'_>) -> Result<usize, String> {
    match fate {
        Fate::Gets(edition) => Ok(edition),
        Fate::Nothing(reason) | Fate::Suppressed(reason) => Err(reason.to_owned()),
    }
}

/// Of people who were put into the plan, those whom the run is for.
fn meant(proposal: &Proposal, mut people: Vec<(RecipientId, Place)>) -> Result<Vec<(RecipientId, Place)>, StateError> {
    let whom = proposal.whom();
    if whom.only_failed {
        return Ok(Vec::new());
    }
    if whom.is_everyone() {
        return Ok(people);
    }
    let mut named = HashSet::new();
    let mut window = Window::default();
    for (recipient, place) in &people {
        if whom.names(proposal.assembly.entry(*place, &mut window)?.identity) {
            named.insert(*recipient);
        }
    }
    people.retain(|(recipient, _)| named.contains(recipient));
    Ok(people)
}

/// Who is not to be sent to any more, and why.
fn withheld(proposal: &Proposal) -> Result<Vec<(RecipientId, Cow<'static, str>)>, StateError> {
    let mut window = Window::default();
    let reasons = proposal.leavers().map(|member| {
        let reason = match member.place {
            Some(place) => proposal.assembly.entry(place, &mut window)?.reason().unwrap_or_default().to_owned().into(),
            None => Cow::Borrowed(GONE),
        };
        Ok((member.recipient, reason))
    });
    reasons.collect()
}

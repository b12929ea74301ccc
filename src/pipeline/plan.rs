//! From an assembly to a frozen plan: what a send would do, and what a person decides about it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Assembly, Newsletter, PipelineError, SUPPRESSED, Skip, Whom, refused, select};
use crate::domain::{Digest, EmailAddress, IssueId};
use crate::issue::Issue;
use crate::ledger::{
    Account, Lock, LockError, NewPerson, Person, Plan, SqliteLedger, Standing, UnknownDecision, account_of,
};
use crate::state::{Database, StateError, open_to_read};

/// Why someone of the plan is not sent to any more.
const GONE: &str = "no longer in the list";

/// An issue's ledger, open for one process alone.
pub struct Desk {
    ledger: SqliteLedger,
    database: PathBuf,
    issue: IssueId,
    _lock: Lock,
}

/// What a send would do, before anybody agrees to it.
#[derive(Debug)]
pub struct Proposal {
    pub digest: Digest,
    /// The plan that is continued, if there is one.
    pub plan: Option<Plan>,
    pub assembly: Assembly,
    decisions: Decisions,
    people: Vec<Person>,
    /// Places in the roster by identity.
    listed: HashMap<String, usize>,
}

/// What a person decided beside the approval itself.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    pub unknown: Option<UnknownDecision>,
    /// Newcomers join the plan.
    pub include_new: bool,
    pub whom: Whom,
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
        let people = plan.as_ref().map(|plan| self.ledger.people(plan)).transpose()?.unwrap_or_default();
        let roster = assembly.roster.people.iter().enumerate();
        let listed = roster.map(|(place, person)| (person.email.identity(), place)).collect();
        Ok(Proposal { digest, plan, assembly, decisions, people, listed })
    }

    /// Makes the plan, or brings the one that is continued up to what was approved and decided.
    ///
    /// # Errors
    /// The database can't be written.
    pub fn settle(
        &self,
        newsletter: &Newsletter,
        issue: &Issue,
        proposal: &Proposal,
        relay: &str,
        now: Timestamp,
    ) -> Result<Plan, PipelineError> {
        let Some(plan) = &proposal.plan else {
            let everyone = (0..proposal.assembly.readers.len()).map(|place| proposal.new_person(place)).collect();
            return Ok(self.ledger.create(&self.issue, relay, proposal.digest, everyone, now)?);
        };
        if plan.relay != relay {
            self.ledger.move_to(plan, relay)?;
        }
        if let Some(decision) = proposal.decisions.unknown {
            let unknown = proposal.people.iter().filter(|person| person.standing == Standing::Unknown);
            let chosen = unknown.filter(|person| proposal.decisions.whom.names(&person.identity));
            self.ledger.decide_unknown(chosen.map(|person| person.recipient).collect(), decision, now)?;
        }
        self.ledger.try_again(proposal.failed().map(|person| person.recipient).collect(), now)?;
        if proposal.decisions.include_new {
            self.ledger.add(plan, proposal.newcomers().map(|place| proposal.new_person(place)).collect())?;
        }
        self.ledger.take_back(proposal.returned().map(|person| person.recipient).collect())?;
        let gone = proposal.leavers().filter_map(|person| Some((person.recipient, proposal.withheld(person)?)));
        self.ledger.skip(gone.collect())?;
        if proposal.is_corrected() {
            self.ledger.approve(plan, proposal.digest, now)?;
        }
        // What was approved last is what they get who are still to be sent to, whatever was planned for
        // them under another digest; those who are tried again may stem from one before the last.
        let anew = proposal.people.iter().filter(|person| match person.standing {
            Standing::Due(_) => proposal.is_corrected(),
            Standing::Unknown | Standing::Skipped(_) | Standing::Rejected => proposal.is_wanted(person),
            Standing::Settled => false,
        });
        let editions = anew.filter_map(|person| {
            let subscriber = &proposal.assembly.roster.people[*proposal.listed.get(&person.identity)?];
            let edition = select(newsletter, issue, subscriber).map_err(|reason| reason.to_string());
            Some((person.recipient, edition))
        });
        self.ledger.assign(plan, editions.collect())?;
        Ok(Plan { digest: proposal.digest, relay: relay.to_owned(), ..plan.clone() })
    }

    /// Everyone in the plan.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn people(&self, plan: &Plan) -> Result<Vec<Person>, StateError> {
        self.ledger.people(plan)
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

impl Proposal {
    /// How many people would be sent to now.
    #[must_use]
    pub fn due(&self) -> usize {
        self.due_identities().len()
    }

    /// Who would be sent to now.
    #[must_use]
    pub fn due_identities(&self) -> Vec<String> {
        let whom = &self.decisions.whom;
        let readers = |place: usize| {
            let identity = self.assembly.roster.people[place].email.identity();
            (self.assembly.readers[place].is_ok() && whom.names(&identity)).then_some(identity)
        };
        let mut due: Vec<_> = if self.plan.is_none() {
            (0..self.assembly.readers.len()).filter_map(readers).collect()
        } else {
            let planned = self.people.iter().filter(|person| self.is_wanted(person) && self.withheld(person).is_none());
            let joins = self.decisions.include_new && !whom.only_failed;
            let new = self.newcomers().filter(|_| joins).filter_map(readers);
            planned.map(|person| person.identity.clone()).chain(new).collect()
        };
        due.truncate(whom.at_most(due.len()));
        due
    }

    /// Whom this run is for.
    #[must_use]
    pub fn whom(&self) -> &Whom {
        &self.decisions.whom
    }

    /// Those who were rejected and are tried again.
    pub fn failed(&self) -> impl Iterator<Item = &Person> {
        let rejected = |person: &&Person| person.standing == Standing::Rejected;
        let tried = self.people.iter().filter(move |person| rejected(person) && self.is_wanted(person));
        tried.filter(|person| self.withheld(person).is_none())
    }

    /// Those whom a person named, and who are not in the plan.
    #[must_use]
    pub fn strangers(&self) -> Vec<&EmailAddress> {
        let planned: HashSet<&str> = self.people.iter().map(|person| person.identity.as_str()).collect();
        let joins = self.plan.is_none() || self.decisions.include_new;
        self.decisions.whom.strangers(|one| planned.contains(one) || (joins && self.listed.contains_key(one)))
    }

    /// Tells whether someone of the settled plan takes part in this run.
    pub(super) fn participants(&self) -> impl Fn(&Person) -> bool {
        let failed: HashSet<_> = self.failed().map(|person| person.recipient).collect();
        let whom = &self.decisions.whom;
        move |person| whom.names(&person.identity) && (!whom.only_failed || failed.contains(&person.recipient))
    }

    /// How many people of the plan stand in the list no more.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.leavers().filter(|person| !self.is_listed(person)).count()
    }

    /// How many people of the plan were suppressed since it was made.
    #[must_use]
    pub fn suppressed_since(&self) -> usize {
        self.leavers().filter(|person| self.is_listed(person)).count()
    }

    /// Places in the roster of people who came after the plan was made.
    pub fn newcomers(&self) -> impl Iterator<Item = usize> {
        let planned: HashSet<&str> = self.people.iter().map(|person| person.identity.as_str()).collect();
        let continued = self.plan.is_some();
        let people = self.assembly.roster.people.iter().enumerate();
        people
            .filter(move |(_, person)| continued && !planned.contains(person.email.identity().as_str()))
            .map(|(place, _)| place)
    }

    /// Whether the sources were changed after part of the plan was sent.
    #[must_use]
    pub fn is_corrected(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.digest != self.digest)
    }

    /// Someone's place in the roster.
    pub(super) fn place(&self, identity: &str) -> Option<usize> {
        self.listed.get(identity).copied()
    }

    fn is_listed(&self, person: &Person) -> bool {
        self.listed.contains_key(&person.identity)
    }

    /// Whether this run would send to someone of the plan, given that they are still in the list.
    fn is_wanted(&self, person: &Person) -> bool {
        let whom = &self.decisions.whom;
        let by_standing = match &person.standing {
            Standing::Rejected => whom.only_failed,
            _ if whom.only_failed => false,
            Standing::Due(_) => true,
            Standing::Unknown => self.decisions.unknown == Some(UnknownDecision::Retry),
            Standing::Skipped(reason) => {
                (reason == GONE || reason.starts_with(SUPPRESSED)) && self.withheld(person).is_none()
            }
            Standing::Settled => false,
        };
        by_standing && whom.names(&person.identity)
    }

    /// Why someone of the plan is not to be sent to any more: their row is gone, or they are suppressed.
    fn withheld(&self, person: &Person) -> Option<String> {
        let Some(place) = self.place(&person.identity) else { return Some(GONE.to_owned()) };
        match &self.assembly.readers[place] {
            Err(skip @ Skip::Suppressed(_)) => Some(skip.to_string()),
            _ => None,
        }
    }

    fn leavers(&self) -> impl Iterator<Item = &Person> {
        let gone = |person: &&Person| self.is_wanted(person) && self.withheld(person).is_some();
        self.people.iter().filter(move |person| gone(person) && person.standing != Standing::Rejected)
    }

    /// Those who were skipped for want of a row, and whose row is back; and those who may be sent to again.
    fn returned(&self) -> impl Iterator<Item = &Person> {
        let skipped = |person: &&Person| matches!(person.standing, Standing::Skipped(_));
        self.people.iter().filter(move |person| skipped(person) && self.is_wanted(person))
    }

    fn new_person(&self, place: usize) -> NewPerson {
        let email = self.assembly.roster.people[place].email.clone();
        let edition = match &self.assembly.readers[place] {
            Ok(edition) => Ok(self.assembly.editions[*edition].clone()),
            Err(reason) => Err(reason.to_string()),
        };
        NewPerson { email, edition }
    }
}

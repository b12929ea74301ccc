//! From an assembly to a frozen plan: what a send would do, and what a person decides about it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Assembly, Newsletter, PipelineError, refused, select};
use crate::domain::{Digest, IssueId};
use crate::edition::EditionKey;
use crate::issue::Issue;
use crate::ledger::{
    Account, Lock, LockError, NewPerson, Person, Plan, RecipientId, SqliteLedger, UnknownDecision, account_of,
};
use crate::state::{Database, StateError, open_to_read};

/// Why someone of the plan is not sent to any more.
const GONE: &str = "no longer in the list";

/// What someone gets of a corrected issue, or why nothing.
type EditionAnew = (RecipientId, Result<EditionKey, String>);

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
    people: Vec<Person>,
    /// Places in the roster of people who came after the plan was made.
    pub newcomers: Vec<usize>,
    /// People who are still to be sent to and stand in the list no more.
    leavers: Vec<Person>,
}

/// What a person decided beside the approval itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Decisions {
    pub unknown: Option<UnknownDecision>,
    /// Newcomers join the plan.
    pub include_new: bool,
}

impl Desk {
    /// Opens the ledger in `database` for `issue`, and closes it to others.
    ///
    /// # Errors
    /// Another process sends the issue, or the database can't be used.
    pub fn open(database: &Path, issue: &IssueId) -> Result<Self, PipelineError> {
        let lock = Lock::take(database, issue.as_str()).map_err(|error| match error {
            LockError::Held => refused(
                format!("another process is sending {issue} just now"),
                "wait for it to end, or look at `bulletin status`",
            ),
            LockError::File(..) => error.into(),
        })?;
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
        now: Timestamp,
    ) -> Result<Proposal, PipelineError> {
        let plan = self.ledger.resume(&self.issue, now)?;
        if let Some(plan) = &plan
            && plan.relay != relay
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
        let people = match &plan {
            Some(plan) => self.ledger.people(plan)?,
            None => Vec::new(),
        };
        let (newcomers, leavers) = if plan.is_some() { changes(&assembly, &people) } else { Default::default() };
        Ok(Proposal { digest, plan, assembly, people, newcomers, leavers })
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
        decisions: Decisions,
        now: Timestamp,
    ) -> Result<Plan, PipelineError> {
        let Some(plan) = &proposal.plan else {
            let everyone = (0..proposal.assembly.readers.len()).map(|place| proposal.new_person(place)).collect();
            return Ok(self.ledger.create(&self.issue, relay, proposal.digest, everyone, now)?);
        };
        if let Some(decision) = decisions.unknown {
            self.ledger.decide_unknown(plan, decision, now)?;
        }
        if decisions.include_new {
            let new = proposal.newcomers.iter().map(|place| proposal.new_person(*place)).collect();
            self.ledger.add(plan, new)?;
        }
        let gone = proposal.leavers.iter().map(|person| (person.recipient, GONE.to_owned())).collect();
        self.ledger.skip(gone)?;
        if proposal.is_corrected() {
            let editions = self.editions_anew(newsletter, issue, proposal, plan)?;
            self.ledger.approve_again(plan, proposal.digest, editions, now)?;
        }
        Ok(Plan { digest: proposal.digest, ..plan.clone() })
    }

    /// After a correction the people who are still to be sent to get what their preferences now select.
    fn editions_anew(
        &self,
        newsletter: &Newsletter,
        issue: &Issue,
        proposal: &Proposal,
        plan: &Plan,
    ) -> Result<Vec<EditionAnew>, StateError> {
        let by_identity = proposal.by_identity();
        let due = self.ledger.people(plan)?.into_iter().filter(|person| person.due.is_some());
        Ok(due
            .filter_map(|person| {
                let subscriber = &proposal.assembly.roster.people[*by_identity.get(&person.identity)?];
                let edition = select(newsletter, issue, subscriber).map_err(|reason| reason.to_string());
                Some((person.recipient, edition))
            })
            .collect())
    }

    /// Everyone who is to be sent to now.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn people(&self, plan: &Plan) -> Result<Vec<Person>, StateError> {
        self.ledger.people(plan)
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
        if self.plan.is_none() {
            return self.assembly.recipients();
        }
        let leavers: HashSet<_> = self.leavers.iter().map(|person| person.recipient).collect();
        self.people.iter().filter(|person| person.due.is_some() && !leavers.contains(&person.recipient)).count()
    }

    /// How many people of the plan stand in the list no more.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.leavers.len()
    }

    /// Whether the sources were changed after part of the plan was sent.
    #[must_use]
    pub fn is_corrected(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.digest != self.digest)
    }

    /// The place of each person in the roster.
    pub(super) fn by_identity(&self) -> HashMap<String, usize> {
        let people = self.assembly.roster.people.iter().enumerate();
        people.map(|(place, person)| (person.email.identity(), place)).collect()
    }

    fn new_person(&self, place: usize) -> NewPerson {
        let email = self.assembly.roster.people[place].email.clone();
        let edition = match self.assembly.readers[place] {
            Ok(edition) => Ok(self.assembly.editions[edition].clone()),
            Err(reason) => Err(reason.to_string()),
        };
        NewPerson { email, edition }
    }
}

/// Who came and who left since the plan was made.
fn changes(assembly: &Assembly, people: &[Person]) -> (Vec<usize>, Vec<Person>) {
    let planned: BTreeMap<&str, &Person> = people.iter().map(|person| (person.identity.as_str(), person)).collect();
    let mut listed = HashSet::new();
    let mut newcomers = Vec::new();
    for (place, person) in assembly.roster.people.iter().enumerate() {
        let identity = person.email.identity();
        if !planned.contains_key(identity.as_str()) {
            newcomers.push(place);
        }
        listed.insert(identity);
    }
    let leavers = people.iter().filter(|person| person.due.is_some() && !listed.contains(&person.identity));
    (newcomers, leavers.cloned().collect())
}

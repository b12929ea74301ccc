//! What a send would do, before anybody agrees to it: the people of the list in, beside them those of the plan
//! that is continued; counts out, and who of them is to be told what. Of each person of a plan, some twenty bytes
//! are kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::pace::domain;
use super::{Assembly, Entry, Fate, SUPPRESSED, Whom};
use crate::domain::{Digest, EmailAddress};
use crate::ledger::{Person, Plan, Planned, RecipientId, Standing, UnknownDecision};
use crate::state::{Place, StateError};

/// Why someone of the plan is not sent to any more.
pub(super) const GONE: &str = "no longer in the list";

/// What a send would do, before anybody agrees to it.
#[derive(Debug)]
pub struct Proposal {
    pub digest: Digest,
    /// The plan that is continued, if there is one.
    pub plan: Option<Plan>,
    pub assembly: Arc<Assembly>,
    pub(super) decisions: Decisions,
    /// Everyone of the plan, in the order of their numbers.
    pub(super) members: Vec<Member>,
    /// People in the list who came after the plan was made.
    pub(super) newcomers: Vec<Place>,
    /// Of the people whom a person named, those who are known.
    known: HashSet<String>,
    due: usize,
    domains: HashMap<String, u32>,
}

/// What a person decided beside the approval itself.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    pub unknown: Option<UnknownDecision>,
    /// Newcomers join the plan.
    pub include_new: bool,
    pub whom: Whom,
}

/// Someone of the plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) recipient: RecipientId,
    /// Where they stand in the list; none where they do no more.
    pub(super) place: Option<Place>,
    pub(super) stand: Stand,
    listed: Listed,
    naming: Naming,
}

/// [`Standing`] without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    Due,
    Unknown,
    /// Since they were not to be sent to then, which may have changed.
    Withheld,
    Skipped,
    Rejected,
    Settled,
}

/// What the list and the readers' own wishes say about someone of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    /// No row is theirs.
    Gone,
    Suppressed,
    Well,
}

/// Whether the run is for someone, as far as people were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    Meant,
    LeftOut,
}

impl Naming {
    fn of(whom: &Whom, identity: &str) -> Self {
        if whom.names(identity) { Self::Meant } else { Self::LeftOut }
    }
}

impl Member {
    fn new(person: &Person<'_>, whom: &Whom) -> Self {
        let stand = match person.standing {
            Standing::Due(_) => Stand::Due,
            Standing::Unknown => Stand::Unknown,
            Standing::Skipped(reason) if reason == GONE || reason.starts_with(SUPPRESSED) => Stand::Withheld,
            Standing::Skipped(_) => Stand::Skipped,
            Standing::Rejected => Stand::Rejected,
            Standing::Settled => Stand::Settled,
        };
        let naming = Naming::of(whom, person.identity);
        Self { recipient: person.recipient, place: None, stand, listed: Listed::Gone, naming }
    }

    /// Whether what was decided about those who are `unknown` was meant for them.
    pub(super) fn is_decided(&self) -> bool {
        self.stand == Stand::Unknown && self.naming == Naming::Meant
    }

    fn is_withheld(&self) -> bool {
        self.listed != Listed::Well
    }
}

impl Proposal {
    /// Compares the list with the people of `plan`, if there is one: each person of the list is looked up there.
    pub(super) fn new(
        digest: Digest,
        assembly: Assembly,
        decisions: Decisions,
        plan: Option<(Plan, Planned)>,
    ) -> Result<Self, StateError> {
        let (plan, planned) = plan.unzip();
        let mut proposal = Self {
            digest,
            plan,
            assembly: Arc::new(assembly),
            decisions,
            members: Vec::new(),
            newcomers: Vec::new(),
            known: HashSet::new(),
            due: 0,
            domains: HashMap::new(),
        };
        if let Some(planned) = &planned {
            planned.each(|person| {
                proposal.know(person.identity);
                proposal.members.push(Member::new(&person, &proposal.decisions.whom));
            })?;
            proposal.members.shrink_to_fit();
        }
        let assembly = Arc::clone(&proposal.assembly);
        let mut entries = assembly.entries();
        while let Some(entry) = entries.advance()? {
            let recipient = planned.as_ref().map(|planned| planned.find(entry.identity)).transpose()?.flatten();
            proposal.meet(&entry, recipient);
        }
        proposal.newcomers.shrink_to_fit();
        Ok(proposal)
    }

    /// Takes in someone of the list, and which of the plan's people they are.
    fn meet(&mut self, entry: &Entry<'_>, recipient: Option<RecipientId>) {
        let whom = &self.decisions.whom;
        let at =
            recipient.and_then(|recipient| self.members.binary_search_by_key(&recipient, |one| one.recipient).ok());
        let is_due = if let Some(at) = at {
            let member = &mut self.members[at];
            member.place = Some(entry.place);
            member.listed = match entry.fate {
                Fate::Suppressed(_) => Listed::Suppressed,
                Fate::Gets(_) | Fate::Nothing(_) => Listed::Well,
            };
            let member = self.members[at];
            self.is_wanted(&member) && !member.is_withheld()
        } else {
            let joins = self.plan.is_none() || (self.decisions.include_new && !whom.only_failed);
            let is_due = joins && matches!(entry.fate, Fate::Gets(_)) && whom.names(entry.identity);
            if self.plan.is_some() {
                self.newcomers.push(entry.place);
            }
            if self.plan.is_none() || self.decisions.include_new {
                self.know(entry.identity);
            }
            is_due
        };
        if is_due && self.decisions.whom.limit.is_none_or(|limit| self.due < limit) {
            self.due += 1;
            let domain = domain(entry.identity);
            match self.domains.get_mut(domain) {
                Some(count) => *count += 1,
                None => drop(self.domains.insert(domain.to_owned(), 1)),
            }
        }
    }

    /// Notes that someone whom a person named is no stranger.
    fn know(&mut self, identity: &str) {
        if self.decisions.whom.mentions(identity) {
            self.known.insert(identity.to_owned());
        }
    }

    /// How many people would be sent to now.
    #[must_use]
    pub fn due(&self) -> usize {
        self.due
    }

    /// How many of them are at each domain.
    #[must_use]
    pub fn domains(&self) -> &HashMap<String, u32> {
        &self.domains
    }

    /// Whom this run is for.
    #[must_use]
    pub fn whom(&self) -> &Whom {
        &self.decisions.whom
    }

    /// How many people were rejected and are tried again.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.members.iter().filter(|member| self.is_tried_again(member)).count()
    }

    /// Those whom a person named, and who are not in the plan.
    #[must_use]
    pub fn strangers(&self) -> Vec<&EmailAddress> {
        self.decisions.whom.strangers(|one| self.known.contains(one))
    }

    /// How many people of the plan stand in the list no more.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.leavers().filter(|member| member.listed == Listed::Gone).count()
    }

    /// How many people of the plan were suppressed since it was made.
    #[must_use]
    pub fn suppressed_since(&self) -> usize {
        self.leavers().filter(|member| member.listed == Listed::Suppressed).count()
    }

    /// How many people came after the plan was made.
    #[must_use]
    pub fn newcomers(&self) -> usize {
        self.newcomers.len()
    }

    /// Whether the sources were changed after part of the plan was sent.
    #[must_use]
    pub fn is_corrected(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.digest != self.digest)
    }

    /// Whether someone of the settled plan takes part in this run.
    pub(super) fn takes_part(&self, member: &Member) -> bool {
        member.naming == Naming::Meant && (!self.decisions.whom.only_failed || self.is_tried_again(member))
    }

    pub(super) fn is_tried_again(&self, member: &Member) -> bool {
        member.stand == Stand::Rejected && self.is_wanted(member) && !member.is_withheld()
    }

    /// Whether this run would send to someone of the plan, given that they are still in the list.
    pub(super) fn is_wanted(&self, member: &Member) -> bool {
        let whom = &self.decisions.whom;
        let by_stand = match member.stand {
            Stand::Rejected => whom.only_failed,
            _ if whom.only_failed => false,
            Stand::Due => true,
            Stand::Unknown => self.decisions.unknown == Some(UnknownDecision::Retry),
            Stand::Withheld => !member.is_withheld(),
            Stand::Skipped | Stand::Settled => false,
        };
        by_stand && member.naming == Naming::Meant
    }

    /// Those who would be sent to, but are not any more.
    pub(super) fn leavers(&self) -> impl Iterator<Item = &Member> {
        let gone = |member: &&Member| self.is_wanted(member) && member.is_withheld();
        self.members.iter().filter(move |member| gone(member) && member.stand != Stand::Rejected)
    }

    /// Those who were skipped for want of a row, and whose row is back; and those who may be sent to again.
    pub(super) fn returned(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.stand == Stand::Withheld && self.is_wanted(member))
    }

    /// Those who are to get what was approved last, whatever was planned for them under another digest; those
    /// who are tried again may stem from one before the last.
    pub(super) fn chosen_anew(&self) -> impl Iterator<Item = (RecipientId, Place)> {
        let anew = self.members.iter().filter(|member| match member.stand {
            Stand::Due => self.is_corrected(),
            Stand::Unknown | Stand::Withheld | Stand::Rejected => self.is_wanted(member),
            Stand::Skipped | Stand::Settled => false,
        });
        let listed = anew.filter(|member| member.listed == Listed::Well);
        listed.filter_map(|member| Some((member.recipient, member.place?)))
    }
}

//! Reports become bounces: what a mail or a relay said in, the reader whom it is about and how sure that is, out.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::bounces::{Report, Token};
use crate::domain::EmailAddress;
use crate::domain::token::Pseudonym;
use crate::pipeline::{Newsletter, PipelineError};
use crate::readers::{Bounce, Proof, Told};

/// What `report` says, about nobody as yet.
pub(super) fn bounce(report: Report, source: Told, at: Timestamp, now: Timestamp) -> Bounce {
    Bounce {
        source,
        reader: None,
        identity: None,
        issue: None,
        at,
        read_at: now,
        kind: report.kind,
        reason: report.reason,
        status: report.status,
        diagnostic: report.diagnostic,
        action: report.action,
        mta: report.mta,
        recipient: report.recipient,
        proof: Proof::Nothing,
    }
}

/// The people of the list whom the mails are about.
pub(super) struct Names {
    by_pseudonym: HashMap<Pseudonym, EmailAddress>,
    identities: HashSet<String>,
}

impl Names {
    /// Those of them whom `leavers` and `reports` speak of.
    ///
    /// # Errors
    /// The list can't be read.
    pub(super) fn of<'r>(
        newsletter: &Newsletter,
        leavers: impl Iterator<Item = Pseudonym>,
        reports: impl Iterator<Item = &'r Report> + Clone,
    ) -> Result<Self, PipelineError> {
        let claimed = reports.clone().filter_map(|report| report.claim.as_ref()).map(|claim| claim.reader);
        let wanted: HashSet<_> = leavers.chain(claimed).collect();
        let named: HashSet<_> = reports.filter_map(recipient).map(|email| email.identity()).collect();
        if wanted.is_empty() && named.is_empty() {
            return Ok(Self { by_pseudonym: HashMap::new(), identities: HashSet::new() });
        }
        let (mut by_pseudonym, mut identities) = (HashMap::new(), HashSet::new());
        for person in newsletter.roster(None)?.people {
            let identity = person.email.identity();
            if named.contains(&identity) {
                identities.insert(identity);
            }
            let reader = newsletter.key().pseudonym(&person.email);
            if wanted.contains(&reader) {
                by_pseudonym.insert(reader, person.email);
            }
        }
        Ok(Self { by_pseudonym, identities })
    }

    /// The identity of a reader who stands in the list.
    pub(super) fn identity(&self, reader: Pseudonym) -> Option<String> {
        self.by_pseudonym.get(&reader).map(EmailAddress::identity)
    }

    /// A token says who a report is about, whatever the report calls them; without one, the address that it names.
    pub(super) fn bounce(
        &self,
        report: Report,
        source: Told,
        newsletter: &Newsletter,
        at: Timestamp,
        now: Timestamp,
    ) -> Bounce {
        let (reader, identity, issue, proof) = match (&report.claim, recipient(&report)) {
            (Some(claim), _) => {
                (Some(claim.reader), self.identity(claim.reader), claim.issue.clone(), proof(claim.token))
            }
            (None, Some(email)) => {
                let reader = Some(newsletter.key().pseudonym(&email));
                let identity = email.identity();
                let listed = self.identities.contains(&identity);
                let proof = if listed { Proof::Recipient } else { Proof::Nothing };
                (reader, listed.then_some(identity), None, proof)
            }
            (None, None) => (None, None, None, Proof::Nothing),
        };
        Bounce { reader, identity, issue, proof, ..bounce(report, source, at, now) }
    }
}

fn recipient(report: &Report) -> Option<EmailAddress> {
    report.recipient.as_ref()?.parse().ok()
}

fn proof(token: Token) -> Proof {
    match token {
        Token::ReturnPath => Proof::ReturnPath,
        Token::EnvelopeId => Proof::EnvelopeId,
        Token::MessageId => Proof::MessageId,
    }
}

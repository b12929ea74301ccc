//! What bounces mean, in words for whoever looks after the list: readers, counts, and what to do about the
//! sender's own faults.

use std::collections::BTreeMap;

use crate::cli::diagnostics::counted;
use crate::domain::bounce_policy::Rule;
use crate::domain::{BouncePolicy, EmailAddress, Reason, provider};
use crate::readers::{Bounce, Count, Proof};
use crate::upkeep::{Judged, Who};

/// The reader's address, or that there is none.
pub(in crate::cli) fn name(who: &Who) -> String {
    match who {
        Who::Known(email) => email.to_string(),
        Who::Unlisted(reader) => format!("someone who is not in the list ({reader})"),
    }
}

/// `mailbox-full, 2 of 3 within 90 days`.
pub(super) fn count(count: &Count) -> String {
    let Count { reason, times, of, days } = count;
    format!("{reason}, {times} of {of} within {days} days")
}

/// Where a bounce was read, and by what it is known whom it is about.
pub(in crate::cli) fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::ReturnPath => "the token in the return-path",
        Proof::EnvelopeId => "the token in the envelope's id",
        Proof::MessageId => "the token in the Message-ID",
        Proof::Session => "the relay said it at once",
        Proof::Recipient => "the address alone; no token",
        Proof::Nothing => "no token, and no address of the list",
    }
}

/// The sender's own faults, of one kind at one provider.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Alert {
    /// None where the report names nobody.
    pub domain: Option<String>,
    pub reason: Reason,
    pub count: usize,
    /// The words of one of them.
    pub said: Option<String>,
}

/// What the policy has the coordinator told, the most frequent first.
pub(super) fn alerts(policy: &BouncePolicy, new: &[Bounce]) -> Vec<Alert> {
    let mut found: BTreeMap<(Option<String>, Reason), Alert> = BTreeMap::new();
    let told = new.iter().filter(|bounce| policy.rule(bounce.kind, bounce.reason) == Rule::Alert);
    for bounce in told.filter(|bounce| bounce.proof != Proof::Nothing) {
        let domain = domain(bounce);
        let key = (domain.clone(), bounce.reason);
        let alert = found.entry(key).or_insert(Alert { domain, reason: bounce.reason, count: 0, said: None });
        alert.count += 1;
        alert.said = alert.said.take().or_else(|| bounce.diagnostic.clone());
    }
    let mut alerts: Vec<_> = found.into_values().collect();
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.count));
    alerts
}

/// The provider at which a bounce's reader is.
pub(super) fn domain(bounce: &Bounce) -> Option<String> {
    let address = bounce.identity.as_deref().or(bounce.recipient.as_deref())?;
    let email: EmailAddress = address.parse().ok()?;
    Some(provider::counted_as(&email.domain().to_lowercase()).to_owned())
}

/// What to do about a fault of the sender's.
fn cure(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "ask whoever runs your relay: its address stands on a list of senders that are not trusted",
        Reason::Rejected => "see that sender.email exists and its domain has a name server and a mail server",
        Reason::AuthFailure => {
            "see that SPF, DKIM and DMARC of your domain are right: `bulletin dkim show` tells the records"
        }
        Reason::Spam => {
            "look at the issue as a filter does: many links, few words; and that nobody is mailed who did not ask"
        }
        Reason::Virus => "look for a link or an image in the issue whose host is not trusted",
        Reason::RateLimited => "send more slowly there: [[throttle.domain]] in bulletin.toml",
        Reason::TooLarge => "make the issue's images smaller",
        Reason::NoRelay => "ask whoever runs your relay whether it may send to that domain",
        _ => "show these words to whoever runs your relay",
    }
}

/// Tells the sender's own faults on stderr, with their cures.
pub(in crate::cli) fn tell_alerts(policy: &BouncePolicy, judged: &Judged) {
    for Alert { domain, reason, count, said } in alerts(policy, &judged.new) {
        let domain = domain.as_deref().unwrap_or("a server");
        let said = said.map_or(String::new(), |said| format!(": {said}"));
        eprintln!("warning: {domain} says {reason} to {}{said}", counted(count, "message"));
        eprintln!("    {}; it is held against no reader", cure(reason));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::Kind;
    use crate::readers::Told;

    fn bounce(email: &str, reason: Reason) -> Bounce {
        Bounce {
            source: Told::Session(1),
            reader: None,
            identity: Some(email.into()),
            issue: None,
            at: Timestamp::UNIX_EPOCH,
            read_at: Timestamp::UNIX_EPOCH,
            kind: Kind::Soft,
            reason,
            status: None,
            diagnostic: Some(format!("{reason}, said the server")),
            action: None,
            mta: None,
            recipient: None,
            proof: Proof::Session,
        }
    }

    #[test]
    fn our_own_faults_are_told_by_provider_and_reason_and_readers_faults_are_not() {
        let new = [
            bounce("ann@example.org", Reason::Spam),
            bounce("bob@gmail.com", Reason::Blocked),
            bounce("carl@googlemail.com", Reason::Blocked),
            bounce("dora@gmail.com", Reason::MailboxFull),
        ];
        let told = alerts(&BouncePolicy::default(), &new);
        let told: Vec<_> = told.iter().map(|one| (one.domain.as_deref(), one.reason, one.count)).collect();
        let expected = [(Some("gmail.com"), Reason::Blocked, 2), (Some("example.org"), Reason::Spam, 1)];
        assert_eq!(told, expected);
    }
}

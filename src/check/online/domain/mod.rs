//! Who sends, as receivers look them up: SPF of the return-path (RFC 7208), the keys of DKIM (RFC 6376), DMARC of the
//! sender (RFC 9989) and whether both agree with it, and whether the newsletter's own addresses take mail.
//!
//! Gmail and Yahoo (since February 2024) and Microsoft (since May 2025) refuse bulk mail, from some 5,000 messages a
//! day on, without all three.

mod dkim;
mod dmarc;
mod envelope;
mod mail_domain;
mod policy;
mod spf;
mod spf_walk;
mod tags;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use mail_domain::takes_no_mail;

use super::in_config;
use super::names::{Names, Silence};
use super::rules::NO_ANSWER;
use crate::compose::dkim::Record;
use crate::config::{Links, Sender};
use crate::domain::{EmailAddress, Finding, Localised, Severity};

/// Messages a day from which on large providers refuse what they tolerate of smaller senders. They count those to
/// their own mailboxes, and those of all of the domain's mail, which can't be known here.
const BULK: usize = 5_000;

/// Who sends, and through whom.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    pub sender: &'a Localised<Sender>,
    pub links: &'a Links,
    /// The envelope's sender, without a token.
    pub return_path: &'a EmailAddress,
    /// What the DNS has to say for the keys that sign; empty where the relay signs, or nobody.
    pub keys: &'a [Record],
    /// How many get this issue.
    pub messages: usize,
    /// The relay's host, unless it is this machine.
    pub relay: Option<&'a str>,
}

impl Identity<'_> {
    /// The domain of the sender in the newsletter's first language.
    pub(super) fn sender_domain(&self) -> String {
        self.sender.all().next().map_or_else(|| self.return_path.domain(), |sender| sender.email.domain())
    }

    /// Everything that the DNS has to say; `config` is the text of `bulletin.toml`.
    pub(super) async fn findings(&self, names: &Names, config: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |about: &str, found: Result<Vec<Finding>, Silence>| match found {
            Ok(found) => findings.extend(found),
            Err(Silence(why)) => {
                let finding = NO_ANSWER.finding(format!("{about} could not be looked up: {why}"));
                let help =
                    "run this again later; if it stays, tell whoever looks after the domain and its name servers";
                findings.push(in_config(finding.with_help(help), config, about));
            }
        };
        let domain = self.return_path.domain();
        add(&domain, envelope::check(names, self, config).await);
        for key in self.keys {
            add(&key.name, dkim::check(names, key, config).await);
        }
        let mut senders = BTreeMap::new();
        for sender in self.sender.all() {
            senders.entry(sender.email.domain()).or_insert(&sender.email);
        }
        for (sender, address) in senders {
            let found = policy::check(names, self, &sender).await;
            let here = |finding| in_config(finding, config, address.as_str());
            add(&sender, found.map(|found| found.into_iter().map(here).collect()));
        }
        for (domain, what) in self.mail_domains() {
            add(&domain, mail_domain::check(names, &domain, &what, config).await);
        }
        findings
    }

    /// The domains that have to take mail, each with what comes there.
    pub(super) fn mail_domains(&self) -> BTreeMap<String, Vec<&'static str>> {
        mail_domain::of(self)
    }

    /// What is an error for those who send in bulk.
    fn weigh(&self, finding: Finding) -> Finding {
        if self.messages < BULK {
            return finding;
        }
        let message = format!("{}; this issue has {} readers", finding.message, self.messages);
        Finding { severity: Severity::Error, message, ..finding }
    }

    /// The domains that sign.
    fn signing(&self) -> BTreeSet<&str> {
        self.keys.iter().filter_map(|key| key.name.split_once("._domainkey.")).map(|(_, domain)| domain).collect()
    }
}

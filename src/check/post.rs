//! What can be said offline of the way a newsletter is mailed: the rules of Gmail, Yahoo and Microsoft for bulk
//! senders as far as `bulletin.toml` decides about them. What stands in the DNS is another check's.

use super::rules::{NO_ONE_CLICK, PUBLIC_SENDER, UNALIGNED, UNSIGNED};
use crate::config::{Dkim, FILE, Links};
use crate::domain::{EmailAddress, Finding, ReturnPath, provider};

/// From so many mails a day on Gmail and Microsoft hold a sender to their rules for bulk.
const BULK: usize = 5_000;

/// How a newsletter is mailed.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    pub links: &'a Links,
    pub return_path: &'a ReturnPath,
    pub dkim: &'a [Dkim],
    /// The relay's host, where one is configured.
    pub relay: Option<&'a str>,
    /// How many people get the issue.
    pub recipients: usize,
}

impl Post<'_> {
    /// What is to be said where these addresses send.
    pub(super) fn findings(&self, senders: &[&EmailAddress]) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.links.web.is_none() {
            let message = "nobody can leave with one click, which Gmail and Yahoo want of whoever sends in bulk";
            let finding = NO_ONE_CLICK.finding(message);
            // A small list is not held to it.
            let finding = if self.recipients < BULK { finding.as_info() } else { finding };
            let help = "without newsletter.web, where requests to leave are answered at once, people leave by mail";
            findings.push(finding.with_help(help));
        }
        if self.dkim.is_empty() {
            let message = "the mail is not signed here; Gmail, Yahoo and Microsoft refuse bulk mail without DKIM";
            let help = "see to it that the relay signs for the sender's domain, or make keys: bulletin dkim";
            findings.push(UNSIGNED.finding(message).with_help(help));
        }
        let mut told: Vec<String> = Vec::new();
        for sender in senders {
            let domain = sender.domain();
            if !told.contains(&domain) {
                findings.extend(self.public(&domain).or_else(|| self.unaligned(&domain)));
                told.push(domain);
            }
        }
        findings.into_iter().map(|finding| finding.in_file(FILE)).collect()
    }

    /// Mailbox providers let nobody else's servers send for their domains.
    fn public(&self, domain: &str) -> Option<Finding> {
        if !provider::is_public(domain) || self.relay.is_some_and(|relay| provider::is_relay_of(relay, domain)) {
            return None;
        }
        let message = format!("the sender is at {domain}, whose own servers alone may send for it (DMARC)");
        Some(PUBLIC_SENDER.finding(message).with_help("send from an address at a domain of your own"))
    }

    /// DMARC asks that SPF or DKIM speak for the From domain or one above or below it (RFC 7489 section 3.1).
    fn unaligned(&self, domain: &str) -> Option<Finding> {
        let back = self.return_path.base().domain();
        if is_aligned(&back, domain) || self.dkim.iter().any(|key| is_aligned(&key.domain, domain)) {
            return None;
        }
        let message = format!("bounces go to {back} and the sender is at {domain}, so that SPF says nothing for DMARC");
        let help = "take an address of the same domain for newsletter.bounces, or sign with DKIM for the sender's";
        Some(UNALIGNED.finding(message).with_help(help))
    }
}

/// One is the other, or they end in the same registered domain as far as that can be told without a list of
/// public suffixes: one stands above the other, or both below a third of two labels, none of them short.
fn is_aligned(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let is_below =
        |name: &str, above: &str| name.strip_suffix(above).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let last_two = |name: &str| {
        let labels: Vec<_> = name.rsplit('.').take(2).map(str::to_owned).collect();
        (labels.len() == 2 && labels[1].len() > 3).then(|| labels.join("."))
    };
    is_below(&one, &other) || is_below(&other, &one) || (last_two(&one).is_some() && last_two(&one) == last_two(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_one_owner_are_aligned() {
        for (one, other, expected) in [
            ("example.org", "example.org", true),
            ("mail.example.org", "Example.org", true),
            ("news.example.org", "mail.example.org", true),
            ("example.org", "example.net", false),
            ("badexample.org", "example.org", false),
            // Both stand below a public suffix.
            ("one.co.uk", "two.co.uk", false),
        ] {
            assert_eq!(is_aligned(one, other), expected, "{one} {other}");
        }
    }
}

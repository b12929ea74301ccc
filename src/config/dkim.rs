//! `[dkim]`, or `[[dkim]]` once for each key: to the keys that sign, named but not read.

use toml::Spanned;

use super::checks::Checks;
use super::raw::RawDkim;
use super::{Dkim, Sender};
use crate::domain::Localised;

impl Checks<'_> {
    pub(super) fn dkim(&mut self, raw: Vec<RawDkim>, sender: &Localised<Sender>) -> Vec<Dkim> {
        let mut keys: Vec<Dkim> = Vec::new();
        for raw in raw {
            let domain = match &raw.domain {
                Some(domain) => domain.get_ref().to_ascii_lowercase(),
                None => match sender.all().next() {
                    Some(sender) => sender.email.domain(),
                    None => continue,
                },
            };
            if let Some(at) = &raw.domain {
                self.signing_domain(at, &domain, sender);
            }
            let selector = raw.selector.get_ref().to_ascii_lowercase();
            if !Dkim::is_name(&selector) {
                let message = format!("`{}` can't be a selector", raw.selector.get_ref());
                self.fault(&raw.selector, message, "use letters, digits and hyphens: bulletin-2026");
            }
            let key = Dkim { domain, selector, key: raw.key };
            if keys.iter().any(|other| other.is_same_record(&key)) {
                let message = format!("`{}` names two keys of {}", key.selector, key.domain);
                self.fault(&raw.selector, message, "give each key a selector of its own, with its own DNS record");
            }
            keys.push(key);
        }
        for sender in sender.all() {
            let from = sender.email.domain();
            if !keys.is_empty() && !keys.iter().any(|key| is_aligned(&key.domain, &from)) {
                let message = format!("no key under [dkim] signs for {from}, the domain of {}", sender.email);
                let help = "receivers want the signature and the From address to be of one domain (RFC 7489): set \
                            `domain`, or add a [[dkim]] for it";
                self.table_fault("dkim]", message, help);
                break;
            }
        }
        keys
    }

    fn signing_domain(&mut self, at: &Spanned<String>, domain: &str, sender: &Localised<Sender>) {
        if !(Dkim::is_name(domain) && domain.contains('.')) {
            let message = format!("`{}` is not a domain", at.get_ref());
            self.fault(at, message, "write for instance example.org; an internationalised one begins with xn--");
        } else if !sender.all().any(|sender| is_aligned(domain, &sender.email.domain())) {
            let message = format!("`{domain}` is not the domain of any sender's address");
            let help = "receivers want the signature and the From address to be of one domain (RFC 7489)";
            self.fault(at, message, help);
        }
    }
}

impl Dkim {
    /// Whether `text` can be a selector, or a domain: labels of the DNS joined by dots (RFC 6376 section 3.1).
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        // Selector and domain make one name of at most 253 octets.
        text.len() <= 180 && text.split('.').all(is_label)
    }

    /// Whether both keys would be published under one name.
    #[must_use]
    pub fn is_same_record(&self, other: &Self) -> bool {
        self.selector == other.selector && self.domain == other.domain
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether receivers hold both for the same organisation's (RFC 7489 section 3.1.1): the same domain, or one
/// below the other.
fn is_aligned(signing: &str, from: &str) -> bool {
    let below = |lower: &str, upper: &str| lower.strip_suffix(upper).is_some_and(|rest| rest.ends_with('.'));
    signing == from || below(from, signing) || below(signing, from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_aligned_with_those_above_and_below_it() {
        for (signing, from) in
            [("example.org", "example.org"), ("example.org", "news.example.org"), ("mail.example.org", "example.org")]
        {
            assert!(is_aligned(signing, from), "{signing} {from}");
        }
        for (signing, from) in
            [("example.org", "example.net"), ("ample.org", "example.org"), ("a.example.org", "b.example.org")]
        {
            assert!(!is_aligned(signing, from), "{signing} {from}");
        }
    }

    #[test]
    fn a_selector_is_made_of_dns_labels() {
        for name in ["bulletin", "bulletin-2026", "a.b", "s1"] {
            assert!(Dkim::is_name(name), "{name}");
        }
        for name in ["", "a b", "a..b", "-a", "a-", "é", "a;b", &"x".repeat(64)] {
            assert!(!Dkim::is_name(name), "{name}");
        }
    }
}

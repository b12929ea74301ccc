//! A domain's DMARC policy, and whose organisation a domain is: the walk up the tree of names of RFC 9989 (section
//! 4.10), which needs no list of public suffixes.

use std::collections::BTreeSet;

use super::tags::Tags;
use crate::check::online::names::{Names, Silence};

/// Labels of a name above which the walk goes on with the last seven.
const MOST_LABELS: usize = 8;

/// How closely two domains have to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alignment {
    /// Of one organisation.
    Relaxed,
    Strict,
}

/// A policy, with the domain that publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) domain: String,
    pub(super) text: String,
    tags: Tags,
}

/// What the walk up from a domain found.
#[derive(Debug)]
pub(super) struct Tree {
    /// The domain of the organisation.
    pub(super) organisation: String,
    /// The policy that holds for the domain; the domain's own or else its organisation's.
    pub(super) policy: Option<Policy>,
    /// Records at the domain itself that receivers pass over, with the reason.
    pub(super) fault: Option<String>,
}

impl Policy {
    /// Reads one record; none where it is not meant to be one.
    fn parse(domain: &str, text: &str) -> Option<Result<Self, String>> {
        let (head, _) = text.split_once(';').unwrap_or((text, ""));
        let (name, version) = head.split_once('=')?;
        if !(name.trim().eq_ignore_ascii_case("v") && version.trim() == "DMARC1") {
            return None;
        }
        Some(Tags::parse(text).and_then(|tags| {
            let policy = Self { domain: domain.to_owned(), text: text.to_owned(), tags };
            let is_known = |name| {
                policy.tags.get(name).is_none_or(|value| {
                    ["none", "quarantine", "reject"].iter().any(|known| value.eq_ignore_ascii_case(known))
                })
            };
            if policy.tags.get("p").is_none() && policy.tags.get("rua").is_none() {
                return Err("it has no `p`".to_owned());
            }
            match ["p", "sp", "np"].into_iter().find(|name| !is_known(name)) {
                Some(name) => Err(format!("`{name}` must be none, quarantine or reject")),
                None => Ok(policy),
            }
        }))
    }

    /// What receivers are asked to do with mail of `domain` that fails.
    pub(super) fn request_for(&self, domain: &str) -> &str {
        let own = self.tags.get("p").unwrap_or("none");
        if domain == self.domain { own } else { self.tags.get("sp").unwrap_or(own) }
    }

    pub(super) fn has_reports(&self) -> bool {
        self.tags.get("rua").is_some_and(|to| !to.is_empty())
    }

    /// The domains that reports are wanted at.
    pub(super) fn report_domains(&self) -> BTreeSet<String> {
        let uris = self.tags.get("rua").unwrap_or_default().split(',');
        // Older policies say behind a mark how large a report may be.
        let domain = |uri: &str| Some(uri.trim().split('!').next()?.rsplit_once('@')?.1.to_ascii_lowercase());
        uris.filter_map(domain).collect()
    }

    /// `t=y`: what is asked for is not meant yet.
    pub(super) fn is_test(&self) -> bool {
        self.tags.lists("t", "y")
    }

    pub(super) fn of_dkim(&self) -> Alignment {
        self.alignment("adkim")
    }

    pub(super) fn of_spf(&self) -> Alignment {
        self.alignment("aspf")
    }

    fn alignment(&self, tag: &str) -> Alignment {
        match self.tags.get(tag) {
            Some(value) if value.eq_ignore_ascii_case("s") => Alignment::Strict,
            _ => Alignment::Relaxed,
        }
    }
}

impl Tree {
    /// Walks up from a domain.
    pub(super) async fn of(names: &Names, domain: &str) -> Result<Self, Silence> {
        let mut found = Vec::new();
        let mut fault = None;
        for name in steps(domain) {
            let texts = names.texts(&format!("_dmarc.{name}")).await?;
            let mut policies: Vec<_> = texts.iter().filter_map(|text| Policy::parse(&name, text)).collect();
            let several = policies.len() > 1;
            let (Some(Ok(policy)), false) = (policies.pop(), several) else {
                if name == domain && several {
                    fault = Some("there are several of them, and receivers pass over all".to_owned());
                } else if name == domain {
                    fault = texts.iter().find_map(|text| Policy::parse(&name, text)?.err());
                }
                continue;
            };
            let is_last = policy
                .tags
                .get("psd")
                .is_some_and(|psd| psd.eq_ignore_ascii_case("n") || psd.eq_ignore_ascii_case("y"));
            found.push(policy);
            if is_last {
                break;
            }
        }
        let organisation = organisation(domain, &found);
        let at = |name: &str| found.iter().find(|policy| policy.domain == name).cloned();
        let policy = at(domain).or_else(|| at(&organisation)).or_else(|| found.last().cloned());
        Ok(Self { organisation, policy, fault })
    }
}

/// The names that are asked for, the domain itself first.
fn steps(domain: &str) -> Vec<String> {
    let labels: Vec<_> = domain.split('.').collect();
    let mut steps = vec![domain.to_owned()];
    let next = if labels.len() >= MOST_LABELS { labels.len() - (MOST_LABELS - 1) } else { 1 };
    steps.extend((next..labels.len()).map(|from| labels[from..].join(".")));
    steps
}

/// Whose domain it is, by the policies on the way up.
fn organisation(domain: &str, found: &[Policy]) -> String {
    let psd = |policy: &&Policy, value: &str| policy.tags.get("psd").is_some_and(|psd| psd.eq_ignore_ascii_case(value));
    if let Some(policy) = found.iter().find(|policy| psd(policy, "n")) {
        return policy.domain.clone();
    }
    if let Some(suffix) = found.iter().find(|policy| psd(policy, "y") && policy.domain != domain) {
        let below = domain.strip_suffix(&format!(".{}", suffix.domain)).unwrap_or(domain);
        let label = below.rsplit('.').next().unwrap_or(below);
        return format!("{label}.{}", suffix.domain);
    }
    found.last().map_or_else(|| domain.to_owned(), |policy| policy.domain.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(domain: &str, text: &str) -> Policy {
        Policy::parse(domain, text).unwrap().unwrap()
    }

    #[test]
    fn the_walk_goes_up_label_by_label_and_skips_what_is_too_deep() {
        assert_eq!(steps("news.example.org"), ["news.example.org", "example.org", "org"]);
        let deep = "a.b.c.d.e.f.g.h.example.org";
        let steps = steps(deep);
        assert_eq!((steps[0].as_str(), steps[1].as_str(), steps.len()), (deep, "d.e.f.g.h.example.org", 8));
    }

    #[test]
    fn the_highest_policy_names_the_organisation_unless_one_says_where_it_ends() {
        let domain = "a.b.example.org";
        let plain = [policy(domain, "v=DMARC1; p=none"), policy("example.org", "v=DMARC1; p=reject")];
        assert_eq!(organisation(domain, &plain), "example.org");
        assert_eq!(organisation(domain, &[]), domain);
        let own = [policy("b.example.org", "v=DMARC1; p=none; psd=n")];
        assert_eq!(organisation(domain, &own), "b.example.org");
        let suffix = [policy("example.org", "v=DMARC1; p=none; psd=y")];
        assert_eq!(organisation(domain, &suffix), "b.example.org");
    }

    #[test]
    fn a_record_is_read_as_receivers_do() {
        let one = policy("example.org", "v=DMARC1; p=Quarantine; sp=reject; adkim=s; rua=mailto:d@example.org;");
        assert_eq!((one.request_for("example.org"), one.request_for("news.example.org")), ("Quarantine", "reject"));
        assert_eq!((one.of_dkim(), one.of_spf()), (Alignment::Strict, Alignment::Relaxed));
        assert!(one.has_reports() && !one.is_test());
        let reports = policy("example.org", "v=DMARC1; p=none; rua=mailto:a@Example.org, mailto:b@example.net!10m");
        assert_eq!(reports.report_domains().into_iter().collect::<Vec<_>>(), ["example.net", "example.org"]);
        for text in ["v=spf1 -all", "v=DMARC2; p=none", "p=none; v=DMARC1", ""] {
            assert!(Policy::parse("example.org", text).is_none(), "{text}");
        }
        for text in ["v=DMARC1", "v=DMARC1; p=nothing", "v=DMARC1; p=none; sp=x", "v=DMARC1; p"] {
            assert!(Policy::parse("example.org", text).unwrap().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_walk_asks_for_eight_names_at_most_each_above_the_last(labels in prop::collection::vec("[a-z]{1,3}", 1..20)) {
            let domain = labels.join(".");
            let steps = steps(&domain);
            prop_assert!(steps.len() <= 8 && steps[0] == domain && steps.last() == labels.last());
            for pair in steps.windows(2) {
                let end = format!(".{}", pair[1]);
                prop_assert!(pair[0].ends_with(&end), "{:?}", pair);
            }
        }

        #[test]
        fn no_record_breaks_the_reader(text in "(v=DMARC1)?[;a-z=: ,@.]{0,40}") {
            if let Some(Ok(policy)) = Policy::parse("example.org", &text) {
                policy.report_domains();
            }
        }
    }
}

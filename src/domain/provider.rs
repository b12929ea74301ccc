//! Which domains one provider receives for: a domain in, the name under which it is counted out, and whether
//! anybody can have a mailbox there.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Each domain of the table, with the first of its line.
static PROVIDERS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("providers.txt").lines().filter(|line| !line.starts_with('#'));
    let entries = lines.flat_map(|line| {
        let first = line.split_whitespace().next().unwrap_or_default();
        line.split_whitespace().map(move |domain| (domain, first))
    });
    entries.collect()
});

/// The name under which `domain` is counted: its provider's, or else its own. `domain` is in lower case and
/// ASCII.
#[must_use]
pub fn counted_as(domain: &str) -> &str {
    PROVIDERS.get(domain).copied().unwrap_or(domain)
}

/// Whether `domain` is one where anybody can have a mailbox, in lower case and ASCII.
#[must_use]
pub fn is_public(domain: &str) -> bool {
    PROVIDERS.contains_key(domain)
}

/// Whether the server `host` is of the provider that has `domain`: `smtp.gmail.com` of `googlemail.com`.
#[must_use]
pub fn is_relay_of(host: &str, domain: &str) -> bool {
    let above = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
    above.filter(|above| is_public(above)).any(|above| counted_as(above) == counted_as(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_told_from_a_domain_of_ones_own_and_knows_its_relays() {
        assert!(is_public("gmail.com") && is_public("yahoo.fr") && !is_public("example.org"));
        assert!(is_relay_of("smtp.gmail.com", "googlemail.com"));
        assert!(!is_relay_of("smtp.example.org", "gmail.com"));
        assert!(!is_relay_of("smtp.mail.yahoo.com", "gmail.com"));
    }

    #[test]
    fn domains_of_one_provider_are_counted_together_and_every_other_by_itself() {
        assert_eq!(counted_as("googlemail.com"), counted_as("gmail.com"));
        assert_eq!(counted_as("hotmail.fr"), counted_as("outlook.com"));
        assert_eq!(counted_as("me.com"), counted_as("icloud.com"));
        assert_eq!(counted_as("example.org"), "example.org");
        assert_ne!(counted_as("gmail.com"), counted_as("yahoo.com"));
    }

    #[test]
    fn no_domain_stands_in_the_table_twice_and_each_is_written_as_mail_writes_it() {
        let table = include_str!("providers.txt");
        let domains: Vec<_> =
            table.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
        assert_eq!(PROVIDERS.len(), domains.len());
        assert!(
            domains.iter().all(|domain| domain
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)))
        );
    }
}

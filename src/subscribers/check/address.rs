//! A valid address in; what a person should look at before they mail it out: a slip in a provider's domain,
//! an address of no person, letters that look like others.

use super::super::providers::meant;
use crate::domain::{EmailAddress, Severity};

/// What is odd about an address: severity, code, message and cure.
pub(super) type Oddity = (Severity, &'static str, String, String);

/// Mailboxes that nobody reads, with everything but letters and digits taken out.
#[rustfmt::skip]
const NOBODY: &[&str] = &[
    "noreply", "donotreply", "dontreply", "nepasrepondre", "nereply", "noresponse", "noresponder", "mailerdaemon", "devnull",
];

/// Mailboxes that a domain must have for complaints (RFC 2142 sections 4 and 5): a newsletter there is a
/// complaint in the making.
const COMPLAINTS: &[&str] = &["postmaster", "abuse", "hostmaster", "spam"];

/// Mailboxes of a task, which several people may read.
#[rustfmt::skip]
const ROLES: &[&str] = &[
    "info", "information", "informations", "admin", "administrator", "administration", "contact", "office", "bureau",
    "support", "help", "helpdesk", "aide", "sales", "ventes", "marketing", "hr", "rh", "jobs", "emplois", "team", "equipe",
    "hello", "bonjour", "accueil", "reception", "secretariat", "direction", "comptabilite", "accounting", "billing",
    "webmaster", "root", "security", "press", "presse", "media", "communications", "news", "newsletter", "list",
    "mail", "email", "courriel", "general", "service", "services", "staff", "all", "everyone", "tous",
];

pub(super) fn oddities(email: &EmailAddress) -> impl Iterator<Item = Oddity> {
    [slip(email), role(email), lookalike(email)].into_iter().flatten()
}

fn slip(email: &EmailAddress) -> Option<Oddity> {
    let domain = email.domain();
    let right = meant(&domain)?;
    let message = format!("`{domain}` is probably a slip for `{right}`");
    Some((Severity::Warning, "domain-typo", message, format!("did you mean `{}@{right}`?", email.local_part())))
}

fn role(email: &EmailAddress) -> Option<Oddity> {
    let local = email.local_part().split('+').next().unwrap_or_default().to_lowercase();
    let letters: String = local.chars().filter(|c| c.is_alphanumeric()).map(without_accent).collect();
    let odd = |severity, code, message: &str, help: &str| Some((severity, code, message.to_owned(), help.to_owned()));
    match letters.as_str() {
        word if NOBODY.contains(&word) => {
            odd(Severity::Warning, "no-reply-address", "nobody reads this mailbox", "ask for the address of a person")
        }
        word if COMPLAINTS.contains(&word) => {
            let help = "ask for the address of a person: mail to this one is taken for spam more often";
            odd(Severity::Warning, "complaint-address", "this mailbox is there for complaints", help)
        }
        word if ROLES.contains(&word) => {
            let help = "nothing needs to be done; several people may read it, and any of them may leave";
            odd(Severity::Info, "role-address", "this mailbox belongs to a task, not to a person", help)
        }
        _ => None,
    }
}

/// The French accents that stand in names of tasks.
fn without_accent(c: char) -> char {
    match c {
        'é' | 'è' | 'ê' => 'e',
        'à' | 'â' => 'a',
        c => c,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
}

/// Letters of two of the scripts that look alike, in one word.
fn lookalike(email: &EmailAddress) -> Option<Oddity> {
    let domain = email.domain();
    let has_unicode = !email.local_part().is_ascii() || domain.contains("xn--");
    if !has_unicode {
        return None;
    }
    let (domain, _) = idna::domain_to_unicode(&domain);
    let word = email.local_part().split('.').chain(domain.split('.')).find(|word| {
        let mut scripts = word.chars().filter_map(script);
        scripts.next().is_some_and(|first| scripts.any(|other| other != first))
    })?;
    let message = format!("`{word}` mixes letters of two scripts that look alike");
    Some((Severity::Warning, "mixed-letters", message, "write it anew by hand".to_owned()))
}

fn script(c: char) -> Option<Script> {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Some(Script::Latin),
        '\u{370}'..='\u{3ff}' => Some(Script::Greek),
        '\u{400}'..='\u{52f}' => Some(Script::Cyrillic),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        oddities(&text.parse().unwrap()).map(|(_, code, ..)| code).collect()
    }

    #[test]
    fn oddities_are_named() {
        for (address, code) in [
            ("ann@gmial.com", "domain-typo"),
            ("No-Reply@example.org", "no-reply-address"),
            ("ne_pas_répondre@example.org", "no-reply-address"),
            ("postmaster@example.org", "complaint-address"),
            ("info+news@example.org", "role-address"),
            ("Équipe@example.org", "role-address"),
            ("аnn@example.org", "mixed-letters"),
            ("ann@gmаil.example", "mixed-letters"),
        ] {
            assert_eq!(codes(address), [code], "{address}");
        }
    }

    #[test]
    fn ordinary_people_are_left_alone() {
        for address in ["ann@example.org", "анна@пример.example", "informatique.ann@example.org", "zoë@example.org"]
        {
            assert_eq!(codes(address), [""; 0], "{address}");
        }
    }
}

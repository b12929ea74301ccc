//! What is known of mailbox providers: an address in, the mailbox that it leads to, or the provider that was
//! probably meant, out.

use std::borrow::Cow;

/// The mailbox that an identity leads to, where its provider ignores dots or what stands behind a `+`.
pub(super) fn mailbox(identity: &str) -> Cow<'_, str> {
    let Some((local, domain)) = identity.rsplit_once('@') else { return Cow::Borrowed(identity) };
    let (label, _) = domain.split_once('.').unwrap_or((domain, ""));
    let ignores_dots = matches!(domain, "gmail.com" | "googlemail.com");
    let ignores_tags = ignores_dots
        || matches!(label, "outlook" | "hotmail" | "live" | "fastmail" | "proton" | "protonmail")
        || matches!(domain, "msn.com" | "icloud.com" | "me.com" | "mac.com" | "pm.me");
    if !ignores_tags || local.starts_with('"') {
        return Cow::Borrowed(identity);
    }
    let plain = local.split('+').next().filter(|plain| !plain.is_empty()).unwrap_or(local);
    match (ignores_dots, domain) {
        (true, _) => Cow::Owned(format!("{}@gmail.com", plain.replace('.', ""))),
        (false, "me.com" | "mac.com") => Cow::Owned(format!("{plain}@icloud.com")),
        (false, _) if plain.len() == local.len() => Cow::Borrowed(identity),
        (false, domain) => Cow::Owned(format!("{plain}@{domain}")),
    }
}

/// A provider that many readers have: the first label of its domains, and what stands behind it.
struct Provider {
    label: &'static str,
    suffixes: &'static [&'static str],
    /// Whether a label that differs in one letter is a slip; a short one has real neighbours.
    distinct: bool,
}

const fn provider(label: &'static str, suffixes: &'static [&'static str], distinct: bool) -> Provider {
    Provider { label, suffixes, distinct }
}

#[rustfmt::skip]
const PROVIDERS: &[Provider] = &[
    provider("gmail", &["com"], true),
    provider("googlemail", &["com"], true),
    provider("hotmail", &["com", "ca", "fr", "be", "ch", "co.uk", "de", "es", "it", "nl", "se", "co.jp", "com.br", "com.ar", "com.au"], true),
    provider("outlook", &["com", "ca", "fr", "be", "de", "es", "it", "jp", "com.br", "com.ar", "com.au", "pt", "ie", "dk", "in"], true),
    provider("yahoo", &["com", "ca", "fr", "be", "ch", "co.uk", "de", "es", "it", "co.in", "co.jp", "com.br", "com.ar", "com.mx", "com.au", "in", "ie", "se"], true),
    provider("icloud", &["com"], true),
    provider("live", &["com", "ca", "fr", "be", "ch", "co.uk", "de", "es", "it", "nl", "se", "com.au", "com.mx", "com.pt", "ie", "in", "cn"], false),
    provider("msn", &["com"], false),
    provider("aol", &["com", "fr", "de", "co.uk", "it", "es"], false),
    provider("protonmail", &["com", "ch"], true),
    provider("fastmail", &["com", "fm"], true),
    provider("videotron", &["ca", "qc.ca"], true),
    provider("sympatico", &["ca"], true),
    provider("wanadoo", &["fr"], true),
    provider("laposte", &["net"], true),
    provider("comcast", &["net"], true),
    provider("btinternet", &["com"], true),
];

/// Real domains that look like a slip for one of those.
#[rustfmt::skip]
const REAL: &[&str] = &[
    "gail.com", "grail.com", "gmail.de", "hotmail.fm", "outlooks.com", "yahoo.net", "yahoo.org", "yahoo.cn", "yahoo.gr",
    "hotmail.gr", "hotmail.dk", "hotmail.no", "outlook.cl", "outlook.kr", "live.cl", "live.dk", "live.no", "live.jp",
    "live.co", "live.org", "live.net", "comcast.com", "laposte.fr", "fastmail.net", "fastmail.org", "yahoos.com",
];

/// Endings that are none, and those that were meant: no top-level domain has these letters.
#[rustfmt::skip]
const ENDINGS: &[(&str, &str)] = &[
    ("con", "com"), ("cmo", "com"), ("ocm", "com"), ("vom", "com"), ("xom", "com"), ("cpm", "com"), ("comm", "com"),
    ("coom", "com"), ("ccom", "com"), ("conm", "com"), ("cim", "com"), ("ckm", "com"), ("nte", "net"), ("ney", "net"),
    ("nett", "net"), ("ogr", "org"), ("orgg", "org"), ("prg", "org"), ("og", "org"),
];

/// Endings that exist, but not behind a provider that is at `.com`.
const NOT_COM: &[&str] = &["co", "cm", "om"];

/// The domain that was probably meant by `domain`, in lower case, where it is a slip.
pub(super) fn meant(domain: &str) -> Option<String> {
    if REAL.contains(&domain) {
        return None;
    }
    let mended = mended_ending(domain);
    let (label, suffix) = mended.split_once('.')?;
    if let Some(provider) = PROVIDERS.iter().find(|provider| provider.label == label) {
        let serves = provider.suffixes.contains(&suffix);
        if !serves && NOT_COM.contains(&suffix) && provider.suffixes.contains(&"com") {
            return Some(format!("{label}.com"));
        }
        return (mended != domain && serves).then(|| mended.into_owned());
    }
    let suffix = if NOT_COM.contains(&suffix) { "com" } else { suffix };
    let near = PROVIDERS
        .iter()
        .find(|provider| provider.distinct && provider.suffixes.contains(&suffix) && is_slip(label, provider.label));
    match near {
        Some(provider) => Some(format!("{}.{suffix}", provider.label)),
        None => (mended != domain).then(|| mended.into_owned()),
    }
}

fn mended_ending(domain: &str) -> Cow<'_, str> {
    let Some((before, ending)) = domain.rsplit_once('.') else { return Cow::Borrowed(domain) };
    match ENDINGS.iter().find(|(wrong, _)| *wrong == ending) {
        Some((_, right)) => Cow::Owned(format!("{before}.{right}")),
        None => Cow::Borrowed(domain),
    }
}

/// One letter too many, too few, another, or two that changed places; the first letter is rarely wrong, and
/// many real domains differ in it alone (`ymail.com`).
fn is_slip(label: &str, of: &str) -> bool {
    let swapped = || {
        label.len() == of.len() && label.bytes().take(2).eq(of.bytes().take(2).collect::<Vec<_>>().into_iter().rev())
    };
    label.len().abs_diff(of.len()) <= 1
        && (label.bytes().next() == of.bytes().next() || swapped())
        && strsim::osa_distance(label, of) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_in_the_domains_of_large_providers_are_seen() {
        for (typed, right) in [
            ("gmial.com", "gmail.com"),
            ("gmal.com", "gmail.com"),
            ("gmaill.com", "gmail.com"),
            ("gnail.com", "gmail.com"),
            ("mgail.com", "gmail.com"),
            ("gmail.co", "gmail.com"),
            ("gmail.con", "gmail.com"),
            ("gmial.con", "gmail.com"),
            ("gmai.com", "gmail.com"),
            ("hotmial.fr", "hotmail.fr"),
            ("hotmal.com", "hotmail.com"),
            ("hotmail.co", "hotmail.com"),
            ("outlok.com", "outlook.com"),
            ("yaho.ca", "yahoo.ca"),
            ("yahooo.co.uk", "yahoo.co.uk"),
            ("iclod.com", "icloud.com"),
            ("videotorn.ca", "videotron.ca"),
            ("sympatco.ca", "sympatico.ca"),
            ("example.con", "example.com"),
            ("example.ogr", "example.org"),
        ] {
            assert_eq!(meant(typed).as_deref(), Some(right), "{typed}");
        }
    }

    #[test]
    fn real_domains_are_left_alone() {
        for domain in [
            "gmail.com",
            "mail.com",
            "email.com",
            "ymail.com",
            "gmx.de",
            "gmx.com",
            "live.ca",
            "hotmail.fr",
            "mail.ru",
            "outlook.fr",
            "yahoo.co.uk",
            "me.com",
            "mac.com",
            "aol.com",
            "msn.com",
            "proton.me",
            "pm.me",
            "web.de",
            "free.fr",
            "orange.fr",
            "sfr.fr",
            "bell.net",
            "telus.net",
            "shaw.ca",
            "rogers.com",
            "example.co",
            "un.org",
            "fmail.co.uk",
            "rocketmail.com",
            "inbox.com",
            "hotmail.co.uk",
            "grail.com",
            "live.co",
            "cloud.com",
            "qc.ca",
            "example.org",
            "gmail.example.org",
            "outlook.example.com",
            "fastmail.fm",
            "laposte.net",
            "yandex.ru",
        ] {
            assert_eq!(meant(domain), None, "{domain}");
        }
    }

    #[test]
    fn what_a_provider_ignores_makes_no_other_mailbox() {
        for (one, other) in [
            ("a.n.n+news@gmail.com", "ann@googlemail.com"),
            ("ann+x@outlook.fr", "ann@outlook.fr"),
            ("ann+x@proton.me", "ann@proton.me"),
            ("ann@me.com", "ann+a@icloud.com"),
        ] {
            assert_eq!(mailbox(one), mailbox(other));
        }
        for address in ["a.nn@outlook.com", "ann+x@example.org", "+ann@gmail.com", "ann@example.org"] {
            assert!(mailbox(address).contains(address.split('@').next().unwrap()), "{address}");
        }
    }
}

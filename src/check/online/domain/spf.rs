//! An SPF record: its text in, its terms out (RFC 7208 section 4.6 and 12).

use std::net::{Ipv4Addr, Ipv6Addr};

/// A record's terms in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spf(pub(super) Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) qualifier: Qualifier,
    pub(super) kind: Kind,
}

/// What follows where a mechanism matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Qualifier {
    Pass,
    Fail,
    SoftFail,
    Neutral,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    All,
    Include(String),
    /// With the lengths of its prefixes; without a domain, the record's own is meant.
    A(Option<String>, Prefixes),
    Mx(Option<String>, Prefixes),
    Ptr,
    Ip4(Ipv4Addr, u8),
    Ip6(Ipv6Addr, u8),
    Exists,
    Redirect(String),
    /// `exp=`, and modifiers that nobody knows.
    Other,
}

/// Bits of the network part, for IPv4 and IPv6.
pub(super) type Prefixes = (u8, u8);

impl Spf {
    /// Whether a text is meant to be an SPF record.
    pub(super) fn is_meant(text: &str) -> bool {
        let head = text.split(' ').next().unwrap_or_default();
        head.eq_ignore_ascii_case("v=spf1")
    }

    /// # Errors
    /// A term is none; with what is wrong about it. Receivers then treat the whole record as broken.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split(' ').skip(1).filter(|term| !term.is_empty());
        let terms: Vec<_> = terms.map(Term::parse).collect::<Result<_, _>>()?;
        if terms.iter().filter(|term| matches!(term.kind, Kind::Redirect(_))).count() > 1 {
            return Err("`redirect` stands there twice".to_owned());
        }
        Ok(Self(terms))
    }

    /// What becomes of senders that nothing else matches; none where the record does not say it.
    pub(super) fn all(&self) -> Option<Qualifier> {
        self.0.iter().find(|term| term.kind == Kind::All).map(|term| term.qualifier)
    }

    /// Where the record goes on; `all` stands above it.
    pub(super) fn redirect(&self) -> Option<&str> {
        let target = self.0.iter().find_map(|term| match &term.kind {
            Kind::Redirect(target) => Some(target.as_str()),
            _ => None,
        });
        target.filter(|_| self.all().is_none())
    }
}

impl Term {
    fn parse(term: &str) -> Result<Self, String> {
        let unknown = || format!("`{term}` is no term of SPF");
        let end = term.find([':', '/', '=']).unwrap_or(term.len());
        if term[end..].starts_with('=') {
            let (name, value) = (term[..end].to_ascii_lowercase(), &term[end + 1..]);
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
            let kind = match name.as_str() {
                "redirect" if value.is_empty() => return Err(format!("`{term}` leads nowhere")),
                "redirect" => Kind::Redirect(domain(value).ok_or_else(unknown)?),
                _ if is_name => Kind::Other,
                _ => return Err(unknown()),
            };
            return Ok(Self { qualifier: Qualifier::Pass, kind });
        }
        let (qualifier, rest) = match term.chars().next() {
            Some('+') => (Qualifier::Pass, &term[1..]),
            Some('-') => (Qualifier::Fail, &term[1..]),
            Some('~') => (Qualifier::SoftFail, &term[1..]),
            Some('?') => (Qualifier::Neutral, &term[1..]),
            _ => (Qualifier::Pass, term),
        };
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let (name, value) = rest.split_at(end);
        let value = value.strip_prefix(':').map_or((None, value), |value| (Some(value), ""));
        let kind = match (name.to_ascii_lowercase().as_str(), value) {
            ("all", (None, "")) => Kind::All,
            ("include", (Some(target), "")) => Kind::Include(domain(target).ok_or_else(unknown)?),
            ("exists", (Some(target), "")) => domain(target).map(|_| Kind::Exists).ok_or_else(unknown)?,
            ("ptr", (_, "")) => Kind::Ptr,
            ("a", value) => host(value).map(|(host, prefixes)| Kind::A(host, prefixes)).ok_or_else(unknown)?,
            ("mx", value) => host(value).map(|(host, prefixes)| Kind::Mx(host, prefixes)).ok_or_else(unknown)?,
            ("ip4", (Some(network), "")) => {
                let (address, bits) = network_of(network, 32).ok_or_else(unknown)?;
                Kind::Ip4(address.parse().map_err(|_| unknown())?, bits)
            }
            ("ip6", (Some(network), "")) => {
                let (address, bits) = network_of(network, 128).ok_or_else(unknown)?;
                Kind::Ip6(address.parse().map_err(|_| unknown())?, bits)
            }
            _ => return Err(unknown()),
        };
        Ok(Self { qualifier, kind })
    }
}

/// The domain of a term, which may have macros in it.
fn domain(text: &str) -> Option<String> {
    let is_one = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.ends_with('%');
    let has_macro = text.contains("%{");
    (is_one && (has_macro || text.contains('.') && !text.contains('/')))
        .then(|| text.trim_end_matches('.').to_ascii_lowercase())
}

/// `[:domain][/bits][//bits]`.
fn host((value, rest): (Option<&str>, &str)) -> Option<(Option<String>, Prefixes)> {
    let text = value.unwrap_or(rest);
    let (name, bits) = text.split_at(text.find('/').unwrap_or(text.len()));
    let name = match (value, name) {
        (Some(_), name) => Some(domain(name)?),
        (None, "") => None,
        (None, _) => return None,
    };
    let (four, six) = match bits.split_once("//") {
        Some((four, six)) => (four, Some(six)),
        None => (bits, None),
    };
    let four = if four.is_empty() { 32 } else { number(four.strip_prefix('/')?, 32)? };
    let six = six.map_or(Some(128), |six| number(six, 128))?;
    Some((name, (four, six)))
}

fn network_of(text: &str, most: u8) -> Option<(&str, u8)> {
    match text.split_once('/') {
        Some((address, bits)) => Some((address, number(bits, most)?)),
        None => Some((text, most)),
    }
}

fn number(text: &str, most: u8) -> Option<u8> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|bits| is_number && *bits <= most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_mechanism_is_read() {
        let text = "v=spf1 a mx/24 a:mail.example.org/28//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.net \
                    exists:%{i}.example.org ?ptr exp=why.example.org ~all";
        let spf = Spf::parse(text).unwrap();
        assert_eq!(spf.all(), Some(Qualifier::SoftFail));
        assert_eq!(spf.0[1].kind, Kind::Mx(None, (24, 128)));
        assert_eq!(spf.0[2].kind, Kind::A(Some("mail.example.org".into()), (28, 64)));
        assert_eq!(spf.0[3].kind, Kind::Ip4(Ipv4Addr::new(192, 0, 2, 0), 24));
        assert_eq!(spf.0[7].qualifier, Qualifier::Neutral);
    }

    #[test]
    fn a_redirect_counts_only_without_all() {
        assert_eq!(Spf::parse("v=spf1 redirect=_spf.example.org").unwrap().redirect(), Some("_spf.example.org"));
        assert_eq!(Spf::parse("v=spf1 redirect=_spf.example.org -all").unwrap().redirect(), None);
        assert!(Spf::parse("v=spf1 redirect=a.example.org redirect=b.example.org").is_err());
    }

    #[test]
    fn slips_of_all_kinds_are_told_with_the_term() {
        for term in [
            "ipv4:192.0.2.1",
            "ip4:192.0.2.256",
            "ip4:192.0.2.0/33",
            "ip6:192.0.2.1",
            "include:",
            "include",
            "all:x",
            "a/",
            "a:",
            "mx:mail",
            "192.0.2.1",
            "+",
            "redirect=",
            "include:example.org/24",
            "ip4:",
            "-al",
        ] {
            let fault = Spf::parse(&format!("v=spf1 {term} -all")).unwrap_err();
            assert!(fault.contains(term), "{term}: {fault}");
        }
        assert!(Spf::is_meant("V=SPF1 -all") && Spf::is_meant("v=spf1"));
        assert!(!Spf::is_meant("v=spf10 -all") && !Spf::is_meant("spf1"));
    }

    proptest! {
        #[test]
        fn no_record_breaks_the_parser(text in "v=spf1 [-+~?a-z0-9:/.=%{} ]{0,40}") {
            let _ = Spf::parse(&text);
        }
    }
}

//! Where links lead, and what their texts say.

use std::net::IpAddr;

use super::rules::{BARE_LINK, EMPTY_LINK, HTTP_LINK, LOCAL_LINK, SHORTENED_LINK, TRACKED_LINK, VAGUE_LINK};
use super::source::{Link, Source};
use crate::domain::Finding;

/// Texts that tell nothing when a screen reader lists a mail's links (WCAG 2.1, 2.4.4), in the languages
/// that the program has strings for.
const VAGUE: &[&str] = &[
    "here",
    "click here",
    "click",
    "this",
    "this link",
    "link",
    "more",
    "read more",
    "learn more",
    "more info",
    "see here",
    "ici",
    "cliquez ici",
    "cliquer ici",
    "ce lien",
    "lien",
    "en savoir plus",
    "plus",
    "lire la suite",
    "voir ici",
    "aquí",
    "haga clic aquí",
    "clic aquí",
    "este enlace",
    "enlace",
    "más",
    "leer más",
    "más información",
    "هنا",
    "انقر هنا",
    "اضغط هنا",
    "المزيد",
    "اقرأ المزيد",
    "тут",
    "натисніть тут",
    "посилання",
    "більше",
    "докладніше",
    "детальніше",
];

/// Hosts that stand in for others.
const SHORTENERS: &[&str] = &[
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "is.gd",
    "buff.ly",
    "rebrand.ly",
    "cutt.ly",
    "rb.gy",
    "lnkd.in",
    "tiny.cc",
    "shorturl.at",
    "t.ly",
    "bl.ink",
    "dlvr.it",
    "fb.me",
    "amzn.to",
    "youtu.be",
];

/// Parameters that only count who came from where.
const MARKS: &[&str] = &["utm_", "fbclid", "gclid", "mc_eid", "mc_cid", "msclkid", "igshid", "_hsenc", "mkt_tok"];

pub(super) fn check(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for link in &source.links {
        findings.extend(text(link).into_iter().chain(target(&link.url)).map(|finding| source.at(finding, link.at)));
    }
}

fn text(link: &Link) -> Option<Finding> {
    let text = link.text.trim();
    let folded = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if text.is_empty() && !link.has_picture {
        let finding = EMPTY_LINK.finding(format!("the link to {} has no text", link.url));
        Some(finding.with_help("write what the reader finds there: [The committee's report](https://...)"))
    } else if VAGUE.contains(&folded.as_str()) {
        let message = format!("`{text}` does not say where the link leads");
        Some(VAGUE_LINK.finding(message).with_help("name what the reader finds there; screen readers read links alone"))
    } else if text.starts_with("http://") || text.starts_with("https://") || text.starts_with("www.") {
        let finding = BARE_LINK.finding("the text of the link is its address, which a screen reader spells out");
        Some(finding.with_help(format!("give it words: [what is there]({})", link.url)))
    } else {
        None
    }
}

fn target(url: &str) -> Vec<Finding> {
    let Some((scheme, rest)) = url.split_once("://") else { return Vec::new() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host_of(authority);
    let mut found = Vec::new();
    if is_local(&host) {
        let finding = LOCAL_LINK.finding(format!("{host} can be reached from your own network only"));
        found.push(finding.with_help("put in the address under which everyone finds the page"));
    } else if scheme.eq_ignore_ascii_case("http") {
        let finding = HTTP_LINK.finding(format!("the link to {host} is not encrypted"));
        found.push(finding.with_help("try it with https://; nearly every site has it"));
    }
    if SHORTENERS.contains(&host.trim_start_matches("www.")) {
        let finding = SHORTENED_LINK.finding(format!("{host} hides where the link leads, and counts who follows it"));
        found.push(finding.with_help("open it once, and put in the address that you arrive at"));
    }
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let marks: Vec<_> = query
        .split(['&', ';', '#'])
        .map(|pair| pair.split('=').next().unwrap_or_default())
        .filter(|name| MARKS.iter().any(|mark| if mark.ends_with('_') { name.starts_with(mark) } else { name == mark }))
        .collect();
    if !marks.is_empty() {
        let finding = TRACKED_LINK.finding(format!("the link bears marks for counting: {}", marks.join(", ")));
        found.push(finding.with_help("cut them off; the page opens without them"));
    }
    found
}

fn host_of(authority: &str) -> String {
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.').to_lowercase()
}

/// A host of this machine or of a private network (RFC 1918, RFC 4193, RFC 6761, RFC 6762).
pub(super) fn is_local(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => {
            let is_below = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
            !host.contains('.')
                || ["localhost", "local", "internal", "lan", "home.arpa", "test"].into_iter().any(is_below)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(url: &str) -> Vec<&'static str> {
        target(url).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_link_that_others_can_not_follow_is_told_from_one_that_they_can() {
        for url in [
            "http://localhost:8000/",
            "https://127.0.0.1/x",
            "https://10.1.2.3",
            "https://[::1]/",
            "https://nas.local/",
            "https://intranet/page",
            "https://user@wiki.lan:8443/a",
            "https://[fd00::1]:80/",
        ] {
            assert_eq!(codes(url), ["local-link"], "{url}");
        }
        for url in [
            "https://www.example.org/localhost",
            "https://local.example.org",
            "mailto:a@example.org",
            "#top",
            "https://192.0.2.1/",
        ] {
            assert!(codes(url).is_empty(), "{url}");
        }
    }

    #[test]
    fn marks_and_shorteners_are_found_and_honest_parameters_are_not() {
        assert_eq!(codes("http://www.example.org/"), ["http-link"]);
        assert_eq!(codes("https://bit.ly/3abc"), ["shortened-link"]);
        assert_eq!(codes("https://www.example.org/?id=3&utm_source=x&fbclid=y#part"), ["tracked-link"]);
        assert!(codes("https://www.example.org/?utmost=3&q=gclid").is_empty());
        assert!(codes("https://rabbit.ly/").is_empty());
    }

    #[test]
    fn a_text_that_says_nothing_is_found_in_every_language_of_the_program() {
        let of = |words: &str, has_picture| {
            let link = Link { url: "https://www.example.org/".into(), text: words.into(), has_picture, at: 0 };
            text(&link).map(|finding| finding.code)
        };
        for words in ["here", "Click here!", "« ici »", "Haga clic aquí", "هنا", "Докладніше…"] {
            assert_eq!(of(words, false), Some("vague-link"), "{words}");
        }
        assert_eq!(of(" ", false), Some("empty-link"));
        assert_eq!(of("", true), None);
        assert_eq!(of("https://www.example.org/", false), Some("bare-link"));
        assert_eq!(of("Here is the report", false), None);
    }
}

//! What a visit means for the author: findings at each place of the page, or none.

use reqwest::Url;

use super::anchors::leads_to;
use super::visit::{End, Visit};
use crate::check::online::places::Page;
use crate::check::online::rules::{
    BAD_CERTIFICATE, BARRED_LINK, DEAD_LINK, ENDLESS_REDIRECT, FAILING_LINK, MISSING_ANCHOR, MOVED_LINK,
};
use crate::domain::Finding;

/// Adds what there is to be said about a page.
pub(super) fn judge(page: &Page, visit: &Visit, findings: &mut Vec<Finding>) {
    let end = end(&page.url, &visit.end);
    let is_open = visit.end == End::Opened;
    let moved = visit.moved.as_ref().filter(|_| is_open).map(|to| moved(&page.url, to));
    for (place, part) in &page.places {
        findings.extend(end.iter().chain(&moved).map(|finding| place.mark(finding.clone())));
        if let (Some(part), Some(anchors)) = (part, &visit.anchors)
            && !leads_to(part, anchors)
        {
            let message = format!("{} has no part `{part}`", page.url);
            let help = "open the page and copy the address of its part anew, or leave out what follows the #";
            findings.push(place.mark(MISSING_ANCHOR.finding(message).with_help(help)));
        }
    }
}

fn end(url: &Url, end: &End) -> Option<Finding> {
    let host = url.host_str().unwrap_or_default();
    Some(match end {
        End::Opened => return None,
        End::Gone(404) => DEAD_LINK
            .finding(format!("there is no page at {url} (404)"))
            .with_help("check its spelling, look for its new address on the site, or take the link out"),
        End::Gone(code) => DEAD_LINK
            .finding(format!("the page at {url} was taken away ({code})"))
            .with_help("look for what replaces it on the site, or take the link out"),
        End::NoHost => DEAD_LINK
            .finding(format!("there is no host called {host}"))
            .with_help("check the spelling of the address, or take the link out"),
        End::Refused => DEAD_LINK
            .finding(format!("nobody answers at {host}: {url}"))
            .with_help("check the spelling of the address, or ask whoever runs the site"),
        End::TimedOut => FAILING_LINK
            .finding(format!("{url} could not be opened: {host} does not answer in time"))
            .with_help("it may come back: open it yourself, and run this again before the issue goes out"),
        End::Failing(why) => FAILING_LINK
            .finding(format!("{url} could not be opened: {why}"))
            .with_help("it may come back: open it yourself, and run this again before the issue goes out"),
        End::Barred(code) => BARRED_LINK
            .finding(format!("{host} lets no program in ({code}), so {url} was not seen"))
            .with_help("open it yourself; if it wants a login, readers can't follow it either"),
        End::Certificate(why) => BAD_CERTIFICATE
            .finding(format!("the certificate of {host} {why}"))
            .with_help("browsers warn readers of it: tell whoever runs the site, or link elsewhere"),
        End::Endless => ENDLESS_REDIRECT.finding(format!("{url} leads on and on, and to no page")).with_help(
            "open it yourself: some sites turn a visitor round until they keep a cookie; others open for nobody",
        ),
    })
}

fn moved(from: &Url, to: &Url) -> Finding {
    let mut encrypted = from.clone();
    let is_encryption = from.scheme() == "http" && encrypted.set_scheme("https").is_ok() && encrypted == *to;
    if is_encryption {
        let finding = MOVED_LINK.finding(format!("{from} is at https:// now"));
        return finding.with_help(format!("write {to}"));
    }
    let help = if to.path() == "/" && from.path() != "/" {
        format!("that is only a front page: look for the page there, or write {to}")
    } else {
        format!("write {to}")
    };
    MOVED_LINK.finding(format!("{from} has moved for good, to {to}")).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_names_what_to_write_and_says_where_it_is_only_encryption_or_a_front_page() {
        let told = |from: &str, to: &str| {
            let finding = moved(&from.parse().unwrap(), &to.parse().unwrap());
            (finding.message, finding.help.unwrap())
        };
        let (message, help) = told("http://www.example.org/a", "https://www.example.org/a");
        assert_eq!(message, "http://www.example.org/a is at https:// now");
        assert_eq!(help, "write https://www.example.org/a");
        let (message, help) = told("https://www.example.org/a", "https://www.example.net/");
        assert!(message.ends_with("has moved for good, to https://www.example.net/"), "{message}");
        assert!(help.starts_with("that is only a front page"), "{help}");
    }
}

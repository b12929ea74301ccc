//! Each edition as it leaves: its size, its two parts against each other, and what the law wants in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::rules::{
    CLIPPED, HEAVY_MAIL, LARGE_HTML, NO_CONTACT, NO_POSTAL_ADDRESS, NO_REASON, NO_SENDER, NO_WAY_OUT, PARTS_DIFFER,
};
use crate::config::Sender;
use crate::domain::Finding;
use crate::domain::field::{Field, Merge, unescape};
use crate::render::RenderedEdition;

/// Octets of HTML above which Gmail shows the beginning alone.
const CLIP: usize = 102 * 1024;
/// From here on a longer name or one more item may do it.
const CLOSE: usize = 90 * 1024;
/// Octets of a whole message.
const HEAVY: usize = 1_000_000;

/// Checks one edition; `longest` has the longest value of each column, since a mail must not be cut off
/// for anybody.
pub(super) fn check(
    edition: &RenderedEdition,
    sender: &Sender,
    longest: &BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) {
    let mut in_html = BTreeSet::new();
    let mut in_text = BTreeSet::new();
    let html = fill(&edition.html, longest, &mut in_html);
    let text = fill(&edition.text, longest, &mut in_text);
    let mut found = sizes(edition, &html, &text);
    found.extend(links(&html, &text));
    let is_in_both = |field: &Field| in_html.contains(field) && in_text.contains(field);
    found.extend(law(sender, &words_of(&html), &one_line(&text)));
    if !is_in_both(&Field::UnsubscribeUrl) {
        let help = "put {{ unsubscribe }} back into templates/footer.mjml and templates/issue.txt";
        found.push(NO_WAY_OUT.finding("there is no link to leave by in both parts of the mail").with_help(help));
    }
    if !is_in_both(&Field::Address) {
        let help = "put {{ t.why }} back into templates/footer.mjml and templates/issue.txt";
        found.push(NO_REASON.finding("the mail does not tell at which address its reader gets it").with_help(help));
    }
    let id = edition.key.id();
    for finding in found {
        finding.add_to(findings, &id);
    }
}

fn fill(merge: &Merge, longest: &BTreeMap<String, String>, seen: &mut BTreeSet<Field>) -> String {
    merge.fill(|field| {
        seen.insert(field.clone());
        match field {
            Field::Column { alias, default } => {
                let value = longest.get(alias).map(String::as_str).or(default.as_deref());
                Cow::Owned(value.unwrap_or_default().to_owned())
            }
            Field::Address => Cow::Owned(longest.get("email").cloned().unwrap_or_default()),
            Field::UnsubscribeUrl => Cow::Borrowed("mailto:unsubscribe@example.org"),
        }
    })
}

fn sizes(edition: &RenderedEdition, html: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let kilobytes = html.len() / 1024;
    if html.len() > CLIP {
        let message = format!("the HTML has {kilobytes} kB, and Gmail shows the first 102 of them");
        found.push(CLIPPED.finding(message).with_help("move an item to the web and link to it, or split the issue"));
    } else if html.len() > CLOSE {
        let message = format!("the HTML has {kilobytes} kB, and Gmail cuts at 102");
        found.push(LARGE_HTML.finding(message).with_help("move an item to the web and link to it"));
    }
    // Base64 makes four octets of three, and its lines end.
    let images: usize = edition.images.iter().map(|image| image.bytes.len() * 137 / 100).sum();
    let whole = html.len() + text.len() + images;
    if whole > HEAVY {
        let message = format!("the message has about {:.1} MB with its pictures", whole as f64 / 1e6);
        found
            .push(HEAVY_MAIL.finding(message).with_help("save the pictures smaller: 1200 pixels wide, photos as JPEG"));
    }
    found
}

/// Links that stand in one part alone.
fn links(html: &str, text: &str) -> Option<Finding> {
    let hrefs: BTreeSet<String> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(unescape)
        .filter(|url| url.contains(':') && !url.starts_with("urn:"))
        .collect();
    let bare = |url: &str| url.strip_prefix("mailto:").or(url.strip_prefix("tel:")).unwrap_or(url).to_owned();
    let joined: String = text.split_whitespace().collect();
    let missing = hrefs.iter().find(|url| !text.contains(&bare(url)) && !joined.contains(&bare(url)))?;
    let message = format!("the link to {missing} is not in the plain text");
    Some(PARTS_DIFFER.finding(message).with_help("who reads plain text would miss it: see templates/issue.txt"))
}

fn law(sender: &Sender, html: &str, text: &str) -> Vec<Finding> {
    let holds = |value: &str| {
        let value = one_line(value);
        html.contains(&value) && text.contains(&value)
    };
    let mut found = Vec::new();
    let footer = "see templates/footer.mjml and templates/issue.txt, or remove yours to have the built-in ones";
    if !holds(&sender.name) {
        found.push(NO_SENDER.finding(format!("`{}` does not stand in both parts", sender.name)).with_help(footer));
    }
    if !holds(&sender.postal_address) {
        let message = "the postal address does not stand in both parts";
        found.push(NO_POSTAL_ADDRESS.finding(message).with_help(footer));
    }
    let reply_to = sender.reply_to.to_string();
    let contacts = [Some(&reply_to), sender.phone.as_ref(), sender.website.as_ref()];
    if !contacts.into_iter().flatten().any(|contact| holds(contact)) {
        let message = "neither reply address, telephone nor website stands in both parts";
        found.push(NO_CONTACT.finding(message).with_help(footer));
    }
    found
}

/// What a reader sees of HTML, on one line.
fn words_of(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let mut words = String::with_capacity(body.len());
    for (place, piece) in body.split('<').enumerate() {
        words.push_str(if place == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) });
    }
    one_line(&unescape(&words).replace("&#39;", "'").replace("&#x27;", "'"))
}

/// With single spaces, and without the marks that turn the direction of a text.
fn one_line(text: &str) -> String {
    let marks = ['\u{200e}', '\u{200f}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
    let plain: String = text.chars().filter(|c| !marks.contains(c)).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_one_part_alone_is_found_wherever_lines_break() {
        let html = "<a href=\"https://www.example.org/a?b=1&amp;c=2\">x</a><a href=\"#top\">y</a><a href=\"mailto:info@example.org\">z</a>";
        assert_eq!(links(html, "see https://www.example.org/a?b=1&c=2 or info@example.org"), None);
        let missing = links(html, "or info@example.org").unwrap();
        assert!(missing.message.contains("a?b=1&c=2"), "{missing}");
    }

    #[test]
    fn tags_and_line_breaks_hide_no_words() {
        assert_eq!(words_of("<html><body><p>Rue de l&#39;Exemple,<br />\n  4 &amp; 5</p>"), ">Rue de l'Exemple, 4 & 5");
    }
}

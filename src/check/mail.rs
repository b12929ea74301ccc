//! Each edition as it leaves: its size, and what the law wants in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::rules::{CLIPPED, HEAVY_MAIL, LARGE_HTML, NO_CONTACT, NO_POSTAL_ADDRESS, NO_REASON, NO_SENDER, NO_WAY_OUT};
use super::words::one_line;
use crate::config::Sender;
use crate::domain::Finding;
use crate::domain::field::{Field, Merge};
use crate::render::RenderedEdition;

/// Octets of HTML above which Gmail shows the beginning alone.
const CLIP: usize = 102 * 1024;
/// From here on a longer name or one more item may do it.
const CLOSE: usize = 90 * 1024;
/// Octets of a whole message.
const HEAVY: usize = 1_000_000;

/// An edition as the reader of the longest values gets it, since a mail must not be cut off for anybody.
pub(super) struct Filled {
    pub(super) html: String,
    pub(super) text: String,
    /// The fields that stand in both parts.
    fields: BTreeSet<Field>,
}

impl Filled {
    /// `longest` has the longest value of each column.
    pub(super) fn new(edition: &RenderedEdition, longest: &BTreeMap<String, String>) -> Self {
        let mut in_html = BTreeSet::new();
        let mut in_text = BTreeSet::new();
        let html = fill(&edition.html, longest, &mut in_html);
        let text = fill(&edition.text, longest, &mut in_text);
        Self { html, text, fields: in_html.intersection(&in_text).cloned().collect() }
    }
}

/// What is to be said of an edition's size, and of what the law wants in it.
pub(super) fn findings(edition: &RenderedEdition, filled: &Filled, words: &str, sender: &Sender) -> Vec<Finding> {
    let mut found = sizes(edition, &filled.html, &filled.text);
    found.extend(law(sender, words, &one_line(&filled.text)));
    let is_in_both = |field: &Field| filled.fields.contains(field);
    if !is_in_both(&Field::UnsubscribeUrl) {
        let help = "put {{ unsubscribe }} back into templates/footer.mjml and templates/issue.txt";
        found.push(NO_WAY_OUT.finding("there is no link to leave by in both parts of the mail").with_help(help));
    }
    if !is_in_both(&Field::Address) {
        let help = "put {{ t.why }} back into templates/footer.mjml and templates/issue.txt";
        found.push(NO_REASON.finding("the mail does not tell at which address its reader gets it").with_help(help));
    }
    found
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

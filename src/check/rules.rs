//! What is checked: each rule's code, how much it weighs unless `[check]` in `bulletin.toml` says otherwise,
//! and what it is about.

use crate::domain::finding::{Finding, Severity, cure_unknown};

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// As findings, `[check]` and docs/CHECKS.md name it.
    pub code: &'static str,
    pub severity: Severity,
    /// What it finds, as a sentence goes on: "finds ...".
    pub about: &'static str,
}

impl Rule {
    /// A finding of this rule.
    pub(super) fn finding(self, message: impl Into<String>) -> Finding {
        Finding::new(self.severity, self.code, message)
    }
}

/// A constant for each rule, and all of them in order under a name of their own.
macro_rules! rules {
    ($(#[$doc:meta])* $all:ident: $($name:ident = $code:literal, $severity:ident, $about:literal;)*) => {
        $(pub(super) const $name: $crate::check::Rule = $crate::check::Rule {
            code: $code,
            severity: $crate::domain::Severity::$severity,
            about: $about,
        };)*
        $(#[$doc])*
        pub const $all: &[$crate::check::Rule] = &[$($name),*];
    };
}
pub(super) use rules;

rules! {
    /// Every rule that needs no network, in the order of the docs.
    RULES:
    UNTRANSLATED = "untranslated", Warning, "an item that lacks a language and does not say that it exists in one only";
    STALE_TRANSLATION = "stale-translation", Warning, "an item whose original was changed after its translation was looked over";
    LINKS_DIFFER = "links-differ", Warning, "a translation with more or fewer links than its original, or with one to another site";
    NUMBERS_DIFFER = "numbers-differ", Warning, "a number, a date or an amount that stands in one language alone";
    EMPTY_LINK = "empty-link", Error, "a link without a text";
    VAGUE_LINK = "vague-link", Warning, "a link whose text says nothing of where it leads";
    BARE_LINK = "bare-link", Warning, "an address as the text of a link";
    SHORTENED_LINK = "shortened-link", Warning, "a link through a service that hides where it leads, and counts who follows it";
    TRACKED_LINK = "tracked-link", Warning, "a link that bears marks for counting who follows it";
    HTTP_LINK = "http-link", Warning, "a link that is not encrypted";
    LOCAL_LINK = "local-link", Error, "a link that works on one machine or network only";
    HEADING_SKIPS = "heading-skips", Warning, "a heading more than one level below the last";
    NO_ALT = "no-alt", Error, "a picture without a text for those who don't see it";
    USELESS_ALT = "useless-alt", Warning, "a picture whose text is its file's name, or says that it is a picture";
    LONG_ALT = "long-alt", Warning, "a picture whose text is longer than a screen reader should read without a pause";
    HEAVY_PICTURE = "heavy-picture", Warning, "a picture of more than 200 kB";
    SMALL_PICTURE = "small-picture", Warning, "a picture that is blurred on a good screen";
    LONG_SUBJECT = "long-subject", Warning, "a subject that a phone cuts off";
    SHOUTING_SUBJECT = "shouting-subject", Warning, "a subject in capitals, or with more than one exclamation mark";
    NO_PREHEADER = "no-preheader", Warning, "a mail without the line that is shown beside its subject";
    LONG_PREHEADER = "long-preheader", Warning, "a preheader that no mail program shows to its end";
    PLACEHOLDER = "placeholder", Error, "words that were to be replaced before the issue goes out";
    MERGE_GAP = "merge-gap", Warning, "a merge field without default that stays empty for some readers";
    CLIPPED = "clipped", Error, "an edition that Gmail cuts off, the way to leave with it";
    LARGE_HTML = "large-html", Warning, "an edition that Gmail is close to cutting off";
    HEAVY_MAIL = "heavy-mail", Warning, "a message of more than 1 MB";
    PARTS_DIFFER = "parts-differ", Error, "a link or a heading that stands in one of the mail's two parts only";
    EMPTY_TEXT = "empty-text", Error, "a plain text that has next to nothing of what the HTML says";
    LOW_CONTRAST = "low-contrast", Warning, "text that can hardly be read on its ground, in light or dark mode";
    CLIENT_SUPPORT = "client-support", Warning, "HTML or CSS of your own templates that many mail programs don't show";
    NO_DIMENSIONS = "no-dimensions", Warning, "a picture of your own templates without width and height";
    LOST_PICTURE = "lost-picture", Error, "a picture of your own templates that no mail program can find";
    REMOTE_CONTENT = "remote-content", Error, "something that is fetched from elsewhere when the mail is opened";
    DUPLICATE_ID = "duplicate-id", Warning, "an id that stands in a mail twice";
    DEAD_ANCHOR = "dead-anchor", Warning, "a link within the mail to what is not in it";
    MAIL_FORM = "mail-form", Error, "a message that breaks RFC 5322, MIME or the rules of list headers";
    NO_ONE_CLICK = "no-one-click", Warning, "a newsletter that nobody can leave with one click";
    PUBLIC_SENDER = "public-sender", Error, "a sender at a public mailbox provider";
    UNALIGNED = "unaligned", Warning, "bounces at another domain than the sender's, and no key that signs for it";
    UNSIGNED = "unsigned", Info, "a newsletter without a DKIM key, whose relay has to sign";
    SPAM_SCORE = "spam-score", Warning, "an edition that a spam filter of this machine takes for junk (`--spam`)";
    NO_SENDER = "no-sender", Error, "an edition that does not say who sends it";
    NO_POSTAL_ADDRESS = "no-postal-address", Error, "an edition without the sender's postal address";
    NO_CONTACT = "no-contact", Error, "an edition without a further way to reach the sender";
    NO_REASON = "no-reason", Error, "an edition that does not tell its reader at which address they get it";
    NO_WAY_OUT = "no-way-out", Error, "an edition without the link to leave by";
    NOBODY = "nobody", Error, "an issue that nobody in the list would get";
}

/// Every rule, those that need the network last.
pub fn every_rule() -> impl Iterator<Item = &'static Rule> + Clone {
    RULES.iter().chain(super::online::ONLINE_RULES)
}

/// What `[check]` says of one rule: how much it weighs, or nothing where it is off.
pub type Levels = [(String, Option<Severity>)];

/// `findings` with the weights of `levels`, without those that are off, and with a finding for each rule
/// that there is none of.
pub(super) fn weigh(findings: Vec<Finding>, levels: &Levels) -> Vec<Finding> {
    let mut weighed: Vec<_> = levels.iter().filter_map(|(code, _)| unknown(code)).collect();
    for finding in findings {
        let is_rule = every_rule().any(|rule| rule.code == finding.code);
        match levels.iter().find(|(code, _)| is_rule && code == finding.code) {
            Some((_, None)) => {}
            Some((_, Some(severity))) => weighed.push(Finding { severity: *severity, ..finding }),
            None => weighed.push(finding),
        }
    }
    weighed
}

fn unknown(code: &str) -> Option<Finding> {
    if every_rule().any(|rule| rule.code == code) {
        return None;
    }
    let help = format!("{} `bulletin check --rules` tells them all.", cure_unknown_rule(code));
    Some(
        Finding::warning("unknown-rule", format!("there is no rule `{code}`")).in_file("bulletin.toml").with_help(help),
    )
}

fn cure_unknown_rule(code: &str) -> String {
    match crate::domain::finding::did_you_mean(code, every_rule().map(|rule| rule.code)) {
        Some(_) => cure_unknown(code, every_rule().map(|rule| rule.code)),
        None => "Leave the line out.".to_owned(),
    }
}

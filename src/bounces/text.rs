//! Reports written for people: the text of a mail in, the recipients that a grammar finds in it out.

use std::collections::BTreeSet;

use super::grammar::{Grammar, Grammars, Region};
use super::header::cut;

/// How many recipients one text may name.
const MOST: usize = 1000;
/// How many lines of a report are read, and how much of each.
const MOST_LINES: usize = 3000;
const LONGEST_LINE: usize = 2000;
/// How much of what is said about one of them is kept.
const LONGEST: usize = 1500;

/// A recipient that a text names, and what it says about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<'t> {
    pub(super) recipient: &'t str,
    pub(super) said: String,
}

/// What a text tells.
#[derive(Debug)]
pub(super) struct Told<'t, 'g> {
    pub(super) family: &'g Grammar,
    pub(super) named: Vec<Named<'t>>,
    /// All that is said between the lines that open and close the report.
    pub(super) said: String,
    /// Where in the text the report ends, and the original may begin.
    pub(super) said_to: usize,
}

impl Told<'_, '_> {
    /// The family's name, where it has one.
    pub(super) fn mta(&self) -> Option<String> {
        (!self.family.is_generic).then(|| self.family.mta.clone())
    }
}

/// Reads `text`, which begins with a line end. None where no family opens a report in it.
pub(super) fn read<'t, 'g>(grammars: &'g Grammars, text: &'t str) -> Option<Told<'t, 'g>> {
    let marks = grammars.marks(text);
    let mut tried = BTreeSet::new();
    let mut nobody = None;
    let mut openings = marks.openings;
    openings.sort_by_key(|(family, at)| (*at, *family));
    for (index, opening) in openings {
        if !tried.insert(index) {
            continue;
        }
        let family = grammars.family(index);
        let closing = marks.closings.iter().copied().filter(|at| *at > opening).min().unwrap_or(text.len());
        let begin = if family.region == Region::Anywhere { 0 } else { opening };
        let told = Told { said_to: closing, ..told(family, &text[begin..closing]) };
        if !told.named.is_empty() {
            return Some(told);
        }
        nobody.get_or_insert(told);
    }
    nobody
}

fn told<'t, 'g>(family: &'g Grammar, report: &'t str) -> Told<'t, 'g> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in report.lines().take(MOST_LINES) {
        let line = cut(line, LONGEST_LINE).trim();
        // What is quoted is not said, but a transcript marks what it sent in the same way.
        match family.recipients(line) {
            Some((recipient, behind)) if found.len() < MOST => {
                found.push((recipient, behind.trim_matches([' ', '>', ':', '.', ',']).to_owned()));
            }
            _ => {
                if let Some((_, said)) = found.last_mut() {
                    append(said, line);
                }
            }
        }
    }
    let all = joined(report);
    let mut named: Vec<Named> = Vec::new();
    for (recipient, said) in found {
        match named.iter_mut().find(|known| known.recipient.eq_ignore_ascii_case(recipient)) {
            Some(known) => append(&mut known.said, &said),
            None => named.push(Named { recipient, said }),
        }
    }
    // Where addresses stand in a list and the reasons below it, the lines that name an address are its own.
    let several = named.len() > 1;
    for one in &mut named {
        let lines = report.lines().take(MOST_LINES).map(|line| cut(line, LONGEST_LINE).trim());
        let more = lines
            .filter(|line| several && line.contains(one.recipient) && !one.said.contains(line))
            .filter(|line| !said_nothing(&line.replace(one.recipient, "")))
            .take(20)
            .collect::<Vec<_>>()
            .join("\n");
        append(&mut one.said, &more);
        if said_nothing(&one.said) {
            one.said.clone_from(&all);
        }
    }
    Told { family, named, said: all, said_to: 0 }
}

/// Whether a text has no word in it.
fn said_nothing(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() < 3
}

fn append(said: &mut String, line: &str) {
    if said.len() < LONGEST && !line.is_empty() {
        if !said.is_empty() {
            said.push('\n');
        }
        said.push_str(cut(line, LONGEST));
    }
}

/// The lines of `text`, each trimmed, without blank ones.
pub(super) fn joined(text: &str) -> String {
    let mut said = String::new();
    for line in text.lines() {
        if said.len() >= LONGEST {
            break;
        }
        append(&mut said, line.trim());
    }
    said
}

/// Several lines as one: words that a line end parted are joined by a space, and the code that a server
/// repeats on each line of its reply stands once.
pub(super) fn on_one_line(said: &str) -> String {
    let mut line = String::with_capacity(said.len());
    let mut code = "";
    for part in said.split('\n') {
        let mut part = part.trim();
        let begins = part.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        match begins {
            Some(digits) if digits == code => {
                part = part[3..].trim_start_matches(['-', ' ']);
                let enhanced = part.split(' ').next().unwrap_or_default();
                if super::status::enhanced(enhanced) == Some(enhanced) {
                    part = part[enhanced.len()..].trim_start();
                }
            }
            Some(digits) => code = digits,
            None => {}
        }
        for word in part.split_ascii_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        mta = "Example"
        opening = ["could not reach"]
        recipient = ["<{recipient}>:"]
        closing = ["--- your mail", "^received: "]
    "#;

    fn told(text: &str) -> Option<Vec<(String, String)>> {
        let grammars = Grammars::parse(&[("example.toml".to_owned(), FILE.to_owned())]).unwrap();
        let told = read(&grammars, text)?;
        Some(told.named.into_iter().map(|one| (one.recipient.to_owned(), one.said)).collect())
    }

    #[test]
    fn what_stands_behind_a_recipient_is_said_about_this_one() {
        let text = "\nWe could not reach:\n<a@example.org>:\n550 no\n such user\n<b@example.org>:\nfull\n\n--- your mail\n\
                    <c@example.org>:\n";
        let expected = [("a@example.org", "550 no\nsuch user"), ("b@example.org", "full")];
        assert_eq!(told(text), Some(expected.map(|(name, said)| (name.to_owned(), said.to_owned())).to_vec()));
    }

    #[test]
    fn a_recipient_of_whom_nothing_is_said_shares_what_is_said_to_all() {
        let named = told("\nWe could not reach these, as the disk is full:\n<a@example.org>:\n").unwrap();
        assert!(named[0].1.contains("the disk is full"), "{named:?}");
    }

    #[test]
    fn a_quoted_line_opens_nothing_and_the_original_begins_at_its_header() {
        assert_eq!(told("\n> We could not reach:\n<a@example.org>:\n"), None);
        assert_eq!(told("\nWe could not reach you.\nReceived: from x\n<a@example.org>:\n"), Some(Vec::new()));
    }

    #[test]
    fn a_reply_in_several_lines_becomes_one() {
        for (said, line) in [
            (
                "550-5.1.1 The account\n550-5.1.1 that you wrote to\n550 5.1.1 is gone",
                "550-5.1.1 The account that you wrote to is gone",
            ),
            ("552 over\n   quota", "552 over quota"),
            ("", ""),
        ] {
            assert_eq!(on_one_line(said), line);
        }
    }
}

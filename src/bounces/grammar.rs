//! The grammars as data: how each family of mail servers words its reports, one TOML file a family.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use serde::Deserialize;

use super::report::Reason;
use super::{GrammarError, address};

/// How far behind the beginning of its line a phrase may stand.
const LONGEST_LINE: usize = 2000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mta: String,
    #[serde(default)]
    header: Vec<String>,
    #[serde(default)]
    opening: Vec<String>,
    #[serde(default)]
    recipient: Vec<String>,
    #[serde(default)]
    closing: Vec<String>,
    #[serde(default)]
    region: Region,
    #[serde(default)]
    words: Words,
    reason: Option<Reason>,
}

/// Which lines of a text a family's recipients stand in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Region {
    #[default]
    BehindOpening,
    /// Also in front of the line that opens the report.
    Anywhere,
}

/// Whether people might write so as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Words {
    #[default]
    Own,
    Common,
}

/// How one family words its reports.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) mta: String,
    /// Header fields that it alone writes: a name, and how the value begins.
    pub(super) header: Vec<(String, String)>,
    pub(super) region: Region,
    pub(super) words: Words,
    /// Why, where the text says no more.
    pub(super) reason: Option<Reason>,
    /// Whether it takes the words that anybody would use.
    pub(super) is_generic: bool,
    recipients: Vec<Pattern>,
}

impl Grammar {
    /// The recipients that a line names, and what it says behind the last of them.
    pub(super) fn recipients<'t>(&self, line: &'t str) -> Option<(&'t str, &'t str)> {
        self.recipients.iter().find_map(|pattern| pattern.find(line))
    }
}

/// All families, ready to be looked for in one pass over a text.
#[derive(Debug)]
pub(super) struct Grammars {
    families: Vec<Grammar>,
    phrases: AhoCorasick,
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, Copy)]
enum Mark {
    Opening(usize),
    Closing,
}

/// Where a text opens and closes a report.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The family, and where its opening line begins.
    pub(super) openings: Vec<(usize, usize)>,
    /// Where closing lines begin.
    pub(super) closings: Vec<usize>,
}

impl Grammars {
    /// Out of files, each with its name.
    pub(super) fn parse(files: &[(String, String)]) -> Result<Self, GrammarError> {
        let (mut families, mut phrases, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text) in files {
            let file: File =
                toml::from_str(text).map_err(|error| GrammarError::File(name.into(), Box::new(error.into())))?;
            let mut mark = |phrase: &str, mark: Mark| {
                // A line begins behind the end of another.
                phrases.push(match phrase.strip_prefix('^') {
                    Some(rest) => format!("\n{}", rest.to_lowercase()),
                    None => phrase.to_lowercase(),
                });
                marks.push(mark);
            };
            for phrase in &file.opening {
                mark(phrase, Mark::Opening(families.len()));
            }
            for phrase in &file.closing {
                mark(phrase, Mark::Closing);
            }
            let header = file
                .header
                .iter()
                .filter_map(|field| field.split_once(':'))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_lowercase()));
            families.push(Grammar {
                is_generic: file.mta.is_empty(),
                mta: file.mta,
                header: header.collect(),
                region: file.region,
                words: file.words,
                reason: file.reason,
                recipients: file.recipient.iter().map(|pattern| Pattern::parse(pattern)).collect(),
            });
        }
        let phrases = AhoCorasickBuilder::new()
            .kind(Some(AhoCorasickKind::DFA))
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(phrases)?;
        Ok(Self { families, phrases, marks })
    }

    pub(super) fn family(&self, index: usize) -> &Grammar {
        &self.families[index]
    }

    pub(super) fn families(&self) -> impl Iterator<Item = &Grammar> {
        self.families.iter()
    }

    /// Where the report opens and closes in `text`, which begins with a line end.
    pub(super) fn marks(&self, text: &str) -> Marks {
        let mut marks = Marks::default();
        let mut opened = false;
        for found in self.phrases.find_overlapping_iter(text) {
            let from = found.start() + usize::from(text.as_bytes()[found.start()] == b'\n');
            // Nobody writes a report in lines that are longer.
            let before = from.saturating_sub(LONGEST_LINE);
            let Some(end) = memchr::memrchr(b'\n', &text.as_bytes()[before..from]) else { continue };
            let line = before + end + 1;
            // What is quoted is not said.
            if text[line..].starts_with('>') {
                continue;
            }
            match self.marks[found.pattern().as_usize()] {
                Mark::Opening(family) => {
                    opened |= self.families[family].words == Words::Own;
                    marks.openings.push((family, line));
                }
                Mark::Closing => {
                    marks.closings.push(line);
                    // What follows is the original, of any length.
                    if opened {
                        break;
                    }
                }
            }
        }
        marks
    }
}

/// A line with a place for the recipient: `<{recipient}>:`, `could not deliver to {recipient}*`.
#[derive(Debug)]
struct Pattern(Vec<Token>);

#[derive(Debug)]
enum Token {
    /// In lower case.
    Text(String),
    Anything,
    Recipient,
}

impl Pattern {
    fn parse(pattern: &str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = pattern;
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix("{recipient}") {
                tokens.push(Token::Recipient);
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix('*') {
                tokens.push(Token::Anything);
                rest = behind;
            } else {
                let end = rest.find(['*', '{']).filter(|end| *end > 0).unwrap_or(rest.len());
                tokens.push(Token::Text(rest[..end].to_lowercase()));
                rest = &rest[end..];
            }
        }
        Self(tokens)
    }

    /// The recipient and what the line says behind it, if the trimmed line is of this form.
    fn find<'t>(&self, line: &'t str) -> Option<(&'t str, &'t str)> {
        let (mut rest, mut recipient) = (line, None);
        let mut skips = false;
        for (at, token) in self.0.iter().enumerate() {
            match token {
                Token::Anything => skips = true,
                Token::Text(text) => {
                    let found = if skips { find_folded(rest, text) } else { starts_folded(rest, text).then_some(0) };
                    rest = &rest[found? + text.len()..];
                    skips = false;
                }
                Token::Recipient => {
                    rest = rest.trim_start();
                    let brackets = !matches!(at.checked_sub(1).map(|at| &self.0[at]), Some(Token::Text(text)) if text.ends_with('<'));
                    let (address, behind) = if skips {
                        let address = address::first(rest)?;
                        let end = address.as_ptr() as usize - rest.as_ptr() as usize + address.len();
                        (address, &rest[end..])
                    } else if brackets {
                        address::leading(rest)?
                    } else {
                        bare(rest)?
                    };
                    recipient = Some((address, behind));
                    rest = behind;
                    skips = false;
                }
            }
        }
        (skips || rest.trim_matches([' ', '.', ',', ';']).is_empty()).then_some(recipient?)
    }
}

/// An address whose opening bracket was read already.
fn bare(text: &str) -> Option<(&str, &str)> {
    address::leading(text)
}

fn starts_folded(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Where `needle`, in lower case, begins in `text` in any case.
fn find_folded(text: &str, needle: &str) -> Option<usize> {
    let first = needle.as_bytes().first().copied()?;
    let last = text.len().checked_sub(needle.len())?;
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text.as_bytes())
        .take_while(|at| *at <= last)
        .find(|at| starts_folded(&text[*at..], needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_the_recipient_in_its_place_only() {
        for (pattern, line, found) in [
            ("<{recipient}>:", "<ann@example.org>:", Some(("ann@example.org", ">:"))),
            ("{recipient}", "ann@example.org", Some(("ann@example.org", ""))),
            ("{recipient}", "ann@example.org and more", None),
            ("{recipient}*", "<ann@example.org>: 550 no", Some(("ann@example.org", ": 550 no"))),
            (
                "*Deliver to {recipient} on *",
                "could not deliver TO 'ann@example.org' on Monday",
                Some(("ann@example.org", " on Monday")),
            ),
            ("to: {recipient}", "From: ann@example.org", None),
        ] {
            assert_eq!(Pattern::parse(pattern).find(line), found, "{pattern} {line}");
        }
    }
}

//! The two parts of an edition against each other: who reads plain text misses nothing, and nothing is said
//! there alone (RFC 2046 section 5.1.4).

use std::collections::BTreeSet;

use super::page::Page;
use super::rules::{EMPTY_TEXT, PARTS_DIFFER};
use super::words::one_line;
use crate::domain::Finding;
use crate::domain::field::unescape;

/// The share of the HTML's words that a plain text has at least, in hundredths.
const SHARE: usize = 25;

/// Headings that are named.
const NAMED: usize = 3;

/// `words` are those of the HTML.
pub(super) fn findings(html: &str, page: &Page<'_>, words: &str, text: &str) -> Vec<Finding> {
    let plain = one_line(text);
    let count = |text: &str| text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).count();
    let (here, there) = (count(&plain), count(words));
    if here * 100 < there * SHARE {
        let message = format!("the plain text has {here} words, where the HTML has {there}");
        let help = "remove templates/issue.txt to have the built-in one, or put all parts back into it";
        return vec![EMPTY_TEXT.finding(message).with_help(help)];
    }
    let mut found: Vec<_> = links(html, text).into_iter().collect();
    let (here, there) = (folded(&plain), folded(words));
    let headings = page.headings().into_iter().map(|heading| one_line(&unescape(&heading)));
    let lost = headings.filter(|heading| !here.contains(&folded(heading)));
    found.extend(apart(&lost.collect::<Vec<_>>(), "HTML"));
    let lost = underlined(text).into_iter().filter(|heading| !there.contains(&folded(heading)));
    found.extend(apart(&lost.collect::<Vec<_>>(), "plain text"));
    found
}

/// Headings that stand in one part alone.
fn apart(headings: &[String], part: &str) -> Option<Finding> {
    let named = headings.iter().take(NAMED).map(|heading| format!("`{heading}`")).collect::<Vec<_>>().join(", ");
    let message = match headings.len() {
        0 => return None,
        1 => format!("the heading {named} stands in the {part} only"),
        count => format!("{count} headings stand in the {part} only: {named}"),
    };
    let help = "who reads one part would miss it: see templates/issue.txt and templates/issue.mjml";
    Some(PARTS_DIFFER.finding(message).with_help(help))
}

/// Without spaces and marks of Markdown, since lines are wrapped and code, notes and emphasis are told in other
/// ways in either part.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The headings of a plain text: what stands above a line of hyphens or equals signs, as far up as a blank line.
fn underlined(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let is_rule = |line: &str| line.len() >= 3 && line.chars().all(|c| c == '-' || c == '=');
    let mut found = Vec::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_rule(line)) {
        let start = lines[..at].iter().rposition(|line| line.is_empty()).map_or(0, |blank| blank + 1);
        // A table's rule has cells in its lines, which are told apart by two spaces.
        let heading = lines[start..at].join(" ");
        if !heading.is_empty() && !heading.contains("  ") {
            found.push(one_line(&heading));
        }
    }
    found
}

/// A link that stands in the HTML alone.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::words::words_of;

    fn messages(html: &str, text: &str) -> Vec<String> {
        let found = findings(html, &Page::read(html), &words_of(html), text);
        found.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_link_in_one_part_alone_is_found_wherever_lines_break() {
        let html = "<a href=\"https://www.example.org/a?b=1&amp;c=2\">x</a><a href=\"#top\">y</a><a href=\"mailto:info@example.org\">z</a>";
        assert_eq!(links(html, "see https://www.example.org/a?b=1&c=2 or info@example.org"), None);
        let missing = links(html, "or info@example.org").unwrap();
        assert!(missing.message.contains("a?b=1&c=2"), "{missing}");
    }

    #[test]
    fn a_heading_in_one_part_alone_is_found_and_wrapping_hides_none() {
        let html = "<body><h2>Policy &amp; law, at length</h2><h3>News</h3><p>Some words.</p></body>";
        let whole = "Policy & law,\nat length\n=========\n\nNews\n----\n\nSome words.\n";
        assert_eq!(messages(html, whole), [""; 0]);
        assert_eq!(
            messages(html, "Policy & law, at length\n\nSome words.\n"),
            ["the heading `News` stands in the HTML only"]
        );
        let more = format!("{whole}\nMore\n----\n\nWords.\n");
        assert_eq!(messages(html, &more), ["the heading `More` stands in the plain text only"]);
    }

    #[test]
    fn a_plain_text_without_words_is_found_once() {
        let html = "<body><h2>Policy</h2> <p>Many words that nobody finds in the plain text.</p></body>";
        assert_eq!(messages(html, "-- \n"), ["the plain text has 0 words, where the HTML has 10"]);
    }
}

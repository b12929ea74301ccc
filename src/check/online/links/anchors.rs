//! The parts of a page that a link can lead to: HTML in, its ids and names out (HTML, "Scrolling to a fragment": an
//! element's `id`, or the `name` of an `a`).

use std::collections::BTreeSet;

use crate::domain::field::unescape;

/// Everything that stands as the value of an `id` or a `name` in a tag.
pub(super) fn anchors(html: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for tag in html.split('<').skip(1) {
        if tag.starts_with(|first: char| first.is_ascii_alphabetic()) {
            attributes(tag, &mut found);
        }
    }
    found
}

/// What some sites put in front of the ids that their authors chose, which a script of theirs then makes up for.
const PREFIX: &str = "user-content-";

/// Whether one of the `anchors` is what this fragment names, as it stands or decoded.
pub(super) fn leads_to(fragment: &str, anchors: &BTreeSet<String>) -> bool {
    let decoded = decoded(fragment);
    anchors.contains(fragment) || anchors.contains(&decoded) || anchors.contains(&format!("{PREFIX}{decoded}"))
}

/// Walks over the attributes of a tag from its name on. Values in quotes may hold anything, a `>` among it.
fn attributes(tag: &str, found: &mut BTreeSet<String>) {
    let mut rest = tag.trim_start_matches(|c: char| !c.is_ascii_whitespace() && c != '>' && c != '/');
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        // A `=` in front of all is the beginning of a name, as a browser reads it.
        let (name, behind) = rest.split_at(end.max(1).min(rest.len()));
        let Some(value) = behind.trim_start().strip_prefix('=') else {
            rest = behind;
            continue;
        };
        let value = value.trim_start();
        let (value, behind) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len())),
        };
        if name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("name") {
            found.insert(unescape(value));
        }
        rest = behind;
    }
}

/// Percent-encoded octets decoded; what is no UTF-8 then stays as it is.
fn decoded(fragment: &str) -> String {
    let bytes = fragment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| fragment.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_and_names_are_found_however_they_are_written() {
        let html = "<!doctype html><h2 class=x id=\"who\">Who</h2><a name='old'></a><p ID=bare>x<br/><i id = \"a&amp;b\" \
                    data-id=\"no\">id=\"text\"</i><p title=\"a > b\" id=\"later\"><input disabled id=last>";
        let found: Vec<_> = anchors(html).into_iter().collect();
        assert_eq!(found, ["a&b", "bare", "last", "later", "old", "who"]);
    }

    #[test]
    fn a_fragment_is_held_against_ids_as_it_stands_and_decoded() {
        let anchors = anchors("<p id=\"qui-était-là\"><p id=\"50%25\"><p id=\"user-content-use\">");
        for fragment in ["use", "qui-était-là", "qui-%C3%A9tait-l%C3%A0", "50%25"] {
            assert!(leads_to(fragment, &anchors), "{fragment}");
        }
        for fragment in ["qui", "50%", "%C3"] {
            assert!(!leads_to(fragment, &anchors), "{fragment}");
        }
    }

    proptest! {
        #[test]
        fn no_page_breaks_the_search(html in "[<>=/'\" a-zé%&;]{0,60}") {
            anchors(&html);
            decoded(&html);
        }

        #[test]
        fn an_id_between_tags_of_any_kind_is_found(before in "[a-z= /\"']{0,20}", id in "[a-z0-9-]{1,12}") {
            // Quotes in text between tags belong to nobody.
            let html = format!("<p>{before}</p><h2 class='a' id=\"{id}\">x</h2>");
            prop_assert!(anchors(&html).contains(&id));
        }
    }
}

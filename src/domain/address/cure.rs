//! What address a person probably meant: a text that is none in, an address out. It is only ever proposed.

use super::{EmailAddress, is_invisible, is_typographic_quote};

/// The one address that stands in `text` between what people paste around it: a name, `mailto:`, brackets,
/// quotation marks, spaces, a full stop.
///
/// ```
/// use bulletin::domain::address::likely;
/// assert_eq!(likely("Ann Smith <ann@example.org>").unwrap().to_string(), "ann@example.org");
/// assert_eq!(likely("ann@example.org, bo@example.org"), None);
/// ```
#[must_use]
pub fn likely(text: &str) -> Option<EmailAddress> {
    let mut text: String = text.chars().filter(|c| !is_invisible(*c) || c.is_whitespace()).collect();
    for (from, to) in [('＠', '@'), ('．', '.'), ('\u{a0}', ' '), ('，', ','), ('’', '\'')] {
        text = text.replace(from, &to.to_string());
    }
    let is_around = |c: char| is_typographic_quote(c) || "<>()[]\",;".contains(c);
    let words = text.split(|c: char| c.is_whitespace() || is_around(c));
    let mut found = None;
    let mut at = 0;
    for word in words {
        let before = text[..at].trim_end();
        at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        // In `ann smith@example.org` the space may stand for anything.
        if !before.is_empty() && !before.ends_with(|c: char| is_around(c) || c == ':') {
            continue;
        }
        if let Some(address) = address(word) {
            match &found {
                None => found = Some(address),
                Some(before) if *before == address => {}
                Some(_) => return None,
            }
        }
    }
    if found.is_none() && text.split_whitespace().filter(|word| word.contains('@')).count() > 1 {
        return None;
    }
    found.or_else(|| {
        // A space that slipped in beside the @ or a dot.
        let joined: String = text.split_whitespace().collect();
        let is_beside = |pair: &str| text.contains(pair);
        [" @", "@ ", " .", ". "].into_iter().any(is_beside).then(|| address(&joined)).flatten()
    })
}

fn address(word: &str) -> Option<EmailAddress> {
    let word = word.trim_matches(['\'', '.', ':', '=']);
    let scheme = word.get(.."mailto:".len()).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let word = scheme.map_or(word, |scheme| &word[scheme.len()..]);
    word.split('?').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_around_an_address_is_taken_off() {
        for text in [
            "Ann Smith <ann@example.org>",
            "mailto:ann@example.org",
            "MAILTO:ann@example.org?subject=News",
            "ann@example.org.",
            "ann@example.org,",
            "ann@example.org; ",
            "<ann@example.org>",
            "“ann@example.org”",
            "'ann@example.org'",
            "ann＠example.org",
            "ann @example.org",
            "ann@ example.org",
            "ann@example .org",
            "an\u{200b}n@example.org",
            "ann\0@example.org",
            "=HYPERLINK(\"mailto:ann@example.org\",\"ann@example.org\")",
            "ann@example.org (work)",
            "Email: ann@example.org",
        ] {
            assert_eq!(likely(text).map(|address| address.to_string()).as_deref(), Some("ann@example.org"), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_proposed_where_two_could_be_meant() {
        for text in [
            "ann smith@example.org",
            "ann@example.org, bo@example.org",
            "ann.example.org",
            "ann smith@",
            "",
            "@",
            "ann bo@ex",
        ] {
            assert_eq!(likely(text), None, "{text:?}");
        }
    }
}

//! Addresses as reports write them: in brackets, behind a type, with a comment, at the end of a sentence.

use std::borrow::Cow;

/// The address at the beginning of `text`, in angle brackets or bare, and what stands behind it.
pub(super) fn leading(text: &str) -> Option<(&str, &str)> {
    let (inside, closing) = match text.chars().next()? {
        '<' => (&text[1..], Some('>')),
        '\'' => (&text[1..], Some('\'')),
        '"' if !text[1..].starts_with('@') && text.find("\"@").is_none_or(|end| text[1..end].contains(['@', '<'])) => {
            (&text[1..], Some('"'))
        }
        _ => (text, None),
    };
    let inside = inside.strip_prefix("mailto:").unwrap_or(inside);
    let local = local_part(inside)?;
    let behind = inside[local..].strip_prefix('@')?;
    let domain = behind
        .char_indices()
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '[' | ']')))
        .map_or(behind.len(), |(at, _)| at);
    let end = local + 1 + domain;
    let address = inside[..end].trim_end_matches(['.', '-', '_']);
    let domain = &address[local + 1..];
    if domain.is_empty() || domain.starts_with(['.', '-']) || address.len() > 320 {
        return None;
    }
    let rest = &inside[address.len()..];
    match closing {
        // A pair of brackets must hold the address and nothing else.
        Some(closing) => Some((address, rest.strip_prefix(closing)?)),
        None => Some((address, rest)),
    }
}

/// The length of a local part, quoted or not.
fn local_part(text: &str) -> Option<usize> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.find('"').map(|end| end + 2).filter(|end| text[*end..].starts_with('@'));
    }
    let end = text.find(|c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '@' | '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '[' | ']')
    })?;
    (end > 0 && text[end..].starts_with('@')).then_some(end)
}

/// The first address anywhere in `text`.
pub(super) fn first(text: &str) -> Option<&str> {
    all(text).next()
}

/// Each address in `text`, in order.
pub(super) fn all(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = memchr::memchr(b'@', rest.as_bytes())?;
            let before = &rest[..at];
            let begin = if let Some(quoted) = before.strip_suffix('"') {
                quoted.rfind('"').unwrap_or(before.len())
            } else {
                before
                    .char_indices()
                    .rev()
                    .take_while(|(_, c)| {
                        !c.is_whitespace()
                            && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '[' | ']' | '@')
                    })
                    .last()
                    .map_or(at, |(begin, _)| begin)
            };
            let found = leading(&rest[begin..]).or_else(|| {
                // A quote mark before it is no part of it.
                let bare = rest[begin..].trim_start_matches('\'');
                leading(bare)
            });
            match found {
                Some((address, behind)) => {
                    rest = behind;
                    return Some(address.trim_matches('\''));
                }
                None => rest = &rest[at + 1..],
            }
        }
    })
}

/// The address of a recipient field (RFC 3464 section 2.3, RFC 6533 section 3): `rfc822; <a@b>`, `a@b`,
/// `utf-8; \x{E9}@b`. None where what stands there is no mailbox.
pub(super) fn of_field(value: &str) -> Option<String> {
    let value = value.trim();
    let (kind, rest) = match value.split_once(';') {
        Some((kind, rest)) if !kind.contains(['@', '<']) => (kind.trim(), rest.trim()),
        _ => ("", value),
    };
    let rest: Cow<str> =
        if kind.eq_ignore_ascii_case("utf-8") { Cow::Owned(unescaped(rest)) } else { Cow::Borrowed(rest) };
    leading(&rest).map(|(address, _)| address).or_else(|| first(&rest)).map(str::to_owned)
}

/// `\x{E9}` as the character that it stands for (RFC 6533 section 3).
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x{") {
        plain.push_str(&rest[..at]);
        let behind = &rest[at + 3..];
        let character = behind.split_once('}').and_then(|(hex, behind)| {
            let code = u32::from_str_radix(hex, 16).ok()?;
            Some((char::from_u32(code)?, behind))
        });
        match character {
            Some((character, behind)) => {
                plain.push(character);
                rest = behind;
            }
            None => {
                plain.push_str("\\x{");
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_wrapped() {
        for (text, address) in [
            ("<ann@example.org>:", "ann@example.org"),
            ("ann@example.org.", "ann@example.org"),
            ("'ann@example.org'", "ann@example.org"),
            ("\"ann@example.org\":", "ann@example.org"),
            ("\"ann b\"@example.org x", "\"ann b\"@example.org"),
            ("élodie@exämple.org, x", "élodie@exämple.org"),
            ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
        ] {
            assert_eq!(leading(text).map(|(address, _)| address), Some(address), "{text}");
        }
        for text in ["", "ann", "@example.org", "ann@", "<ann@example.org x>", "a b@example.org", "ann@.org"] {
            assert_eq!(leading(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_in_a_sentence_come_in_order() {
        let text = "mail for <a@example.org>, b@example.org; 'c@example.org' and \"d d\"@example.org failed @ noon";
        assert_eq!(
            all(text).collect::<Vec<_>>(),
            ["a@example.org", "b@example.org", "c@example.org", "\"d d\"@example.org"]
        );
    }

    #[test]
    fn a_recipient_field_is_read_with_and_without_its_type() {
        for (value, address) in [
            ("rfc822; ann@example.org", Some("ann@example.org")),
            ("RFC822;<ann@example.org>", Some("ann@example.org")),
            ("rfc/822; ann@example.org (Ann)", Some("ann@example.org")),
            ("ann@example.org", Some("ann@example.org")),
            ("utf-8; \\x{E9}lodie@example.org", Some("élodie@example.org")),
            ("rfc822; Ann Other <ann@example.org>", Some("ann@example.org")),
            ("rfc822; /var/mail/ann", None),
            ("", None),
        ] {
            assert_eq!(of_field(value).as_deref(), address, "{value}");
        }
    }
}

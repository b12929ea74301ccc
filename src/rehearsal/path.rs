//! The addresses of an envelope, as MAIL and RCPT carry them between angle brackets.
//!
//! RFC 5321 section 4.1.2 with the wider letters of RFC 6531 section 3.3; source
//! routes, which no one may generate any more, are not read.

/// Octets of an address (RFC 5321 section 4.5.3.1.3, less the brackets).
const LONGEST_PATH: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// Splits `<path> parameters`; `None` where the brackets or the space are missing.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    let end = inner.find(|letter| {
        let closes = letter == '>' && !quoted;
        if escaped {
            escaped = false;
        } else if letter == '"' {
            quoted = !quoted;
        } else {
            escaped = quoted && letter == '\\';
        }
        closes
    })?;
    let rest = &inner[end + 1..];
    (rest.is_empty() || rest.starts_with(' ')).then(|| (&inner[..end], rest.trim_ascii()))
}

/// Whether this is `local@domain`, fit for a header line of its own.
pub(super) fn is_mailbox(path: &str) -> bool {
    let Some((local, domain)) = path.rsplit_once('@') else { return false };
    path.len() <= LONGEST_PATH
        && local.len() <= LONGEST_LOCAL
        && (is_dot_string(local) || is_quoted_string(local))
        && (is_domain(domain) || is_literal(domain))
}

fn is_dot_string(local: &str) -> bool {
    let is_atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_wide(c);
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

fn is_quoted_string(local: &str) -> bool {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut escaped = false;
    let well_formed = inner.chars().all(|c| {
        let bare = !escaped && c == '"';
        escaped = !escaped && c == '\\';
        !bare && (c == ' ' || c.is_ascii_graphic() || is_wide(c))
    });
    local.len() > 1 && well_formed && !escaped
}

fn is_domain(domain: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || is_wide(c);
    domain.split('.').all(|label| {
        !label.is_empty() && label.chars().all(is_letter) && !(label.starts_with('-') || label.ends_with('-'))
    })
}

fn is_literal(domain: &str) -> bool {
    let inner = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':') || "IPv".contains(c);
    inner.is_some_and(|inner| !inner.is_empty() && inner.chars().all(is_part))
}

/// Beyond ASCII, where SMTPUTF8 allows any letter; the control characters of Latin-1
/// and the line separators are none.
fn is_wide(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_at_the_bracket_that_is_not_quoted() {
        assert_eq!(split("<a@b.org> SIZE=5"), Some(("a@b.org", "SIZE=5")));
        assert_eq!(split(r#"<"a>\"> b"@c.org>"#), Some((r#""a>\"> b"@c.org"#, "")));
        assert_eq!(split("<>"), Some(("", "")));
        for text in ["", "a@b.org", "<a@b.org", "<a@b.org>x", r#"<"a>@b.org"#] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_told_from_what_only_looks_like_them() {
        for good in [
            "a@b",
            "first.last+tag=x@mail.example.org",
            "o'neil@example.org",
            r#""a b\"c"@example.org"#,
            "jos\u{e9}@b\u{fc}cher.example",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
        ] {
            assert!(is_mailbox(good), "{good}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a b@c",
            "a..b@c",
            ".a@c",
            "a@b..c",
            "a@-b.org",
            "a@b_c",
            "a@b@c",
            r#""a"b"@c"#,
            r#""a\"@c"#,
            r#""@c"#,
            "a\u{7}@c",
            "a\u{85}@c",
            "a@[",
            "a@[]",
            "a@[x y]",
            &long,
        ] {
            assert!(!is_mailbox(bad), "{bad:?}");
        }
    }
}

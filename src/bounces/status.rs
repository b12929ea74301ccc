//! Codes in what servers say: the enhanced ones of RFC 3463.

/// The first enhanced code of a failure in `text`, such as `5.1.1`, a vague one only where there is no other;
/// where there is none at all, that of a success.
pub(super) fn enhanced(text: &str) -> Option<&str> {
    let failures = || codes(text).filter(|code| !code.starts_with('2'));
    failures().find(|code| !is_vague(code)).or_else(|| failures().next()).or_else(|| codes(text).next())
}

fn codes(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let begin = at + memchr::memchr3(b'2', b'4', b'5', &bytes[at..])?;
            at = begin + 1;
            if begin > 0 && (bytes[begin - 1].is_ascii_alphanumeric() || matches!(bytes[begin - 1], b'.' | b'_')) {
                continue;
            }
            let digits =
                |from: usize| bytes[from.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if bytes.get(begin + 1) != Some(&b'.') {
                continue;
            }
            let subject = digits(begin + 2);
            if !(1..=3).contains(&subject) || bytes.get(begin + 2 + subject) != Some(&b'.') {
                continue;
            }
            let detail = digits(begin + 3 + subject);
            let end = begin + 3 + subject + detail;
            // A fourth number would make it the address of a host, or the version of a program.
            let goes_on = match bytes.get(end) {
                Some(b'.') => bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
                Some(byte) => byte.is_ascii_alphabetic() || *byte == b'/',
                None => false,
            };
            if (1..=3).contains(&detail) && !goes_on {
                return Some(&text[begin..end]);
            }
        }
    })
}

/// Whether there is a code of a failure in `text`: an enhanced one, or a reply's three digits.
pub(super) fn has_failure(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let reply =
        |word: &str| word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit());
    words().any(reply) || codes(text).any(|code| !code.starts_with('2'))
}

/// Whether a code says nothing more than that it failed.
pub(super) fn is_vague(code: &str) -> bool {
    code.split('.').skip(1).all(|part| part == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_code_is_told_from_hosts_and_versions() {
        for (text, code) in [
            ("550 5.1.1 <ann@example.org>... User unknown", Some("5.1.1")),
            ("sorry (#5.7.1)", Some("5.7.1")),
            ("550-5.7.26 no", Some("5.7.26")),
            ("host 4.3.2.1 said no", None),
            ("[5.1.1.1]: 4.4.1 gone", Some("4.4.1")),
            ("v15.2.1 5.2.", None),
            ("status 5.2.2.", Some("5.2.2")),
            ("RCPT: 250 2.1.5 ok, DATA: 451 4.3.0 no", Some("4.3.0")),
            ("2.0.0 ok", Some("2.0.0")),
            ("550 5.0.0: 550 5.7.26 no", Some("5.7.26")),
        ] {
            assert_eq!(enhanced(text), code, "{text}");
        }
    }

    #[test]
    fn a_failure_is_told_by_either_kind_of_code() {
        for text in ["550 no", "said: 421-later", "(#5.1.1)", "ERROR_CODE :550,"] {
            assert!(has_failure(text), "{text}");
        }
        for text in ["250 ok", "port 5500", "2.0.0", "192.0.2.55", ""] {
            assert!(!has_failure(text), "{text}");
        }
    }
}

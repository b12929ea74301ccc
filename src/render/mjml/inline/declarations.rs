//! What stands in a `style` attribute or between the braces of a rule (CSS Syntax Level 3 section 5), as far as
//! it can be cut without a tokenizer: names, values, strings and functions of plain arguments.

/// A property's name and its value as written, trimmed.
pub(super) type Declaration<'c> = (&'c str, &'c str);

/// What marks a declaration that goes before others.
const IMPORTANT: &str = "!important";

/// Each declaration of `text`; None where anything else stands in it.
pub(super) fn declarations(text: &str) -> Option<Vec<Declaration<'_>>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\n', '\t', ';']);
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/")?.1;
            continue;
        }
        if rest.is_empty() {
            return Some(found);
        }
        let end = rest.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'-'))?;
        let (name, behind) = rest.split_at(end);
        let is_name = name.strip_prefix('-').unwrap_or(name).starts_with(|c: char| c.is_ascii_alphabetic());
        let behind = behind.trim_ascii_start().strip_prefix(':').filter(|_| is_name)?;
        let value = &behind[..length(behind)?];
        rest = &behind[value.len()..];
        let value = value.trim_ascii();
        if value.is_empty() || value.trim() != value {
            return None;
        }
        found.push((name, value));
    }
}

/// How far the value goes that `text` begins with.
fn length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b';' => break,
            b'"' | b'\'' => {
                let string = bytes[at + 1..].iter().position(|end| end == byte)?;
                if bytes[at + 1..=at + string].iter().any(|byte| matches!(byte, b'\\' | b'\n')) {
                    return None;
                }
                at += string + 1;
            }
            b'(' => {
                let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" .,%#+-".contains(byte);
                let arguments = bytes[at + 1..].iter().take_while(|byte| plain(byte)).count();
                at += arguments + 1;
                if bytes.get(at) != Some(&b')') {
                    return None;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => return None,
            b'{' | b'}' | b'[' | b']' | b')' | b'\\' | b'@' | b'<' => return None,
            b'\n' | b'\t' => {}
            byte if byte.is_ascii_control() => return None,
            _ => {}
        }
        at += 1;
    }
    Some(at)
}

pub(super) fn is_important(value: &str) -> bool {
    value.ends_with(IMPORTANT)
}

/// Appends `name: value` as a double-quoted attribute can hold it.
pub(super) fn write((name, value): Declaration<'_>, out: &mut String) {
    out.push_str(name);
    out.push_str(": ");
    for (number, part) in value.split('"').enumerate() {
        if number > 0 {
            out.push('\'');
        }
        out.push_str(part);
    }
}

/// Appends what an element's own `style` and the rules that match it come to. What is its own stands last and
/// goes before what rules say, unless that is important and the own is not.
pub(super) fn merge(own: &str, rules: &[Declaration<'_>], out: &mut String) -> Option<()> {
    let mut all: Vec<(&str, String)> = Vec::new();
    let written = |declaration| {
        let mut text = String::new();
        write(declaration, &mut text);
        text
    };
    all.extend(declarations(own)?.into_iter().map(|declaration| (declaration.0, written(declaration))));
    let owned = all.len();
    for &(name, value) in rules {
        let important = value.strip_suffix(IMPORTANT).map(str::trim_ascii_end);
        let known = all.iter_mut().find(|(known, _)| *known == name);
        let text =
            important.map_or_else(|| written((name, value)), |value| format!("{} {IMPORTANT}", written((name, value))));
        match (known, important) {
            (None, _) => all.push((name, text)),
            (Some((_, known)), Some(_)) if !is_important(known) => *known = text,
            (Some(_), _) => {}
        }
    }
    for (number, (_, text)) in all[owned..].iter().chain(&all[..owned]).enumerate() {
        if number > 0 {
            out.push(';');
        }
        out.push_str(text);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_at_their_semicolons_and_nowhere_else() {
        let text = " color : #fff ;; font-family:'A;B', \"C\"; /* x */ width:calc(1px + 2%)!important";
        let found = [("color", "#fff"), ("font-family", "'A;B', \"C\""), ("width", "calc(1px + 2%)!important")];
        assert_eq!(declarations(text).unwrap(), found);
    }

    #[test]
    fn what_takes_a_tokenizer_is_left_to_one() {
        for text in ["color", "color:", "a:url(x;y)", "a:b\\c", "--a:b", "a{b:c}", "a:'b", "a:b/*c*/d", "a:)", "1a:b"] {
            assert_eq!(declarations(text), None, "{text}");
        }
    }
}

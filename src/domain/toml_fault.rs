//! What TOML and serde say about a file, in words for the person who wrote it.

use super::Finding;
use super::finding::cure_unknown;

/// The finding for `error` about `whole`, of which the parser was given the part from byte `start` on.
#[must_use]
pub fn toml_fault(code: &'static str, whole: &str, start: usize, error: &toml::de::Error) -> Finding {
    let said = error.message().lines().next().unwrap_or_default();
    let (message, help) = reworded(said);
    let finding = Finding::error(code, message).with_help(help);
    match error.span() {
        Some(span) => finding.at_offset(whole, start + span.start),
        None => finding,
    }
}

/// The message without the words of programmers, and the cure.
fn reworded(said: &str) -> (String, String) {
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    let unknown = |prefix: &str| said.strip_prefix(prefix).and(quoted.split_first());
    if let Some((word, known)) = unknown("unknown field ") {
        return (format!("there is no key `{word}` here"), cure_unknown(word, known.iter().copied()));
    }
    if let Some((word, known)) = unknown("unknown variant ") {
        return (format!("`{word}` can't stand here"), cure_unknown(word, known.iter().copied()));
    }
    if let Some(key) = said.strip_prefix("missing field ") {
        return (format!("the key {key} is missing"), format!("add {key}"));
    }
    let expected = said.split("expected ").nth(1).unwrap_or_default();
    if said.starts_with("invalid type") || said.starts_with("invalid value") || said.contains("untagged enum") {
        return match expected {
            "a string" => ("a text belongs here".into(), "put it in quotes: \"...\"".into()),
            "a sequence" => ("a list belongs here".into(), "put it in brackets: [\"...\", \"...\"]".into()),
            kind if kind.starts_with(['u', 'i']) && kind[1..].parse::<u8>().is_ok() || kind == "usize" => {
                ("a whole number belongs here".into(), "write it without quotes: 25".into())
            }
            _ if said.contains("RawText") => {
                let help = "write \"...\", or one for each language: { en = \"...\", fr = \"...\" }";
                ("a text belongs here".into(), help.into())
            }
            _ if said.contains("Moment") => {
                ("a date belongs here".into(), "write it as 2015-11-25, or 2015-11-25T09:00".into())
            }
            _ => (said.to_owned(), "compare it with docs/GUIDE.md".into()),
        };
    }
    (said.to_owned(), "texts stand in quotes, numbers and dates do not: subject = \"News\", number = 21".into())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only their types are of use")]
    struct File {
        text: String,
        port: u16,
        kind: Option<Kind>,
        list: Option<Vec<String>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Starttls,
        Implicit,
    }

    #[test]
    fn each_fault_is_told_in_plain_words_with_its_line() {
        for (text, line, message, help) in [
            ("text = \"a\"\nport = \"25\"", 2, "a whole number belongs here", "without quotes"),
            ("port = 1\ntext = 5", 2, "a text belongs here", "in quotes"),
            ("text = \"a\"\nport = 1\nprot = 2", 3, "there is no key `prot` here", "did you mean `port`?"),
            ("text = \"a\"\nport = 1\nkind = \"startls\"", 3, "`startls` can't stand here", "`starttls`"),
            ("text = \"a\"", 1, "the key `port` is missing", "add `port`"),
            ("text = \"a\"\nport = 1\nlist = \"b\"", 3, "a list belongs here", "brackets"),
            ("text = News", 1, "", "in quotes"),
        ] {
            let finding = toml_fault("test", text, 0, &toml::from_str::<File>(text).unwrap_err());
            assert_eq!(finding.line, Some(line), "{text}: {finding:?}");
            assert!(finding.message.contains(message), "{text}: {finding:?}");
            assert!(finding.help.as_ref().unwrap().contains(help), "{text}: {finding:?}");
        }
    }
}

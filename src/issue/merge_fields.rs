//! Merge fields in a source: found before Markdown sees them and turned into markers.

use crate::domain::Finding;
use crate::domain::field::{Field, Fields, MARKER};
use crate::domain::finding::cure_unknown;

/// `source` with each `{{ subscriber.COLUMN }}` replaced by its marker. Lines keep their numbers.
///
/// Every other `{{` or `{%`, and a column that is not among `columns`, is a finding; places in it are
/// those of `whole`, in which `source` begins at byte `start`.
pub fn mark(whole: &str, start: usize, columns: &[&str], fields: &mut Fields, findings: &mut Vec<Finding>) -> String {
    let mut out = String::with_capacity(whole.len() - start);
    let mut at = start;
    while let Some(open) = whole[at..].find(['{', 'z']).map(|found| at + found) {
        out.push_str(&whole[at..open]);
        let rest = &whole[open..];
        let problem =
            |message: String, help: &str| Finding::error("merge-field", message).at_offset(whole, open).with_help(help);
        if rest.starts_with("{%") {
            findings.push(problem(
                "`{%` can't stand in an issue".into(),
                "merge fields are {{ subscriber.COLUMN }}; conditions are attributes of headings",
            ));
        } else if rest.starts_with(MARKER) {
            findings.push(problem(format!("`{MARKER}` is kept for the program"), "write another word"));
        } else if rest.starts_with("{{") {
            let close = rest.find("}}").filter(|close| !rest[..*close].contains('\n'));
            let Some(close) = close else {
                findings.push(problem("a merge field has no end".into(), "close it with }} on the same line"));
                out.push_str("{{");
                at = open + 2;
                continue;
            };
            match parse(rest[2..close].trim(), columns) {
                Ok(field) => out.push_str(&fields.marker(field)),
                Err((message, help)) => findings.push(problem(message, &help)),
            }
            at = open + close + 2;
            continue;
        }
        let letter = rest.chars().next().map_or(1, char::len_utf8);
        out.push_str(&rest[..letter]);
        at = open + letter;
    }
    out.push_str(&whole[at..]);
    out
}

/// Reads `subscriber.COLUMN` and `subscriber.COLUMN | default(value="...")`.
fn parse(text: &str, columns: &[&str]) -> Result<Field, (String, String)> {
    let form = "write {{ subscriber.name }} or {{ subscriber.name | default(value=\"reader\") }}".to_owned();
    let odd = || (format!("`{{{{ {text} }}}}` can't be understood"), form.clone());
    let (column, filter) = match text.split_once('|') {
        Some((column, filter)) => (column.trim(), Some(filter.trim())),
        None => (text, None),
    };
    let alias = column.strip_prefix("subscriber.").ok_or_else(odd)?.trim();
    if !columns.contains(&alias) {
        let cure = cure_unknown(alias, columns.iter().copied());
        let help = format!("{cure} Columns of your own are declared under [columns] in bulletin.toml.");
        return Err((format!("`{alias}` is not a declared column"), help));
    }
    let default = filter
        .map(|filter| {
            let inner = filter.strip_prefix("default")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
            let quoted = inner.trim().strip_prefix("value")?.trim_start().strip_prefix('=')?.trim();
            let value = quoted.strip_prefix('"')?.strip_suffix('"')?;
            (!value.contains('"')).then(|| value.to_owned())
        })
        .map(|value| value.ok_or_else(odd))
        .transpose()?;
    Ok(Field::Column { alias: alias.to_owned(), default })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(source: &str) -> (String, Fields, Vec<Finding>) {
        let mut fields = Fields::default();
        let mut findings = Vec::new();
        let text = mark(source, 0, &["name", "organisation"], &mut fields, &mut findings);
        (text, fields, findings)
    }

    #[test]
    fn a_field_becomes_a_marker_and_keeps_its_default() {
        let (text, fields, findings) = marked("Zoë, {{subscriber.name|default(value = \"dear | reader\")}}! zzz {x}");
        assert_eq!(findings, []);
        assert_eq!(text, "Zoë, zqfieldt0000qz! zzz {x}");
        let default = Some("dear | reader".to_owned());
        assert!(fields.iter().eq([&Field::Column { alias: "name".into(), default }]));
    }

    #[test]
    fn whatever_else_looks_like_a_template_is_an_error_with_its_line() {
        for source in [
            "\n{{ name }}",
            "\n{{ subscriber.nme }}",
            "\n{{ subscriber.name",
            "\n{{ subscriber.name | upper }}",
            "\n{{ subscriber.name | default(value=x) }}",
            "\n{% if x %}",
            "\n{{}}",
            "\nzqfieldt0000qz",
        ] {
            let (_, _, findings) = marked(source);
            assert_eq!(findings.len(), 1, "{source:?}");
            assert_eq!(findings[0].line, Some(2), "{source:?}");
        }
        assert!(marked("{{ subscriber.nme }}").2[0].help.as_ref().unwrap().contains("`name`"));
    }
}

//! Style sheets and style attributes to rules and declarations, each with its place (CSS Syntax Level 3, as
//! far as mails go).

/// `sheet` with its comments blank, every byte in its place.
pub(super) fn without_comments(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some(open) = rest.find("/*") {
        let end = rest[open + 2..].find("*/").map_or(rest.len(), |end| open + 2 + end + 2);
        out.push_str(&rest[..open]);
        out.extend(rest[open..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declaration<'a> {
    pub(super) property: &'a str,
    /// Without `!important`.
    pub(super) value: &'a str,
    pub(super) weight: Weight,
    pub(super) at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Normal,
    Important,
}

/// What stands between the braces of a rule, or in a style attribute.
pub(super) fn declarations(body: &str) -> Vec<Declaration<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < body.len() {
        let end = start + ends(&body[start..], b";");
        let piece = &body[start..end];
        if let Some((property, value)) = piece.split_once(':') {
            let value = value.trim();
            let (value, weight) = match value.rsplit_once('!') {
                Some((value, word)) if word.trim().eq_ignore_ascii_case("important") => {
                    (value.trim_end(), Weight::Important)
                }
                _ => (value, Weight::Normal),
            };
            let at = start + property.len() - property.trim_start().len();
            found.push(Declaration { property: property.trim(), value, weight, at });
        }
        start = end + 1;
    }
    found
}

/// One thing in a style sheet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// `@media (...)`, with all that stands before its block or its end.
    At {
        prelude: &'a str,
        at: usize,
    },
    Rule {
        within: Vec<&'a str>,
        selector: &'a str,
        at: usize,
        body: &'a str,
        body_at: usize,
    },
}

/// Everything in `sheet`, from the top, whatever it stands within.
pub(super) fn items(sheet: &str) -> Vec<Item<'_>> {
    let mut found = Vec::new();
    walk(sheet, 0, &mut Vec::new(), &mut found);
    found
}

fn walk<'a>(sheet: &'a str, from: usize, within: &mut Vec<&'a str>, found: &mut Vec<Item<'a>>) {
    let mut start = 0;
    while start < sheet.len() {
        let end = start + ends(&sheet[start..], b"{;}");
        let prelude = &sheet[start..end];
        let at = from + start + prelude.len() - prelude.trim_start().len();
        let prelude = prelude.trim();
        if sheet.as_bytes().get(end) != Some(&b'{') {
            if prelude.starts_with('@') {
                found.push(Item::At { prelude, at });
            }
            start = end + 1;
            continue;
        }
        let body_start = end + 1;
        let body_end = body_start + block(&sheet[body_start..]);
        let body = &sheet[body_start..body_end];
        if prelude.starts_with('@') {
            found.push(Item::At { prelude, at });
            let holds_rules = ["@media", "@supports", "@layer", "@container"].iter();
            if holds_rules.clone().any(|name| prelude.starts_with(name)) && within.len() < 8 {
                within.push(prelude);
                walk(body, from + body_start, within, found);
                within.pop();
            }
        } else {
            let (within, body_at) = (within.clone(), from + body_start);
            found.push(Item::Rule { within, selector: prelude, at, body, body_at });
        }
        start = body_end + 1;
    }
}

/// How long `text` goes on before one of `signs` that stands in no quotes and no parentheses.
fn ends(text: &str, signs: &[u8]) -> usize {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(open) = quote {
            // A string ends with its line at the latest.
            if byte == open || byte == b'\n' {
                quote = None;
            }
            continue;
        }
        match byte {
            b'"' | b'\'' => quote = Some(byte),
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            byte if depth == 0 && signs.contains(&byte) => return at,
            _ => {}
        }
    }
    text.len()
}

/// How long a block goes on behind its brace.
fn block(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        at += ends(&text[at..], b"{}");
        match text.as_bytes().get(at) {
            Some(b'{') => depth += 1,
            Some(_) if depth == 0 => return at,
            Some(_) => depth -= 1,
            None => return text.len(),
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_end_where_they_end_and_not_in_a_string() {
        let body = " color : #fff !important; background:url(data:image/png;base64,x) ;content:\";\";x";
        let found: Vec<_> = declarations(body).iter().map(|one| (one.property, one.value, one.weight)).collect();
        assert_eq!(
            found,
            [
                ("color", "#fff", Weight::Important),
                ("background", "url(data:image/png;base64,x)", Weight::Normal),
                ("content", "\";\"", Weight::Normal),
            ]
        );
        assert_eq!(declarations(body)[0].at, 1);
    }

    #[test]
    fn rules_know_what_they_stand_within() {
        let sheet = "@import url(x.css);\np, a > b { color: red }\n@media print { p { color: blue } } q{}";
        let told: Vec<_> = items(sheet)
            .iter()
            .map(|item| match item {
                Item::At { prelude, .. } => (*prelude).to_owned(),
                Item::Rule { within, selector, body, .. } => format!("{within:?} {selector} {{{body}}}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "@import url(x.css)",
                "[] p, a > b { color: red }",
                "@media print",
                "[\"@media print\"] p { color: blue }",
                "[] q {}",
            ]
        );
        let Item::Rule { body_at, .. } = &items(sheet)[1] else { panic!() };
        assert_eq!(&sheet[*body_at..][..7], " color:");
    }

    #[test]
    fn a_comment_goes_and_every_byte_keeps_its_place() {
        assert_eq!(without_comments("a/* {\né */b/*"), "a    \n     b  ");
    }

    proptest::proptest! {
        #[test]
        fn no_sheet_stops_it(sheet in "[@a{}();:'\"é!*/ ]{0,40}") {
            let plain = without_comments(&sheet);
            proptest::prop_assert_eq!(plain.len(), sheet.len());
            for item in items(&plain) {
                if let Item::Rule { body, .. } = item {
                    declarations(body);
                }
            }
        }
    }
}

//! Header fields as they come: names and values, unfolded, in order. No field is refused.

use std::borrow::Cow;

/// How many fields of a block are read; a real report has some dozens.
const MOST: usize = 500;
/// How much of one value is kept.
const LONGEST: usize = 8 * 1024;

/// A block of header fields: a mail's, a part's, or a group of a delivery status.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// The fields at the beginning of `text`, whose lines end in LF, and what stands behind the blank line.
    pub(super) fn split(text: &'a str) -> (Self, &'a str) {
        let mut fields: Vec<(&str, Cow<str>)> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
            let (line, behind) = rest.split_at(end);
            let line = line.trim_end_matches('\n');
            if line.is_empty() {
                return (Self(fields), behind);
            }
            if line.starts_with([' ', '\t']) {
                let goes_on = line.trim();
                if let Some((_, value)) = fields.last_mut()
                    && value.len() < LONGEST
                    && !goes_on.is_empty()
                {
                    let value = value.to_mut();
                    value.push(' ');
                    value.push_str(goes_on);
                }
            } else if let Some((name, value)) = field(line) {
                if fields.len() < MOST {
                    fields.push((name, Cow::Borrowed(cut(value.trim(), LONGEST))));
                }
            } else if !line.starts_with("From ") && !line.starts_with(">From ") {
                // Not a field: the body begins without a blank line.
                return (Self(fields), rest);
            }
            rest = behind;
        }
        (Self(fields), rest)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_ref()))
    }
}

/// `Name: value`, and `Name : value` as some programs write it.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let is_name = !name.is_empty() && name.len() <= 80 && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some((name, value))
}

/// At most `most` bytes of `text`, without cutting a character.
pub(super) fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_a_space_before_the_colon_is_borne_with() {
        let (fields, body) = Fields::split("Status : 5.1.1\nDiagnostic-Code: smtp;\n 550 no\n\tsuch user\n\nbody\n");
        assert_eq!(fields.get("status"), Some("5.1.1"));
        assert_eq!(fields.get("Diagnostic-Code"), Some("smtp; 550 no such user"));
        assert_eq!(body, "body\n");
    }

    #[test]
    fn a_body_without_a_blank_line_before_it_is_not_lost() {
        let (fields, body) = Fields::split("Subject: x\nThis is the body: it has a colon\n");
        assert_eq!((fields.get("subject"), body), (Some("x"), "This is the body: it has a colon\n"));
        assert_eq!(Fields::split("").0.iter().count(), 0);
    }

    #[test]
    fn headers_without_end_are_cut() {
        let endless = "X: y\n".repeat(100_000) + "\tz";
        assert_eq!(Fields::split(&endless).0.iter().count(), MOST);
        let long = format!("X: {}\n {}\n", "é".repeat(10_000), "y".repeat(10_000));
        assert!(Fields::split(&long).0.get("x").unwrap().len() <= 2 * LONGEST + 10_000);
    }
}

//! The DNS record that tells receivers a public key (RFC 6376 section 3.6.1).

use std::fmt;

/// A TXT record. It is shown as a line of a zone file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Record {
    /// `selector._domainkey.example.org`, without a dot at its end.
    pub name: String,
    /// Its content as a whole.
    pub text: String,
}

/// Octets of one string in a TXT record (RFC 1035 section 3.3.14); more make another string.
const LONGEST_STRING: usize = 255;

impl fmt::Display for Record {
    /// The strings in quotes, in parentheses where they are several. Receivers join them without a gap
    /// (RFC 6376 section 3.6.2.2).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Tags and Base64 hold no quote and no backslash.
        let strings: Vec<_> = self
            .text
            .as_bytes()
            .chunks(LONGEST_STRING)
            .map(|chunk| format!("\"{}\"", String::from_utf8_lossy(chunk)))
            .collect();
        write!(f, "{}. IN TXT ", self.name)?;
        match strings.as_slice() {
            [one] => f.write_str(one),
            strings => write!(f, "(\n    {}\n)", strings.join("\n    ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_longer_than_a_string_may_be_is_split() {
        let record = |text: &str| Record { name: "s._domainkey.example.org".into(), text: text.into() }.to_string();
        assert_eq!(record("v=DKIM1; p=x"), "s._domainkey.example.org. IN TXT \"v=DKIM1; p=x\"");
        let long = format!("{}bc", "a".repeat(254));
        let split = record(&long);
        let strings: Vec<_> = split.split('"').skip(1).step_by(2).collect();
        assert_eq!(strings.iter().map(|string| string.len()).collect::<Vec<_>>(), [255, 1]);
        assert_eq!(strings.concat(), long);
        assert!(split.contains("IN TXT (\n") && split.ends_with("\n)"), "{split}");
    }
}

//! The tag lists in which DKIM and DMARC write their records: `v=DKIM1; k=rsa; p=...` (RFC 6376 section 3.2).

use std::collections::BTreeMap;

/// A record's tags, in lower case, with their values as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// # Errors
    /// What stands there is no list of tags; with what is wrong about it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut tags = BTreeMap::new();
        let pieces: Vec<_> = text.split(';').collect();
        for (place, piece) in pieces.iter().enumerate() {
            let piece = piece.trim();
            // A semicolon may stand at the end.
            if piece.is_empty() && place + 1 == pieces.len() {
                continue;
            }
            let Some((name, value)) = piece.split_once('=') else {
                return Err(format!("`{piece}` is no tag with a value"));
            };
            let name = name.trim().to_ascii_lowercase();
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name {
                return Err(format!("`{name}` is no name of a tag"));
            }
            if tags.insert(name.clone(), value.trim().to_owned()).is_some() {
                return Err(format!("`{name}` stands there twice"));
            }
        }
        Ok(Self(tags))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether the list in this tag, between colons, has the word.
    pub(super) fn lists(&self, name: &str, word: &str) -> bool {
        self.get(name).is_some_and(|list| list.split(':').any(|one| one.trim().eq_ignore_ascii_case(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_with_spaces_and_a_semicolon_at_the_end() {
        let tags = Tags::parse("v=DKIM1 ; T = y:s;p=ab c= ;").unwrap();
        assert_eq!((tags.get("v"), tags.get("p")), (Some("DKIM1"), Some("ab c=")));
        assert!(tags.lists("t", "Y") && tags.lists("t", "s") && !tags.lists("t", "x"));
    }

    #[test]
    fn what_is_no_list_of_tags_is_told_with_its_reason() {
        for (text, part) in
            [("v=DMARC1; p", "`p`"), ("v=DMARC1;;p=none", "``"), ("p=a; p=b", "twice"), ("a b=c", "name")]
        {
            let fault = Tags::parse(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}

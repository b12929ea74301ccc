//! The names that a coordinator gives to things: issues, items, topics.

use std::fmt;
use std::str::FromStr;

/// The text can't be a name of that kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` can't name {kind}: letters, digits, `-`, `_` and `.` only, beginning with a letter or digit")]
pub struct NameError {
    name: String,
    kind: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $type(String);

        impl $type {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(name: &str) -> Result<Self, NameError> {
                let fits = name.len() <= 100
                    && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
                    && name.chars().next().is_some_and(char::is_alphanumeric);
                if fits {
                    Ok(Self(name.to_owned()))
                } else {
                    Err(NameError { name: name.to_owned(), kind: $kind })
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(name: String) -> Result<Self, NameError> {
                name.parse()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// An issue, by the name of its folder under `issues/`: `2015-11`.
    IssueId,
    "an issue"
);
name!(
    /// A section or an item of an issue, the same in every language: `priorities`.
    ItemId,
    "an item"
);
name!(
    /// What a reader can be interested in, declared in `bulletin.toml`: `policy`.
    Topic,
    "a topic"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_its_folder() {
        for name in ["", ".", "..", "../x", "a/b", "a\\b", "-x", "a b", "a\n"] {
            assert!(name.parse::<IssueId>().is_err(), "{name:?}");
        }
        assert_eq!("2015-11".parse::<IssueId>().unwrap().as_str(), "2015-11");
    }
}

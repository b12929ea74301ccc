//! The systems that people leave: how each one's export is recognised, which of its columns are which, and
//! what it says about who is not to be sent to.

use std::path::Path;

use super::Departure;

/// Where an export comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file a group of people: subscribed, unsubscribed, cleaned, non-subscribed.
    Mailchimp,
    /// Attributes as JSON in a cell; people are enabled, disabled or blocklisted.
    Listmonk,
    /// Custom data as JSON in a cell; people are active, unsubscribed or unreachable.
    Keila,
    /// Yes and no in columns: confirmed, blacklisted, disabled.
    Phplist,
    /// Any list with a first row that names its columns.
    Generic,
}

/// What an export says about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Take,
    Suppress(Departure),
    Refuse(&'static str),
}

/// The text is no kind of export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not known: write mailchimp, listmonk, keila, phplist or generic")]
pub struct UnknownKind(String);

impl std::str::FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        match text {
            "mailchimp" => Ok(Self::Mailchimp),
            "listmonk" => Ok(Self::Listmonk),
            "keila" => Ok(Self::Keila),
            "phplist" => Ok(Self::Phplist),
            "generic" => Ok(Self::Generic),
            _ => Err(UnknownKind(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mailchimp => "Mailchimp",
            Self::Listmonk => "listmonk",
            Self::Keila => "Keila",
            Self::Phplist => "phpList",
            Self::Generic => "a spreadsheet",
        })
    }
}

impl Kind {
    /// Recognises an export by its columns; what is nobody's own is generic.
    #[must_use]
    pub fn of(headers: &[String]) -> Self {
        let has = |name: &str| headers.iter().any(|header| header.trim().eq_ignore_ascii_case(name));
        if has("LEID") && has("EUID") || has("MEMBER_RATING") && has("OPTIN_TIME") {
            Self::Mailchimp
        } else if has("uuid") && has("attributes") && has("status") {
            Self::Listmonk
        } else if has("First name") && has("Data") && has("Status") {
            Self::Keila
        } else if has("blacklisted") && has("confirmed")
            || has("Is this subscriber blacklisted") && has("Is this subscriber confirmed")
        {
            Self::Phplist
        } else {
            Self::Generic
        }
    }

    /// Which of its columns the list's own take, as `--map` would write it; those that it lacks are left out.
    pub(super) fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Mailchimp => &[
                ("email", "Email Address"),
                ("name", "First Name + Last Name"),
                ("topics", "TAGS"),
                ("consent_date", "OPTIN_TIME"),
            ],
            Self::Listmonk => &[
                ("email", "email"),
                ("name", "name"),
                ("language", "attributes.language | attributes.lang"),
                ("topics", "attributes.topics"),
                ("consent_date", "created_at"),
            ],
            Self::Keila => &[
                ("email", "Email"),
                ("name", "First name + Last name"),
                ("language", "Data.language | Data.lang"),
                ("topics", "Data.topics | Data.tags"),
            ],
            Self::Phplist => &[("email", "email"), ("consent_date", "entered")],
            Self::Generic => &[],
        }
    }

    /// Whether words that are no topics may stand in the column that topics are taken from by default: a
    /// tag over there may mean anything.
    pub(super) fn has_loose_topics(self) -> bool {
        self == Self::Mailchimp
    }

    /// What the export says about the person in a row, of which `cell` gives the cells by header.
    pub(super) fn verdict<'a>(self, file: &Path, cell: &dyn Fn(&str) -> Option<&'a str>) -> Verdict {
        let is = |name: &str, words: &[&str]| {
            cell(name).is_some_and(|value| words.iter().any(|word| value.trim().eq_ignore_ascii_case(word)))
        };
        let yes = |names: &[&str]| names.iter().any(|name| is(name, &["1", "yes", "true", "oui"]));
        let no = |names: &[&str]| names.iter().any(|name| is(name, &["0", "no", "false", "non"]));
        match self {
            Self::Mailchimp => {
                let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
                if cell("CLEAN_TIME").is_some() || name.starts_with("cleaned") {
                    Verdict::Suppress(Departure::Bounced)
                } else if cell("UNSUB_TIME").is_some() || name.starts_with("unsubscribed") {
                    Verdict::Suppress(Departure::Unsubscribed)
                } else if name.starts_with("nonsubscribed") || name.starts_with("non-subscribed") {
                    Verdict::Refuse("Mailchimp knows them, but they never subscribed")
                } else {
                    Verdict::Take
                }
            }
            Self::Listmonk if is("status", &["blocklisted", "blacklisted"]) => Verdict::Suppress(Departure::Blocked),
            Self::Listmonk if is("status", &["disabled"]) => Verdict::Suppress(Departure::Blocked),
            Self::Keila if is("Status", &["unsubscribed"]) => Verdict::Suppress(Departure::Unsubscribed),
            Self::Keila if is("Status", &["unreachable"]) => Verdict::Suppress(Departure::Bounced),
            Self::Phplist if yes(&["blacklisted", "Is this subscriber blacklisted"]) => {
                Verdict::Suppress(Departure::Unsubscribed)
            }
            Self::Phplist if yes(&["disabled", "Is this account disabled?"]) => Verdict::Suppress(Departure::Blocked),
            Self::Phplist if no(&["confirmed", "Is this subscriber confirmed"]) => {
                Verdict::Refuse("they never confirmed that they want it")
            }
            _ => Verdict::Take,
        }
    }
}

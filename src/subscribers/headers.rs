//! Which column of a list is which.

use super::Vocabulary;
use crate::domain::Finding;
use crate::domain::finding::did_you_mean;

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Email,
    Name,
    Language,
    Topics,
    ConsentDate,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Email, Self::Name, Self::Language, Self::Topics, Self::ConsentDate];

    /// The column for it among `headers`.
    #[must_use]
    pub fn find(self, headers: &[String]) -> Option<usize> {
        let known = match self {
            Self::Email => EMAIL,
            Self::Name => NAME,
            Self::Language => LANGUAGE,
            Self::Topics => TOPICS,
            Self::ConsentDate => &["consent date", "consent_date"],
        };
        headers.iter().position(|name| known.contains(&name.trim().to_lowercase().as_str()))
    }
}

impl std::str::FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "email" => Ok(Self::Email),
            "name" => Ok(Self::Name),
            "language" => Ok(Self::Language),
            "topics" => Ok(Self::Topics),
            "consent_date" => Ok(Self::ConsentDate),
            _ => Err(()),
        }
    }
}

/// The places of the columns that are known, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    pub names: Vec<String>,
    pub email: usize,
    pub name: Option<usize>,
    pub language: Option<usize>,
    pub topics: Option<usize>,
    /// Alias and place of declared columns that the list has.
    pub columns: Vec<(String, usize)>,
}

const EMAIL: &[&str] = &["email", "e-mail", "email address", "e-mail address", "mail", "courriel", "adresse courriel"];
const NAME: &[&str] = &["name", "full name", "nom", "nom complet"];
const LANGUAGE: &[&str] = &["language", "lang", "langue"];
const TOPICS: &[&str] = &["topics", "topic", "interests", "sujets", "thèmes"];

impl Headers {
    /// Finds the columns in the first row. A declared column that is not there is a warning.
    ///
    /// # Errors
    /// There is no column for addresses.
    pub fn find(names: Vec<String>, words: Vocabulary<'_>, findings: &mut Vec<Finding>) -> Result<Self, Finding> {
        let folded: Vec<_> = names.iter().map(|name| name.trim().to_lowercase()).collect();
        let place = |known: &[&str]| folded.iter().position(|name| known.contains(&name.as_str()));
        let Some(email) = place(EMAIL) else {
            let likely = did_you_mean("email", names.iter().map(String::as_str));
            let hint = likely.map_or(String::new(), |likely| format!(" (`{likely}` perhaps)"));
            return Err(Finding::error("no-email-column", "the list has no column for the address")
                .at_line(1)
                .with_help(format!("the first row names the columns; call that of the addresses `email`{hint}")));
        };
        let mut columns = Vec::new();
        for (alias, header) in words.columns {
            match folded.iter().position(|name| *name == header.trim().to_lowercase()) {
                Some(at) => columns.push(((*alias).to_owned(), at)),
                None => {
                    let help = match did_you_mean(header, names.iter().map(String::as_str)) {
                        Some(likely) => format!("the list has `{likely}`; make the two agree"),
                        None => "add the column, or remove it from [columns] in bulletin.toml".to_owned(),
                    };
                    findings.push(
                        Finding::warning(
                            "missing-column",
                            format!("the list has no column `{header}`, so it is empty for everyone"),
                        )
                        .at_line(1)
                        .with_help(help),
                    );
                }
            }
        }
        Ok(Self { email, name: place(NAME), language: place(LANGUAGE), topics: place(TOPICS), columns, names })
    }
}

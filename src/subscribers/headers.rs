//! Which column of a list is which: its first row in, the places of what is known out.

use csv::StringRecord;
use unicode_normalization::UnicodeNormalization;

use super::Vocabulary;
use crate::domain::finding::did_you_mean;
use crate::domain::{EmailAddress, Finding};

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Email,
    Name,
    Language,
    Topics,
    Consent,
    ConsentSource,
    ConsentDate,
}

impl Role {
    pub const ALL: [Self; 7] =
        [Self::Email, Self::Name, Self::Language, Self::Topics, Self::Consent, Self::ConsentSource, Self::ConsentDate];

    /// The word for it in `[subscribers]` and in a mapping.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::Language => "language",
            Self::Topics => "topics",
            Self::Consent => "consent",
            Self::ConsentSource => "consent_source",
            Self::ConsentDate => "consent_date",
        }
    }

    /// The role that a word of a mapping stands for.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// The column for it among `headers`: the one that was named, or the first whose header is known.
    #[must_use]
    pub fn find(self, headers: &[String], named: ColumnNames<'_>) -> Option<usize> {
        let (named, known) = match self {
            Self::Email => (named.email, EMAIL),
            Self::Name => (named.name, NAME),
            Self::Language => (named.language, LANGUAGE),
            Self::Topics => (named.topics, TOPICS),
            Self::Consent => (named.consent, CONSENT),
            Self::ConsentSource => (named.consent_source, CONSENT_SOURCE),
            Self::ConsentDate => (named.consent_date, CONSENT_DATE),
        };
        headers.iter().position(|header| match named {
            Some(named) => folded(header) == folded(named),
            None => known.contains(&folded(header).as_str()),
        })
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
    /// Express or implied.
    pub consent: Option<usize>,
    pub consent_source: Option<usize>,
    pub consent_date: Option<usize>,
    /// Alias and place of declared columns that the list has.
    pub columns: Vec<(String, usize)>,
}

/// The headers that `[subscribers]` in `bulletin.toml` gives to columns; the others are found by their words.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColumnNames<'a> {
    pub email: Option<&'a str>,
    pub name: Option<&'a str>,
    pub language: Option<&'a str>,
    pub topics: Option<&'a str>,
    pub consent: Option<&'a str>,
    pub consent_source: Option<&'a str>,
    pub consent_date: Option<&'a str>,
}

/// Headers as [`folded`] leaves them, in English, French, Spanish and German.
#[rustfmt::skip]
const EMAIL: &[&str] = &[
    "email", "e mail", "mail", "email address", "e mail address", "mail address", "emailaddress", "primary email",
    "e mail 1 value", "courriel", "adresse courriel", "adresse de courriel", "adresse email", "adresse e mail",
    "adresse mail", "adresse électronique", "mél", "correo", "correo electrónico", "dirección de correo",
    "dirección de correo electrónico", "e mail adresse", "email adresse", "mailadresse", "emailadresse",
];
#[rustfmt::skip]
const NAME: &[&str] = &[
    "name", "full name", "your name", "nom", "nom complet", "nombre", "nombre completo", "vollständiger name",
];
#[rustfmt::skip]
const LANGUAGE: &[&str] = &[
    "language", "lang", "languages", "preferred language", "language preference", "locale", "langue", "langues",
    "langue préférée", "langue de préférence", "idioma", "sprache",
];
#[rustfmt::skip]
const TOPICS: &[&str] = &[
    "topics", "topic", "interests", "interest", "sujets", "sujet", "thèmes", "thème", "intérêts",
    "centres d'intérêt", "temas", "intereses", "themen", "interessen",
];
#[rustfmt::skip]
const CONSENT: &[&str] = &[
    "consent", "consent type", "type of consent", "consent kind", "consentement", "type de consentement",
    "consentimiento", "einwilligung",
];
#[rustfmt::skip]
const CONSENT_SOURCE: &[&str] = &[
    "consent source", "source of consent", "source du consentement", "consent given through", "opt in source",
];
#[rustfmt::skip]
const CONSENT_DATE: &[&str] = &[
    "consent date", "date of consent", "consent given on", "consented at", "consented on", "opt in date", "optin date",
    "opt in time", "optin time", "date du consentement", "date de consentement",
];

impl Headers {
    /// Finds the columns in the first row, which stands in `line`. A declared column that is not there is a
    /// warning, and so are two that could be the same; then the first counts.
    ///
    /// # Errors
    /// There is no column for addresses.
    pub fn find(
        first_row: &StringRecord,
        line: usize,
        words: Vocabulary<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, Finding> {
        let names: Vec<String> = first_row.iter().map(|name| name.trim().to_owned()).collect();
        let folded: Vec<_> = names.iter().map(|name| self::folded(name)).collect();
        let mut search = Search { names: &names, folded: &folded, line, findings };
        let said = words.named;
        let Some(email) = search.place("address", said.email, EMAIL) else {
            return Err(search.no_email(said.email));
        };
        let name = search.place("name", said.name, NAME);
        let language = search.place("language", said.language, LANGUAGE);
        let topics = search.place("topics", said.topics, TOPICS);
        let consent = search.place("consent", said.consent, CONSENT);
        let consent_source = search.place("source of the consent", said.consent_source, CONSENT_SOURCE);
        let consent_date = search.place("date of the consent", said.consent_date, CONSENT_DATE);
        let mut columns = Vec::new();
        for (alias, header) in words.columns {
            match search.at(header) {
                Some(at) => columns.push(((*alias).to_owned(), at)),
                None => search.missing(header, "[columns]"),
            }
        }
        Ok(Self { names, email, name, language, topics, consent, consent_source, consent_date, columns })
    }
}

struct Search<'a> {
    names: &'a [String],
    folded: &'a [String],
    line: usize,
    findings: &'a mut Vec<Finding>,
}

impl Search<'_> {
    fn at(&self, header: &str) -> Option<usize> {
        let header = folded(header);
        self.folded.iter().position(|name| *name == header)
    }

    /// The column that was named, or the first whose header is one of `known`.
    fn place(&mut self, what: &str, named: Option<&str>, known: &[&str]) -> Option<usize> {
        if let Some(header) = named {
            let at = self.at(header);
            if at.is_none() && what != "address" {
                self.missing(header, "[subscribers]");
            }
            return at;
        }
        let mut places = self.folded.iter().enumerate().filter(|(_, name)| known.contains(&name.as_str()));
        let (first, _) = places.next()?;
        if let Some((second, _)) = places.next() {
            let (first, second) = (&self.names[first], &self.names[second]);
            let message = format!("`{first}` and `{second}` could both be the {what}; `{first}` was taken");
            let finding = Finding::warning("two-columns", message)
                .at_line(self.line)
                .with_help("name the right one in [subscribers] in bulletin.toml, or rename the other");
            self.findings.push(Finding { field: Some(first.clone()), ..finding });
        }
        Some(first)
    }

    fn missing(&mut self, header: &str, section: &str) {
        let help = match did_you_mean(header, self.names.iter().map(String::as_str)) {
            Some(likely) => format!("the list has `{likely}`; make the two agree"),
            None => format!("add the column, or remove it from {section} in bulletin.toml"),
        };
        let message = format!("the list has no column `{header}`, so it is empty for everyone");
        self.findings.push(Finding::warning("missing-column", message).at_line(self.line).with_help(help));
    }

    fn no_email(&self, named: Option<&str>) -> Finding {
        let wanted = named.unwrap_or("email");
        let likely = did_you_mean(wanted, self.names.iter().map(String::as_str));
        let hint = likely.map_or(String::new(), |likely| format!(" (`{likely}` perhaps)"));
        let is_address = |name: &String| name.parse::<EmailAddress>().is_ok();
        let help = match named {
            None if self.names.iter().any(is_address) => {
                "the first row is a reader already: put one above it that names the columns, with `email` for the \
                 addresses"
                    .to_owned()
            }
            Some(named) => format!("[subscribers] in bulletin.toml says that it is called `{named}`{hint}"),
            None => format!("the first row names the columns; call that of the addresses `email`{hint}"),
        };
        Finding::error("no-email-column", "the list has no column for the address").at_line(self.line).with_help(help)
    }
}

/// A header without what people write in one way today and in another tomorrow: case, hyphens and
/// underscores, a colon or a star behind it.
fn folded(header: &str) -> String {
    let header: String = header.nfc().flat_map(char::to_lowercase).map(|c| if c == '’' { '\'' } else { c }).collect();
    let words = header.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '.' | ':' | '*' | '‑'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &str, named: ColumnNames<'_>) -> (Result<Headers, Finding>, Vec<Finding>) {
        let words = Vocabulary { languages: &[], topics: &[], columns: &[], named };
        let mut findings = Vec::new();
        let first_row = StringRecord::from(header.split(';').collect::<Vec<_>>());
        (Headers::find(&first_row, 1, words, &mut findings), findings)
    }

    #[test]
    fn headers_are_found_however_they_are_written() {
        for header in [
            "Email",
            "E-MAIL",
            "E-mail Address",
            "email_address",
            "Courriel :",
            "Adresse électronique *",
            "Adresse e\u{301}lectronique",
            "Correo electrónico",
            "E-Mail-Adresse",
            " Mail ",
        ] {
            let (headers, findings) = find(&format!("x;{header};Langue préférée"), ColumnNames::default());
            let headers = headers.unwrap();
            assert_eq!((headers.email, headers.language), (1, Some(2)), "{header}");
            assert_eq!(findings, []);
        }
    }

    #[test]
    fn a_column_that_is_named_is_taken_before_all_others() {
        let named = ColumnNames { email: Some("contact e-mail"), topics: Some("Wants"), ..ColumnNames::default() };
        let (headers, findings) = find("Email;Contact E-mail;Want", named);
        assert_eq!(headers.unwrap().email, 1);
        assert_eq!(findings[0].code, "missing-column");
        assert!(findings[0].help.as_ref().unwrap().contains("`Want`"));
        let (headers, _) = find("Email;Contacts", named);
        assert!(headers.unwrap_err().help.unwrap().contains("`contact e-mail`"));
    }

    #[test]
    fn a_list_without_a_row_of_headers_is_told_so() {
        let (headers, _) = find("Ann;ann@example.org", ColumnNames::default());
        assert!(headers.unwrap_err().help.unwrap().contains("put one above it"));
    }

    #[test]
    fn of_two_columns_that_could_be_the_address_the_first_is_taken_and_told() {
        let (headers, findings) = find("Nom;Courriel;Email", ColumnNames::default());
        assert_eq!(headers.unwrap().email, 1);
        assert_eq!((findings[0].code, findings[0].field.as_deref()), ("two-columns", Some("Courriel")));
        assert!(findings[0].message.contains("`Courriel` and `Email`"), "{}", findings[0].message);
    }
}

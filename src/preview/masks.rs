//! How addresses are shown: a preview may be passed round, and names nobody unless it is asked to.

use super::Addresses;
use crate::domain::{EmailAddress, Finding};

impl Addresses {
    pub(super) fn show(self, email: &EmailAddress) -> String {
        match self {
            Self::Masked => email.masked(),
            Self::Shown => email.to_string(),
        }
    }

    /// The finding, without what it says of a person: what stands in their cell, and each address in its words.
    pub(super) fn mask(self, finding: &Finding) -> Finding {
        let mut finding = finding.clone();
        if self == Self::Masked && finding.field.is_some() {
            // Any cell may hold what belongs into another one; only a word that was understood is nobody's.
            if finding.code != UNDERSTOOD
                && let Some(value) = finding.value.take()
            {
                finding.message = without(&finding.message, &value);
                finding.help = finding.help.map(|help| without(&help, &value));
            }
            finding.value = finding.value.as_deref().map(masked);
            finding.message = masked(&finding.message);
            finding.help = finding.help.as_deref().map(masked);
        }
        finding
    }
}

/// The code of findings that name a language.
const UNDERSTOOD: &str = "language-lacking";

/// `text` without the words of `value`, wherever they are quoted.
fn without(text: &str, value: &str) -> String {
    let quoted = |text: String, word: &str| text.replace(&format!("`{word}`"), "`\u{2026}`");
    let words = value.split([';', '|', ',']).chain([value]).map(str::trim).filter(|word| !word.is_empty());
    words.fold(text.to_owned(), quoted)
}

/// `text` with all but the first letter of each address's local part taken out.
fn masked(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || "`\"'<>(),;:|".contains(c);
    let mut out = String::with_capacity(text.len());
    for (number, stretch) in text.split('@').enumerate() {
        if number > 0 {
            let from = out.rfind(ends).map_or(0, |at| at + out[at..].chars().next().map_or(0, char::len_utf8));
            let first: String = out[from..].chars().take(1).collect();
            out.truncate(from);
            out.push_str(&first);
            out.push_str("***@");
        }
        out.push_str(stretch);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_a_sentence_keeps_its_first_letter() {
        assert_eq!(masked("did you mean `ann@example.org`?"), "did you mean `a***@example.org`?");
        assert_eq!(masked("zoë@example.org (élan@example.com)"), "z***@example.org (é***@example.com)");
        assert_eq!(masked("no address"), "no address");
        assert_eq!(masked("@ @"), "***@ ***@");
    }

    #[test]
    fn a_cell_is_told_only_where_addresses_are() {
        let finding = Finding::error("bad-address", "`ann` is no address")
            .in_cell("email", " ann ")
            .with_help("see bob@example.org");
        let told = Addresses::Masked.mask(&finding);
        assert_eq!((told.message.as_str(), told.value), ("`\u{2026}` is no address", None));
        assert_eq!(told.help.as_deref(), Some("see b***@example.org"));
        assert_eq!(Addresses::Shown.mask(&finding), finding);
        let elsewhere = Finding::warning("link", "info@example.org is no link");
        assert_eq!(Addresses::Masked.mask(&elsewhere), elsewhere);
    }
}

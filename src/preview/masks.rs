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
            if let Some(value) = finding.value.take().filter(|value| !value.is_empty()) {
                // A cell that is no address may be meant as one.
                finding.message = finding.message.replace(&value, "\u{2026}");
                finding.help = finding.help.map(|help| help.replace(&value, "\u{2026}"));
            }
            finding.message = masked(&finding.message);
            finding.help = finding.help.as_deref().map(masked);
        }
        finding
    }
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
        let finding = Finding::error("bad-address", "`ann` has no @: ann").in_cell("email", "ann").with_help("not ann");
        let told = Addresses::Masked.mask(&finding);
        assert_eq!((told.message.as_str(), told.value), ("`\u{2026}` has no ***@: \u{2026}", None));
        assert_eq!(Addresses::Shown.mask(&finding), finding);
        let elsewhere = Finding::warning("link", "info@example.org is no link");
        assert_eq!(Addresses::Masked.mask(&elsewhere), elsewhere);
    }
}

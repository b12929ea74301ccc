//! `[subscribers]`: which header is which column.

use toml::Spanned;

use super::Subscribers;
use super::checks::Checks;
use super::raw::RawSubscribers;

impl Checks<'_> {
    pub(super) fn subscribers(&mut self, raw: RawSubscribers) -> Subscribers {
        let mut taken: Vec<String> = Vec::new();
        let mut header = |header: Option<Spanned<String>>| {
            let header = header?;
            let name = header.get_ref().trim();
            let folded = name.to_lowercase();
            if name.is_empty() {
                self.fault(&header, "a column needs a header", "write what stands in the first row of the list");
            } else if taken.contains(&folded) {
                let message = format!("`{name}` is named for two columns");
                self.fault(&header, message, "each column of the list is one thing alone");
            }
            taken.push(folded);
            Some(name.to_owned())
        };
        Subscribers {
            email: header(raw.email),
            name: header(raw.name),
            language: header(raw.language),
            topics: header(raw.topics),
            consent: header(raw.consent),
            consent_source: header(raw.consent_source),
            consent_date: header(raw.consent_date),
        }
    }
}

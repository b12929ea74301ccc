//! The ways out for one reader: where a mail's text and its List-Unsubscribe lead (RFC 2369, RFC 8058).

use super::ComposeError;
use crate::config::Links;
use crate::domain::token::TOKEN_LENGTH;

/// What stands before and behind a reader's token in both.
#[derive(Debug, Clone)]
pub(super) struct Leave {
    mailto: (String, String),
    https: Option<String>,
}

impl Leave {
    pub(super) fn new(links: &Links) -> Result<Self, ComposeError> {
        let stand_in = "x".repeat(TOKEN_LENGTH);
        let address = links.unsubscribe.with_tag(&stand_in).map_err(|error| {
            ComposeError(format!("newsletter.unsubscribe, {}, leaves no room for a token: {error}", links.unsubscribe))
        })?;
        let address = address.to_string();
        // A local part that has room for it can't hold it besides.
        let (before, behind) = address.split_once(&stand_in).unwrap_or((&address, ""));
        Ok(Self {
            mailto: (format!("mailto:{before}"), format!("{behind}?subject=unsubscribe")),
            https: links.web.as_ref().map(|web| format!("{web}/u/")),
        })
    }

    /// How many there are, each with the token once.
    pub(super) fn ways(&self) -> usize {
        1 + usize::from(self.https.is_some())
    }

    pub(super) fn mailto(&self, token: &str) -> String {
        [&self.mailto.0, token, &self.mailto.1].concat()
    }

    pub(super) fn https(&self, token: &str) -> Option<String> {
        self.https.as_ref().map(|before| [before, token].concat())
    }

    /// The one that stands in the mail's text.
    pub(super) fn url(&self, token: &str) -> String {
        self.https(token).unwrap_or_else(|| self.mailto(token))
    }
}

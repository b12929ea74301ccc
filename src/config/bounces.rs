//! `[bounces]` and `newsletter.bounces`: to the [`ReturnPath`] that the envelope bears.

use toml::Spanned;

use super::Sender;
use super::checks::Checks;
use super::raw::RawBounces;
use crate::domain::address::AddressError;
use crate::domain::{EmailAddress, ReturnPath};

impl Checks<'_> {
    /// Tokens are on where an address for bounces is given: a sender's own mailbox need not take them.
    pub(super) fn return_path(
        &mut self,
        address: Option<Spanned<EmailAddress>>,
        raw: RawBounces,
        sender: &Sender,
    ) -> Option<ReturnPath> {
        let RawBounces { verp, separator, .. } = raw;
        let wanted = verp.as_ref().map(|verp| *verp.get_ref());
        let Some(address) = address else {
            if let (Some(true), Some(verp)) = (wanted, &verp) {
                let help =
                    "add `bounces = \"bounces@...\"` under [newsletter]: a mailbox of its own for what comes back";
                self.fault(verp, "there is no address for bounces that a token could be added to", help);
            }
            return Some(ReturnPath::plain(sender.email.clone()));
        };
        let base = address.get_ref().clone();
        if wanted == Some(false) {
            return Some(ReturnPath::plain(base));
        }
        let error = match ReturnPath::with_tokens(base.clone(), separator) {
            Ok(path) => return Some(path),
            Err(error) => error,
        };
        let separator = separator.as_str();
        match error {
            AddressError::LocalPartTooLong => {
                let message = format!("before the @ of `{base}` there is no room left for {separator}TOKEN");
                let help = format!(
                    "use an address with at most {} characters before the @, or set verp = false under [bounces]",
                    ReturnPath::ROOM
                );
                self.fault(&address, message, &help);
            }
            error => {
                let message = format!("{separator}TOKEN can't stand before the @ of `{base}`: {error}");
                self.fault(&address, message, "use a plain address, or set verp = false under [bounces]");
            }
        }
        None
    }
}

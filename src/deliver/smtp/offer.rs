//! What a server offers: the reply to EHLO in, its keywords out (RFC 5321 section 4.1.1.1).
//!
//! lettre's `ServerInfo` knows neither SIZE nor PIPELINING nor CHUNKING, and holds keywords against their case.

use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::response::Response;

/// The keywords of an EHLO reply. The default is that of a server which knows only HELO.
#[derive(Debug, Default)]
pub(super) struct Offer {
    /// A keyword and its parameters a line, in upper case.
    lines: Vec<Vec<String>>,
}

impl Offer {
    /// Reads the reply; its first line names the server and offers nothing.
    pub(super) fn read(response: &Response) -> Self {
        // Some servers still write the AUTH= of a draft before RFC 4954.
        let words =
            |line: &str| line.split([' ', '=']).filter(|word| !word.is_empty()).map(str::to_ascii_uppercase).collect();
        Self { lines: response.message().skip(1).map(words).collect() }
    }

    /// Whether this keyword, in upper case, is offered.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.parameters(keyword).next().is_some()
    }

    /// The best way to log in: PLAIN, since it needs no round trips, else LOGIN, which some large providers
    /// offer alone.
    pub(super) fn mechanism(&self) -> Option<Mechanism> {
        let offers = |name| self.parameters("AUTH").flatten().any(|mechanism| mechanism == name);
        [(Mechanism::Plain, "PLAIN"), (Mechanism::Login, "LOGIN")]
            .into_iter()
            .find_map(|(mechanism, name)| offers(name).then_some(mechanism))
    }

    fn parameters<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a [String]> {
        self.lines
            .iter()
            .filter_map(move |line| line.split_first())
            .filter(move |(first, _)| *first == keyword)
            .map(|(_, rest)| rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(lines: &str) -> Offer {
        Offer::read(&lines.parse().unwrap())
    }

    #[test]
    fn keywords_are_found_in_any_case_but_not_in_the_servers_name() {
        let offer = offer("250-SMTPUTF8 at your service\r\n250-size 1000\r\n250- \r\n250 StartTLS\r\n");
        assert!(offer.has("SIZE") && offer.has("STARTTLS"));
        assert!(!offer.has("SMTPUTF8") && !offer.has("1000"));
        assert!(!Offer::default().has("SIZE"));
    }

    #[test]
    fn plain_is_preferred_and_the_old_spelling_understood() {
        let mechanism = |line: &str| offer(&format!("250-here\r\n250 {line}\r\n")).mechanism();
        assert_eq!(mechanism("AUTH LOGIN PLAIN XOAUTH2"), Some(Mechanism::Plain));
        assert_eq!(mechanism("auth=login"), Some(Mechanism::Login));
        assert_eq!(mechanism("AUTH CRAM-MD5 XOAUTH2"), None);
        assert_eq!(mechanism("PLAIN"), None);
    }
}

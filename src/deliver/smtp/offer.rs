//! What a server offers: the reply to EHLO in, its keywords out (RFC 5321 section 4.1.1.1).
//!
//! lettre's `ServerInfo` knows neither SIZE nor PIPELINING nor CHUNKING, and holds keywords against their case.

use lettre::transport::smtp::response::Response;

use super::relay::Login;

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

    /// Octets of the largest message; none where there is no limit, or none is told (RFC 1870 section 4).
    pub(super) fn size_limit(&self) -> Option<usize> {
        let limit = self.parameters("SIZE").next()?.first()?.parse().ok()?;
        (limit > 0).then_some(limit)
    }

    /// Whether this way to log in is offered.
    pub(super) fn has_login(&self, login: Login) -> bool {
        self.parameters("AUTH").flatten().any(|mechanism| mechanism == login.as_str())
    }

    /// The best way to log in with a password: PLAIN, since it needs no round trips, else LOGIN, which some large
    /// providers offer alone. A token is no password, so XOAUTH2 has to be asked for.
    pub(super) fn login(&self) -> Option<Login> {
        [Login::Plain, Login::Login].into_iter().find(|login| self.has_login(*login))
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
        let login = |line: &str| offer(&format!("250-here\r\n250 {line}\r\n")).login();
        assert_eq!(login("AUTH LOGIN PLAIN XOAUTH2"), Some(Login::Plain));
        assert_eq!(login("auth=login"), Some(Login::Login));
        assert_eq!(login("AUTH CRAM-MD5 XOAUTH2"), None);
        assert_eq!(login("PLAIN"), None);
    }
}

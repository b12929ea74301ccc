//! A host and a port as they are written in an address: `mail.example.org:993`, `[::1]:993`, `127.0.0.1`.

use std::net::Ipv6Addr;

use tokio_rustls::rustls::pki_types::ServerName;

/// The host, in lower case and without brackets, and what stands behind its colon; none where the host is no host.
///
/// ```
/// use bulletin::dial::split_port;
/// assert_eq!(split_port("[::1]:993"), Some(("::1".to_owned(), Some("993"))));
/// assert_eq!(split_port("Mail.example.org"), Some(("mail.example.org".to_owned(), None)));
/// assert_eq!(split_port("mail example.org"), None);
/// ```
#[must_use]
pub fn split_port(authority: &str) -> Option<(String, Option<&str>)> {
    if let Some(inner) = authority.strip_prefix('[') {
        let (address, rest) = inner.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
        return Some((address.to_string(), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if port.is_some_and(|port| port.contains(':')) || ServerName::try_from(host).is_err() {
        return None;
    }
    Some((host.to_ascii_lowercase(), port))
}

/// A port from 1 to 65535 in digits.
#[must_use]
pub fn port(text: &str) -> Option<u16> {
    match text.parse() {
        Ok(number @ 1..) if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(number),
        _ => None,
    }
}

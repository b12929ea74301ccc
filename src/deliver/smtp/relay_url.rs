//! A relay as it stands on a command line: `smtp://127.0.0.1:2525` to a [`Relay`].
//!
//! The scheme decides the security, so that no spelling leads off this machine in the clear: `smtps` is
//! TLS from the first byte, `smtp` needs STARTTLS, and only towards loopback it goes without.

use super::relay::Relay;
use crate::dial::{self, Security};

/// Why a text names no relay. None of these repeats a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayUrlError {
    #[error("a relay begins with smtp:// or smtps://")]
    Scheme,
    #[error("a relay's address can't hold a username or a password")]
    Userinfo,
    #[error("`{0}` is no host name and no IP address")]
    Host(String),
    #[error("`{0}` is no port")]
    Port(String),
    #[error("a relay's address ends with its port; `{0}` is too much")]
    Surplus(String),
}

impl RelayUrlError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Scheme => {
                "write smtps://mail.example.org, smtp://127.0.0.1:2525 for a server on this machine, or \
                 maildir:archive/2026-01 for a folder"
            }
            Self::Userinfo => {
                "leave out everything up to the @: a command line can be read by others, so the password comes \
                 from where [smtp] in bulletin.toml says"
            }
            Self::Host(_) => "write a name like mail.example.org, an address like 127.0.0.1, or one in brackets: [::1]",
            Self::Port(_) => "a port is a number from 1 to 65535; leave it out for the usual one",
            Self::Surplus(_) => "leave out everything behind the port",
        }
    }
}

impl Relay {
    /// Reads `smtp://host[:port]` or `smtps://host[:port]`.
    ///
    /// ```
    /// use bulletin::deliver::smtp::{Relay, Security};
    ///
    /// let relay = Relay::from_url("smtp://127.0.0.1:2525")?;
    /// assert_eq!((relay.security, relay.port), (Security::Clear, 2525));
    /// assert_eq!(Relay::from_url("smtp://mail.example.org")?.to_string(), "smtp://mail.example.org:587");
    /// # Ok::<(), bulletin::deliver::smtp::RelayUrlError>(())
    /// ```
    ///
    /// # Errors
    /// The text is anything else; a username or password in it is refused.
    pub fn from_url(url: &str) -> Result<Self, RelayUrlError> {
        if url.contains('@') {
            return Err(RelayUrlError::Userinfo);
        }
        let (scheme, rest) = url.trim().split_once("://").ok_or(RelayUrlError::Scheme)?;
        let implicit = match scheme.to_ascii_lowercase().as_str() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(RelayUrlError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if let Some(start) = rest.find(['/', '?', '#']) {
            return Err(RelayUrlError::Surplus(rest[start..].to_owned()));
        }
        let (host, port) = dial::split_port(rest).ok_or_else(|| RelayUrlError::Host(rest.to_owned()))?;
        let mut relay = Self::new(host, 0, Security::Starttls);
        if implicit {
            relay.security = Security::Implicit;
        } else if relay.is_loopback() {
            relay.security = Security::Clear;
        }
        relay.port = match port {
            None => Self::usual_port(relay.security),
            Some(port) => dial::port(port).ok_or_else(|| RelayUrlError::Port(port.to_owned()))?,
        };
        Ok(relay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_and_the_host_decide_the_security_and_the_port() {
        for (url, security, name) in [
            ("smtp://127.0.0.1:2525", Security::Clear, "smtp://127.0.0.1:2525"),
            ("smtp://localhost", Security::Clear, "smtp://localhost:25"),
            ("smtp://[::1]:2525/", Security::Clear, "smtp://[::1]:2525"),
            (" SMTP://Mail.Example.org ", Security::Starttls, "smtp://mail.example.org:587"),
            ("smtp://192.0.2.1:25", Security::Starttls, "smtp://192.0.2.1:25"),
            ("smtp://localhost.example.org", Security::Starttls, "smtp://localhost.example.org:587"),
            ("smtps://mail.example.org", Security::Implicit, "smtps://mail.example.org:465"),
            ("smtps://127.0.0.1:4650", Security::Implicit, "smtps://127.0.0.1:4650"),
            ("smtps://[2001:db8::1]", Security::Implicit, "smtps://[2001:db8::1]:465"),
        ] {
            let relay = Relay::from_url(url).unwrap();
            assert_eq!((relay.security, relay.to_string().as_str()), (security, name), "{url}");
            assert_eq!(Relay::from_url(name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_is_no_relay_is_refused_with_its_reason() {
        let host = |text: &str| RelayUrlError::Host(text.into());
        let port = |text: &str| RelayUrlError::Port(text.into());
        let surplus = |text: &str| RelayUrlError::Surplus(text.into());
        for (url, error) in [
            ("", RelayUrlError::Scheme),
            ("mail.example.org:25", RelayUrlError::Scheme),
            ("http://mail.example.org", RelayUrlError::Scheme),
            ("smtp://", host("")),
            ("smtp://:25", host(":25")),
            ("smtp://b\u{fc}cher.example", host("b\u{fc}cher.example")),
            ("smtp://mail example.org", host("mail example.org")),
            ("smtp://::1:25", host("::1:25")),
            ("smtp://[::1", host("[::1")),
            ("smtp://[::1]25", host("[::1]25")),
            ("smtp://[127.0.0.1]", host("[127.0.0.1]")),
            ("smtp://mail.example.org:0", port("0")),
            ("smtp://mail.example.org:", port("")),
            ("smtp://mail.example.org:+25", port("+25")),
            ("smtp://mail.example.org:65536", port("65536")),
            ("smtp://mail.example.org:25/x", surplus("/x")),
            ("smtp://mail.example.org?tls=none", surplus("?tls=none")),
        ] {
            assert_eq!(Relay::from_url(url).unwrap_err(), error, "{url}");
        }
    }

    #[test]
    fn a_password_on_the_command_line_is_refused_and_not_repeated() {
        for url in ["smtp://ann:hunter2@mail.example.org", "ann:hunter2@mail.example.org", "smtps://ann@127.0.0.1"] {
            let error = Relay::from_url(url).unwrap_err();
            assert_eq!(error, RelayUrlError::Userinfo);
            assert!(!format!("{error} {error:?} {}", error.help()).contains("hunter2"));
        }
    }
}

//! What a client tells to log in, apart from how a protocol frames it: PLAIN (RFC 4616), XOAUTH2 as Gmail and
//! Outlook have it, and OAUTHBEARER (RFC 7628).

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

use super::server::{Login, Server};
use crate::dial::printable;

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    Xoauth2,
    Oauthbearer,
}

impl Mechanism {
    /// The best of those that the server offers for what we have.
    pub(super) fn choose(login: Login, is_offered: impl Fn(&str) -> bool) -> Option<Self> {
        let fitting: &[Self] = match login {
            Login::Password => &[Self::Plain],
            Login::Token => &[Self::Xoauth2, Self::Oauthbearer],
        };
        fitting.iter().copied().find(|mechanism| is_offered(mechanism.as_str()))
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Xoauth2 => "XOAUTH2",
            Self::Oauthbearer => "OAUTHBEARER",
        }
    }

    /// All that is told, in Base64.
    pub(super) fn message(self, server: &Server, secret: &SecretString) -> String {
        let (user, secret) = (&server.url.user, secret.expose_secret());
        let text = match self {
            Self::Plain => format!("\0{user}\0{secret}"),
            Self::Xoauth2 => format!("user={user}\u{1}auth=Bearer {secret}\u{1}\u{1}"),
            Self::Oauthbearer => format!(
                "n,a={},\u{1}host={}\u{1}port={}\u{1}auth=Bearer {secret}\u{1}\u{1}",
                user.replace('=', "=3D").replace(',', "=2C"),
                server.host,
                server.port
            ),
        };
        BASE64.encode(text.as_bytes())
    }

    /// The answer to the reason that a server gives for its refusal, which has to be given before it refuses.
    pub(super) fn acknowledgement(self) -> &'static str {
        match self {
            Self::Plain | Self::Xoauth2 => "",
            // A single control-A (RFC 7628 section 3.2.3).
            Self::Oauthbearer => "AQ==",
        }
    }
}

/// The reason in Base64 that comes before a refusal, as far as it can be shown.
pub(super) fn reason(text: &str) -> String {
    let decoded = BASE64.decode(text.trim().as_bytes()).unwrap_or_default();
    printable(&String::from_utf8_lossy(&decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mechanism_tells_user_and_secret_in_its_own_way() {
        let server = Server::new("imaps://a=b@example.org@mail.example.org".parse().unwrap(), "x".into()).unwrap();
        let told = |mechanism: Mechanism| {
            let message = mechanism.message(&server, &SecretString::from("secret"));
            String::from_utf8(BASE64.decode(message.as_bytes()).unwrap()).unwrap()
        };
        assert_eq!(told(Mechanism::Plain), "\0a=b@example.org\0secret");
        assert_eq!(told(Mechanism::Xoauth2), "user=a=b@example.org\u{1}auth=Bearer secret\u{1}\u{1}");
        let bearer = "n,a=a=3Db@example.org,\u{1}host=mail.example.org\u{1}port=993\u{1}auth=Bearer secret\u{1}\u{1}";
        assert_eq!(told(Mechanism::Oauthbearer), bearer);
    }
}

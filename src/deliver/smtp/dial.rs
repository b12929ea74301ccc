//! The TCP connection: a relay's host in, a socket to the first of its addresses that answers out.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::relay::{Relay, Security};
use crate::deliver::transport::ConnectError;
use crate::domain::outcome::Reply;

/// Tries all addresses of the host in the system's order, each for as long as a connect may take.
pub(super) async fn dial(relay: &Relay) -> Result<TcpStream, ConnectError> {
    let patience = relay.timeouts.connect;
    let mut last = "the host has no address".to_owned();
    for address in resolve(relay).await? {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // The envelope's commands are small and awaited: Nagle's algorithm would hold each up.
                match stream.set_nodelay(true) {
                    Ok(()) => return Ok(stream),
                    Err(error) => last = error.to_string(),
                }
            }
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = format!("no answer within {} s", patience.as_secs()),
        }
    }
    Err(ConnectError::Transient(Reply::silence(format!("{relay} can't be reached: {last}"))))
}

async fn resolve(relay: &Relay) -> Result<Vec<SocketAddr>, ConnectError> {
    let found = timeout(relay.timeouts.connect, lookup_host((relay.host.as_str(), relay.port))).await;
    let mut addresses: Vec<_> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => return Err(unresolved(relay, &error)),
        Err(_) => {
            let text = format!("the name server did not say where {} is", relay.host);
            return Err(ConnectError::Transient(Reply::silence(text)));
        }
    };
    if relay.security == Security::Clear {
        // `localhost` is only a name; in the clear, its address has to keep what it promises.
        addresses.retain(|address| address.ip().to_canonical().is_loopback());
    }
    if addresses.is_empty() { Err(no_such_host(relay)) } else { Ok(addresses) }
}

/// Tells a name that doesn't exist from a resolver that is out of reach, which the standard library
/// leaves to the text of `gai_strerror` (`EAI_AGAIN` as glibc, musl and the BSDs put it).
fn unresolved(relay: &Relay, error: &io::Error) -> ConnectError {
    let text = error.to_string();
    if ["Temporary failure", "Try again"].iter().any(|again| text.contains(again)) {
        return ConnectError::Transient(Reply::silence(format!("{}: {text}", relay.host)));
    }
    no_such_host(relay)
}

fn no_such_host(relay: &Relay) -> ConnectError {
    ConnectError::Fatal {
        message: format!("there is no host called {}", relay.host),
        help: "check the spelling of `host` under [smtp] in bulletin.toml, or of --relay".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_out_of_reach_is_no_proof_that_a_host_does_not_exist() {
        let relay = Relay::new("mail.example.org", 587, Security::Starttls);
        let said = |text: &str| unresolved(&relay, &io::Error::other(text.to_owned()));
        let away = said("failed to lookup address information: Temporary failure in name resolution");
        assert!(matches!(away, ConnectError::Transient(_)), "{away}");
        let unknown = said("failed to lookup address information: Name or service not known");
        assert_eq!(unknown.to_string(), "there is no host called mail.example.org");
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_may_be_listened_to_later() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = dial(&Relay::new("127.0.0.1", port, Security::Clear)).await.unwrap_err();
        let ConnectError::Transient(reply) = error else { panic!("{error}") };
        assert!(reply.text.starts_with(&format!("smtp://127.0.0.1:{port} can't be reached: ")), "{reply}");
    }

    #[tokio::test]
    async fn a_connection_sends_small_commands_at_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = dial(&Relay::new("localhost", port, Security::Clear)).await.unwrap();
        assert!(stream.nodelay().unwrap());
    }
}

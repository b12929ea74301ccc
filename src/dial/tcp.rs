//! The TCP connection: a host in, a socket to the first of its addresses that answers out.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::{DialError, Security};

/// Tries all addresses of the host in the system's order, each for as long as a connect may take.
///
/// # Errors
/// There is no such host, or none of its addresses answers; in the clear only this machine's are asked.
pub async fn connect(host: &str, port: u16, security: Security, patience: Duration) -> Result<TcpStream, DialError> {
    let mut last = "the host has no address".to_owned();
    for address in resolve(host, port, security, patience).await? {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Commands are small and awaited: Nagle's algorithm would hold each up.
                match stream.set_nodelay(true) {
                    Ok(()) => return Ok(stream),
                    Err(error) => last = error.to_string(),
                }
            }
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = format!("no answer within {} s", patience.as_secs()),
        }
    }
    let shown = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Err(DialError::Away(format!("{shown} can't be reached: {last}")))
}

async fn resolve(host: &str, port: u16, security: Security, patience: Duration) -> Result<Vec<SocketAddr>, DialError> {
    let mut addresses: Vec<_> = match timeout(patience, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => return Err(unresolved(host, &error)),
        Err(_) => return Err(DialError::Away(format!("the name server did not say where {host} is"))),
    };
    if security == Security::Clear {
        // `localhost` is only a name; in the clear, its address has to keep what it promises.
        addresses.retain(|address| address.ip().to_canonical().is_loopback());
    }
    if addresses.is_empty() { Err(DialError::NoHost(host.to_owned())) } else { Ok(addresses) }
}

/// Tells a name that doesn't exist from a resolver that is out of reach, which the standard library
/// leaves to the text of `gai_strerror` (`EAI_AGAIN` as glibc, musl and the BSDs put it).
fn unresolved(host: &str, error: &io::Error) -> DialError {
    let text = error.to_string();
    if ["Temporary failure", "Try again"].iter().any(|again| text.contains(again)) {
        return DialError::Away(format!("{host}: {text}"));
    }
    DialError::NoHost(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn a_resolver_out_of_reach_is_no_proof_that_a_host_does_not_exist() {
        let said = |text: &str| unresolved("mail.example.org", &io::Error::other(text.to_owned()));
        let away = said("failed to lookup address information: Temporary failure in name resolution");
        assert!(matches!(away, DialError::Away(_)), "{away}");
        let unknown = said("failed to lookup address information: Name or service not known");
        assert_eq!(unknown.to_string(), "there is no host called mail.example.org");
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_may_be_listened_to_later() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = connect("127.0.0.1", port, Security::Clear, PATIENCE).await.unwrap_err();
        let DialError::Away(why) = error else { panic!("{error}") };
        assert!(why.starts_with(&format!("127.0.0.1:{port} can't be reached: ")), "{why}");
    }

    #[tokio::test]
    async fn a_connection_sends_small_commands_at_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = connect("localhost", port, Security::Clear, PATIENCE).await.unwrap();
        assert!(stream.nodelay().unwrap());
    }
}

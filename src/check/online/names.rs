//! The DNS: a name in, its records out (RFC 1035, RFC 2181), or that nobody answers. A name that does not exist and a
//! name without such records are both an answer, and none of them an error.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::timeout;

/// How long a name server may take for one try, of which there are two.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long may pass until anybody is heard at all.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// Whom names are asked of; a copy asks the same, and knows what the other has heard.
#[derive(Clone)]
pub struct Names {
    resolver: Arc<TokioResolver>,
}

/// No name server answers, or none that could; with its reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Silence(pub String);

impl Names {
    /// Asks whom this system asks.
    ///
    /// # Errors
    /// The system does not say whom.
    pub fn of_system() -> Result<Self, Silence> {
        let mut builder = TokioResolver::builder_tokio().map_err(|error| silence(&error))?;
        builder.options_mut().timeout = PATIENCE;
        let resolver = builder.build().map_err(|error| silence(&error))?;
        Ok(Self { resolver: Arc::new(resolver) })
    }

    /// Asks this server and no other, and reads no file of hosts.
    ///
    /// # Errors
    /// The resolver can't be set up.
    pub fn of_server(server: SocketAddr) -> Result<Self, Silence> {
        let at = |mut connection: ConnectionConfig| {
            connection.port = server.port();
            connection
        };
        let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
        let server = NameServerConfig::new(server.ip(), true, connections);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().timeout = PATIENCE;
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
        let resolver = builder.build().map_err(|error| silence(&error))?;
        Ok(Self { resolver: Arc::new(resolver) })
    }

    /// Whether anybody answers in time: asked about this domain and about the root, whichever comes first.
    pub(super) async fn answer(&self, domain: &str) -> Result<(), Silence> {
        let anybody = async {
            tokio::select! {
                Ok(_) = self.ask(domain, RecordType::MX) => Ok(()),
                Ok(_) = self.ask("", RecordType::NS) => Ok(()),
                else => Err(Silence("no name server gives an answer".to_owned())),
            }
        };
        let silent = |_| Silence(format!("no name server answers within {} s", FIRST_WORD.as_secs()));
        timeout(FIRST_WORD, anybody).await.map_err(silent)?
    }

    /// The texts of a name, each put together from its strings.
    pub(super) async fn texts(&self, name: &str) -> Result<Vec<String>, Silence> {
        let texts = self.ask(name, RecordType::TXT).await?.into_iter();
        Ok(texts
            .filter_map(|data| match data {
                RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
                _ => None,
            })
            .collect())
    }

    /// The hosts that take a domain's mail, the first to be tried first; an empty name takes none (RFC 7505).
    pub(super) async fn exchanges(&self, domain: &str) -> Result<Vec<String>, Silence> {
        let mut exchanges: Vec<_> = (self.ask(domain, RecordType::MX).await?.into_iter())
            .filter_map(|data| match data {
                RData::MX(mx) => Some((mx.preference, mx.exchange.to_ascii().trim_end_matches('.').to_lowercase())),
                _ => None,
            })
            .collect();
        exchanges.sort();
        Ok(exchanges.into_iter().map(|(_, exchange)| exchange).collect())
    }

    /// The addresses of a host, in the order in which they should be tried.
    pub(super) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Silence> {
        let Some(name) = full(host) else { return Ok(Vec::new()) };
        match self.resolver.lookup_ip(name).await {
            Ok(found) => Ok(found.iter().collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(silence(&error)),
        }
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Silence> {
        let Some(name) = full(name) else { return Ok(Vec::new()) };
        match self.resolver.lookup(name, kind).await {
            Ok(found) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(silence(&error)),
        }
    }
}

/// The name as it stands in the DNS, so that no search list makes another of it. None for what can't stand there.
fn full(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name.trim_end_matches('.')).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn silence(error: &NetError) -> Silence {
    Silence(match error {
        NetError::Timeout => format!("no name server answers within {} s", PATIENCE.as_secs()),
        NetError::NoConnections => "no name server can be reached".to_owned(),
        NetError::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "the name server takes no questions".to_owned()
        }
        other => format!("the name server fails: {other}"),
    })
}

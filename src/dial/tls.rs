//! Encryption: a stream in, the same stream under TLS 1.2 or 1.3 out (RFC 8446, RFC 9325), or why not.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

use super::{DialError, Stream};

/// Why encryption can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    #[error("`{0}` is no host name and no IP address")]
    Host(String),
    #[error("this system has no root certificates to check a server's certificate against{why}")]
    NoRoots {
        /// What the system said, after a colon; empty where it has nothing to say.
        why: String,
    },
    #[error("the certificates in {} can't be used: {why}", .file.display())]
    Authority { file: PathBuf, why: String },
    #[error("encryption can't be set up: {0}")]
    Rustls(#[from] Error),
}

/// A client of TLS 1.2 and 1.3 that trusts whom this system trusts, for those who speak to many hosts. Reads some
/// hundred certificates from the disk; `SSL_CERT_FILE` names others.
///
/// # Errors
/// The system has none that can be used.
pub fn native_client() -> Result<ClientConfig, TlsSetupError> {
    client(native_roots()?)
}

fn client(roots: RootCertStore) -> Result<ClientConfig, TlsSetupError> {
    // Named here because another dependency may bring a second provider, and then there is no default.
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn native_roots() -> Result<RootCertStore, TlsSetupError> {
    let native = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Some systems hold a few certificates that nobody can parse; the others count.
    let (usable, _) = roots.add_parsable_certificates(native.certs);
    if usable == 0 {
        let why = native.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(TlsSetupError::NoRoots { why });
    }
    Ok(roots)
}

/// What it takes to encrypt the way to one host.
pub struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.host).finish()
    }
}

impl Tls {
    /// Trusts whom this system trusts. Reads some hundred certificates from the disk.
    ///
    /// # Errors
    /// The system has none that can be used, or the host can't be named by a certificate.
    pub fn with_native_roots(host: &str) -> Result<Self, TlsSetupError> {
        Self::trusting(native_roots()?, host)
    }

    /// Trusts the certificates in this file alone, and not the system's: a private server's own authority.
    ///
    /// # Errors
    /// The file can't be read or holds no usable certificate, or the host can't be named by one.
    pub fn with_authority(file: &Path, host: &str) -> Result<Self, TlsSetupError> {
        let unusable = |why: String| TlsSetupError::Authority { file: file.to_owned(), why };
        let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unusable("it holds no certificate in PEM".to_owned()));
        }
        Self::trusting(roots, host)
    }

    /// Trusts these alone.
    ///
    /// # Errors
    /// The host can't be named by a certificate.
    pub fn trusting(roots: RootCertStore, host: &str) -> Result<Self, TlsSetupError> {
        let name = ServerName::try_from(host.to_owned());
        let host = name.map_err(|_| TlsSetupError::Host(host.to_owned()))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(client(roots)?)), host })
    }

    /// Shakes hands within `patience`.
    ///
    /// # Errors
    /// The certificate is not to be trusted, the server speaks otherwise, or it is away.
    pub async fn wrap(&self, stream: Stream, patience: Duration) -> Result<Stream, DialError> {
        match timeout(patience, self.connector.connect(self.host.clone(), stream)).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(self.explain(&error)),
            Err(_) => Err(DialError::Away(format!("the TLS handshake was not done within {} s", patience.as_secs()))),
        }
    }

    fn explain(&self, error: &io::Error) -> DialError {
        let host = self.host.to_str().into_owned();
        let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return DialError::Away(format!("the connection broke in the TLS handshake: {error}"));
        };
        let fault = error.to_string();
        match error {
            Error::InvalidCertificate(_) => DialError::Certificate { host, fault },
            Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => DialError::NotTls { host, fault },
            _ => DialError::Disagreed { host, fault },
        }
    }
}

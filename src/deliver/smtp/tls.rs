//! Encryption: a stream in, the same stream under TLS 1.2 or 1.3 out (RFC 8446, RFC 9325), or why not.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

use super::session::Stream;
use super::setup::SmtpSetupError;
use crate::deliver::transport::ConnectError;
use crate::domain::outcome::Reply;

/// [`Security`](super::relay::Security) with what it takes, so that no way that should be encrypted lacks it.
#[derive(Debug)]
pub(super) enum Protection {
    Clear,
    Starttls(Tls),
    Implicit(Tls),
}

/// What it takes to encrypt the way to one host.
pub(super) struct Tls {
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
    pub(super) fn with_native_roots(host: &str) -> Result<Self, SmtpSetupError> {
        let native = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        // Some systems hold a few certificates that nobody can parse; the others count.
        let (usable, _) = roots.add_parsable_certificates(native.certs);
        if usable == 0 {
            let why = native.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(SmtpSetupError::NoRoots { why });
        }
        Self::trusting(roots, host)
    }

    /// Trusts the certificates in this file alone, and not the system's: a private relay's own authority.
    pub(super) fn with_authority(file: &Path, host: &str) -> Result<Self, SmtpSetupError> {
        let unusable = |why: String| SmtpSetupError::Authority { file: file.to_owned(), why };
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
    pub(super) fn trusting(roots: RootCertStore, host: &str) -> Result<Self, SmtpSetupError> {
        let name = ServerName::try_from(host.to_owned());
        let host = name.map_err(|_| SmtpSetupError::Host { host: host.to_owned() })?;
        // Named here because another dependency may bring a second provider, and then there is no default.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), host })
    }

    /// Shakes hands within `patience`.
    pub(super) async fn wrap(&self, stream: Stream, patience: Duration) -> Result<Stream, ConnectError> {
        match timeout(patience, self.connector.connect(self.host.clone(), stream)).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(self.explain(&error)),
            Err(_) => {
                let text = format!("the TLS handshake was not done within {} s", patience.as_secs());
                Err(ConnectError::Transient(Reply::silence(text)))
            }
        }
    }

    fn explain(&self, error: &io::Error) -> ConnectError {
        let host = self.host.to_str();
        let (message, help) = match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            None => {
                let text = format!("the connection broke in the TLS handshake: {error}");
                return ConnectError::Transient(Reply::silence(text));
            }
            Some(fault @ Error::InvalidCertificate(_)) => (
                format!("the certificate of {host} can't be trusted: {fault}"),
                "check that `host` under [smtp] is the name that the relay's operator gives; where the certificate \
                 comes from an authority of their own, name that authority's certificate in `ca` there",
            ),
            Some(fault @ (Error::InvalidMessage(_) | Error::InappropriateMessage { .. })) => (
                format!("{host} does not begin with TLS: {fault}"),
                "port 465 goes with tls = \"implicit\", ports 587 and 25 with tls = \"starttls\"; check both under \
                 [smtp]",
            ),
            Some(fault) => (
                format!("{host} and this program can't agree on an encryption: {fault}"),
                "the relay must speak TLS 1.2 or 1.3; tell its operator what stands above",
            ),
        };
        ConnectError::Fatal { message, help: help.to_owned() }
    }
}

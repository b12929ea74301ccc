//! The other side of a test: a server that follows a script and panics where the client does not.
//!
//! A script is a transcript, a line each: `S: ` is said, `S> ` is said without a line end, `C: ` has to be
//! heard to the letter, `TLS` shakes hands, `WAIT` says nothing until the client leaves. What is said
//! without hearing something in between goes out in one write. At its end the peer closes its side.
//! A line `NEXT` ends a connection and awaits another one.

use std::net::SocketAddr;
use std::sync::Arc;

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::{Stream, Tls};

/// A scripted server.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Peer {
    pub(crate) async fn start(script: impl Into<String>) -> Self {
        let script = script.into();
        Self::start_with(|_| script).await
    }

    /// With a script that depends on the server's own address.
    pub(crate) async fn start_with(script: impl FnOnce(SocketAddr) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = script(address);
        let task = tokio::spawn(async move {
            for script in script.split("NEXT\n") {
                let (stream, _) = listener.accept().await.unwrap();
                follow(script, Box::new(stream)).await;
            }
        });
        Self { address, task }
    }

    /// Waits for the end of the script; panics where the client left it.
    pub(crate) async fn done(self) {
        self.task.await.unwrap();
    }
}

pub(crate) async fn follow(script: &str, stream: Stream) {
    let mut stream = BufReader::new(stream);
    let mut outbox = String::new();
    for step in script.lines().map(str::trim_start) {
        if let Some(said) = step.strip_prefix("S: ") {
            outbox.push_str(said);
            outbox.push_str("\r\n");
            continue;
        } else if let Some(said) = step.strip_prefix("S> ") {
            outbox.push_str(said);
            continue;
        }
        stream.write_all(std::mem::take(&mut outbox).as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        if let Some(due) = step.strip_prefix("C:") {
            let mut heard = Vec::new();
            stream.read_until(b'\n', &mut heard).await.unwrap();
            let due = format!("{}\r\n", due.strip_prefix(' ').unwrap_or(due));
            assert_eq!(String::from_utf8_lossy(&heard), due);
        } else if step == "TLS" {
            // A client that does not trust us leaves here, and the script with it.
            let Ok(encrypted) = acceptor().accept(stream.into_inner()).await else { return };
            stream = BufReader::new(Box::new(encrypted));
        } else {
            assert_eq!(step, "WAIT");
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
    let _ = stream.write_all(outbox.as_bytes()).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// Trusts the certificate below, for `relay.test` and `localhost`, and no other.
pub(crate) fn tls(name: &str) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    Tls::trusting(roots, name).unwrap()
}

pub(crate) fn acceptor() -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(BASE64.decode(KEY.as_bytes()).unwrap().into());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The same certificate, as a file has it.
pub(crate) fn certificate_pem() -> String {
    format!("-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n")
}

fn certificate() -> CertificateDer<'static> {
    BASE64.decode(CERTIFICATE.as_bytes()).unwrap().into()
}

/// Made for these tests with `openssl ca -selfsign`: P-256, DNS:relay.test and DNS:localhost, 2020 to 2120.
const CERTIFICATE: &str = concat!(
    "MIIBgDCCASWgAwIBAgIUFf03lT8WL8FoAPIGekuwmHdm0P8wCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwKcmVsYXkudGVzdDAgFw0y",
    "MDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFTETMBEGA1UEAwwKcmVsYXkudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEH",
    "A0IABBNP+R/mUJIGptt1O9lJfy5haWTPvLcvSo1c2wD8MAm8ZYJzvpZy1IimMbnc/DUVdfkfXvo7SmBahYBKMtlFNRyjUTBPMCAG",
    "A1UdEQQZMBeCCnJlbGF5LnRlc3SCCWxvY2FsaG9zdDAMBgNVHRMBAf8EAjAAMB0GA1UdDgQWBBSzJV9EkHEGYdBwcPOlvaMREEXr",
    "DTAKBggqhkjOPQQDAgNJADBGAiEA0uFki5RWWf1sxtlEQ2x/bNcZHXg8P8B50euj/UDBm58CIQCL+UBLpZF9WB3YHnSPmBq014zP",
    "FHxBT44q0dR8uga0AA=="
);

/// Its key, which is thereby known to everyone and of use to no one.
const KEY: &str = concat!(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQga0L9+6UxdeZ/zAiFxolUEE8ZeCTk9+8R/L08C4Dv4kqhRANCAAQT",
    "T/kf5lCSBqbbdTvZSX8uYWlkz7y3L0qNXNsA/DAJvGWCc76WctSIpjG53Pw1FXX5H176O0pgWoWASjLZRTUc"
);

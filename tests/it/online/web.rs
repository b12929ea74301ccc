//! Web servers on this machine, whose pages behave as their paths say, and which count who asks them for what.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};
use axum::serve::Listener;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::server::TlsStream;

use crate::project::repository;

/// Running servers; they end with the value.
pub struct Web {
    runtime: Runtime,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    /// `GET www.example.org/path`, in order, with the moment.
    requests: Vec<(String, Instant)>,
    headers: Vec<HeaderMap>,
    inside: BTreeMap<String, usize>,
    most: BTreeMap<String, usize>,
}

impl Web {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime, heard: Arc::default() }
    }

    /// Opens a port in the clear.
    pub fn open(&self) -> u16 {
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = self.app();
        self.runtime.spawn(async move { axum::serve(listener, app).await });
        port
    }

    /// Opens a port under TLS, with a certificate of `tests/fixtures/tls`: for `*.example.org`, made with `openssl ca` of
    /// an authority whose key was thrown away, as that of `unknown.pem`. Their own key is of use to no one.
    pub fn open_with(&self, certificate: &str) -> u16 {
        let folder = repository().join("tests/fixtures/tls");
        let chain = CertificateDer::from_pem_file(folder.join(certificate)).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("site.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let encrypted = Encrypted { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
        let app = self.app();
        self.runtime.spawn(async move { axum::serve(encrypted, app).await });
        port
    }

    /// What was asked for since the last time, in order of the alphabet.
    pub fn requests(&self) -> Vec<String> {
        let mut requests: Vec<_> = self.moments().into_iter().map(|(request, _)| request).collect();
        requests.sort();
        requests
    }

    /// The same, as it came, with the moments.
    pub fn moments(&self) -> Vec<(String, Instant)> {
        std::mem::take(&mut self.heard.lock().unwrap().requests)
    }

    /// The headers of all requests.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.heard.lock().unwrap().headers.clone()
    }

    /// How many requests to one host were under way at once, at most.
    pub fn most_at_once(&self, host: &str) -> usize {
        self.heard.lock().unwrap().most.get(host).copied().unwrap_or_default()
    }

    fn app(&self) -> Router {
        let heard = Arc::clone(&self.heard);
        Router::new().fallback(move |request: Request| {
            let heard = Arc::clone(&heard);
            // The body is not to be waited for.
            let (parts, _) = request.into_parts();
            async move { answer(&parts, &heard).await }
        })
    }
}

async fn answer(request: &Parts, heard: &Mutex<Heard>) -> Response<Body> {
    let host = request.headers["host"].to_str().unwrap().split(':').next().unwrap().to_owned();
    let path = request.uri.path().to_owned();
    let time = {
        let mut heard = heard.lock().unwrap();
        let line = format!("{} {host}{path}", request.method);
        let time = heard.requests.iter().filter(|(known, _)| *known == line).count();
        heard.requests.push((line, Instant::now()));
        heard.headers.push(request.headers.clone());
        let inside = heard.inside.entry(host.clone()).or_default();
        *inside += 1;
        let inside = *inside;
        let most = heard.most.entry(host.clone()).or_default();
        *most = inside.max(*most);
        time
    };
    let response = page(request.method.as_str(), &path, time).await;
    *heard.lock().unwrap().inside.get_mut(&host).unwrap() -= 1;
    response
}

/// The page at a path; `time` counts how often it was asked for before.
async fn page(method: &str, path: &str, time: usize) -> Response<Body> {
    let (status, location) = match path {
        "/gone" => (404, None),
        "/taken-away" => (410, None),
        "/fails" => (500, None),
        "/barred" => (403, None),
        "/moved" => (301, Some("/here")),
        "/moved-twice" => (308, Some("/moved")),
        "/lost" => (301, Some("/")),
        "/detour" => (302, Some("/here")),
        "/detour-to-moved" => (307, Some("/moved")),
        "/to-gone" => (302, Some("/gone")),
        "/loop" => (302, Some("/loop")),
        "/nowhere" => (302, None),
        "/no-head" if method == "HEAD" => (405, None),
        "/busy" if time == 0 => (429, None),
        "/always-busy" => (429, None),
        _ => (200, None),
    };
    if path.starts_with("/slow") {
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    let mut response = Response::builder().status(status);
    if let Some(location) = location {
        response = response.header("location", location);
    }
    if status == 429 {
        response = response.header("retry-after", "1");
    }
    let kind = match path {
        "/paper" => "application/pdf",
        "/old" => "text/html; charset=iso-8859-1",
        _ => "text/html",
    };
    response = response.header("content-type", kind);
    if path == "/packed" {
        response = response.header("content-encoding", "br");
    }
    // Nobody may keep it.
    response = response.header("set-cookie", "id=1; Path=/");
    let html = "<!doctype html><title>Page</title><h2 id=\"who\">Who</h2><a name=\"qui-était-là\"></a>";
    let bytes = match path {
        "/old" => html.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
        "/large" => [html.as_bytes(), &vec![b' '; 6 << 20], b"<p id=\"last\">"].concat(),
        _ => html.as_bytes().to_vec(),
    };
    response.body(Body::from(bytes)).unwrap()
}

struct Encrypted {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Encrypted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else { continue };
            // Who does not trust us leaves.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

//! The server: files of the preview that is shown just now, and the stream of events (HTML standard, section 9.2).
//! It answers this machine alone, and GET alone; a page of another name that leads here, as in DNS rebinding, is
//! told from ours by its Host (RFC 9110, sections 7.2 and 15.5.20).

use std::net::TcpListener;
use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tokio::sync::watch;

use super::page::{self, EVENTS_PATH, SCRIPT, SCRIPT_PATH};
use super::stage::Shown;

/// What requests are answered from.
#[derive(Debug, Clone)]
struct Source {
    shown: watch::Receiver<Shown>,
    port: u16,
}

/// Serves what is shown until nobody makes previews any more.
pub(super) async fn serve(listener: TcpListener, shown: watch::Receiver<Shown>) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut made = shown.clone();
    let router = Router::new().fallback(answer).with_state(Source { shown, port });
    tokio::select! {
        served = axum::serve(listener, router) => served,
        // An error says that the other end is gone.
        () = async { while made.changed().await.is_ok() {} } => Ok(()),
    }
}

async fn answer(State(mut source): State<Source>, request: Request) -> Response {
    if !is_ours(request.headers(), source.port) {
        return plain(StatusCode::MISDIRECTED_REQUEST, "This preview is for the machine that it runs on.\n");
    }
    if request.method() != Method::GET {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "A preview can only be looked at.\n");
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        return refused;
    }
    match request.uri().path() {
        EVENTS_PATH => {
            let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
            let named = request.uri().query().and_then(|query| query.strip_prefix("at="));
            next_event(&mut source.shown, last.or(named).unwrap_or_default()).await
        }
        SCRIPT_PATH => whole(StatusCode::OK, page::content_type(SCRIPT_PATH), SCRIPT),
        path => {
            // A frame belongs to the page around it, which has the script already.
            let framed = request.headers().get("sec-fetch-dest").is_some_and(|dest| dest != "document");
            let Some(path) = file(path) else { return missing() };
            file_of(&mut source.shown, path, framed).await
        }
    }
}

/// Waits for what `last` has not been told. Each answer is one event and ends with it: whoever listens comes back
/// with its id, and so misses none.
async fn next_event(shown: &mut watch::Receiver<Shown>, last: &str) -> Response {
    let Ok(shown) = shown.wait_for(|shown| shown.is_told() && shown.id != last).await.map(|shown| shown.clone()) else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "The preview has ended.\n");
    };
    match shown.event.in_stream(&shown.id) {
        Ok(text) => whole(StatusCode::OK, "text/event-stream", text),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

async fn file_of(shown: &mut watch::Receiver<Shown>, path: String, framed: bool) -> Response {
    let Ok(shown) = shown.wait_for(Shown::is_told).await.map(|shown| shown.clone()) else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "The preview has ended.\n");
    };
    let kind = page::content_type(&path);
    let is_page = kind.starts_with("text/html") && !framed;
    let is_mail = path.starts_with("editions/");
    let Some(stage) = shown.stage else {
        return match path.as_str() {
            "index.html" => whole(StatusCode::OK, kind, page::with_script(page::EMPTY, &shown.page)),
            _ => missing(),
        };
    };
    // The stage is held until the file is read, so that it stays.
    let read = tokio::task::spawn_blocking(move || std::fs::read(stage.folder().join(PathBuf::from(path)))).await;
    let Ok(Ok(content)) = read else { return missing() };
    let mut answer = match String::from_utf8(content) {
        Ok(text) if is_page => whole(StatusCode::OK, kind, page::with_script(&text, &shown.page)),
        Ok(text) => whole(StatusCode::OK, kind, text),
        Err(error) => whole(StatusCode::OK, kind, error.into_bytes()),
    };
    if is_mail && is_page {
        // A mail runs no script; the one that was put in does.
        let rules =
            HeaderValue::from_static("script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'");
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, rules);
    }
    answer
}

impl Shown {
    fn is_told(&self) -> bool {
        self.event != super::event::Event::Nothing
    }
}

/// Whether the request names this server as a browser of this machine does.
fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some((name, named)) = host.to_str().ok().and_then(|host| host.rsplit_once(':')) else { return false };
    let name = name.to_ascii_lowercase();
    named.parse() == Ok(port) && ["localhost", "127.0.0.1", "[::1]"].contains(&name.as_str())
}

/// The file that a path names, from the preview's folder on; none where it leads out of it.
fn file(path: &str) -> Option<String> {
    let path = decoded(path.strip_prefix('/')?)?;
    if path.is_empty() {
        return Some("index.html".to_owned());
    }
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0']);
    path.split('/').all(is_plain).then_some(path)
}

fn decoded(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2).filter(|digits| !digits.starts_with('+'))?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

fn missing() -> Response {
    plain(StatusCode::NOT_FOUND, "There is no such file in this preview.\n")
}

fn plain(status: StatusCode, text: impl Into<Body>) -> Response {
    whole(status, "text/plain; charset=utf-8", text)
}

fn whole(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    if !kind.starts_with("image/") {
        // A frame without an origin of its own may show its images; nobody else takes anything in.
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(hosts: &[&'static str]) -> HeaderMap {
        hosts.iter().map(|host| (header::HOST, HeaderValue::from_static(host))).collect()
    }

    #[test]
    fn only_the_names_of_this_machine_with_the_port_of_this_server_are_ours() {
        for host in ["localhost:8025", "LocalHost:8025", "127.0.0.1:8025", "[::1]:8025"] {
            assert!(is_ours(&hosts(&[host]), 8025), "{host}");
        }
        for other in [
            &["example.org:8025"][..],
            &["localhost"],
            &["localhost:8026"],
            &["localhost.example.org:8025"],
            &["127.0.0.1.example.org:8025"],
            &["0.0.0.0:8025"],
            &[":8025"],
            &[""],
            &[],
            &["localhost:8025", "example.org:8025"],
        ] {
            assert!(!is_ours(&hosts(other), 8025), "{other:?}");
        }
    }

    #[test]
    fn a_path_leads_to_a_file_of_the_preview_or_nowhere() {
        for (path, expected) in [
            ("/", "index.html"),
            ("/editions/en-1.html", "editions/en-1.html"),
            ("/editions/images/a%20b.png", "editions/images/a b.png"),
            ("/%C3%A9.html", "é.html"),
        ] {
            assert_eq!(file(path).as_deref(), Some(expected), "{path}");
        }
        for path in [
            "",
            "x",
            "//etc/passwd",
            "/../secret.key",
            "/editions/../../secret.key",
            "/%2e%2e/secret.key",
            "/..%2fsecret.key",
            "/%2fetc/passwd",
            "/a%5c..%5cb",
            "/c:/x",
            "/a//b",
            "/.git/config",
            "/a%00b",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/%ff",
        ] {
            assert_eq!(file(path), None, "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_leads_out_of_the_folder(path in "(/|\\.|%2e|%2f|%5c|\\\\|a|é|%c3%a9|%){0,12}") {
            if let Some(file) = file(&path) {
                let path = std::path::Path::new(&file);
                proptest::prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))), "{file}");
            }
        }
    }
}

//! A visit: an address in, what became of it out (RFC 9110).
//!
//! HEAD asks first, and GET where it got no good answer, since some servers know nothing of HEAD; where parts of
//! the page are looked for, GET at once. Redirects are followed here and not by the library, so that each hop waits
//! at its own host's gate, and a page that has moved for good can be told from one that only leads on. No cookie is
//! kept, no address of the issue is told as a referrer, and nothing in a request differs from one run to the next.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use tokio_rustls::rustls::ClientConfig;

use super::anchors::anchors;
use super::fault::{NoHost, end_of};
use super::gates::Gates;
use crate::check::online::names::Names;

const PATIENCE: Patience = Patience { connect: Duration::from_secs(10), whole: Duration::from_secs(20) };
/// Redirects that are followed, as browsers have it.
const MOST_HOPS: usize = 20;
/// Octets of a page that are read in search of its parts.
const LARGEST: usize = 5 << 20;
/// A server that wants more rest than this is not asked again.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Who asks for pages.
pub(in crate::check::online) struct Visitor {
    client: Client,
    gates: Gates,
}

/// How long is waited.
#[derive(Debug, Clone, Copy)]
struct Patience {
    connect: Duration,
    /// For a request with its answer.
    whole: Duration,
}

/// What became of a visit.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) end: End,
    /// Where the page has moved for good, as far as that was said.
    pub(super) moved: Option<Url>,
    /// The parts that the page has; none where nobody looked, or they can't be told.
    pub(super) anchors: Option<BTreeSet<String>>,
}

/// How a visit ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Opened,
    /// 404 or 410.
    Gone(u16),
    NoHost,
    /// Nobody listens at the port.
    Refused,
    /// Nothing was heard within the time.
    TimedOut,
    /// It may be well later; with what happened.
    Failing(String),
    /// It can't be told for programs.
    Barred(u16),
    /// With what is wrong about it: "has run out".
    Certificate(String),
    Endless,
}

impl Visitor {
    /// Who calls itself `agent`, and trusts whom `tls` trusts.
    pub(in crate::check::online) fn new(names: Names, tls: ClientConfig, agent: &str) -> reqwest::Result<Self> {
        Self::with_patience(names, tls, agent, PATIENCE)
    }

    fn with_patience(names: Names, tls: ClientConfig, agent: &str, patience: Patience) -> reqwest::Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Hosts(names))
            .user_agent(agent)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(patience.connect)
            .timeout(patience.whole)
            .build()?;
        Ok(Self { client, gates: Gates::default() })
    }

    /// Asks for a page, and for the parts of it where any are looked for.
    pub(super) async fn visit(&self, url: &Url, parts: &BTreeSet<String>) -> Visit {
        let mut visit = Visit { end: End::Endless, moved: None, anchors: None };
        let mut at = url.clone();
        let mut seen = BTreeSet::from([url.clone()]);
        let mut is_for_good = true;
        for _ in 0..MOST_HOPS {
            let response = match self.ask(&at, parts.is_empty()).await {
                Ok(response) => response,
                Err(end) => return Visit { end, ..visit },
            };
            let status = response.status();
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                if status.is_success() && !parts.is_empty() {
                    visit.anchors = read(response).await;
                }
                return Visit { end: end(status), ..visit };
            }
            let target = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(mut target) = target.and_then(|to| at.join(to).ok()) else {
                return Visit { end: End::Failing("it leads on without saying where".to_owned()), ..visit };
            };
            if !matches!(target.scheme(), "http" | "https") {
                return Visit { end: End::Opened, ..visit };
            }
            target.set_fragment(None);
            is_for_good &= matches!(status.as_u16(), 301 | 308);
            if is_for_good {
                visit.moved = Some(target.clone());
            }
            // Nothing that we could say would make the answer another one.
            if !seen.insert(target.clone()) {
                break;
            }
            at = target;
        }
        visit
    }

    /// One hop, with GET where HEAD brings nothing good.
    async fn ask(&self, url: &Url, is_head_enough: bool) -> Result<Response, End> {
        if is_head_enough {
            match self.send(Method::HEAD, url).await {
                Ok(response) if !response.status().is_client_error() && !response.status().is_server_error() => {
                    return Ok(response);
                }
                Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => return Ok(response),
                // Some servers know nothing of it and hang up.
                Ok(_) | Err(End::Failing(_)) => {}
                Err(end) => return Err(end),
            }
        }
        self.send(Method::GET, url).await
    }

    /// One request; a second one where the server wants some rest first.
    async fn send(&self, method: Method, url: &Url) -> Result<Response, End> {
        let gate = self.gates.of(url.host_str().unwrap_or_default()).await;
        let mut has_rested = false;
        loop {
            // Before and after the wait, since many wait at once.
            if gate.is_given_up() {
                return Err(End::TimedOut);
            }
            let leave = self.gates.pass(&gate).await;
            if gate.is_given_up() {
                return Err(End::TimedOut);
            }
            let request = self.client.request(method.clone(), url.clone()).header(ACCEPT, "text/html, */*;q=0.8");
            let response = request.send().await.map_err(|error| {
                // Where nobody comes to the door, many links would each wait for as long.
                if error.is_connect() && error.is_timeout() {
                    gate.give_up();
                }
                end_of(&error)
            })?;
            drop(leave);
            match rest(&response) {
                Some(rest) if !has_rested && rest <= LONGEST_REST => gate.close_for(rest).await,
                _ => return Ok(response),
            }
            has_rested = true;
        }
    }
}

/// How long a server that is asked too often wants to be left alone (RFC 6585 section 4).
fn rest(response: &Response) -> Option<Duration> {
    let is_too_often = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    is_too_often.then(|| Duration::from_secs(seconds))
}

fn end(status: StatusCode) -> End {
    match status.as_u16() {
        404 | 410 => End::Gone(status.as_u16()),
        // Wants a login, takes us for a robot, is asked too often, or is closed in some countries.
        401 | 402 | 403 | 407 | 429 | 451 | 999 => End::Barred(status.as_u16()),
        code @ 400.. => End::Failing(format!("its server answers {code}")),
        _ => End::Opened,
    }
}

/// The parts of an HTML page. None of anything else, and of a page too large, cut off or packed: they can't be told.
async fn read(mut response: Response) -> Option<BTreeSet<String>> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?.trim().to_ascii_lowercase();
    let is_html = kind.starts_with("text/html") || kind.starts_with("application/xhtml+xml");
    // Some servers compress what nobody wanted compressed.
    if !is_html || response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return None;
    }
    let mut page = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        page.extend_from_slice(&chunk);
        if page.len() > LARGEST {
            return None;
        }
    }
    let charset = kind.split("charset=").nth(1).map(|name| name.trim_matches(['"', '\'', ' ', ';']));
    let encoding = charset.and_then(|name| Encoding::for_label(name.as_bytes())).unwrap_or(UTF_8);
    Some(anchors(&encoding.decode(&page).0))
}

/// The names of hosts, as everything else here asks for them.
struct Hosts(Names);

impl Resolve for Hosts {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.0.clone();
        Box::pin(async move {
            let addresses = names.addresses(name.as_str()).await?;
            if addresses.is_empty() {
                return Err(NoHost.into());
            }
            // Port 0 stands for the one of the address.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_a_page_is_there_gone_or_can_not_be_told() {
        let of = |code| end(StatusCode::from_u16(code).unwrap());
        assert_eq!((of(200), of(206)), (End::Opened, End::Opened));
        assert_eq!((of(404), of(410)), (End::Gone(404), End::Gone(410)));
        assert_eq!((of(401), of(999)), (End::Barred(401), End::Barred(999)));
        assert_eq!(of(503), End::Failing("its server answers 503".to_owned()));
    }

    // Other systems turn such a caller away at once.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_host_that_nobody_can_connect_to_is_given_up_after_one_page() {
        // Once its queue is full, the system answers no more calls to this port.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) =
            tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address)).await
        {
            waiting.push(stream.unwrap());
        }
        let names = Names::of_server("127.0.0.1:9".parse().unwrap()).unwrap();
        let tls = crate::dial::native_client().unwrap();
        let patience = Patience { connect: Duration::from_millis(300), whole: Duration::from_secs(20) };
        let visitor = Visitor::with_patience(names, tls, "test", patience).unwrap();
        let start = std::time::Instant::now();
        for page in 0..20 {
            let url = format!("http://{address}/{page}").parse().unwrap();
            assert_eq!(visitor.visit(&url, &BTreeSet::new()).await.end, End::TimedOut);
        }
        // Twenty times the connection's patience would be 6 s.
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        drop(waiting);
    }
}

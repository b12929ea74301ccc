//! lettre as a peer: `lettre pool|nodelay PORT PARTS COUNT [CERTIFICATE]`, over ten connections on one thread.
//!
//! - `pool`: each message made with its builder, and sent through its pool, as its documentation has it.
//! - `nodelay`: the same message made once, filled in for each reader, and sent over connections that are kept
//!   open and have `TCP_NODELAY`: the most that its protocol code allows.
//!
//! PARTS is a folder with `text.txt`, `page.html` and `people.csv`. With CERTIFICATE all goes through STARTTLS.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::net::TcpStream;

use bulletin_throughput::people::{self, Person};
use bulletin_throughput::template::Template;

type Fault = Box<dyn std::error::Error + Send + Sync>;

const CONNECTIONS: u32 = 10;
const SENDER: &str = "Harbour News <news@example.org>";
const RETURN_PATH: &str = "bounces@example.org";

/// What is sent, to whom, and whose turn is next.
struct Work {
    text: String,
    page: String,
    people: Vec<Person>,
    next: AtomicUsize,
}

impl Work {
    fn next(&self) -> Option<&Person> {
        self.people.get(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn message(&self, name: &str, email: &str, leave: &str, fill: impl Fn(&str) -> String) -> Result<Message, Fault> {
        let header = |name, value| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        Ok(Message::builder()
            .from(SENDER.parse()?)
            .to(Mailbox::new(Some(name.to_owned()), email.parse()?))
            .subject("News from the harbour")
            .message_id(None)
            .raw_header(header("List-Unsubscribe", format!("<{leave}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, fill(&self.text))?)
                    .singlepart(part(ContentType::TEXT_HTML, fill(&self.page))?),
            )?)
    }
}

fn part(content_type: ContentType, text: String) -> Result<SinglePart, Fault> {
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable);
    Ok(SinglePart::builder().header(content_type).body(body.map_err(|_| "quoted-printable holds any text")?))
}

fn envelope(person: &Person) -> Result<Envelope, Fault> {
    Ok(Envelope::new(Some(RETURN_PATH.parse()?), vec![person.email.parse()?])?)
}

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, port, parts, count, rest @ ..] = arguments.as_slice() else {
        return Err("usage: lettre pool|nodelay PORT PARTS COUNT [CERTIFICATE]".into());
    };
    let (port, parts) = (port.parse()?, PathBuf::from(parts));
    let tls = rest.first().map(|file| trusting(file)).transpose()?;
    let work = Arc::new(Work {
        text: std::fs::read_to_string(parts.join("text.txt"))?,
        page: std::fs::read_to_string(parts.join("page.html"))?,
        people: people::read(&parts.join("people.csv"), count.parse()?)?,
        next: AtomicUsize::new(0),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        match way.as_str() {
            "pool" => pool(work, port, tls).await,
            "nodelay" => nodelay(work, port, tls).await,
            _ => Err("there are pool and nodelay".into()),
        }
    })
}

async fn pool(work: Arc<Work>, port: u16, tls: Option<TlsParameters>) -> Result<(), Fault> {
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(port)
        .tls(tls.map_or(Tls::None, Tls::Required))
        .pool_config(PoolConfig::new().max_size(CONNECTIONS))
        .build();
    let mut workers = tokio::task::JoinSet::<Result<(), Fault>>::new();
    for _ in 0..CONNECTIONS {
        let (work, transport) = (Arc::clone(&work), transport.clone());
        workers.spawn(async move {
            while let Some(person) = work.next() {
                let message = work.message(&person.name, &person.email, &person.leave, |text| person.fill(text))?;
                transport.send(message).await?;
            }
            Ok(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    transport.shutdown().await;
    Ok(())
}

async fn nodelay(work: Arc<Work>, port: u16, tls: Option<TlsParameters>) -> Result<(), Fault> {
    // A display name and an address that no encoder touches stand where the places of To are.
    let made = work.message("NAME", "address@example.net", "https://leave.example.org/", str::to_owned)?;
    let made = String::from_utf8(made.formatted())?;
    let head = made.replacen("NAME <address@example.net>", "{{email}}", 1);
    let template = Arc::new(Template::cut(head.replacen("https://leave.example.org/", "{{leave}}", 1).as_bytes()));
    let client = ClientId::Domain("peer.example.org".to_owned());
    let mut workers = tokio::task::JoinSet::<Result<(), Fault>>::new();
    for _ in 0..CONNECTIONS {
        let (work, template, client, tls) = (Arc::clone(&work), Arc::clone(&template), client.clone(), tls.clone());
        workers.spawn(async move {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &client).await?;
            if let Some(tls) = tls {
                connection.starttls(tls, &client).await?;
            }
            let mut message = Vec::new();
            while let Some(person) = work.next() {
                template.fill(person, &mut message);
                connection.send(&envelope(person)?, &message).await?;
            }
            connection.quit().await?;
            Ok(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}

fn trusting(file: &str) -> Result<TlsParameters, Fault> {
    let certificate = Certificate::from_pem(&std::fs::read(file)?)?;
    Ok(TlsParameters::builder("localhost".to_owned()).add_root_certificate(certificate).build_rustls()?)
}

//! The kernels that make, sign and read mail.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::path::Path;

use bulletin::bounces::Classifier;
use bulletin::compose::dkim::{Signer, SigningKey};
use bulletin::compose::{Envelope, Kind, OutboundMessage};
use bulletin::domain::{IssueId, Language};
use bulletin::edition::{Edition, EditionKey};
use bulletin::inbox::{self, Source};
use bulletin::issue::Issue;
use bulletin::pipeline::Newsletter;
use bulletin::render::{self, RenderedEdition};
use bulletin::subscribers::Subscriber;
use lettre::message::Body;
use lettre::message::header::ContentTransferEncoding;

use super::Kernel;

/// Signs nothing but benchmarks.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIKGjo6Wnqautr7Gztbe5u72/wcPFx8nLzc/R09XX2dvd\n\
    -----END PRIVATE KEY-----\n";

/// The sample newsletter, one of its issues, and the edition with all of its items in English.
struct Sample {
    newsletter: Newsletter,
    issue: Issue,
    key: EditionKey,
}

impl Sample {
    fn open() -> Self {
        let newsletter = Newsletter::open(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let issue = newsletter.issue(&"2015-11".parse::<IssueId>().unwrap()).unwrap();
        let english: Language = "en".parse().unwrap();
        let items = issue.items().filter(|item| item.only.as_ref().is_none_or(|only| *only == english));
        let key = EditionKey::new(vec![english.clone()], items.map(|item| item.id.clone()).collect());
        Self { newsletter, issue, key }
    }

    fn rendered(&self) -> RenderedEdition {
        let edition = Edition::assemble(&self.issue, &self.key);
        render::render(&edition, &self.newsletter.templates, self.newsletter.setting()).unwrap()
    }
}

/// One reader's message of an edition that is prepared already.
pub fn compose() -> Kernel {
    let sample = Sample::open();
    let rendered = sample.rendered();
    let reader = Subscriber {
        email: "ann@example.net".parse().unwrap(),
        name: Some("Ann Example".to_owned()),
        languages: vec!["en".parse().unwrap()],
        topics: BTreeSet::new(),
        columns: BTreeMap::from([("organisation".to_owned(), "A house".to_owned())]),
        line: 2,
    };
    let date = jiff::Timestamp::from_second(1_768_478_400).unwrap();
    let prepared = sample.newsletter.composer(&sample.issue.id, date, Kind::Issue).prepare(&rendered).unwrap();
    Box::new(move || drop(black_box(prepared.message(black_box(&reader)).unwrap())))
}

/// The HTML part of the same, in quoted-printable.
pub fn encode() -> Kernel {
    let html = Sample::open().rendered().html.fill(|_| "Ann Example".into());
    Box::new(move || {
        let body = Body::new_with_encoding(black_box(html.clone()), ContentTransferEncoding::QuotedPrintable);
        black_box(body.unwrap());
    })
}

/// An Ed25519 signature over 60 kB.
pub fn sign() -> Kernel {
    let now = jiff::Timestamp::from_second(1_768_478_400).unwrap();
    let key = SigningKey::from_pem("example.org", "bench", KEY.as_bytes()).unwrap();
    let signer = Signer::new(vec![key]);
    let message = message();
    Box::new(move || {
        let mut message = message.clone();
        signer.sign(&mut message, now).unwrap();
        black_box(message);
    })
}

fn message() -> OutboundMessage {
    let envelope = Envelope {
        return_path: "bounces@example.org".parse().unwrap(),
        id: "b01".parse().unwrap(),
        recipient: "ann@example.net".parse().unwrap(),
    };
    let fields = "From: News <news@example.org>\r\nTo: Ann <ann@example.net>\r\nSubject: News\r\n\
        Date: Fri, 15 Jan 2026 12:00:00 +0000\r\nMessage-ID: <m01@example.org>\r\n\r\n";
    let line = "A line of the kind that quoted-printable makes, with a few  spaces and =C3=A9.\r\n";
    OutboundMessage { envelope, content: [fields, &line.repeat(60_000 / line.len())].concat().into_bytes().into() }
}

/// An edition, from its items to HTML and plain text.
pub fn edition() -> Kernel {
    let sample = Sample::open();
    Box::new(move || drop(black_box(sample.rendered())))
}

/// The part of that which MJML's own tools do: MJML to HTML.
pub fn mjml() -> Kernel {
    let sample = Sample::open();
    let edition = Edition::assemble(&sample.issue, &sample.key);
    let mjml = render::assembled_mjml(&edition, &sample.newsletter.templates, sample.newsletter.setting()).unwrap();
    Box::new(move || drop(black_box(render::mjml_to_html(black_box(&mjml)).unwrap())))
}

/// The fixtures of returned mail, each once.
pub fn classify() -> Kernel {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bounces");
    let mails: Vec<_> = inbox::open(&Source::Path(folder)).map(|mail| mail.unwrap().bytes).collect();
    let classifier = Classifier::built_in();
    Box::new(move || {
        let reports = mails.iter().map(|mail| classifier.classify(black_box(mail), None).len());
        black_box(reports.sum::<usize>());
    })
}

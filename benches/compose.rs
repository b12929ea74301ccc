//! What a message costs: 60 kB of text and HTML with a reader's values in it, made from a prepared edition, and
//! beside it the plain path, which encodes and copies everything for each reader with lettre. Both in one run,
//! so that their ratio means something on a busy machine. `cargo bench --bench compose`.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use bulletin::compose::dkim::{Algorithm, Signer, SigningKey};
use bulletin::compose::{Composer, Kind};
use bulletin::config::{Images, Links, Newsletter, Sender, WhenEmpty};
use bulletin::domain::field::{Escape, Field, Fields, Merge, in_url};
use bulletin::domain::token::{Purpose, TokenKey};
use bulletin::domain::verp::Separator;
use bulletin::domain::{Digest, EmailAddress, IssueId, Localised, ReturnPath};
use bulletin::edition::EditionKey;
use bulletin::render::RenderedEdition;
use bulletin::subscribers::Subscriber;
use criterion::{Criterion, criterion_group, criterion_main};
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use secrecy::ExposeSecret as _;

/// An edition of 60 kB once it is encoded, with five places.
fn edition() -> RenderedEdition {
    let mut fields = Fields::default();
    let name = fields.marker(Field::Column { alias: "name".into(), default: Some("reader".into()) });
    let leave = fields.marker(Field::UnsubscribeUrl);
    let line = "Une ligne comme on en trouve dans une lettre, avec des mots acc\u{e9}ntu\u{e9}s et 1 < 2.\n";
    let text = format!("Bonjour {name},\n{}{leave}\n", line.repeat(130));
    let rows = "<tr><td style=\"padding:0 24px\" align=\"left\"><p>Un paragraphe, d\u{e9}j\u{e0}.</p></td></tr>\n";
    let html = format!(
        "<html><body><p>Bonjour {name},</p><table>{}</table><a href=\"https://example.org/?n={}\">x</a>\
         <a href=\"{leave}\">x</a></body></html>\n",
        rows.repeat(430),
        in_url(&name)
    );
    RenderedEdition {
        key: EditionKey::new(vec!["fr".parse().unwrap()], Vec::new()),
        subject: Merge::cut("Le bulletin de janvier", &fields, Escape::Plain),
        html: Merge::cut(&html, &fields, Escape::Html),
        text: Merge::cut(&text, &fields, Escape::Plain),
        images: Vec::new(),
        digest: Digest::of("an edition"),
        findings: Vec::new(),
    }
}

fn reader() -> Subscriber {
    Subscriber {
        email: "ann.martin@example.net".parse().unwrap(),
        name: Some("Ann Martin".to_owned()),
        languages: Vec::new(),
        topics: BTreeSet::new(),
        columns: BTreeMap::new(),
        line: 2,
    }
}

fn plain(composer: &Composer<'_>, edition: &RenderedEdition, reader: &Subscriber) -> Vec<u8> {
    let token = |purpose| composer.key.token(purpose, Some(composer.issue), &reader.email);
    let (html, text, subject) = composer.parts(edition, reader).unwrap();
    let sender = composer.sender.get(edition.language());
    let mailbox = |name: &str, address: &EmailAddress| Mailbox::new(Some(name.into()), address.to_lettre());
    let part = |content_type: ContentType, text: String| {
        let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap();
        SinglePart::builder().header(content_type).body(body)
    };
    let message = lettre::Message::builder()
        .from(mailbox(&sender.name, &sender.email))
        .reply_to(mailbox(&sender.name, &sender.reply_to))
        .to(mailbox(reader.name.as_deref().unwrap(), &reader.email))
        .subject(subject)
        .message_id(Some(format!("<{}@example.org>", token(Purpose::MessageId))))
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, text))
                .singlepart(part(ContentType::TEXT_HTML, html)),
        )
        .unwrap();
    black_box(composer.return_path.of(&token(Purpose::Bounce)).unwrap());
    message.formatted()
}

fn composing(criterion: &mut Criterion) {
    let address = |text: &str| text.parse::<EmailAddress>().unwrap();
    let sender: Localised<Sender> = Sender {
        name: "Les nouvelles".into(),
        email: address("news@example.org"),
        reply_to: address("info@example.org"),
        postal_address: "1 Main Street".into(),
        phone: None,
        website: None,
    }
    .into();
    let newsletter = Newsletter {
        name: "Les nouvelles".to_owned().into(),
        id: "news.example.org".into(),
        when_empty: WhenEmpty::default(),
        images: Images::default(),
    };
    let links = Links {
        unsubscribe: address("leave@example.org"),
        bounces: address("bounces@example.org"),
        web: Some("https://news.example.org".into()),
        archive: None,
        help: None,
    };
    let return_path = ReturnPath::with_tokens(address("bounces@example.org"), Separator::Plus).unwrap();
    let (issue, key): (IssueId, _) = ("2026-01".parse().unwrap(), TokenKey::new(b"a secret"));
    let composer = Composer {
        newsletter: &newsletter,
        sender: &sender,
        links: &links,
        return_path: &return_path,
        issue: &issue,
        key: &key,
        date: jiff::Timestamp::from_second(1_768_478_400).unwrap(),
        kind: Kind::Issue,
    };
    let (edition, reader) = (edition(), reader());
    let prepared = composer.prepare(&edition).unwrap();
    let size = prepared.message(&reader).unwrap().content.len();
    assert!((55_000..65_000).contains(&size), "{size} octets");

    criterion.bench_function("plain path", |bencher| bencher.iter(|| plain(&composer, &edition, &reader)));
    criterion.bench_function("from a prepared edition", |bencher| bencher.iter(|| prepared.message(&reader).unwrap()));
    criterion.bench_function("from a prepared edition, octets in a row", |bencher| {
        bencher.iter(|| prepared.message(&reader).unwrap().content.to_vec());
    });
    criterion.bench_function("prepare an edition", |bencher| bencher.iter(|| composer.prepare(&edition).unwrap()));
    let pem = Algorithm::Ed25519.generate().unwrap();
    let key = SigningKey::from_pem("example.org", "e", pem.expose_secret().as_bytes()).unwrap();
    let signer = Signer::new(vec![key]);
    criterion.bench_function("from a prepared edition, signed with ed25519", |bencher| {
        bencher.iter(|| {
            let mut message = prepared.message(&reader).unwrap();
            signer.sign(&mut message, composer.date).unwrap();
            message
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = composing
}
criterion_main!(benches);

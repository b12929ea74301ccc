//! A message in slices is, to the octet, the message that is composed as a whole; and another program reads out
//! of it what was merged.

use aws_lc_rs::digest::{SHA256, digest};
use mail_parser::{MessageParser, PartType};
use proptest::prelude::*;

use super::content::Form;
use super::dkim::is_canonical;
use super::headers::{Personal, message};
use super::leave::Leave;
use super::prepared::envelope;
use super::{Composer, Envelope, Kind, mime, quoted, value_of};
use crate::config::{Images, Links, Newsletter, Sender, WhenEmpty};
use crate::domain::field::{Escape, Field, Fields, Merge, in_url};
use crate::domain::token::{Purpose, TOKEN_LENGTH, TokenKey};
use crate::domain::verp::Separator;
use crate::domain::{Digest, IssueId, Localised, ReturnPath};
use crate::edition::EditionKey;
use crate::render::{EmbeddedImage, RenderedEdition};
use crate::subscribers::Subscriber;

/// What a composer borrows.
#[derive(Debug)]
struct Desk {
    newsletter: Newsletter,
    sender: Localised<Sender>,
    links: Links,
    return_path: ReturnPath,
    issue: IssueId,
    key: TokenKey,
    kind: Kind,
}

impl Desk {
    fn new(unsubscribe: &str, web: Option<&str>, kind: Kind) -> Self {
        let sender = Sender {
            name: "Conseil pour les droits".into(),
            email: "news@example.org".parse().unwrap(),
            reply_to: "info@example.org".parse().unwrap(),
            postal_address: "1 Main Street".into(),
            phone: None,
            website: None,
        };
        let newsletter = Newsletter {
            name: "The News, weekly".to_owned().into(),
            id: "news.example.org".into(),
            when_empty: WhenEmpty::default(),
            images: Images::default(),
        };
        let bounces: crate::domain::EmailAddress = "bounces@example.org".parse().unwrap();
        let links = Links {
            unsubscribe: unsubscribe.parse().unwrap(),
            bounces: bounces.clone(),
            web: web.map(str::to_owned),
            archive: web.map(|web| format!("{web}/archive")),
            help: None,
        };
        Self {
            newsletter,
            sender: sender.into(),
            links,
            return_path: ReturnPath::with_tokens(bounces, Separator::Plus).unwrap(),
            issue: "2026-01".parse().unwrap(),
            key: TokenKey::new(b"a secret for tests alone"),
            kind,
        }
    }

    fn composer(&self) -> Composer<'_> {
        Composer {
            newsletter: &self.newsletter,
            sender: &self.sender,
            links: &self.links,
            return_path: &self.return_path,
            issue: &self.issue,
            key: &self.key,
            date: jiff::Timestamp::from_second(1_768_478_400).unwrap(),
            kind: self.kind,
        }
    }
}

/// The plain path: everything of one message is composed for its reader, with tokens made one by one.
fn plain(composer: &Composer<'_>, edition: &RenderedEdition, reader: &Subscriber) -> (Envelope, Vec<u8>) {
    let token = |purpose, issue| composer.key.token(purpose, issue, &reader.email);
    let leave = Leave::new(composer.links).unwrap();
    let unsubscribe = token(Purpose::Unsubscribe, None);
    let url = leave.url(&unsubscribe);
    let encoded = |part: &Merge| {
        quoted::part(part, |field, escape, column, out| {
            quoted::value(&escape.escape(&value_of(field, reader, &url)), column, out);
        })
    };
    let personal = Personal {
        name: reader.name.as_deref(),
        address: &reader.email,
        subject: &edition.subject.fill(|field| value_of(field, reader, &url)),
        message: &token(Purpose::MessageId, Some(composer.issue)),
        unsubscribe: &unsubscribe,
    };
    let octets = message(composer, edition, &leave, &personal)
        .multipart(mime::body(edition, encoded(&edition.text), encoded(&edition.html)))
        .unwrap()
        .formatted();
    let bounce = token(Purpose::Bounce, Some(composer.issue));
    (envelope(composer.return_path, &bounce, reader).unwrap(), octets)
}

fn edition(subject: &str, text: &str, html: &str, fields: &Fields, image: Option<&str>) -> RenderedEdition {
    let images = image.map(|name| EmbeddedImage {
        content_id: "logo@example.org".into(),
        file_name: name.into(),
        content_type: "image/png",
        bytes: digest(&SHA256, name.as_bytes()).as_ref().repeat(5),
    });
    RenderedEdition {
        key: EditionKey::new(vec!["fr".parse().unwrap(), "en".parse().unwrap()], Vec::new()),
        subject: Merge::cut(subject, fields, Escape::Plain),
        html: Merge::cut(html, fields, Escape::Html),
        text: Merge::cut(text, fields, Escape::Plain),
        images: images.into_iter().collect(),
        digest: Digest::of("an edition"),
        findings: Vec::new(),
    }
}

/// All that can be merged.
fn fields() -> (Fields, Vec<String>) {
    let mut fields = Fields::default();
    let column =
        |alias: &str, default: Option<&str>| Field::Column { alias: alias.into(), default: default.map(str::to_owned) };
    let all = [column("name", Some("ami·e")), column("place", None), column("email", None), Field::Address];
    let markers: Vec<_> = all.into_iter().chain([Field::UnsubscribeUrl]).map(|field| fields.marker(field)).collect();
    let urls: Vec<_> = markers.iter().map(|marker| in_url(marker)).collect();
    (fields, [markers, urls].concat())
}

fn reader(name: Option<String>, place: Option<String>, email: &str) -> Subscriber {
    Subscriber {
        email: email.parse().unwrap(),
        name,
        languages: Vec::new(),
        topics: std::collections::BTreeSet::new(),
        columns: place.into_iter().map(|place| ("place".to_owned(), place)).collect(),
        line: 2,
    }
}

/// A part with places anywhere, and with everything between them that an encoding can stumble over.
fn part(line_ends: &'static [&'static str]) -> impl Strategy<Value = String> {
    let place = prop::sample::select(fields().1);
    let word = "[a-z]{1,12}|[.=é \u{2019}]{1,3}|\\PC{0,8}|[a-z.]{60,90}".prop_map(|word| word);
    let line_end = prop::sample::select(line_ends).prop_map(str::to_owned);
    let space = prop::sample::select(vec![" ", "  ", " .", "\t"]).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![2 => place, 3 => word, 1 => line_end, 2 => space], 0..40)
        .prop_map(|pieces| pieces.concat())
}

fn cell() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![
        "[A-Z][a-z]{1,10}( [A-Z][a-z]{1,10}){0,2}",
        "[ .=\r\n\ta-c\"\\\\]{0,12}",
        any::<String>(),
        "\\PC{60,200}",
        "[A-Za-z.]{70,90}",
    ])
}

fn desk() -> impl Strategy<Value = Desk> {
    let unsubscribe = prop::sample::select(vec!["leave@example.org", "Leave@Bücher.example", "sortíe@example.org"]);
    let web = prop::option::of(prop::sample::select(vec!["https://example.org", "https://b\u{fc}cher.example/a"]));
    (unsubscribe, web, prop::sample::select(vec![Kind::Issue, Kind::Test]))
        .prop_map(|(unsubscribe, web, kind)| Desk::new(unsubscribe, web, kind))
}

fn addresses() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "ann@example.net",
        "zo\u{e9}@example.com",
        "\"a b\"@example.org",
        "someone.with.a.rather.long.address.of.sixty.letters.and.more@department.of.long.names.example.org",
    ])
}

proptest! {
    #[test]
    fn a_message_in_slices_is_the_one_that_is_composed_as_a_whole(
        (subject, text, html) in (part(&[" "]), part(&["\n", "\r\n", "\n\n"]), part(&["\n", "\r\n", "\r"])),
        (name, place, email) in (cell(), cell(), addresses()),
        image in prop::option::of(prop::sample::select(vec!["logo.png", "a  wide logo.png", "l\u{f3}go.png"])),
        desk in desk(),
    ) {
        let edition = edition(&subject, &text, &html, &fields().0, image);
        let reader = reader(name, place, email);
        let composer = desk.composer();
        let made = composer.prepare(&edition).unwrap().message(&reader).unwrap();
        let (envelope, octets) = plain(&composer, &edition, &reader);
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        prop_assert_eq!(text(&made.content.to_vec()), text(&octets));
        prop_assert_eq!(&made.envelope, &envelope);
        prop_assert_eq!(made.content.len(), octets.len());

        // Where it is said that nothing is to be stuffed or made canonical, so it is.
        let body: Vec<u8> = made.content.body().flatten().copied().collect();
        prop_assert_eq!([made.content.head(), body.clone()].concat(), octets.clone());
        prop_assert!(made.content.head().ends_with(b"\r\n\r\n"));
        if image.is_none_or(|name| !name.contains("  ")) {
            prop_assert_eq!(made.content.form(), Form::Settled);
        }
        if made.content.form() == Form::Settled {
            prop_assert!(is_canonical(&body));
            prop_assert!(memchr::memmem::find(&octets, b"\n.").is_none());
        }
        let stuffed: Vec<u8> = made.content.stuffed().flatten().copied().collect();
        prop_assert_eq!(stuffed, [octets.as_slice(), b".\r\n"].concat());
        for line in body.split(|octet| *octet == b'\n').filter(|line| !line.starts_with(b"--=_")) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            prop_assert!(line.len() <= 76 && line.is_ascii(), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn another_program_reads_what_was_merged(
        (text, html) in (part(&["\n", "\r\n"]), part(&["\n", "\r\n"])), (name, place) in (cell(), cell()),
    ) {
        let edition = edition("News", &text, &html, &fields().0, None);
        let desk = Desk::new("leave@example.org", Some("https://example.org"), Kind::Issue);
        let reader = reader(name, place, "ann@example.net");
        let octets = desk.composer().compose(&edition, &reader).unwrap().content.to_vec();
        let (html, text, _) = desk.composer().parts(&edition, &reader).unwrap();
        let parsed = MessageParser::default().parse(&octets).unwrap();
        let read = |part: u32| match &parsed.parts[part as usize].body {
            PartType::Text(text) | PartType::Html(text) => text.replace("\r\n", "\n"),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(read(parsed.text_body[0]), text.replace("\r\n", "\n"));
        prop_assert_eq!(read(parsed.html_body[0]), html.replace("\r\n", "\n"));
    }
}

#[test]
fn a_link_to_leave_is_the_readers_own_wherever_its_lines_break() {
    let desk = Desk::new("leave@example.org", Some("https://example.org"), Kind::Issue);
    let (composer, reader) = (desk.composer(), reader(None, None, "ann@example.net"));
    let mut fields = Fields::default();
    let marker = fields.marker(Field::UnsubscribeUrl);
    let mut parted = 0;
    for column in 0..80 {
        let html = format!("{}<a href=\"{marker}\">{}</a>\n", "x".repeat(column), in_url(&marker));
        let edition = edition("News", &marker, &html, &fields, None);
        let made = composer.prepare(&edition).unwrap().message(&reader).unwrap().content.to_vec();
        let (_, octets) = plain(&composer, &edition, &reader);
        assert_eq!(String::from_utf8_lossy(&made), String::from_utf8_lossy(&octets), "{column}");
        let token = composer.key.token(Purpose::Unsubscribe, None, &reader.email);
        let whole = memchr::memmem::find_iter(&made, token.as_bytes()).count();
        // Two in the headers, one in the text, two in the HTML.
        parted += 5 - whole;
    }
    assert_eq!(parted, TOKEN_LENGTH - 1, "once between each two of its letters");
}

#[test]
fn a_value_never_makes_a_line_too_long_and_never_begins_one_with_a_dot() {
    let mut out = Vec::new();
    let long = format!("{}.{}", "x".repeat(5), "\u{e9}".repeat(40));
    for (column, value) in [(0, ".hidden"), (75, ".hidden"), (70, long.as_str()), (10, ""), (10, " a  b ")] {
        out.clear();
        out.resize(column, b'-');
        quoted::value(value, column, &mut out);
        let encoded = String::from_utf8(out.clone()).unwrap();
        assert!(encoded.ends_with("=\r\n"), "{encoded}");
        assert!(encoded.lines().all(|line| line.len() <= 76 && !line.starts_with('.')), "{encoded}");
    }
    assert_eq!(out, b"----------=20a =20b =\r\n");
}

#[test]
fn readers_of_one_edition_share_all_that_is_not_their_own() {
    let (fields, markers) = fields();
    let text = format!("Dear {},\n{}", markers[0], "the same for everyone\n".repeat(100));
    let edition = edition("News", &text, "<p>the same</p>", &fields, Some("logo.png"));
    let desk = Desk::new("leave@example.org", None, Kind::Issue);
    let prepared = desk.composer().prepare(&edition).unwrap();
    let messages: Vec<_> = ["Ann", "Bob"]
        .map(|name| prepared.message(&reader(Some(name.into()), None, "ann@example.net")).unwrap())
        .into();
    let longest = |at: usize| messages[at].content.slices().max_by_key(|slice| slice.len()).unwrap();
    assert!(longest(0).len() > 2000);
    assert!(std::ptr::eq(longest(0), longest(1)), "it is the same memory");
}

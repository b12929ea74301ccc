//! A mail opened: its header, and those of its own parts that a report can be made of (RFC 2045, 2046, 6522).
//!
//! mail-parser reads content types, transfer encodings and HTML; the parts are found here, since an enclosed
//! mail must stay closed: what it says is not said by the one who wrote to us. So nothing nests deeper
//! than [`DEEPEST`], whatever comes in.

use std::borrow::Cow;

use encoding_rs::Encoding;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{MessageParser, MimeHeaders};

use super::header::{Fields, cut};

/// How much of a mail is looked at: the report stands before the original that it encloses.
const MOST: usize = 1024 * 1024;
const DEEPEST: usize = 6;
const MOST_PARTS: usize = 60;
/// How much of a part is decoded.
const LONGEST_PART: usize = 256 * 1024;

/// A mail's own parts, in order.
#[derive(Debug, Default)]
pub(super) struct Opened<'a> {
    pub(super) header: Fields<'a>,
    /// The top-level content type in lower case: `multipart/report`; `text/plain` where there is none.
    pub(super) content_type: String,
    /// What people read, without that which is also there in a plainer form.
    pub(super) texts: Vec<Cow<'a, str>>,
    /// message/delivery-status and its international form.
    pub(super) statuses: Vec<Cow<'a, str>>,
    /// message/feedback-report.
    pub(super) feedback: Option<Cow<'a, str>>,
    /// message/disposition-notification.
    pub(super) disposition: bool,
    /// The enclosed mail, or its header, first to last.
    pub(super) originals: Vec<Cow<'a, str>>,
}

/// The text with every line ended by LF. What is not UTF-8 stays readable as far as it is ASCII.
pub(super) fn normalised(mail: &[u8]) -> Cow<'_, [u8]> {
    let mail = &mail[..mail.len().min(MOST)];
    if memchr::memchr(b'\r', mail).is_none() {
        return Cow::Borrowed(mail);
    }
    let mut text = Vec::with_capacity(mail.len());
    let mut rest = mail;
    while let Some(at) = memchr::memchr(b'\r', rest) {
        text.extend_from_slice(&rest[..at]);
        text.push(b'\n');
        rest = &rest[at + 1..];
        while rest.first() == Some(&b'\r') && rest.get(1) == Some(&b'\n') {
            rest = &rest[1..];
        }
        if rest.first() == Some(&b'\n') {
            rest = &rest[1..];
        }
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}

/// Opens a mail whose lines end in LF.
pub(super) fn open(text: &str) -> Opened<'_> {
    let (header, body) = Fields::split(text);
    let kind = Type::of(&header);
    let mut opened = Opened { content_type: kind.name.clone(), ..Opened::default() };
    let mut walk = Walk { opened: &mut opened, parts: 0 };
    walk.part(&header, &kind, body, 0);
    opened.header = header;
    opened
}

struct Walk<'a, 'w> {
    opened: &'w mut Opened<'a>,
    parts: usize,
}

impl<'a> Walk<'a, '_> {
    fn part(&mut self, header: &Fields<'a>, kind: &Type, body: &'a str, depth: usize) {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return;
        }
        match kind.name.as_str() {
            "message/rfc822"
            | "message/global"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global-headers"
            | "text/rfc822"
            | "message/partial" => {
                let enclosed = Self::decoded(header, kind, body);
                self.opened.originals.push(enclosed);
            }
            "message/delivery-status" | "message/global-delivery-status" | "text/delivery-status" => {
                let status = Self::decoded(header, kind, body);
                self.opened.statuses.push(status);
            }
            "message/feedback-report" => self.opened.feedback = Some(Self::decoded(header, kind, body)),
            "message/disposition-notification" => self.opened.disposition = true,
            name if name.starts_with("multipart/") => match kind.attribute("boundary").filter(|_| depth < DEEPEST) {
                Some(boundary) => self.multipart(name == "multipart/alternative", &boundary, body, depth),
                None => self.opened.texts.push(Cow::Borrowed(cut(body, LONGEST_PART))),
            },
            name if name.starts_with("text/") && attached(header) && !self.opened.texts.is_empty() => {}
            "text/html" => {
                let html = Self::decoded(header, kind, body);
                self.opened.texts.push(Cow::Owned(html_to_text(&html)));
            }
            name if name.starts_with("text/") || name.starts_with("message/") || name.is_empty() => {
                let text = Self::decoded(header, kind, body);
                self.opened.texts.push(text);
            }
            _ => {}
        }
    }

    fn multipart(&mut self, alternatives: bool, boundary: &str, body: &'a str, depth: usize) {
        let mut parts = Vec::new();
        let mut begun: Option<usize> = None;
        let mut at = 0;
        while at < body.len() && parts.len() < MOST_PARTS {
            let end = memchr::memchr(b'\n', &body.as_bytes()[at..]).map_or(body.len(), |end| at + end + 1);
            let line = &body[at..end];
            // Some indent the boundary with the rest of what they write.
            if let Some(rest) =
                line.trim_start_matches(' ').strip_prefix("--").and_then(|line| line.strip_prefix(boundary))
            {
                let closes = rest.starts_with("--");
                if closes || rest.trim().is_empty() {
                    if let Some(begun) = begun {
                        parts.push(&body[begun..at]);
                    }
                    begun = Some(end);
                    if closes {
                        begun = None;
                        break;
                    }
                }
            }
            at = end;
        }
        if let Some(begun) = begun {
            parts.push(&body[begun..]);
        }
        if parts.is_empty() {
            // The boundary never comes: all is one text, as a person would see it.
            self.opened.texts.push(Cow::Borrowed(cut(body, LONGEST_PART)));
            return;
        }
        let before = self.opened.texts.len();
        for part in parts {
            // Of several forms of one text the first is the plainest.
            if alternatives && self.opened.texts.len() > before {
                return;
            }
            let (header, body) = Fields::split(part);
            let kind = Type::of(&header);
            self.part(&header, &kind, body, depth + 1);
        }
    }

    /// The bytes of a part, without their transfer encoding and in the character set that they are in.
    fn decoded(header: &Fields<'a>, kind: &Type, body: &'a str) -> Cow<'a, str> {
        let body = cut(body, LONGEST_PART);
        let encoding = header.get("Content-Transfer-Encoding").unwrap_or_default().trim().to_ascii_lowercase();
        let bytes = match encoding.as_str() {
            "base64" => base64_decode(body.trim_end().as_bytes()),
            "quoted-printable" => quoted_printable_decode(body.as_bytes()),
            _ => None,
        };
        let charset = kind.attribute("charset").and_then(|label| Encoding::for_label(label.as_bytes()));
        match bytes {
            // Base64 hides the ends of its lines from those who mend them.
            Some(bytes) => Cow::Owned(in_charset(&normalised(&bytes), charset).into_owned()),
            // ISO-2022-JP is seven-bit and shows by its escapes; of other sets the ASCII is left.
            None if body.contains("\u{1b}$") => in_charset(body.as_bytes(), None),
            None => Cow::Borrowed(body),
        }
    }
}

/// Whether a part is a file that somebody put to what they wrote.
fn attached(header: &Fields) -> bool {
    header
        .get("Content-Disposition")
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("attachment"))
}

fn in_charset<'a>(bytes: &'a [u8], charset: Option<&'static Encoding>) -> Cow<'a, str> {
    let is_japanese = memchr::memmem::find(bytes, b"\x1b$").is_some();
    let charset = if is_japanese { encoding_rs::ISO_2022_JP } else { charset.unwrap_or(encoding_rs::UTF_8) };
    charset.decode_without_bom_handling(bytes).0
}

/// A content type with the parameters that matter.
struct Type {
    name: String,
    attributes: Vec<(&'static str, String)>,
}

impl Type {
    fn of(header: &Fields) -> Self {
        let plain = Self { name: "text/plain".to_owned(), attributes: Vec::new() };
        let Some(value) = header.get("Content-Type") else { return plain };
        let field = format!("Content-Type: {value}\n\n");
        let message = MessageParser::new().with_mime_headers().parse_headers(field.as_bytes());
        let Some(kind) = message.as_ref().and_then(|message| message.content_type()) else { return plain };
        let name = match kind.subtype() {
            Some(subtype) => format!("{}/{}", kind.ctype(), subtype).to_ascii_lowercase(),
            None => kind.ctype().to_ascii_lowercase(),
        };
        let attributes = ["boundary", "charset"]
            .into_iter()
            .filter_map(|name| Some((name, kind.attribute(name)?.trim().to_owned())))
            .filter(|(_, value)| !value.is_empty());
        Self { name, attributes: attributes.collect() }
    }

    fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
}

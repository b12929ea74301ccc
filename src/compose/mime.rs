//! The body: multipart/alternative of plain text and HTML, the HTML with its images in a
//! multipart/related (RFC 2046, RFC 2387, RFC 2392). Everything is 7-bit.

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, MultiPart, MultiPartKind, SinglePart};

use crate::render::RenderedEdition;

/// The parts of one message; text and HTML come encoded as quoted-printable. Boundaries are derived from the
/// edition; they hold `=_`, which neither quoted-printable nor Base64 can contain (RFC 2045 section 6.7).
pub(super) fn body(edition: &RenderedEdition, text: Vec<u8>, html: Vec<u8>) -> MultiPart {
    let boundary = |name: &str| format!("=_{name}_{}", edition.digest);
    let html = part(ContentType::TEXT_HTML, html);
    let alternative = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(boundary("alternative"))
        .singlepart(part(flowed(), text));
    if edition.images.is_empty() {
        return alternative.singlepart(html);
    }
    let mut related = MultiPart::builder().kind(MultiPartKind::Related).boundary(boundary("related")).singlepart(html);
    for image in &edition.images {
        let attachment = Attachment::new_inline_with_name(image.content_id.clone(), image.file_name.clone());
        if let Ok(content_type) = ContentType::parse(image.content_type) {
            related = related.singlepart(attachment.body(image.bytes.clone(), content_type));
        }
    }
    alternative.multipart(related)
}

/// Plain text whose paragraphs a reader's program may set anew (RFC 3676).
fn flowed() -> ContentType {
    ContentType::parse("text/plain; charset=utf-8; format=flowed").unwrap_or(ContentType::TEXT_PLAIN)
}

fn part(content_type: ContentType, encoded: Vec<u8>) -> SinglePart {
    let body = Body::dangerous_pre_encoded(encoded, ContentTransferEncoding::QuotedPrintable);
    SinglePart::builder().header(content_type).body(body)
}

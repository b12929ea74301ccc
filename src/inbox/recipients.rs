//! To whom a mail was sent: its bytes in, the addresses of its own header out, whatever the server that
//! delivered it calls them. What stands in an enclosed message is not asked.

use mail_parser::MessageParser;

/// Headers that name recipients; the later ones are written by the server at delivery.
const HEADERS: [&str; 8] =
    ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "Apparently-To"];

/// The addresses that a mail was sent to, as they stand there, each once.
///
/// ```
/// use bulletin::inbox::recipients;
/// let mail = b"To: \"Leave\" <leave+a@example.org>, b@example.org\r\nDelivered-To: leave+a@example.org\r\n\r\nTo: c@example.org";
/// assert_eq!(recipients(mail), ["leave+a@example.org", "b@example.org"]);
/// ```
#[must_use]
pub fn recipients(mail: &[u8]) -> Vec<String> {
    header_texts(mail, &HEADERS).iter().flat_map(|text| addresses(text)).fold(Vec::new(), |mut found, address| {
        if !found.contains(&address) {
            found.push(address);
        }
        found
    })
}

/// The address that a mail says it comes from; anyone can write anything there.
#[must_use]
pub fn sender(mail: &[u8]) -> Option<String> {
    header_texts(mail, &["From"]).iter().find_map(|text| addresses(text).next())
}

fn header_texts(mail: &[u8], names: &[&str]) -> Vec<String> {
    let Some(parsed) = MessageParser::new().parse_headers(mail) else { return Vec::new() };
    let wanted = |name: &str| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    let headers = parsed.headers().iter().filter(|header| wanted(header.name()));
    headers
        .filter_map(|header| {
            let raw = mail.get(header.offset_start() as usize..header.offset_end() as usize)?;
            Some(String::from_utf8_lossy(raw).into_owned())
        })
        .collect()
}

/// Whatever has an @ in it, between the marks that part addresses (RFC 5322 section 3.4).
fn addresses(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')'))
        .filter(|word| word.contains('@'))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_header_and_a_bare_line_feed_are_read_alike() {
        let mail = b"From: Ann <ann@example.org>\nTo: \"Long, long\"\n\t<leave+abc@example.org>\n\nx";
        assert_eq!(recipients(mail), ["leave+abc@example.org"]);
        assert_eq!(sender(mail).as_deref(), Some("ann@example.org"));
    }

    #[test]
    fn an_enclosed_message_is_not_asked() {
        let mail = b"To: bounces@example.org\r\nContent-Type: message/rfc822\r\n\r\nTo: leave+abc@example.org\r\n\r\n";
        assert_eq!(recipients(mail), ["bounces@example.org"]);
    }

    #[test]
    fn what_is_no_mail_was_sent_to_nobody() {
        for bytes in [&b""[..], b"\0\xff\xfe", b"To", b"To:"] {
            assert!(recipients(bytes).is_empty());
        }
    }
}

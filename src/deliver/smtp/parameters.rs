//! What MAIL and RCPT say of a message besides its addresses, and whether they can be said at all: an
//! [`OutboundMessage`] and an [`Offer`] in, the commands or an obstacle out.
//!
//! SIZE (RFC 1870), SMTPUTF8 (RFC 6531) and DSN (RFC 3461), each where it is offered. BODY (RFC 6152) is never
//! needed, since bodies are 7-bit.

use std::fmt::{self, Display, Formatter, Write as _};

use super::offer::Offer;
use crate::compose::{Envelope, OutboundMessage};
use crate::domain::outcome::Reply;

/// Why this server would not take the message; known from what it offers, so that nothing needs to be said.
pub(super) fn obstacle(message: &OutboundMessage, offer: &Offer) -> Option<Reply> {
    let refusal = |enhanced: &str, text: String| Reply { code: 0, enhanced: Some(enhanced.to_owned()), text };
    if needs_smtputf8(&message.envelope) && !offer.has("SMTPUTF8") {
        let text = "the relay does not take addresses with letters beyond ASCII before the @ (SMTPUTF8)";
        return Some(refusal("5.6.7", text.to_owned()));
    }
    let (size, limit) = (message.content.len(), offer.size_limit()?);
    (size > limit).then(|| {
        let text = format!("the message has {size} octets, and the relay takes no more than {limit} (SIZE)");
        refusal("5.3.4", text)
    })
}

/// MAIL for a message of so many octets, its line ends counted as CRLF and its dots not stuffed.
pub(super) struct Mail<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) size: usize,
    pub(super) offer: &'a Offer,
}

/// RCPT.
pub(super) struct Rcpt<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) offer: &'a Offer,
}

impl Display for Mail<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { envelope, size, offer } = self;
        write!(f, "MAIL FROM:<{}>", envelope.return_path)?;
        if offer.has("SIZE") {
            write!(f, " SIZE={size}")?;
        }
        if needs_smtputf8(envelope) {
            f.write_str(" SMTPUTF8")?;
        }
        if offer.has("DSN") {
            // A bounce that repeats a whole issue tells no more than one with its headers.
            f.write_str(" RET=HDRS ENVID=")?;
            write_xtext(envelope.id.as_str(), f)?;
        }
        f.write_str("\r\n")
    }
}

impl Display for Rcpt<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let recipient = &self.envelope.recipient;
        write!(f, "RCPT TO:<{recipient}>")?;
        if self.offer.has("DSN") {
            // Without it, many servers also report that they are still trying, which asks nothing of anybody.
            f.write_str(" NOTIFY=FAILURE")?;
            // Comes back in a bounce even where the address was forwarded. Beyond ASCII it would be of another type
            // (RFC 6533 section 3), and the envelope's id tells as much.
            if !recipient.needs_smtputf8() {
                f.write_str(" ORCPT=rfc822;")?;
                write_xtext(recipient.as_str(), f)?;
            }
        }
        f.write_str("\r\n")
    }
}

/// RFC 3461 section 4; what has no place in ASCII does not come here.
fn write_xtext(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    text.bytes().try_for_each(|octet| match octet {
        b'!'..=b'~' if !matches!(octet, b'+' | b'=') => f.write_char(char::from(octet)),
        _ => write!(f, "+{octet:02X}"),
    })
}

fn needs_smtputf8(envelope: &Envelope) -> bool {
    envelope.return_path.needs_smtputf8() || envelope.recipient.needs_smtputf8()
}

#[cfg(test)]
mod tests {
    use super::super::peer::message;
    use super::*;

    fn offer(keywords: &[&str]) -> Offer {
        let lines: Vec<_> = std::iter::once("here").chain(keywords.iter().copied()).collect();
        let last = lines.len() - 1;
        let line = |(at, line): (usize, &&str)| format!("250{}{line}\r\n", if at == last { ' ' } else { '-' });
        Offer::read(&lines.iter().enumerate().map(line).collect::<String>().parse().unwrap())
    }

    fn said(keywords: &[&str], recipient: &str) -> [String; 2] {
        let OutboundMessage { envelope, content } = message(recipient, b"hi\r\n");
        let offer = offer(keywords);
        let (envelope, offer) = (&envelope, &offer);
        [Mail { envelope, size: content.len(), offer }.to_string(), Rcpt { envelope, offer }.to_string()]
    }

    #[test]
    fn what_is_not_offered_is_not_said() {
        let plain = ["MAIL FROM:<news@example.org>\r\n", "RCPT TO:<ann@example.org>\r\n"];
        assert_eq!(said(&[], "ann@example.org"), plain);
        // Offered, and of no use for a 7-bit body and plain addresses.
        assert_eq!(said(&["8BITMIME", "SMTPUTF8", "BINARYMIME", "CHUNKING"], "ann@example.org"), plain);
    }

    #[test]
    fn a_bounce_is_asked_for_that_is_small_and_names_its_message_and_its_reader() {
        assert_eq!(
            said(&["DSN", "SIZE 0"], "ann+news=2@example.org"),
            [
                "MAIL FROM:<news@example.org> SIZE=4 RET=HDRS ENVID=b01\r\n",
                "RCPT TO:<ann+news=2@example.org> NOTIFY=FAILURE ORCPT=rfc822;ann+2Bnews+3D2@example.org\r\n",
            ]
        );
        assert_eq!(
            said(&["DSN", "SMTPUTF8"], "zo\u{e9}@example.org"),
            [
                "MAIL FROM:<news@example.org> SMTPUTF8 RET=HDRS ENVID=b01\r\n",
                "RCPT TO:<zo\u{e9}@example.org> NOTIFY=FAILURE\r\n",
            ]
        );
    }

    #[test]
    fn a_message_over_the_servers_limit_is_an_obstacle_that_names_both_sizes() {
        let message = message("ann@example.org", &[b'x'; 2_000]);
        let limited = |keyword: &str| obstacle(&message, &offer(&[keyword]));
        let reply = limited("SIZE 1999").unwrap();
        assert_eq!(
            reply.to_string(),
            "5.3.4 the message has 2000 octets, and the relay takes no more than 1999 (SIZE)"
        );
        // 0 and nothing mean that there is no limit to speak of (RFC 1870 section 4).
        for keyword in ["SIZE 2000", "SIZE 0", "SIZE", "SIZE many", "PIPELINING"] {
            assert_eq!(limited(keyword), None, "{keyword}");
        }
    }
}

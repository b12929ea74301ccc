//! One message of each edition as the octets that leave: what RFC 5322, MIME and the list headers (RFC 2369,
//! 2919, 8058) ask of it, and with them Gmail, Yahoo and Microsoft. The composer sees to all of it; what slips
//! through is told here, and not by a receiver.

use std::collections::BTreeMap;

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};

/// Octets of a line (RFC 5322 section 2.1.1). The 78 that it recommends are for the eyes of whoever reads the raw
/// mail; no receiver asks for them.
const LINE: usize = 998;

/// Fields that stand in each mail once.
const ONCE: &[&str] =
    &["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe"];
/// Fields that may be left out, but stand once (RFC 5322 section 3.6, RFC 8058 section 3.1).
const AT_MOST_ONCE: &[&str] = &[
    "Reply-To",
    "Sender",
    "Cc",
    "Bcc",
    "In-Reply-To",
    "References",
    "List-Unsubscribe-Post",
    "List-Help",
    "Precedence",
];

/// Every fault of `message`, as a sentence, whose subject and sender's domain are to be these.
pub(super) fn faults(message: &[u8], subject: &str, domain: &str) -> Vec<String> {
    let mut faults = lines(message);
    let head_end = memchr::memmem::find(message, b"\r\n\r\n").map_or(message.len(), |end| end + 2);
    let Ok(head) = std::str::from_utf8(&message[..head_end]) else { return faults };
    let fields = fields(head);
    let count = |name: &str| fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count();
    for name in ONCE {
        match count(name) {
            1 => {}
            0 => faults.push(format!("it has no {name}")),
            many => faults.push(format!("it has {many} fields {name}")),
        }
    }
    let often = AT_MOST_ONCE.iter().filter(|name| count(name) > 1);
    faults.extend(often.map(|name| format!("it has {} fields {name}", count(name))));
    let by_name: BTreeMap<String, &str> =
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str())).collect();
    let get = |name: &str| by_name.get(name).copied();
    faults.extend(
        get("date")
            .filter(|date| jiff::fmt::rfc2822::parse(date).is_err())
            .map(|date| format!("its Date is `{date}`, which is none (RFC 5322 section 3.3)")),
    );
    faults.extend(
        get("message-id")
            .filter(|id| !is_message_id(id))
            .map(|id| format!("its Message-ID is `{id}`, which is none (RFC 5322 section 3.6.4)")),
    );
    faults.extend(
        get("list-id")
            .filter(|id| !is_list_id(id))
            .map(|id| format!("its List-Id is `{id}`, which is none (RFC 2919 section 3)")),
    );
    let precedence = get("precedence").filter(|value| !["bulk", "list"].contains(value));
    faults.extend(precedence.map(|value| format!("its Precedence is `{value}`, which some filters take for junk")));
    faults.extend(get("list-unsubscribe").and_then(|ways| ways_out(ways, get("list-unsubscribe-post"))));
    match MessageParser::default().parse(message) {
        Some(parsed) => {
            faults.extend(sender(&parsed, domain));
            let told = parsed.subject().unwrap_or_default();
            if one_line(told) != one_line(subject) {
                faults.push(format!("its Subject reads `{told}` where it should read `{subject}`"));
            }
            faults.extend(structure(&parsed));
        }
        None => faults.push("it can't be read as a mail".to_owned()),
    }
    faults
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is wrong with lines and octets.
fn lines(message: &[u8]) -> Vec<String> {
    let mut faults = Vec::new();
    let bare = memchr::memchr2_iter(b'\n', b'\r', message).find(|at| match message[*at] {
        b'\n' => *at == 0 || message[at - 1] != b'\r',
        _ => message.get(at + 1) != Some(&b'\n'),
    });
    if bare.is_some() {
        faults.push("it has a line break that is not CRLF (RFC 5322 section 2.2)".to_owned());
    }
    let head_end = memchr::memmem::find(message, b"\r\n\r\n").unwrap_or(message.len());
    let mut start = 0;
    let mut longest = 0;
    for end in memchr::memchr_iter(b'\n', message).chain([message.len()]) {
        let line = message[start..end].strip_suffix(b"\r").unwrap_or(&message[start..end]);
        longest = longest.max(line.len());
        start = end + 1;
    }
    if longest > LINE {
        faults.push(format!("it has a line of {longest} octets, and {LINE} are the most (RFC 5322 section 2.1.1)"));
    }
    if !message.is_ascii() {
        let place = if message[..head_end].is_ascii() { "body" } else { "header" };
        faults.push(format!("its {place} has octets that are not ASCII (RFC 5322 section 2.1)"));
    }
    faults
}

/// Names and values, unfolded.
fn fields(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        match (line.starts_with([' ', '\t']), fields.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => value.push_str(line),
            (false, _, Some((name, value))) => fields.push((name.to_owned(), value.trim().to_owned())),
            _ => {}
        }
    }
    fields
}

fn is_message_id(id: &str) -> bool {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    inner.and_then(|inner| inner.split_once('@')).is_some_and(|(left, right)| {
        let is_fine = |part: &str| !part.is_empty() && !part.contains(['<', '>', ' ', '@']);
        is_fine(left) && is_fine(right)
    })
}

fn is_list_id(id: &str) -> bool {
    let inner = id.rsplit_once('<').and_then(|(_, inner)| inner.strip_suffix('>'));
    inner.is_some_and(|inner| inner.contains('.') && !inner.contains([' ', '<', '>']))
}

/// What is wrong with the ways to leave (RFC 2369 section 3.2, RFC 8058 section 3.1).
fn ways_out(ways: &str, post: Option<&str>) -> Option<String> {
    // Beyond ASCII they are an encoded word, which is told by the composer's own tests.
    if ways.contains("=?") {
        return None;
    }
    let ways: Vec<_> = ways.split(',').map(str::trim).collect();
    let inner = |way: &&str| way.strip_prefix('<').and_then(|way| way.strip_suffix('>')).map(str::to_owned);
    let addresses: Vec<String> = ways.iter().filter_map(inner).collect();
    let of = |scheme: &str| addresses.iter().filter(|way| way.starts_with(scheme)).count();
    let (https, mailto) = (of("https://"), of("mailto:"));
    if addresses.len() != ways.len() || https + mailto != addresses.len() {
        return Some(
            "its List-Unsubscribe has a way that is neither mailto nor https (RFC 2369 section 3.2)".to_owned(),
        );
    }
    match (https, post) {
        (0, None) | (1, Some("List-Unsubscribe=One-Click")) => None,
        (_, Some(post)) if post != "List-Unsubscribe=One-Click" => {
            Some(format!("its List-Unsubscribe-Post is `{post}` (RFC 8058 section 3.1)"))
        }
        (_, None) => Some("its List-Unsubscribe has an https way without List-Unsubscribe-Post (RFC 8058)".to_owned()),
        (_, Some(_)) => {
            Some(format!("its List-Unsubscribe has {https} https ways, and one click needs one (RFC 8058)"))
        }
    }
}

fn sender(message: &Message<'_>, domain: &str) -> Option<String> {
    let from: Vec<_> = message.from().map(|from| from.iter().collect()).unwrap_or_default();
    let [one] = from.as_slice() else {
        return Some(format!("its From names {} addresses, and Gmail takes mail with one only", from.len()));
    };
    let address = one.address().unwrap_or_default();
    let own = address.rsplit('@').next().unwrap_or_default();
    (!own.eq_ignore_ascii_case(domain)).then(|| format!("its From is at {own}, and the sender at {domain}"))
}

/// multipart/alternative of plain text and HTML, with every image that the HTML shows (RFC 2046, RFC 2392).
fn structure(message: &Message<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let is_alternative = message.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("alternative"))
    });
    if !is_alternative {
        faults.push("it is no multipart/alternative (RFC 2046 section 5.1.4)".to_owned());
    }
    let text = message.parts.iter().position(|part| matches!(part.body, PartType::Text(_)));
    let html = message.parts.iter().position(|part| matches!(part.body, PartType::Html(_)));
    match (text, html) {
        (Some(text), Some(html)) if text < html => {}
        (Some(_), Some(_)) => faults.push("its plain text stands behind the HTML".to_owned()),
        (None, _) => faults.push("it has no plain text".to_owned()),
        (_, None) => faults.push("it has no HTML".to_owned()),
    }
    let Some(PartType::Html(html)) = html.map(|at| &message.parts[at].body) else { return faults };
    let ids: Vec<_> = message.parts.iter().filter_map(|part| part.content_id()).collect();
    let shown = html.split("\"cid:").skip(1).filter_map(|rest| rest.split('"').next());
    let lost = shown.filter(|id| !ids.contains(id)).map(|id| format!("it has no part for the image {id}"));
    faults.extend(lost);
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "From: \"News\" <news@example.org>\nTo: <a@example.net>\nSubject: =?utf-8?q?=C3=89t=C3=A9?=\n\
        Date: Thu, 15 Jan 2026 12:00:00 +0000\nMessage-ID: <m1@example.org>\nMIME-Version: 1.0\nList-Id: News <news.example.org>\n\
        List-Unsubscribe: <https://example.org/u/1>, <mailto:leave@example.org>\n\
        List-Unsubscribe-Post: List-Unsubscribe=One-Click\nPrecedence: bulk\n\
        Content-Type: multipart/alternative; boundary=\"x\"\n\n\
        --x\nContent-Type: text/plain\n\nHello\n--x\nContent-Type: text/html\n\n<img src=\"cid:a\"><p>Hello</p>\n--x--\n";

    fn told(message: &str) -> Vec<String> {
        faults(message.replace('\n', "\r\n").as_bytes(), "Été", "example.org")
    }

    fn good() -> String {
        GOOD.replace("<img src=\"cid:a\">", "")
    }

    #[test]
    fn a_mail_as_it_should_be_has_no_fault() {
        assert_eq!(told(&good()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_of_a_mail_is_told() {
        for (from, to, expected) in [
            ("Date: Thu", "Date: Foo", "its Date is"),
            ("Date: Thu, 15 Jan 2026 12:00:00 +0000\n", "", "it has no Date"),
            ("To: <a@example.net>\n", "To: <a@example.net>\nTo: <b@example.net>\n", "it has 2 fields To"),
            ("<m1@example.org>", "m1@example.org", "its Message-ID is"),
            ("News <news.example.org>", "News", "its List-Id is"),
            ("Precedence: bulk", "Precedence: junk", "its Precedence is `junk`"),
            ("<https://example.org/u/1>", "<http://example.org/u/1>", "neither mailto nor https"),
            ("<https://example.org/u/1>, ", "", "0 https ways"),
            ("List-Unsubscribe-Post: List-Unsubscribe=One-Click\n", "", "without List-Unsubscribe-Post"),
            ("List-Unsubscribe=One-Click", "yes", "its List-Unsubscribe-Post is `yes`"),
            ("<news@example.org>", "<news@example.net>", "its From is at example.net"),
            ("<news@example.org>", "<news@example.org>, <b@example.org>", "its From names 2"),
            ("=C3=89t=C3=A9", "=C3=89t", "its Subject reads"),
            ("Precedence", "Reply-To: a@example.org\nReply-To: b@example.org\nPrecedence", "it has 2 fields Reply-To"),
            ("multipart/alternative", "multipart/mixed", "no multipart/alternative"),
            ("text/html", "text/plain", "it has no HTML"),
            ("<p>Hello", "<img src=\"cid:a\"><p>Hello", "no part for the image a"),
            ("Hello\n--x", "Hell\u{f6}\n--x", "its body has octets"),
        ] {
            assert!(good().contains(from), "{from}");
            let found = told(&good().replacen(from, to, 1));
            assert!(found.iter().any(|fault| fault.contains(expected)), "{to}: {found:?}");
        }
        let long = told(&good().replacen("Hello", &"x".repeat(1000), 1));
        assert!(long[0].contains("a line of 1000 octets"), "{long:?}");
        let bare = faults(good().as_bytes(), "Été", "example.org");
        assert!(bare[0].contains("not CRLF"), "{bare:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_octets_stop_it(octets: Vec<u8>, cut in 0_usize..400) {
            faults(&octets, "x", "example.org");
            let message = good().replace('\n', "\r\n");
            faults(&message.as_bytes()[..cut.min(message.len())], "x", "example.org");
        }
    }
}

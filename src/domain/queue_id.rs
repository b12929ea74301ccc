//! The name under which a server queued a message, by which its operator finds it in the logs: the text
//! of the final reply in, the name out. Servers have their own ways to say it; no standard has one.

/// What stands right before a name, in lower case.
const MARKS: &[&str] = &["queued as ", "accepted as ", "queued mail as ", "[internalid=", " id=", "mid=", "queue id "];

/// The name in a final reply's text; none where it has none that we know of.
///
/// ```
/// use bulletin::domain::queue_id::queue_id;
/// assert_eq!(queue_id("Ok: queued as 4Xq2bN3c5Zz9sW2"), Some("4Xq2bN3c5Zz9sW2"));
/// assert_eq!(queue_id("thank you"), None);
/// ```
#[must_use]
pub fn queue_id(text: &str) -> Option<&str> {
    let marked = MARKS.iter().find_map(|mark| word(text.get(behind(text, mark)?..)?));
    marked.or_else(|| by_form(text))
}

/// Where `text` goes on behind `mark`, in whatever case; what begins with a space may stand at its beginning.
fn behind(text: &str, mark: &str) -> Option<usize> {
    let is_mark = |part: &[u8], mark: &str| part.eq_ignore_ascii_case(mark.as_bytes());
    if let Some(bare) = mark.strip_prefix(' ')
        && text.as_bytes().get(..bare.len()).is_some_and(|start| is_mark(start, bare))
    {
        return Some(bare.len());
    }
    let at = text.as_bytes().windows(mark.len()).position(|part| is_mark(part, mark))?;
    Some(at + mark.len())
}

fn by_form(text: &str) -> Option<&str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        // Sendmail, and Gmail.
        [id, "Message", "accepted", "for", "delivery", ..] | [.., id, "-", "gsmtp"] => word(id),
        // qmail, by the time and the process.
        [ok, time, "qp", ..] if is_ok(ok) => word(time),
        // Amazon.
        [ok, id] if is_ok(ok) && id.len() >= 16 => word(id),
        _ => None,
    }
}

fn is_ok(word: &str) -> bool {
    word.eq_ignore_ascii_case("ok")
}

/// Letters, digits and what names are made of besides, at the text's beginning.
fn word(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.@/+".contains(c))).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', '-']);
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_says_it_in_its_own_way() {
        for (text, id) in [
            ("Ok: queued as 4Xq2bN3c5Zz9sW2", Some("4Xq2bN3c5Zz9sW2")),
            ("OK id=1rXyZa-0001Bc-2D", Some("1rXyZa-0001Bc-2D")),
            (
                "<a@example.org> [InternalId=12345678, Hostname=mail.example.org] 1234 bytes Queued mail for delivery",
                Some("12345678"),
            ),
            ("31FA0B2C012345 Message accepted for delivery", Some("31FA0B2C012345")),
            ("OK  1700000000 a1-20020a05.12 - gsmtp", Some("a1-20020a05.12")),
            ("ok 1700000000 qp 4711", Some("1700000000")),
            ("Ok 0100018c7d1e2f3a-1b2c3d4e-000000", Some("0100018c7d1e2f3a-1b2c3d4e-000000")),
            ("accepted as r000001", Some("r000001")),
            ("OK", None),
            ("Message accepted", None),
            ("", None),
            ("queued as ", None),
            ("\u{130}\u{130} queued as A1", Some("A1")),
        ] {
            assert_eq!(queue_id(text), id, "{text}");
        }
    }
}

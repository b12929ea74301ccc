//! A server's reply as the ledger keeps it: lettre's [`Response`] in, a [`Reply`] out.

use lettre::transport::smtp::response::Response;

use crate::dial::printable;
use crate::domain::outcome::Reply;

/// The lines joined, the enhanced code (RFC 3463) taken out of each of them (RFC 2034 section 4), and
/// nothing left in them that a terminal would obey.
pub(super) fn reply(response: &Response) -> Reply {
    let code = u16::from(response.code());
    let enhanced = response.first_word().map(bare).filter(|word| is_enhanced(word, code)).map(str::to_owned);
    let lines = response.message().map(|line| match (line.trim_start().split_once(' '), &enhanced) {
        (Some((word, rest)), Some(enhanced)) if bare(word) == enhanced => rest.trim(),
        (None, Some(enhanced)) if bare(line.trim()) == enhanced => "",
        _ => line.trim(),
    });
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    Reply { code, enhanced, text: printable(&lines.join(" ")) }
}

/// Some appliances write `#5.1.0`.
fn bare(word: &str) -> &str {
    word.strip_prefix('#').unwrap_or(word)
}

/// `class.subject.detail`, where the class is the reply code's first digit (RFC 2034 section 4).
fn is_enhanced(word: &str, code: u16) -> bool {
    let mut parts = word.split('.');
    let class = parts.next().and_then(|class| class.parse::<u16>().ok());
    let mut number = || parts.next().is_some_and(|part| (1..=3).contains(&part.len()) && is_number(part));
    matches!(code / 100, 2 | 4 | 5) && class == Some(code / 100) && number() && number() && parts.next().is_none()
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reply {
        reply(&text.parse().unwrap())
    }

    #[test]
    fn the_enhanced_code_is_taken_out_of_each_line() {
        let expected = Reply { code: 550, enhanced: Some("5.7.25".into()), text: "no PTR record for you".into() };
        assert_eq!(read("550-5.7.25 no PTR\r\n550-5.7.25\r\n550 5.7.25 record for you\r\n"), expected);
        assert_eq!(read("550-5.7.25 no PTR\r\n550 record for you\r\n"), expected);
        let cisco = Reply { code: 550, enhanced: Some("5.1.0".into()), text: "Address rejected.".into() };
        assert_eq!(read("550 #5.1.0 Address rejected.\r\n"), cisco);
    }

    #[test]
    fn what_only_looks_like_an_enhanced_code_stays_in_the_text() {
        for text in ["4.7.1 odd", "5.7 short", "5.7.1.2 long", "5.7.x letters", "5.7.1234 far", "15.7.1 high", "ok", ""]
        {
            let reply = read(&format!("550 {text}\r\n"));
            assert_eq!((reply.enhanced, reply.text.as_str()), (None, text));
        }
        assert_eq!(read("354 3.0.0 go\r\n").enhanced, None);
        assert_eq!(read("250-2.0.0 one\r\n250 2.1.0 two\r\n").text, "one 2.1.0 two");
    }

    #[test]
    fn nothing_is_left_that_a_terminal_would_obey_and_no_text_is_endless() {
        assert_eq!(read("550 \u{1b}[31mred\u{7}\tand\u{9b}so\r\n").text, "[31mred  and so");
        assert_eq!(read(&format!("550 {}\r\n", "\u{e9}".repeat(600))).text.chars().count(), 500);
    }
}

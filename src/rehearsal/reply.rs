//! What the catcher says: reply codes (RFC 5321 section 4.2) with enhanced status
//! codes (RFC 3463), as ENHANCEDSTATUSCODES promises (RFC 2034).

use std::borrow::Cow;

/// One reply, of one line or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    status: Option<&'static str>,
    /// Lines are separated by LF.
    text: Cow<'static, str>,
}

impl Reply {
    pub(super) fn new(code: u16, status: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, status: Some(status), text: text.into() }
    }

    /// One of the few replies that carry no enhanced status code: the greeting, the
    /// reply to EHLO, and 354.
    pub(super) fn plain(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, status: None, text: text.into() }
    }

    /// The refusal that `--chaos` asks for by its code alone.
    pub(super) fn refusal(code: u16) -> Self {
        let (status, text) = match code {
            421 => ("4.7.0", "too busy, closing the connection"),
            450 => ("4.2.0", "mailbox unavailable for now"),
            451 => ("4.7.1", "greylisted, try again later"),
            452 => ("4.2.2", "mailbox full for now"),
            550 => ("5.1.1", "no such mailbox"),
            552 => ("5.2.2", "mailbox full"),
            554 => ("5.7.1", "refused by policy"),
            ..500 => ("4.0.0", "not now"),
            500.. => ("5.0.0", "not here"),
        };
        Self::new(code, status, format!("{text} (rehearsed)"))
    }

    pub(super) fn accepted(sequence: u64) -> Self {
        Self::new(250, "2.0.0", format!("accepted as r{sequence:06}"))
    }

    pub(super) fn too_big(limit: usize) -> Self {
        Self::new(552, "5.3.4", format!("message larger than {limit} octets"))
    }

    pub(super) fn out_of_order(text: &'static str) -> Self {
        Self::new(503, "5.5.1", text)
    }

    pub(super) fn code(&self) -> u16 {
        self.code
    }

    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let mut lines = self.text.split('\n').peekable();
        while let Some(line) = lines.next() {
            let joint = if lines.peek().is_some() { '-' } else { ' ' };
            out.extend_from_slice(format!("{}{joint}", self.code).as_bytes());
            if let Some(status) = self.status {
                out.extend_from_slice(status.as_bytes());
                out.push(b' ');
            }
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reply: &Reply) -> String {
        let mut out = Vec::new();
        reply.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_last_line_of_a_reply_is_told_by_its_space() {
        assert_eq!(written(&Reply::plain(250, "here\nSIZE 5")), "250-here\r\n250 SIZE 5\r\n");
        assert_eq!(written(&Reply::accepted(17)), "250 2.0.0 accepted as r000017\r\n");
    }

    #[test]
    fn the_class_of_an_enhanced_code_is_that_of_its_reply() {
        for code in (400..460).chain(500..560) {
            let text = written(&Reply::refusal(code));
            assert_eq!(text.as_bytes()[0], text.as_bytes()[4], "{text}");
        }
        assert!(written(&Reply::refusal(550)).starts_with("550 5.1.1 "));
        assert!(written(&Reply::refusal(459)).starts_with("459 4.0.0 "));
    }
}

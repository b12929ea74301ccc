//! What was received: octets in, whole replies out (RFC 5321 section 4.2), as many as have come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::response::{Category, Code, Detail, Response, Severity};
use tokio::io::{AsyncRead, ReadBuf};

use super::session::Broken;
use crate::dial::printable;

/// Octets of a reply's line. RFC 5321 section 4.5.3.1.5 has 512; servers know of longer ones.
pub(super) const LONGEST_LINE: usize = 4_096;
/// Lines of a reply.
pub(super) const MOST_LINES: usize = 100;
/// Octets of one read.
const READ: usize = 4_096;

/// Octets that were received, and how far they were read.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    octets: Vec<u8>,
    /// Where the next reply begins,
    start: usize,
    /// and where the line of it begins that is not whole yet.
    line: usize,
    /// Lines of it that are.
    lines: usize,
}

impl Inbox {
    /// Whether all that came was read.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.octets.len()
    }

    /// Reads once from the stream; tells how many octets came, 0 at its end.
    pub(super) fn fill(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin + ?Sized),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut room = [0; READ];
        let mut read = ReadBuf::new(&mut room);
        ready!(Pin::new(stream).poll_read(context, &mut read))?;
        self.octets.drain(..self.start);
        self.line -= self.start;
        self.start = 0;
        self.octets.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }

    /// The next reply, if it is whole; an error where what came is none.
    pub(super) fn reply(&mut self) -> Option<Result<Response, Broken>> {
        loop {
            let rest = &self.octets[self.line..];
            let end = rest.iter().position(|&byte| byte == b'\n');
            if end.unwrap_or(rest.len()) >= LONGEST_LINE {
                return Some(Err(self.garbage(self.line + LONGEST_LINE)));
            }
            let line = rest[..end?].trim_ascii_end();
            self.line += end? + 1;
            self.lines += 1;
            if line.len() < 3 || !line[..3].iter().all(u8::is_ascii_digit) {
                return Some(Err(self.garbage(self.line)));
            }
            if line.get(3) != Some(&b'-') {
                return Some(self.parse());
            }
            if self.lines == MOST_LINES {
                return Some(Err(self.garbage(self.line)));
            }
        }
    }

    fn garbage(&self, end: usize) -> Broken {
        Broken::Garbage(printable(&String::from_utf8_lossy(&self.octets[self.start..end])))
    }

    /// The lines from `start` on are a whole reply.
    fn parse(&mut self) -> Result<Response, Broken> {
        if self.lines == 1
            && let Some(response) = single(self.octets[self.start..self.line].trim_ascii_end())
        {
            (self.start, self.lines) = (self.line, 0);
            return Ok(response);
        }
        let mut text = String::new();
        for line in self.octets[self.start..self.line].split_inclusive(|&byte| byte == b'\n') {
            let line = line.trim_ascii_end();
            text.push_str(&String::from_utf8_lossy(line));
            if line.len() == 3 {
                // "The text may be missing" (RFC 5321 section 4.2.1), which lettre's parser holds against the space.
                text.push(' ');
            }
            text.push_str("\r\n");
        }
        let parsed = text.parse().map_err(|_| self.garbage(self.line));
        (self.start, self.lines) = (self.line, 0);
        parsed
    }
}

/// A reply of one line, as nearly all are, in less time than lettre's parser takes, which tries every form a reply
/// can have. What is not plainly one is left to that.
fn single(line: &[u8]) -> Option<Response> {
    let (code, text) = line.split_first_chunk::<3>()?;
    let severity = match code[0] {
        b'2' => Severity::PositiveCompletion,
        b'3' => Severity::PositiveIntermediate,
        b'4' => Severity::TransientNegativeCompletion,
        b'5' => Severity::PermanentNegativeCompletion,
        _ => return None,
    };
    let category = match code[1] {
        b'0' => Category::Syntax,
        b'1' => Category::Information,
        b'2' => Category::Connections,
        b'3' => Category::Unspecified3,
        b'4' => Category::Unspecified4,
        b'5' => Category::MailSystem,
        _ => return None,
    };
    let detail = DETAILS.get(usize::from(code[2].checked_sub(b'0')?))?;
    let text = std::str::from_utf8(text.strip_prefix(b" ")?).ok()?;
    Some(Response::new(Code::new(severity, category, *detail), vec![text.to_owned()]))
}

const DETAILS: [Detail; 10] = [
    Detail::Zero,
    Detail::One,
    Detail::Two,
    Detail::Three,
    Detail::Four,
    Detail::Five,
    Detail::Six,
    Detail::Seven,
    Detail::Eight,
    Detail::Nine,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_single_line_is_read_as_lettre_reads_it(line in "[2-5][0-5][0-9 ][ -]?[ -~\u{e9}\u{1f600}]{0,12}|[ -~]{0,8}") {
            let line = line.trim_ascii_end();
            if let Some(response) = single(line.as_bytes()) {
                prop_assert_eq!(response, format!("{line}\r\n").parse::<Response>().unwrap());
            }
        }
    }

    #[test]
    fn replies_of_every_code_are_read() {
        for code in (200..600).filter(|code| code / 10 % 10 < 6) {
            let response = single(format!("{code} ok").as_bytes()).unwrap();
            assert!(response.has_code(code) && response.first_line() == Some("ok"), "{code}");
        }
    }
}

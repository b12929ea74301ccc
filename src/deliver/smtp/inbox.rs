//! What was received: octets in, whole replies out (RFC 5321 section 4.2), as many as have come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::response::Response;
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

//! The two buffers between a conversation and its socket.
//!
//! In come octets, out go command lines and pieces of content; replies collect in
//! the outbox and leave when nothing is left to read, which is what PIPELINING asks
//! of a server (RFC 2920 section 3.2): in order, and in as few packets as can be.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Octets in a command line with its CRLF. RFC 5321 section 4.5.3.1.4 asks for 512,
/// its extensions for some more; Postfix takes as many as this.
pub(super) const LONGEST_LINE: usize = 2_048;
const INBOX: usize = 64 * 1024;
/// How long a closed connection is still listened to. Closing a socket with unread
/// input resets it, and a reset can overtake the last reply.
const LINGER: Duration = Duration::from_millis(200);

/// One command line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Text(&'a [u8]),
    /// It ended in a bare LF.
    BareLf,
    /// It was longer than [`LONGEST_LINE`] and is gone.
    TooLong,
}

/// A stream with its inbox and outbox.
pub(super) struct Wire<S> {
    stream: S,
    inbox: Box<[u8]>,
    start: usize,
    end: usize,
    skipping: bool,
    outbox: Vec<u8>,
    sent: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            inbox: vec![0; INBOX].into_boxed_slice(),
            start: 0,
            end: 0,
            skipping: false,
            outbox: Vec::new(),
            sent: 0,
        }
    }

    /// The next whole line of the inbox; `None` asks for a [`fill`](Self::fill).
    pub(super) fn line(&mut self) -> Option<Line<'_>> {
        let pending = &self.inbox[self.start..self.end];
        let Some(lf) = pending.iter().position(|&byte| byte == b'\n') else {
            if pending.len() > LONGEST_LINE {
                self.skipping = true;
                self.start = self.end;
            }
            return None;
        };
        self.start += lf + 1;
        if std::mem::take(&mut self.skipping) || lf >= LONGEST_LINE {
            return Some(Line::TooLong);
        }
        Some(pending[..lf].strip_suffix(b"\r").map_or(Line::BareLf, Line::Text))
    }

    /// Whether more came than was read so far.
    pub(super) fn has_more(&self) -> bool {
        self.start < self.end
    }

    /// What of the content is here, read from the socket where nothing is; empty at
    /// the end of the stream.
    pub(super) async fn content(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.fill().await?;
        }
        Ok(&self.inbox[self.start..self.end])
    }

    /// Marks that many octets of the content as used.
    pub(super) fn consume(&mut self, octets: usize) {
        self.start = (self.start + octets).min(self.end);
    }

    /// Sends the outbox, then waits for more input; false at the end of the stream.
    /// Nothing is lost where this is cancelled.
    pub(super) async fn fill(&mut self) -> io::Result<bool> {
        self.flush().await?;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.inbox.len() {
            self.inbox.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let read = self.stream.read(&mut self.inbox[self.end..]).await?;
        self.end += read;
        Ok(read > 0)
    }

    /// Where the next reply is to be written.
    pub(super) fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.outbox
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.outbox.len() {
            match self.stream.write(&self.outbox[self.sent..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => self.sent += written,
            }
        }
        self.outbox.clear();
        self.sent = 0;
        self.stream.flush().await
    }

    /// Sends what is left, ends the outgoing half, and lets the client find out.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await?;
        let drained = async { while matches!(self.stream.read(&mut self.inbox).await, Ok(1..)) {} };
        let _ = tokio::time::timeout(LINGER, drained).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(input: &[u8], capacity: usize) -> Vec<String> {
        let (mut client, server) = tokio::io::duplex(capacity);
        let input = input.to_vec();
        let writer = tokio::spawn(async move { client.write_all(&input).await });
        let mut wire = Wire::new(server);
        let mut seen = Vec::new();
        loop {
            match wire.line() {
                Some(Line::Text(text)) => seen.push(String::from_utf8_lossy(text).into_owned()),
                Some(other) => seen.push(format!("{other:?}")),
                None => {
                    if !wire.fill().await.unwrap() {
                        break;
                    }
                }
            }
        }
        writer.await.unwrap().unwrap();
        seen
    }

    #[tokio::test]
    async fn lines_come_out_whole_whatever_the_reads_were() {
        for capacity in [1, 2, 3, 7, 1_000] {
            let seen = lines(b"EHLO a\r\n\r\nNOOP\nQUIT\r\nrest", capacity).await;
            assert_eq!(seen, ["EHLO a", "", "BareLf", "QUIT"], "{capacity}");
        }
    }

    #[tokio::test]
    async fn a_line_of_any_length_costs_no_memory_and_the_next_one_is_read() {
        for length in [LONGEST_LINE - 1, INBOX - 1, INBOX, 3 * INBOX + 5] {
            let input = ["a".repeat(length).as_bytes(), b"\r\nNOOP\r\n"].concat();
            assert_eq!(lines(&input, 1_000).await, ["TooLong", "NOOP"], "{length}");
        }
        let fits = "a".repeat(LONGEST_LINE - 2);
        assert_eq!(lines(format!("{fits}\r\n").as_bytes(), 1_000).await, [fits]);
    }
}

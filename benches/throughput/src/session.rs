//! One connection to the sink: SMTP (RFC 5321) with PIPELINING (RFC 2920), CHUNKING (RFC 3030) and STARTTLS
//! (RFC 3207) in, replies out. It holds no message: the end of one is looked for, or its octets are counted.
//! Replies wait until all that has arrived is worked on, so that a flight of commands costs one write.

use std::cell::RefCell;
use std::io;

use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::tally::Tally;

/// Octets that are read at once, at most.
const BUFFER: usize = 256 * 1024;
const END: &[u8] = b"\r\n.\r\n";
const GREETING: &[u8] = b"220 sink.example.org ESMTP\r\n";
const EXTENSIONS: &[u8] = b"250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
    250-CHUNKING\r\n250 ENHANCEDSTATUSCODES\r\n";
const OK: &[u8] = b"250 2.0.0 ok\r\n";
const NO_RECIPIENT: &[u8] = b"503 5.5.1 no recipient\r\n";

/// Whether a connection is encrypted, or can become so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Clear,
    Starttls,
    /// It begins behind a STARTTLS: without a greeting.
    Encrypted,
}

/// How a connection ended.
#[derive(Debug)]
pub enum Ended {
    Quit,
    /// The client goes on with a TLS handshake.
    Starttls(Box<dyn Stream>),
}

/// What a session can talk over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + std::fmt::Debug> Stream for T {}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Command,
    /// A message up to its final dot.
    Content,
    /// So many octets of a chunk.
    Chunk {
        left: usize,
        is_last: bool,
    },
    Handshake,
    Nothing,
}

struct Session<'a> {
    buffer: Vec<u8>,
    /// What is in the buffer and not worked on yet.
    from: usize,
    to: usize,
    expected: Expected,
    recipients: usize,
    replies: Vec<u8>,
    offer: Offer,
    tally: &'a RefCell<Tally>,
}

/// Serves a connection until it ends.
///
/// # Errors
/// It broke.
pub async fn serve(mut stream: impl Stream + 'static, offer: Offer, tally: &RefCell<Tally>) -> io::Result<Ended> {
    let mut session = Session {
        buffer: vec![0; BUFFER],
        from: 0,
        to: 0,
        expected: Expected::Command,
        recipients: 0,
        replies: Vec::new(),
        offer,
        tally,
    };
    if offer != Offer::Encrypted {
        session.replies.extend_from_slice(GREETING);
    }
    loop {
        while session.step() {}
        if !session.replies.is_empty() {
            stream.write_all(&session.replies).await?;
            stream.flush().await?;
            session.replies.clear();
        }
        match session.expected {
            Expected::Handshake => return Ok(Ended::Starttls(Box::new(stream))),
            Expected::Nothing => return Ok(Ended::Quit),
            Expected::Command | Expected::Content | Expected::Chunk { .. } => {}
        }
        session.make_room();
        let read = stream.read(&mut session.buffer[session.to..]).await?;
        if read == 0 {
            return Ok(Ended::Quit);
        }
        session.to += read;
        tally.borrow_mut().octets += read as u64;
    }
}

impl Session<'_> {
    /// Works on the next thing that has arrived whole; false where nothing has.
    fn step(&mut self) -> bool {
        let arrived = &self.buffer[self.from..self.to];
        match self.expected {
            Expected::Command => {
                let Some(end) = memchr::memchr(b'\n', arrived) else { return false };
                let (from, to) = (self.from, self.from + end + 1);
                self.from = to;
                self.command(from, to);
                true
            }
            Expected::Content => match memmem::find(arrived, END) {
                Some(at) => {
                    self.from += at + END.len();
                    self.taken();
                    true
                }
                // The end may have arrived in part.
                None => {
                    self.from = self.from.max((self.to + 1).saturating_sub(END.len()));
                    false
                }
            },
            Expected::Chunk { left, is_last } => {
                let here = left.min(arrived.len());
                self.from += here;
                self.expected = Expected::Chunk { left: left - here, is_last };
                if here < left {
                    return false;
                }
                self.expected = Expected::Command;
                if is_last {
                    self.taken()
                } else {
                    self.replies.extend_from_slice(OK)
                }
                true
            }
            Expected::Handshake | Expected::Nothing => false,
        }
    }

    fn command(&mut self, from: usize, to: usize) {
        let line = self.buffer[from..to].trim_ascii_end();
        self.tally.borrow_mut().commands += 1;
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_slice() {
            b"MAIL" | b"RSET" => {
                self.recipients = 0;
                self.replies.extend_from_slice(OK);
            }
            b"RCPT" => {
                let end = memchr::memchr(b'>', line).map_or(line.len(), |end| end + 1);
                self.tally.borrow_mut().note(&line[..end]);
                self.recipients += 1;
                self.replies.extend_from_slice(OK);
            }
            b"DATA" if self.recipients > 0 => {
                self.expected = Expected::Content;
                // The line end before the content is the first half of a dot that follows at once.
                self.from -= 2;
                self.replies.extend_from_slice(b"354 go on\r\n");
            }
            b"BDAT" => self.chunk(from, to),
            b"EHLO" => {
                self.replies.extend_from_slice(b"250-sink.example.org\r\n");
                if self.offer == Offer::Starttls {
                    self.replies.extend_from_slice(b"250-STARTTLS\r\n");
                }
                self.replies.extend_from_slice(EXTENSIONS);
            }
            b"HELO" | b"NOOP" => self.replies.extend_from_slice(OK),
            b"STAR" if self.offer == Offer::Starttls => {
                self.replies.extend_from_slice(b"220 2.0.0 go on\r\n");
                self.expected = Expected::Handshake;
            }
            b"QUIT" => {
                self.replies.extend_from_slice(b"221 2.0.0 bye\r\n");
                self.expected = Expected::Nothing;
            }
            b"DATA" => self.replies.extend_from_slice(NO_RECIPIENT),
            _ => self.replies.extend_from_slice(b"502 5.5.1 not here\r\n"),
        }
    }

    /// `BDAT 1234 LAST`.
    fn chunk(&mut self, from: usize, to: usize) {
        let line = String::from_utf8_lossy(&self.buffer[from..to]).to_ascii_uppercase();
        let mut words = line.split_ascii_whitespace().skip(1);
        let Some(left) = words.next().and_then(|size| size.parse().ok()) else {
            self.replies.extend_from_slice(b"501 5.5.4 how many octets?\r\n");
            return;
        };
        self.expected = Expected::Chunk { left, is_last: words.next() == Some("LAST") };
    }

    /// A message is whole.
    fn taken(&mut self) {
        self.expected = Expected::Command;
        if self.recipients == 0 {
            self.replies.extend_from_slice(NO_RECIPIENT);
            return;
        }
        self.recipients = 0;
        self.tally.borrow_mut().messages += 1;
        self.replies.extend_from_slice(OK);
    }

    /// Moves what is left to the front. It is little: part of a command, or of an end.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

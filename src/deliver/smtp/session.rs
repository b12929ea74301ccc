//! A conversation: octets out, replies in (RFC 5321 section 4.2), over any stream.
//!
//! It knows nothing of a message's state. Whoever writes more than one command before reading, reads as
//! many replies, in order.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use crate::dial::{Stream, printable};

/// Octets of a reply's line. RFC 5321 section 4.5.3.1.5 has 512; servers know of longer ones.
const LONGEST_LINE: usize = 4_096;
/// Lines of a reply.
const MOST_LINES: usize = 100;
/// Octets of one write, which is what the patience for a write counts for.
const PIECE: usize = 64 * 1024;

/// Why nothing more can be said over a session. What was half read or half written can't be taken up
/// again, so each of these is its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the server closed the connection")]
    Closed,
    #[error("the connection broke: {0}")]
    Io(#[source] io::Error),
    #[error("no reply within {} s", .0.as_secs_f32())]
    Late(Duration),
    #[error("nothing could be sent for {} s", .0.as_secs_f32())]
    Stuck(Duration),
    #[error("what came is no SMTP reply: {0}")]
    Garbage(String),
    #[error("the server replied to what nobody had said")]
    OutOfStep,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // A server that leaves without TLS's goodbye has left all the same.
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

/// One side of a conversation: ours.
pub(super) struct Session {
    stream: BufReader<Stream>,
}

impl Session {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// The stream, to go on with otherwise. What was received and not read is lost.
    pub(super) fn into_stream(self) -> Stream {
        self.stream.into_inner()
    }

    /// Whether something was received that is not read yet. Between two steps of a conversation in
    /// lockstep, nothing should be.
    pub(super) fn has_unread(&self) -> bool {
        !self.stream.buffer().is_empty()
    }

    /// Says one thing and hears the reply.
    pub(super) async fn command(
        &mut self,
        command: impl Display + Send,
        patience: Duration,
    ) -> Result<Response, Broken> {
        if self.has_unread() {
            return Err(Broken::OutOfStep);
        }
        self.write(command.to_string().as_bytes(), patience).await?;
        self.read_reply(patience).await
    }

    /// Returns once the last octet was handed to the socket. Where it fails, the last octet was not:
    /// encryption seals a record as a whole, and an incomplete one is none.
    pub(super) async fn write(&mut self, octets: &[u8], patience: Duration) -> Result<(), Broken> {
        let stuck = |_| Broken::Stuck(patience);
        for piece in octets.chunks(PIECE) {
            timeout(patience, self.stream.write_all(piece)).await.map_err(stuck)??;
        }
        Ok(timeout(patience, self.stream.flush()).await.map_err(stuck)??)
    }

    /// Reads one reply of any number of lines, which has to be here within `patience` as a whole.
    pub(super) async fn read_reply(&mut self, patience: Duration) -> Result<Response, Broken> {
        timeout(patience, self.reply()).await.map_err(|_| Broken::Late(patience))?
    }

    /// Ends our side, with TLS's `close_notify` where there is TLS.
    pub(super) async fn close(mut self) -> Result<(), Broken> {
        Ok(self.stream.shutdown().await?)
    }

    async fn reply(&mut self) -> Result<Response, Broken> {
        let mut text = String::new();
        for _ in 0..MOST_LINES {
            let line = self.line().await?;
            let line = line.trim_ascii_end();
            text.push_str(&String::from_utf8_lossy(line));
            if line.len() == 3 {
                // "The text may be missing" (RFC 5321 section 4.2.1), which lettre's parser holds against the space.
                text.push(' ');
            }
            text.push_str("\r\n");
            if line.len() < 3 || !line[..3].iter().all(u8::is_ascii_digit) {
                break;
            }
            if line.get(3) != Some(&b'-') {
                return text.parse().map_err(|_| Broken::Garbage(printable(&text)));
            }
        }
        Err(Broken::Garbage(printable(&text)))
    }

    /// One line with its end; a bare LF is one too.
    async fn line(&mut self) -> Result<Vec<u8>, Broken> {
        let mut line = Vec::new();
        loop {
            let received = self.stream.fill_buf().await?;
            if received.is_empty() {
                return Err(Broken::Closed);
            }
            let end = received.iter().position(|&byte| byte == b'\n');
            let used = end.map_or(received.len(), |lf| lf + 1);
            line.extend_from_slice(&received[..used]);
            self.stream.consume(used);
            if line.len() > LONGEST_LINE {
                return Err(Broken::Garbage(printable(&String::from_utf8_lossy(&line))));
            }
            if end.is_some() {
                return Ok(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    /// What becomes of these octets, then the end of the stream.
    async fn heard(octets: &[u8]) -> Result<Response, Broken> {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        theirs.write_all(octets).await.unwrap();
        drop(theirs);
        Session::new(Box::new(ours)).read_reply(PATIENCE).await
    }

    #[tokio::test]
    async fn a_reply_is_read_whatever_its_lines_end_in() {
        for (octets, lines) in [
            ("250 ok\r\n", vec!["ok"]),
            ("250 ok\n", vec!["ok"]),
            ("250\r\n", vec![""]),
            ("250 \r\n", vec![""]),
            ("250-one\r\n250-\n250 two\r\n", vec!["one", "", "two"]),
            ("250-one\r\n250\r\n", vec!["one", ""]),
        ] {
            let reply = heard(octets.as_bytes()).await.unwrap();
            assert!(reply.has_code(250), "{octets:?}");
            assert_eq!(reply.message().collect::<Vec<_>>(), lines, "{octets:?}");
        }
        assert_eq!(heard(b"550 \xff\xfe\r\n").await.unwrap().first_line(), Some("\u{fffd}\u{fffd}"));
    }

    #[tokio::test]
    async fn what_is_no_reply_is_told_at_once_and_takes_no_memory() {
        let endless = "250-more\r\n".repeat(MOST_LINES + 1);
        let long = format!("250 {}\r\n", "x".repeat(LONGEST_LINE));
        for octets in
            ["SSH-2.0-server\r\n", "\r\n", "25\r\n", "250ok\r\n", "999 ok\r\n", "250-a\r\n251 b\r\n", &endless, &long]
        {
            let broken = heard(octets.as_bytes()).await.unwrap_err();
            assert!(matches!(broken, Broken::Garbage(_)), "{broken}");
            assert!(broken.to_string().len() < 600, "{broken}");
        }
    }

    #[tokio::test]
    async fn half_a_reply_is_none() {
        for octets in ["", "250", "250 o", "250-one\r\n", "250-one\r\n250 tw"] {
            assert!(matches!(heard(octets.as_bytes()).await, Err(Broken::Closed)), "{octets}");
        }
    }

    #[tokio::test]
    async fn a_reply_has_to_be_whole_in_time() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        theirs.write_all(b"250-one\r\n").await.unwrap();
        let broken = Session::new(Box::new(ours)).read_reply(Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(broken.to_string(), "no reply within 0.02 s");
    }

    #[tokio::test]
    async fn what_a_peer_does_not_take_is_not_written() {
        let (ours, _theirs) = tokio::io::duplex(100);
        let broken = Session::new(Box::new(ours)).write(&[b'x'; 101], Duration::from_millis(20)).await.unwrap_err();
        assert!(matches!(broken, Broken::Stuck(_)), "{broken}");
    }
}

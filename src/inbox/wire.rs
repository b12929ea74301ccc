//! Octets to and from a server that holds mail, within bounds of time and memory; no protocol.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use super::Fault;
use crate::dial::Stream;

/// Octets of a line. What a search found is one line, of some eight octets for each mail.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// Whether a line goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    Reached,
    Open,
}

/// One side of a conversation: ours. After a fault nothing more can be said over it.
pub(super) struct Wire {
    stream: BufReader<Stream>,
    /// For the next octets to come, and for each write.
    patience: Duration,
}

impl Wire {
    pub(super) fn new(stream: Stream, patience: Duration) -> Self {
        Self { stream: BufReader::with_capacity(64 * 1024, stream), patience }
    }

    /// The stream, to go on with otherwise. What was received and not read is lost.
    pub(super) fn into_stream(self) -> Stream {
        self.stream.into_inner()
    }

    /// Whether something was received that is not read yet.
    pub(super) fn has_unread(&self) -> bool {
        !self.stream.buffer().is_empty()
    }

    pub(super) async fn write(&mut self, octets: &[u8]) -> Result<(), Fault> {
        let written = timeout(self.patience, async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        });
        match written.await {
            Ok(written) => written.map_err(|error| broken(&error)),
            Err(_) => Err(Fault::Broken(format!("the server took nothing for {} s", self.patience.as_secs()))),
        }
    }

    /// One line without its end; a bare LF is one too.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, Fault> {
        let mut line = Vec::new();
        loop {
            let received = self.fill().await?;
            let end = received.iter().position(|&byte| byte == b'\n');
            line.extend_from_slice(&received[..end.unwrap_or(received.len())]);
            let used = end.map_or(received.len(), |end| end + 1);
            self.stream.consume(used);
            if line.len() > LONGEST_LINE {
                return Err(Fault::Broken("the server sent a line without end".to_owned()));
            }
            if end.is_some() {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
        }
    }

    /// A line without its LF, or as much of it as came at once; and whether it ended.
    pub(super) async fn piece(&mut self) -> Result<(Vec<u8>, LineEnd), Fault> {
        let received = self.fill().await?;
        let end = received.iter().position(|&byte| byte == b'\n');
        let piece = received[..end.unwrap_or(received.len())].to_vec();
        let used = end.map_or(received.len(), |end| end + 1);
        self.stream.consume(used);
        Ok((piece, if end.is_some() { LineEnd::Reached } else { LineEnd::Open }))
    }

    /// So many octets, of which as many as `room` are kept.
    pub(super) async fn octets(&mut self, mut count: u64, room: usize) -> Result<Vec<u8>, Fault> {
        let mut kept = Vec::new();
        while count > 0 {
            let received = self.fill().await?;
            let used = usize::try_from(count).map_or(received.len(), |count| count.min(received.len()));
            let wanted = used.min(room - kept.len());
            kept.extend_from_slice(&received[..wanted]);
            self.stream.consume(used);
            count -= used as u64;
        }
        Ok(kept)
    }

    /// Waits until there is something to read, without end.
    pub(super) async fn ready(&mut self) -> Result<(), Fault> {
        match self.stream.fill_buf().await {
            Ok([]) => Err(Fault::Broken("the server closed the connection".to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(broken(&error)),
        }
    }

    async fn fill(&mut self) -> Result<&[u8], Fault> {
        match timeout(self.patience, self.stream.fill_buf()).await {
            Ok(Ok([])) => Err(Fault::Broken("the server closed the connection".to_owned())),
            Ok(Ok(received)) => Ok(received),
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Err(Fault::Broken(format!("the server said nothing for {} s", self.patience.as_secs()))),
        }
    }
}

fn broken(error: &io::Error) -> Fault {
    Fault::Broken(match error.kind() {
        // A server that leaves without TLS's goodbye has left all the same.
        io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
        _ => format!("the connection broke: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(octets: &'static [u8]) -> Wire {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move { theirs.write_all(octets).await });
        Wire::new(Box::new(ours), Duration::from_secs(5))
    }

    #[tokio::test]
    async fn lines_and_octets_are_read_whatever_the_lines_end_in() {
        let mut wire = wire(b"one\r\ntwo\nabcdefgh\r\n\r\n");
        assert_eq!(wire.line().await.unwrap(), b"one");
        assert_eq!(wire.line().await.unwrap(), b"two");
        assert_eq!(wire.octets(8, 3).await.unwrap(), b"abc");
        assert_eq!(wire.line().await.unwrap(), b"");
        assert_eq!(wire.line().await.unwrap(), b"");
        assert!(matches!(wire.line().await, Err(Fault::Broken(_))));
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_is_not_waited_for_without_end() {
        let (ours, _theirs) = tokio::io::duplex(10);
        let fault = Wire::new(Box::new(ours), Duration::from_millis(10)).line().await.unwrap_err();
        assert!(fault.to_string().starts_with("the server said nothing for"), "{fault}");
    }
}

//! A conversation: octets out, replies in (RFC 5321 section 4.2), over any stream.
//!
//! It knows nothing of a message's state. Whoever writes more than one command before reading, hears as many replies,
//! in order, and writing goes on while a reply is waited for.

use std::fmt::Display;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::inbox::Inbox;
use super::outgoing::{Outgoing, room};
use crate::dial::Stream;

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
    stream: Stream,
    /// Whether the stream encrypts, and so may hold back what it has taken.
    sealed: bool,
    inbox: Inbox,
    /// Why nothing more can be written. What a server said before it closed is heard all the same.
    mute: Option<io::Error>,
}

/// How long to wait for a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For octets to leave, as long as what the reply answers has not left, which ends there.
    pub(super) leave: Duration,
    pub(super) end: u64,
    /// From then on, for the reply.
    pub(super) reply: Duration,
}

impl Patience {
    /// The same for both, where little is to leave.
    fn new(patience: Duration) -> Self {
        Self { leave: patience, end: 0, reply: patience }
    }

    fn now(self, out: &Outgoing<'_>) -> Duration {
        if out.handed() >= self.end { self.reply } else { self.leave }
    }
}

/// What a wait for the network came to.
enum Progress {
    Written,
    Read(usize),
    Mute(io::Error),
}

impl Session {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, sealed: false, inbox: Inbox::default(), mute: None }
    }

    /// The same over a stream that encrypts.
    pub(super) fn sealed(stream: Stream) -> Self {
        Self { sealed: true, ..Self::new(stream) }
    }

    /// The stream, to go on with otherwise. What was received and not read is lost.
    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    /// Whether something was received that is not read yet. Between two steps of a conversation in
    /// lockstep, nothing should be.
    pub(super) fn has_unread(&self) -> bool {
        !self.inbox.is_empty()
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
        let mut out = Outgoing::default();
        out.say(command);
        self.hear(&mut out, Patience::new(patience)).await
    }

    /// Reads one reply of any number of lines, which has to be here within `patience` as a whole.
    pub(super) async fn read_reply(&mut self, patience: Duration) -> Result<Response, Broken> {
        self.hear(&mut Outgoing::default(), Patience::new(patience)).await
    }

    /// Waits for the next reply, and meanwhile writes what is to go out: a server that is held up by its own replies
    /// reads nothing. The patience begins anew where octets leave.
    pub(super) async fn hear(&mut self, out: &mut Outgoing<'_>, patience: Patience) -> Result<Response, Broken> {
        let mut deadline = Instant::now() + patience.now(out);
        loop {
            if let Some(reply) = self.inbox.reply() {
                return reply;
            }
            let step = poll_fn(|context| self.step(context, out));
            match timeout_at(deadline, step).await {
                Ok(Ok(Progress::Written)) => deadline = Instant::now() + patience.now(out),
                Ok(Ok(Progress::Read(0))) => return Err(self.mute.take().map_or(Broken::Closed, Broken::from)),
                Ok(Ok(Progress::Read(_))) => {}
                Ok(Ok(Progress::Mute(error))) => {
                    out.give_up();
                    self.mute = Some(error);
                }
                Ok(Err(error)) => return Err(error.into()),
                Err(_) if out.handed() >= patience.end => return Err(Broken::Late(patience.reply)),
                Err(_) => return Err(Broken::Stuck(patience.leave)),
            }
        }
    }

    /// Ends our side, with TLS's `close_notify` where there is TLS.
    pub(super) async fn close(mut self) -> Result<(), Broken> {
        Ok(self.stream.shutdown().await?)
    }

    /// Writes, or where that would wait, reads.
    fn step(&mut self, context: &mut Context<'_>, out: &mut Outgoing<'_>) -> Poll<io::Result<Progress>> {
        if !out.is_done() && self.mute.is_none() {
            match self.write(context, out) {
                Poll::Ready(Ok(())) => return Poll::Ready(Ok(Progress::Written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Ok(Progress::Mute(error))),
                Poll::Pending => {}
            }
        }
        let read = ready!(self.inbox.fill(&mut self.stream, context));
        Poll::Ready(read.map(Progress::Read))
    }

    fn write(&mut self, context: &mut Context<'_>, out: &mut Outgoing<'_>) -> Poll<io::Result<()>> {
        let mut slices = room();
        let count = out.next(self.sealed, &mut slices);
        if count > 0 {
            let taken = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, &slices[..count]))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            out.took(taken);
            if self.sealed && !out.is_at_an_end() {
                // More of the same message goes before anything is flushed.
                return Poll::Ready(Ok(()));
            }
        }
        // Without encryption, what was taken is with the socket.
        if self.sealed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        }
        out.flushed();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::super::inbox::{LONGEST_LINE, MOST_LINES};
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
        let mut out = Outgoing::default();
        out.put([[b'x'; 101].as_slice()].into_iter());
        let patience = Patience { leave: Duration::from_millis(20), end: out.end(), reply: PATIENCE };
        let broken = Session::new(Box::new(ours)).hear(&mut out, patience).await.unwrap_err();
        assert!(matches!(broken, Broken::Stuck(_)), "{broken}");
        assert_eq!(out.handed(), 100);
    }

    #[tokio::test]
    async fn a_peer_that_is_held_up_by_its_own_replies_is_read_while_it_is_written_to() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let peer = tokio::spawn(async move {
            for _ in 0..50 {
                theirs.write_all(&[b"250 ", "x".repeat(200).as_bytes(), b"\r\n"].concat()).await.unwrap();
                theirs.read_exact(&mut [0; 200]).await.unwrap();
            }
        });
        let octets = [b'x'; 50 * 200];
        let mut out = Outgoing::default();
        out.put([octets.as_slice()].into_iter());
        let mut session = Session::new(Box::new(ours));
        for _ in 0..50 {
            assert!(session.hear(&mut out, Patience::new(PATIENCE)).await.unwrap().has_code(250));
        }
        assert_eq!(
            session.hear(&mut out, Patience::new(PATIENCE)).await.unwrap_err().to_string(),
            Broken::Closed.to_string()
        );
        assert!(out.is_done());
        peer.await.unwrap();
    }

    #[tokio::test]
    async fn what_a_server_said_before_it_closed_is_heard_though_nothing_can_be_written() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        theirs.write_all(b"421 too busy\r\n").await.unwrap();
        drop(theirs);
        let mut session = Session::new(Box::new(ours));
        let mut out = Outgoing::default();
        out.put([[b'x'; 1_000].as_slice()].into_iter());
        assert!(session.hear(&mut out, Patience::new(PATIENCE)).await.unwrap().has_code(421));
        assert!(session.hear(&mut out, Patience::new(PATIENCE)).await.is_err());
        assert_eq!(out.handed(), 0);
    }
}

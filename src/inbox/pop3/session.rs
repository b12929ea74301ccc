//! A conversation: lines out, replies in.

use crate::dial::{Stream, printable};
use crate::inbox::wire::Wire;
use crate::inbox::{Fault, LIMIT};

/// Lines of a list.
const MOST_LINES: usize = 2_000_000;

pub(super) struct Session {
    wire: Wire,
}

/// The first line of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Ok(String),
    /// What stands in brackets, in capitals (RFC 2449 section 8), and the text.
    Err(String, String),
    /// `+ text`: the server waits for more of a command.
    Continue(String),
}

impl Session {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire }
    }

    /// Ends this conversation, for one under TLS.
    pub(super) fn into_stream(self) -> Result<Stream, Fault> {
        // Read on, it would pass for something said under the protection of TLS.
        if self.wire.has_unread() { Err(Fault::Tampered) } else { Ok(self.wire.into_stream()) }
    }

    pub(super) async fn reply(&mut self) -> Result<Reply, Fault> {
        let line = self.wire.line().await?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let (word, text) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "+OK" => Ok(Reply::Ok(text.to_owned())),
            "+" => Ok(Reply::Continue(text.to_owned())),
            "-ERR" => {
                let coded = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                let (code, text) = coded.unwrap_or(("", text));
                Ok(Reply::Err(code.to_ascii_uppercase(), printable(text)))
            }
            _ => Err(Fault::Garbage { protocol: "POP3", said: printable(&line) }),
        }
    }

    pub(super) async fn command(&mut self, words: &str) -> Result<Reply, Fault> {
        self.wire.write(format!("{words}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// The same, where anything but +OK is a fault.
    pub(super) async fn must(&mut self, words: &str, doing: &'static str) -> Result<String, Fault> {
        match self.command(words).await? {
            Reply::Ok(text) => Ok(text),
            Reply::Err(code, text) => Err(refused(doing, &code, text)),
            Reply::Continue(text) => Err(Fault::Garbage { protocol: "POP3", said: printable(&text) }),
        }
    }

    /// The lines behind a reply, up to the one with a dot alone.
    pub(super) async fn list(&mut self) -> Result<Vec<String>, Fault> {
        let mut lines = Vec::new();
        loop {
            let line = self.wire.line().await?;
            if line == b"." {
                return Ok(lines);
            }
            if lines.len() == MOST_LINES {
                return Err(Fault::Broken("the server sent a list without end".to_owned()));
            }
            lines.push(String::from_utf8_lossy(&line).trim().to_owned());
        }
    }

    /// A mail up to its end, with CRLF, of which as much as fits is kept; and whether there was more.
    pub(super) async fn mail(&mut self) -> Result<(Vec<u8>, bool), Fault> {
        let (mut mail, mut truncated) = (Vec::new(), false);
        loop {
            let line = self.wire.line().await?;
            if line == b"." {
                return Ok((mail, truncated));
            }
            // A dot was put before each that begins a line (RFC 1939 section 3).
            let line = line.strip_prefix(b".").unwrap_or(&line);
            let room = LIMIT - mail.len();
            truncated |= line.len() + 2 > room;
            mail.extend_from_slice(&line[..line.len().min(room)]);
            let room = LIMIT - mail.len();
            mail.extend_from_slice(&b"\r\n"[..room.min(2)]);
        }
    }
}

pub(super) fn refused(doing: &'static str, code: &str, said: String) -> Fault {
    match code {
        "IN-USE" => Fault::Locked(said),
        "SYS/TEMP" | "LOGIN-DELAY" => Fault::Broken(format!("the server asks to come back later: {said}")),
        _ => Fault::Refused { doing, said },
    }
}

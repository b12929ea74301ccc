//! A conversation: lines out, replies in.

use crate::dial::{Stream, printable};
use crate::inbox::wire::{LineEnd, Wire};
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
        let mut mail = Kept::default();
        let mut at_start = true;
        // What came of a line up to now may be its end, or the dot that ends the mail.
        let mut held = Vec::new();
        loop {
            let (piece, end) = self.wire.piece().await?;
            held.extend_from_slice(&piece);
            if end == LineEnd::Open {
                if held.len() > 2 {
                    let rest = held.split_off(held.len() - usize::from(held.last() == Some(&b'\r')));
                    mail.keep(unstuffed(&held, at_start));
                    (held, at_start) = (rest, false);
                }
                continue;
            }
            if held.last() == Some(&b'\r') {
                held.pop();
            }
            if at_start && held == b"." {
                return Ok((mail.bytes, mail.truncated));
            }
            mail.keep(unstuffed(&held, at_start));
            mail.keep(b"\r\n");
            held.clear();
            at_start = true;
        }
    }
}

/// The beginning of a mail.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    truncated: bool,
}

impl Kept {
    fn keep(&mut self, bytes: &[u8]) {
        let room = LIMIT - self.bytes.len();
        self.truncated |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// A dot was put before each that begins a line (RFC 1939 section 3).
fn unstuffed(line: &[u8], at_start: bool) -> &[u8] {
    if at_start { line.strip_prefix(b".").unwrap_or(line) } else { line }
}

pub(super) fn refused(doing: &'static str, code: &str, said: String) -> Fault {
    match code {
        "IN-USE" => Fault::Locked(said),
        "SYS/TEMP" | "LOGIN-DELAY" => Fault::Broken(format!("the server asks to come back later: {said}")),
        _ => Fault::Refused { doing, said },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// What is read of these octets, which come in pieces of that size.
    fn read(octets: Vec<u8>, piece: usize) -> Result<(Vec<u8>, bool), Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let (ours, mut theirs) = tokio::io::duplex(piece);
            tokio::spawn(async move { theirs.write_all(&octets).await });
            Session::new(Wire::new(Box::new(ours), Duration::from_secs(5))).mail().await
        })
    }

    #[test]
    fn a_mail_of_one_line_without_end_is_no_more_than_a_long_mail() {
        let mut octets = vec![b'x'; LIMIT + 100];
        octets.extend_from_slice(b"\r\n.\r\n");
        let (mail, truncated) = read(octets, 1 << 20).unwrap();
        assert_eq!((mail.len(), truncated), (LIMIT, true));
    }

    proptest! {
        #[test]
        fn a_mail_is_the_same_in_whatever_pieces_it_comes(lines in prop::collection::vec("[.a\r]{0,6}", 0..8), piece in 1..9_usize) {
            let stuffed = lines.iter().map(|line| if line.starts_with('.') { format!(".{line}") } else { line.clone() });
            let octets = stuffed.chain([".".to_owned()]).flat_map(|line| [line, "\r\n".to_owned()]).collect::<String>();
            let expected = lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect::<String>();
            let (mail, truncated) = read(octets.into_bytes(), piece).unwrap();
            prop_assert_eq!((String::from_utf8(mail).unwrap(), truncated), (expected, false));
        }
    }
}

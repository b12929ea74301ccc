//! A conversation: commands out, responses in. One command at a time.

use super::parse::{Kind, Piece, Raw, Response, Status, Value, parse};
use crate::dial::{Stream, printable};
use crate::inbox::Fault;
use crate::inbox::wire::Wire;

/// Octets of literals in a response that are not mails, such as names of folders.
const ROOM: usize = 64 * 1024;
/// Literals of one response.
const MOST_PIECES: usize = 200;

pub(super) struct Session {
    wire: Wire,
    /// Of the last command.
    tag: u32,
    /// What the server can do, in capitals.
    pub(super) capabilities: Vec<String>,
}

/// What a server says between a command and its end.
pub(super) enum Untagged {
    Data(Vec<Value>),
    Status(Status),
}

impl Session {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, tag: 0, capabilities: Vec::new() }
    }

    /// Ends this conversation, for one under TLS.
    pub(super) fn into_stream(self) -> Result<Stream, Fault> {
        // Read on, it would pass for something said under the protection of TLS (CVE-2011-0411 and its like).
        if self.wire.has_unread() { Err(Fault::Tampered) } else { Ok(self.wire.into_stream()) }
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    /// Waits until the server says something, without end. Nothing is lost when the waiting is given up.
    pub(super) async fn ready(&mut self) -> Result<(), Fault> {
        self.wire.ready().await
    }

    /// One response, of whose literals `room` octets are kept.
    pub(super) async fn response(&mut self, mut room: usize) -> Result<Response, Fault> {
        let mut raw: Raw = Vec::new();
        loop {
            let line = self.wire.line().await?;
            let announced = literal_at_end(&line);
            match announced {
                None => {
                    raw.push(Piece::Text(line));
                    break;
                }
                Some((start, count)) => {
                    raw.push(Piece::Text(line[..start].to_vec()));
                    let octets = self.wire.octets(count, room).await?;
                    room -= octets.len();
                    raw.push(Piece::Literal(octets));
                }
            }
            if raw.len() > MOST_PIECES {
                return Err(Fault::Broken("the server sent a response without end".to_owned()));
            }
        }
        parse(&raw).ok_or_else(|| {
            let said = raw.iter().find_map(|piece| match piece {
                Piece::Text(text) => Some(printable(&String::from_utf8_lossy(text))),
                Piece::Literal(_) => None,
            });
            Fault::Garbage { protocol: "IMAP", said: said.unwrap_or_default() }
        })
    }

    /// Begins a command, whose response will bear this tag.
    pub(super) async fn begin(&mut self, words: &str) -> Result<String, Fault> {
        self.tag += 1;
        let tag = format!("B{}", self.tag);
        self.write(&format!("{tag} {words}\r\n")).await?;
        Ok(tag)
    }

    pub(super) async fn write(&mut self, text: &str) -> Result<(), Fault> {
        self.wire.write(text.as_bytes()).await
    }

    /// Says one thing and hears all that comes back. `heard` gets what the server tells meanwhile, as it comes.
    pub(super) async fn command(&mut self, words: &str, heard: impl FnMut(Untagged)) -> Result<Status, Fault> {
        let tag = self.begin(words).await?;
        self.end(&tag, ROOM, heard).await
    }

    /// The rest of a command, up to its end; of the literals in each response `room` octets are kept.
    pub(super) async fn end(
        &mut self,
        tag: &str,
        room: usize,
        mut heard: impl FnMut(Untagged),
    ) -> Result<Status, Fault> {
        loop {
            match self.response(room).await? {
                Response::Status { tag: Some(ended), status } if ended == tag => return Ok(status),
                Response::Status { tag: None, status } if status.kind == Kind::Bye => return Err(left(&status)),
                Response::Status { tag: None, status } => heard(Untagged::Status(status)),
                Response::Data(values) => heard(Untagged::Data(values)),
                Response::Status { .. } | Response::Continue(_) => {
                    return Err(Fault::Broken("the server replied to what nobody had said".to_owned()));
                }
            }
        }
    }

    /// The same, where anything but OK is a fault.
    pub(super) async fn must(
        &mut self,
        words: &str,
        doing: &'static str,
        heard: impl FnMut(Untagged),
    ) -> Result<Status, Fault> {
        let status = self.command(words, heard).await?;
        if status.kind == Kind::Ok { Ok(status) } else { Err(refused(doing, &status)) }
    }

    pub(super) async fn ask_capabilities(&mut self) -> Result<(), Fault> {
        let mut told = Vec::new();
        let heard = |untagged| {
            if let Untagged::Data(values) = untagged {
                told.extend(capabilities(&values));
            }
        };
        self.must("CAPABILITY", "say what it can do", heard).await?;
        self.capabilities = told;
        Ok(())
    }
}

pub(super) fn refused(doing: &'static str, status: &Status) -> Fault {
    match status.code_word().as_str() {
        "INUSE" => Fault::Locked(printable(&status.text)),
        "UNAVAILABLE" => Fault::Broken(printable(&status.text)),
        _ => Fault::Refused { doing, said: printable(&status.text) },
    }
}

/// The server ends the conversation.
pub(super) fn left(status: &Status) -> Fault {
    Fault::Broken(format!("the server ended the connection: {}", printable(&status.text)))
}

fn capabilities(values: &[Value]) -> Vec<String> {
    match values.split_first() {
        Some((first, rest)) if first.is("CAPABILITY") => {
            rest.iter().filter_map(Value::atom).map(str::to_ascii_uppercase).collect()
        }
        _ => Vec::new(),
    }
}

/// Where `{123}` at the end of a line begins, and the number.
fn literal_at_end(line: &[u8]) -> Option<(usize, u64)> {
    let inside = line.strip_suffix(b"}")?;
    let start = inside.iter().rposition(|&byte| byte == b'{')?;
    let digits = std::str::from_utf8(&inside[start + 1..]).ok()?;
    let count = digits.trim_end_matches('+').parse().ok()?;
    // A literal of octets is announced by a tilde (RFC 3516).
    let start = if start > 0 && line[start - 1] == b'~' { start - 1 } else { start };
    Some((start, count))
}

/// A text as a quoted string; none where it can't be one.
pub(super) fn quoted(text: &str) -> Option<String> {
    let fits = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    fits.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

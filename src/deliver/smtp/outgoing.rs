//! What is still to be written: commands and slices of messages in, the places that the stream has taken out.
//!
//! Nothing of a message is copied: its slices go to the stream as they are, many in one write. How far the octets
//! went is counted, since what has left decides about an outcome.

use std::collections::VecDeque;
use std::fmt::{Display, Write as _};
use std::io::IoSlice;
use std::ops::Range;

/// Slices of one write, as many as the system takes: a flight leaves in a few writes, and each one may have to wake
/// the server.
const SLICES: usize = 1_024;

/// Octets on their way out, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing<'a> {
    pieces: VecDeque<Piece<'a>>,
    /// The commands among them.
    said: String,
    /// All octets that were lined up so far.
    lined_up: u64,
    /// Those of them that the stream has taken; under encryption it may hold them back.
    taken: u64,
    /// Those of them that were handed to the socket.
    handed: u64,
    /// Where messages end.
    ends: VecDeque<u64>,
}

#[derive(Debug)]
enum Piece<'a> {
    Said(Range<usize>),
    Part(&'a [u8]),
}

impl<'a> Outgoing<'a> {
    /// Lines up a command, its line end included.
    pub(super) fn say(&mut self, command: impl Display) {
        let start = self.said.len();
        // Writing to a string can't fail.
        let _ = write!(self.said, "{command}");
        self.lined_up += (self.said.len() - start) as u64;
        match self.pieces.back_mut() {
            Some(Piece::Said(range)) if range.end == start => range.end = self.said.len(),
            _ => self.pieces.push_back(Piece::Said(start..self.said.len())),
        }
    }

    /// Lines up a whole message.
    pub(super) fn put(&mut self, parts: impl Iterator<Item = &'a [u8]>) {
        self.pieces.reserve(parts.size_hint().0);
        for part in parts.filter(|part| !part.is_empty()) {
            self.lined_up += part.len() as u64;
            self.pieces.push_back(Piece::Part(part));
        }
        self.ends.push_back(self.lined_up);
    }

    /// Where the next octet will stand that is lined up.
    pub(super) fn end(&self) -> u64 {
        self.lined_up
    }

    /// How many octets were handed to the socket.
    pub(super) fn handed(&self) -> u64 {
        self.handed
    }

    /// Whether nothing is left to be done.
    pub(super) fn is_done(&self) -> bool {
        self.pieces.is_empty() && self.handed == self.taken
    }

    /// Lets go of what was not taken.
    pub(super) fn give_up(&mut self) {
        self.pieces.clear();
        self.taken = self.handed;
    }

    /// Whether the stream has taken all that there is of a message.
    pub(super) fn is_at_an_end(&self) -> bool {
        self.pieces.is_empty() || self.ends.front() == Some(&self.taken)
    }

    /// The next octets to be written, and where they end at the latest: under encryption (`sealed`) with a message,
    /// so that it is known of each message whether all of it was handed over; none where a flush is due first.
    pub(super) fn next<'s>(&'s self, sealed: bool, slices: &mut [IoSlice<'s>; SLICES]) -> usize {
        let mut left = match self.ends.front() {
            Some(end) if sealed => usize::try_from(end - self.taken).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let mut count = 0;
        for piece in self.pieces.iter().take(SLICES) {
            let octets = match piece {
                Piece::Said(range) => &self.said.as_bytes()[range.clone()],
                Piece::Part(part) => part,
            };
            let octets = &octets[..octets.len().min(left)];
            if octets.is_empty() {
                break;
            }
            slices[count] = IoSlice::new(octets);
            count += 1;
            left -= octets.len();
        }
        count
    }

    /// The stream has taken so many more octets.
    pub(super) fn took(&mut self, octets: usize) {
        self.taken += octets as u64;
        let mut left = octets;
        while let Some(piece) = self.pieces.front_mut() {
            let length = match piece {
                Piece::Said(range) => range.len(),
                Piece::Part(part) => part.len(),
            };
            if length <= left {
                left -= length;
                self.pieces.pop_front();
                continue;
            }
            match piece {
                Piece::Said(range) => range.start += left,
                Piece::Part(part) => *part = &part[left..],
            }
            break;
        }
    }

    /// All that the stream has taken was handed to the socket.
    pub(super) fn flushed(&mut self) {
        self.handed = self.taken;
        while self.ends.front().is_some_and(|end| *end <= self.handed) {
            self.ends.pop_front();
        }
    }
}

/// Room for the slices of one write.
pub(super) fn room<'s>() -> [IoSlice<'s>; SLICES] {
    [IoSlice::new(&[]); SLICES]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is to be written next.
    fn next(out: &Outgoing, sealed: bool) -> String {
        let mut slices = room();
        let count = out.next(sealed, &mut slices);
        slices[..count].iter().map(|slice| String::from_utf8_lossy(slice).into_owned()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn octets_go_in_order_whatever_the_stream_takes_at_a_time() {
        for size in 1..30 {
            let mut out = Outgoing::default();
            out.say("MAIL\r\n");
            out.say("RCPT\r\n");
            out.put([b"one".as_slice(), b"", b"two"].into_iter());
            out.say("MAIL\r\n");
            let mut written = String::new();
            while !out.is_done() {
                let text = next(&out, false).replace('|', "");
                let taken = &text[..text.len().min(size)];
                written.push_str(taken);
                out.took(taken.len());
                out.flushed();
            }
            assert_eq!((written.as_str(), out.handed()), ("MAIL\r\nRCPT\r\nonetwoMAIL\r\n", out.end()), "{size}");
        }
    }

    #[test]
    fn under_encryption_a_write_ends_with_a_message() {
        let mut out = Outgoing::default();
        out.say("MAIL\r\n");
        out.put([b"one".as_slice(), b"two"].into_iter());
        out.say("RSET\r\n");
        assert_eq!(next(&out, false), "MAIL\r\n|one|two|RSET\r\n");
        assert_eq!(next(&out, true), "MAIL\r\n|one|two");
        out.took(12);
        assert_eq!(next(&out, true), "", "a flush comes first");
        assert_eq!(out.handed(), 0);
        out.flushed();
        assert_eq!((next(&out, true).as_str(), out.handed()), ("RSET\r\n", 12));
    }

    #[test]
    fn what_was_given_up_counts_as_not_handed_over() {
        let mut out = Outgoing::default();
        out.put([b"one".as_slice()].into_iter());
        out.took(2);
        out.give_up();
        assert!(out.is_done());
        assert_eq!((out.handed(), out.end()), (0, 3));
    }
}

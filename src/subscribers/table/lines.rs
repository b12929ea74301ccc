//! Which line of the file a record begins on: the text goes through, and places of lines are kept for as
//! long as the record that begins there is being read. The csv crate counts line feeds alone, and places
//! a record in front of blank lines and of half a CRLF.

use std::collections::VecDeque;
use std::io::{self, Read};

/// Counts the lines of the text that is read through it.
pub(super) struct Lines<R> {
    text: R,
    /// Bytes that went through.
    read: u64,
    line: usize,
    after_cr: bool,
    /// The next byte is the first of a line.
    fresh: bool,
    /// First bytes of lines that are not blank, with the lines' numbers, in order.
    begins: VecDeque<(u64, usize)>,
}

impl<R: Read> Lines<R> {
    /// `line` is the number of the line that `text` begins on.
    pub(super) fn new(text: R, line: usize) -> Self {
        Self { text, read: 0, line, after_cr: false, fresh: true, begins: VecDeque::new() }
    }

    /// The line of the first byte of text at `from` or behind it, and the line that the byte before `to` is
    /// on; forgets all lines before `to`.
    pub(super) fn take(&mut self, from: u64, to: u64) -> (usize, usize) {
        while self.begins.front().is_some_and(|(at, _)| *at < from) {
            self.begins.pop_front();
        }
        let first = self.begins.front().map_or(self.line, |(_, line)| *line);
        let mut last = first;
        while let Some((_, line)) = self.begins.front().filter(|(at, _)| *at < to) {
            last = *line;
            self.begins.pop_front();
        }
        (first, last)
    }

    fn count(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' => {
                    self.line += 1;
                    self.fresh = true;
                }
                b'\r' => {
                    self.line += 1;
                    self.fresh = true;
                    self.after_cr = true;
                }
                _ => {
                    if self.fresh {
                        self.begins.push_back((self.read + at as u64, self.line));
                    }
                    self.fresh = false;
                    self.after_cr = false;
                    at = memchr::memchr2(b'\n', b'\r', &bytes[at..]).map_or(bytes.len(), |ahead| at + ahead);
                    continue;
                }
            }
            at += 1;
        }
        self.read += bytes.len() as u64;
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(out)?;
        self.count(&out[..read]);
        Ok(read)
    }
}

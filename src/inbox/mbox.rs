//! An mbox (RFC 4155 and its older kin, mboxo and mboxrd) taken apart into its mails, with lines that end
//! in LF, CRLF or CR. A text that does not begin as an mbox does is one mail.

use std::io::{self, BufRead};

use super::{InboxError, LIMIT, Mail};

/// How much of a line is looked at at once; a longer one comes in pieces, so that a line without end
/// needs no more memory than others.
const PIECE: usize = 64 * 1024;

pub(super) struct Mbox<R> {
    name: String,
    reader: R,
    state: State,
    /// Mails that were given out.
    count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// Behind a From_ line.
    InMail,
    End,
}

impl<R: BufRead> Mbox<R> {
    pub(super) fn new(name: String, reader: R) -> Self {
        Self { name, reader, state: State::Start, count: 0 }
    }

    fn read(&mut self) -> io::Result<Option<Mail>> {
        let mut mail = Mail { name: String::new(), bytes: Vec::new(), truncated: false };
        let mut line = Vec::new();
        let mut is_mbox = self.state == State::InMail;
        let (mut at_start, mut after_blank) = (true, self.state == State::Start);
        let mut began = is_mbox;
        loop {
            line.clear();
            let whole = read_piece(&mut self.reader, &mut line)?;
            if line.is_empty() {
                self.state = State::End;
                break;
            }
            if at_start && after_blank && is_from_line(&line) && (is_mbox || !began) {
                let ends_a_mail = began;
                (is_mbox, began) = (true, true);
                self.state = State::InMail;
                after_blank = false;
                if ends_a_mail {
                    break;
                }
                continue;
            }
            let blank = at_start && matches!(line.as_slice(), b"\n" | b"\r\n" | b"\r");
            began |= !blank || is_mbox;
            let quoted = is_mbox && at_start && is_quoted_from_line(&line);
            keep(&mut mail, &line[usize::from(quoted)..]);
            after_blank = blank;
            at_start = whole;
        }
        // The mails of an mbox are counted; anything else is one mail, and an empty text is none.
        if !began || (!is_mbox && mail.bytes.is_empty()) {
            return Ok(None);
        }
        self.count += 1;
        let sole = self.count == 1 && self.state == State::End;
        mail.name = if is_mbox && !sole { format!("{}:{}", self.name, self.count) } else { self.name.clone() };
        Ok(Some(mail))
    }
}

impl<R: BufRead> Iterator for Mbox<R> {
    type Item = Result<Mail, InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::End {
            return None;
        }
        match self.read() {
            Ok(mail) => mail.map(Ok),
            Err(error) => {
                self.state = State::End;
                Some(Err(InboxError::new(self.name.clone(), error)))
            }
        }
    }
}

fn keep(mail: &mut Mail, piece: &[u8]) {
    let room = LIMIT - mail.bytes.len();
    mail.truncated |= piece.len() > room;
    mail.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
}

/// Appends a line with its end, or as much of it as fits into a piece; tells whether the line ended.
fn read_piece(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok(true);
        }
        // A CR was the last byte of the buffer before: does its LF come now?
        if line.last() == Some(&b'\r') {
            if buffer[0] == b'\n' {
                line.push(b'\n');
                reader.consume(1);
            }
            return Ok(true);
        }
        let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let taken = end.map_or(buffer.len(), |end| end + 1);
        line.extend_from_slice(&buffer[..taken]);
        let ended = end.is_some_and(|end| buffer[end] == b'\n');
        reader.consume(taken);
        if ended {
            return Ok(true);
        }
        if end.is_none() && line.len() >= PIECE {
            return Ok(false);
        }
    }
}

/// `From sender Tue Mar  4 10:00:00 2025`, with whatever stands between and behind: a time and a year
/// tell it from a sentence that begins with the word.
fn is_from_line(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let rest = &rest[..rest.len().min(1000)];
    let words = || rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let time = |word: &[u8]| {
        word.iter().filter(|byte| **byte == b':').count() >= 1
            && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b':')
    };
    let year = |word: &[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    words().any(time) && words().any(year)
}

/// `>From `, `>>From ` and so on: mboxrd adds one mark to each of them, mboxo to the plain one alone.
fn is_quoted_from_line(line: &[u8]) -> bool {
    let marks = line.iter().take_while(|byte| **byte == b'>').count();
    marks > 0 && line[marks..].starts_with(b"From ")
}

/// A single mail without the From_ line that a delivery agent may have put on top.
pub(super) fn without_from_line(mut bytes: Vec<u8>) -> Vec<u8> {
    if is_from_line(bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default()) {
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |end| {
            if bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n') { end + 2 } else { end + 1 }
        });
        bytes.drain(..end);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn mails(text: &[u8], buffer: usize) -> Vec<(String, Vec<u8>)> {
        Mbox::new("box".to_owned(), BufReader::with_capacity(buffer, text))
            .map(|mail| mail.map(|mail| (mail.name, mail.bytes)).unwrap())
            .collect()
    }

    const BOX: &str = "From MAILER-DAEMON Tue Mar  4 10:00:00 2025\nSubject: one\n\n>From here\n>>From there\n\n\
                       From now on.\n\nFrom ann@example.org Tue Mar  4 10:00:01 2025 +0000\nSubject: two\n\nx\n";

    #[test]
    fn an_mbox_is_taken_apart_whatever_its_lines_end_in() {
        for end in ["\n", "\r\n", "\r"] {
            let text = BOX.replace('\n', end);
            for buffer in [1, 7, 8192] {
                let found = mails(text.as_bytes(), buffer);
                let expected = [
                    ("box:1", "Subject: one\n\nFrom here\n>From there\n\nFrom now on.\n\n"),
                    ("box:2", "Subject: two\n\nx\n"),
                ]
                .map(|(name, text)| (name.to_owned(), text.replace('\n', end).into_bytes()));
                assert_eq!(found, expected, "{end:?} {buffer}");
            }
        }
    }

    #[test]
    fn a_text_that_begins_otherwise_is_one_mail() {
        let text = "Subject: x\n\nhello\n\nFrom ann Tue Mar  4 10:00:00 2025\n>From here\n";
        assert_eq!(mails(text.as_bytes(), 16), [("box".to_owned(), text.as_bytes().to_vec())]);
        assert_eq!(mails(b"", 16), []);
    }

    #[test]
    fn the_line_on_top_of_a_single_mail_is_no_header() {
        for (text, rest) in [
            ("From a Tue Mar  4 10:00:00 2025\nA: b", "A: b"),
            ("From a Tue Mar  4 10:00:00 2025\r\nA: b", "A: b"),
            ("From a Tue Mar  4 10:00:00 2025", ""),
            ("From: a\n", "From: a\n"),
        ] {
            assert_eq!(without_from_line(text.as_bytes().to_vec()), rest.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_and_none_is_made_up(text in proptest::collection::vec(any::<u8>(), 0..300), buffer in 1usize..40) {
            let found = mails(&text, buffer);
            if !is_from_line(&text) {
                let all: Vec<u8> = found.into_iter().flat_map(|(_, bytes)| bytes).collect();
                prop_assert!(all == text || (all.is_empty() && text.iter().all(u8::is_ascii_whitespace)));
            }
        }
    }
}

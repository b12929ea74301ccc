//! Bytes in any encoding in, UTF-8 out, a piece at a time.

use std::io::{self, Read};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;

/// The text of `source`, from which the byte order mark was taken already. What can't be decoded becomes
/// U+FFFD, except in a mixed file, whose odd bytes are Windows-1252.
pub(super) fn text(
    source: impl Read + Send + 'static,
    encoding: &'static Encoding,
    is_mixed: bool,
) -> Box<dyn Read + Send> {
    match () {
        () if is_mixed => Box::new(Mixed { source, pending: Vec::new(), ready: Vec::new(), at: 0, ended: false }),
        // It was found to be valid, and the reader of the CSV looks again.
        () if encoding == UTF_8 => Box::new(source),
        () => Box::new(
            DecodeReaderBytesBuilder::new()
                .encoding(Some(encoding))
                .bom_override(false)
                .bom_sniffing(false)
                .build(source),
        ),
    }
}

/// UTF-8 with odd bytes in it.
struct Mixed<R> {
    source: R,
    /// Bytes that were read and not yet decoded: the beginning of a character.
    pending: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Mixed<R> {
    fn advance(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        let before = self.pending.len();
        let read = self.source.by_ref().take(32 * 1024).read_to_end(&mut self.pending)?;
        self.ended = read == 0;
        debug_assert_eq!(self.pending.len(), before + read);
        let pending = std::mem::take(&mut self.pending);
        let mut rest = &pending[..];
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.ready.extend(text.as_bytes());
                    return Ok(());
                }
                Err(error) => error,
            };
            let (valid, odd) = rest.split_at(error.valid_up_to());
            self.ready.extend(valid);
            let length = match error.error_len() {
                Some(length) => length,
                None if self.ended => odd.len(),
                None => {
                    odd.clone_into(&mut self.pending);
                    return Ok(());
                }
            };
            self.ready.extend(WINDOWS_1252.decode_without_bom_handling(&odd[..length]).0.as_bytes());
            rest = &odd[length..];
        }
    }
}

impl<R: Read> Read for Mixed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() && !self.ended {
            self.advance()?;
        }
        let length = out.len().min(self.ready.len() - self.at);
        out[..length].copy_from_slice(&self.ready[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_bytes_of_a_mixed_file_are_windows_1252_and_the_others_utf_8() {
        let mut read = String::new();
        let bytes = "Zoë ".bytes().chain(*b"Ren\xe9 \x80").chain("€ é".bytes()).chain(*b"\xe2\x82");
        let bytes: Vec<u8> = bytes.collect();
        text(io::Cursor::new(bytes), UTF_8, true).read_to_string(&mut read).unwrap();
        assert_eq!(read, "Zoë René €€ éâ‚");
    }
}

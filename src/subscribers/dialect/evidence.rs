//! MacRoman or Windows-1252: bytes that are no ASCII in, with their neighbours; which of the two makes
//! words of them out. Both give a character for nearly every byte, so that only words can tell.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

/// What speaks for each of the two encodings.
#[derive(Debug)]
pub(super) struct Evidence {
    mac: i64,
    windows: i64,
    /// Which bytes beyond ASCII came by.
    kinds: [bool; 128],
    /// Bytes beyond ASCII, and how many of them make no sense in MacRoman.
    seen: usize,
    mac_odd: usize,
    /// The two bytes that came last, the later one last.
    before: [u8; 2],
}

impl Default for Evidence {
    fn default() -> Self {
        Self { mac: 0, windows: 0, kinds: [false; 128], seen: 0, mac_odd: 0, before: [0; 2] }
    }
}

/// What French writes beyond ASCII.
const FRENCH: &str = "éèêëàâçîïôûùüœæÿÉÈÊËÀÂÇÎÏÔÛÙÜŒÆŸ’«»–—…\u{a0}";

impl Evidence {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let [before, middle] = self.before;
            if middle >= 0x80 {
                let mac = score(MACINTOSH, before, middle, byte);
                self.mac += mac;
                self.seen += 1;
                self.kinds[usize::from(middle - 0x80)] = true;
                self.mac_odd += usize::from(mac < 0);
                self.windows += score(WINDOWS_1252, before, middle, byte);
            }
            self.before = [middle, byte];
        }
    }

    /// Whether the bytes are all such that they make French in Windows-1252. A detector that goes by
    /// frequencies takes a few of them for Central European, which has é in the same place.
    pub(super) fn speaks_for_french(&self) -> bool {
        let kinds = (0x80..=0xff).zip(self.kinds).filter(|(_, seen)| *seen);
        kinds.into_iter().all(|(byte, _)| FRENCH.contains(decoded(WINDOWS_1252, byte)))
    }

    /// Whether the bytes are rather MacRoman than Windows-1252; lines that end in a lone CR say so too.
    pub(super) fn speaks_for_mac(&mut self, lone_cr: bool) -> bool {
        self.feed(b"\n");
        self.mac + i64::from(lone_cr) > self.windows && self.mac_odd * 8 <= self.seen
    }
}

/// How well a character stands between its neighbours: letters of western languages in words are good,
/// signs in the middle of a word are not, nor is a capital behind a small letter.
fn score(encoding: &'static Encoding, before: u8, byte: u8, after: u8) -> i64 {
    let [before, character, after] = [before, byte, after].map(|byte| decoded(encoding, byte));
    let in_word = before.is_alphabetic() || after.is_alphabetic();
    let inside = before.is_alphabetic() && after.is_alphabetic();
    match character {
        c if c.is_control() => -4,
        '’' if inside => 2,
        'π' | 'Ω' | 'ƒ' | 'ı' | 'ˆ' | 'ˇ' | 'ﬁ' | 'ﬂ' | 'µ' if in_word => -2,
        'À' | 'à' if !in_word => 1,
        c if c.is_alphabetic() && in_word => {
            let common = matches!(c, 'À'..='ÿ' | 'Œ' | 'œ');
            let broken = c.is_uppercase() && before.is_lowercase();
            if broken { -2 } else { 1 + i64::from(common) }
        }
        c if c.is_alphabetic() => 0,
        _ if inside => -3,
        '«' | '»' | '“' | '”' | '‘' | '’' | '–' | '—' | '…' | '€' | '°' | '\u{a0}' => 1,
        _ => 0,
    }
}

fn decoded(encoding: &'static Encoding, byte: u8) -> char {
    encoding.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_mac(text: &str, encoding: &'static Encoding) -> bool {
        let mut evidence = Evidence::default();
        evidence.feed(&encoding.encode(text).0);
        evidence.speaks_for_mac(false)
    }

    #[test]
    fn words_tell_the_two_apart() {
        for text in [
            "René",
            "Zoë Tremblay",
            "Émilie",
            "Hélène Fürst",
            "François",
            "Maison d’accueil du Nord",
            "José",
            "Noël",
            "Benoît",
            "Jürgen Müller",
            "À la carte",
            "Größe",
            "Peña",
            "Søren",
            "Ålesund",
            "ÉLODIE",
            "Bérénice",
        ] {
            assert!(is_mac(text, MACINTOSH), "{text} in MacRoman");
            assert!(!is_mac(text, WINDOWS_1252), "{text} in Windows-1252");
        }
    }
}

//! Names of folders: as people write them, with slashes and any letters, to and from modified UTF-7 with the
//! server's own separator (RFC 3501 section 5.1.3).

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

/// Base64 with a comma in place of the slash, and without padding.
static BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,");
    // Some servers leave other bits behind the last letter than zeros.
    specification.check_trailing_bits = false;
    specification.encoding().unwrap_or_else(|error| unreachable!("{error}"))
});

/// `A/Zur\u{fc}ck` to `A.Zur&APw-ck`, where the separator is a dot.
pub(super) fn encode(name: &str, separator: char) -> String {
    let mut encoded = String::new();
    let mut shifted = Vec::new();
    for character in name.chars().map(|c| if c == '/' { separator } else { c }) {
        if (' '..='~').contains(&character) {
            shift(&mut encoded, &mut shifted);
            encoded.push(character);
            if character == '&' {
                encoded.push('-');
            }
        } else {
            let mut units = [0; 2];
            shifted.extend(character.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    shift(&mut encoded, &mut shifted);
    encoded
}

fn shift(encoded: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        encoded.push('&');
        encoded.push_str(&BASE64.encode(shifted));
        encoded.push('-');
        shifted.clear();
    }
}

/// The way back, as far as the server kept to it; what it did not is shown as it came.
pub(super) fn decode(name: &str, separator: char) -> String {
    let mut decoded = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(&before.replace(separator, "/"));
        let (coded, behind) = after.split_once('-').unwrap_or((after, ""));
        if coded.is_empty() {
            decoded.push('&');
        } else if let Ok(octets) = BASE64.decode(coded.as_bytes()) {
            let units: Vec<u16> = octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            decoded.push_str(&String::from_utf16_lossy(&units));
        } else {
            decoded.push_str(coded);
        }
        rest = behind;
    }
    decoded.push_str(&rest.replace(separator, "/"));
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_written_as_the_rfc_has_them() {
        let name = "~peter/mail/\u{53f0}\u{5317}/\u{65e5}\u{672c}\u{8a9e}";
        assert_eq!(encode(name, '/'), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(encode("A & B/\u{fc}", '.'), "A &- B.&APw-");
        assert_eq!(decode("INBOX.Zur&APw-ck", '.'), "INBOX/Zur\u{fc}ck");
    }

    proptest! {
        #[test]
        fn a_name_comes_back_as_it_went(name in "[a-z& /\u{e0}-\u{1f6ff}]{0,30}") {
            prop_assert_eq!(decode(&encode(&name, '/'), '/'), name);
        }

        #[test]
        fn whatever_a_server_calls_its_folders_can_be_shown(name in "[&,+A-Za-z-]{0,30}") {
            decode(&name, '.');
        }
    }
}

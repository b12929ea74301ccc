//! The parameters that ask for reports on a message (RFC 3461 section 4): their grammar in, a verdict out. What
//! they ask for is forgotten, since a catcher delivers nothing and so has nothing to report.

use super::command::Fault;

/// Characters of an envelope's name (section 4.4), and of an original recipient (section 4.2).
const LONGEST_ENVID: usize = 100;
const LONGEST_ORCPT: usize = 500;

/// `RET` and `ENVID` of MAIL; false where it is another parameter.
pub(super) fn of_mail(name: &str, value: Option<&str>) -> Result<bool, Fault> {
    match (name, value.unwrap_or_default()) {
        ("RET", value) if ["FULL", "HDRS"].iter().any(|known| value.eq_ignore_ascii_case(known)) => Ok(true),
        ("RET", _) => Err(Fault::Syntax("RET is FULL or HDRS")),
        ("ENVID", value) if is_xtext(value, LONGEST_ENVID) => Ok(true),
        ("ENVID", _) => Err(Fault::Syntax("ENVID is at most 100 characters of xtext")),
        _ => Ok(false),
    }
}

/// `NOTIFY` and `ORCPT` of RCPT; false where it is another parameter.
pub(super) fn of_rcpt(name: &str, value: Option<&str>) -> Result<bool, Fault> {
    match (name, value.unwrap_or_default()) {
        ("NOTIFY", value) if is_notify(value) => Ok(true),
        ("NOTIFY", _) => Err(Fault::Syntax("NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY")),
        ("ORCPT", value) if is_original(value) => Ok(true),
        ("ORCPT", _) => Err(Fault::Syntax("ORCPT is rfc822; and an address in xtext")),
        _ => Ok(false),
    }
}

fn is_notify(value: &str) -> bool {
    let value = value.to_ascii_uppercase();
    value == "NEVER" || value.split(',').all(|event| ["SUCCESS", "FAILURE", "DELAY"].contains(&event))
}

fn is_original(value: &str) -> bool {
    value.split_once(';').is_some_and(|(kind, address)| {
        kind.eq_ignore_ascii_case("rfc822") && is_xtext(address, LONGEST_ORCPT) && address.contains('@')
    })
}

/// Printable characters, of which `+` and `=` stand as `+2B` and `+3D`, in capitals (section 4).
fn is_xtext(text: &str, longest: usize) -> bool {
    let mut pieces = text.split('+');
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'=');
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(byte);
    let escaped = |piece: &str| {
        piece.as_bytes().split_at_checked(2).is_some_and(|(code, _)| code.iter().all(hex)) && plain(&piece[2..])
    };
    (1..=longest).contains(&text.len()) && pieces.next().is_some_and(plain) && pieces.all(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_held_to_its_grammar() {
        for (name, value) in [("RET", "hdrs"), ("RET", "FULL"), ("ENVID", "b01"), ("ENVID", "a+2Bb+3D")] {
            assert_eq!(of_mail(name, Some(value)), Ok(true), "{name}={value}");
        }
        for (name, value) in [("NOTIFY", "never"), ("NOTIFY", "FAILURE,DELAY"), ("ORCPT", "rfc822;a+2Bb@example.org")] {
            assert_eq!(of_rcpt(name, Some(value)), Ok(true), "{name}={value}");
        }
        let long = "x".repeat(101);
        for (name, value) in [
            ("RET", "ALL"),
            ("RET", ""),
            ("ENVID", ""),
            ("ENVID", "a=b"),
            ("ENVID", "a+2b"),
            ("ENVID", "a+2"),
            ("ENVID", "a+"),
            ("ENVID", "a+\u{e9}x"),
            ("ENVID", &long),
        ] {
            assert!(of_mail(name, Some(value)).is_err(), "{name}={value}");
        }
        for (name, value) in [
            ("NOTIFY", ""),
            ("NOTIFY", "NEVER,FAILURE"),
            ("NOTIFY", "LATER"),
            ("ORCPT", "a@example.org"),
            ("ORCPT", "x400;a@example.org"),
            ("ORCPT", "rfc822;a+b@example.org"),
            ("ORCPT", "rfc822;nobody"),
        ] {
            assert!(of_rcpt(name, Some(value)).is_err(), "{name}={value}");
        }
        assert_eq!((of_mail("BODY", Some("7BIT")), of_rcpt("SIZE", None)), (Ok(false), Ok(false)));
    }
}

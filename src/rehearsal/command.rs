//! The commands of a conversation: a line in, a [`Command`] or a [`Fault`] out.
//!
//! RFC 5321 section 4.1, with the parameters of the extensions that EHLO offers:
//! SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), DSN (RFC 3461) and BDAT
//! (RFC 3030). The grammar is kept to the letter, since a rehearsal that forgives is no rehearsal.

use super::dsn;
use super::path;
use super::reply::Reply;

/// One command, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Hello { extended: bool },
    Mail { path: String, size: Option<u64>, utf8: bool, extended: bool },
    Rcpt { path: String, extended: bool },
    Data,
    Bdat { octets: u64, last: bool },
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Unknown,
    /// It is one, but for the reason in this text.
    Syntax(&'static str),
    /// MAIL or RCPT with a parameter that was not offered.
    Parameter,
}

impl Command {
    /// Reads one line, which comes without its CRLF.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Fault> {
        let verb_end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (verb, rest) = line.split_at(verb_end);
        let verb = verb.to_ascii_uppercase();
        let text = std::str::from_utf8(rest).map_err(|_| Fault::Syntax("the line is not UTF-8"));
        let argument = text.map(str::trim_ascii);
        let alone = |command| match argument {
            Ok("") => Ok(command),
            _ => Err(Fault::Syntax("this command takes no argument")),
        };
        match verb.as_slice() {
            b"EHLO" | b"HELO" => match argument? {
                "" => Err(Fault::Syntax("say who you are: EHLO name")),
                _ => Ok(Self::Hello { extended: verb == b"EHLO" }),
            },
            b"MAIL" => mail(argument?),
            b"RCPT" => rcpt(argument?),
            b"BDAT" => bdat(argument?),
            b"DATA" => alone(Self::Data),
            b"RSET" => alone(Self::Rset),
            b"QUIT" => alone(Self::Quit),
            b"NOOP" => Ok(Self::Noop),
            b"HELP" => Ok(Self::Help),
            b"VRFY" => match argument? {
                "" => Err(Fault::Syntax("say whom: VRFY name")),
                _ => Ok(Self::Vrfy),
            },
            _ => Err(Fault::Unknown),
        }
    }
}

fn mail(argument: &str) -> Result<Command, Fault> {
    let rest = after_keyword(argument, "FROM:").ok_or(Fault::Syntax("write MAIL FROM:<address>"))?;
    let (path, parameters) = path::split(rest).ok_or(Fault::Syntax("the address needs < and >"))?;
    if !(path.is_empty() || path::is_mailbox(path)) {
        return Err(Fault::Syntax("the sender is no address"));
    }
    let (mut size, mut utf8, mut extended) = (None, false, false);
    for parameter in parameters.split_ascii_whitespace() {
        extended = true;
        let (name, value) = halves(parameter);
        if dsn::of_mail(&name, value)? {
            continue;
        }
        match (name.as_str(), value.map(str::to_ascii_uppercase).as_deref()) {
            ("SIZE", Some(octets)) => size = Some(number(octets)?),
            ("BODY", Some("7BIT" | "8BITMIME")) => {}
            ("SMTPUTF8", None) => utf8 = true,
            _ => return Err(Fault::Parameter),
        }
    }
    Ok(Command::Mail { path: path.to_owned(), size, utf8, extended })
}

fn rcpt(argument: &str) -> Result<Command, Fault> {
    let rest = after_keyword(argument, "TO:").ok_or(Fault::Syntax("write RCPT TO:<address>"))?;
    let (path, parameters) = path::split(rest).ok_or(Fault::Syntax("the address needs < and >"))?;
    if !(path::is_mailbox(path) || path.eq_ignore_ascii_case("postmaster")) {
        return Err(Fault::Syntax("the recipient is no address"));
    }
    let mut extended = false;
    for parameter in parameters.split_ascii_whitespace() {
        extended = true;
        let (name, value) = halves(parameter);
        if !dsn::of_rcpt(&name, value)? {
            return Err(Fault::Parameter);
        }
    }
    Ok(Command::Rcpt { path: path.to_owned(), extended })
}

/// A parameter's name in capitals, and its value.
fn halves(parameter: &str) -> (String, Option<&str>) {
    match parameter.split_once('=') {
        Some((name, value)) => (name.to_ascii_uppercase(), Some(value)),
        None => (parameter.to_ascii_uppercase(), None),
    }
}

fn bdat(argument: &str) -> Result<Command, Fault> {
    let mut words = argument.split_ascii_whitespace();
    let octets = number(words.next().unwrap_or_default())?;
    let last = match (words.next(), words.next()) {
        (None, _) => false,
        (Some(word), None) if word.eq_ignore_ascii_case("LAST") => true,
        _ => return Err(Fault::Syntax("write BDAT octets, or BDAT octets LAST")),
    };
    Ok(Command::Bdat { octets, last })
}

/// What stands behind a keyword. No space is allowed there (RFC 5321 section 3.3).
fn after_keyword<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = argument.split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then_some(rest)
}

/// At most 20 digits (RFC 1870 section 3, RFC 3030 section 2).
fn number(digits: &str) -> Result<u64, Fault> {
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = digits.parse().ok().filter(|_| only_digits);
    parsed.ok_or(Fault::Syntax("the number of octets is no number"))
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unknown => Self::new(500, "5.5.2", "unknown command"),
            Fault::Syntax(text) => Self::new(501, "5.5.4", text),
            Fault::Parameter => Self::new(555, "5.5.4", "this parameter was not offered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syntax(line: &str) -> bool {
        matches!(Command::parse(line.as_bytes()), Err(Fault::Syntax(_)))
    }

    #[test]
    fn verbs_and_keywords_are_read_in_any_case() {
        let mail = Command::parse(b"mail from:<a@b.org> size=5 body=8bitmime smtputf8");
        let expected = Command::Mail { path: "a@b.org".into(), size: Some(5), utf8: true, extended: true };
        assert_eq!(mail, Ok(expected));
        assert_eq!(Command::parse(b"ehlo me"), Ok(Command::Hello { extended: true }));
        assert_eq!(Command::parse(b"Bdat 86 last"), Ok(Command::Bdat { octets: 86, last: true }));
        assert_eq!(Command::parse(b"DATA "), Ok(Command::Data));
    }

    #[test]
    fn a_bounce_has_no_sender_but_each_mail_has_a_recipient() {
        let null = Command::Mail { path: String::new(), size: None, utf8: false, extended: false };
        assert_eq!(Command::parse(b"MAIL FROM:<>"), Ok(null));
        assert_eq!(
            Command::parse(b"RCPT TO:<Postmaster>"),
            Ok(Command::Rcpt { path: "Postmaster".into(), extended: false })
        );
        assert!(syntax("RCPT TO:<>"));
    }

    #[test]
    fn what_is_not_in_the_grammar_is_a_syntax_fault() {
        for line in [
            "EHLO",
            "MAIL",
            "MAIL FROM: <a@b>",
            "MAIL FROM:a@b",
            "MAIL TO:<a@b>",
            "MAIL FROM:<a>",
            "MAIL FROM:<a@b>SIZE=5",
            "MAIL FROM:<a@b> SIZE=+5",
            "MAIL FROM:<a@b> RET=SOME",
            "RCPT TO:<a@b> NOTIFY=NEVER,DELAY",
            "RCPT FROM:<a@b>",
            "RCPT TO:<a b@c>",
            "DATA now",
            "QUIT now",
            "BDAT",
            "BDAT x",
            "BDAT 5 FIRST",
            "BDAT 5 LAST x",
            "BDAT 99999999999999999999999",
            "VRFY",
        ] {
            assert!(syntax(line), "{line}");
        }
        assert!(matches!(Command::parse(b"MAIL FROM:<\xff@b.org>"), Err(Fault::Syntax(_))));
    }

    #[test]
    fn what_was_not_offered_is_a_parameter_fault_and_the_rest_is_unknown() {
        for line in ["MAIL FROM:<a@b> HOLDFOR=9", "MAIL FROM:<a@b> BODY=BINARYMIME", "RCPT TO:<a@b> RRVS=x"] {
            assert_eq!(Command::parse(line.as_bytes()), Err(Fault::Parameter), "{line}");
        }
        for line in ["", "STARTTLS", "AUTH PLAIN", "DATAX", "\u{e9}HLO x"] {
            assert_eq!(Command::parse(line.as_bytes()), Err(Fault::Unknown), "{line}");
        }
    }
}

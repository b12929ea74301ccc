//! What a server says, taken apart (RFC 3501 section 7): a response's octets in, a [`Response`] out.

/// A response as it came: text and literals in turn, without line ends.
pub(super) type Raw = Vec<Piece>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(Vec<u8>),
    /// Octets whose number was announced, as far as they were kept.
    Literal(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Response {
    /// `+ text`: the server waits for more of a command.
    Continue(String),
    /// `tag OK [code] text`; no tag where the server speaks unasked.
    Status { tag: Option<String>, status: Status },
    /// `* ...`, as values.
    Data(Vec<Value>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) kind: Kind,
    /// What stands in brackets.
    pub(super) code: Option<String>,
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ok,
    No,
    Bad,
    Bye,
    Preauth,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Atom(String),
    /// A quoted string or a literal.
    Text(Vec<u8>),
    List(Vec<Value>),
}

impl Value {
    pub(super) fn atom(&self) -> Option<&str> {
        match self {
            Self::Atom(atom) => Some(atom),
            _ => None,
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.atom().is_some_and(|atom| atom.eq_ignore_ascii_case(word))
    }

    pub(super) fn number(&self) -> Option<u32> {
        self.atom()?.parse().ok()
    }

    /// The octets of an atom or a text; none for NIL.
    pub(super) fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Atom(atom) if atom.eq_ignore_ascii_case("nil") => None,
            Self::Atom(atom) => Some(atom.as_bytes()),
            Self::Text(text) => Some(text),
            Self::List(_) => None,
        }
    }

    pub(super) fn list(&self) -> &[Value] {
        match self {
            Self::List(values) => values,
            _ => &[],
        }
    }
}

impl Status {
    /// The code's first word, in capitals.
    pub(super) fn code_word(&self) -> String {
        let code = self.code.as_deref().unwrap_or_default();
        code.split(' ').next().unwrap_or_default().to_ascii_uppercase()
    }
}

/// None where it is no response of IMAP.
pub(super) fn parse(raw: &[Piece]) -> Option<Response> {
    let Some(Piece::Text(first)) = raw.first() else { return None };
    let text = String::from_utf8_lossy(first);
    if let Some(rest) = text.strip_prefix('+') {
        return Some(Response::Continue(rest.trim().to_owned()));
    }
    let (tag, rest) = text.split_once(' ')?;
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    if let Some(kind) = kind(word) {
        let tag = (tag != "*").then(|| tag.to_owned());
        return Some(Response::Status { tag, status: status(kind, after) });
    }
    if tag != "*" {
        return None;
    }
    let mut reader = Reader { raw, piece: 0, at: 2, depth: 0 };
    Some(Response::Data(reader.values()?))
}

fn kind(word: &str) -> Option<Kind> {
    let kinds =
        [("OK", Kind::Ok), ("NO", Kind::No), ("BAD", Kind::Bad), ("BYE", Kind::Bye), ("PREAUTH", Kind::Preauth)];
    kinds.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
}

fn status(kind: Kind, text: &str) -> Status {
    let coded = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match coded {
        Some((code, text)) => Status { kind, code: Some(code.to_owned()), text: text.trim().to_owned() },
        None => Status { kind, code: None, text: text.trim().to_owned() },
    }
}

/// How deep lists may nest; what is asked for here nests twice.
const DEEPEST: usize = 20;

struct Reader<'r> {
    raw: &'r [Piece],
    piece: usize,
    /// In the text of that piece.
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    /// Values up to the end of the list or of the response.
    fn values(&mut self) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        loop {
            match self.raw.get(self.piece) {
                None => return (self.depth == 0).then_some(values),
                Some(Piece::Literal(octets)) => {
                    values.push(Value::Text(octets.clone()));
                    (self.piece, self.at) = (self.piece + 1, 0);
                }
                Some(Piece::Text(text)) => match text.get(self.at) {
                    None => (self.piece, self.at) = (self.piece + 1, 0),
                    Some(b' ') => self.at += 1,
                    Some(b'(') => {
                        self.at += 1;
                        self.depth += 1;
                        if self.depth > DEEPEST {
                            return None;
                        }
                        values.push(Value::List(self.values()?));
                    }
                    Some(b')') => {
                        self.at += 1;
                        self.depth = self.depth.checked_sub(1)?;
                        return Some(values);
                    }
                    Some(b'"') => values.push(Value::Text(self.quoted(text)?)),
                    Some(_) => values.push(self.atom(text)),
                },
            }
        }
    }

    fn quoted(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let mut quoted = Vec::new();
        self.at += 1;
        loop {
            match text.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(quoted);
                }
                b'\\' => {
                    quoted.push(*text.get(self.at + 1)?);
                    self.at += 2;
                }
                byte => {
                    quoted.push(*byte);
                    self.at += 1;
                }
            }
        }
    }

    /// Up to a space or a parenthesis that stands in no brackets: `BODY[HEADER.FIELDS (To)]` is one.
    fn atom(&mut self, text: &[u8]) -> Value {
        let start = self.at;
        let mut in_brackets = false;
        while let Some(byte) = text.get(self.at) {
            match byte {
                b'[' => in_brackets = true,
                b']' => in_brackets = false,
                b' ' | b'(' | b')' if !in_brackets => break,
                _ => {}
            }
            self.at += 1;
        }
        Value::Atom(String::from_utf8_lossy(&text[start..self.at]).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn a_mail_is_taken_out_of_its_response_whatever_stands_around_it() {
        let raw =
            [text("* 12 FETCH (FLAGS (\\Seen) BODY[]<0> "), Piece::Literal(b"A: (b\r\n".to_vec()), text(" UID 7)")];
        let Some(Response::Data(values)) = parse(&raw) else { panic!() };
        assert_eq!(values[0].number(), Some(12));
        assert!(values[1].is("fetch"));
        let list = values[2].list();
        assert_eq!(list[1].list()[0].atom(), Some("\\Seen"));
        assert_eq!(list[3].octets(), Some(&b"A: (b\r\n"[..]));
        assert_eq!(list[5].number(), Some(7));
    }

    #[test]
    fn a_status_is_told_with_its_code_and_its_words() {
        let Some(Response::Status { tag, status }) = parse(&[text("B3 NO [AUTHENTICATIONFAILED] Wrong (really)")])
        else {
            panic!()
        };
        assert_eq!((tag.as_deref(), status.kind, status.text.as_str()), (Some("B3"), Kind::No, "Wrong (really)"));
        assert_eq!(status.code_word(), "AUTHENTICATIONFAILED");
        assert_eq!(parse(&[text("+")]), Some(Response::Continue(String::new())));
    }

    #[test]
    fn a_quoted_name_keeps_what_is_escaped_in_it() {
        let Some(Response::Data(values)) = parse(&[text(r#"* LIST (\HasNoChildren) "/" "a \"b\\c""#)]) else {
            panic!()
        };
        assert_eq!(values[3].octets(), Some(&br#"a "b\c"#[..]));
        for broken in ["", "* 1 FETCH (", "* X )", "* X \"a", "220 here", "SSH-2.0", "* "] {
            let deep = matches!(parse(&[text(broken)]), None | Some(Response::Data(_)));
            assert!(deep, "{broken}");
        }
        assert_eq!(parse(&[text(&format!("* X {}", "(".repeat(100_000)))]), None);
    }

    proptest! {
        #[test]
        fn no_octets_make_the_parser_stumble(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut line = b"* ".to_vec();
            line.extend(octets);
            parse(&[Piece::Text(line)]);
        }
    }
}

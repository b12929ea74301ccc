//! A message as a person reads its source: its headers and those of its parts as they are transmitted, and in the
//! places of what is encoded a word on what stands there. The octets themselves are in the `.eml`.

use serde::Serialize;

/// A stretch of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stretch {
    /// Lines as they are transmitted.
    Lines(String),
    /// The plain text, decoded.
    Text,
    /// The HTML, decoded.
    Html,
    /// So many lines of Base64.
    Encoded(usize),
}

/// What a line belongs to.
enum Within {
    Head,
    /// The headers of a part, and what they have said of its body so far.
    PartHead(Body),
    Body,
}

/// What follows the headers of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Lines,
    Text,
    Html,
    Encoded,
}

/// The outline of a message that this program composed.
pub(super) fn outline(message: &str) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut within = Within::Head;
    for line in message.split("\r\n") {
        let delimits = line.starts_with("--=_");
        within = match within {
            Within::PartHead(_) | Within::Body if delimits => {
                add_line(&mut stretches, line);
                Within::PartHead(Body::Lines)
            }
            Within::Head => {
                add_line(&mut stretches, line);
                if line.is_empty() { Within::PartHead(Body::Lines) } else { Within::Head }
            }
            Within::PartHead(body) => {
                add_line(&mut stretches, line);
                if line.is_empty() {
                    match body {
                        Body::Lines => {}
                        Body::Text => stretches.push(Stretch::Text),
                        Body::Html => stretches.push(Stretch::Html),
                        Body::Encoded => stretches.push(Stretch::Encoded(0)),
                    }
                    Within::Body
                } else {
                    Within::PartHead(body.told_by(line))
                }
            }
            Within::Body => {
                match stretches.last_mut() {
                    Some(Stretch::Encoded(lines)) if !line.is_empty() => *lines += 1,
                    Some(Stretch::Text | Stretch::Html | Stretch::Encoded(_)) => {}
                    _ => add_line(&mut stretches, line),
                }
                Within::Body
            }
        };
    }
    stretches
}

impl Body {
    fn told_by(self, header: &str) -> Self {
        let header = header.to_ascii_lowercase();
        match header.split_once(':').map(|(name, value)| (name, value.trim())) {
            Some(("content-type", value)) if value.starts_with("text/plain") => Self::Text,
            Some(("content-type", value)) if value.starts_with("text/html") => Self::Html,
            Some(("content-transfer-encoding", "base64")) if self == Self::Lines => Self::Encoded,
            _ => self,
        }
    }
}

fn add_line(stretches: &mut Vec<Stretch>, line: &str) {
    match stretches.last_mut() {
        Some(Stretch::Lines(lines)) => {
            lines.push_str(line);
            lines.push('\n');
        }
        _ => stretches.push(Stretch::Lines(format!("{line}\n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stand_as_they_are_and_bodies_by_what_they_hold() {
        let message = "Subject: Hello\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_a\"\r\n\r\n--=_a\r\n\
                       Content-Type: text/plain\r\n\r\nH=C3=A9\r\n\r\n--=_a\r\nContent-Type: multipart/related\r\n\r\n--=_b\r\n\
                       Content-Type: text/html\r\n\r\n<p>\r\n--=_b\r\nContent-Type: image/png\r\n\
                       Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\nBBBB\r\n\r\n--=_b--\r\n--=_a--\r\n";
        let lines = |text: &str| Stretch::Lines(text.to_owned());
        let expected = [
            lines(
                "Subject: Hello\nContent-Type: multipart/alternative;\n boundary=\"=_a\"\n\n--=_a\nContent-Type: text/plain\n\n",
            ),
            Stretch::Text,
            lines("--=_a\nContent-Type: multipart/related\n\n--=_b\nContent-Type: text/html\n\n"),
            Stretch::Html,
            lines("--=_b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n"),
            Stretch::Encoded(2),
            lines("--=_b--\n--=_a--\n\n"),
        ];
        assert_eq!(outline(message), expected);
    }
}

//! What a reader sees of HTML and of plain text, on one line, so that the two can be held against each other.

use crate::domain::field::unescape;

/// What a reader sees of HTML, on one line.
pub(super) fn words_of(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let mut words = String::with_capacity(body.len());
    for (place, piece) in body.split('<').enumerate() {
        words.push_str(if place == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) });
    }
    one_line(&unescape(&words).replace("&#39;", "'").replace("&#x27;", "'"))
}

/// With single spaces, and without the marks that turn the direction of a text.
pub(super) fn one_line(text: &str) -> String {
    let marks = ['\u{200e}', '\u{200f}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
    let plain: String = text.chars().filter(|c| !marks.contains(c)).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_line_breaks_hide_no_words() {
        assert_eq!(words_of("<html><body><p>Rue de l&#39;Exemple,<br />\n  4 &amp; 5</p>"), ">Rue de l'Exemple, 4 & 5");
    }
}

//! A text with soft line ends to format=flowed (RFC 3676): what goes on in the next line ends in a space, and a line
//! that could be taken for something else is stuffed.

use unicode_width::UnicodeWidthStr;

/// Columns a line may have, so that a quoted reply still fits into 80 (RFC 3676 section 4.2 asks for 78 at most).
pub(super) const WIDTH: usize = 72;

/// Marks a line that goes on in the next one, until [`flowed`] ends it with the space that says so.
pub(super) const SOFT: char = '\u{2028}';
/// The end of such a line.
pub(super) const SOFT_END: &str = "\u{2028}\n";

/// The finished text as format=flowed (RFC 3676 section 4): at most two blank lines, one line end at its
/// end, a space at the end of each line that goes on in the next and of no other. Lines of a template
/// that are too long are broken; a link stays whole.
pub(super) fn flowed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut blank = 0;
    for line in text.trim().lines() {
        let (line, goes_on) = match line.strip_suffix(SOFT) {
            Some(line) => (line, true),
            None => (line.trim_end(), false),
        };
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank > 2 {
            continue;
        }
        if line == "--" {
            // The space behind a signature's dashes belongs to them (section 4.3).
            out.push_str("-- \n");
            continue;
        }
        let pieces = if is_prose(line) { textwrap::wrap(line, WIDTH) } else { vec![line.into()] };
        for (number, piece) in pieces.iter().enumerate() {
            stuff(piece.trim_end(), &mut out);
            if goes_on || number + 1 < pieces.len() {
                out.push(' ');
            }
            out.push('\n');
        }
    }
    out
}

/// Whether a line may be broken: it is too long, begins at the margin and is no reference to a link.
fn is_prose(line: &str) -> bool {
    // No letter is wider than the bytes that it takes.
    line.len() > WIDTH
        && line.width() > WIDTH
        && !line.starts_with([' ', '>', '['])
        && line.contains(' ')
        && !line.contains("://")
}

/// A line that begins like a quote, a stuffed line or a mailbox's separator gets a space before it
/// (section 4.4). The marks of quotes that are meant have their own space behind them.
fn stuff(line: &str, out: &mut String) {
    let unquoted = line.trim_start_matches('>');
    let is_quote = unquoted.len() < line.len() && (unquoted.is_empty() || unquoted.starts_with(' '));
    if line.starts_with(' ') || line.starts_with("From ") || (line.starts_with('>') && !is_quote) {
        out.push(' ');
    }
    out.push_str(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_could_be_taken_for_something_else_is_stuffed() {
        let text = "From here on\n  indented\n>no quote\n> a quote\n--\n\n\n\n\nend";
        assert_eq!(flowed(text), " From here on\n   indented\n >no quote\n> a quote\n-- \n\n\nend\n");
    }

    #[test]
    fn a_long_line_of_a_template_is_broken_but_a_link_is_not() {
        let link = format!("https://example.org/{}", "a".repeat(80));
        let flowed = flowed(&format!("{}\n{link}\n[1] {link}", "word ".repeat(20)));
        assert_eq!(flowed.lines().count(), 4);
        assert!(flowed.lines().next().unwrap().ends_with(' '));
        assert!(flowed.contains(&format!("\n{link}\n[1] {link}\n")));
    }
}

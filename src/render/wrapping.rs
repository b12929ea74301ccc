//! A paragraph into lines of a given width. Most paragraphs are words of one column a letter that break at
//! their spaces and nowhere else: those are cut in one walk. All others go to textwrap, which knows where
//! every script breaks (UAX 14) and how wide its letters are; the outcome is the same.

use std::iter::once;

use textwrap::{Options, WordSplitter};

/// What a letter is for the breaking of lines, as far as it decides about plain words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letter {
    Space,
    /// A letter or a digit.
    Word,
    /// Clings to what is before it: a full stop, a closing bracket, a bracket's or a question's end.
    Closing,
    /// Clings to what is behind it.
    Opening,
    Quote,
    Hyphen,
    /// A space that nothing breaks at.
    Glue,
    /// A dash or an ellipsis that a line may break behind.
    Dash,
    EmDash,
    Other,
}

fn letter(c: char) -> Letter {
    match c {
        ' ' => Letter::Space,
        c if c.is_ascii_alphanumeric() => Letter::Word,
        '&'
        | '@'
        | '#'
        | '*'
        | '_'
        | '='
        | '·'
        | 'À'..='Ö'
        | 'Ø'..='ö'
        | 'ø'..='ʯ'
        | 'А'..='я'
        | 'Ѐ'..='Џ'
        | 'ѐ'..='џ'
        | 'Ґ'
        | 'ґ' => Letter::Word,
        ',' | '.' | ':' | ';' | ')' | ']' | '!' | '?' => Letter::Closing,
        '(' | '[' => Letter::Opening,
        '\'' | '"' | '‘' | '’' | '“' | '”' | '«' | '»' => Letter::Quote,
        '-' => Letter::Hyphen,
        '\u{a0}' | '\u{202f}' => Letter::Glue,
        '–' | '…' => Letter::Dash,
        '—' => Letter::EmDash,
        _ => Letter::Other,
    }
}

/// Calls `line` with the indent and the words of each line of `text`; `width` columns are for both. A word that
/// is wider stays whole, and an empty line has no indent.
pub(super) fn wrap<'t>(text: &str, width: usize, first: &'t str, rest: &'t str, mut line: impl FnMut(&'t str, &str)) {
    if plain(text, width, first, rest, &mut line).is_some() {
        return;
    }
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    for (indent, wrapped) in once(first).chain(std::iter::repeat(rest)).zip(textwrap::wrap(text, &options)) {
        match wrapped.strip_prefix(indent) {
            Some(words) => line(indent, words.trim_end()),
            None => line("", wrapped.trim_end()),
        }
    }
}

/// Does nothing, and gives nothing, where `text` is not plain.
fn plain<'t>(
    text: &str,
    width: usize,
    first: &'t str,
    rest: &'t str,
    line: &mut impl FnMut(&'t str, &str),
) -> Option<()> {
    let columns = |indent: &str| width.saturating_sub(textwrap::core::display_width(indent));
    let (mut indent, mut room) = (first, columns(first));
    let (mut start, mut end, mut used) = (0, 0, 0);
    for (at, length, columns_of_word) in words(text)? {
        if used + columns_of_word > room && at > start {
            line(indent, &text[start..end]);
            (indent, room, start, used) = (rest, columns(rest), at, 0);
        }
        used += columns_of_word + 1;
        end = at + length;
    }
    line(indent, &text[start..end]);
    Some(())
}

/// Where each word begins, its bytes and its columns; none where a line might break elsewhere than between them.
fn words(text: &str) -> Option<Vec<(usize, usize, usize)>> {
    if text.ends_with('-') {
        // textwrap takes the break before its last word for the one at its end.
        return None;
    }
    let mut words = Vec::with_capacity(text.len() / 5);
    let (mut start, mut columns) = (0, 0);
    let mut before = Letter::Space;
    let mut last = '\0';
    // The last letter of the word before.
    let mut ended = Letter::Word;
    let mut at = 0;
    while at <= text.len() {
        if before == Letter::Word {
            // Most letters stand behind another.
            let run = text.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            (at, columns) = (at + run, columns + run);
        }
        let c = text[at..].chars().next().unwrap_or(' ');
        let this = letter(c);
        let begins = columns == 1;
        let stays = match before {
            Letter::Space => match this {
                Letter::Other | Letter::Space | Letter::Closing | Letter::Glue => false,
                Letter::Opening => ended != Letter::Quote,
                Letter::EmDash => ended != Letter::EmDash,
                _ => true,
            },
            Letter::Word => !matches!(this, Letter::Other | Letter::EmDash),
            Letter::Closing => match this {
                Letter::Word => !matches!(last, '!' | '?'),
                Letter::Space | Letter::Closing | Letter::Quote | Letter::Glue => true,
                _ => false,
            },
            Letter::Opening => matches!(this, Letter::Word | Letter::Quote),
            // Behind a quote that a word begins with other rules hold than within words.
            Letter::Quote => match this {
                Letter::Word => true,
                Letter::Space => !begins && !is_initial(last),
                Letter::Closing => !begins,
                Letter::Glue => !begins || is_initial(last),
                _ => false,
            },
            Letter::Hyphen => matches!(this, Letter::Word | Letter::Space),
            Letter::Glue => matches!(this, Letter::Word | Letter::Quote | Letter::Opening),
            Letter::Dash | Letter::EmDash => this == Letter::Space,
            Letter::Other => false,
        };
        if !stays {
            return None;
        }
        if this == Letter::Space {
            words.push((start, at - start, columns));
            (start, columns, ended) = (at + 1, 0, before);
        } else {
            columns += 1;
        }
        (before, last) = (this, c);
        at += c.len_utf8();
    }
    Some(words)
}

/// A quote that begins one, by Unicode's category.
fn is_initial(quote: char) -> bool {
    matches!(quote, '‘' | '“' | '«')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
        let options = Options::new(width).initial_indent(first).subsequent_indent(rest).break_words(false);
        let lines = textwrap::wrap(text, options.word_splitter(WordSplitter::NoHyphenation));
        lines.iter().map(|line| line.trim_end().to_owned()).collect()
    }

    /// The lines that one walk makes, which have to be textwrap's; none where the text is left to that.
    fn quick(text: &str, width: usize, first: &str, rest: &str) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        plain(text, width, first, rest, &mut |indent, line: &str| lines.push(format!("{indent}{line}")))?;
        assert_eq!(lines, whole(text, width, first, rest), "{text:?}");
        Some(lines)
    }

    #[test]
    fn the_words_of_a_newsletter_are_plain() {
        let text =
            "“L’été”, said Zoë (who’s 41), isn’t over: re-read «\u{a0}it\u{a0}» – or don’t\u{a0}[3]. Всё, it's done!";
        assert_eq!(
            quick(text, 24, "- ", "  ").unwrap(),
            [
                "- “L’été”, said Zoë",
                "  (who’s 41), isn’t",
                "  over: re-read «\u{a0}it\u{a0}» –",
                "  or don’t\u{a0}[3]. Всё,",
                "  it's done!",
            ]
            .map(str::to_owned)
        );
    }

    #[test]
    fn what_breaks_within_a_word_or_is_wide_is_not_plain() {
        for text in
            ["a/b", "1–2", "日本", "e\u{301}", "a  b", " a", "a ", "https://example.org/", "a—b", "👍", "سلام", ""]
        {
            assert_eq!(quick(text, 10, "", ""), None, "{text}");
        }
    }

    #[test]
    fn every_letter_is_as_wide_and_clings_as_textwrap_has_it() {
        for c in ('\0'..='\u{ffff}').filter(|c| letter(*c) != Letter::Other) {
            for text in
                [format!("a{c}b cd"), format!("ab {c}c"), format!("ab{c} cd"), format!("a {c} b"), format!("1{c}2 ab")]
            {
                quick(&text, 3, "", "");
                quick(&text, 4, "", "");
            }
        }
    }

    /// Words as they are written, and letters as they fall.
    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[(\\[“\"‘«]{0,1}[a-cé0-2Ж]{1,3}['’.,\u{a0}-]{0,1}[a-c0-2]{0,2}[,.:;!?)\\]’”\"»…–]{0,2}",
            1 => "[a-cé0-2Ж,.:;!?()\\[\\]'\"‘’“”«»\u{a0}–—…&·-]{1,5}",
        ]
    }

    proptest! {
        #[test]
        fn plain_or_not_the_lines_are_those_of_textwrap(
            words in prop::collection::vec(word(), 1..12),
            width in 4_usize..30,
            indent in prop::sample::select(vec!["", "> ", "- ", "    "]),
        ) {
            let text = words.join(" ");
            let text = text.trim_end();
            quick(text, width, indent, indent);
            let mut lines = Vec::new();
            wrap(text, width, indent, indent, |indent, line| lines.push(format!("{indent}{line}").trim_end().to_owned()));
            prop_assert_eq!(lines, whole(text, width, indent, indent));
        }
    }
}

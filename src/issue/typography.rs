//! Quotes, apostrophes, dashes, dots and the spaces around punctuation as a language sets them: text as
//! it was typed in, text as it is printed out. Code, addresses and markers of merge fields stay as they are.
//!
//! French follows the *Lexique* of the Imprimerie nationale, Canadian French the Office québécois de la
//! langue française. Applying the rules twice is the same as once, so that a text which is set right
//! already comes to no harm.

use super::content::{Block, Inline};
use super::outline::Outline;
use crate::domain::Typography;

const NO_BREAK: char = '\u{a0}';
const NARROW: char = '\u{202f}';
/// Stands for what is not text: code, an image.
const OBJECT: char = '\u{fffc}';

/// English words that begin with an apostrophe.
const ELIDED: &[&str] = &["tis", "twas", "twere", "til", "em", "cause", "n", "bout", "round"];

/// Sets everything in one language's file.
pub(super) fn set_outline(outline: &mut Outline, rules: Typography) {
    set_blocks(&mut outline.introduction, rules);
    for section in &mut outline.sections {
        set_inlines(&mut section.head.title, rules);
        set_blocks(&mut section.lead, rules);
        for item in &mut section.items {
            set_inlines(&mut item.head.title, rules);
            set_blocks(&mut item.body, rules);
        }
    }
}

/// Sets one line, such as a subject.
#[must_use]
pub fn set_line(line: &str, rules: Typography) -> String {
    let mut content = [Inline::Text(line.to_owned())];
    set_inlines(&mut content, rules);
    super::content::plain(&content)
}

fn set_blocks(blocks: &mut [Block], rules: Typography) {
    for block in blocks {
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } | Block::Button { content, .. } => {
                set_inlines(content, rules);
            }
            Block::List { entries, .. } => entries.iter_mut().for_each(|entry| set_blocks(entry, rules)),
            Block::Quote(inner) => set_blocks(inner, rules),
            Block::Table(table) => {
                let cells = table.head.iter_mut().chain(table.rows.iter_mut().flatten());
                cells.for_each(|cell| set_inlines(cell, rules));
            }
            Block::Image(picture) => picture.alt = set_line(&picture.alt, rules),
            Block::Event(event) => {
                event.title = set_line(&event.title, rules);
                event.place = event.place.as_deref().map(|place| set_line(place, rules));
            }
            Block::Notes(notes) => notes.iter_mut().for_each(|note| set_blocks(&mut note.body, rules)),
            Block::Code(_) | Block::Rule | Block::Mjml(_) => {}
        }
    }
}

/// Sets a run of text as a whole: a quote before emphasis sees the word inside.
pub fn set_inlines(content: &mut [Inline], rules: Typography) {
    if rules == Typography::None {
        return;
    }
    let mut flow = Flow { cells: Vec::new(), texts: Vec::new() };
    flow.gather(content, rules);
    let Flow { mut cells, texts } = flow;
    freeze_addresses(&mut cells);
    cells = runs(&cells, '.', &[(3, '…')]);
    cells = runs(&cells, '-', &[(2, '–'), (3, '—')]);
    quotes(&mut cells, rules);
    if rules != Typography::English {
        cells = spaces(&cells, rules);
    }
    let mut set = vec![String::new(); texts.len()];
    for cell in cells {
        if let Some(text) = cell.text {
            set[text].push(cell.char);
        }
    }
    for (text, set) in texts.into_iter().zip(set) {
        *text = set;
    }
}

/// A character, and the text that it belongs to; none for what stands in for an object.
#[derive(Debug, Clone, Copy)]
struct Cell {
    char: char,
    text: Option<usize>,
    /// Part of an address, or no text at all: not to be changed.
    frozen: bool,
}

impl Cell {
    fn is(self, char: char) -> bool {
        self.char == char && !self.frozen
    }

    fn is_space(self) -> bool {
        self.char.is_whitespace() && !self.frozen
    }
}

struct Flow<'a> {
    cells: Vec<Cell>,
    texts: Vec<&'a mut String>,
}

impl<'a> Flow<'a> {
    fn gather(&mut self, content: &'a mut [Inline], rules: Typography) {
        for inline in content {
            match inline {
                Inline::Text(text) => {
                    let number = Some(self.texts.len());
                    self.cells.extend(text.chars().map(|char| Cell { char, text: number, frozen: false }));
                    self.texts.push(text);
                }
                Inline::Link { url, content } if shows(content, url) => self.object(OBJECT),
                Inline::Emphasis(inner)
                | Inline::Strong(inner)
                | Inline::Strikethrough(inner)
                | Inline::Link { content: inner, .. } => self.gather(inner, rules),
                Inline::Code(_) | Inline::Note { .. } => self.object(OBJECT),
                Inline::Image(picture) => {
                    picture.alt = set_line(&picture.alt, rules);
                    self.object(OBJECT);
                }
                Inline::Break => self.object('\n'),
            }
        }
    }

    fn object(&mut self, char: char) {
        self.cells.push(Cell { char, text: None, frozen: true });
    }
}

/// Whether a link's text is its address.
fn shows(content: &[Inline], url: &str) -> bool {
    let text = super::content::plain(content);
    let text = text.trim().trim_end_matches('/');
    let url = url.trim_end_matches('/');
    let bare = url.split_once("://").or_else(|| url.split_once(':')).map_or(url, |(_, bare)| bare);
    !text.is_empty() && (text == url || text == bare)
}

fn freeze_addresses(cells: &mut [Cell]) {
    let chars: Vec<char> = cells.iter().map(|cell| if cell.frozen { '\n' } else { cell.char }).collect();
    let ends = |c: char| c.is_whitespace() || "\"<>“”‘’«»…".contains(c);
    let begins = |at: usize, word: &str| word.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let mut freeze = |range: std::ops::Range<usize>| cells[range].iter_mut().for_each(|cell| cell.frozen = true);
    for at in 0..chars.len() {
        let before = chars[..at].iter().rev();
        if begins(at, "://") {
            let scheme = before.take_while(|c| c.is_ascii_alphabetic()).count();
            if scheme > 0 {
                freeze(at - scheme..address_end(&chars, at + 3, ends));
            }
        } else if begins(at, "www.") && !before.clone().next().is_some_and(|c| c.is_alphanumeric()) {
            freeze(at..address_end(&chars, at + 4, ends));
        } else if chars[at] == '@' {
            let part = |c: &&char| c.is_alphanumeric() || "._%+-".contains(**c);
            let local = before.take_while(part).count();
            let host = chars[at + 1..].iter().take_while(part).count();
            let host =
                chars[at + 1..at + 1 + host].iter().rposition(|c| c.is_alphanumeric()).map_or(0, |last| last + 1);
            if local > 0 && host > 0 {
                freeze(at - local..at + 1 + host);
            }
        }
    }
}

/// Where an address ends that goes on at least to `from`: punctuation behind it is the sentence's.
fn address_end(chars: &[char], from: usize, ends: impl Fn(char) -> bool) -> usize {
    let end = chars[from..].iter().position(|c| ends(*c)).map_or(chars.len(), |length| from + length);
    let sentence = chars[from..end].iter().rev().take_while(|c| ".,;:!?')]".contains(**c)).count();
    end - sentence
}

/// Replaces runs of `char` that have one of the lengths.
fn runs(cells: &[Cell], char: char, replacements: &[(usize, char)]) -> Vec<Cell> {
    let mut out = Vec::with_capacity(cells.len());
    let mut at = 0;
    while at < cells.len() {
        let run = cells[at..].iter().take_while(|cell| cell.is(char)).count();
        match replacements.iter().find(|(length, _)| *length == run) {
            Some((_, by)) => out.push(Cell { char: *by, ..cells[at] }),
            None => out.extend(&cells[at..at + run.max(1)]),
        }
        at += run.max(1);
    }
    out
}

fn quotes(cells: &mut [Cell], rules: Typography) {
    let (open, close) = if rules == Typography::English { ('“', '”') } else { ('«', '»') };
    for at in 0..cells.len() {
        let before = at.checked_sub(1).map(|before| cells[before].char);
        let after = cells.get(at + 1).map(|cell| cell.char);
        if cells[at].is('"') {
            match side(before, after) {
                Some(Side::Opens) => cells[at].char = open,
                Some(Side::Closes) => cells[at].char = close,
                None => {}
            }
        } else if cells[at].is('\'') {
            match side(before, after) {
                Some(Side::Opens) if !is_elision(cells, at, rules) => cells[at].char = '‘',
                Some(_) => cells[at].char = '’',
                None => {}
            }
        }
    }
}

enum Side {
    Opens,
    Closes,
}

/// What a straight quote between these is; none where nothing tells.
fn side(before: Option<char>, after: Option<char>) -> Option<Side> {
    let word = |c: char| c.is_alphanumeric() || c == OBJECT || "\"'“‘«".contains(c);
    match before {
        Some(c) if "—–-/".contains(c) && after.is_some_and(word) => Some(Side::Opens),
        Some(c) if !c.is_whitespace() && !"([{«“‘".contains(c) => Some(Side::Closes),
        _ => after.filter(|c| !c.is_whitespace()).map(|_| Side::Opens),
    }
}

/// Whether the single quote at `at`, before a word, stands for letters left out: ’90s, ’tis, or no partner follows.
fn is_elision(cells: &[Cell], at: usize, rules: Typography) -> bool {
    let rest = &cells[at + 1..];
    if rest.first().is_some_and(|cell| cell.char.is_ascii_digit()) {
        return true;
    }
    let word: String = rest.iter().map(|cell| cell.char).take_while(|c| c.is_alphabetic()).collect();
    if rules == Typography::English && ELIDED.contains(&word.to_lowercase().as_str()) {
        return true;
    }
    let is_partner = |at: usize| {
        let ends = rest.get(at + 1).is_none_or(|cell| !cell.char.is_alphanumeric());
        rest[at].is('\'') && ends && !rest[at - 1].char.is_whitespace()
    };
    !(1..rest.len()).any(is_partner)
}

/// The spaces of French: what was typed is replaced, what is missing is put in.
fn spaces(cells: &[Cell], rules: Typography) -> Vec<Cell> {
    let mut out: Vec<Cell> = Vec::with_capacity(cells.len() + 8);
    let mut at = 0;
    while at < cells.len() {
        let typed = cells[at..].iter().take_while(|cell| cell.is_space()).count();
        let next = cells.get(at + typed);
        let follower = cells.get(at + typed + 1).map(|cell| cell.char);
        let wanted = match (out.last(), next) {
            (Some(before), Some(next)) => gap(*before, *next, follower, typed > 0, rules),
            _ => Gap::AsTyped,
        };
        match (wanted, out.last().copied(), next) {
            (Gap::None, _, _) => {}
            (Gap::Space(char), Some(before), Some(next)) => {
                // A space of one's own belongs to the punctuation, not to what stands beyond it.
                let own = if typed > 0 {
                    cells[at]
                } else if before.is('«') {
                    before
                } else {
                    *next
                };
                out.push(Cell { char, ..own });
            }
            _ => out.extend(&cells[at..at + typed]),
        }
        out.extend(next);
        at += typed + 1;
    }
    out
}

enum Gap {
    AsTyped,
    None,
    Space(char),
}

/// What belongs between two characters that are no spaces.
fn gap(before: Cell, next: Cell, follower: Option<char>, typed: bool, rules: Typography) -> Gap {
    if before.char == '\n' || next.char == '\n' {
        return Gap::AsTyped;
    }
    if before.is('«') || next.is('»') {
        return Gap::Space(NO_BREAK);
    }
    let after_word = before.frozen || before.char.is_alphanumeric() || ")]»”’%…._°".contains(before.char);
    let opened = "([{“‘".contains(before.char);
    let ends = |marks: &str| follower.is_none_or(|c| c.is_whitespace() || marks.contains(c));
    if next.is(':') && ends("»") && (after_word || typed && !opened) {
        return Gap::Space(NO_BREAK);
    }
    let strong = next.is(';') || next.is('?') || next.is('!');
    if strong && ends("»)]”’;?!:…") {
        return match rules {
            Typography::French if after_word || typed && !opened => Gap::Space(NARROW),
            Typography::CanadianFrench if after_word && typed => Gap::None,
            _ => Gap::AsTyped,
        };
    }
    Gap::AsTyped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::field::MARKER;

    fn english(text: &str) -> String {
        set_line(text, Typography::English)
    }

    /// Canadian and European, with their no-break spaces made visible.
    fn french(text: &str) -> (String, String) {
        let seen = |rules| set_line(text, rules).replace(NO_BREAK, "~").replace(NARROW, "_");
        (seen(Typography::CanadianFrench), seen(Typography::French))
    }

    #[test]
    fn english_quotes_curl_towards_their_words() {
        for (typed, set) in [
            ("\"Hi,\" she said.", "“Hi,” she said."),
            ("(\"so\")", "(“so”)"),
            ("He said \"it's 'fine'\".", "He said “it’s ‘fine’”."),
            ("\"'Fine,' he said\"", "“‘Fine,’ he said”"),
            ("the dogs' bowls, the '90s, rock 'n' roll, 'tis", "the dogs’ bowls, the ’90s, rock ’n’ roll, ’tis"),
            ("a word--\"quoted\"--and on", "a word–“quoted”–and on"),
            ("a \" b", "a \" b"),
            ("so: really?", "so: really?"),
        ] {
            assert_eq!(english(typed), set, "{typed}");
        }
    }

    #[test]
    fn dots_and_hyphens_become_ellipses_and_dashes() {
        assert_eq!(english("wait... 1--2 --- so"), "wait… 1–2 — so");
        assert_eq!(english("well-known .... ----"), "well-known .... ----");
    }

    #[test]
    fn french_guillemets_have_no_break_spaces_inside() {
        let set = "Le mot «~traite~» dit tout";
        for typed in ["Le mot \"traite\" dit tout", "Le mot «traite» dit tout", "Le mot « traite » dit tout"] {
            assert_eq!(french(typed), (set.to_owned(), set.to_owned()), "{typed}");
        }
    }

    #[test]
    fn canadian_and_european_french_differ_before_strong_punctuation() {
        for (typed, canadian, european) in [
            ("Quoi ? Oui ! Bien ;", "Quoi? Oui! Bien;", "Quoi_? Oui_! Bien_;"),
            ("Quoi? Oui! Bien;", "Quoi? Oui! Bien;", "Quoi_? Oui_! Bien_;"),
            ("Le but : agir", "Le but~: agir", "Le but~: agir"),
            ("Le but: agir", "Le but~: agir", "Le but~: agir"),
            ("Le but\u{a0}: \"agir\"", "Le but~: «~agir~»", "Le but~: «~agir~»"),
            ("Vraiment?! (Non!)", "Vraiment?! (Non!)", "Vraiment_?! (Non_!)"),
            ("\"Qui?\"", "«~Qui?~»", "«~Qui_?~»"),
        ] {
            assert_eq!(french(typed), (canadian.to_owned(), european.to_owned()), "{typed}");
        }
    }

    #[test]
    fn times_addresses_and_braces_keep_their_colons() {
        for text in
            ["à 9:30", "https://example.org/a--b?c=d...e", "{#id}", "ann--b@example.org", "a::b", ":)", "tel:911"]
        {
            assert_eq!(french(text), (text.to_owned(), text.to_owned()));
        }
        assert_eq!(french("Voir https://example.org/a?").1, "Voir https://example.org/a_?");
    }

    #[test]
    fn quotes_see_through_emphasis_and_links_and_leave_code_alone() {
        let text = |text: &str| Inline::Text(text.to_owned());
        let mut content = vec![
            text("\""),
            Inline::Emphasis(vec![text("one\" and ")]),
            Inline::Strong(vec![text("\"two")]),
            text("\", "),
            Inline::Code("\"--\"".into()),
            text(" \""),
            Inline::Link { url: "https://a.org/--".into(), content: vec![text("https://a.org/--")] },
            text("\""),
        ];
        set_inlines(&mut content, Typography::English);
        assert_eq!(super::super::content::plain(&content), "“one” and “two”, \"--\" “https://a.org/--”");
        let mut content = vec![Inline::Emphasis(vec![text("But")]), text(": agir"), Inline::Break, text(": rien")];
        set_inlines(&mut content, Typography::French);
        assert_eq!(content[1..], [text("\u{a0}: agir"), Inline::Break, text(": rien")]);
    }

    #[test]
    fn titles_events_tables_and_alt_texts_are_set_but_zones_and_code_are_not() {
        let crate::issue::markdown::Parsed { nodes, findings, .. } = crate::issue::markdown::parse(
            "# The \"big\" day\n\n![A \"sign\"](images/a.png)\n\n```event\ntitle = \"Bob's\"\nstart = \"2015-11-26\"\n\
             tz = \"America/Toronto\"\nplace = \"Pier 1--2\"\nurl = \"https://a.org/--\"\n```\n\n\
             | \"a\" |\n| --- |\n| b's |\n\n```\n\"--\"\n```\n",
        );
        assert_eq!(findings, []);
        let languages = ["en".parse().unwrap()];
        let known = crate::issue::attributes::Known { topics: vec![], columns: vec![], languages: &languages };
        let mut outline = crate::issue::outline::build(nodes, &known, &mut Vec::new());
        set_outline(&mut outline, Typography::English);
        let section = &outline.sections[0];
        assert_eq!(super::super::content::plain(&section.head.title), "The “big” day");
        let said = format!("{:?}", section.lead);
        for part in ["A “sign”", "Bob’s", "America/Toronto", "Pier 1–2", "https://a.org/--", "“a”", "b’s", "\\\"--\\\""]
        {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        let marker = format!("{MARKER}t0001qz");
        prop_oneof![
            6 => "[a-cé1 \u{a0}\u{202f}\"'«»“”‘’:;?!.…–—/()@-]{0,8}",
            1 => Just(" ".to_owned()),
            1 => prop::sample::select(vec!["https://a.org/b--c?d='e'...f", "www.a.org", "a--b@c.org", "9:30"])
                .prop_map(str::to_owned),
            1 => Just(marker),
        ]
    }

    fn content() -> impl Strategy<Value = Vec<Inline>> {
        let inline = piece().prop_flat_map(|text| {
            prop::sample::select(vec![
                Inline::Text(text.clone()),
                Inline::Text(text.clone()),
                Inline::Emphasis(vec![Inline::Text(text.clone())]),
                Inline::Link { url: "https://a.org/".into(), content: vec![Inline::Text(text.clone())] },
                Inline::Code(text),
                Inline::Break,
            ])
        });
        prop::collection::vec(inline, 0..8)
    }

    fn rules() -> impl Strategy<Value = Typography> {
        prop::sample::select(Typography::ALL.to_vec())
    }

    /// What must survive: everything but spaces, quotes, dashes and dots.
    fn kept(content: &[Inline]) -> String {
        let loose = |c: &char| c.is_whitespace() || "\"'«»“”‘’-–—.…".contains(*c);
        super::super::content::plain(content).chars().filter(|c| !loose(c)).collect()
    }

    fn codes(content: &[Inline]) -> Vec<&Inline> {
        content.iter().filter(|inline| matches!(inline, Inline::Code(_) | Inline::Break)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn setting_twice_is_setting_once(content in content(), rules in rules()) {
            let mut once = content;
            set_inlines(&mut once, rules);
            let mut twice = once.clone();
            set_inlines(&mut twice, rules);
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn letters_markers_and_code_stay(content in content(), rules in rules()) {
            let mut set = content.clone();
            set_inlines(&mut set, rules);
            prop_assert_eq!(kept(&content), kept(&set));
            prop_assert_eq!(codes(&content), codes(&set));
        }

        #[test]
        fn an_address_in_a_sentence_stays(before in "[a-c\"'«(]{0,3}", after in "[\"'»).!?:;]{0,3}", rules in rules()) {
            let url = "https://a.org/b--c?d='e'...f";
            let set = set_line(&format!("x {before} {url}{after} y"), rules);
            prop_assert!(set.contains(url), "{}", set);
        }
    }
}

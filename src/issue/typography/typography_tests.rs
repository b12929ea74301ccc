use proptest::prelude::*;

use super::spaces::{NARROW, NO_BREAK};
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
    for text in ["à 9:30", "https://example.org/a--b?c=d...e", "{#id}", "ann--b@example.org", "a::b", ":)", "tel:911"]
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
    assert_eq!(crate::issue::content::plain(&content), "“one” and “two”, \"--\" “https://a.org/--”");
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
    assert_eq!(crate::issue::content::plain(&section.head.title), "The “big” day");
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
    crate::issue::content::plain(content).chars().filter(|c| !loose(c)).collect()
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

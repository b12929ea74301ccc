use super::*;
use crate::issue::content::Picture;

fn blocks(source: &str) -> Vec<Block> {
    let Parsed { nodes, findings, .. } = parse(source);
    assert_eq!(findings, []);
    nodes
        .into_iter()
        .map(|node| match node {
            Node::Block(block) => block,
            Node::Heading { .. } => panic!("a heading"),
        })
        .collect()
}

fn text(text: &str) -> Vec<Inline> {
    vec![Inline::Text(text.into())]
}

#[test]
fn a_tight_list_nests() {
    let list = blocks("- a *b*\n    1. c\n- d\n");
    let Block::List { start: None, entries } = &list[0] else { panic!("{list:?}") };
    assert_eq!(entries.len(), 2);
    assert!(matches!(&entries[0][0], Block::Paragraph(content) if content.len() == 2));
    assert!(matches!(&entries[0][1], Block::List { start: Some(1), .. }));
}

#[test]
fn a_bold_link_alone_is_a_button_and_an_image_alone_an_image() {
    let url = "https://example.org/".to_owned();
    assert_eq!(blocks("**[Go](https://example.org/)**"), [Block::Button { url: url.clone(), content: text("Go") }]);
    let picture = Picture { source: "images/a.png".into(), alt: "A b".into(), link: Some(url) };
    assert_eq!(blocks("[![A *b*](images/a.png)](https://example.org/)"), [Block::Image(picture)]);
    assert!(matches!(&blocks("**[Go](https://example.org/)** now")[0], Block::Paragraph(_)));
}

#[test]
fn a_table_has_a_head_and_rows() {
    let table = blocks("| a | b |\n| --- | ---: |\n| c | d |\n");
    let Block::Table(table) = &table[0] else { panic!("{table:?}") };
    assert_eq!(table.head, [text("a"), text("b")]);
    assert_eq!(table.rows, [[text("c"), text("d")]]);
    assert_eq!(table.alignments, [Alignment::Start, Alignment::Right]);
}

#[test]
fn what_only_looks_like_markdown_is_an_error() {
    for source in [
        "#The fair {#fair}",
        "![x](images/mon image.png)",
        "A title\n---",
        "```mjml\n<mj-image src = \"https://example.org/a.png\" />\n```",
    ] {
        let findings = parse(&format!("\n{source}\n")).findings;
        let line = if source.starts_with("```") { 3 } else { 2 };
        assert_eq!((findings.len(), findings[0].line), (1, Some(line)), "{source:?}: {findings:?}");
    }
    assert_eq!(blocks("Number #1 {sic} and #tag").len(), 1);
}

#[test]
fn html_in_a_line_is_read_like_markdown() {
    let strong = Inline::Strong(vec![Inline::Text("b ".into()), Inline::Emphasis(text("c"))]);
    let paragraph = vec![Inline::Text("a ".into()), strong, Inline::Break, Inline::Text("d".into())];
    assert_eq!(blocks("a <b>b *c*</b><br>d"), [Block::Paragraph(paragraph)]);
    assert_eq!(blocks("<b>open"), [Block::Paragraph(vec![Inline::Strong(text("open"))])]);
    assert_eq!(blocks("<p>a</p>\n\nb").len(), 2);
}

#[test]
fn html_without_a_counterpart_and_links_to_nowhere_are_told_with_their_line() {
    for (source, line) in [("a\n\n<u>c</u>\n", 3), ("\n<center>x</center>\n", 2), ("[a]()", 1), ("[a](page.html)", 1)] {
        let findings = parse(source).findings;
        assert_eq!(findings[0].line, Some(line), "{source:?}");
    }
}

#[test]
fn a_footnote_that_leads_nowhere_is_told_with_its_line() {
    for (source, line, said) in [
        ("a\n\nb[^x]\n", 3, "there is no footnote `[^x]`"),
        ("b[^x]\n\n[^x]: A.\n\n[^x]: B.\n", 5, "stands here twice"),
        ("a\n\n[^X]: A.\n", 3, "nothing refers"),
        ("# A[^x]\n\n[^x]: A.\n", 1, "can't stand in a title"),
        ("\n[a[^x]](https://a.org/)\n\n[^x]: A.\n", 2, "can't stand in a link"),
    ] {
        let findings = parse(source).findings;
        assert_eq!(findings.len(), 1, "{source:?}: {findings:?}");
        assert!(findings[0].message.contains(said), "{source:?}: {}", findings[0]);
        assert_eq!(findings[0].line, Some(line), "{source:?}");
    }
    assert_eq!(blocks("a \\[^x] `[^y]`").len(), 1);
}

#[test]
fn a_quote_and_a_nested_code_block_keep_their_place() {
    assert_eq!(blocks("> a\n> b\n"), [Block::Quote(vec![Block::Paragraph(text("a b"))])]);
    assert_eq!(blocks("```\na {\n```\n"), [Block::Code("a {\n".into())]);
}

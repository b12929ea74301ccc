//! HTML as it stands in Markdown, and what is left of it.

use super::content::{Block, Inline};
use super::html::*;

fn text(text: &str) -> Inline {
    Inline::Text(text.into())
}

#[test]
fn html_becomes_what_markdown_would_have_said() {
    let html = "<div>One &amp; <b>two</b>\n<a href=\"https://example.org/?a=1&amp;b=2\">link</a><ul><li>a<ol><li>b</li></ol></li></ul>\
        <blockquote><p>q</p></blockquote><h4>h</h4><hr><pre>x\n y</pre></div>";
    let Cleaned { blocks, removed } = blocks(html);
    assert_eq!(removed, Vec::<String>::new());
    let link = Inline::Link { url: "https://example.org/?a=1&b=2".into(), content: vec![text("link")] };
    let inner = Block::List { start: Some(1), entries: vec![vec![Block::Paragraph(vec![text("b")])]] };
    assert_eq!(
        blocks,
        [
            Block::Paragraph(vec![text("One & "), Inline::Strong(vec![text("two")]), text(" "), link]),
            Block::List { start: None, entries: vec![vec![Block::Paragraph(vec![text("a")]), inner]] },
            Block::Quote(vec![Block::Paragraph(vec![text("q")])]),
            Block::Heading { level: 4, content: vec![text("h")] },
            Block::Rule,
            Block::Code("x\n y".into()),
        ]
    );
}

#[test]
fn what_could_do_harm_is_taken_out_and_told() {
    let html = "<p onclick=\"x()\">a<script>alert(1)</script><img src=\"https://example.org/t.gif\">\
        <a href=\"javascript:x()\">b</a><center>c</center></p><iframe src=\"https://example.org/\"></iframe>";
    let Cleaned { blocks, removed } = blocks(html);
    let shown = format!("{blocks:?}");
    assert!(!["alert", "javascript", "t.gif", "iframe", "onclick"].iter().any(|word| shown.contains(word)), "{shown}");
    assert!(["\"a\"", "\"b\"", "\"c\""].iter().all(|word| shown.contains(word)), "{shown}");
    assert_eq!(
        removed,
        [
            "`onclick` of `<p>` is taken out",
            "`<script>` is taken out, with what is in it",
            "`<img>` is taken out",
            "`href` of `<a>` is taken out",
            "`<center>` is taken out; its text stays",
            "`<iframe>` is taken out; its text stays",
        ]
    );
}

#[test]
fn a_tag_in_a_line_is_a_mark_or_nothing() {
    let open = |source: &str| match tag(source) {
        Tag::Open { mark, .. } => mark,
        other => panic!("{source}: {other:?}"),
    };
    assert_eq!(open("<B>"), Mark::Strong);
    assert_eq!(open("<a href='https://example.org/'>"), Mark::Link("https://example.org/".into()));
    assert_eq!(open("<a href='javascript:x'>"), Mark::Plain);
    assert_eq!(open("<font color=red>"), Mark::Plain);
    assert_eq!(open("<script>"), Mark::Gone);
    assert_eq!(tag("<br/>"), Tag::Break);
    assert_eq!(tag("<!-- x -->"), Tag::Nothing { removed: vec![] });
    assert!(ends("</B>", "b") && !ends("<b>", "b") && !ends("</i>", "b"));
}

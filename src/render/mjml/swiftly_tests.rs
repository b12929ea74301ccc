//! The quick way against the whole one: what it makes is the same to the byte, and what it can't make it leaves.

use proptest::prelude::*;

use super::{Skeleton, swiftly, wholly};

fn document(css: &str, body: &str) -> String {
    let head = "<mj-title>A\u{a0}& B</mj-title><mj-preview>C&nbsp;D</mj-preview>\
        <mj-attributes><mj-text padding=\"0 32px\" color=\"#22303a\" /><mj-all font-family=\"A, 'B C'\" /></mj-attributes>";
    let shown = "<mj-style>a { color: red; } p > b { color: blue }</mj-style>\
        <mj-raw><meta name=\"color-scheme\" content=\"light\" /></mj-raw>";
    format!(
        "<mjml lang=\"en\" dir=\"ltr\"><mj-head>{head}<mj-style inline=\"inline\">{css}</mj-style>{shown}</mj-head>\
         <mj-body css-class=\"page\" background-color=\"#eceff1\"><mj-section css-class=\"sheet\"><mj-column>{body}\
         <mj-button href=\"https://example.org/?a=1&amp;b=2\" css-class=\"button\"><span>Go</span></mj-button>\
         <mj-divider /><mj-spacer height=\"4px\" /><mj-image src=\"a.png\" alt=\"A\u{a0}b\" width=\"20px\" />\
         </mj-column></mj-section></mj-body></mjml>"
    )
}

/// The quick way's page, which has to be the whole way's; none where it leaves it to that.
fn quick(mjml: &str) -> Option<String> {
    let page = swiftly(&Skeleton::of(mjml)?)?;
    assert_eq!(page, wholly(mjml).unwrap(), "{mjml}");
    Some(page)
}

#[test]
fn the_built_in_styles_and_every_kind_of_block_are_quick() {
    let css = include_str!("../../../templates/style.css").replace("{{ start }}", "left");
    let css = css.replace("{{ brand.accent }}", "#c98a2b").replace("{{ brand.colour }}", "#0f4c5c");
    let body = "<mj-text align=\"left\">
        <div class=\"ltr\" lang=\"en\" dir=\"ltr\"><p>One &amp; <a href=\"https://example.org/?a=1&amp;b=2\">two</a>, \
         it&#39;s <em>three</em><br />\u{a0}four&zwnj;</p><ul><li>a<ol start=\"3\"><li>b</li></ol></li></ul>\
         <blockquote><p>q</p></blockquote><pre><code>x  y<br />z</code></pre><hr />\
         <table class=\"data\"><thead><tr><th scope=\"col\" align=\"left\">A</th></tr></thead>\
         <tbody><tr><td align=\"right\">1</td></tr></tbody></table>\
         <ol class=\"notes\"><li id=\"note-1\">n <a href=\"#noteref-1\" role=\"doc-backlink\">\u{21a9}\u{fe0e}</a></li></ol>\
         <img src=\"cid:a\" alt='say \"hi\"' class=\"fluid picture\" style=\"width: 3px\" /></div></mj-text>
        <mj-text><table role=\"presentation\" border=\"0\"><tr><td class=\"masthead-cell\"><h1 id=\"top\">N</h1></td>
          </tr></table></mj-text><mj-text css-class=\"soft\"><div class=\"event rtl\"><p class=\"event-label\">E</p></div></mj-text>
        <mj-text><div class=\"footer\"><p>a</p></div></mj-text>";
    let page = quick(&document(&css, body)).unwrap();
    assert!(page.contains("<table role=\"presentation\" border=\"0\"><tbody><tr>"), "{page}");
    assert!(page.contains("<a href=\"https://example.org/?a=1&amp;b=2\" style=\"color: #0f4c5c;"), "{page}");
}

#[test]
fn a_pages_own_styles_and_rules_meet_as_css_has_it() {
    let css =
        "p { margin: 0; color: red !important; font: 1px 'A' } .b.a { margin: 1px } p.a { margin: 2px } * { top: 0 }
        div > p { left: 0; margin: 3px !important } p { left: 1px !important; margin: 4px }
        /* two */ td,th{right:1px;;} .soft, span { bottom: 0 }";
    let body = "<mj-text><p class=\"a b\" id=\"x\" style=\"color: green; margin:5px; left: 2px !important\">x</p>\
        <div><p class=\"b a\">y</p><p title=\"t\" class=\"c\" lang=\"en\">z</p></div></mj-text>";
    assert!(quick(&document(css, body)).is_some());
}

#[test]
fn texts_that_share_a_mark_are_each_written_wherever_they_stand() {
    let texts = "<mj-text css-class=\"x\"><p>One</p></mj-text>\n<mj-text css-class=\"x\">Two</mj-text>\
        <mj-text css-class=\"x\"><table><tr><td>Three</td></tr></table></mj-text>";
    let column = format!("<mj-column css-class=\"c\" padding=\"3px\">{texts}</mj-column>");
    for body in [
        format!("<mj-section>{column}</mj-section>"),
        format!("<mj-section>{column}{column}</mj-section>"),
        format!("<mj-section><mj-group>{column}{column}</mj-group></mj-section>"),
        format!("<mj-wrapper><mj-section>{column}</mj-section></mj-wrapper>"),
    ] {
        let mjml =
            document("p, .x, tr { top: 0 }", texts).replace("<mj-section css", &format!("{body}<mj-section css"));
        let page = quick(&mjml).unwrap();
        assert!(page.matches("Three").count() > 1, "{page}");
    }
    let hero = format!("<mj-hero>{texts}</mj-hero><mj-section css");
    quick(&document("p { top: 0 }", texts).replace("<mj-section css", &hero));
}

#[test]
fn what_a_browser_would_move_or_only_css_inline_knows_is_left_to_it() {
    let plain = "<p>a</p>";
    assert!(quick(&document("p { top: 0 }", &format!("<mj-text>{plain}</mj-text>"))).is_some());
    for css in
        ["p:first-child { top: 0 }", "@media print { p { top: 0 } }", "p + p { top: 0 }", "#x { top: 0 }", "", "p["]
    {
        assert_eq!(quick(&document(css, &format!("<mj-text>{plain}</mj-text>"))), None, "{css}");
    }
    for body in [
        "<p><div>a</div></p>",
        "<a href=\"x\"><b><a href=\"y\">a</a></b></a>",
        "<table>a<tr><td>b</td></tr></table>",
        "<table><td>a</td></table>",
        "<h2><h3>a</h3></h2>",
        "<li>a</li>",
        "<tr><td>a</td></tr>",
        "<div/>",
        "<pre>\na</pre>",
        "<DIV>a</DIV>",
        "<button>a</button>",
        "<svg></svg>",
        "&notin;",
        "<p a=b>c</p>",
        "<p a=\"1\" a=\"2\">c</p>",
        "<p class=\"é\">c</p>",
        "<p data-css-inline=\"ignore\">c</p>",
    ] {
        let mjml = document("p { top: 0 }", &format!("<mj-text>{body}</mj-text>"));
        assert_eq!(quick(&mjml), None, "{body}");
    }
    assert_eq!(quick("<mjml><mj-body>"), None);
    assert_eq!(quick(&document("p { top: 0 }", "<mj-text><p>a</mj-text>")), None);
}

/// HTML that is mostly right, and now and then is not.
fn html() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z é\u{a0}.]{0,6}",
        Just("&amp; &lt;b&#39;".to_owned()),
        Just("\n  ".to_owned()),
        Just(" \n".to_owned()),
        Just("<br />".to_owned()),
        Just("<img alt='a\"b' src=\"x&amp;y\">".to_owned()),
        Just("<hr>".to_owned()),
        Just("a & b > c".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let name = prop::sample::select(vec![
            "p",
            "div",
            "span",
            "a",
            "b",
            "em",
            "ul",
            "ol",
            "li",
            "table",
            "tbody",
            "tr",
            "td",
            "th",
            "h2",
            "h3",
            "pre",
            "blockquote",
            "center",
            "sup",
        ]);
        let attributes = prop::sample::select(vec![
            "",
            " class=\"a\"",
            " class=\"a b\" id=\"x\"",
            " id='y' class=\"c\" title=\"t\" lang=\"en\"",
            " style=\"top:1px; left: 2px\"",
            " class=\"b\" style=\"color:red !important;top: 0\"",
            " hidden",
        ]);
        (name, attributes, prop::collection::vec(inner, 0..4))
            .prop_map(|(name, attributes, children)| format!("<{name}{attributes}>{}</{name}>", children.concat()))
    })
}

fn css() -> impl Strategy<Value = String> {
    let selector = prop::sample::select(vec![
        "p",
        "div",
        ".a",
        ".b",
        ".a.b",
        "a",
        "li ul",
        "ul > li",
        "td",
        "table.a td",
        "*",
        "div p .c",
        "tbody",
        "p.b > b",
        ".sheet table > tbody",
        "body",
        "h2, h3",
    ]);
    let declaration = prop::sample::select(vec![
        "top: 0",
        "left:1px",
        "color: blue",
        "color: green !important",
        "top: 2px!important",
        "font-family: 'A B', \"C\"",
        "padding-top: calc(1px + 2px)",
    ]);
    let rule = (selector, prop::collection::vec(declaration, 1..4))
        .prop_map(|(selector, declarations)| format!("{selector} {{ {}; }}", declarations.join("; ")));
    prop::collection::vec(rule, 1..8).prop_map(|rules| rules.join("\n"))
}

proptest! {
    #[test]
    fn the_quick_way_makes_what_the_whole_one_makes(css in css(), texts in prop::collection::vec(html(), 1..7)) {
        // Some follow each other in the same tag.
        let between = ["\n ", "", "<mj-divider />"];
        let tags = ["<mj-text>", "<mj-text>", "<mj-text css-class=\"a\" height=\"20px\">"];
        let body: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(at, text)| format!("{}{text}</mj-text>{}", tags[(at + text.len()) % 3], between[text.len() / 2 % 3]))
            .collect();
        quick(&document(&css, &body.concat()));
    }
}

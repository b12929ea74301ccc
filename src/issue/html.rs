//! HTML in Markdown: sanitised by ammonia, then read into the same structure as everything else, so that
//! it is in the plain text too. What Markdown has no word for is taken out, and told.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use htmlparser::{ElementEnd, Token, Tokenizer};

use super::content::{Block, Inline, plain};
use super::markdown::paragraph;
use crate::domain::field::{in_url, unescape};

/// Elements that have a counterpart in Markdown, or that only group.
const KNOWN: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "span",
    "strike",
    "strong",
    "ul",
];
/// Elements that go with all that is in them.
const EMPTIED: &[&str] = &["script", "style"];
/// Elements that have no end tag (HTML section 13.1.2).
const VOID: &[&str] = &["br", "hr", "img", "input", "link", "meta", "wbr", "source", "embed", "area", "base", "col"];

static POLICY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut policy = Builder::empty();
    policy
        .tags(KNOWN.iter().copied().collect())
        .clean_content_tags(EMPTIED.iter().copied().collect())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(["https", "http", "mailto", "tel"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(None);
    policy
});

/// What is left of HTML, and what was taken out, in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    pub blocks: Vec<Block>,
    pub removed: Vec<String>,
}

/// A tag within a line of text.
#[derive(Debug, PartialEq, Eq)]
pub enum Tag {
    Break,
    Open {
        name: String,
        mark: Mark,
        removed: Vec<String>,
    },
    /// An end, a comment, or an element without content.
    Nothing {
        removed: Vec<String>,
    },
}

/// What an element makes of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    Strong,
    Emphasis,
    Strikethrough,
    Code,
    Link(String),
    /// The content stays as it is.
    Plain,
    /// The content goes, too.
    Gone,
}

/// Reads a block of HTML.
#[must_use]
pub fn blocks(html: &str) -> Cleaned {
    let clean = POLICY.clean(html).to_string();
    let mut blocks = Vec::new();
    blocks_of(parse(&clean), &mut blocks);
    Cleaned { blocks, removed: removed(html) }
}

/// Reads one tag, `<b>`, `</b>` or `<a href="...">`.
#[must_use]
pub fn tag(source: &str) -> Tag {
    let name = name(source);
    let removed = removed(source);
    if name == "br" {
        return Tag::Break;
    }
    if name.is_empty() || source.starts_with("</") || VOID.contains(&name.as_str()) {
        return Tag::Nothing { removed };
    }
    let mark = if EMPTIED.contains(&name.as_str()) {
        Mark::Gone
    } else {
        // What ammonia leaves of the tag decides, not what was written.
        let clean = POLICY.clean(&format!("{source}.</{name}>")).to_string();
        match parse(&clean).pop() {
            Some(Tree::Element { name, href, .. }) => mark(&name, href),
            _ => Mark::Plain,
        }
    };
    Tag::Open { name, mark, removed }
}

/// Whether a tag is the end of the element `name`.
#[must_use]
pub fn ends(source: &str, name: &str) -> bool {
    source.starts_with("</") && self::name(source) == name
}

impl Mark {
    /// `content` with this mark on it.
    #[must_use]
    pub fn on(self, content: Vec<Inline>) -> Vec<Inline> {
        vec![match self {
            Self::Strong => Inline::Strong(content),
            Self::Emphasis => Inline::Emphasis(content),
            Self::Strikethrough => Inline::Strikethrough(content),
            Self::Code => Inline::Code(plain(&content)),
            Self::Link(url) => Inline::Link { url, content },
            Self::Plain => return content,
            Self::Gone => return Vec::new(),
        }]
    }
}

/// Sanitised HTML as a tree.
#[derive(Debug)]
enum Tree {
    Text(String),
    Element { name: String, href: Option<String>, inner: Vec<Tree> },
}

/// Reads what ammonia wrote, which is well-formed.
fn parse(clean: &str) -> Vec<Tree> {
    let rooted = rooted(clean);
    let mut open: Vec<(String, Option<String>, Vec<Tree>)> = vec![(String::new(), None, Vec::new())];
    let mut tag = (String::new(), None);
    for token in Tokenizer::from(rooted.as_str()).flatten() {
        let close = match token {
            Token::ElementStart { local, .. } => {
                tag = (local.to_string(), None);
                false
            }
            Token::Attribute { local, value, .. } if local.as_str() == "href" => {
                tag.1 = value.map(|value| unescape(value.as_str()));
                false
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } => {
                let void = VOID.contains(&tag.0.as_str());
                open.push((std::mem::take(&mut tag.0), tag.1.take(), Vec::new()));
                void
            }
            Token::ElementEnd { end: ElementEnd::Close(..), .. } => true,
            Token::Text { text } => {
                if let Some((_, _, inner)) = open.last_mut() {
                    inner.push(Tree::Text(unescape(text.as_str())));
                }
                false
            }
            _ => false,
        };
        if close
            && open.len() > 1
            && let Some((name, href, inner)) = open.pop()
            && let Some((_, _, outer)) = open.last_mut()
        {
            outer.push(Tree::Element { name, href, inner });
        }
    }
    match open.swap_remove(0).2.pop() {
        Some(Tree::Element { inner, .. }) => inner,
        _ => Vec::new(),
    }
}

/// In one element: the tokenizer takes nothing behind the first one's end.
fn rooted(html: &str) -> String {
    format!("<div>{html}</div>")
}

fn blocks_of(trees: Vec<Tree>, out: &mut Vec<Block>) {
    let mut run = Vec::new();
    for tree in trees {
        let Tree::Element { name, href, inner } = tree else {
            inlines_of(tree, &mut run);
            continue;
        };
        let block = match name.as_str() {
            "p" | "div" | "li" => {
                end_run(&mut run, out);
                blocks_of(inner, out);
                continue;
            }
            "ul" | "ol" => {
                let entries = inner.into_iter().filter_map(|entry| match entry {
                    Tree::Element { inner, .. } => {
                        let mut blocks = Vec::new();
                        blocks_of(inner, &mut blocks);
                        Some(blocks)
                    }
                    Tree::Text(_) => None,
                });
                Block::List { start: (name == "ol").then_some(1), entries: entries.collect() }
            }
            "blockquote" => {
                let mut quoted = Vec::new();
                blocks_of(inner, &mut quoted);
                Block::Quote(quoted)
            }
            "h3" | "h4" | "h5" | "h6" => {
                let mut content = Vec::new();
                for tree in inner {
                    inlines_of(tree, &mut content);
                }
                Block::Heading { level: name.as_bytes()[1] - b'0', content: trimmed(content) }
            }
            "pre" => Block::Code(inner.into_iter().map(text_of).collect()),
            "hr" => Block::Rule,
            _ => {
                inlines_of(Tree::Element { name, href, inner }, &mut run);
                continue;
            }
        };
        end_run(&mut run, out);
        out.push(block);
    }
    end_run(&mut run, out);
}

fn end_run(run: &mut Vec<Inline>, out: &mut Vec<Block>) {
    let content = trimmed(std::mem::take(run));
    if !content.is_empty() {
        out.push(paragraph(content));
    }
}

fn inlines_of(tree: Tree, out: &mut Vec<Inline>) {
    match tree {
        Tree::Text(text) => {
            // White space is one space, however much of it there is.
            let words = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            let space = |edge: Option<u8>| if edge.is_some_and(|b| b.is_ascii_whitespace()) { " " } else { "" };
            let before = space(text.bytes().next());
            let after = if words.is_empty() { "" } else { space(text.bytes().next_back()) };
            out.push(Inline::Text(format!("{before}{words}{after}")));
        }
        Tree::Element { name, .. } if name == "br" => out.push(Inline::Break),
        Tree::Element { name, href, inner } => {
            let mut content = Vec::new();
            for tree in inner {
                inlines_of(tree, &mut content);
            }
            out.extend(mark(&name, href).on(content));
        }
    }
}

/// Without white space at its ends.
fn trimmed(mut content: Vec<Inline>) -> Vec<Inline> {
    let is_blank = |inline: &Inline| matches!(inline, Inline::Text(text) if text.trim().is_empty());
    while content.first().is_some_and(is_blank) {
        content.remove(0);
    }
    while content.last().is_some_and(is_blank) {
        content.pop();
    }
    if let Some(Inline::Text(text)) = content.first_mut() {
        *text = text.trim_ascii_start().to_owned();
    }
    if let Some(Inline::Text(text)) = content.last_mut() {
        *text = text.trim_ascii_end().to_owned();
    }
    content
}

fn text_of(tree: Tree) -> String {
    match tree {
        Tree::Text(text) => text,
        Tree::Element { inner, .. } => inner.into_iter().map(text_of).collect(),
    }
}

fn mark(name: &str, href: Option<String>) -> Mark {
    match (name, href) {
        ("b" | "strong", _) => Mark::Strong,
        ("i" | "em", _) => Mark::Emphasis,
        ("s" | "del" | "strike", _) => Mark::Strikethrough,
        ("code", _) => Mark::Code,
        ("a", Some(url)) => Mark::Link(in_url(&url)),
        _ => Mark::Plain,
    }
}

/// What the policy takes out of `html`, each thing once.
fn removed(html: &str) -> Vec<String> {
    let mut removed = Vec::new();
    let mut element = String::new();
    let rooted = rooted(html);
    for token in Tokenizer::from(rooted.as_str()).flatten() {
        let word = match token {
            Token::ElementStart { local, .. } => {
                element = local.as_str().to_ascii_lowercase();
                match element.as_str() {
                    known if KNOWN.contains(&known) => continue,
                    gone if EMPTIED.contains(&gone) => format!("`<{gone}>` is taken out, with what is in it"),
                    void if VOID.contains(&void) => format!("`<{void}>` is taken out"),
                    other => format!("`<{other}>` is taken out; its text stays"),
                }
            }
            Token::Attribute { local, value, .. } if KNOWN.contains(&element.as_str()) => {
                let name = local.as_str().to_ascii_lowercase();
                let value = value.map_or("", |value| value.as_str());
                let stays = element == "a" && name == "href" && {
                    let kept = POLICY.clean(&format!("<a href=\"{}\">.</a>", value.replace('"', "&quot;"))).to_string();
                    kept.contains("href")
                };
                if stays {
                    continue;
                }
                format!("`{name}` of `<{element}>` is taken out")
            }
            _ => continue,
        };
        if !removed.contains(&word) {
            removed.push(word);
        }
    }
    removed
}

/// The element's name in a tag, in lower case; empty for a comment.
fn name(source: &str) -> String {
    let rest = source.trim_start_matches('<').trim_start_matches('/');
    rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

//! The elements of HTML that the walk knows, and where each may stand so that a browser leaves it there
//! (HTML Standard section 13.2.6).

/// How an element is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A table, its groups of rows, its rows and its cells.
    Table,
    Rows,
    Row,
    Cell,
    /// Ends a paragraph that is open.
    Block,
    /// The same, and another heading as well.
    Heading,
    Entry,
    Inline,
    /// Ends another link that is open.
    Link,
    /// Has no end tag.
    Void,
    /// The same, and ends a paragraph.
    Rule,
}

/// How the element of this name is read in a page's body; none where a browser may do more with it.
pub(super) fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "div" | "p" | "ul" | "ol" | "blockquote" | "pre" | "center" | "section" | "article" | "header" | "footer"
        | "main" | "nav" | "aside" | "figure" | "figcaption" => Kind::Block,
        "span" | "b" | "big" | "code" | "em" | "font" | "i" | "s" | "small" | "strike" | "strong" | "tt" | "u"
        | "sup" | "sub" | "abbr" | "del" | "ins" | "mark" | "q" | "cite" | "dfn" | "kbd" | "samp" | "var" | "time"
        | "bdi" | "bdo" => Kind::Inline,
        "a" => Kind::Link,
        "td" | "th" => Kind::Cell,
        "tr" => Kind::Row,
        "tbody" | "thead" | "tfoot" => Kind::Rows,
        "table" => Kind::Table,
        "li" => Kind::Entry,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Kind::Heading,
        "br" | "img" | "wbr" => Kind::Void,
        "hr" => Kind::Rule,
        _ => return None,
    })
}

/// An element that is open, as far as it decides about what may stand in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Open<'h> {
    pub name: &'h str,
    pub class: &'h str,
    /// None outside of the body.
    pub kind: Option<Kind>,
    /// A paragraph is open that a block would end.
    pub in_paragraph: bool,
    /// A link is open, however far out.
    pub in_link: bool,
    /// No tag stands for it.
    pub is_implied: bool,
    /// The page from here on, where this has to be written once more for the next of several texts.
    pub again: Option<&'h str>,
}

impl<'h> Open<'h> {
    /// An element in this one; none where a browser would move or end something for it.
    pub(super) fn child(&self, name: &'h str, kind: Kind) -> Option<Self> {
        let stays = match (kind, self.kind) {
            (Kind::Rows, parent) => parent == Some(Kind::Table),
            (Kind::Row, parent) => parent == Some(Kind::Rows),
            (Kind::Cell, parent) => parent == Some(Kind::Row),
            (_, Some(Kind::Table | Kind::Rows | Kind::Row)) => false,
            (Kind::Table | Kind::Block | Kind::Rule, _) => !self.in_paragraph,
            (Kind::Heading, parent) => !self.in_paragraph && parent != Some(Kind::Heading),
            (Kind::Entry, _) => !self.in_paragraph && matches!(self.name, "ul" | "ol"),
            (Kind::Link, _) => !self.in_link,
            (Kind::Inline | Kind::Void, _) => true,
        };
        let in_paragraph = name == "p" || self.in_paragraph;
        let in_link = kind == Kind::Link || self.in_link;
        stays.then_some(Self {
            name,
            class: "",
            kind: Some(kind),
            in_paragraph,
            in_link,
            is_implied: false,
            again: None,
        })
    }

    /// Whether words can stand in it.
    pub(super) fn takes_text(&self) -> bool {
        !matches!(self.kind, None | Some(Kind::Table | Kind::Rows | Kind::Row))
    }
}

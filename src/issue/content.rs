//! What a text is made of once Markdown is out of the way: the structure that HTML and plain text are
//! both made from.

use jiff::civil;

/// A run of text and its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// May hold markers of merge fields.
    Text(String),
    Code(String),
    Emphasis(Vec<Inline>),
    Strong(Vec<Inline>),
    Strikethrough(Vec<Inline>),
    Link {
        url: String,
        content: Vec<Inline>,
    },
    /// An image within a line of text.
    Image(Picture),
    /// A reference to a footnote.
    Note {
        /// As the author named it.
        label: String,
        /// As the reader sees it, from 1 in each item.
        number: usize,
        /// The same as the note's.
        anchor: String,
        /// The reference that the note leads back to.
        first: bool,
    },
    /// A line break that the author asked for.
    Break,
}

/// An image and where it leads, if anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `images/cover.png`, relative to the folder.
    pub source: String,
    pub alt: String,
    pub link: Option<String>,
}

/// What stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Paragraph(Vec<Inline>),
    /// A heading inside an item: level 3 to 6.
    Heading {
        level: u8,
        content: Vec<Inline>,
    },
    /// With the number of the first entry where it is numbered.
    List {
        start: Option<u64>,
        entries: Vec<Vec<Block>>,
    },
    Quote(Vec<Block>),
    Code(String),
    Table(Table),
    Rule,
    /// A paragraph that is one bold link.
    Button {
        url: String,
        content: Vec<Inline>,
    },
    /// A paragraph that is one image.
    Image(Picture),
    Event(Event),
    /// MJML that goes through as it is.
    Mjml(String),
    /// The footnotes of an item, numbered from 1, at its end.
    Notes(Vec<Note>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A part of ids, such as `en-1`: no other note of any language has it.
    pub anchor: String,
    pub body: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub alignments: Vec<Alignment>,
    pub head: Vec<Vec<Inline>>,
    pub rows: Vec<Vec<Vec<Inline>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// As the language runs.
    Start,
    Left,
    Center,
    Right,
}

/// Something that takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub title: String,
    pub start: When,
    pub end: Option<When>,
    /// IANA name of the time zone in which `start` and `end` are told.
    pub tz: String,
    pub place: Option<String>,
    pub url: Option<String>,
}

/// A day, or a time on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    Day(civil::Date),
    Time(civil::DateTime),
}

impl When {
    #[must_use]
    pub fn date(self) -> civil::Date {
        match self {
            Self::Day(date) => date,
            Self::Time(time) => time.date(),
        }
    }
}

/// The words of `content`, without their marks.
#[must_use]
pub fn plain(content: &[Inline]) -> String {
    let mut out = String::new();
    for inline in content {
        match inline {
            Inline::Text(text) | Inline::Code(text) => out.push_str(text),
            Inline::Emphasis(inner)
            | Inline::Strong(inner)
            | Inline::Strikethrough(inner)
            | Inline::Link { content: inner, .. } => out.push_str(&plain(inner)),
            Inline::Image(picture) => out.push_str(&picture.alt),
            Inline::Break => out.push(' '),
            Inline::Note { .. } => {}
        }
    }
    out
}

/// Whether `content` refers to a footnote.
#[must_use]
pub fn has_note(content: &[Inline]) -> bool {
    content.iter().any(|inline| match inline {
        Inline::Note { .. } => true,
        Inline::Emphasis(inner)
        | Inline::Strong(inner)
        | Inline::Strikethrough(inner)
        | Inline::Link { content: inner, .. } => has_note(inner),
        Inline::Text(_) | Inline::Code(_) | Inline::Image(_) | Inline::Break => false,
    })
}

/// Calls `visit` for each picture in `blocks`, at whatever depth.
pub fn pictures<'a>(blocks: &'a [Block], visit: &mut impl FnMut(&'a Picture)) {
    for block in blocks {
        match block {
            Block::Image(picture) => visit(picture),
            Block::Paragraph(content) | Block::Heading { content, .. } | Block::Button { content, .. } => {
                inline_pictures(content, visit);
            }
            Block::List { entries, .. } => entries.iter().for_each(|entry| pictures(entry, visit)),
            Block::Quote(inner) => pictures(inner, visit),
            Block::Table(table) => {
                table.head.iter().chain(table.rows.iter().flatten()).for_each(|cell| inline_pictures(cell, visit));
            }
            Block::Notes(notes) => notes.iter().for_each(|note| pictures(&note.body, visit)),
            Block::Code(_) | Block::Rule | Block::Event(_) | Block::Mjml(_) => {}
        }
    }
}

fn inline_pictures<'a>(content: &'a [Inline], visit: &mut impl FnMut(&'a Picture)) {
    for inline in content {
        match inline {
            Inline::Image(picture) => visit(picture),
            Inline::Emphasis(inner)
            | Inline::Strong(inner)
            | Inline::Strikethrough(inner)
            | Inline::Link { content: inner, .. } => inline_pictures(inner, visit),
            Inline::Text(_) | Inline::Code(_) | Inline::Note { .. } | Inline::Break => {}
        }
    }
}

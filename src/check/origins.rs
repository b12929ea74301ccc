//! Where what stands in an edition's HTML was written: the templates of the newsletter's own, and the blocks
//! of MJML in an issue. What MJML and the built-in templates bring by themselves is nobody's to mend.

use std::path::{Path, PathBuf};

use super::source::Source;
use crate::domain::Finding;
use crate::render::Templates;

/// A file with markup of the newsletter's own.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    /// As findings name it.
    pub(super) file: PathBuf,
    text: &'a str,
    /// In small letters and without what Tera fills in, every byte in its place; of an issue its blocks alone.
    pub(super) markup: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Markup,
    Sheet,
}

impl<'a> Origin<'a> {
    pub(super) fn all(templates: &'a Templates, sources: &[Source<'a>]) -> Vec<Self> {
        let own = templates.own().filter_map(|(name, text)| {
            let kind = match Path::new(name).extension()?.to_str()? {
                "mjml" => Kind::Markup,
                "css" => Kind::Sheet,
                _ => return None,
            };
            let markup = without_tera(text).to_ascii_lowercase();
            Some(Self { file: Path::new("templates").join(name), text, markup, kind })
        });
        let with_blocks = sources.iter().filter(|source| !source.blocks.is_empty());
        let issues = with_blocks.map(|source| {
            let mut markup: String = blank(source.text);
            for block in &source.blocks {
                markup.replace_range(block.clone(), &without_tera(&source.text[block.clone()]).to_ascii_lowercase());
            }
            Self { file: source.file.clone(), text: source.text, markup, kind: Kind::Markup }
        });
        own.chain(issues).collect()
    }

    /// `finding` at a byte of this file.
    pub(super) fn at(&self, finding: Finding, offset: usize) -> Finding {
        finding.in_file(&self.file).at_offset(self.text, offset)
    }
}

/// `finding` where one of `origins` has the first of `words` that any of them has, or else as it is.
pub(super) fn placed(finding: Finding, origins: &[Origin<'_>], words: &[&str]) -> Finding {
    let found = words.iter().find_map(|word| {
        let word = word.to_ascii_lowercase();
        origins.iter().find_map(|origin| Some((origin, origin.markup.find(&word)?)))
    });
    match found {
        Some((origin, at)) => origin.at(finding, at),
        None => finding,
    }
}

fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// What Tera fills in becomes a word, and its statements and comments nothing.
fn without_tera(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let closing = match rest.as_bytes().get(open + 1) {
            Some(b'{') => Some("}}"),
            Some(b'%') => Some("%}"),
            Some(b'#') => Some("#}"),
            _ => None,
        };
        let end = closing.and_then(|closing| rest[open..].find(closing)).map(|end| open + end + 2);
        let Some(end) = end else {
            out.push_str(&rest[..=open]);
            rest = &rest[open + 1..];
            continue;
        };
        out.push_str(&rest[..open]);
        let sign = if closing == Some("}}") { 'x' } else { ' ' };
        out.extend(rest[open..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { sign }));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tera_fills_in_leaves_every_byte_in_its_place() {
        let text = "a { color: {{ é }}; } {% if x %}{# y\n #}b{";
        let plain = without_tera(text);
        assert_eq!(plain, format!("a {{ color: xxxxxxxx; }} {}\n   b{{", " ".repeat(14)));
        assert_eq!(plain.len(), text.len());
    }
}

//! Styles into the elements that they match: a page that mrml printed and a stylesheet in, the page that
//! css-inline would make of both out, to the byte, or nothing.
//!
//! css-inline reads a page as a browser does, which takes longer than all the rest of an edition. A page of
//! ours is plain: tags match, nothing stands where a browser would move it, selectors are names and classes.
//! For such a page one walk is enough. Whatever goes beyond that is left to css-inline, and nothing is guessed.

mod declarations;
mod elements;
mod page;
mod references;
mod stylesheet;

use page::Page;
use stylesheet::Stylesheet;

/// `html` with the styles of `css` in it, each text that is a mark replaced by what it stands for in `texts`.
/// None where css-inline is needed for it.
pub(super) fn inline(html: &str, css: &str, texts: &[Vec<&str>]) -> Option<String> {
    let sheet = Stylesheet::parse(css)?;
    Page::new(&sheet, texts, html.len()).write(html)
}

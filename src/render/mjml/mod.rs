//! MJML to HTML by mrml, behind a pre-pass that keeps mrml from spoiling what it prints.
//!
//! mrml 6 prints attribute values with Rust's debug escapes: a no-break space would become the six
//! letters `\u{a0}`, and a quote would end the attribute. It also fails on CRLF. So every attribute is
//! quoted anew and each character that would be escaped becomes a numeric reference first.
//!
//! Words go around mrml, and styles into their elements without css-inline, where a page is plain enough for
//! that: `skeleton` and `inline`. The outcome is the same to the byte, and takes a third of the time.

mod check;
mod inline;
mod known;
mod skeleton;
mod words;

use std::fmt::Write as _;

use htmlparser::{ElementEnd, StrSpan, Token, Tokenizer};
use mrml::mj_head::MjHeadChild;
use mrml::mj_style::StyleInlineMode;
use mrml::mjml::Mjml;
use mrml::prelude::parser::ParserOptions;
use mrml::prelude::render::RenderOptions;

pub(super) use check::{Source, check, include};
pub(super) use skeleton::Skeleton;
pub(super) use words::words;

/// The MJML can't be read or rendered; line and column are those of the assembled MJML.
#[derive(Debug, thiserror::Error)]
pub enum MjmlError {
    #[error("the MJML can't be read: {0}")]
    Parse(String),
    #[error("the MJML can't be rendered: {0}")]
    Render(String),
}

/// One MJML document to one HTML document that fetches nothing: no web fonts, no hosted icons.
///
/// # Errors
/// The document is not MJML.
pub fn to_html(mjml: &str) -> Result<String, MjmlError> {
    html_of(mjml, Skeleton::of(mjml).as_ref())
}

/// The same for MJML whose skeleton is known.
pub(super) fn html_of(mjml: &str, skeleton: Option<&Skeleton<'_>>) -> Result<String, MjmlError> {
    let html = match skeleton.and_then(swiftly) {
        Some(html) => html,
        None => wholly(mjml)?,
    };
    Ok(with_language_on_body(html))
}

/// By mrml and css-inline, with all that they know.
fn wholly(mjml: &str) -> Result<String, MjmlError> {
    printed(&parsed(mjml)?)
}

/// By mrml without words, and one walk over what it printed. None where that does not do: then `wholly` tells
/// what is wrong, if anything is.
fn swiftly(skeleton: &Skeleton<'_>) -> Option<String> {
    let mut document = parsed(&skeleton.mjml).ok()?;
    let css = without_inline_styles(&mut document)?;
    inline::inline(&printed(&document).ok()?, &css, &skeleton.texts)
}

fn parsed(mjml: &str) -> Result<Mjml, MjmlError> {
    let prepared = prepare(mjml)?;
    let parsed = mrml::parse_with_options(&prepared, &ParserOptions::default());
    parsed.map(|parsed| parsed.element).map_err(|error| MjmlError::Parse(error.to_string()))
}

fn printed(document: &Mjml) -> Result<String, MjmlError> {
    let options =
        RenderOptions { social_icon_origin: None, fonts: std::collections::HashMap::new(), ..Default::default() };
    document.render(&options).map_err(|error| MjmlError::Render(error.to_string()))
}

/// Takes the styles out that are meant to be inline; none where there are none, and mrml has its page as it is.
fn without_inline_styles(document: &mut Mjml) -> Option<String> {
    let children = &mut document.children.head.as_mut()?.children;
    let mut css = String::new();
    children.retain(|child| match child {
        MjHeadChild::MjStyle(style) if style.inline_mode() == StyleInlineMode::Inline => {
            css.push_str(style.children().trim());
            false
        }
        _ => true,
    });
    (!css.is_empty()).then_some(css)
}

/// What mrml puts on `html` stands on `body` too, since mail programs that set a mail into a page of
/// their own drop the first and keep what they can of the second.
fn with_language_on_body(mut html: String) -> String {
    let attributes = html.split_once("<html ").and_then(|(_, rest)| rest.split_once(" xmlns")).map(|(own, _)| own);
    let attributes = attributes.filter(|attributes| attributes.contains("lang=")).map(|own| format!("{own} "));
    if let (Some(attributes), Some(body)) = (attributes, html.find("<body ")) {
        html.insert_str(body + "<body ".len(), &attributes);
    }
    html
}

/// The document with LF line ends and attributes that mrml prints as they are.
fn prepare(mjml: &str) -> Result<String, MjmlError> {
    let mjml = mjml.strip_prefix('\u{feff}').unwrap_or(mjml).replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(mjml.len() + mjml.len() / 16);
    let mut copied = 0;
    let mut in_title = false;
    for token in Tokenizer::from(mjml.as_str()) {
        let token = token.map_err(|error| MjmlError::Parse(error.to_string()))?;
        match token {
            Token::Attribute { span, value: Some(value), .. } if is_printed_as_it_is(&span, &value) => {}
            Token::Attribute { span, value, .. } => {
                out.push_str(&mjml[copied..span.start()]);
                let name = span.as_str().split('=').next().unwrap_or_default().trim_end();
                let _ = write!(out, "{name}=\"");
                attribute(value.map_or("", |value| value.as_str()), &mut out);
                out.push('"');
                copied = span.end();
            }
            Token::ElementStart { local, .. } => in_title = local.as_str() == "mj-title",
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => in_title = false,
            Token::Text { text } if in_title => {
                out.push_str(&mjml[copied..text.start()]);
                attribute(text.as_str(), &mut out);
                copied = text.end();
            }
            _ => {}
        }
    }
    out.push_str(&mjml[copied..]);
    Ok(out)
}

/// Whether an attribute stands as mrml would print it, as nearly all do.
fn is_printed_as_it_is(span: &StrSpan<'_>, value: &StrSpan<'_>) -> bool {
    let is_plain = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && !matches!(byte, b'\\' | b'"');
    let name = span.as_str().len().saturating_sub(value.as_str().len() + 3);
    let quoted = span.as_str().get(name..).is_some_and(|quoted| quoted.starts_with("=\"") && quoted.ends_with('"'));
    quoted && value.as_str().bytes().all(is_plain)
}

fn attribute(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            ' ' | '\'' => out.push(c),
            // Nearly all are; asking how each would be escaped takes longer than all the rest.
            c if c.is_ascii_graphic() && c != '\\' => out.push(c),
            c if c == '\\' || c.escape_debug().count() > 1 => {
                let _ = write!(out, "&#x{:x};", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod swiftly_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn document(body: &str) -> String {
        format!(
            "<mjml><mj-head><mj-title>Sujet\u{a0}: «\u{a0}x\u{a0}»</mj-title></mj-head><mj-body>{body}</mj-body></mjml>"
        )
    }

    #[test]
    fn a_no_break_space_in_an_attribute_survives() {
        let body = "<mj-section><mj-column><mj-image src='a.png' alt='Titre\u{a0}: \\ l\u{2019}\u{e9}t\u{e9} \u{200d}'/></mj-column></mj-section>";
        let html = to_html(&document(body)).unwrap();
        assert!(!html.contains("u{"), "{html}");
        assert!(
            html.contains("Titre&#xa0;:") || html.contains("Titre\u{a0}:") || html.contains("Titre&nbsp;:"),
            "{html}"
        );
    }

    #[test]
    fn crlf_with_void_tags_is_read() {
        let body = "<mj-section>\r\n<mj-column>\r\n<mj-text>a<br/>\r\nb</mj-text>\r\n<mj-divider\r\nborder-width=\"1px\"\r\n/>\r\n</mj-column>\r\n</mj-section>";
        let html = to_html(&document(body)).unwrap();
        assert!(html.contains("a<br"), "{html}");
    }

    #[test]
    fn a_quote_in_an_attribute_does_not_end_it() {
        let body = "<mj-section><mj-column><mj-image src=\"a.png\" alt='say \"hi\"'/></mj-column></mj-section>";
        let html = to_html(&document(body)).unwrap();
        assert!(html.contains("say &quot;hi&quot;"), "{html}");
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        let html = to_html(&document(
            "<mj-section><mj-column><mj-text font-family=\"Ubuntu\">a</mj-text></mj-column></mj-section>",
        ))
        .unwrap();
        assert!(!html.contains("fonts.googleapis"), "{html}");
    }

    #[test]
    fn language_and_direction_stand_on_the_body_too() {
        let mjml = document("<mj-section></mj-section>").replace("<mjml>", "<mjml lang='ar' dir='rtl'>");
        let html = to_html(&mjml).unwrap();
        assert!(html.contains("<html lang=\"ar\" dir=\"rtl\" "), "{html}");
        assert!(html.contains("<body lang=\"ar\" dir=\"rtl\" "), "{html}");
    }

    #[test]
    fn what_is_not_mjml_is_an_error() {
        assert!(to_html("<mjml><mj-body>").is_err());
        assert!(to_html("hello").is_err());
    }
}

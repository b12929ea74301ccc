//! HTML, MJML and CSS to the features that stand in them, by caniemail's names, each with its place.

use super::super::css::{self, Item, Weight};
use super::super::markup::{Attribute, Piece, pieces, value_of};

/// Told for each feature with its place; many names are no feature, and the table sorts those out.
type See<'a> = &'a mut dyn FnMut(&str, usize);

/// Attributes that are features of their own.
const ATTRIBUTES: &[&str] = &[
    "align",
    "aria-describedby",
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "aria-live",
    "background",
    "cellpadding",
    "cellspacing",
    "dir",
    "height",
    "hidden",
    "lang",
    "popover",
    "required",
    "role",
    "srcset",
    "target",
    "valign",
    "width",
];

/// Properties that caniemail knows by another name; one that ends in a hyphen stands for all that begin so.
const PROPERTIES: &[(&str, &str)] = &[
    ("left", "css-left-right-top-bottom"),
    ("right", "css-left-right-top-bottom"),
    ("top", "css-left-right-top-bottom"),
    ("bottom", "css-left-right-top-bottom"),
    ("margin-inline-start", "css-margin-inline-start-end"),
    ("margin-inline-end", "css-margin-inline-start-end"),
    ("margin-block-start", "css-margin-block-start-end"),
    ("margin-block-end", "css-margin-block-start-end"),
    ("margin-inline", "css-margin-inline-block"),
    ("margin-block", "css-margin-inline-block"),
    ("margin-", "css-margin"),
    ("padding-inline-start", "css-padding-inline-start-end"),
    ("padding-inline-end", "css-padding-inline-start-end"),
    ("padding-block-start", "css-padding-block-start-end"),
    ("padding-block-end", "css-padding-block-start-end"),
    ("padding-inline", "css-padding-inline-block"),
    ("padding-block", "css-padding-inline-block"),
    ("padding-", "css-padding"),
    ("border-start-", "css-border-radius-logical"),
    ("border-end-", "css-border-radius-logical"),
    ("border-top-left-radius", "css-border-radius"),
    ("border-top-right-radius", "css-border-radius"),
    ("border-bottom-left-radius", "css-border-radius"),
    ("border-bottom-right-radius", "css-border-radius"),
    ("border-image-", "css-border-image"),
    ("border-inline", "css-border-inline-block"),
    ("border-block", "css-border-inline-block"),
    ("border-inline-", "css-border-inline-block-longhand"),
    ("border-block-", "css-border-inline-block-longhand"),
    ("border-collapse", "css-border-collapse"),
    ("border-spacing", "css-border-spacing"),
    ("border-radius", "css-border-radius"),
    ("border-image", "css-border-image"),
    ("border-", "css-border"),
    ("block-size", "css-block-inline-size"),
    ("column-gap", "css-gap"),
    ("row-gap", "css-gap"),
    ("grid-gap", "css-gap"),
    ("grid-", "css-grid-template"),
    ("columns", "css-column-layout-properties"),
    ("column-count", "css-column-count"),
    ("column-", "css-column-layout-properties"),
    ("flex-flow", "css-flex-direction"),
    ("animation-", "css-animation"),
    ("transition-", "css-transition"),
    ("text-emphasis-position", "css-text-emphasis-position"),
    ("text-emphasis-", "css-text-emphasis"),
    ("overflow-wrap", "css-overflow-wrap"),
    ("overflow-", "css-overflow"),
    ("outline-offset", "css-outline-offset"),
    ("outline-", "css-outline"),
    ("scroll-snap-", "css-scroll-snap"),
    ("mask", "css-mask-image"),
];

/// Functions and keywords of values.
const VALUES: &[(&str, &str)] = &[
    ("calc(", "css-unit-calc"),
    ("var(", "css-variables"),
    ("clamp(", "css-function-clamp"),
    ("min(", "css-function-min"),
    ("max(", "css-function-max"),
    ("light-dark(", "css-function-light-dark"),
    ("linear-gradient(", "css-linear-gradient"),
    ("radial-gradient(", "css-radial-gradient"),
    ("conic-gradient(", "css-conic-gradient"),
    ("rgb(", "css-rgb"),
    ("rgba(", "css-rgba"),
    ("lab(", "css-modern-color"),
    ("oklab(", "css-modern-color"),
    ("lch(", "css-modern-color"),
    ("oklch(", "css-modern-color"),
    ("fit-content", "css-intrinsic-size"),
    ("min-content", "css-intrinsic-size"),
    ("max-content", "css-intrinsic-size"),
    ("system-ui", "css-sytem-ui"),
    ("initial", "css-unit-initial"),
];

const UNITS: &[&str] = &["ch", "cm", "em", "ex", "in", "mm", "pc", "pt", "px", "rem", "vh", "vmax", "vmin", "vw"];

/// Everything in a page, a template or a block.
pub(super) fn in_markup(markup: &str, see: See<'_>) {
    let mut in_style = false;
    for piece in pieces(markup) {
        match piece {
            Piece::Open { name, attributes, at } => {
                in_style = matches!(name, "style" | "mj-style");
                element(name, &attributes, at, see);
                for attribute in &attributes {
                    in_attribute(name, attribute, see);
                }
            }
            Piece::Close { .. } => in_style = false,
            Piece::Text { text, at } if in_style => in_sheet(text, at, see),
            Piece::Text { .. } => {}
        }
    }
}

/// A style sheet that stands at a place.
pub(super) fn in_sheet(sheet: &str, start: usize, see: See<'_>) {
    let sheet = css::without_comments(sheet);
    for item in css::items(&sheet) {
        match item {
            Item::At { prelude, at } => at_rule(prelude, start + at, see),
            Item::Rule { selector, at, body, body_at, .. } => {
                in_selector(selector, start + at, see);
                in_declarations(body, start + body_at, see);
            }
        }
    }
}

fn element(name: &str, attributes: &[Attribute<'_>], at: usize, see: See<'_>) {
    let slug = match name {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "html-h1-h6",
        "ul" | "ol" | "li" | "dl" | "dt" | "dd" => "html-lists",
        "article" | "aside" | "details" | "figcaption" | "figure" | "footer" | "header" | "main" | "mark" | "nav"
        | "section" | "summary" | "time" => "html-semantics",
        "map" | "area" => "html-image-maps",
        "s" => "html-strike",
        "mj-style" => "html-style",
        "input" | "button" => {
            let kind = value_of(attributes, "type").unwrap_or(if name == "input" { "text" } else { "submit" });
            return see(&format!("html-{name}-{kind}"), at);
        }
        "meta" if value_of(attributes, "name") == Some("color-scheme") => "html-meta-color-scheme",
        // These are elements and attributes by the same word, and it is the attribute that is a feature.
        name if ATTRIBUTES.contains(&name) => return,
        name => return see(&format!("html-{name}"), at),
    };
    see(slug, at);
}

fn in_attribute(element: &str, attribute: &Attribute<'_>, see: See<'_>) {
    let Attribute { name, value, at, value_at } = attribute;
    match (*name, element) {
        ("style", _) => in_declarations(value, *value_at, see),
        ("href", _) if value.starts_with("mailto:") => see("html-mailto-links", *at),
        ("href", _) if value.starts_with('#') => see("html-anchor-links", *at),
        ("loading", _) => see("html-loading-attribute", *at),
        ("src", "img" | "source" | "image" | "mj-image") => picture(value, *at, see),
        ("background-url", _) => see("css-background-image", *at),
        // MJML writes most properties as attributes.
        (name, element) if element.starts_with("mj-") => in_declaration(name, value, *at, see),
        (name, _) if ATTRIBUTES.contains(&name) => see(&format!("html-{name}"), *at),
        _ => {}
    }
}

/// By its ending; one in the mail itself was read as PNG, JPEG or GIF, which all programs show.
fn picture(source: &str, at: usize, see: See<'_>) {
    if source.starts_with("data:") {
        return see("image-base64", at);
    }
    let path = source.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("jpeg") => see("image-jpg", at),
        Some("tif") => see("image-tiff", at),
        Some(ending) => see(&format!("image-{ending}"), at),
        None => {}
    }
}

fn in_declarations(body: &str, start: usize, see: See<'_>) {
    for one in css::declarations(body) {
        if one.weight == Weight::Important {
            see("css-important", start + one.at);
        }
        in_declaration(one.property, one.value, start + one.at, see);
    }
}

fn in_declaration(property: &str, value: &str, at: usize, see: See<'_>) {
    if property.starts_with("--") {
        return see("css-variables", at);
    }
    let property =
        ["-webkit-", "-moz-", "-ms-"].iter().find_map(|start| property.strip_prefix(start)).unwrap_or(property);
    let by_name = PROPERTIES.iter().find(|(name, _)| *name == property);
    let by_start = || PROPERTIES.iter().find(|(start, _)| start.ends_with('-') && property.starts_with(start));
    let own = format!("css-{property}");
    // Its own page goes before that of its family.
    let slug = match (by_name, super::feature(&own)) {
        (Some((_, slug)), _) => slug,
        (None, Some(_)) => own.as_str(),
        (None, None) => by_start().map_or(own.as_str(), |(_, slug)| *slug),
    };
    see(slug, at);
    match property {
        "display" => {
            let kind = value.trim_start_matches("inline-");
            see(&format!("css-display-{kind}"), at);
        }
        "background" if value.contains("url(") => see("css-background-image", at),
        _ => {}
    }
    in_value(value, at, see);
}

fn in_value(value: &str, at: usize, see: See<'_>) {
    // Names of fonts and addresses of files are no values.
    let is_plain = !value.contains(['"', '\'']) && !value.contains("url(");
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
    for (word, slug) in VALUES {
        let alone = value.match_indices(word).any(|(from, _)| {
            let behind = value[from + word.len()..].chars().next();
            is_edge(value[..from].chars().next_back()) && (word.ends_with('(') || is_edge(behind))
        });
        if alone {
            see(slug, at);
        }
    }
    if is_plain {
        for word in value.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '%' | '#'))) {
            let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            if unit.len() == word.len() {
                continue;
            }
            match unit {
                "%" => see("css-unit-percent", at),
                unit if UNITS.contains(&unit) => see(&format!("css-unit-{unit}"), at),
                _ => {}
            }
        }
    }
}

fn at_rule(prelude: &str, at: usize, see: See<'_>) {
    let name: String = prelude[1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    see(&format!("css-at-{name}"), at);
    if name == "media" {
        for feature in ["prefers-color-scheme", "prefers-reduced-motion", "orientation", "hover", "device-pixel-ratio"]
        {
            if prelude.contains(feature) {
                see(&format!("css-at-media-{feature}"), at);
            }
        }
    }
}

fn in_selector(selector: &str, at: usize, see: See<'_>) {
    let signs = [
        ('[', "css-selector-attribute"),
        ('+', "css-selector-adjacent-sibling"),
        ('~', "css-selector-general-sibling"),
        ('>', "css-selector-child"),
        ('*', "css-selector-universal"),
        ('#', "css-selector-id"),
        ('&', "css-nesting"),
    ];
    for (_, slug) in signs.iter().filter(|(sign, _)| selector.contains(*sign)) {
        see(slug, at);
    }
    let mut rest = selector;
    while let Some((_, behind)) = rest.split_once(':') {
        let (behind, kind) = match behind.strip_prefix(':') {
            Some(behind) => (behind, "element"),
            None => (behind, "class"),
        };
        let name: String = behind.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        // Four elements may be written with one colon (Selectors Level 4, section 3.6).
        let is_old = matches!(name.as_str(), "before" | "after" | "first-line" | "first-letter");
        let kind = if is_old { "element" } else { kind };
        see(&format!("css-pseudo-{kind}-{name}"), at);
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn slugs(markup: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        in_markup(markup, &mut |slug, _| {
            if super::super::feature(slug).is_some() {
                found.insert(slug.to_owned());
            }
        });
        found
    }

    #[test]
    fn features_are_known_by_their_names() {
        for (markup, expected) in [
            ("<video></video>", vec!["html-video"]),
            ("<p style=\"display:grid\">", vec!["css-display", "css-display-grid", "html-p"]),
            (
                "<p style=\"position:absolute;left:2vw\">",
                vec!["css-left-right-top-bottom", "css-position", "css-unit-vw", "html-p"],
            ),
            ("<td background=\"a.png\">", vec!["html-background"]),
            ("<p style=\"background:url(a.png)\">", vec!["css-background", "css-background-image", "html-p"]),
            ("<svg></svg>", vec!["html-svg"]),
            ("<img src=\"a.svg\" srcset=\"b\">", vec!["html-img", "html-srcset", "image-svg"]),
            ("<style>a:hover { color: rgb(1,2,3) }</style>", vec!["css-pseudo-class-hover", "css-rgb", "html-style"]),
            (
                "<style>@media (hover) { a::after { gap: 1em } }</style>",
                vec![
                    "css-at-media",
                    "css-at-media-hover",
                    "css-gap",
                    "css-pseudo-element-after",
                    "css-unit-em",
                    "html-style",
                ],
            ),
            ("<mj-section border-radius=\"6px\" />", vec!["css-border-radius", "css-unit-px"]),
            ("<mj-section background-url=\"a.png\" />", vec!["css-background-image"]),
            ("<input type=\"checkbox\">", vec!["html-input-checkbox"]),
            ("<p style=\"font-family:'min(x) 2em'\">", vec!["css-function-min", "html-p"]),
            (
                "<p style=\"width:max-content;--x:1\">",
                vec!["css-intrinsic-size", "css-variables", "css-width", "html-p"],
            ),
            (
                "<p style=\"margin-inline:1px;border-top-left-radius:1px\">",
                vec!["css-border-radius", "css-margin-inline-block", "css-unit-px", "html-p"],
            ),
        ] {
            let expected = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(slugs(markup), expected, "{markup}");
        }
    }

    #[test]
    fn a_place_is_that_of_the_declaration() {
        let markup = "<mj-style>\n.a { color: red; display: flex }</mj-style>";
        let mut place = None;
        in_markup(markup, &mut |slug, at| {
            if slug == "css-display-flex" {
                place = Some(at);
            }
        });
        assert!(markup[place.unwrap()..].starts_with("display: flex"));
    }
}

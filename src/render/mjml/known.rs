//! The elements of MJML 4 that mrml 6 renders: where each may stand, and its attributes, after the
//! component tables of the reference implementation.

/// What stands between an element's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Other elements of MJML, or nothing.
    Elements,
    /// HTML or text, which MJML leaves alone.
    Html,
}

use Content::{Elements, Html};

#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) content: Content,
    parents: &'static str,
    attributes: &'static str,
}

/// What every element takes.
const COMMON: [&str; 2] = ["css-class", "mj-class"];
/// What a name with a `+` stands for.
const SIDES: [&str; 5] = ["", "-top", "-right", "-bottom", "-left"];

impl Element {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ELEMENTS.iter().find(|element| element.name == name)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
        ELEMENTS.iter().map(|element| element.name)
    }

    /// The elements that it may stand in.
    pub(super) fn parents(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.parents.split_whitespace()
    }

    /// Whether it has an attribute of this name.
    pub(super) fn takes(&self, name: &str) -> bool {
        let is_it = |word: &str| match word.strip_suffix('+') {
            Some(word) => name.strip_prefix(word).is_some_and(|side| SIDES.contains(&side)),
            None => word == name,
        };
        COMMON.contains(&name) || self.attributes.split_whitespace().any(is_it)
    }

    /// Whether `mj-all` and `mj-class` take it, since some element does.
    pub(super) fn any_takes(name: &str) -> bool {
        ELEMENTS.iter().any(|element| element.takes(name))
    }

    /// The names of its attributes.
    pub(super) fn attributes(&self) -> impl Iterator<Item = String> {
        let own = self.attributes.split_whitespace().flat_map(|word| match word.strip_suffix('+') {
            Some(word) => SIDES.iter().map(|side| format!("{word}{side}")).collect(),
            None => vec![word.to_owned()],
        });
        own.chain(COMMON.map(str::to_owned))
    }

    /// Everything that some element takes, as `mj-all` and `mj-class` do.
    pub(super) fn all_attributes() -> impl Iterator<Item = String> {
        ELEMENTS.iter().flat_map(Self::attributes)
    }
}

const fn element(name: &'static str, content: Content, parents: &'static str, attributes: &'static str) -> Element {
    Element { name, content, parents, attributes }
}

/// Name, content, parents, attributes; `padding+` is `padding` and its four sides.
#[rustfmt::skip]
const ELEMENTS: &[Element] = &[
    element("mj-accordion", Elements, "mj-column mj-hero", "border container-background-color font-family icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url padding+"),
    element("mj-accordion-element", Elements, "mj-accordion", "background-color border font-family icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url"),
    element("mj-accordion-text", Html, "mj-accordion-element", "background-color color font-family font-size font-weight letter-spacing line-height padding+"),
    element("mj-accordion-title", Html, "mj-accordion-element", "background-color color font-family font-size font-weight padding+"),
    element("mj-attributes", Elements, "mj-head", ""),
    element("mj-body", Elements, "mjml", "background-color width"),
    element("mj-breakpoint", Html, "mj-head", "width"),
    element("mj-button", Html, "mj-column mj-hero", "align background-color border+ border-radius color container-background-color font-family font-size font-style font-weight height href inner-padding letter-spacing line-height name padding+ rel target text-align text-decoration text-transform title vertical-align width"),
    element("mj-carousel", Elements, "mj-column mj-hero", "align border-radius container-background-color icon-width left-icon padding+ right-icon tb-border tb-border-radius tb-hover-border-color tb-selected-border-color tb-width thumbnails"),
    element("mj-carousel-image", Html, "mj-carousel", "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title"),
    element("mj-column", Elements, "mj-group mj-section", "background-color border+ border-radius direction inner-background-color inner-border+ inner-border-radius padding+ vertical-align width"),
    element("mj-divider", Elements, "mj-column mj-hero", "align border-color border-style border-width container-background-color padding+ width"),
    element("mj-font", Elements, "mj-head", "href name"),
    element("mj-group", Elements, "mj-section", "background-color direction vertical-align width"),
    element("mj-head", Elements, "mjml", ""),
    element("mj-hero", Elements, "mj-body mj-wrapper", "background-color background-height background-position background-url background-width border-radius height inner-background-color inner-padding+ mode padding+ vertical-align"),
    element("mj-image", Elements, "mj-column mj-hero", "align alt border+ border-radius container-background-color fluid-on-mobile font-size height href max-height name padding+ rel sizes src srcset target title usemap width"),
    element("mj-navbar", Elements, "mj-column mj-hero", "align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size ico-line-height ico-open ico-padding+ ico-text-decoration ico-text-transform padding+"),
    element("mj-navbar-link", Html, "mj-navbar", "color font-family font-size font-style font-weight href letter-spacing line-height name padding+ rel target text-decoration text-transform"),
    element("mj-preview", Html, "mj-head", ""),
    element("mj-raw", Html, "mj-accordion mj-accordion-element mj-body mj-column mj-group mj-head mj-hero mj-navbar mj-section mj-social mj-wrapper mjml", "position"),
    element("mj-section", Elements, "mj-body mj-wrapper", "background-color background-position background-position-x background-position-y background-repeat background-size background-url border+ border-radius direction full-width padding+ text-align"),
    element("mj-social", Elements, "mj-column mj-hero", "align border border-radius color container-background-color font-family font-size font-style font-weight icon-height icon-padding icon-size inner-padding line-height mode padding+ table-layout text-decoration text-padding vertical-align"),
    element("mj-social-element", Html, "mj-social", "align alt background-color border border-radius color font-family font-size font-style font-weight href icon-height icon-padding icon-position icon-size line-height name padding+ rel sizes src srcset target text-decoration text-padding title vertical-align"),
    element("mj-spacer", Elements, "mj-column mj-hero", "border+ container-background-color height padding+"),
    element("mj-style", Html, "mj-head", "inline"),
    element("mj-table", Html, "mj-column mj-hero", "align border cellpadding cellspacing color container-background-color font-family font-size font-weight line-height padding+ role table-layout vertical-align width"),
    element("mj-text", Html, "mj-column mj-hero", "align background-color color container-background-color font-family font-size font-style font-weight height letter-spacing line-height padding+ text-decoration text-transform vertical-align"),
    element("mj-title", Html, "mj-head", ""),
    element("mj-wrapper", Elements, "mj-body", "background-color background-position background-position-x background-position-y background-repeat background-size background-url border+ border-radius direction full-width padding+ text-align"),
    element("mjml", Elements, "", "dir lang owa"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_takes_what_it_lists_and_nothing_else() {
        for element in ELEMENTS {
            let listed: Vec<_> = element.attributes().collect();
            assert!(listed.iter().all(|name| element.takes(name)), "{}", element.name);
            for name in Element::all_attributes().chain(["padding+", "padding-", "-top", ""].map(str::to_owned)) {
                assert_eq!(element.takes(&name), listed.contains(&name), "{} {name}", element.name);
            }
        }
        assert!(Element::any_takes("padding-top") && !Element::any_takes("colour"));
    }
}

//! The HTML of an edition as mail programs get it: ids and the links to them, images and whatever else would be
//! fetched.

use std::collections::{BTreeMap, BTreeSet};

use super::css::{self, Item};
use super::markup::{Piece, pieces, value_of};
use super::origins::{Kind, Origin, placed};
use super::page::{Element, Page};
use super::rules::{DEAD_ANCHOR, DUPLICATE_ID, LOST_PICTURE, NO_ALT, NO_DIMENSIONS, REMOTE_CONTENT};
use crate::domain::Finding;

/// What is to be said of a page; `own` is where the newsletter's own images are, if they are hosted.
pub(super) fn findings(page: &Page<'_>, origins: &[Origin<'_>], own: Option<&str>) -> Vec<Finding> {
    let mut found = anchors(page, origins);
    let mut remote = BTreeSet::new();
    for element in &page.elements {
        if element.name == "img" {
            found.extend(picture(element, origins));
        }
        remote.extend(fetched(element));
    }
    for (sheet, _) in &page.sheets {
        let sheet = css::without_comments(sheet);
        remote.extend(urls(&sheet).map(str::to_owned));
        let imports = css::items(&sheet).into_iter().filter_map(|item| match item {
            Item::At { prelude, .. } => prelude.strip_prefix("@import").map(str::to_owned),
            Item::Rule { .. } => None,
        });
        remote.extend(imports.map(|import| import.trim().trim_matches(['"', '\'']).to_owned()));
    }
    for url in remote.into_iter().filter(|url| is_remote(url) && !own.is_some_and(|own| url.starts_with(own))) {
        let finding = REMOTE_CONTENT.finding(format!("the mail fetches {url}, and its host learns who reads"));
        let finding = finding.with_help("use an image of the issue's own folder, or do without");
        found.push(placed(finding, origins, &[&url]));
    }
    found
}

fn is_remote(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    ["http://", "https://", "//"].iter().any(|start| lower.starts_with(start))
}

/// Ids that stand twice, and links within the mail that lead nowhere.
fn anchors(page: &Page<'_>, origins: &[Origin<'_>]) -> Vec<Finding> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for id in page.elements.iter().filter_map(|element| element.get("id")) {
        *count.entry(id).or_default() += 1;
    }
    let mut found = Vec::new();
    for (id, count) in count.iter().filter(|(_, count)| **count > 1) {
        let finding = DUPLICATE_ID.finding(format!("the id `{id}` stands in the mail {count} times"));
        let finding = finding.with_help("a link to it leads to the first of them: give each its own");
        found.push(placed(finding, origins, &[&format!("id=\"{id}\""), &format!("id='{id}'"), id]));
    }
    let names: BTreeSet<_> = page.elements.iter().filter_map(|element| element.get("name")).collect();
    let links = page.elements.iter().filter(|element| element.name == "a").filter_map(|link| link.get("href"));
    let targets: BTreeSet<_> = links.filter_map(|href| href.strip_prefix('#')).collect();
    for target in targets.into_iter().filter(|target| !count.contains_key(target) && !names.contains(target)) {
        let finding = DEAD_ANCHOR.finding(format!("the link to `#{target}` leads nowhere in the mail"));
        let help = "the item is left out for some readers, or has another id: tell in words where else it is found";
        found.push(placed(finding.with_help(help), origins, &[&format!("#{target}\"")]));
    }
    found
}

fn picture(element: &Element<'_>, origins: &[Origin<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    let source = element.get("src").unwrap_or_default();
    let has_scheme =
        source.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    if !has_scheme && !source.starts_with("//") {
        let finding = LOST_PICTURE.finding(format!("the picture `{source}` is in no mail program's reach"));
        let help = "write it into the issue's text, ![What it shows](images/...), from where it goes into the mail";
        found.push(placed(finding.with_help(help), origins, &[source, "<img"]));
    }
    let missing: Vec<_> = ["width", "height"].into_iter().filter(|name| element.get(name).is_none()).collect();
    if !missing.is_empty() {
        let finding = NO_DIMENSIONS.finding(format!("the picture `{source}` has no {}", missing.join(" and no ")));
        let help = "say both in pixels: Outlook shows it in its full size, and others move the text when it comes";
        found.push(placed(finding.with_help(help), origins, &[source, "<img"]));
    }
    found
}

/// Pictures of templates and blocks without a word about them; MJML makes an empty one of none, which says that the
/// picture says nothing.
pub(super) fn wordless_pictures(origins: &[Origin<'_>]) -> Vec<Finding> {
    let markups = origins.iter().filter(|origin| origin.kind == Kind::Markup);
    let found = markups.flat_map(|origin| {
        pieces(&origin.markup).into_iter().filter_map(move |piece| match piece {
            Piece::Open { name: name @ ("img" | "mj-image"), attributes, at }
                if value_of(&attributes, "alt").is_none() =>
            {
                let finding = NO_ALT.finding(format!("a `<{name}>` has no text for those who don't see the picture"));
                Some(
                    origin.at(finding.with_help("say what it shows: alt=\"...\"; alt=\"\" where it shows nothing"), at),
                )
            }
            _ => None,
        })
    });
    found.collect()
}

/// What a mail program fetches for the sake of an element.
fn fetched(element: &Element<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in &element.attributes {
        match (attribute.name, element.name) {
            ("src" | "background" | "poster" | "data", _) | ("href", "link" | "image") => {
                found.push(attribute.value.to_owned());
            }
            ("srcset", _) => {
                let sources = attribute.value.split(',').filter_map(|source| source.split_whitespace().next());
                found.extend(sources.map(str::to_owned));
            }
            ("style", _) => found.extend(urls(attribute.value).map(str::to_owned)),
            _ => {}
        }
    }
    found
}

/// What stands in `url(...)`.
fn urls(css: &str) -> impl Iterator<Item = &str> {
    let found = css.split("url(").skip(1).filter_map(|rest| rest.split(')').next());
    found.map(|url| url.trim().trim_start_matches("&quot;").trim_end_matches("&quot;").trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(html: &str) -> Vec<&'static str> {
        findings(&Page::read(html), &[], Some("https://news.example.org/")).iter().map(|one| one.code).collect()
    }

    #[test]
    fn ids_stand_once_and_links_find_theirs() {
        assert_eq!(codes("<p id=\"a\">x</p><a href=\"#a\">y</a><a name=\"b\"></a><a href=\"#b\">z</a>"), [""; 0]);
        assert_eq!(codes("<p id=\"a\">x</p><p id=\"a\">y</p>"), ["duplicate-id"]);
        assert_eq!(codes("<a href=\"#a\">x</a><a href=\"#a\">y</a>"), ["dead-anchor"]);
    }

    #[test]
    fn a_picture_has_its_size_and_comes_with_the_mail() {
        assert_eq!(codes("<img src=\"cid:a\" width=\"1\" height=\"auto\" />"), [""; 0]);
        assert_eq!(codes("<img src=\"cid:a\" width=\"1\" />"), ["no-dimensions"]);
        assert_eq!(codes("<img src=\"images/a.png\" width=\"1\" height=\"1\" />"), ["lost-picture"]);
        assert_eq!(codes("<img src=\"https://news.example.org/a.png\" width=\"1\" height=\"1\" />"), [""; 0]);
    }

    #[test]
    fn whatever_would_be_fetched_is_found() {
        for html in [
            "<img src=\"https://www.example.net/a.png\" width=\"1\" height=\"1\" />",
            "<td background=\"//www.example.net/a.png\"></td>",
            "<div style=\"background:url('https://www.example.net/a.png')\"></div>",
            "<style>@import \"https://www.example.net/a.css\";</style>",
            "<style>@font-face { src: url(https://www.example.net/a.woff) }</style>",
            "<link rel=\"stylesheet\" href=\"https://www.example.net/a.css\">",
            "<video poster=\"https://www.example.net/a.png\"></video>",
        ] {
            assert_eq!(codes(html), ["remote-content"], "{html}");
        }
        assert_eq!(codes("<a href=\"https://www.example.net/\">x</a>"), [""; 0]);
    }
}

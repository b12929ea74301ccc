//! What an issue and its editions link to: each address once, with all the places where it stands.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use reqwest::Url;

use crate::check::links::is_local;
use crate::check::source::Source;
use crate::domain::Finding;
use crate::domain::field::unescape;
use crate::render::RenderedEdition;

/// Where a link stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    File {
        file: PathBuf,
        line: usize,
        column: usize,
    },
    /// In what the templates made for this edition.
    Edition(String),
}

/// A page, by the address that is asked for.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: Url,
    /// With the part of the page that the link there leads to.
    pub(super) places: Vec<(Place, Option<String>)>,
}

/// Everything that is linked to.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) pages: BTreeMap<String, Page>,
    /// By the domain of the address.
    pub(super) mailboxes: BTreeMap<String, Vec<Place>>,
}

impl Place {
    /// The finding, here.
    pub(super) fn mark(&self, mut finding: Finding) -> Finding {
        match self {
            Self::File { file, line, column } => {
                finding = finding.in_file(file).at_line(*line);
                finding.column = Some(*column);
            }
            Self::Edition(id) => finding.editions.push(id.clone()),
        }
        finding
    }

    fn at(file: &Path, text: &str, offset: usize) -> Self {
        let found = Finding::warning("", "").at_offset(text, offset);
        Self::File { file: file.to_owned(), line: found.line.unwrap_or(1), column: found.column.unwrap_or(1) }
    }
}

impl Linked {
    /// All links of the sources, and those of the editions that come from elsewhere: `files` are those in which such a
    /// link may stand.
    pub(super) fn gather(sources: &[Source<'_>], editions: &[RenderedEdition], files: &[(PathBuf, String)]) -> Self {
        let mut linked = Self::default();
        let mut known = BTreeSet::new();
        for source in sources {
            for link in &source.links {
                // A merge field leads everyone elsewhere; its link stands in the text otherwise than here.
                if link.url.contains("xxxx") && !source.text.contains(&link.url) {
                    continue;
                }
                known.insert(link.url.clone());
                linked.add(&link.url, Place::at(&source.file, source.text, link.at));
            }
        }
        for edition in editions {
            let id = edition.key.id();
            let html = edition.html.fill(|_| Cow::Borrowed(FIELD));
            for url in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(unescape) {
                if url.contains(FIELD) || !known.insert(url.clone()) {
                    continue;
                }
                let places = files.iter().map(|(file, text)| (file.as_path(), text.as_str()));
                // Blocks of HTML and MJML are no links to Markdown.
                let mut places = places.chain(sources.iter().map(|source| (source.file.as_path(), source.text)));
                let place = places.find_map(|(file, text)| Some(Place::at(file, text, whole(text, &url)?)));
                linked.add(&url, place.unwrap_or_else(|| Place::Edition(id.clone())));
            }
        }
        linked
    }

    fn add(&mut self, url: &str, place: Place) {
        if let Some(address) = strip_scheme(url, "mailto:") {
            // One link can write to several (RFC 6068 section 2).
            for address in address.split('?').next().unwrap_or_default().split(',') {
                if let Some((_, domain)) = address.rsplit_once('@')
                    && let Ok(domain) = idna::domain_to_ascii(domain.trim())
                {
                    self.mailboxes.entry(domain).or_default().push(place.clone());
                }
            }
            return;
        }
        let Ok(mut url) = Url::parse(url) else { return };
        let is_web = matches!(url.scheme(), "http" | "https");
        // Told by `local-link` already.
        if !is_web || url.host_str().is_none_or(|host| is_local(host.trim_matches(['[', ']']))) {
            return;
        }
        let part = url.fragment().and_then(part_of);
        url.set_fragment(None);
        let page = self.pages.entry(url.to_string()).or_insert_with(|| Page { url, places: Vec::new() });
        page.places.push((place, part));
    }
}

impl Page {
    /// The parts that are linked to.
    pub(super) fn parts(&self) -> BTreeSet<String> {
        self.places.iter().filter_map(|(_, part)| part.clone()).collect()
    }
}

/// Stands in an edition's links where a reader's own value would.
const FIELD: &str = "\u{1}";

fn strip_scheme<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = url.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Where an address stands in a text, and not a longer one that begins with it.
fn whole(text: &str, url: &str) -> Option<usize> {
    let goes_on = |c: char| !(c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '[' | ']'));
    let ends = |at: usize| {
        let rest = &text[at + url.len()..];
        // The configuration leaves the slash at an address's end out.
        !rest.strip_prefix('/').unwrap_or(rest).starts_with(goes_on)
    };
    text.match_indices(url).map(|(at, _)| at).find(|at| ends(*at))
}

/// The id that a fragment names. None for the top of a page, for a text that is to be marked (the fragment directive
/// `:~:`), and for what a page's own program reads.
fn part_of(fragment: &str) -> Option<String> {
    let name = fragment.split(":~:").next().unwrap_or_default();
    let is_program = name.starts_with(['/', '!', '?']);
    (!name.is_empty() && !name.eq_ignore_ascii_case("top") && !is_program).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(urls: &[&str]) -> Linked {
        let mut linked = Linked::default();
        for url in urls {
            linked.add(url, Place::Edition("en".into()));
        }
        linked
    }

    #[test]
    fn an_address_is_asked_for_once_whatever_part_of_it_is_linked_to() {
        let linked = linked(&["https://www.example.org", "https://www.example.org/", "HTTPS://www.example.org/#who"]);
        let page = &linked.pages["https://www.example.org/"];
        assert_eq!((linked.pages.len(), page.places.len()), (1, 3));
        assert_eq!(page.parts().into_iter().collect::<Vec<_>>(), ["who"]);
    }

    #[test]
    fn what_is_local_or_no_page_is_not_asked_for() {
        let urls =
            ["http://localhost/", "https://10.0.0.1/", "https://[::1]/", "tel:+15145550123", "#part", "ftp://a.b/"];
        assert!(linked(&urls).pages.is_empty());
        let mail = linked(&["mailto:info@Bücher.example?subject=Hi", "MAILTO:a@example.org,b@example.net"]);
        assert_eq!(mail.mailboxes.keys().collect::<Vec<_>>(), ["example.net", "example.org", "xn--bcher-kva.example"]);
    }

    #[test]
    fn an_address_is_not_found_in_a_longer_one() {
        let text = "web = \"https://www.example.org/en/a\"\n(https://www.example.org/en)";
        assert_eq!(whole(text, "https://www.example.org/en"), Some(38));
        assert_eq!(whole(text, "https://www.example.org"), None);
        assert_eq!(whole("\"https://www.example.org/\"", "https://www.example.org"), Some(1));
    }

    #[test]
    fn fragments_that_no_page_holds_as_an_id_are_left_alone() {
        for fragment in ["", "top", "/route", "!route", ":~:text=Some%20words"] {
            assert_eq!(part_of(fragment), None, "{fragment}");
        }
        assert_eq!(part_of("part:~:text=words").as_deref(), Some("part"));
    }
}

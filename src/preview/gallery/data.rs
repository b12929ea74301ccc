//! What the gallery tells, as JSON in a script element: a line for each edition, item and finding, so that two
//! previews can be compared. `<` is written as an escape: nothing in there can end the element.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::Serialize;

use super::outline::{Stretch, outline};
use super::pieces::{Pieces, Runs};
use crate::compose::Composer;
use crate::domain::Finding;
use crate::domain::field::{Escape, Field, Merge};
use crate::issue::content::{Inline, plain};
use crate::issue::{Image, Issue};
use crate::preview::reader::Reader;
use crate::preview::{EditionEntry, Manifest, fallen_back};
use crate::render::RenderedEdition;

/// What stands on the page beside the mails.
#[derive(Serialize)]
pub(in crate::preview) struct About<'a> {
    pub newsletter: &'a str,
    pub number: Option<u32>,
    pub date: String,
    #[serde(flatten)]
    pub manifest: &'a Manifest,
    #[serde(skip)]
    pub issue: &'a Issue,
    pub skipped: SkippedPeople,
    #[serde(skip)]
    pub findings: Vec<Finding>,
    /// Findings that there are besides.
    pub findings_more: usize,
    /// Where the page is about one reader alone.
    #[serde(skip)]
    pub reader: Option<&'a Reader>,
}

/// Those who get nothing.
#[derive(Default, Serialize)]
pub(in crate::preview) struct SkippedPeople {
    /// Address and reason of the first ones.
    pub people: Vec<(String, String)>,
    /// Those who are not among them.
    pub more: usize,
    /// How many there are of each reason.
    pub reasons: BTreeMap<String, usize>,
}

/// So many of those who get nothing are shown; the manifest has all of them.
const SHOWN: usize = 1_000;

impl SkippedPeople {
    /// Takes in someone who gets nothing for `reason`; `address` tells who it is.
    pub(in crate::preview) fn add(&mut self, reason: &str, address: impl FnOnce() -> String) {
        if let Some(count) = self.reasons.get_mut(reason) {
            *count += 1;
        } else if self.reasons.len() < SHOWN {
            // Suppressions may differ in their day alone; past these, the manifest is the place to look.
            self.reasons.insert(reason.to_owned(), 1);
        }
        if self.people.len() < SHOWN {
            self.people.push((address(), reason.to_owned()));
        } else {
            self.more += 1;
        }
    }
}

/// An item, as the matrix and the filters name it.
#[derive(Serialize)]
struct ItemLine<'a> {
    id: &'a str,
    /// The section's title.
    section: String,
    title: String,
    topics: Vec<&'a str>,
    conditions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<&'a str>,
}

#[derive(Serialize)]
struct EditionLine {
    #[serde(flatten)]
    entry: EditionEntry,
    preheader: String,
    direction: &'static str,
    /// Items shown in another language, with that language.
    fallen: Vec<(String, String)>,
    body: Runs,
    plain: Runs,
    outline: Vec<Part>,
}

/// A stretch of the message; lines are kept once, too.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Lines(Runs),
    Text,
    Html,
    Encoded(usize),
}

/// The mails, as they are gathered edition by edition.
#[derive(Default)]
pub(in crate::preview) struct Album {
    editions: Vec<EditionLine>,
    pieces: Pieces,
    /// What an `<img>` names, and the image as a `data:` URL.
    images: BTreeMap<String, String>,
}

impl Album {
    /// Takes in an edition's mail.
    pub(in crate::preview) fn add(
        &mut self,
        composer: &Composer<'_>,
        issue: &Issue,
        rendered: &RenderedEdition,
        entry: EditionEntry,
        [html, text]: [&str; 2],
        message: &[u8],
    ) {
        for image in &rendered.images {
            let name = format!("cid:{}", image.content_id);
            self.images.entry(name).or_insert_with(|| data_url(image.content_type, &image.bytes));
        }
        // Hosted ones are shown from the issue's folder: the page fetches nothing.
        for (name, Image { content_type, bytes, .. }) in &issue.images {
            let Some(web) = &composer.links.web else { break };
            let url = format!("{web}/issues/{}/{name}", issue.id);
            if html.contains(&url) {
                self.images.entry(url).or_insert_with(|| data_url(content_type, bytes));
            }
        }
        let outline = outline(&String::from_utf8_lossy(message)).into_iter().map(|stretch| match stretch {
            Stretch::Lines(lines) => Part::Lines(self.pieces.add(&lines)),
            Stretch::Text => Part::Text,
            Stretch::Html => Part::Html,
            Stretch::Encoded(lines) => Part::Encoded(lines),
        });
        let outline = outline.collect();
        let front = issue.fronts.get(rendered.language());
        self.editions.push(EditionLine {
            entry,
            preheader: front.map(|front| front.preheader.clone()).unwrap_or_default(),
            direction: rendered.language().direction().as_str(),
            fallen: fallen_back(issue, &rendered.key),
            body: self.pieces.add(html),
            plain: self.pieces.add(text),
            outline,
        });
    }
}

fn data_url(content_type: &str, bytes: &[u8]) -> String {
    format!("data:{content_type};base64,{}", BASE64.encode(bytes))
}

fn items(issue: &Issue) -> impl Iterator<Item = ItemLine<'_>> {
    issue.sections.iter().flat_map(move |section| {
        let heading = section.headings.get(issue.original()).or_else(|| section.headings.values().next());
        let heading = heading.map(|heading| told(issue, &heading.title));
        section.items.iter().map(move |item| {
            let text = item.texts.get(issue.original()).or_else(|| item.texts.values().next());
            let title = text.map(|text| told(issue, &text.title)).unwrap_or_default();
            let conditions = item.conditions.iter();
            ItemLine {
                id: item.id.as_str(),
                section: heading.clone().unwrap_or_else(|| title.clone()),
                title,
                topics: item.topics.iter().map(crate::domain::Topic::as_str).collect(),
                conditions: conditions.map(|one| format!("{}={}", one.column, one.values.join("|"))).collect(),
                only: item.only.as_ref().map(crate::domain::Language::as_str),
            }
        })
    })
}

/// The words of a title, with the names of columns in the places of their cells.
pub(in crate::preview) fn told(issue: &Issue, title: &[Inline]) -> String {
    Merge::cut(&plain(title), &issue.fields, Escape::Plain).fill(|field| match field {
        Field::Column { alias, .. } => format!("[{alias}]").into(),
        Field::Address | Field::UnsubscribeUrl => "".into(),
    })
}

/// Everything, safe within a script element.
///
/// # Errors
/// Something can't be written as JSON.
pub(super) fn json(about: &About<'_>, album: Album) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Facts<'a> {
        newsletter: &'a str,
        number: Option<u32>,
        date: &'a str,
        issue: &'a str,
        digest: &'a str,
        recipients: usize,
        skipped: usize,
        findings_more: usize,
    }
    let manifest = about.manifest;
    let facts = Facts {
        newsletter: about.newsletter,
        number: about.number,
        date: &about.date,
        issue: &manifest.issue,
        digest: &manifest.digest,
        recipients: manifest.recipients,
        skipped: manifest.skipped,
        findings_more: about.findings_more,
    };
    let fields = [
        ("about", serde_json::to_string(&facts)?),
        ("reader", serde_json::to_string(&about.reader)?),
        ("items", lines(items(about.issue))?),
        ("editions", lines(album.editions)?),
        ("findings", lines(&about.findings)?),
        ("skipped", serde_json::to_string(&about.skipped)?),
        ("pieces", lines(album.pieces.into_all())?),
        ("images", serde_json::to_string(&album.images)?),
    ];
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    Ok(format!("{{{}}}", fields.join(",\n")).replace('<', "\\u003c"))
}

/// A list with a line for each entry.
fn lines<T: Serialize>(entries: impl IntoIterator<Item = T>) -> serde_json::Result<String> {
    let entries = entries.into_iter().map(|entry| serde_json::to_string(&entry));
    Ok(format!("[\n{}\n]", entries.collect::<serde_json::Result<Vec<_>>>()?.join(",\n")))
}

//! A folder of files to an [`Issue`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

use jiff::civil;
use serde::Deserialize;

use super::attributes::Known;
use super::content::{self, Block, Picture};
use super::event::Moment;
use super::front_matter::{self, FrontMatter};
use super::outline::Outline;
use super::pair::{Source, pair};
use super::{Fallback, Front, Image, Issue, IssueError, Section, markdown, merge_fields, notes, outline, typography};
use crate::domain::field::{Escape, Field, Fields, Merge};
use crate::domain::toml_fault::toml_fault;
use crate::domain::{Digest, Finding, IssueId, Language, Severity, Typography};

/// The words of the newsletter that an issue may use.
#[derive(Debug, Clone)]
pub struct Vocabulary<'a> {
    pub languages: &'a [Language],
    pub topics: Vec<&'a str>,
    /// Aliases of declared columns, the list's own four not among them.
    pub columns: Vec<&'a str>,
    /// The rules of each language; one that is not there stays as it was typed.
    pub typography: &'a BTreeMap<Language, Typography>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIssue {
    number: Option<u32>,
    date: toml::Spanned<Moment>,
    #[serde(default)]
    fallback: Fallback,
}

/// Reads the issue `id` in `folder` (that of all issues). Paths in findings begin with `issues/`.
///
/// # Errors
/// There is no such issue, a file can't be read, or the sources have faults; then all of them.
pub fn load(folder: &Path, id: &IssueId, words: &Vocabulary<'_>) -> Result<Issue, IssueError> {
    let home = folder.join(id.as_str());
    if !home.is_dir() {
        return Err(IssueError::NotFound { id: id.clone(), known: names(folder) });
    }
    let mut loader = Loader { home: &home, shown: Path::new("issues").join(id.as_str()), sources: Vec::new() };
    let mut findings = Vec::new();
    let meta = loader.meta(&mut findings)?;

    let mut fields = Fields::default();
    fields.marker(Field::UnsubscribeUrl);
    fields.marker(Field::Address);
    let mut fronts = BTreeMap::new();
    let mut outlines = Vec::new();
    for language in words.languages {
        let name = format!("{language}.md");
        let Some(text) = loader.text(&name)? else {
            findings.extend(missing(language, words.languages, &loader.shown));
            continue;
        };
        let file = loader.shown.join(&name);
        let mut own = Vec::new();
        let (front, outline) = read_language(&text, language, words, &mut fields, &mut own);
        findings.extend(own.into_iter().map(|finding| finding.in_file(&file)));
        if let Some(front) = front {
            fronts.insert(language.clone(), front);
        }
        outlines.push(Source { language: language.clone(), file, outline });
    }
    findings.extend(loader.strangers(words.languages));
    let languages: Vec<_> = outlines.iter().map(|source| source.language.clone()).collect();
    if languages.first() != words.languages.first() {
        let first = &words.languages[0];
        findings.push(
            Finding::error("issue", format!("{first}.md is missing: the newsletter's first language rules the issue"))
                .in_file(&loader.shown)
                .with_help(format!("write the issue in {first}.md first")),
        );
    }
    let sections = pair(outlines, &mut findings);
    let images = loader.images(&sections, &fronts, &mut findings)?;
    let (errors, doubts): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| f.severity == Severity::Error);
    match meta {
        Some(meta) if errors.is_empty() => Ok(Issue {
            id: id.clone(),
            number: meta.number,
            date: meta.date,
            fallback: meta.fallback,
            languages,
            fronts: fronts.into_iter().map(|(language, front)| (language, front.cut(&fields))).collect(),
            sections,
            images,
            fields,
            sources: loader.sources,
            findings: doubts,
        }),
        _ => Err(IssueError::Invalid(errors)),
    }
}

/// The names of the issues in `folder`, newest first.
#[must_use]
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("issue.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_by(|one, other| other.cmp(one));
    names
}

/// A word about a language that the issue is not written in; without the first there is no issue at all.
fn missing(language: &Language, languages: &[Language], folder: &Path) -> Option<Finding> {
    let first = &languages[0];
    (language != first).then(|| {
        Finding::warning("issue", format!("{language}.md is missing: who reads {language} gets the issue in {first}"))
            .in_file(folder)
            .with_help(format!("write {language}.md, if only with the items that are translated"))
    })
}

struct Meta {
    number: Option<u32>,
    date: civil::Date,
    fallback: Fallback,
}

/// A front whose subject still holds markers.
struct MarkedFront {
    subject: String,
    preheader: String,
    introduction: Vec<Block>,
}

impl MarkedFront {
    fn cut(self, fields: &Fields) -> Front {
        Front {
            subject: Merge::cut(&self.subject, fields, Escape::Plain),
            preheader: self.preheader,
            introduction: self.introduction,
        }
    }
}

fn read_language(
    text: &str,
    language: &Language,
    words: &Vocabulary<'_>,
    fields: &mut Fields,
    findings: &mut Vec<Finding>,
) -> (Option<MarkedFront>, Outline) {
    let known = Known { topics: words.topics.clone(), columns: words.columns.clone(), languages: words.languages };
    let columns: Vec<_> = ["email", "name", "language"].iter().chain(&words.columns).copied().collect();
    let rules = words.typography.get(language).copied().unwrap_or(Typography::None);
    let (front, start) = match front_matter::split(text) {
        Ok((front, start)) => (Some(front), start),
        Err(finding) => {
            findings.push(finding);
            (None, 0)
        }
    };
    let front = front.map(|FrontMatter { subject, preheader }| {
        let mut mark = |line: &str| {
            let mut own = Vec::new();
            let marked = merge_fields::mark(line, 0, &columns, fields, &mut own);
            // The place within the TOML string is not known; the front matter's is.
            findings.extend(own.into_iter().map(|finding| Finding { column: None, ..finding.at_line(2) }));
            typography::set_line(&marked, rules)
        };
        (mark(&subject), mark(&preheader))
    });
    // Blank lines in place of the front matter keep the numbers of the lines behind it.
    let mut body = "\n".repeat(text[..start].matches('\n').count());
    body.push_str(&merge_fields::mark(text, start, &columns, fields, findings));
    let parsed = markdown::parse(&body);
    findings.extend(parsed.findings);
    let mut outline = outline::build(parsed.nodes, &known, findings);
    notes::settle(&mut outline, &parsed.notes, language);
    typography::set_outline(&mut outline, rules);
    let introduction = std::mem::take(&mut outline.introduction);
    (front.map(|(subject, preheader)| MarkedFront { subject, preheader, introduction }), outline)
}

struct Loader<'a> {
    home: &'a Path,
    /// The folder as findings name it.
    shown: std::path::PathBuf,
    sources: Vec<(String, Vec<u8>)>,
}

impl Loader<'_> {
    /// The text of a file, with LF line ends and without BOM; none where there is no such file.
    fn text(&mut self, name: &str) -> Result<Option<String>, IssueError> {
        let path = self.home.join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IssueError::Read(path, error)),
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
                let finding = Finding::error("encoding", "the file is not UTF-8")
                    .at_offset(&valid, valid.len())
                    .in_file(self.shown.join(name))
                    .with_help("save it again as UTF-8 in your editor");
                return Err(IssueError::Invalid(vec![finding]));
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
        self.sources.push((name.to_owned(), text.clone().into_bytes()));
        Ok(Some(text))
    }

    fn meta(&mut self, findings: &mut Vec<Finding>) -> Result<Option<Meta>, IssueError> {
        let file = self.shown.join("issue.toml");
        let Some(text) = self.text("issue.toml")? else {
            findings.push(
                Finding::error("issue", "issue.toml is missing")
                    .in_file(&self.shown)
                    .with_help("write it with date = 2015-11-25, the day of the issue"),
            );
            return Ok(None);
        };
        let raw: RawIssue = match toml::from_str(&text) {
            Ok(raw) => raw,
            Err(error) => {
                findings.push(toml_fault("issue", &text, 0, &error).in_file(&file));
                return Ok(None);
            }
        };
        let day = raw.date.get_ref().to_string();
        let date = day.parse::<civil::Date>().ok().filter(|_| !day.contains(':'));
        let Some(date) = date else {
            findings.push(
                Finding::error("issue", "the issue's date is not a day")
                    .at_offset(&text, raw.date.span().start)
                    .in_file(&file)
                    .with_help("write date = 2015-11-25"),
            );
            return Ok(None);
        };
        Ok(Some(Meta { number: raw.number, date, fallback: raw.fallback }))
    }

    /// Markdown files that belong to no declared language.
    fn strangers(&self, languages: &[Language]) -> Vec<Finding> {
        let mut names: Vec<_> = fs::read_dir(self.home)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| {
                let stem = name.strip_suffix(".md");
                stem.is_some_and(|stem| !languages.iter().any(|language| language.as_str() == stem))
            })
            .collect();
        names.sort();
        let report = |name: &String| {
            Finding::warning("issue", "the file belongs to no language of the newsletter and is not read")
                .in_file(self.shown.join(name))
                .with_help("add its language to newsletter.languages in bulletin.toml, or remove the file")
        };
        names.iter().map(report).collect()
    }

    fn images(
        &mut self,
        sections: &[Section],
        fronts: &BTreeMap<Language, MarkedFront>,
        findings: &mut Vec<Finding>,
    ) -> Result<BTreeMap<String, Image>, IssueError> {
        let mut pictures: BTreeMap<&str, (&Picture, &Language)> = BTreeMap::new();
        let mut gather = |language, blocks| {
            content::pictures(blocks, &mut |picture: &Picture| {
                pictures.entry(picture.source.as_str()).or_insert((picture, language));
            });
        };
        for (language, front) in fronts {
            gather(language, &front.introduction);
        }
        for section in sections {
            section.headings.iter().for_each(|(language, heading)| gather(language, &heading.lead));
            for item in &section.items {
                item.texts.iter().for_each(|(language, text)| gather(language, &text.body));
            }
        }
        let mut images = BTreeMap::new();
        for (source, (_, language)) in pictures {
            match self.image(source) {
                Ok(image) => {
                    self.sources.push((source.to_owned(), image.bytes.clone()));
                    images.insert(source.to_owned(), image);
                }
                Err(Problem::File(error)) => return Err(error),
                Err(Problem::Source(message, help)) => {
                    let file = format!("{language}.md");
                    let text = self.sources.iter().find(|(name, _)| *name == file).map_or(&[][..], |(_, text)| text);
                    let text = String::from_utf8_lossy(text);
                    let at = text.find(&format!("]({source}")).unwrap_or_default();
                    let finding = Finding::error("image", message).at_offset(&text, at).with_help(help);
                    findings.push(finding.in_file(self.shown.join(file)));
                }
            }
        }
        Ok(images)
    }

    fn image(&self, source: &str) -> Result<Image, Problem> {
        if source.contains("://") {
            return Err(Problem::Source(
                format!("the image `{source}` is on the web"),
                "copy it into the issue's images/ folder: a host of images learns who reads",
            ));
        }
        let relative = Path::new(source);
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Problem::Source(
                format!("the image `{source}` is outside the issue's folder"),
                "copy it into the issue's images/ folder",
            ));
        }
        let path = self.home.join(relative);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Problem::Source(
                    format!("there is no image `{source}`"),
                    "check the name, and upper and lower case in it",
                ));
            }
            Err(error) => return Err(Problem::File(IssueError::Read(path, error))),
        };
        Image::from_bytes(bytes).ok_or_else(|| {
            Problem::Source(
                format!("`{source}` is not a PNG, JPEG or GIF"),
                "mail programs show PNG, JPEG and GIF only",
            )
        })
    }
}

enum Problem {
    File(IssueError),
    Source(String, &'static str),
}

impl Image {
    /// Reads type and size; none where the bytes are no image that mail programs show.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let content_type = match imagesize::image_type(&bytes).ok()? {
            imagesize::ImageType::Png => "image/png",
            imagesize::ImageType::Jpeg => "image/jpeg",
            imagesize::ImageType::Gif => "image/gif",
            _ => return None,
        };
        let size = imagesize::blob_size(&bytes).ok()?;
        Some(Self { content_type, width: size.width, height: size.height, digest: Digest::of(&bytes), bytes })
    }
}

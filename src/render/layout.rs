//! The whole mail of one edition: what the templates `issue.mjml` and `issue.txt` are given.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tera::Context;

use super::dates::Events;
use super::html::Blocks;
use super::pictures::{Pictures, Source};
use super::strings::{Strings, fill};
use super::text::Writer;
use super::{RenderError, Setting, Templates, dates, numbers};
use crate::config::{Brand, Sender};
use crate::domain::Language;
use crate::domain::field::{Escape, Field};
use crate::edition::{Edition, Part, PartItem, PartSection};
use crate::issue::content::{Block, Inline, plain};

pub(super) struct Layout<'a> {
    pub templates: &'a Templates,
    pub setting: Setting<'a>,
    pub edition: &'a Edition<'a>,
    pub events: Events,
}

/// What both templates are given of the mail as a whole.
#[derive(Serialize)]
struct Mail<'a> {
    lang: &'a str,
    dir: &'a str,
    /// `left` or `right`: the side where lines begin.
    start: &'a str,
    title: String,
    preheader: &'a str,
    newsletter: &'a str,
    issue_line: String,
    brand: &'a Brand,
    logo: Option<Source>,
    parts: Vec<PartContext>,
    sender: &'a Sender,
    unsubscribe: &'a str,
    archive: Option<&'a str>,
    help: Option<&'a str>,
    t: Texts<'a>,
}

/// The program's own words, filled in.
#[derive(Serialize)]
struct Texts<'a> {
    in_this_issue: &'a str,
    event_label: &'a str,
    colon: &'a str,
    more_about_event: &'a str,
    back_to_top: &'a str,
    sent_by: String,
    why: String,
    leave: &'a str,
    leave_text: &'a str,
    contact: &'a str,
    phone: &'a str,
    archive: &'a str,
    help: &'a str,
    privacy: &'a str,
}

/// The mail in one language.
#[derive(Serialize)]
struct PartContext {
    id: String,
    lang: String,
    dir: &'static str,
    start: &'static str,
    in_this_issue: String,
    /// `3 items`: what the table of contents lists.
    items_count: String,
    /// How a reader of the other part is led here.
    jump: String,
    /// The same in plain text, which has no jumps.
    further_down: String,
    introduction: String,
    sections: Vec<SectionContext>,
}

#[derive(Serialize)]
struct SectionContext {
    id: String,
    /// HTML or plain text; none where the section is itself its one item.
    title: Option<String>,
    lang: String,
    dir: &'static str,
    start: &'static str,
    lead: String,
    items: Vec<ItemContext>,
}

#[derive(Serialize)]
struct ItemContext {
    id: String,
    title: String,
    /// The title without marks, for the table of contents.
    plain_title: String,
    lang: String,
    dir: &'static str,
    start: &'static str,
    /// Said above an item in another language than its part's.
    note: Option<String>,
    body: String,
}

/// Makes the two kinds of content, MJML and plain text, behind one walk over the edition.
trait Medium {
    fn title(&mut self, content: &[Inline], language: &Language, suffix: &str) -> String;
    fn body(&mut self, blocks: &[Block], language: &Language, suffix: &str) -> Result<String, RenderError>;
}

struct MjmlMedium<'a, 'p> {
    templates: &'a Templates,
    /// What the templates of one block are given, by the language of the block.
    bases: &'a BTreeMap<&'a Language, Context>,
    pictures: &'a mut Pictures<'p>,
    events: &'a Events,
}

struct TextMedium<'a> {
    templates: &'a Templates,
    events: &'a Events,
}

impl Medium for MjmlMedium<'_, '_> {
    fn title(&mut self, content: &[Inline], language: &Language, suffix: &str) -> String {
        self.blocks(language, suffix).inlines(content)
    }

    fn body(&mut self, blocks: &[Block], language: &Language, suffix: &str) -> Result<String, RenderError> {
        self.blocks(language, suffix).mjml(blocks)
    }
}

impl<'p> MjmlMedium<'_, 'p> {
    fn blocks<'b>(&'b mut self, language: &'b Language, suffix: &'b str) -> Blocks<'b, 'p> {
        Blocks {
            templates: self.templates,
            base: &self.bases[language],
            language,
            strings: self.templates.strings(language),
            pictures: self.pictures,
            events: self.events,
            suffix,
        }
    }
}

impl Medium for TextMedium<'_> {
    fn title(&mut self, content: &[Inline], _: &Language, _: &str) -> String {
        super::text::wrapped(&plain(content))
    }

    fn body(&mut self, blocks: &[Block], language: &Language, _: &str) -> Result<String, RenderError> {
        Ok(Writer::new(language, self.templates.strings(language), self.events).write(blocks))
    }
}

impl Layout<'_> {
    /// The MJML document.
    pub(super) fn mjml(&self, pictures: &mut Pictures<'_>) -> Result<String, RenderError> {
        let logo = pictures.logo();
        let bases = self.languages().into_iter().map(|language| (language, self.base(language))).collect();
        let mut medium = MjmlMedium { templates: self.templates, bases: &bases, pictures, events: &self.events };
        let mail = self.mail(&mut medium, logo, Escape::Html)?;
        self.templates.render("issue.mjml", &context(&mail))
    }

    /// The plain text, with LF line ends.
    pub(super) fn text(&self) -> Result<String, RenderError> {
        let mut medium = TextMedium { templates: self.templates, events: &self.events };
        let mail = self.mail(&mut medium, None, Escape::Plain)?;
        let text = self.templates.render("issue.txt", &context(&mail))?;
        Ok(super::flowed::flowed(&text))
    }

    /// What a template of one block in `language` is given beside the block: an item that fell back
    /// keeps the words and the direction of its own language.
    fn base(&self, language: &Language) -> Context {
        #[derive(Serialize)]
        struct Base<'a> {
            brand: &'a Brand,
            lang: &'a str,
            dir: &'a str,
            start: &'a str,
            t: Texts<'a>,
        }
        context(&Base {
            brand: self.setting.brand,
            lang: language.as_str(),
            dir: language.direction().as_str(),
            start: start(language),
            t: self.texts(language),
        })
    }

    /// Each language that something of the edition is written in.
    fn languages(&self) -> BTreeSet<&Language> {
        let parts = self.edition.parts.iter();
        let within = parts.flat_map(|part| {
            let sections = part.sections.iter().flat_map(|section| {
                let heading = section.heading.iter().map(|heading| heading.language);
                heading.chain(section.items.iter().map(|item| item.language))
            });
            sections.chain([part.language])
        });
        within.collect()
    }

    fn language(&self) -> &Language {
        self.edition.parts[0].language
    }

    fn mail<'m>(
        &'m self,
        medium: &mut dyn Medium,
        logo: Option<Source>,
        escape: Escape,
    ) -> Result<Mail<'m>, RenderError> {
        let language = self.language();
        let issue = self.edition.issue;
        let strings = self.templates.strings(language);
        let links = self.setting.links;
        let date = dates::day(issue.date, language);
        let number = issue.number.map(|number| numbers::number(number.into(), language));
        let parts = self.edition.parts.iter().enumerate();
        Ok(Mail {
            lang: language.as_str(),
            dir: language.direction().as_str(),
            start: start(language),
            title: self.setting.newsletter.name.get(language).clone(),
            preheader: &self.edition.parts[0].front.preheader,
            newsletter: self.setting.newsletter.name.get(language),
            issue_line: match number {
                Some(number) => fill(&strings.issue_line, &[("number", &number), ("date", &date)]),
                None => date,
            },
            brand: self.setting.brand,
            logo,
            parts: parts.map(|(at, part)| self.part(at, part, medium, escape)).collect::<Result<_, _>>()?,
            sender: self.setting.sender.get(language),
            unsubscribe: self.marker(&Field::UnsubscribeUrl),
            archive: links.archive.as_deref(),
            help: links.help.as_deref(),
            t: self.texts(language),
        })
    }

    fn texts(&self, language: &Language) -> Texts<'_> {
        let strings: &Strings = self.templates.strings(language);
        let newsletter = self.setting.newsletter.name.get(language);
        let address = self.marker(&Field::Address);
        Texts {
            in_this_issue: &strings.in_this_issue,
            event_label: &strings.event_label,
            colon: &strings.colon,
            more_about_event: &strings.more_about_event,
            back_to_top: &strings.back_to_top,
            sent_by: fill(&strings.sent_by, &[("sender", &self.setting.sender.get(language).name)]),
            why: fill(&strings.why, &[("address", address), ("newsletter", newsletter)]),
            leave: &strings.leave,
            leave_text: &strings.leave_text,
            contact: &strings.contact,
            phone: &strings.phone,
            archive: &strings.archive,
            help: &strings.help,
            privacy: &strings.privacy,
        }
    }

    fn marker(&self, field: &Field) -> &str {
        self.edition.issue.fields.marker_of(field).unwrap_or_default()
    }

    fn part(
        &self,
        at: usize,
        part: &Part<'_>,
        medium: &mut dyn Medium,
        escape: Escape,
    ) -> Result<PartContext, RenderError> {
        let suffix = if at == 0 { String::new() } else { format!("-{}", part.language) };
        let strings = self.templates.strings(part.language);
        let sections = part.sections.iter();
        let count = part.sections.iter().map(|section| section.items.len() as u64).sum();
        Ok(PartContext {
            id: format!("part-{}", part.language),
            lang: part.language.to_string(),
            dir: part.language.direction().as_str(),
            start: start(part.language),
            in_this_issue: strings.in_this_issue.clone(),
            items_count: strings.items_count.of(count, part.language),
            jump: strings.other_language.clone(),
            further_down: strings.further_down.clone(),
            introduction: medium.body(&part.front.introduction, part.language, &suffix)?,
            sections: sections
                .map(|section| self.section(section, part, &suffix, medium, escape))
                .collect::<Result<_, _>>()?,
        })
    }

    fn section(
        &self,
        section: &PartSection<'_>,
        part: &Part<'_>,
        suffix: &str,
        medium: &mut dyn Medium,
        escape: Escape,
    ) -> Result<SectionContext, RenderError> {
        let language = section.heading.as_ref().map_or(part.language, |heading| heading.language);
        let (title, lead) = match &section.heading {
            Some(heading) => {
                (Some(medium.title(heading.title, language, suffix)), medium.body(heading.lead, language, suffix)?)
            }
            None => (None, String::new()),
        };
        let items = section.items.iter();
        Ok(SectionContext {
            id: format!("{}{suffix}", section.id),
            title,
            lang: language.to_string(),
            dir: language.direction().as_str(),
            start: start(language),
            lead,
            items: items.map(|item| self.item(item, part, suffix, medium, escape)).collect::<Result<_, _>>()?,
        })
    }

    fn item(
        &self,
        item: &PartItem<'_>,
        part: &Part<'_>,
        suffix: &str,
        medium: &mut dyn Medium,
        escape: Escape,
    ) -> Result<ItemContext, RenderError> {
        let strings = self.templates.strings(part.language);
        let note = (item.language != part.language)
            .then(|| fill(&strings.fallback_note, &[("language", strings.name_of(item.language))]));
        Ok(ItemContext {
            id: format!("{}{suffix}", item.id),
            title: medium.title(&item.text.title, item.language, suffix),
            plain_title: escape.escape(&plain(&item.text.title)),
            lang: item.language.to_string(),
            dir: item.language.direction().as_str(),
            start: start(item.language),
            note,
            body: medium.body(&item.text.body, item.language, suffix)?,
        })
    }
}

/// The side where its lines begin.
pub(super) fn start(language: &Language) -> &'static str {
    match language.direction() {
        crate::domain::language::Direction::LeftToRight => "left",
        crate::domain::language::Direction::RightToLeft => "right",
    }
}

/// Plain structs of strings always serialize.
fn context(value: &impl Serialize) -> Context {
    Context::from_serialize(value).unwrap_or_default()
}

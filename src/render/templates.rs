//! The templates: built-in ones, and those of the same name in the newsletter's `templates/` folder,
//! which go before them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tera::{Context, Tera};

use super::RenderError;
use super::strings::Strings;
use crate::domain::digest::Digester;
use crate::domain::{Finding, Language};

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

const BUILT_IN: &[(&str, &str)] = built_in![
    "issue.mjml",
    "section.mjml",
    "item.mjml",
    "text.mjml",
    "button.mjml",
    "image.mjml",
    "event.mjml",
    "footer.mjml",
    "style.css",
    "issue.txt",
    "strings/ar.toml",
    "strings/en.toml",
    "strings/es.toml",
    "strings/fr.toml",
    "strings/uk.toml",
];

/// All templates and strings, ready to render.
#[derive(Debug)]
pub struct Templates {
    tera: Tera,
    strings: BTreeMap<Language, Strings>,
    /// Name and text of each, in order: what a digest is made over.
    sources: BTreeMap<String, String>,
}

impl Templates {
    /// Reads `folder`, where it exists, over the built-in templates, for a newsletter in `languages`.
    ///
    /// # Errors
    /// A file can't be read, a template has a fault, or a language has no strings.
    pub fn load(folder: &Path, languages: &[Language]) -> Result<Self, RenderError> {
        let mut sources: BTreeMap<String, String> =
            BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        for (name, path) in own_templates(folder) {
            let text = fs::read_to_string(&path).map_err(|error| RenderError::Read(path, error))?;
            sources.insert(name, text.replace("\r\n", "\n"));
        }
        let mut tera = Tera::default();
        tera.autoescape_on([".mjml", ".html"]);
        tera.register_filter("underline", |text: &str, arguments: tera::Kwargs, _: &tera::State<'_>| {
            let mark = arguments.get::<&str>("mark")?.unwrap_or("-");
            Ok::<_, tera::Error>(super::text::underline(text, mark))
        });
        tera.register_filter("ltr", |text: &str, arguments: tera::Kwargs, _: &tera::State<'_>| {
            let within = arguments.get::<&str>("within")?.unwrap_or("ltr");
            Ok::<_, tera::Error>(super::text::left_to_right(text, within))
        });
        let known: Vec<_> = sources.keys().map(String::as_str).filter(|name| !name.starts_with("strings/")).collect();
        let mut templates = Vec::new();
        for &name in &known {
            let text = super::mjml::include(&Path::new("templates").join(name), &sources[name], &known)
                .map_err(|finding| RenderError::Invalid(Box::new(finding)))?;
            templates.push((name.to_owned(), text));
        }
        tera.add_raw_templates(templates).map_err(|error| template_error(&error))?;
        let mut strings = BTreeMap::new();
        for language in languages {
            strings.insert(language.clone(), strings_of(language, &sources)?);
        }
        Ok(Self { tera, strings, sources })
    }

    /// What the program says in `language`.
    ///
    /// # Panics
    /// The language was not among those that the templates were loaded for.
    #[must_use]
    pub fn strings(&self, language: &Language) -> &Strings {
        &self.strings[language]
    }

    pub(super) fn render(&self, name: &str, context: &Context) -> Result<String, RenderError> {
        self.tera.render(name, context).map_err(|error| template_error(&error))
    }

    /// Name and text of those that make MJML.
    pub(super) fn mjml(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_mjml = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "mjml");
        let sources = self.sources.iter().filter(move |(name, _)| of_mjml(name));
        sources.map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Name and text of those that are not the built-in ones.
    pub fn own(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_built_in = |name: &str, text: &str| BUILT_IN.contains(&(name, text));
        let own = self.sources.iter().filter(move |(name, text)| !is_built_in(name, text));
        own.map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Feeds all templates and strings to `digester`.
    pub fn digest(&self, digester: &mut Digester) {
        for (name, text) in &self.sources {
            digester.add(name, text);
        }
    }
}

/// The files of the newsletter's own, by the name that they override.
fn own_templates(folder: &Path) -> Vec<(String, PathBuf)> {
    let within = |folder: &Path, prefix: &str, endings: &[&str]| -> Vec<(String, PathBuf)> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let wanted = endings.iter().any(|ending| name.ends_with(ending)) && entry.path().is_file();
                wanted.then(|| (format!("{prefix}{name}"), entry.path()))
            })
            .collect()
    };
    let mut own = within(folder, "", &[".mjml", ".txt", ".css"]);
    own.extend(within(&folder.join("strings"), "strings/", &[".toml"]));
    own.sort();
    own
}

fn strings_of(language: &Language, sources: &BTreeMap<String, String>) -> Result<Strings, RenderError> {
    let primary = language.as_str().split('-').next().unwrap_or_default();
    for tag in [language.as_str(), primary] {
        let name = format!("strings/{tag}.toml");
        if let Some(text) = sources.get(&name) {
            return Strings::parse(text, &format!("templates/{name}")).map_err(|f| RenderError::Invalid(Box::new(f)));
        }
    }
    let finding = Finding::error("strings", format!("the program doesn't speak `{language}` yet"))
        .in_file(crate::config::FILE)
        .with_help(format!(
            "copy templates/strings/en.toml of the program to templates/strings/{language}.toml and translate it, \
             or remove `{language}` from newsletter.languages"
        ));
    Err(RenderError::Invalid(Box::new(finding)))
}

/// What Tera says, with the template's file and line where it tells them.
fn template_error(error: &tera::Error) -> RenderError {
    let (report, own) = match error.kind() {
        tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) => {
            (Some(report), report.message())
        }
        _ => (None, ""),
    };
    let message = if own.is_empty() { error.to_string() } else { own.to_owned() };
    let mut finding = Finding::error("template", message).with_help(
        "compare it with the built-in template of the same name; docs/GUIDE.md tells what a template is given",
    );
    if let Some(report) = report {
        finding = finding.in_file(Path::new("templates").join(report.filename()));
        finding.line = Some(report.span().start_line);
        finding.column = Some(report.span().start_col + 1);
    }
    RenderError::Invalid(Box::new(finding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_language_has_all_texts_and_names_the_others() {
        let languages: Vec<Language> =
            ["ar", "en", "es", "fr", "uk", "fr-CA"].iter().map(|tag| tag.parse().unwrap()).collect();
        let templates = Templates::load(Path::new("nowhere"), &languages).unwrap();
        for language in &languages {
            for other in &languages {
                assert_ne!(templates.strings(language).name_of(other), other.as_str());
            }
        }
        assert!(Templates::load(Path::new("nowhere"), &["de".parse().unwrap()]).is_err());
    }
}

//! What mrml passes over without a word: unknown elements and attributes, elements where they can't
//! stand, and tags that don't match. Found in the assembled MJML, told with the place in its source.

use std::path::{Path, PathBuf};

use htmlparser::{ElementEnd, Token, Tokenizer};

use super::known::{Content, Element};
use crate::domain::Finding;
use crate::domain::finding::{cure_unknown, did_you_mean};

/// A file that the MJML was made from: a template, or an issue with blocks of MJML in it.
pub(in crate::render) struct Source<'a> {
    /// As findings call it.
    pub(in crate::render) file: PathBuf,
    pub(in crate::render) text: &'a str,
}

/// Every doubt about `mjml`, each fault once for each place in `sources` that it comes from.
pub(in crate::render) fn check(mjml: &str, sources: &[Source<'_>]) -> Vec<Finding> {
    let mut walk = Walk { sources, open: Vec::new(), html: None, findings: Vec::new() };
    let mut tag = "";
    for token in Tokenizer::from(mjml) {
        match token {
            Ok(Token::ElementStart { local, prefix, span })
                if (walk.html.is_none() || local.as_str().starts_with("mj-")) && prefix.is_empty() =>
            {
                walk.leave_html();
                tag = local.as_str();
                walk.start(tag, &mjml[span.start()..]);
            }
            Ok(Token::Attribute { local, prefix, .. }) if walk.html.is_none() && prefix.is_empty() => {
                walk.attribute(tag, local.as_str());
            }
            Ok(Token::ElementEnd { end, .. }) => walk.end(tag, end),
            // The parser tells what is wrong with it.
            Err(_) => return walk.findings,
            Ok(_) => {}
        }
    }
    if let Some(tag) = walk.open.last().copied() {
        let help = format!("write `</{tag}>` where it ends");
        walk.fault(
            Finding::error("mjml-tag", format!("`<{tag}>` is never closed")).with_help(help),
            Place::Unclosed(tag),
        );
    }
    walk.findings
}

/// How a fault is found again in the sources.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// Each of these tags is one.
    Tag(&'a str),
    /// Each of these attributes of that tag is one.
    Attribute(&'a str, &'a str),
    /// The tag is right elsewhere: the MJML from here on has to be found as it is, and once.
    Here(&'a str),
    /// Where a file opens this element and doesn't close it.
    Unclosed(&'a str),
}

struct Walk<'a> {
    sources: &'a [Source<'a>],
    open: Vec<&'a str>,
    /// The element in whose HTML the walk is.
    html: Option<&'a str>,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    /// MJML can't stand in an element's HTML: where it does, that element was meant to end before.
    fn leave_html(&mut self) {
        if self.html.take().is_some()
            && let Some(tag) = self.open.pop()
        {
            let finding = Finding::error("mjml-tag", format!("`<{tag}>` is still open where other MJML begins"));
            self.fault(finding.with_help(format!("write `</{tag}>` where it ends")), Place::Unclosed(tag));
        }
    }

    fn start(&mut self, tag: &'a str, here: &'a str) {
        let parent = self.open.last().copied();
        let Some(element) = Element::named(tag) else {
            // What stands in an unknown element is none of MJML's business until that is mended.
            let in_unknown = parent.is_some_and(|parent| Element::named(parent).is_none());
            // Within mj-attributes these two stand for other elements.
            let stands_for_others = parent == Some("mj-attributes") && matches!(tag, "mj-all" | "mj-class");
            if !in_unknown && !stands_for_others {
                let place = if tag.starts_with("mj") { Place::Tag(tag) } else { Place::Here(here) };
                self.fault(unknown(tag), place);
            }
            return;
        };
        let Some(parent) = parent else { return };
        let anything = parent == "mj-attributes" || Element::named(parent).is_none();
        if !anything && !element.parents().any(|possible| possible == parent) {
            let places: Vec<_> = element.parents().map(|place| format!("`<{place}>`")).collect();
            let finding = Finding::error("mjml-place", format!("`<{tag}>` can't stand in `<{parent}>`"))
                .with_help(format!("it may stand in {}", places.join(", ")));
            self.fault(finding, Place::Here(here));
        }
    }

    fn attribute(&mut self, tag: &str, name: &str) {
        let known: Vec<String> = match (tag, Element::named(tag)) {
            ("mj-class", _) if name == "name" => return,
            ("mj-class" | "mj-all", _) if Element::any_takes(name) => return,
            ("mj-class" | "mj-all", _) => Element::all_attributes().collect(),
            (_, Some(element)) if element.takes(name) => return,
            (_, Some(element)) => element.attributes().collect(),
            (_, None) => return,
        };
        let finding = Finding::warning("mjml-attribute", format!("`<{tag}>` has no attribute `{name}`"));
        let help = match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => "it changes nothing in the mail; leave it out".to_owned(),
        };
        self.fault(finding.with_help(help), Place::Attribute(tag, name));
    }

    fn end(&mut self, tag: &'a str, end: ElementEnd<'a>) {
        match (end, self.html) {
            (ElementEnd::Open, None) => {
                self.open.push(tag);
                if Element::named(tag).is_some_and(|element| element.content == Content::Html) {
                    self.html = Some(tag);
                }
            }
            (ElementEnd::Close(_, name), Some(html)) if name.as_str() == html => {
                self.html = None;
                self.open.pop();
            }
            (ElementEnd::Close(_, name), None) => {
                let name = name.as_str();
                match self.open.pop() {
                    Some(open) if open != name => {
                        let message = format!("`</{name}>` stands where `</{open}>` should: `<{open}>` is still open");
                        let help = format!("close `<{open}>` before it");
                        self.fault(Finding::error("mjml-tag", message).with_help(help), Place::Unclosed(open));
                        // So that one slip is told once.
                        if let Some(at) = self.open.iter().rposition(|outer| *outer == name) {
                            self.open.truncate(at);
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Adds `finding` for each place that it comes from; once without one where a template puts the
    /// words together or they can't be told from right ones.
    fn fault(&mut self, finding: Finding, place: Place<'_>) {
        let places = match place {
            Place::Tag(tag) => self.places(|text| tags(text, tag).collect()),
            Place::Attribute(tag, name) => {
                self.places(|text| tags(text, tag).filter_map(|at| attribute(text, at, name)).collect())
            }
            Place::Here(mjml) => self.literally(mjml),
            Place::Unclosed(tag) => self.places(|text| unclosed(text, tag).into_iter().collect()),
        };
        let found = places.iter().map(|(source, at)| finding.clone().in_file(&source.file).at_offset(source.text, *at));
        let mut found: Vec<_> = found.collect();
        if found.is_empty() {
            found.push(finding);
        }
        found.retain(|finding| !self.findings.contains(finding));
        self.findings.append(&mut found);
    }

    fn places(&self, within: impl Fn(&'a str) -> Vec<usize>) -> Vec<(&'a Source<'a>, usize)> {
        let sources: &'a [Source<'a>] = self.sources;
        sources.iter().flat_map(|source| within(source.text).into_iter().map(move |at| (source, at))).collect()
    }

    /// Where the line that `mjml` begins with stands, or as many of its first tags as are found; none
    /// where that is in several places.
    fn literally(&self, mjml: &str) -> Vec<(&'a Source<'a>, usize)> {
        let line = mjml.lines().next().unwrap_or_default().trim_end();
        let shorter = line.rmatch_indices('>').map(|(end, _)| &line[..=end]);
        let places = std::iter::once(line)
            .chain(shorter)
            .map(|snippet| self.places(|text| text.match_indices(snippet).map(|(at, _)| at).collect()))
            .find(|places| !places.is_empty());
        places.filter(|places| places.len() == 1).unwrap_or_default()
    }
}

fn unknown(tag: &str) -> Finding {
    let finding = Finding::error("mjml-element", format!("there is no element `<{tag}>` in MJML"));
    match tag {
        "mj-include" => Finding::error("mjml-include", "`<mj-include>` is for templates alone")
            .with_help("in an issue, write the elements themselves"),
        "mj-html-attributes" | "mj-selector" | "mj-html-attribute" => {
            Finding::error("mjml-element", format!("`<{tag}>` is not supported"))
                .with_help("give the element a css-class and style it in style.css, or write its HTML in mj-raw")
        }
        tag if tag.starts_with("mj") => finding.with_help(cure_unknown(tag, Element::names())),
        _ => finding.with_help("HTML stands within `<mj-text>`, `<mj-table>` or `<mj-raw>`"),
    }
}

/// Where `<tag` stands in `text`, in bytes.
fn tags<'t>(text: &'t str, tag: &str) -> impl Iterator<Item = usize> + use<'t> {
    let open = format!("<{tag}");
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = text[from..].find(&open)? + from;
            from = at + open.len();
            if !text[from..].starts_with(|c: char| c.is_alphanumeric() || c == '-') {
                return Some(at);
            }
        }
    })
}

/// Where `text` opens `<tag` and the next such tag is not its end.
fn unclosed(text: &str, tag: &str) -> Option<usize> {
    let end = format!("</{tag}>");
    let opens: Vec<_> = tags(text, tag)
        .filter(|at| !text[*at..].split_once('>').is_some_and(|(head, _)| head.ends_with('/')))
        .collect();
    let nexts = opens.iter().skip(1).copied().chain([text.len()]);
    opens.iter().zip(nexts).find(|(open, next)| !text[**open..*next].contains(&end)).map(|(open, _)| *open)
}

/// Where the tag at `tag` has the attribute `name`.
fn attribute(text: &str, tag: usize, name: &str) -> Option<usize> {
    let head = text[tag..].split('>').next()?;
    let mut places = head.match_indices(name).map(|(at, _)| at);
    let at = places.find(|at| {
        head[..*at].ends_with(char::is_whitespace) && head[at + name.len()..].trim_start().starts_with('=')
    })?;
    Some(tag + at)
}

/// A template's `<mj-include path="x.mjml" />` as the `{% include "x.mjml" %}` that it means, with its
/// line ends kept. MJML's own way would come after Tera: what the file says in Tera would stay as it is.
pub(in crate::render) fn include(file: &Path, text: &str, known: &[&str]) -> Result<String, Finding> {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    while let Some(at) = text[copied..].find("<mj-include").map(|at| at + copied) {
        out.push_str(&text[copied..at]);
        let end = text[at..].find('>').map_or(text.len(), |end| at + end + 1);
        let element = &text[at..end];
        copied = end;
        if let Some(rest) = text[end..].trim_start().strip_prefix("</mj-include>") {
            copied = text.len() - rest.len();
        }
        let fault = |message: String, help: String| {
            Finding::error("mjml-include", message).in_file(file).at_offset(text, at).with_help(help)
        };
        let value = |name: &str| {
            Tokenizer::from(element).filter_map(Result::ok).find_map(|token| match token {
                Token::Attribute { local, value, .. } if local.as_str() == name => value.map(|value| value.as_str()),
                _ => None,
            })
        };
        let Some(path) = value("path") else {
            return Err(fault("`<mj-include>` names no file".to_owned(), "write path=\"x.mjml\"".to_owned()));
        };
        let name = path.trim_start_matches("./");
        if !known.contains(&name) {
            let help = cure_unknown(name, known.iter().copied());
            return Err(fault(format!("there is no template `{path}` to include"), help));
        }
        let tera = format!("{{% include \"{name}\" %}}");
        let element = match (value("type"), value("css-inline")) {
            (Some("css"), Some("inline")) => format!("<mj-style inline=\"inline\">{tera}</mj-style>"),
            (Some("css"), _) => format!("<mj-style>{tera}</mj-style>"),
            (Some("html"), _) => format!("<mj-raw>{tera}</mj-raw>"),
            _ => tera,
        };
        out.push_str(&element);
        out.extend(text[at..copied].chars().filter(|c| *c == '\n'));
    }
    out.push_str(&text[copied..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(body: &str) -> String {
        format!(
            "<mjml><mj-head><mj-attributes><mj-all color=\"#000000\" /><mj-class name=\"big\" font-size=\"20px\" /></mj-attributes></mj-head><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
        )
    }

    fn told(mjml: &str, sources: &[Source<'_>]) -> Vec<String> {
        let cure = |finding: &Finding| finding.help.clone().unwrap_or_default();
        check(mjml, sources).iter().map(|finding| format!("{finding} ({})", cure(finding))).collect()
    }

    #[test]
    fn what_is_right_is_not_told() {
        let body = "<mj-text mj-class=\"big\" padding-left=\"1px\" css-class=\"x\"><p class=\"y\">a<br>b</p></mj-text><mj-divider border-width=\"1px\" /><mj-raw><x-y z=\"1\"></x-y></mj-raw>";
        assert_eq!(told(&document(body), &[]), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_element_is_told_where_it_stands() {
        let text = "one\n  <mj-buton href=\"x\">a</mj-buton>";
        let sources = [Source { file: "templates/button.mjml".into(), text }];
        assert_eq!(
            told(&document(text), &sources),
            ["templates/button.mjml:2: there is no element `<mj-buton>` in MJML (did you mean `mj-button`?)"]
        );
    }

    #[test]
    fn an_unknown_attribute_is_a_warning_with_the_likely_one() {
        let text = "<mj-text\n  colour=\"#ffffff\">a</mj-text>";
        let sources = [Source { file: "templates/text.mjml".into(), text }];
        let findings = check(&document(text), &sources);
        assert_eq!((findings.len(), findings[0].severity), (1, crate::domain::Severity::Warning));
        assert_eq!((findings[0].line, findings[0].column), (Some(2), Some(3)));
        assert_eq!(findings[0].help.as_deref(), Some("did you mean `color`?"));
    }

    #[test]
    fn a_fault_that_no_template_says_literally_names_tag_and_attribute() {
        let sources = [Source { file: "templates/text.mjml".into(), text: "<mj-{{ word }}>" }];
        assert_eq!(
            told(&document("<mj-image source=\"x\" />"), &sources),
            ["`<mj-image>` has no attribute `source` (did you mean `src`?)"]
        );
    }

    #[test]
    fn an_element_in_the_wrong_place_is_told_with_the_right_ones() {
        let mjml = "<mjml><mj-body><mj-section><mj-text>a</mj-text></mj-section></mj-body></mjml>";
        assert_eq!(
            told(mjml, &[]),
            ["`<mj-text>` can't stand in `<mj-section>` (it may stand in `<mj-column>`, `<mj-hero>`)"]
        );
    }

    #[test]
    fn html_outside_a_text_is_told_with_its_cure() {
        assert_eq!(
            told(&document("<p>a</p>"), &[]),
            ["there is no element `<p>` in MJML (HTML stands within `<mj-text>`, `<mj-table>` or `<mj-raw>`)"]
        );
    }

    #[test]
    fn tags_that_do_not_match_are_named() {
        let mjml = "<mjml><mj-body><mj-section><mj-column></mj-section></mj-body></mjml>";
        assert_eq!(
            told(mjml, &[]),
            [
                "`</mj-section>` stands where `</mj-column>` should: `<mj-column>` is still open (close `<mj-column>` before it)"
            ]
        );
        assert_eq!(told("<mjml><mj-body>", &[]).len(), 1);
    }

    #[test]
    fn an_include_becomes_one_of_tera_and_keeps_the_lines() {
        let known = ["head.mjml", "own.css"];
        let of = |text: &str| include(Path::new("templates/issue.mjml"), text, &known);
        assert_eq!(of("a\n<mj-include\n path=\"./head.mjml\" />\nb").unwrap(), "a\n{% include \"head.mjml\" %}\n\nb");
        assert_eq!(
            of("<mj-include path=\"own.css\" type=\"css\" css-inline=\"inline\"></mj-include>").unwrap(),
            "<mj-style inline=\"inline\">{% include \"own.css\" %}</mj-style>"
        );
        let finding = of("\n<mj-include path=\"haed.mjml\" />").unwrap_err();
        assert_eq!(finding.to_string(), "templates/issue.mjml:2: there is no template `haed.mjml` to include");
        assert_eq!(finding.help.as_deref(), Some("did you mean `head.mjml`?"));
    }
}

//! The TOML between `+++` lines at the top of a Markdown file.

use serde::Deserialize;

use crate::domain::Finding;
use crate::domain::toml_fault::toml_fault;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontMatter {
    pub subject: String,
    #[serde(default)]
    pub preheader: String,
}

/// The front matter of `source`, and the Markdown behind it with the byte at which it begins.
///
/// # Errors
/// No front matter, no end of it, or TOML that can't be read.
pub fn split(source: &str) -> Result<(FrontMatter, usize), Finding> {
    let wanted = "begin the file with +++ on a line of its own, then subject = \"...\", then +++ again";
    let Some(first) = source.split_inclusive('\n').next().filter(|line| line.trim_end() == "+++") else {
        return Err(Finding::error("front-matter", "there is no front matter").at_line(1).with_help(wanted));
    };
    let start = first.len();
    let mut end = start;
    for line in source[start..].split_inclusive('\n') {
        if line.trim_end() == "+++" {
            let front = parse(source, start, end)?;
            return Ok((front, end + line.len()));
        }
        end += line.len();
    }
    Err(Finding::error("front-matter", "the front matter has no end").at_line(1).with_help(wanted))
}

fn parse(source: &str, start: usize, end: usize) -> Result<FrontMatter, Finding> {
    let toml = &source[start..end];
    let front: FrontMatter = toml::from_str(toml).map_err(|error| toml_fault("front-matter", source, start, &error))?;
    if front.subject.trim().is_empty() {
        return Err(Finding::error("front-matter", "the subject is empty")
            .at_offset(source, start)
            .with_help("write subject = \"what the readers see in their inbox\""));
    }
    Ok(front)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_begins_behind_the_second_fence() {
        let source = "+++\r\nsubject = \"News\"\r\n+++\r\nHello";
        let (front, at) = split(source).unwrap();
        assert_eq!((front.subject.as_str(), &source[at..]), ("News", "Hello"));
    }

    #[test]
    fn each_fault_names_its_line() {
        for (source, line, said) in [
            ("Hello", 1, "no front matter"),
            ("+++\nsubject = \"a\"\n", 1, "no end"),
            ("+++\nsubjct = \"a\"\n+++\n", 2, "no key `subjct`"),
            ("+++\npreheader = \"a\"\n+++\n", 2, "the key `subject` is missing"),
            ("+++\nsubject = News\n+++\n", 2, ""),
            ("+++\nsubject = \" \"\n+++\n", 2, "empty"),
        ] {
            let finding = split(source).unwrap_err();
            assert_eq!(finding.line, Some(line), "{source:?}: {finding}");
            assert!(finding.message.contains(said), "{source:?}: {finding}");
            assert!(finding.help.is_some());
        }
    }
}

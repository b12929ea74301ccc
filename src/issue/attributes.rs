//! The attributes of a heading, `{#id .topic column=value lang=fr fallback=omit}`: text in, [`Attributes`] or a fault out.

use super::Fallback;
use crate::domain::finding::cure_unknown;
use crate::domain::{ItemId, Language, Topic};

/// Keeps an item for subscribers whose column has one of the values.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Condition {
    /// The column's alias.
    pub column: String,
    /// Trimmed and case folded.
    pub values: Vec<String>,
}

impl Condition {
    /// Whether a cell with `value` meets the condition; a blank cell meets none.
    #[must_use]
    pub fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return false };
        let folded = value.trim().to_lowercase();
        !folded.is_empty() && self.values.contains(&folded)
    }
}

/// What the braces behind a heading say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    pub id: Option<ItemId>,
    /// `None` where nothing is said, so that the section's topics hold; empty after `.everyone`.
    pub topics: Option<Vec<Topic>>,
    pub conditions: Vec<Condition>,
    pub only: Option<Language>,
    /// What happens where there is no translation; `None` leaves it to the section, then to the issue.
    pub fallback: Option<Fallback>,
}

/// Something odd in the braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    pub help: String,
}

fn fault<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { message: message.into(), help: help.into() })
}

/// The words that attributes may use.
pub struct Known<'a> {
    pub topics: Vec<&'a str>,
    pub columns: Vec<&'a str>,
    pub languages: &'a [Language],
}

/// Cuts a heading's source, `## Title {#id}`, into its title and what stands in the braces at its end.
#[must_use]
pub fn split(source: &str) -> (&str, Option<&str>) {
    let line = source.trim_end().trim_end_matches('#').trim_end();
    let Some(body) = line.strip_suffix('}') else { return (line, None) };
    match body.rfind('{') {
        Some(open) if !body[..open].ends_with('\\') => (body[..open].trim_end(), Some(&body[open + 1..])),
        _ => (line, None),
    }
}

/// Reads what stands between the braces: what could be understood, and each word that could not.
#[must_use]
pub fn parse(text: &str, known: &Known<'_>) -> (Attributes, Vec<Fault>) {
    let mut attributes = Attributes::default();
    if text.contains(['"', '\'', '{', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        let message = "there are quotes or braces inside the braces".to_owned();
        return (attributes, vec![Fault { message, help: "values have no spaces and need no quotes".to_owned() }]);
    }
    let words = text.split_whitespace();
    let mut faults: Vec<_> = words.filter_map(|word| attributes.word(word, known).err()).collect();
    let everyone = text.split_whitespace().any(|word| word == ".everyone");
    if everyone && attributes.topics.as_ref().is_some_and(|topics| !topics.is_empty()) {
        let message = "`.everyone` stands beside topics".to_owned();
        faults.push(Fault { message, help: "keep `.everyone`, or the topics".to_owned() });
    }
    if attributes.only.is_some() && attributes.fallback.is_some() {
        let message = "`fallback=` stands beside `lang=`".to_owned();
        let help = "an item in one language only never falls back: keep one of the two".to_owned();
        faults.push(Fault { message, help });
    }
    (attributes, faults)
}

impl Attributes {
    fn word(&mut self, word: &str, known: &Known<'_>) -> Result<(), Fault> {
        if let Some(id) = word.strip_prefix('#') {
            self.id(id)
        } else if let Some(class) = word.strip_prefix('.') {
            self.class(class, known)
        } else if let Some((key, value)) = word.split_once('=') {
            pair(self, key, value, known)
        } else {
            fault(
                format!("`{word}` is neither an #id, nor a .topic, nor a column=value"),
                "write for instance {#hotline .services province=MB}",
            )
        }
    }

    fn id(&mut self, id: &str) -> Result<(), Fault> {
        if self.id.is_some() {
            return fault(format!("a second id, `#{id}`"), "keep one");
        }
        match id.parse() {
            Ok(id) => self.id = Some(id),
            Err(_) => return fault(format!("`#{id}` can't be an id"), "use letters, digits and hyphens"),
        }
        Ok(())
    }

    fn class(&mut self, class: &str, known: &Known<'_>) -> Result<(), Fault> {
        let topics = self.topics.get_or_insert_default();
        match class.parse() {
            _ if class == "everyone" => {}
            Ok(topic) if known.topics.contains(&class) => topics.push(topic),
            _ => {
                let cure = cure_unknown(class, known.topics.iter().copied());
                let help = format!("{cure} Topics are declared under [topics] in bulletin.toml.");
                return fault(format!("`{class}` is not a topic"), help);
            }
        }
        Ok(())
    }
}

fn pair(attributes: &mut Attributes, key: &str, value: &str, known: &Known<'_>) -> Result<(), Fault> {
    if key == "lang" {
        return match value.parse::<Language>() {
            Ok(language) if known.languages.contains(&language) => {
                attributes.only = Some(language);
                Ok(())
            }
            _ => {
                let languages = known.languages.iter().map(Language::as_str);
                fault(format!("the newsletter has no language `{value}`"), cure_unknown(value, languages))
            }
        };
    }
    if key == "fallback" {
        attributes.fallback = match value {
            "original" => Some(Fallback::Original),
            "omit" => Some(Fallback::Omit),
            _ => {
                return fault(
                    format!("`{value}` is not a fallback"),
                    format!(
                        "{} The original is shown with a line that says so; omit leaves the item out.",
                        cure_unknown(value, ["original", "omit"])
                    ),
                );
            }
        };
        return Ok(());
    }
    if !known.columns.contains(&key) {
        let cure = cure_unknown(key, known.columns.iter().copied());
        let help = format!("{cure} Columns of your own are declared under [columns] in bulletin.toml.");
        return fault(format!("`{key}` is not a declared column"), help);
    }
    let values: Vec<_> = value.split('|').map(|value| value.trim().to_lowercase()).collect();
    if values.iter().any(String::is_empty) {
        return fault(format!("`{key}={value}` lacks a value"), "write column=value or column=a|b");
    }
    attributes.conditions.push(Condition { column: key.to_owned(), values });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (Attributes, Vec<Fault>) {
        let languages = ["en".parse().unwrap(), "fr".parse().unwrap()];
        parse(text, &Known { topics: vec!["policy", "media"], columns: vec!["province"], languages: &languages })
    }

    fn read(text: &str) -> Result<Attributes, Fault> {
        match all(text) {
            (attributes, faults) if faults.is_empty() => Ok(attributes),
            (_, mut faults) => Err(faults.remove(0)),
        }
    }

    #[test]
    fn what_is_understood_is_kept_beside_a_fault() {
        let (attributes, faults) = all("#hotline .polcy city=x .media");
        assert_eq!(attributes.id.unwrap().as_str(), "hotline");
        assert_eq!(attributes.topics.unwrap().len(), 1);
        assert_eq!(faults.len(), 2);
    }

    #[test]
    fn all_kinds_of_attributes_are_read() {
        let attributes = read("#hotline .policy .media province=MB|on lang=fr").unwrap();
        assert_eq!(attributes.id.unwrap().as_str(), "hotline");
        assert_eq!(attributes.topics.unwrap().len(), 2);
        assert_eq!(attributes.conditions[0].values, ["mb", "on"]);
        assert_eq!(attributes.only.unwrap().as_str(), "fr");
        assert_eq!(read("#hotline").unwrap().fallback, None);
        assert_eq!(read("fallback=omit").unwrap().fallback, Some(Fallback::Omit));
        assert_eq!(read("fallback=original").unwrap().fallback, Some(Fallback::Original));
    }

    #[test]
    fn everyone_clears_the_topics_and_nothing_leaves_them_to_the_section() {
        assert_eq!(read(".everyone").unwrap().topics, Some(vec![]));
        assert_eq!(read("#x").unwrap().topics, None);
    }

    #[test]
    fn anything_odd_is_a_fault_with_a_cure() {
        for (text, said) in [
            ("#a #b", "second id"),
            (".polcy", "`polcy` is not a topic"),
            ("title=\"x\"", "quotes"),
            ("policy", "neither"),
            ("city=Hamilton", "`city` is not a declared column"),
            ("province=", "lacks a value"),
            ("lang=de", "no language `de`"),
            ("fallback=omitt", "`omitt` is not a fallback"),
            ("lang=fr fallback=omit", "beside `lang=`"),
            (".everyone .policy", "beside topics"),
            ("#a/b", "can't be an id"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.message.contains(said), "{text}: {}", fault.message);
            assert!(!fault.help.is_empty());
        }
        assert!(read(".polcy").unwrap_err().help.contains("did you mean `policy`?"));
    }

    #[test]
    fn a_title_keeps_its_own_braces_out_of_the_way() {
        assert_eq!(split("## A {#a}\n"), ("## A", Some("#a")));
        assert_eq!(split("## A ##"), ("## A", None));
        assert_eq!(split("## A {b} c"), ("## A {b} c", None));
    }

    #[test]
    fn a_blank_cell_meets_no_condition() {
        let condition = Condition { column: "province".into(), values: vec!["mb".into()] };
        assert!(condition.holds(Some(" MB ")));
        assert!(!condition.holds(Some(" ")));
        assert!(!condition.holds(None));
    }
}

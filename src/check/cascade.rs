//! The style sheets of a mail applied to its elements (CSS Cascade Level 4, section 6): which declaration of a
//! property holds for an element, in the light and in the dark. Selectors of elements, classes and ids with
//! descendants and children are understood, and a rule of any other is left out; so are those for print and for
//! a certain width.

use super::css::{self, Item, Weight};
use super::page::{Element, Page};

/// What the reader's program prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scheme {
    Light,
    Dark,
}

/// The rules of a page's style sheets that say one of some properties.
#[derive(Debug)]
pub(super) struct Cascade {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    selector: Selector,
    is_for_dark: bool,
    declarations: Vec<(String, String, Weight)>,
}

/// From the inside: what the element is, then each of those around it, and whether it is the next one.
#[derive(Debug, PartialEq, Eq)]
struct Selector {
    subject: Compound,
    around: Vec<(Combinator, Compound)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combinator {
    Child,
    Descendant,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Compound {
    name: Option<String>,
    ids: Vec<String>,
    classes: Vec<String>,
}

/// How much a declaration counts: its weight, whether it stands at the element, how narrow its selector is.
pub(super) type Rank = (Weight, bool, (usize, usize, usize), usize);

impl Cascade {
    /// Of the rules of `page`, those that say one of `properties`.
    pub(super) fn new(page: &Page<'_>, properties: &[&str]) -> Self {
        let mut rules = Vec::new();
        for (sheet, media) in &page.sheets {
            let sheet = css::without_comments(sheet);
            for item in css::items(&sheet) {
                let Item::Rule { within, selector, body, .. } = item else { continue };
                let conditions = within.iter().copied().chain([*media]).collect::<Vec<_>>().join(" ");
                let Some(scheme) = scheme_of(&conditions) else { continue };
                let wanted: Vec<_> = css::declarations(body)
                    .into_iter()
                    .filter(|one| properties.contains(&one.property))
                    .map(|one| (one.property.to_owned(), one.value.to_owned(), one.weight))
                    .collect();
                if wanted.is_empty() {
                    continue;
                }
                let selectors = selector.split(',').filter_map(Selector::parse);
                let is_for_dark = scheme == Scheme::Dark;
                rules.extend(selectors.map(|selector| Rule { selector, is_for_dark, declarations: wanted.clone() }));
            }
        }
        Self { rules }
    }

    /// Whether anything is different in the dark.
    pub(super) fn knows_dark(&self) -> bool {
        self.rules.iter().any(|rule| rule.is_for_dark)
    }

    /// Tells each declaration that meets the element at `at`, with how much it counts.
    pub(super) fn each(&self, page: &Page<'_>, at: usize, scheme: Scheme, mut tell: impl FnMut(&str, &str, Rank)) {
        for (order, rule) in self.rules.iter().enumerate() {
            if (rule.is_for_dark && scheme == Scheme::Light) || !rule.selector.is_met(page, at) {
                continue;
            }
            for (property, value, weight) in &rule.declarations {
                tell(property, value, (*weight, false, rule.selector.narrowness(), order));
            }
        }
        if let Some(style) = page.elements[at].get("style") {
            for (order, one) in css::declarations(style).iter().enumerate() {
                tell(one.property, one.value, (one.weight, true, (0, 0, 0), order));
            }
        }
    }
}

/// The scheme that conditions ask for; none where they are not for everybody's screen.
fn scheme_of(conditions: &str) -> Option<Scheme> {
    let conditions = conditions.to_ascii_lowercase();
    if ["width", "print", "height", "orientation", "@supports", "not ", "@container"]
        .iter()
        .any(|word| conditions.contains(word))
    {
        return None;
    }
    let dark = conditions.contains("prefers-color-scheme") && conditions.contains("dark");
    Some(if dark { Scheme::Dark } else { Scheme::Light })
}

impl Selector {
    fn parse(text: &str) -> Option<Self> {
        let spaced = text.replace('>', " > ");
        let mut compounds = Vec::new();
        let mut combinator = Combinator::Descendant;
        for word in spaced.split_whitespace() {
            if word == ">" {
                combinator = Combinator::Child;
                continue;
            }
            compounds.push((combinator, Compound::parse(word)?));
            combinator = Combinator::Descendant;
        }
        // Each knows how it stands to the one before; from the inside that is how the next stands to it.
        let (mut to_outer, subject) = compounds.pop()?;
        let mut around = Vec::new();
        while let Some((outer, compound)) = compounds.pop() {
            around.push((to_outer, compound));
            to_outer = outer;
        }
        Some(Self { subject, around })
    }

    fn is_met(&self, page: &Page<'_>, at: usize) -> bool {
        self.subject.is_met(&page.elements[at]) && is_around(&self.around, page, page.elements[at].parent)
    }

    /// Ids, classes and names (Selectors Level 4, section 17).
    fn narrowness(&self) -> (usize, usize, usize) {
        let all = || self.around.iter().map(|(_, compound)| compound).chain([&self.subject]);
        let sum = |count: fn(&Compound) -> usize| all().map(count).sum();
        (sum(|one| one.ids.len()), sum(|one| one.classes.len()), sum(|one| usize::from(one.name.is_some())))
    }
}

fn is_around(wanted: &[(Combinator, Compound)], page: &Page<'_>, at: Option<usize>) -> bool {
    let Some(((combinator, compound), rest)) = wanted.split_first() else { return true };
    let mut candidates = std::iter::successors(at, |at| page.elements[*at].parent);
    let is_met = |at: usize| compound.is_met(&page.elements[at]) && is_around(rest, page, page.elements[at].parent);
    match combinator {
        Combinator::Child => candidates.next().is_some_and(is_met),
        Combinator::Descendant => candidates.any(is_met),
    }
}

impl Compound {
    fn parse(text: &str) -> Option<Self> {
        let mut compound = Self::default();
        if text == ":root" {
            compound.name = Some("html".to_owned());
            return Some(compound);
        }
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let mut rest = text;
        while !rest.is_empty() {
            let (sign, behind) = match rest.chars().next()? {
                '*' => {
                    rest = &rest[1..];
                    continue;
                }
                sign @ ('.' | '#') => (Some(sign), &rest[1..]),
                c if is_word(c) => (None, rest),
                _ => return None,
            };
            let end = behind.find(|c| !is_word(c)).unwrap_or(behind.len());
            let word = behind[..end].to_owned();
            match sign {
                Some('.') => compound.classes.push(word),
                Some(_) => compound.ids.push(word),
                None => compound.name = Some(word),
            }
            rest = &behind[end..];
        }
        Some(compound)
    }

    fn is_met(&self, element: &Element<'_>) -> bool {
        let has_class = |class: &String| {
            element.get("class").is_some_and(|all| all.split_ascii_whitespace().any(|one| one == class.as_str()))
        };
        self.name.as_deref().is_none_or(|name| name == element.name)
            && self.ids.iter().all(|id| element.get("id") == Some(id))
            && self.classes.iter().all(has_class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_meets_what_it_says_and_nothing_else() {
        let page = Page::read("<div class=\"sheet soft\"><table><tr><td id=\"x\"><p>a</p></td></tr></table></div>");
        let at = |name: &str| page.elements.iter().position(|element| element.name == name).unwrap();
        for (selector, element, expected) in [
            (".sheet td", "td", true),
            (".sheet > td", "td", false),
            (".sheet > table > tr > td", "td", true),
            (".sheet.soft p", "p", true),
            ("div.hard p", "p", false),
            ("#x>p", "p", true),
            ("*", "p", true),
            ("table table p", "p", false),
        ] {
            assert_eq!(Selector::parse(selector).unwrap().is_met(&page, at(element)), expected, "{selector}");
        }
        for selector in ["a:hover", "p + p", "[data-x]", "p::before", ""] {
            assert_eq!(Selector::parse(selector), None, "{selector}");
        }
    }

    #[test]
    fn the_dark_and_narrow_screens_are_told_apart() {
        assert_eq!(scheme_of(""), Some(Scheme::Light));
        assert_eq!(scheme_of("@media (prefers-color-scheme: dark)"), Some(Scheme::Dark));
        assert_eq!(scheme_of("@media only screen and (min-width:480px)"), None);
        assert_eq!(scheme_of("print"), None);
    }
}

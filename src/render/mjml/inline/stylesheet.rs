//! A stylesheet of names and classes: its rules, and which of them match an element.

use std::ops::Range;

use super::declarations::{Declaration, declarations, is_important};
use super::elements::Open;

/// The rules of a stylesheet, each selector for itself.
pub(super) struct Stylesheet<'c> {
    selectors: Vec<Selector<'c>>,
    declarations: Vec<Declaration<'c>>,
    /// Selectors by the class or else the name that their element must have, sorted by it.
    by_class: Vec<(&'c str, Vec<usize>)>,
    by_name: Vec<(&'c str, Vec<usize>)>,
    /// A bit for each length and beginning of those: most elements of a page have none of them.
    beginnings: u64,
    for_any: Vec<usize>,
}

struct Selector<'c> {
    /// The element's own first, then those around it.
    steps: Vec<Step<'c>>,
    /// Classes before names (Selectors Level 3 section 9).
    specificity: (usize, usize),
    declarations: Range<usize>,
}

struct Step<'c> {
    name: Option<&'c str>,
    classes: Vec<&'c str>,
    /// Where the next step's element is.
    around: Around,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Parent,
    Anywhere,
}

/// More than that many properties, and css-inline's order is that of its sort.
const PROPERTIES: usize = 20;

impl<'c> Stylesheet<'c> {
    /// None where the stylesheet says more than this can follow.
    pub(super) fn parse(css: &'c str) -> Option<Self> {
        let mut sheet = Self {
            selectors: Vec::new(),
            declarations: Vec::new(),
            by_class: Vec::new(),
            by_name: Vec::new(),
            beginnings: 0,
            for_any: Vec::new(),
        };
        let mut rest = css.trim_ascii_start();
        while !rest.is_empty() {
            if let Some(comment) = rest.strip_prefix("/*") {
                rest = comment.split_once("*/")?.1.trim_ascii_start();
                continue;
            }
            let (prelude, behind) = rest.split_once('{')?;
            let (body, behind) = behind.split_once('}')?;
            let start = sheet.declarations.len();
            sheet.declarations.extend(declarations(body)?);
            let declarations = start..sheet.declarations.len();
            for selector in prelude.split(',') {
                let (steps, specificity) = steps(selector)?;
                sheet.selectors.push(Selector { steps, specificity, declarations: declarations.clone() });
            }
            rest = behind.trim_ascii_start();
        }
        for (number, selector) in sheet.selectors.iter().enumerate() {
            let own = &selector.steps[0];
            let keyed = match own.classes.first() {
                Some(class) => Some((&mut sheet.by_class, *class)),
                None => own.name.map(|name| (&mut sheet.by_name, name)),
            };
            match keyed {
                Some((index, key)) => match index.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, numbers)) => numbers.push(number),
                    None => index.push((key, vec![number])),
                },
                None => sheet.for_any.push(number),
            }
        }
        sheet.by_class.sort_unstable_by_key(|(class, _)| *class);
        sheet.by_name.sort_unstable_by_key(|(name, _)| *name);
        let keys = sheet.by_name.iter().chain(&sheet.by_class);
        sheet.beginnings = keys.fold(0, |all, (key, _)| all | beginning(key));
        Some(sheet)
    }

    /// The numbers of the selectors that match the last of `open`, in the order of the stylesheet.
    pub(super) fn matching(&self, open: &[Open<'_>], matching: &mut Vec<usize>) {
        matching.clear();
        let Some((element, outer)) = open.split_last() else { return };
        let of = |index: &[(&str, Vec<usize>)], key: &str| {
            let may_be = self.beginnings & beginning(key) != 0;
            may_be.then(|| index.binary_search_by_key(&key, |(known, _)| *known).ok()).flatten()
        };
        let mut take = |numbers: &[usize]| {
            let matches = |number: &&usize| matches(&self.selectors[**number].steps, element, outer);
            matching.extend(numbers.iter().filter(matches));
        };
        take(&self.for_any);
        if let Some(at) = of(&self.by_name, element.name) {
            take(&self.by_name[at].1);
        }
        if !element.class.is_empty() {
            for class in element.class.split_ascii_whitespace() {
                if let Some(at) = of(&self.by_class, class) {
                    take(&self.by_class[at].1);
                }
            }
        }
        matching.sort_unstable();
        matching.dedup();
    }

    /// What the selectors of these numbers come to, the least specific first; None where they are too many.
    pub(super) fn cascade(&self, matching: &[usize]) -> Option<Vec<Declaration<'c>>> {
        let mut styles: Vec<(Declaration<'c>, (usize, usize))> = Vec::new();
        for number in matching {
            let Selector { specificity, declarations, .. } = &self.selectors[*number];
            for &(name, value) in &self.declarations[declarations.clone()] {
                match styles.iter_mut().find(|((known, _), _)| *known == name) {
                    Some(known) => {
                        let wins = match (is_important(value), is_important(known.0.1)) {
                            (new, old) if new == old => known.1 <= *specificity,
                            (new, _) => new,
                        };
                        if wins {
                            *known = ((name, value), *specificity);
                        }
                    }
                    None => styles.push(((name, value), *specificity)),
                }
            }
        }
        styles.sort_by_key(|(_, specificity)| *specificity);
        (styles.len() <= PROPERTIES).then(|| styles.into_iter().map(|(declaration, _)| declaration).collect())
    }
}

/// `li ul` or `table.data > th`, and its specificity.
fn steps(selector: &str) -> Option<(Vec<Step<'_>>, (usize, usize))> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut specificity = (0, 0);
    let mut child = false;
    for word in selector.split_ascii_whitespace() {
        if word == ">" {
            if child || steps.is_empty() {
                return None;
            }
            child = true;
            continue;
        }
        let mut parts = word.split('.');
        let name = match parts.next()? {
            "" | "*" => None,
            name => Some(name),
        };
        let classes: Vec<_> = parts.collect();
        // A browser reads names without case; the page's are in lower case.
        let is_name = |name: &str| is_identifier(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        if name.is_some_and(|name| !is_name(name))
            || !classes.iter().all(|class| is_identifier(class))
            || word.is_empty()
        {
            return None;
        }
        specificity = (specificity.0 + classes.len(), specificity.1 + usize::from(name.is_some()));
        let around = if std::mem::take(&mut child) { Around::Parent } else { Around::Anywhere };
        steps.push(Step { name, classes, around });
    }
    steps.reverse();
    (!child && !steps.is_empty()).then_some((steps, specificity))
}

fn beginning(name: &str) -> u64 {
    let first = name.as_bytes().first().copied().unwrap_or_default();
    1 << ((usize::from(first) + 7 * name.len()) % 64)
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        // `-->` is a token of its own.
        && !word.ends_with("--")
}

fn matches(steps: &[Step<'_>], element: &Open<'_>, outer: &[Open<'_>]) -> bool {
    let Some((step, further)) = steps.split_first() else { return true };
    let has = |class: &&str| element.class.split_ascii_whitespace().any(|own| own == *class);
    if step.name.is_some_and(|name| name != element.name) || !step.classes.iter().all(has) {
        return false;
    }
    if further.is_empty() {
        return true;
    }
    let mut outer = outer;
    while let Some((parent, beyond)) = outer.split_last() {
        if matches(further, parent, beyond) {
            return true;
        }
        if step.around == Around::Parent {
            return false;
        }
        outer = beyond;
    }
    false
}

//! Nodes of one language to its outline: introduction, sections, items, each with its attributes.

use super::attributes::{self, Attributes, Known};
use super::content::{Block, Inline};
use super::markdown::Node;
use crate::domain::Finding;

/// One language's file.
#[derive(Debug, Default)]
pub struct Outline {
    pub introduction: Vec<Block>,
    pub sections: Vec<OutlineSection>,
}

#[derive(Debug)]
pub struct OutlineSection {
    pub head: Head,
    /// Before the first item; the whole text of a section without items.
    pub lead: Vec<Block>,
    pub items: Vec<OutlineItem>,
}

#[derive(Debug)]
pub struct OutlineItem {
    pub head: Head,
    pub body: Vec<Block>,
}

#[derive(Debug)]
pub struct Head {
    pub title: Vec<Inline>,
    pub attributes: Attributes,
    pub line: usize,
}

/// Groups `nodes` under their headings.
pub fn build(nodes: Vec<Node>, known: &Known<'_>, findings: &mut Vec<Finding>) -> Outline {
    let mut outline = Outline::default();
    for node in nodes {
        match node {
            Node::Heading { level, title, attributes, line } => {
                let (attributes, faults) = attributes::parse(attributes.as_deref().unwrap_or_default(), known);
                findings.extend(
                    faults
                        .into_iter()
                        .map(|fault| Finding::error("attribute", fault.message).at_line(line).with_help(fault.help)),
                );
                let head = Head { title, attributes, line };
                match outline.sections.last_mut() {
                    _ if level == 1 => {
                        outline.sections.push(OutlineSection { head, lead: Vec::new(), items: Vec::new() });
                    }
                    Some(section) => section.items.push(OutlineItem { head, body: Vec::new() }),
                    None => findings.push(
                        Finding::error("heading", "an item stands before the first section")
                            .at_line(line)
                            .with_help("put a section above it: # Section {#section}"),
                    ),
                }
            }
            Node::Block(block) => {
                let blocks = match outline.sections.last_mut() {
                    None => &mut outline.introduction,
                    Some(section) => match section.items.last_mut() {
                        None => &mut section.lead,
                        Some(item) => &mut item.body,
                    },
                };
                blocks.push(block);
            }
        }
    }
    outline
}

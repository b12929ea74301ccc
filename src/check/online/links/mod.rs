//! Links over the network: pages in, each asked for once, findings at all places of those that lead nowhere out.
//!
//! `visit` asks for a page and follows it, through the gates of `gates`; `fault` says why nobody came to the door,
//! `anchors` looks for the parts of a page, `cache` remembers what was well, and `judge` says what all of it means.

mod anchors;
mod cache;
mod fault;
mod gates;
mod judge;
mod visit;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

pub use cache::Cache;
pub(super) use visit::Visitor;

use super::domain::Identity;
use super::names::Names;
use super::places::{Linked, Page, Place};
use super::rules::DEAD_MAILTO;
use crate::domain::Finding;

/// Asks for every page that `cache` does not know to be well. `tell` hears how many are done, of how many.
pub(super) async fn check(
    linked: &Linked,
    visitor: Visitor,
    cache: &mut Cache,
    tell: &(impl Fn(usize, usize) + Sync),
) -> Vec<Finding> {
    let visitor = Arc::new(visitor);
    let due: Vec<&Page> = linked.pages.values().filter(|page| !cache.knows(page)).collect();
    let mut visits = JoinSet::new();
    for page in &due {
        let (visitor, url, parts) = (Arc::clone(&visitor), page.url.clone(), page.parts());
        visits.spawn(async move { (url.to_string(), visitor.visit(&url, &parts).await) });
    }
    let mut seen = BTreeMap::new();
    tell(0, due.len());
    while let Some(visit) = visits.join_next().await {
        // One that panicked is one that was not made.
        seen.extend(visit.ok());
        tell(seen.len(), due.len());
    }
    let mut findings = Vec::new();
    for page in due {
        let Some(visit) = seen.get(page.url.as_str()) else { continue };
        let before = findings.len();
        judge::judge(page, visit, &mut findings);
        if findings.len() == before {
            cache.remember(page);
        }
    }
    findings
}

/// Asks whether the domains of mail links take mail, but for those that are asked about anyhow.
pub(super) async fn mailboxes(linked: &Linked, names: &Names, identity: &Identity<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own = identity.mail_domains();
    for (domain, places) in linked.mailboxes.iter().filter(|(domain, _)| !own.contains_key(*domain)) {
        // Who can't be asked is no fault of the link.
        let Ok(Some(why)) = super::domain::takes_no_mail(names, domain).await else { continue };
        let finding = DEAD_MAILTO.finding(format!("nobody gets mail at {domain}: {why}"));
        let finding = finding.with_help("check the spelling of the address, or take the link out");
        findings.extend(places.iter().map(|place: &Place| place.mark(finding.clone())));
    }
    findings
}

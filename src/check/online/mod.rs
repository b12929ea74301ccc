//! What can be told over the network alone: an issue, its editions and who sends it in, findings out. Nothing of this
//! happens unless it is asked for.
//!
//! `places` gathers what is linked to, `links` asks for it; `domain` asks the DNS for what receivers will ask it
//! for; `relay` greets the relay. All of them ask for names through `names`. Their rules stand in `rules`.

mod domain;
mod links;
mod names;
mod places;
mod relay;
mod rules;

use std::path::PathBuf;

use tokio_rustls::rustls::ClientConfig;

pub use domain::Identity;
pub use links::Cache;
pub use names::{Names, Silence};
pub use relay::no_relay;
pub use rules::ONLINE_RULES;

use super::source::Source;
use crate::deliver::smtp::SmtpTransport;
use crate::domain::Finding;
use crate::issue::Issue;
use crate::render::RenderedEdition;
use links::Visitor;
use places::Linked;
use rules::NO_NETWORK;

/// What is looked at.
pub struct OnlineSubject<'a> {
    pub issue: &'a Issue,
    pub editions: &'a [RenderedEdition],
    /// Where links may stand beside the issue: `bulletin.toml` first, then the templates.
    pub files: &'a [(PathBuf, String)],
    pub identity: Identity<'a>,
    /// None where there is none to be asked.
    pub relay: Option<&'a SmtpTransport>,
}

/// With what it is looked at.
pub struct Means<'a> {
    pub names: Names,
    pub tls: ClientConfig,
    /// How the program calls itself where it asks for pages.
    pub agent: &'a str,
    /// What was well lately; what is well now comes in.
    pub cache: &'a mut Cache,
}

impl OnlineSubject<'_> {
    /// Everything that the network has to say. `tell` hears how many pages are done, of how many. Without a network
    /// there is one finding, which says so.
    pub async fn findings(&self, means: Means<'_>, tell: impl Fn(usize, usize) + Sync) -> Vec<Finding> {
        let Means { names, tls, agent, cache } = means;
        let domain = self.identity.sender_domain();
        if let Err(silence) = names.answer(&domain).await {
            return vec![no_network(&silence.to_string())];
        }
        let visitor = match Visitor::new(names.clone(), tls, agent) {
            Ok(visitor) => visitor,
            Err(error) => return vec![no_network(&error.to_string())],
        };
        let linked = Linked::gather(&Source::all(self.issue), self.editions, self.files);
        let config = self.files.first().map_or("", |(_, text)| text.as_str());
        let (mut findings, mailboxes, domain, relay) = tokio::join!(
            links::check(&linked, visitor, cache, &tell),
            links::mailboxes(&linked, &names, &self.identity),
            self.identity.findings(&names, config),
            async {
                match self.relay {
                    Some(transport) => relay::check(transport, self.editions, config).await,
                    None => Vec::new(),
                }
            },
        );
        findings.extend([mailboxes, domain, relay].into_iter().flatten());
        findings
    }
}

/// Nothing could be asked.
#[must_use]
pub fn no_network(why: &str) -> Finding {
    let finding = NO_NETWORK.finding(format!("no network: {why}"));
    finding.with_help("connect this machine and run it again; everything that needs no network was checked")
}

/// The finding at the first place of `bulletin.toml` that says `what`.
fn in_config(finding: Finding, config: &str, what: &str) -> Finding {
    let finding = finding.in_file("bulletin.toml");
    match config.find(what) {
        Some(at) => finding.at_offset(config, at),
        None => finding,
    }
}

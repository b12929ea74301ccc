//! SPF of the return-path: whether there is a record, whether receivers can use it, and whether it lets our relay
//! send (RFC 7208).

use std::net::IpAddr;

use super::Identity;
use super::spf::Qualifier;
use super::spf_walk::{Published, Walk, published};
use crate::check::online::in_config;
use crate::check::online::names::{Names, Silence};
use crate::check::online::rules::{BAD_SPF, NO_SPF, SPF_RELAY, WEAK_SPF};
use crate::domain::Finding;

/// What is to be said about SPF.
pub(super) async fn check(names: &Names, identity: &Identity<'_>, config: &str) -> Result<Vec<Finding>, Silence> {
    let address = identity.return_path;
    let domain = address.domain();
    let sends = identity.relay.map_or_else(|| "mx".to_owned(), |relay| format!("a:{relay}"));
    let record = format!("{domain}. IN TXT \"v=spf1 {sends} ~all\"");
    let here = |finding: Finding| in_config(finding, config, address.as_str());
    let (text, spf) = match published(names, &domain).await? {
        Published::Nothing => {
            let help = format!(
                "whoever looks after the domain has to make this record, with what the relay's operator says in place \
                 of `{sends}` where they name an include:\n{record}"
            );
            let message = format!("{domain}, where mail comes back to, has no SPF record");
            return Ok(vec![here(NO_SPF.finding(message).with_help(help))]);
        }
        Published::Several(texts) => {
            let terms: Vec<_> = texts.iter().flat_map(|text| text.split(' ').skip(1)).collect();
            let mut all: Vec<_> = terms.iter().filter(|term| !term.ends_with("all") && !term.is_empty()).collect();
            all.dedup();
            let joined = all.into_iter().copied().collect::<Vec<_>>().join(" ");
            let message = format!("{domain} has {} SPF records, and receivers then use none", texts.len());
            let help = format!("make one of them:\n{domain}. IN TXT \"v=spf1 {joined} ~all\"");
            return Ok(vec![here(BAD_SPF.finding(message).with_help(help))]);
        }
        Published::Broken { text, fault } => {
            let message = format!("the SPF record of {domain} is broken: {fault}");
            return Ok(vec![here(BAD_SPF.finding(message).with_help(format!("mend this record: {text}")))]);
        }
        Published::One { text, spf } => (text, spf),
    };
    let walk = Walk::of(names, &domain, &spf).await?;
    let mut found: Vec<_> = (walk.faults.iter())
        .map(|fault| {
            let finding = BAD_SPF.finding(format!("receivers give up on the SPF record of {domain}: {fault}"));
            finding.with_help(format!("take out what sends no mail of yours any more: {text}"))
        })
        .collect();
    let weak = match walk.all {
        Some(Qualifier::Pass) => Some(("lets everyone in the world send (+all)", "+all")),
        Some(Qualifier::Neutral) => Some(("says nothing about everyone else (?all)", "?all")),
        None if walk.faults.is_empty() => Some(("says nothing about everyone else", "")),
        _ => None,
    };
    if let Some((what, end)) = weak {
        let kept = text.split(' ').filter(|term| *term != end && !(end == "+all" && *term == "all"));
        let kept = kept.collect::<Vec<_>>().join(" ");
        let finding = WEAK_SPF.finding(format!("the SPF record of {domain} {what}"));
        found.push(finding.with_help(format!("let it end in ~all or -all:\n{domain}. IN TXT \"{kept} ~all\"")));
    }
    if walk.has_ptr {
        let finding =
            WEAK_SPF.finding(format!("the SPF record of {domain} uses `ptr`, which many receivers pass over"));
        found.push(finding.with_help(format!("name the hosts themselves, with a: or ip4: {text}")));
    }
    if let Some(relay) = identity.relay.filter(|_| walk.faults.is_empty())
        && walk.all != Some(Qualifier::Pass)
        && !covers(names, &walk, relay).await?
    {
        let message = format!("it can't be told whether the SPF record of {domain} lets {relay} send");
        let help = format!(
            "ask the relay's operator what to include, since it may send from other addresses than it takes mail at; \
             a: lets in those that it has in the DNS: {text}"
        );
        found.push(SPF_RELAY.finding(message).with_help(help));
    }
    Ok(found.into_iter().map(here).collect())
}

/// Whether what can be known about the relay is in the record: one of its addresses, or a name of its own domain.
async fn covers(names: &Names, walk: &Walk, relay: &str) -> Result<bool, Silence> {
    if walk.led_to.iter().any(|name| is_akin(name, relay)) {
        return Ok(true);
    }
    let addresses = match relay.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => names.addresses(relay).await?,
    };
    Ok(addresses.into_iter().any(|address| walk.covers(address)))
}

/// Whether two hosts end in the same two labels. That is too much where a country has suffixes of two labels; it
/// only keeps a doubt from being told.
fn is_akin(one: &str, other: &str) -> bool {
    let end = |name: &str| name.rsplit('.').take(2).map(str::to_ascii_lowercase).collect::<Vec<_>>();
    end(one) == end(other)
}

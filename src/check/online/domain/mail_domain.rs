//! Whether a domain takes mail: its MX records, or its own address where it has none (RFC 5321 section 5.1), unless
//! it says that it takes none (RFC 7505).

use std::collections::BTreeMap;

use super::Identity;
use crate::check::online::in_config;
use crate::check::online::names::{Names, Silence};
use crate::check::online::rules::NO_MAIL_DOMAIN;
use crate::domain::Finding;

/// The domains that have to take mail, each with what comes there.
pub(super) fn of(identity: &Identity<'_>) -> BTreeMap<String, Vec<&'static str>> {
    let mut domains: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    let senders = identity.sender.all();
    let addresses = senders.flat_map(|sender| [("mail to the sender", &sender.email), ("replies", &sender.reply_to)]);
    let ours = [("mail that comes back", identity.return_path), ("requests to leave", &identity.links.unsubscribe)];
    for (what, address) in ours.into_iter().chain(addresses) {
        let known = domains.entry(address.domain()).or_default();
        if !known.contains(&what) {
            known.push(what);
        }
    }
    domains
}

pub(super) async fn check(names: &Names, domain: &str, what: &[&str], config: &str) -> Result<Vec<Finding>, Silence> {
    let Some(why) = takes_no_mail(names, domain).await? else { return Ok(Vec::new()) };
    let (last, others) = what.split_last().unwrap_or((&"mail", &[]));
    let what = if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    let finding = NO_MAIL_DOMAIN.finding(format!("{domain} takes no mail, so {what} would be lost: {why}"));
    let help = format!(
        "check the spelling, or let whoever looks after the domain make a record with the name of its mail server:\n\
         {domain}. IN MX 10 mail.{domain}."
    );
    Ok(vec![in_config(finding.with_help(help), config, &format!("@{domain}"))])
}

/// Why a domain takes no mail; none where it does.
pub(in crate::check::online) async fn takes_no_mail(names: &Names, domain: &str) -> Result<Option<String>, Silence> {
    let exchanges = names.exchanges(domain).await?;
    if exchanges.iter().any(String::is_empty) {
        return Ok(Some("it says so itself (null MX)".to_owned()));
    }
    if exchanges.is_empty() {
        let is_host = !names.addresses(domain).await?.is_empty();
        return Ok((!is_host).then(|| "no mail server is named for it in the DNS".to_owned()));
    }
    for exchange in &exchanges {
        if !names.addresses(exchange).await?.is_empty() {
            return Ok(None);
        }
    }
    Ok(Some(format!("none of its mail servers has an address: {}", exchanges.join(", "))))
}

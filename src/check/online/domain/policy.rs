//! DMARC of a sender's domain, and whether signature and return-path agree with it (RFC 9989).

use super::Identity;
use super::dmarc::{Alignment, Policy, Tree};
use crate::check::online::names::{Names, Silence};
use crate::check::online::rules::{BAD_DMARC, HALF_ALIGNED, NO_DMARC, NOT_ALIGNED, UNHEARD_REPORTS, WEAK_DMARC};
use crate::domain::Finding;

/// What is to be said about one sender's domain.
pub(super) async fn check(names: &Names, identity: &Identity<'_>, sender: &str) -> Result<Vec<Finding>, Silence> {
    let tree = Tree::of(names, sender).await?;
    let mut found = Vec::new();
    found.extend(request(identity, &tree, sender));
    if let Some(policy) = &tree.policy {
        found.extend(reports(names, &tree, policy).await?);
    }
    let (of_dkim, of_spf) = match &tree.policy {
        Some(policy) => (policy.of_dkim(), policy.of_spf()),
        None => (Alignment::Relaxed, Alignment::Relaxed),
    };
    let return_path = identity.return_path.domain();
    let spf = is_aligned(names, &tree, sender, &return_path, of_spf).await?;
    let signing = identity.signing();
    let mut dkim = false;
    for domain in &signing {
        dkim |= is_aligned(names, &tree, sender, domain, of_dkim).await?;
    }
    let as_closely =
        |alignment| if alignment == Alignment::Strict { " (strictly, as its policy wants it)" } else { "" };
    let signers = signing.into_iter().collect::<Vec<_>>().join(", ");
    if signers.is_empty() {
        // Told offline as well: whether the relay signs is its operator's to say.
    } else if !spf && !dkim {
        let message = format!(
            "neither the signature ({signers}) nor the return-path ({return_path}) is of the sender's domain {sender}{}, so \
             DMARC fails",
            as_closely(of_dkim)
        );
        let help = format!("sign with a key of {sender}: bulletin dkim new --domain {sender}");
        found.push(NOT_ALIGNED.finding(message).with_help(help));
    } else if !spf {
        let message = format!("the return-path is of {return_path} and not of {sender}{}", as_closely(of_spf));
        let help = format!(
            "DMARC hangs on the signature alone, which is enough as long as it holds; `bounces` of {sender} would make \
             it two"
        );
        found.push(HALF_ALIGNED.finding(message).with_help(help));
    } else if !dkim {
        let message = format!("the signature is of {signers} and not of {sender}{}", as_closely(of_dkim));
        let help = format!(
            "DMARC hangs on SPF alone, which fails where a mail is forwarded: bulletin dkim new --domain {sender}"
        );
        found.push(HALF_ALIGNED.finding(message).with_help(help));
    }
    Ok(found)
}

/// What the policy asks receivers for.
fn request(identity: &Identity<'_>, tree: &Tree, sender: &str) -> Option<Finding> {
    let record = format!("_dmarc.{sender}. IN TXT \"v=DMARC1; p=none\"");
    if let Some(fault) = &tree.fault {
        let finding = BAD_DMARC.finding(format!("receivers can't use the DMARC policy of {sender}: {fault}"));
        return Some(finding.with_help(format!("there has to be one, for instance:\n{record}")));
    }
    let Some(policy) = &tree.policy else {
        let message = format!("{sender} has no DMARC policy, and large providers refuse bulk mail without one");
        let help = format!(
            "whoever looks after the domain has to make this record; with rua=mailto: and a mailbox for it, receivers \
             report what they got:\n{record}"
        );
        return Some(identity.weigh(NO_DMARC.finding(message).with_help(help)));
    };
    let asked = policy.request_for(sender);
    if !asked.eq_ignore_ascii_case("none") && !policy.is_test() {
        return None;
    }
    let reports = if policy.has_reports() { "" } else { " nor for reports" };
    let what = if policy.is_test() {
        format!("is a test (t=y) of p={asked}")
    } else {
        format!("asks for nothing (p=none){reports}")
    };
    let finding = WEAK_DMARC.finding(format!("the DMARC policy of {} {what}", policy.domain));
    let help = format!(
        "that is enough to be let in, and keeps nobody from writing in your name; when reports (rua=) show that all of \
         your own mail passes, go on to p=quarantine: {}",
        policy.text
    );
    Some(finding.with_help(help))
}

/// Reports to another organisation have to be wanted there, or else nobody sends them.
async fn reports(names: &Names, tree: &Tree, policy: &Policy) -> Result<Vec<Finding>, Silence> {
    let mut found = Vec::new();
    for domain in policy.report_domains() {
        if Tree::of(names, &domain).await?.organisation == tree.organisation {
            continue;
        }
        let name = format!("{}._report._dmarc.{domain}", policy.domain);
        let is_wanted = names.texts(&name).await?.iter().any(|text| text.trim_start().starts_with("v=DMARC1"));
        if !is_wanted {
            let message = format!("{domain} does not say that it takes the DMARC reports about {}", policy.domain);
            let help = format!(
                "so none are sent: whoever looks after {domain} has to make this record, or name another mailbox in \
                 rua=\n{name}. IN TXT \"v=DMARC1\""
            );
            found.push(UNHEARD_REPORTS.finding(message).with_help(help));
        }
    }
    Ok(found)
}

/// Whether a domain stands for the sender's.
async fn is_aligned(
    names: &Names,
    tree: &Tree,
    sender: &str,
    domain: &str,
    alignment: Alignment,
) -> Result<bool, Silence> {
    if domain == sender {
        return Ok(true);
    }
    if alignment == Alignment::Strict {
        return Ok(false);
    }
    Ok(Tree::of(names, domain).await?.organisation == tree.organisation)
}

//! The public half of each key that signs, as receivers will find it: RFC 6376 section 3.6.1, RFC 8301, RFC 8463.

use super::tags::Tags;
use crate::check::online::in_config;
use crate::check::online::names::{Names, Silence};
use crate::check::online::rules::{NO_DKIM_RECORD, WEAK_DKIM_RECORD, WRONG_DKIM_RECORD};
use crate::compose::dkim::Record;
use crate::domain::Finding;

/// What is to be said about one key's record.
pub(super) async fn check(names: &Names, ours: &Record, config: &str) -> Result<Vec<Finding>, Silence> {
    let texts = names.texts(&ours.name).await?;
    let make = || format!("whoever looks after the domain has to make this record:\n{ours}");
    let selector = ours.name.split('.').next().unwrap_or_default();
    let finding = match texts.as_slice() {
        [] => NO_DKIM_RECORD
            .finding(format!("receivers find no key at {}, so the signature counts for nothing", ours.name))
            .with_help(make()),
        [text] => match fault(text, &ours.text) {
            None => match doubt(text) {
                None => return Ok(Vec::new()),
                Some(doubt) => WEAK_DKIM_RECORD.finding(format!("the record {} {doubt}", ours.name)).with_help(make()),
            },
            Some(fault) => WRONG_DKIM_RECORD.finding(format!("the record {} {fault}", ours.name)).with_help(make()),
        },
        _ => WRONG_DKIM_RECORD
            .finding(format!("there are several records at {}, and receivers may take any of them", ours.name))
            .with_help(format!("remove all but this one:\n{ours}")),
    };
    Ok(vec![in_config(finding, config, selector)])
}

/// Why a receiver does not verify with this record what our key signs.
fn fault(published: &str, ours: &str) -> Option<String> {
    let tags = match Tags::parse(published) {
        Ok(tags) => tags,
        Err(fault) => return Some(format!("can't be read: {fault}")),
    };
    let ours = Tags::parse(ours).ok()?;
    if tags.get("v").is_some_and(|version| version != "DKIM1") {
        return Some("is of no version that receivers know".to_owned());
    }
    let key = |tags: &Tags| tags.get("p").map(|key| key.split_whitespace().collect::<String>());
    let kind = tags.get("k").unwrap_or("rsa");
    match key(&tags) {
        None => Some("holds no key".to_owned()),
        Some(key) if key.is_empty() => Some("says that the key was revoked".to_owned()),
        Some(_) if !kind.eq_ignore_ascii_case(ours.get("k").unwrap_or("rsa")) => {
            Some(format!("holds a key of another kind ({kind})"))
        }
        published if published != key(&ours) => Some("holds another key than the one that signs here".to_owned()),
        Some(_) if tags.get("h").is_some() && !tags.lists("h", "sha256") => {
            Some("allows no hash that is used today".to_owned())
        }
        Some(_) if tags.get("s").is_some() && !tags.lists("s", "email") && !tags.lists("s", "*") => {
            Some("is not meant for mail".to_owned())
        }
        Some(_) => None,
    }
}

fn doubt(published: &str) -> Option<&'static str> {
    let tags = Tags::parse(published).ok()?;
    tags.lists("t", "y").then_some("says that it is a test (t=y), so that receivers may treat the mail as unsigned")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_held_against_the_key_that_signs() {
        let ours = "v=DKIM1; k=ed25519; p=AbC=";
        for text in [ours, "k=ed25519;p=Ab C=", "v=DKIM1; h=sha1:sha256; s=email; k=ed25519; n=note; p=AbC=;"] {
            assert_eq!(fault(text, ours), None, "{text}");
        }
        for (text, part) in [
            ("v=DKIM1; k=ed25519; p=", "revoked"),
            ("v=DKIM1; k=ed25519", "no key"),
            ("v=DKIM1; p=AbC=", "another kind"),
            ("v=DKIM1; k=ed25519; p=XbC=", "another key"),
            ("v=DKIM2; k=ed25519; p=AbC=", "version"),
            ("v=DKIM1; k=ed25519; h=sha1; p=AbC=", "hash"),
            ("v=DKIM1; k=ed25519; s=tlsrpt; p=AbC=", "not meant"),
            ("k=ed25519; p", "can't be read"),
        ] {
            let fault = fault(text, ours).unwrap();
            assert!(fault.contains(part), "{text}: {fault}");
        }
        assert!(doubt("v=DKIM1; t=y; p=AbC=").is_some() && doubt("v=DKIM1; t=s; p=AbC=").is_none());
    }
}

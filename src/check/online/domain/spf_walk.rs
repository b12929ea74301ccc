//! What an SPF record comes to once all that it leads to has been asked for: RFC 7208 sections 4.6.4 and 5.
//!
//! A receiver stops at the first term that matches; here all are gone through, since some receiver will have to.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use super::spf::{Kind, Prefixes, Qualifier, Spf};
use crate::check::online::names::{Names, Silence};

/// Terms that ask the DNS, in the record and all that it includes (RFC 7208 section 4.6.4).
pub(super) const MOST_LOOKUPS: usize = 10;
/// Hosts of one `mx`.
const MOST_EXCHANGES: usize = 10;
/// Nothing more is asked past this, so that records that include each other come to an end.
const ENOUGH: usize = 30;

/// What a domain publishes.
pub(super) enum Published {
    Nothing,
    Several(Vec<String>),
    /// With what is wrong about it.
    Broken {
        text: String,
        fault: String,
    },
    One {
        text: String,
        spf: Spf,
    },
}

/// What came out of a walk.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) lookups: usize,
    /// Why receivers will call the record broken.
    pub(super) faults: Vec<String>,
    pub(super) has_ptr: bool,
    /// What becomes of everyone else, in the end; none where nothing says it.
    pub(super) all: Option<Qualifier>,
    /// Names that were included or redirected to.
    pub(super) led_to: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
}

/// The record of a domain.
pub(super) async fn published(names: &Names, domain: &str) -> Result<Published, Silence> {
    let mut texts: Vec<_> = names.texts(domain).await?.into_iter().filter(|text| Spf::is_meant(text)).collect();
    if texts.len() > 1 {
        return Ok(Published::Several(texts));
    }
    Ok(match texts.pop().map(|text| (Spf::parse(&text), text)) {
        None => Published::Nothing,
        Some((Ok(spf), text)) => Published::One { text, spf },
        Some((Err(fault), text)) => Published::Broken { text, fault },
    })
}

impl Walk {
    /// Goes through a domain's record.
    pub(super) async fn of(names: &Names, domain: &str, spf: &Spf) -> Result<Self, Silence> {
        let mut walk = Self::default();
        walk.all = walk.go(names, domain, spf).await?;
        if walk.lookups > MOST_LOOKUPS {
            let count = if walk.lookups >= ENOUGH { format!("{ENOUGH} or more") } else { walk.lookups.to_string() };
            walk.faults.push(format!("it takes {count} questions to the DNS, and receivers stop at {MOST_LOOKUPS}"));
        }
        Ok(walk)
    }

    /// Whether mail from this address passes.
    pub(super) fn covers(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|(network, bits)| contains(*network, *bits, address))
    }

    fn go<'a>(
        &'a mut self,
        names: &'a Names,
        domain: &'a str,
        spf: &'a Spf,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Qualifier>, Silence>> + Send + 'a>> {
        Box::pin(async move {
            for term in &spf.0 {
                if self.lookups >= ENOUGH {
                    break;
                }
                // Everything behind it is never looked at.
                if term.kind == Kind::All {
                    break;
                }
                let is_pass = term.qualifier == Qualifier::Pass;
                match &term.kind {
                    Kind::Ip4(address, bits) if is_pass => self.networks.push(((*address).into(), *bits)),
                    Kind::Ip6(address, bits) if is_pass => self.networks.push(((*address).into(), *bits)),
                    Kind::A(host, prefixes) => {
                        self.lookups += 1;
                        self.host(names, host.as_deref().unwrap_or(domain), *prefixes, is_pass).await?;
                    }
                    Kind::Mx(host, prefixes) => {
                        self.lookups += 1;
                        let host = host.as_deref().unwrap_or(domain);
                        let exchanges = if host.contains('%') { Vec::new() } else { names.exchanges(host).await? };
                        if exchanges.len() > MOST_EXCHANGES {
                            self.faults.push(format!("`mx` of {host} has more than {MOST_EXCHANGES} hosts"));
                        }
                        for exchange in exchanges.iter().take(MOST_EXCHANGES) {
                            self.host(names, exchange, *prefixes, is_pass).await?;
                        }
                    }
                    Kind::Include(target) => {
                        self.lookups += 1;
                        self.led_to.push(target.clone());
                        self.follow(names, "include", target).await?;
                    }
                    Kind::Ptr => {
                        self.lookups += 1;
                        self.has_ptr = true;
                    }
                    Kind::Exists => self.lookups += 1,
                    Kind::Ip4(..) | Kind::Ip6(..) | Kind::All | Kind::Redirect(_) | Kind::Other => {}
                }
            }
            match spf.redirect() {
                Some(target) if self.lookups < ENOUGH => {
                    self.lookups += 1;
                    self.led_to.push(target.to_owned());
                    self.follow(names, "redirect", target).await
                }
                _ => Ok(spf.all()),
            }
        })
    }

    async fn follow(&mut self, names: &Names, how: &str, target: &str) -> Result<Option<Qualifier>, Silence> {
        // A macro is filled in with each message's own values.
        if target.contains('%') {
            return Ok(None);
        }
        match published(names, target).await? {
            Published::One { spf, .. } => return self.go(names, target, &spf).await,
            Published::Nothing => self.faults.push(format!("`{how}` leads to {target}, which has no SPF record")),
            Published::Several(_) => {
                self.faults.push(format!("`{how}` leads to {target}, which has several SPF records"));
            }
            Published::Broken { fault, .. } => {
                self.faults.push(format!("`{how}` leads to {target}, whose record is broken: {fault}"));
            }
        }
        Ok(None)
    }

    async fn host(&mut self, names: &Names, host: &str, (four, six): Prefixes, is_pass: bool) -> Result<(), Silence> {
        if host.contains('%') || host.is_empty() {
            return Ok(());
        }
        for address in names.addresses(host).await? {
            if is_pass {
                self.networks.push((address, if address.is_ipv4() { four } else { six }));
            }
        }
        Ok(())
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let same = |one: u128, other: u128, width: u32| {
        let rest = width.saturating_sub(u32::from(bits));
        one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
    };
    match (network, address) {
        (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_network_holds_what_begins_with_its_bits() {
        let holds =
            |network: &str, bits, address: &str| contains(network.parse().unwrap(), bits, address.parse().unwrap());
        assert!(holds("192.0.2.0", 24, "192.0.2.77") && !holds("192.0.2.0", 24, "192.0.3.1"));
        assert!(holds("192.0.2.1", 32, "192.0.2.1") && !holds("192.0.2.1", 32, "192.0.2.2"));
        assert!(holds("192.0.2.1", 0, "203.0.113.1") && holds("::", 0, "2001:db8::1"));
        assert!(holds("2001:db8::", 32, "2001:db8:1::1") && !holds("2001:db8::", 32, "2001:db9::1"));
        assert!(!holds("::", 0, "192.0.2.1"));
    }

    proptest! {
        #[test]
        fn a_network_holds_an_address_iff_their_first_bits_are_the_same(network: u32, other: u32, bits in 0..=32_u8) {
            let digits = |address: u32| format!("{address:032b}")[..usize::from(bits)].to_owned();
            let holds = contains(IpAddr::V4(network.into()), bits, IpAddr::V4(other.into()));
            prop_assert_eq!(holds, digits(network) == digits(other));
            prop_assert!(contains(IpAddr::V4(network.into()), bits, IpAddr::V4(network.into())));
        }
    }
}

//! The rules that need the network: asked for with `--online`, and weighed like all others.

use crate::check::rules::rules;

rules! {
    /// Every rule that needs the network, in the order of the docs.
    ONLINE_RULES:
    NO_NETWORK = "no-network", Error, "that no name server answers, so that nothing could be asked";
    DEAD_LINK = "dead-link", Error, "a link to a page or a host that does not exist";
    FAILING_LINK = "failing-link", Warning, "a link whose server fails or does not answer";
    BARRED_LINK = "barred-link", Info, "a link whose server lets no program in, so that nothing can be told";
    MOVED_LINK = "moved-link", Warning, "a link to a page that has moved for good";
    ENDLESS_REDIRECT = "endless-redirect", Warning, "a link that leads from one address to the next without end";
    BAD_CERTIFICATE = "bad-certificate", Error, "a link to a host whose certificate browsers warn of";
    MISSING_ANCHOR = "missing-anchor", Warning, "a link to a part of a page that the page does not have";
    DEAD_MAILTO = "dead-mailto", Error, "a mail link to a domain that takes no mail";
    NO_SPF = "no-spf", Error, "a return-path whose domain has no SPF record";
    BAD_SPF = "bad-spf", Error, "an SPF record that receivers can't use";
    WEAK_SPF = "weak-spf", Warning, "an SPF record that lets everyone send, or does not say who may not";
    SPF_RELAY = "spf-relay", Info, "an SPF record of which it can't be told whether it covers the relay";
    NO_DKIM_RECORD = "no-dkim-record", Error, "a key that signs, and whose public half is not in the DNS";
    WRONG_DKIM_RECORD = "wrong-dkim-record", Error, "a key whose record in the DNS belongs to another, or is revoked";
    WEAK_DKIM_RECORD = "weak-dkim-record", Warning, "a key's record that says that it is only a test";
    NO_DMARC = "no-dmarc", Warning, "a sender's domain without a DMARC policy";
    BAD_DMARC = "bad-dmarc", Error, "a DMARC policy that receivers can't use";
    WEAK_DMARC = "weak-dmarc", Info, "a DMARC policy that asks receivers for nothing";
    UNHEARD_REPORTS = "unheard-reports", Warning, "DMARC reports that go to a domain which does not say that it takes them";
    NOT_ALIGNED = "not-aligned", Error, "mail whose signature and return-path are both of other domains than its sender";
    HALF_ALIGNED = "half-aligned", Info, "mail of which only the signature or only the return-path is of its sender's domain";
    NO_MAIL_DOMAIN = "no-mail-domain", Error, "an address of the newsletter's own whose domain takes no mail";
    NO_ANSWER = "no-answer", Warning, "a question about the domain that no name server answers";
    NO_RELAY = "no-relay", Error, "a relay that can't be reached, encrypted or logged in to";
    RELAY_LIMIT = "relay-limit", Error, "an edition larger than the relay takes";
}

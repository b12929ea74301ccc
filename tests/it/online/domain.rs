//! The domain: one in which all is well gives no finding, and each fault gives its own, with the record to make.

use std::fmt::Write as _;

use super::{TOML, check, codes, domain, text};

/// What replaces what in the zone, the status of the run, the rule, words of its message, and of its help.
type Case<'a> = (&'a str, &'a str, i32, &'a str, &'a str, &'a str);

fn try_each(cases: &[Case<'_>]) {
    for (from, to, status, code, said, cure) in cases {
        let (project, names) = domain(|zone| {
            assert!(zone.contains(from), "{from}");
            zone.replace(from, to)
        });
        let found = check(&project, &names, &[], *status);
        assert_eq!(codes(&found), [*code], "{to}: {found:#?}");
        assert!(text(&found[0], "message").contains(said), "{to}: {found:#?}");
        assert!(text(&found[0], "help").contains(cure), "{to}: {found:#?}");
        assert_eq!(text(&found[0], "file"), "bulletin.toml", "{to}");
        assert!(found[0]["line"].is_number(), "{to}: {found:#?}");
    }
}

#[test]
fn a_domain_in_which_all_is_well_gives_no_finding() {
    let (project, names) = domain(|zone| zone);
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
    assert!(names.knows_of("_dmarc.example.org") && names.knows_of("one._domainkey.example.org"));
}

#[test]
fn spf_has_to_be_there_once_readable_and_within_its_limits() {
    let spf = "example.org TXT v=spf1 mx -all\n";
    let many = |count: u8| {
        let (mut record, mut included) = ("example.org TXT v=spf1".to_owned(), String::new());
        for one in 0..count {
            let _ = write!(record, " include:{one}.example.org");
            let _ = writeln!(included, "{one}.example.org TXT v=spf1 ip4:192.0.2.{one} -all");
        }
        format!("{record} -all\n{included}")
    };
    let ten = many(10);
    let (project, names) = domain(|zone| zone.replace(spf, &ten));
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new(), "ten questions are allowed");
    let eleven = many(11);
    try_each(&[
        (
            spf,
            "example.org TXT some other text\n",
            1,
            "no-spf",
            "has no SPF record",
            "example.org. IN TXT \"v=spf1 mx ~all\"",
        ),
        (
            spf,
            "example.org TXT v=spf1 mx -all\nexample.org TXT v=spf1 a ~all\n",
            1,
            "bad-spf",
            "2 SPF records",
            "\"v=spf1 mx a ~all\"",
        ),
        (spf, "example.org TXT v=spf1 ipv4:192.0.2.1 -all\n", 1, "bad-spf", "`ipv4:192.0.2.1`", "mend this record"),
        (spf, &eleven, 1, "bad-spf", "11 questions", "take out"),
        (spf, "example.org TXT v=spf1 include:example.org -all\n", 1, "bad-spf", "30 or more questions", "take out"),
        (
            spf,
            "example.org TXT v=spf1 include:x.example.org -all\n",
            1,
            "bad-spf",
            "x.example.org, which has no SPF",
            "take out",
        ),
        (spf, "example.org TXT v=spf1 mx +all\n", 0, "weak-spf", "everyone in the world", "\"v=spf1 mx ~all\""),
        (
            spf,
            "example.org TXT v=spf1 mx ?all\n",
            0,
            "weak-spf",
            "says nothing about everyone else",
            "\"v=spf1 mx ~all\"",
        ),
        (spf, "example.org TXT v=spf1 mx\n", 0, "weak-spf", "says nothing about everyone else", "\"v=spf1 mx ~all\""),
        (spf, "example.org TXT v=spf1 ptr -all\n", 0, "weak-spf", "`ptr`", "a: or ip4:"),
    ]);
    let redirected =
        "example.org TXT v=spf1 redirect=_spf.example.org\n_spf.example.org TXT v=spf1 mx:example.org -all\n";
    let (project, names) = domain(|zone| zone.replace(spf, redirected));
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
}

#[test]
fn the_key_that_signs_has_to_be_the_one_in_the_dns() {
    let head = "one._domainkey.example.org TXT v=DKIM1; k=ed25519; p=";
    let make = "one._domainkey.example.org. IN TXT \"v=DKIM1; k=ed25519; p=";
    try_each(&[
        (head, "two._domainkey.example.org TXT v=DKIM1; k=ed25519; p=", 1, "no-dkim-record", "find no key", make),
        (head, "one._domainkey.example.org TXT v=DKIM1; k=ed25519; p=A", 1, "wrong-dkim-record", "another key", make),
        (head, "one._domainkey.example.org TXT v=DKIM1; k=ed25519; p=; n=", 1, "wrong-dkim-record", "revoked", make),
        (head, "one._domainkey.example.org TXT v=DKIM1; k=rsa; p=", 1, "wrong-dkim-record", "another kind", make),
        (head, "one._domainkey.example.org TXT v=DKIM1; t=y; k=ed25519; p=", 0, "weak-dkim-record", "a test", make),
        (
            head,
            "one._domainkey.example.org TXT v=DKIM1; p=x\none._domainkey.example.org TXT v=DKIM1; k=ed25519; p=",
            1,
            "wrong-dkim-record",
            "several records",
            "remove all but",
        ),
    ]);
}

#[test]
fn dmarc_has_to_be_there_and_says_what_it_asks_for() {
    let dmarc = "_dmarc.example.org TXT v=DMARC1; p=quarantine; rua=mailto:reports@example.org\n";
    let make = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none\"";
    try_each(&[
        (dmarc, "", 0, "no-dmarc", "has no DMARC policy", make),
        (dmarc, "_dmarc.example.org TXT v=DMARC1; p=some\n", 1, "bad-dmarc", "`p` must be", make),
        (
            dmarc,
            "_dmarc.example.org TXT v=DMARC1; p=none\n_dmarc.example.org TXT v=DMARC1; p=reject\n",
            1,
            "bad-dmarc",
            "several",
            make,
        ),
        (
            dmarc,
            "_dmarc.example.org TXT v=DMARC1; p=none\n",
            0,
            "weak-dmarc",
            "asks for nothing (p=none) nor for reports",
            "p=quarantine",
        ),
        (dmarc, "_dmarc.example.org TXT v=DMARC1; p=reject; t=y\n", 0, "weak-dmarc", "is a test", "p=quarantine"),
    ]);
}

#[test]
fn what_large_providers_refuse_of_bulk_senders_alone_is_an_error_from_five_thousand_readers_on() {
    let dmarc = "_dmarc.example.org TXT v=DMARC1; p=quarantine; rua=mailto:reports@example.org\n";
    for (readers, status, severity) in [(4_999, 0, "warning"), (5_000, 1, "error")] {
        let (project, names) = domain(|zone| zone.replace(dmarc, ""));
        project.write("bulletin.toml", &TOML[..TOML.find("[[dkim]]").unwrap()]);
        let mut list = "email,language\n".to_owned();
        (0..readers).for_each(|reader| writeln!(list, "reader-{reader}@example.org,en").unwrap());
        project.write("subscribers/subscribers.csv", &list);
        let found = check(&project, &names, &[], status);
        let told: Vec<_> = found.iter().map(|one| (text(one, "code"), text(one, "severity"))).collect();
        // Whether the relay signs is its operator's to say.
        assert_eq!(told, [("no-dmarc", severity)], "{readers}");
    }
}

#[test]
fn dmarc_reports_to_others_have_to_be_wanted_there() {
    let edit = |zone: String| zone.replace("reports@example.org", "reports@example.net");
    let (project, names) = domain(edit);
    let found = check(&project, &names, &[], 0);
    assert_eq!(codes(&found), ["unheard-reports"]);
    let record = "example.org._report._dmarc.example.net. IN TXT \"v=DMARC1\"";
    assert!(text(&found[0], "help").ends_with(record), "{found:?}");
    let (project, names) = domain(|zone| edit(zone) + "example.org._report._dmarc.example.net TXT v=DMARC1\n");
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
}

#[test]
fn signature_and_return_path_have_to_be_of_the_senders_organisation() {
    let other =
        "example.net MX 10 mail.example.org\nexample.net TXT v=spf1 mx -all\n_dmarc.example.net TXT v=DMARC1; p=none\n";
    let (project, names) = domain(|zone| zone + other);
    project.edit("bulletin.toml", "returned@example.org", "returned@example.net");
    let found = check(&project, &names, &[], 0);
    assert_eq!(codes(&found), ["half-aligned"]);
    assert!(
        text(&found[0], "message").contains("the return-path is of example.net and not of example.org"),
        "{found:?}"
    );

    // Below the sender's domain, whose policy is for all of it.
    let below = "mail.example.org MX 10 mail.example.org\nmail.example.org TXT v=spf1 mx -all\n";
    let (project, names) = domain(|zone| zone + below);
    project.edit("bulletin.toml", "returned@example.org", "returned@mail.example.org");
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
    let (project, names) = domain(|zone| zone.replace("p=quarantine", "p=quarantine; aspf=s") + below);
    project.edit("bulletin.toml", "returned@example.org", "returned@mail.example.org");
    let found = check(&project, &names, &[], 0);
    assert_eq!(codes(&found), ["half-aligned"]);
    assert!(text(&found[0], "message").contains("strictly"), "{found:?}");

    // The sender stands below the domain that signs, and wants it to the letter.
    let strict =
        "news.example.org MX 10 mail.example.org\n_dmarc.news.example.org TXT v=DMARC1; p=reject; adkim=s; aspf=s\n";
    let (project, names) = domain(|zone| zone + strict);
    project.edit("bulletin.toml", "email = \"news@example.org\"", "email = \"news@news.example.org\"");
    let found = check(&project, &names, &[], 1);
    assert_eq!(codes(&found), ["not-aligned"]);
    assert!(text(&found[0], "help").contains("bulletin dkim new --domain news.example.org"), "{found:?}");

    // Whether the relay signs can't be seen from here.
    let (project, names) = domain(|zone| zone);
    project.write("bulletin.toml", &TOML[..TOML.find("[[dkim]]").unwrap()]);
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
}

#[test]
fn the_newsletters_own_addresses_have_to_take_mail() {
    let mx = "example.org MX 10 mail.example.org\n";
    let (project, names) = domain(|zone| zone.replace(mx, "example.org A 127.0.0.1\n"));
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new(), "a host of its own takes it");
    let what = "mail that comes back, requests to leave, mail to the sender and replies would be lost";
    try_each(&[
        (mx, "", 1, "no-mail-domain", what, "example.org. IN MX 10 mail.example.org."),
        (mx, "example.org MX 0 .\n", 1, "no-mail-domain", "null MX", "IN MX"),
        (
            mx,
            "example.org MX 10 none.example.org\n",
            1,
            "no-mail-domain",
            "none of its mail servers has an address: none.example.org",
            "IN MX",
        ),
    ]);
    let (project, names) = domain(|zone| zone);
    project.edit("bulletin.toml", "leave@example.org", "leave@example.net");
    let found = check(&project, &names, &[], 1);
    assert_eq!(codes(&found), ["no-mail-domain"]);
    assert!(
        text(&found[0], "message").contains("example.net takes no mail, so requests to leave would be lost"),
        "{found:?}"
    );
    assert_eq!(found[0]["line"], 5);
}

#[test]
fn a_question_that_nobody_answers_is_told_as_that() {
    let (project, names) = domain(|zone| zone + "one._domainkey.example.org FAILS\n");
    let found = check(&project, &names, &[], 0);
    assert_eq!(codes(&found), ["no-answer"]);
    assert!(text(&found[0], "message").contains("one._domainkey.example.org could not be looked up"), "{found:?}");
}

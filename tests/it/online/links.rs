//! Links: each page is asked for once and politely, and each fault is told where it stands.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::dns::NameServer;
use super::web::Web;
use super::{ZONE, check, codes, newsletter, text};
use crate::project::Project;

/// A newsletter whose English says this, at line 10.
fn english(en: &str) -> (Project, NameServer) {
    let (project, record) = newsletter(en, "Bonjour.");
    (
        project,
        NameServer::start(&format!("{ZONE}blog.example.org A 127.0.0.1\nwww.example.net A 127.0.0.1\n{record}\n")),
    )
}

#[test]
fn pages_that_are_well_are_asked_for_once_and_nothing_is_said() {
    let web = Web::start();
    let port = web.open_with("good.pem");
    let site = format!("https://www.example.org:{port}");
    let en = format!(
        "[Here]({site}/here), [who]({site}/here#who) and [again]({site}/here). [A detour]({site}/detour), \
         [no HEAD]({site}/no-head), [a paper]({site}/paper#page=3), [write](mailto:info@example.org)."
    );
    let fr = format!("[Ici]({site}/here#qui-%C3%A9tait-l%C3%A0), [mots]({site}/words#:~:text=some%20words).");
    let (project, record) = newsletter(&en, &fr);
    let names = NameServer::start(&format!("{ZONE}{record}\n"));
    let said = project.run(&["check", "2026-01"]);
    assert_eq!((said.status, names.asked(), web.requests().len()), (Some(0), 0, 0), "nothing without --online");

    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
    let asked = [
        "GET www.example.org/here",
        "GET www.example.org/no-head",
        "GET www.example.org/paper",
        "HEAD www.example.org/detour",
        "HEAD www.example.org/here",
        "HEAD www.example.org/no-head",
        "HEAD www.example.org/words",
    ];
    assert_eq!(web.requests(), asked, "each link once, and the page that a detour leads to");
    for headers in web.headers() {
        assert!(!headers.contains_key("cookie") && !headers.contains_key("referer"), "{headers:?}");
        let agent = headers["user-agent"].to_str().unwrap();
        assert!(agent.starts_with("bulletin/") && agent.ends_with("(link check; +mailto:news@example.org)"), "{agent}");
    }

    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
    assert_eq!(web.requests(), Vec::<String>::new(), "all of it is remembered");
    check(&project, &names, &["--fresh"], 0);
    assert_eq!(web.requests(), asked);
    let mode = std::fs::metadata(project.path("outbox/links.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn each_way_in_which_a_link_fails_is_told_with_its_place_and_its_cure() {
    let web = Web::start();
    let (port, closed) = (web.open_with("good.pem"), closed_port());
    let site = format!("https://www.example.org:{port}");
    for (path, status, code, said, cure) in [
        ("/gone", 1, "dead-link", "(404)", "take the link out"),
        ("/taken-away", 1, "dead-link", "(410)", "replaces it"),
        ("/to-gone", 1, "dead-link", "to-gone (404)", "take the link out"),
        ("/fails", 0, "failing-link", "answers 500", "may come back"),
        ("/nowhere", 0, "failing-link", "without saying where", "may come back"),
        ("/barred", 0, "barred-link", "(403)", "open it yourself"),
        ("/always-busy", 0, "barred-link", "(429)", "open it yourself"),
        ("/moved", 0, "moved-link", "/here", "write https://www.example.org"),
        ("/moved-twice", 0, "moved-link", "/here", "/here"),
        ("/lost", 0, "moved-link", "moved for good", "only a front page"),
        ("/loop", 0, "endless-redirect", "on and on", "keep a cookie"),
        ("/here#where", 0, "missing-anchor", "no part `where`", "copy the address of its part"),
        ("/detour#where", 0, "missing-anchor", "no part `where`", "copy the address of its part"),
    ] {
        let (project, names) = english(&format!("Read [the report]({site}{path})."));
        let found = check(&project, &names, &[], status);
        assert_eq!(codes(&found), [code], "{path}");
        assert_eq!(
            (text(&found[0], "file"), &found[0]["line"], &found[0]["column"]),
            ("issues/2026-01/en.md", &10.into(), &6.into())
        );
        assert!(text(&found[0], "message").contains(said), "{path}: {found:?}");
        assert!(text(&found[0], "help").contains(cure), "{path}: {found:?}");
    }
    for (url, code, said) in [
        ("https://nowhere.example.org/".to_owned(), "dead-link", "no host called nowhere.example.org"),
        (format!("https://www.example.org:{closed}/"), "dead-link", "nobody answers"),
        ("mailto:info@nowhere.example.org".to_owned(), "dead-mailto", "nobody gets mail at nowhere.example.org"),
    ] {
        let (project, names) = english(&format!("Read [the report]({url})."));
        let found = check(&project, &names, &[], 1);
        assert_eq!(codes(&found), [code], "{url}");
        assert!(text(&found[0], "message").contains(said), "{found:?}");
    }
    let (project, names) = english(&format!("A [detour]({site}/detour-to-moved) is no move."));
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
}

#[test]
fn what_is_wrong_about_a_certificate_is_told_in_words() {
    let web = Web::start();
    for (host, certificate, said) in [
        ("www.example.org", "expired.pem", "has run out"),
        ("www.example.org", "unknown.pem", "comes from nobody whom this system knows"),
        ("www.example.net", "good.pem", "is made out to another name"),
    ] {
        let port = web.open_with(certificate);
        let (project, names) = english(&format!("[The report](https://{host}:{port}/here)"));
        let found = check(&project, &names, &[], 1);
        assert_eq!(codes(&found), ["bad-certificate"], "{certificate}");
        assert!(text(&found[0], "message").contains(said), "{found:?}");
    }
    // The other way round: in the clear where encryption is expected.
    let port = web.open();
    let (project, names) = english(&format!("[The report](https://www.example.org:{port}/here)"));
    assert_eq!(codes(&check(&project, &names, &[], 0)), ["failing-link"]);
}

#[test]
fn a_finding_stands_at_each_place_of_its_link_and_the_page_is_asked_for_once() {
    let web = Web::start();
    let site = format!("https://www.example.org:{}", web.open_with("good.pem"));
    let (project, record) =
        newsletter(&format!("[One]({site}/gone)\n\n[Two]({site}/gone)"), &format!("[Un]({site}/gone)"));
    project.edit("bulletin.toml", "[[dkim]]", &format!("website = \"{site}/fails\"\n\n[[dkim]]"));
    let names = NameServer::start(&format!("{ZONE}{record}\n"));
    let found = check(&project, &names, &[], 1);
    let places: Vec<_> =
        found.iter().map(|one| format!("{}:{} {}", text(one, "file"), one["line"], text(one, "code"))).collect();
    let expected = [
        "bulletin.toml:13 failing-link",
        "issues/2026-01/en.md:10 dead-link",
        "issues/2026-01/en.md:12 dead-link",
        "issues/2026-01/fr.md:10 dead-link",
    ];
    assert_eq!(places, expected, "those of the templates and the configuration too");
    let once = [
        "GET www.example.org/fails",
        "GET www.example.org/gone",
        "HEAD www.example.org/fails",
        "HEAD www.example.org/gone",
    ];
    assert_eq!(web.requests(), once);
}

#[test]
fn no_host_is_asked_for_more_than_two_pages_at_once_nor_faster_than_five_a_second() {
    let web = Web::start();
    let port = web.open_with("good.pem");
    let mut links = String::new();
    for page in 0..7 {
        for host in ["www", "blog"] {
            let _ = writeln!(links, "[Page {page} of the {host}](https://{host}.example.org:{port}/slow-{page})\n");
        }
    }
    let (project, names) = english(&links);
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
    let moments = web.moments();
    assert_eq!(moments.len(), 14);
    for host in ["www.example.org", "blog.example.org"] {
        assert_eq!(web.most_at_once(host), 2, "{host}");
        let of_host: Vec<_> =
            moments.iter().filter(|(line, _)| line.contains(host)).map(|(_, moment)| *moment).collect();
        // A request may be under way for a while, so single gaps vary where the whole does not.
        assert!(of_host[6] - of_host[0] >= Duration::from_secs(1), "{of_host:?}");
    }
}

#[test]
fn a_second_run_asks_for_what_was_not_well_alone() {
    let web = Web::start();
    let site = format!("https://www.example.org:{}", web.open_with("good.pem"));
    let (project, names) =
        english(&format!("[Well]({site}/here), [not]({site}/gone), [moved]({site}/moved), [part]({site}/page#where)."));
    assert_eq!(codes(&check(&project, &names, &[], 1)), ["dead-link", "moved-link", "missing-anchor"]);
    web.requests();
    assert_eq!(codes(&check(&project, &names, &[], 1)), ["dead-link", "moved-link", "missing-anchor"]);
    let asked = [
        "GET www.example.org/gone",
        "GET www.example.org/page",
        "HEAD www.example.org/gone",
        "HEAD www.example.org/here",
        "HEAD www.example.org/moved",
    ];
    assert_eq!(web.requests(), asked, "/here is where /moved leads to");
}

#[test]
fn parts_that_can_not_be_told_are_no_finding() {
    let web = Web::start();
    let site = format!("https://www.example.org:{}", web.open_with("good.pem"));
    let (project, names) = english(&format!(
        "[Packed]({site}/packed#where), [large]({site}/large#last), [a program]({site}/here#/route), \
         [old]({site}/old#qui-%C3%A9tait-l%C3%A0)."
    ));
    assert_eq!(codes(&check(&project, &names, &[], 0)), Vec::<&str>::new());
}

#[test]
fn a_server_that_wants_rest_gets_it_once() {
    let web = Web::start();
    let site = format!("https://www.example.org:{}", web.open_with("good.pem"));
    let (project, names) = english(&format!("[Busy]({site}/busy), [always]({site}/always-busy)."));
    let found = check(&project, &names, &[], 0);
    assert_eq!(codes(&found), ["barred-link"]);
    let moments = web.moments();
    let of =
        |path: &str| -> Vec<_> { moments.iter().filter(|(line, _)| line.ends_with(path)).map(|(_, at)| *at).collect() };
    assert_eq!((of("org/busy").len(), of("always-busy").len()), (2, 2));
    let busy = of("org/busy");
    assert!(busy[1] - busy[0] >= Duration::from_millis(950), "{busy:?}");
}

#[test]
fn without_a_network_one_finding_says_so_and_the_rest_is_checked_all_the_same() {
    let (project, _) =
        newsletter("[The report](https://www.example.org/a), [here](https://www.example.org/b).", "Texte.");
    let names = NameServer::start("* FAILS");
    let found = check(&project, &names, &[], 1);
    assert_eq!(codes(&found), ["no-network"]);
    assert!(text(&found[0], "help").contains("connect this machine"), "{found:?}");
    let said =
        project.command(&["check", "--online"]).env("BULLETIN_DNS", names.address().to_string()).output().unwrap();
    let stderr = String::from_utf8(said.stderr).unwrap();
    assert!(stderr.contains("no network") && stderr.contains("does not say where the link leads"), "{stderr}");
    let odd = project.command(&["check", "--online"]).env("BULLETIN_DNS", "dns.example.org").output().unwrap();
    assert_eq!(odd.status.code(), Some(2));
    assert!(String::from_utf8(odd.stderr).unwrap().contains("BULLETIN_DNS"));
}

#[test]
fn online_rules_are_weighed_like_all_others() {
    let web = Web::start();
    let site = format!("https://www.example.org:{}", web.open_with("good.pem"));
    let (project, names) = english(&format!("[The report]({site}/gone), [moved]({site}/moved)."));
    let toml = project.read("bulletin.toml");
    project.write("bulletin.toml", &format!("{toml}\n[check]\ndead-link = \"info\"\nmoved-link = \"off\"\n"));
    let found = check(&project, &names, &[], 0);
    assert_eq!((codes(&found), text(&found[0], "severity")), (vec!["dead-link"], "info"));
}

/// Where nobody listens.
pub(super) fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

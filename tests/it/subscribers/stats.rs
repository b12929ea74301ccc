//! `bulletin subscribers stats`: the list in numbers, with what readers asked for and without who left.

use bulletin::domain::EmailAddress;
use bulletin::domain::clock::Clock;
use bulletin::domain::token::TokenKey;
use bulletin::readers::{Change, Channel, Event, Register};
use bulletin::state::Database;

use crate::project::{Project, SECRET};

fn happened(project: &Project, email: &str, at: &str, change: Change) {
    let email: EmailAddress = email.parse().unwrap();
    let event = Event {
        reader: TokenKey::new(SECRET.as_bytes()).pseudonym(&email),
        identity: Some(email.identity()),
        at: at.parse().unwrap(),
        change,
        channel: Channel::Web,
        note: None,
    };
    Register::new(Database::open(&project.path("state/bulletin.db")).unwrap()).append(vec![event]).unwrap();
}

/// Ten people, of whom two left and one asked for French.
fn newsletter() -> Project {
    let project = Project::sample();
    let today = Clock::system().now().strftime("%Y-%m-%d").to_string();
    let list = "email,name,language,topics,Organisation name,Province,Consent,Consent date\n\
        ann@gmail.com,Ann,en,policy,,,express,TODAY\n\
        bo@googlemail.com,Bo,fr;en,policy;media,,,implied,2015-06-01\n\
        cy@example.org,Cy,,,,,,\n\
        di@example.org,Di,fr,media,,,implied,TODAY\n\
        ed@example.org,Ed,en,,,,tacit,\n\
        fi@rare.example.org,Fi,en,,,,express,2015-06-01\n\
        gi@example.org,Gi,fr-CA,events,,,express,TODAY\n\
        hu@gmail.com,Hu,en,policy,,,express,2015-06-01\n\
        ida@example.org,Ida,en,policy,,,express,TODAY\n\
        jo@example.org,Jo,en,policy,,,express,TODAY\n\
        ANN@gmail.com,Ann,en,policy,,,express,TODAY\n\
        nobody,Nobody,en,policy,,,express,TODAY\n";
    project.write("subscribers/subscribers.csv", &list.replace("TODAY", &today));
    happened(&project, "ann@gmail.com", "2015-06-01T10:00:00Z", Change::Listed);
    happened(&project, "cy@example.org", "2015-06-01T10:00:00Z", Change::Languages(vec!["fr".parse().unwrap()]));
    for (cause, email) in
        [("unsubscribed", "ida@example.org"), ("bounced", "jo@example.org"), ("complained", "x@y.example")]
    {
        let said = project.run(&["subscribers", "suppress", email, "--cause", cause]);
        assert_eq!(said.status, Some(0), "{said:#?}");
    }
    project
}

#[test]
fn people_are_counted_with_what_they_asked_for_and_without_who_left() {
    let project = newsletter();
    let told = project.json(&["subscribers", "stats", "--json"], 0);
    assert_eq!((&told["people"], &told["reachable"], &told["bad_rows"]), (&10.into(), &8.into(), &1.into()));
    assert_eq!((&told["suppressed"]["unsubscribed"], &told["suppressed"]["bounced"]), (&1.into(), &1.into()));
    assert_eq!((&told["suppressed"]["complained"], &told["suppressed_elsewhere"]), (&0.into(), &1.into()));
    let parts = |key: &str| {
        let parts = told[key].as_array().unwrap().iter();
        parts.map(|part| (part["name"].as_str(), part["people"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(parts("languages"), [(Some("en"), 4), (Some("fr"), 3), (Some("fr-CA"), 1)]);
    assert_eq!(parts("topics"), [(Some("policy"), 3), (Some("media"), 2), (Some("events"), 1), (None, 3)]);
    assert_eq!(parts("domains"), [(Some("example.org"), 4), (Some("gmail.com"), 3), (Some("rare.example.org"), 1)]);
    assert_eq!(told["languages_each"], serde_json::json!({ "1": 7, "2": 1 }));
    assert_eq!(told["consent"], serde_json::json!({ "express": 4, "implied": 2, "ended": 1, "not_said": 1 }));
    let growth = &told["growth"];
    let earlier = serde_json::json!({ "listed": 1, "left": 0, "restored": 0, "consented": 3 });
    assert_eq!(growth["earlier"], earlier);
    let months = growth["months"].as_array().unwrap();
    assert_eq!((months.len(), &months[23]["left"], &months[23]["consented"]), (24, &3.into(), &3.into()));
}

#[test]
fn the_table_fits_a_terminal_of_80_columns() {
    let project = newsletter();
    let said = project.run(&["subscribers", "stats"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stderr.contains("1 row can't be used"), "{}", said.stderr);
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 79), "{}", said.stdout);
    let (numbers, months) = said.stdout.split_once("\nBy month").unwrap();
    // The first line ends in the day.
    insta::assert_snapshot!(numbers.split_once('\n').unwrap().1);
    let last = months.lines().last().unwrap().split_whitespace().skip(1).collect::<Vec<_>>();
    assert_eq!(last, ["0", "3", "0", "3"], "{months}");
}

#[test]
fn a_list_that_says_little_has_numbers_too() {
    let project = Project::sample();
    project.write("subscribers/subscribers.csv", "email\nann@example.org\n");
    let told = project.json(&["subscribers", "stats", "--json"], 0);
    assert_eq!((&told["consent"], &told["growth"]["earlier"]["consented"]), (&None::<()>.into(), &None::<()>.into()));
    let said = project.run(&["subscribers", "stats", "--html", "page.html"]);
    assert!(said.stdout.contains("nothing is on record yet"), "{}", said.stdout);
    assert!(project.read("page.html").contains("Nothing is on record yet"));
    project.write("subscribers/subscribers.csv", "email\n");
    let said = project.run(&["subscribers", "stats", "--html"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
}

#[test]
fn the_page_needs_nothing_but_itself_and_tells_nobody_apart() {
    let project = newsletter();
    project.write("outbox/subscribers.html", "an older page that anyone can read");
    let said = project.run(&["subscribers", "stats", "--html"]);
    assert!(said.stderr.contains("subscribers.html"), "{said:#?}");
    assert!(said.stdout.contains("rare.example.org"), "the terminal is the coordinator's own");
    let page = project.read("outbox/subscribers.html");
    assert_eq!(page.matches("<svg ").count(), 7, "languages, several, topics, domains, consent, growth, consented");
    assert_eq!(page.matches("http").count(), page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    for fetched in ["<script", "<link", "<img", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    assert_eq!(page.matches('@').count(), page.matches("@media").count(), "an address");
    assert!(!page.contains("rare.example.org"), "a domain of one person");
    for svg in page.split("<svg ").skip(1) {
        let heading = svg.split_once("aria-labelledby=\"").unwrap().1.split('"').next().unwrap();
        assert!(page.contains(&format!("<h2 id=\"{heading}\">")), "{heading}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(project.path("outbox/subscribers.html")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

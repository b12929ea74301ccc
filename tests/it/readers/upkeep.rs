//! Sync, export and forgetting: what readers asked for reaches the list, and who is forgotten is nowhere.

use std::fs;
use std::path::Path;

use bulletin::domain::token::TokenKey;
use bulletin::domain::{EmailAddress, Language, Topic};
use bulletin::readers::{Change, Channel, Event, Register};
use bulletin::rehearsal::CatcherOptions;
use bulletin::state::Database;

use crate::project::{Project, SECRET};
use crate::send::stage::{Account, ISSUE, Post, newsletter, reader, sent};

const LIST: &str = "subscribers/subscribers.csv";

/// What a reader asks for, as if on the web.
fn ask(project: &Project, email: &str, change: Change) {
    let email: EmailAddress = email.parse().unwrap();
    let event = Event {
        reader: TokenKey::new(SECRET.as_bytes()).pseudonym(&email),
        identity: Some(email.identity()),
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
        change,
        channel: Channel::Web,
        note: None,
    };
    Register::new(Database::open(&project.path("state/bulletin.db")).unwrap()).append(vec![event]).unwrap();
}

fn languages(tags: &[&str]) -> Change {
    Change::Languages(tags.iter().map(|tag| tag.parse::<Language>().unwrap()).collect())
}

fn topics(words: &[&str]) -> Change {
    Change::Topics(words.iter().map(|word| word.parse::<Topic>().unwrap()).collect())
}

#[test]
fn what_a_reader_asked_for_holds_at_once_and_sync_writes_it_into_the_list() {
    let (project, _) = newsletter(2);
    ask(&project, &reader(0), languages(&["fr"]));
    ask(&project, &reader(1), topics(&["policy", "media"]));
    let manifest = project.json(&["preview", ISSUE, "--json"], 0);
    let editions = manifest["editions"].as_array().unwrap();
    assert!(editions.iter().all(|edition| edition["language"] == "fr"), "{manifest}");

    let said = project.run(&["subscribers", "sync", "--yes"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stdout.contains("reader0000@example.org  language: `en` becomes `fr`"), "{}", said.stdout);
    let expected = "email,name,language,topics\nreader0000@example.org,Reader 0,fr,\nreader0001@example.org,Reader 1,fr,media;policy\n";
    assert_eq!(project.read(LIST), expected);
    let said = project.run(&["subscribers", "sync", "--yes"]);
    assert!(said.stderr.contains("says already"), "{}", said.stderr);

    // From now on the list counts again.
    project.edit(LIST, "Reader 0,fr", "Reader 0,en");
    assert_eq!(project.json(&["preview", ISSUE, "--json"], 0)["editions"][0]["language"], "en");
}

#[test]
fn sync_can_take_out_who_is_suppressed_and_they_stay_so() {
    let (project, _) = newsletter(3);
    project.run(&["subscribers", "suppress", &reader(1)]);
    assert_eq!(project.json(&["subscribers", "sync", "--drop-suppressed", "--yes", "--json"], 0)["removed"], 1);
    assert_eq!(project.read(LIST).lines().count(), 3);
    project.write("export.csv", &format!("email\n{}\n", reader(1)));
    let told = project.json(&["subscribers", "import", "export.csv", "--yes", "--json"], 0);
    assert_eq!(told["suppressed"], 1);
}

#[test]
fn an_export_has_what_holds_now_and_no_formula() {
    let (project, _) = newsletter(3);
    project.edit(LIST, "Reader 0", "=HYPERLINK(1)");
    ask(&project, &reader(0), languages(&["fr", "en"]));
    project.run(&["subscribers", "suppress", &reader(1)]);
    let exported = project.run(&["subscribers", "export"]);
    let expected = "\u{feff}email,name,language,topics\n\
                    reader0000@example.org,'=HYPERLINK(1),fr;en,\n\
                    reader0002@example.org,Reader 2,en,\n";
    assert_eq!(exported.stdout, expected);
    let said = project.run(&["subscribers", "export", "--all", "--out", "copy.csv"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(project.read("copy.csv").contains("Reader 1,fr,,suppressed by hand on 20"), "{}", project.read("copy.csv"));
}

/// Files below `folder` in which `text` stands.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap()).to_lowercase().contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn who_is_forgotten_stands_in_no_file_and_no_import_makes_them_mailable_again() {
    let (project, digest) = newsletter(4);
    let gone = reader(2);
    let post = Post::open("");
    sent(&project, &post, &digest, &[]);
    project.run(&["rehearse", ISSUE]);
    project.run(&["preview", ISSUE, "--each", "--addresses"]);
    project.run(&["subscribers", "suppress", &gone, "--because", &format!("{gone} telephoned")]);
    project.write("export.csv", "email,name\nnew@example.org,New\n");
    project.run(&["subscribers", "import", "export.csv", "--yes"]);
    assert!(holding(&project.path("state"), &gone).len() > 1, "the database and a backup hold it");

    let said = project.run(&["subscribers", "forget", &gone.to_uppercase(), "--yes"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let still = holding(&project.path(""), &gone);
    assert!(still.is_empty(), "{still:?}");
    let account = project.json(&["status", ISSUE, "--json"], 0);
    assert_eq!((&account["planned"], &account["accepted"]), (&4.into(), &4.into()), "the account stands");

    project.write("export.csv", &format!("email,name\n{gone},Back\n"));
    let told = project.json(&["subscribers", "import", "export.csv", "--yes", "--json"], 0);
    assert_eq!((&told["added"], &told["suppressed"]), (&0.into(), &1.into()));
    project.write(LIST, &(project.read(LIST) + &format!("{gone},By hand,en,\n")));
    let post = post.reopen(CatcherOptions::default());
    let (_, account) = sent(&project, &post, &digest, &["--include-new"]);
    assert_eq!(account, Account { planned: 6, accepted: 5, skipped: 1, ..Account::default() });
    assert_eq!(post.recipients(), ["new@example.org"]);
}

//! The directions in which the house may be walked, read off its `use crate::` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::project::repository;

/// What each room may import; side doors and the rooms of the flow alike. A room that is not named
/// here makes the test fail, so that a new one is thought about.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &["domain"]),
    ("issue", &["domain"]),
    ("edition", &["domain", "config", "issue"]),
    ("render", &["domain", "config", "issue", "edition"]),
    ("subscribers", &["domain"]),
    ("compose", &["domain", "config", "render", "subscribers"]),
    ("dial", &[]),
    ("inbox", &["domain", "dial"]),
    ("bounces", &["domain", "inbox"]),
    ("state", &[]),
    ("readers", &["domain", "state"]),
    ("ledger", &["domain", "edition", "state"]),
    ("deliver", &["domain", "dial", "compose", "ledger", "state"]),
    (
        "pipeline",
        &[
            "domain",
            "config",
            "issue",
            "edition",
            "render",
            "subscribers",
            "readers",
            "compose",
            "deliver",
            "ledger",
            "state",
            "bounces",
        ],
    ),
    ("chart", &[]),
    ("upkeep", &["domain", "chart", "subscribers", "readers", "ledger", "state", "inbox", "bounces", "pipeline"]),
    ("preview", &["domain", "compose", "edition", "issue", "render", "state", "subscribers"]),
    ("rehearsal", &[]),
    ("report", &["domain", "chart", "edition", "subscribers", "readers", "ledger", "state"]),
    ("check", &["domain", "config", "issue", "render", "compose", "dial", "deliver"]),
    (
        "cli",
        &[
            "domain",
            "dial",
            "config",
            "issue",
            "edition",
            "render",
            "subscribers",
            "readers",
            "compose",
            "deliver",
            "ledger",
            "state",
            "inbox",
            "pipeline",
            "upkeep",
            "check",
            "preview",
            "rehearsal",
            "report",
            "inbox",
            "bounces",
        ],
    ),
    ("main", &["cli"]),
];

/// Each source file with the room that it belongs to and its text up to its unit tests.
fn sources() -> Vec<(String, String, String)> {
    fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let src = repository().join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    files
        .into_iter()
        .filter(|path| !path.to_string_lossy().ends_with("_tests.rs"))
        .map(|path| {
            let name = path.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
            let room = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            (name, room, text)
        })
        .filter(|(_, room, _)| room != "lib")
        .collect()
}

/// The rooms that a file's code names: after `crate::`, in one line or in a group of braces.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap().split(',').collect(),
            None => vec![rest],
        };
        for name in names {
            let room: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            rooms.insert(room);
        }
    }
    rooms
}

#[test]
fn no_room_imports_another_against_the_direction_of_the_flow() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut faults = Vec::new();
    for (file, room, text) in sources() {
        let Some(allowed) = allowed.get(room.as_str()) else {
            faults.push(format!("{file}: the room {room} is not in the plan of the house"));
            continue;
        };
        for import in imports(&text) {
            if import != room && !allowed.contains(&import.as_str()) {
                faults.push(format!("{file} imports {import}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_that_makes_an_edition_can_see_a_subscriber() {
    for (file, room, text) in sources() {
        if ["issue", "edition", "render"].contains(&room.as_str()) {
            assert!(!imports(&text).contains("subscribers"), "{file}");
        }
        if room != "cli" && room != "main" {
            assert!(!text.contains("clap::"), "{file} knows clap");
        }
    }
}

#[test]
fn only_the_pipeline_and_the_command_line_see_the_whole_configuration() {
    for (file, room, text) in sources() {
        if !["config", "pipeline", "cli"].contains(&room.as_str()) {
            let groups = text.split("crate::config::").skip(1).map(|rest| rest.split([';', '}']).next().unwrap());
            let words = groups.flat_map(|group| group.split(|c: char| !c.is_alphanumeric()));
            assert!(!words.into_iter().any(|word| word == "Config"), "{file} sees the whole Config");
        }
    }
}

#[test]
fn files_stay_small() {
    for (file, _, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{file} has {lines} lines: look for the second idea inside");
    }
}

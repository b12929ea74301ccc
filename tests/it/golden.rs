//! The whole preview of the sample, byte for byte, against `tests/golden/2015-11`, and that of a
//! newsletter in English and Arabic against `tests/golden/rtl`, and that of one in each language that is
//! built in against `tests/golden/languages`. CONTRIBUTING.md tells how to make them anew.

use std::collections::BTreeMap;
use std::path::Path;

use crate::project::{Project, repository};

/// Name and content of each file below `folder`.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, tree: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, tree);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                tree.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

fn assert_same(expected: &BTreeMap<String, Vec<u8>>, actual: &BTreeMap<String, Vec<u8>>) {
    let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(expected), names(actual));
    for (name, expected) in expected {
        let actual = &actual[name];
        if expected != actual {
            let at = expected.iter().zip(actual).take_while(|(one, other)| one == other).count();
            let near = |bytes: &[u8]| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(80)..bytes.len().min(at + 80)]).into_owned()
            };
            panic!("{name} differs at byte {at}:\nexpected {:?}\nactual   {:?}", near(expected), near(actual));
        }
    }
}

#[test]
fn every_edition_of_the_sample_is_the_same_to_the_byte() {
    let project = Project::sample();
    assert_eq!(project.run(&["preview", "2015-11", "--out", "out"]).status, Some(0));
    assert_same(&tree(&repository().join("tests/golden/2015-11")), &tree(&project.path("out")));
}

#[test]
fn every_edition_in_arabic_and_english_is_the_same_to_the_byte() {
    let project = Project::right_to_left();
    assert_eq!(project.run(&["preview", "2026-03", "--out", "out"]).status, Some(0));
    assert_same(&tree(&repository().join("tests/golden/rtl")), &tree(&project.path("out")));
}

#[test]
fn every_edition_in_the_languages_that_are_built_in_is_the_same_to_the_byte() {
    let project = Project::all_languages();
    assert_eq!(project.run(&["preview", "2026-04", "--out", "out"]).status, Some(0));
    assert_same(&tree(&repository().join("tests/golden/languages")), &tree(&project.path("out")));
}

#[test]
fn two_previews_of_the_same_input_are_the_same_to_the_byte() {
    let project = Project::sample();
    for out in ["one", "two"] {
        assert_eq!(project.run(&["preview", "2015-11", "--each", "--out", out]).status, Some(0));
    }
    let one = tree(&project.path("one"));
    assert_eq!(one.keys().filter(|name| name.starts_with("each/")).count(), 60);
    assert_same(&one, &tree(&project.path("two")));
}

#[test]
fn a_preview_takes_the_place_of_the_last_one_and_of_nothing_else() {
    let project = Project::sample();
    project.run(&["preview", "2015-11", "--each", "--out", "out"]);
    assert_eq!(project.run(&["preview", "2015-11", "--out", "out"]).status, Some(0));
    assert!(!project.path("out/each").exists());
    project.write("out/thesis.doc", "years of work");
    let said = project.run(&["preview", "2015-11", "--out", "out"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("holds other files than a preview"), "{}", said.stderr);
    assert_eq!(project.read("out/thesis.doc"), "years of work");
}

#[test]
fn each_previewed_message_is_what_a_rehearsal_transmits_but_for_its_date() {
    let project = Project::sample();
    project.run(&["preview", "2015-11", "--each", "--out", "out"]);
    project.run(&["rehearse", "2015-11"]);
    let without_date = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let date = text.find("\r\nDate: ").unwrap();
        let end = date + 2 + text[date + 2..].find("\r\n").unwrap();
        format!("{}{}", &text[..date], &text[end..])
    };
    let previewed: Vec<_> = tree(&project.path("out/each")).into_values().map(|bytes| without_date(&bytes)).collect();
    let mut rehearsed: Vec<_> = tree(&project.path("outbox/2015-11/rehearsal/maildir/new"))
        .into_values()
        .map(|bytes| {
            // The catcher puts Return-Path and Delivered-To on top, as a mailbox does.
            let text = String::from_utf8(bytes).unwrap();
            let top = text.find("From: ").unwrap();
            without_date(&text.as_bytes()[top..])
        })
        .collect();
    let mut previewed = previewed;
    previewed.sort();
    rehearsed.sort();
    assert_eq!(previewed.len(), rehearsed.len());
    assert!(previewed == rehearsed, "a message differs");
}

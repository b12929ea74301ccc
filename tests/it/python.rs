//! What another implementation reads in a message: the email package of Python's standard library.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::project::{Project, repository, skipped};

/// Each `.eml` below `folders` as `tests/fixtures/read_back.py` reads it; none where there is no Python.
pub fn read_back(files: &[std::path::PathBuf]) -> Option<Vec<Value>> {
    let script = repository().join("tests/fixtures/read_back.py");
    let output = match Command::new("python3").arg(script).args(files).output() {
        Ok(output) => output,
        Err(error) => return skipped(format!("python3 can't be run: {error}")),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// An edition's manifest entry, and what Python reads in its message.
fn editions(project: &Project, issue: &str) -> Option<Vec<(Value, Value)>> {
    let manifest = project.json(&["preview", issue, "--out", "out", "--json"], 0);
    let editions = manifest["editions"].as_array().unwrap();
    let files: Vec<_> = editions.iter().map(|one| project.path("out").join(one["eml"].as_str().unwrap())).collect();
    let read = read_back(&files)?;
    assert_eq!(read.len(), editions.len());
    Some(editions.iter().cloned().zip(read).collect())
}

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

/// `html` without the addresses of its images, which a preview on the disk can't have as the mail has them.
fn without_images(html: &str) -> String {
    let mut parts = html.split("src=\"");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |out, part| out + "src=\"" + part.split_once('"').unwrap().1)
}

fn reads_back(project: &Project, issue: &str) {
    let Some(editions) = editions(project, issue) else { return };
    for (edition, read) in &editions {
        let id = edition["id"].as_str().unwrap();
        assert!(read["defects"].as_array().unwrap().is_empty(), "{id}: {}", read["defects"]);
        assert_eq!(read["subject"], edition["subject"], "{id}");
        let language = edition["language"].as_str().unwrap();
        assert_eq!(read["content_language"].as_str().unwrap().replace(", ", ";"), language);
        let shown = |name: &str| project.read(&format!("out/{}", edition[name].as_str().unwrap()));
        assert_eq!(read["text"].as_str().unwrap(), shown("text"), "{id}");
        let html = read["html"].as_str().unwrap();
        assert_eq!(without_images(html), without_images(&shown("html")), "{id}");

        let (text_links, html_links) = (strings(&read["text_links"]), strings(&read["html_links"]));
        let text = read["text"].as_str().unwrap();
        for link in &html_links {
            // An address is written without its scheme in plain text, where mail programs link it all the same.
            let bare = link.strip_prefix("mailto:").or_else(|| link.strip_prefix("tel:"));
            assert!(text_links.contains(link) || bare.is_some_and(|bare| text.contains(bare)), "{id}: {link}");
        }
        assert_eq!(text_links.difference(&html_links).collect::<Vec<_>>(), Vec::<&&str>::new(), "{id}");
    }
}

#[test]
fn every_message_of_the_sample_reads_the_same_in_python() {
    reads_back(&Project::sample(), "2015-11");
}

#[test]
fn every_message_in_arabic_and_english_reads_the_same_in_python() {
    reads_back(&Project::right_to_left(), "2026-03");
}

#[test]
fn names_in_arabic_and_with_quotes_come_through_as_they_were_typed() {
    let project = Project::right_to_left();
    assert_eq!(project.run(&["preview", "2026-03", "--each", "--out", "out"]).status, Some(0));
    let Some(read) = read_back(&[project.path("out/each/row-00004.eml")]) else { return };
    assert_eq!(read[0]["from"], serde_json::json!([["مركز الميناء للترحيب", "letter@example.org"]]));
    assert_eq!(read[0]["to"], serde_json::json!([["سامي \"أبو جورج\" خوري", "sami@example.net"]]));
    assert_eq!(read[0]["list_id"], "رسالة الميناء <harbour.example.org>");
    assert_eq!(read[0]["subject"], "رسالة الميناء ١٢: بيت وعمل ومهرجان الربيع");
    assert_eq!(read[0]["content_language"], "ar");
}

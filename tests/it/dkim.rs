//! Signatures, as other implementations verify them: Python's dkimpy, and OpenDKIM, which knows RSA only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::project::{Project, Said, python_with, repository, skipped};
use crate::send::flat;

#[derive(Deserialize)]
struct Verdict {
    file: PathBuf,
    signatures: Vec<Signature>,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
struct Signature {
    algorithm: String,
    holds: bool,
}

/// The program's own words for both algorithms, in the order of the keys.
const BOTH: [&str; 2] = ["rsa-sha256", "ed25519-sha256"];

/// Makes keys, names them in bulletin.toml, and tells the DNS records as `dkim new` printed them.
fn with_keys(project: &Project) -> BTreeMap<String, String> {
    let said = project.run(&["dkim", "new", "--selector", "news"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let tables = said.stderr.find("[[dkim]]").unwrap();
    project.write("bulletin.toml", &format!("{}\n{}", project.read("bulletin.toml"), &said.stderr[tables..]));
    records(&said.stdout)
}

/// A zone file's TXT records, their strings joined.
fn records(zone: &str) -> BTreeMap<String, String> {
    let mut records = BTreeMap::new();
    for record in zone.split("_domainkey").collect::<Vec<_>>().windows(2) {
        let selector = record[0].rsplit(['\n', ')']).next().unwrap();
        let (domain, rest) = record[1].split_once(" IN TXT ").unwrap();
        let text: String = rest.split('"').skip(1).step_by(2).collect();
        records.insert(format!("{selector}_domainkey{domain}"), text);
    }
    records
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What dkimpy says of each message; none where there is no dkimpy.
fn verified(project: &Project, records: &BTreeMap<String, String>, messages: &[PathBuf]) -> Option<Vec<Verdict>> {
    let Some(python) = python_with("dkim, nacl") else { return skipped("no python3 has dkim and nacl") };
    project.write("records.json", &serde_json::to_string(records).unwrap());
    let script = repository().join("tests/fixtures/verify_dkim.py");
    let output = Command::new(python).arg(script).arg(project.path("records.json")).args(messages).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<Verdict> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), messages.len());
    Some(verdicts)
}

fn all_hold(verdicts: &[Verdict]) {
    for verdict in verdicts {
        let algorithms: Vec<_> = verdict.signatures.iter().map(|one| one.algorithm.as_str()).collect();
        assert_eq!(algorithms, BOTH, "{}", verdict.file.display());
        assert!(verdict.signatures.iter().all(|one| one.holds), "{}: {:?}", verdict.file.display(), verdict.signatures);
    }
}

fn rehearsed(project: &Project, issue: &str) -> Vec<PathBuf> {
    let said = project.run(&["rehearse", issue]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    files(&project.path(&format!("outbox/{issue}/rehearsal/maildir/new")))
}

#[test]
fn both_signatures_of_every_edition_hold_in_python_in_every_language() {
    for (project, issue) in
        [(Project::sample(), "2015-11"), (Project::right_to_left(), "2026-03"), (Project::all_languages(), "2026-04")]
    {
        let records = with_keys(&project);
        let messages = rehearsed(&project, issue);
        assert!(!messages.is_empty());
        let Some(verdicts) = verified(&project, &records, &messages) else { return };
        all_hold(&verdicts);
    }
}

#[test]
fn the_rsa_signature_of_every_edition_holds_in_opendkim() {
    if let Err(error) = Command::new("opendkim").arg("-V").output() {
        return skipped(format!("opendkim can't be run: {error}")).unwrap_or_default();
    }
    for (project, issue) in [(Project::sample(), "2015-11"), (Project::right_to_left(), "2026-03")] {
        let mut dns = String::new();
        for (name, text) in with_keys(&project) {
            let _ = writeln!(dns, "{} {text}", name.trim_end_matches('.'));
        }
        project.write("dns", &dns);
        let data = project.path("dns");
        let configuration = format!("Mode v\nBackground no\nSyslog no\nTestDNSData file:{}\n", data.display());
        project.write("opendkim.conf", &configuration);
        for message in rehearsed(&project, issue) {
            let text = std::fs::read_to_string(message).unwrap();
            project.write("message.eml", &text[text.find("DKIM-Signature").unwrap()..]);
            let mut command = Command::new("opendkim");
            command.arg("-t").arg(project.path("message.eml")).arg("-x").arg(project.path("opendkim.conf"));
            let output = command.output().unwrap();
            let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
            assert!(said.contains("(s=news-rsa, d=example.org, 2048-bit key) succeeded"), "{said}");
        }
    }
}

#[test]
fn what_a_reader_sees_cannot_be_changed_or_added_to() {
    let project = Project::sample();
    let records = with_keys(&project);
    let first = std::fs::read_to_string(&rehearsed(&project, "2015-11")[0]).unwrap();
    // As a relay may hand it on: without what a mailbox puts on top, spaces and folds of its own.
    let message = &first[first.find("DKIM-Signature").unwrap()..];
    let replaced = |from: &str, to: &str| {
        assert!(message.contains(from), "{from}");
        message.replacen(from, to, 1)
    };
    let unharmed = [
        message.to_owned(),
        format!("Received: from here by there\r\n{message}"),
        replaced("\r\nSubject: ", "\r\nsubject:   "),
        replaced("\r\nTo: ", "\r\nTo:\r\n "),
        format!("{message}\r\n\r\n"),
    ];
    let harmed = [
        format!("From: Someone <else@example.net>\r\n{message}"),
        format!("Subject: Something else\r\n{message}"),
        format!("Reply-To: else@example.net\r\n{message}"),
        format!("Content-Type: text/html\r\n{message}"),
        format!("Content-Transfer-Encoding: base64\r\n{message}"),
        format!("List-Unsubscribe: <https://example.net>\r\n{message}"),
        replaced("\r\nSubject: ", "\r\nSubject: Re "),
        replaced("\r\nList-Unsubscribe-Post: ", "\r\nX-List-Unsubscribe-Post: "),
        replaced("\r\n\r\n--", "\r\n\r\n-"),
        format!("{message}PS\r\n"),
    ];
    let mut paths = Vec::new();
    for (at, text) in unharmed.iter().chain(&harmed).enumerate() {
        project.write(&format!("altered/{at:02}.eml"), text);
        paths.push(project.path(&format!("altered/{at:02}.eml")));
    }
    let Some(verdicts) = verified(&project, &records, &paths) else { return };
    let (good, bad) = verdicts.split_at(unharmed.len());
    all_hold(good);
    for verdict in bad {
        assert_eq!(verdict.signatures.len(), 2);
        assert!(verdict.signatures.iter().all(|one| !one.holds), "{}", verdict.file.display());
    }
}

#[test]
fn a_signature_is_all_that_a_key_adds_to_a_message_and_no_part_of_what_is_approved() {
    let project = Project::sample();
    let digest = project.digest("2015-11");
    assert_eq!(project.run(&["preview", "2015-11", "--each", "--out", "before"]).status, Some(0));
    with_keys(&project);
    assert_eq!(project.digest("2015-11"), digest);
    assert_eq!(project.run(&["preview", "2015-11", "--each", "--out", "after"]).status, Some(0));
    for (before, after) in files(&project.path("before/each")).iter().zip(files(&project.path("after/each"))) {
        assert_eq!(std::fs::read(before).unwrap(), std::fs::read(after).unwrap());
    }
    for message in rehearsed(&project, "2015-11") {
        let text = std::fs::read_to_string(message).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("DKIM-Signature: ")).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.ends_with("c=relaxed/relaxed; d=example.org;")), "{lines:?}");
    }
}

#[test]
fn new_keys_are_for_their_owner_alone_and_take_nobodys_place() {
    let project = Project::sample();
    let records = with_keys(&project);
    let names: Vec<_> = records.keys().map(String::as_str).collect();
    assert_eq!(names, ["news-ed25519._domainkey.example.org.", "news-rsa._domainkey.example.org."]);
    #[cfg(unix)]
    for file in files(&project.path("dkim")) {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    let before = project.read("dkim/news-rsa.pem");
    let said = project.run(&["dkim", "new", "--selector", "news"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    assert!(said.stderr.contains("--selector"), "{}", said.stderr);
    assert_eq!(project.read("dkim/news-rsa.pem"), before);
    let shown = project.run(&["dkim", "show"]);
    assert_eq!((shown.status, self::records(&shown.stdout)), (Some(0), records.clone()));
    let json = project.json(&["dkim", "show", "--json"], 0);
    for record in json["records"].as_array().unwrap() {
        assert_eq!(record["text"], records[&format!("{}.", record["name"].as_str().unwrap())].as_str());
    }
}

#[test]
fn one_key_can_be_had_for_a_domain_and_a_selector_of_ones_own() {
    let project = Project::sample();
    let arguments = ["--algorithm", "ed25519", "--domain", "Mail.Example.org", "--selector", "June"];
    let said = project.run(&[&["dkim", "new"], &arguments[..]].concat());
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stdout.starts_with("june._domainkey.mail.example.org. IN TXT \"v=DKIM1; k=ed25519; p="), "{said:#?}");
    assert_eq!(files(&project.path("dkim")).len(), 1);
    assert!(said.stderr.contains("key = \"dkim/june.pem\""), "{}", said.stderr);
    let said = project.run(&["dkim", "new", "--selector", "../june"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
}

fn cannot_send(project: &Project, needed: &[&str]) -> Said {
    let digest = project.digest("2015-11");
    let said = project.run(&["send", "2015-11", "--approve", &digest, "--relay", "smtp://127.0.0.1:1"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    for words in needed {
        assert!(flat(&said.stderr).contains(words), "{words}: {}", said.stderr);
    }
    assert!(!project.path("state").exists(), "it came as far as the ledger");
    said
}

#[test]
fn a_key_that_is_missing_or_none_stops_a_send_before_it_begins_and_no_preview() {
    let project = Project::sample();
    with_keys(&project);
    std::fs::remove_file(project.path("dkim/news-rsa.pem")).unwrap();
    cannot_send(&project, &["The DKIM key dkim/news-rsa.pem can't be read", "bulletin dkim new"]);
    project.write("dkim/news-rsa.pem", "secret");
    let said = cannot_send(&project, &["dkim/news-rsa.pem can't be used", "BEGIN PRIVATE KEY"]);
    assert!(!said.stderr.contains("secret"), "{}", said.stderr);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_told_with_its_cure() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::sample();
    with_keys(&project);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(project.path("dkim/news-rsa.pem"), open).unwrap();
    let said = project.run(&["dkim", "show"]);
    assert_eq!(said.status, Some(0));
    assert!(said.stderr.contains("chmod 600 dkim/news-rsa.pem"), "{}", said.stderr);
    assert!(!said.stderr.contains("news-ed25519.pem"), "{}", said.stderr);
}

#[test]
fn a_domain_that_is_not_the_senders_and_a_selector_twice_are_told_at_once() {
    let project = Project::sample();
    let table = |domain: &str| format!("[[dkim]]\ndomain = \"{domain}\"\nselector = \"one\"\nkey = \"one.pem\"\n");
    let text = project.read("bulletin.toml");
    let tables = [table("example.org"), table("Example.org"), table("example.net")].concat();
    project.write("bulletin.toml", &format!("{text}\n{tables}"));
    let said = project.run(&["preview", "2015-11"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    for needed in ["`one` names two keys of example.org", "`example.net` is not the domain of any sender", "2 faults"] {
        assert!(flat(&said.stderr).contains(needed), "{needed}: {}", said.stderr);
    }
    project.write("bulletin.toml", &format!("{text}\n[dkim]\nselector = \"one\"\nkye = \"one.pem\"\n"));
    let said = project.run(&["preview", "2015-11"]);
    assert!(flat(&said.stderr).contains("`key`"), "{}", said.stderr);
}

//! `bulletin check --online`, against name servers, web servers and relays on this machine.

mod dns;
mod domain;
mod links;
mod relay;
mod web;

use std::collections::BTreeSet;

use dns::NameServer;
use serde_json::Value;

use crate::project::{Project, repository};

/// What a domain has to publish so that there is nothing to say about it. The key's record is added.
const ZONE: &str = "
    example.org MX 10 mail.example.org
    mail.example.org A 127.0.0.1
    www.example.org A 127.0.0.1
    example.org TXT v=spf1 mx -all
    _dmarc.example.org TXT v=DMARC1; p=quarantine; rua=mailto:reports@example.org
";

const TOML: &str = r#"[newsletter]
name = "News"
id = "news.example.org"
languages = ["en", "fr"]
unsubscribe = "leave@example.org"
bounces = "returned@example.org"

[sender]
name = "The Office"
email = "news@example.org"
postal_address = "1 Sample Street, Halifax"

[[dkim]]
domain = "example.org"
selector = "one"
key = "dkim/one.pem"
"#;

/// A newsletter that signs, with this in its English and its French, and the record of its key.
fn newsletter(en: &str, fr: &str) -> (Project, String) {
    let project = Project::empty();
    project.write("bulletin.toml", &TOML[..TOML.find("[[dkim]]").unwrap()]);
    let made = project.json(&["dkim", "new", "--selector", "one", "--algorithm", "ed25519", "--json"], 0);
    let record = &made["records"][0];
    let record = format!("{} TXT {}", record["name"].as_str().unwrap(), record["text"].as_str().unwrap());
    project.write("bulletin.toml", TOML);
    project.write("subscribers/subscribers.csv", "email,language\nann@example.org,en\nbo@example.org,fr\n");
    project.write("issues/2026-01/issue.toml", "date = 2026-01-15\n");
    let front = "+++\nsubject = \"What changed\"\npreheader = \"Two rules\"\n+++\n\nHello.\n\n";
    project.write("issues/2026-01/en.md", &format!("{front}# News {{#news}}\n\n{en}\n"));
    project.write("issues/2026-01/fr.md", &format!("{front}# Nouvelles {{#news}}\n\n{fr}\n"));
    (project, record)
}

/// The same with a zone in which all is well, but for what `edit` does to it.
fn domain(edit: impl FnOnce(String) -> String) -> (Project, NameServer) {
    let (project, record) = newsletter("Text.", "Texte.");
    let names = NameServer::start(&edit(format!("{ZONE}{record}\n")));
    (project, names)
}

/// The findings of the rules that need the network.
fn check(project: &Project, names: &NameServer, options: &[&str], status: i32) -> Vec<Value> {
    let output = project
        .command(&[&["check", "2026-01", "--online", "--json"], options].concat())
        .env("BULLETIN_DNS", names.address().to_string())
        .env("SSL_CERT_FILE", repository().join("tests/fixtures/tls/ca.pem"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    assert_eq!(output.status.code(), Some(status), "{said:#}\n{stderr}");
    let online: BTreeSet<_> = bulletin::check::online::ONLINE_RULES.iter().map(|rule| rule.code).collect();
    let findings = said["findings"].as_array().unwrap().iter();
    findings.filter(|finding| online.contains(finding["code"].as_str().unwrap())).cloned().collect()
}

fn codes(findings: &[Value]) -> Vec<&str> {
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

fn text<'a>(finding: &'a Value, key: &str) -> &'a str {
    finding[key].as_str().unwrap_or_default()
}

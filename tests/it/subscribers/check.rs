//! `bulletin subscribers check`: every doubt about a list, for people and for scripts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fixture;
use crate::project::Project;

fn check(list: &str, status: i32) -> Value {
    let project = Project::sample();
    project.write("list.csv", list);
    project.json(&["subscribers", "check", "list.csv", "--json"], status)
}

/// Code, line and column of each finding.
fn findings(checked: &Value) -> Vec<(String, u64, String)> {
    let findings = checked["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .map(|finding| (text(&finding["code"]), finding["line"].as_u64().unwrap(), text(&finding["column"])))
        .collect()
}

fn told(findings: &[(String, u64, String)]) -> Vec<(&str, u64, &str)> {
    findings.iter().map(|(code, line, column)| (code.as_str(), *line, column.as_str())).collect()
}

#[test]
fn the_newsletters_own_list_is_checked_unless_another_is_named() {
    let project = Project::sample();
    let said = project.run(&["subscribers", "check"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stderr.lines().all(|line| line.starts_with("note: ") || line.starts_with("    ")), "{said:#?}");
    assert_eq!(said.stdout, "60 rows: 60 people can be sent to, 0 duplicates; 0 errors, 0 warnings, 4 notes\n");
    project.write("list.csv", "email,Organisation name,Province\nann@example.org,,\n");
    let said = project.run(&["subscribers", "check", "list.csv"]);
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{said:#?}");
    assert_eq!(said.stdout, "1 row: 1 person can be sent to, 0 duplicates; 0 errors, 0 warnings, 0 notes\n");
}

#[test]
fn a_script_gets_an_object_of_a_fixed_form() {
    let checked = check("Courriel,Nom\nann.example.org,Ann\nbo@example.org,Bo\nBO@example.org,Bo\n", 1);
    let keys: Vec<_> = checked.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["duplicates", "findings", "rows", "usable"]);
    assert_eq!((&checked["rows"], &checked["usable"], &checked["duplicates"]), (&3.into(), &1.into(), &1.into()));
    let finding = checked["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "bad-address");
    let expected = serde_json::json!({
        "severity": "error",
        "code": "bad-address",
        "message": "there is no @ in the address",
        "file": "list.csv",
        "line": 2,
        "column": "Courriel",
        "value": "ann.example.org",
        "help": "write the whole address, like ann@example.org",
    });
    assert_eq!(finding, Some(&expected));
}

#[test]
fn every_doubt_comes_with_line_and_column() {
    let list = "email,name,language,topics,Organisation name,Province,Consent,Consent date\n\
        ann@gmial.com,Ann,en,,,,express,2024-04-03\n\
        info@example.org,,en,,,,express,2024-04-03\n\
        no-reply@example.org,,en,,,,express,2024-04-03\n\
        bo.x@gmail.com,Bo,en,,,,express,2024-04-03\n\
        box+news@gmail.com,Bo,en,,,,express,2024-04-03\n\
        cy@example.org,\"=HYPERLINK(\"\"https://example.org\"\",\"\"Cy\"\")\",en,,,,express,03/04/2024\n\
        di@example.org,Di,en,policy;polcy,,,implied,2020-01-01\n\
        ed@example.org,Ed,de,,,,,\n\
        fi@example.org,Fi,en,,,,maybe,soon\n\
        \"Gi <gi@example.org>\",Gi,en,,,,express,2024-04-03\n\
        hu@example.org,#REF!,en,,,,implied,\n\
        hu@example.org,Hu,en,,,,express,2024-04-03\n\
        hu@example.org,Hu,fr,,,,express,2024-04-03\n";
    let checked = check(list, 1);
    assert_eq!((&checked["rows"], &checked["usable"], &checked["duplicates"]), (&13.into(), &10.into(), &2.into()));
    assert_eq!(
        told(&findings(&checked)),
        [
            ("domain-typo", 2, "email"),
            ("role-address", 3, "email"),
            ("no-reply-address", 4, "email"),
            ("same-mailbox", 6, "email"),
            ("formula", 7, "name"),
            ("ambiguous-date", 7, "Consent date"),
            ("unknown-topic", 8, "topics"),
            ("consent-expired", 8, "Consent date"),
            ("language-lacking", 9, "language"),
            ("missing-consent", 9, "Consent"),
            ("unknown-consent", 10, "Consent"),
            ("bad-date", 10, "Consent date"),
            ("bad-address", 11, "email"),
            ("formula-failed", 12, "name"),
            ("missing-consent-date", 12, "Consent date"),
            ("duplicate", 13, "email"),
            ("duplicate-differs", 14, "email"),
        ]
    );
    let help: BTreeMap<_, _> = checked["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["code"].as_str().unwrap(), finding["help"].as_str().unwrap()))
        .collect();
    assert_eq!(help["domain-typo"], "did you mean `ann@gmail.com`?");
    assert_eq!(help["bad-address"], "write `gi@example.org`");
    assert_eq!(help["unknown-topic"], "did you mean `policy`?");
    assert_eq!(help["ambiguous-date"], "write it as 2024-04-03 or 2024-03-04");
}

#[test]
fn a_person_is_told_in_words_and_not_a_thousand_times() {
    let project = Project::sample();
    let rows = "reader.example.org,A,en\n".repeat(812);
    project.write("list.csv", &format!("email,name,language\nann@gmail.con,Ann,en\n{rows}"));
    let said = project.run(&["subscribers", "check", "list.csv"]);
    assert_eq!(said.status, Some(1), "{said:#?}");
    let lines: Vec<_> = said.stderr.lines().collect();
    let (start, end) = (lines[..10].join("\n"), lines[lines.len() - 1]);
    insta::assert_snapshot!(format!("{start}\n...\n{end}\n{}", said.stdout));
    assert_eq!(said.stderr.matches("there is no @").count(), 20);
    let said = project.run(&["subscribers", "check", "list.csv", "--all"]);
    assert_eq!(said.stderr.matches("there is no @").count(), 812);
}

#[test]
fn a_list_that_can_not_be_read_is_no_data() {
    let project = Project::sample();
    project.write("list.csv", "nom,ville\nAnn,Halifax\n");
    for list in ["list.csv", "nowhere.csv"] {
        let said = project.run(&["subscribers", "check", list, "--json"]);
        assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    }
}

#[test]
fn the_configuration_says_which_column_is_which() {
    let project = Project::sample();
    project.write("list.csv", "Email,Contact,Parle\nwork@example.org,ann@example.org,fr\n");
    project.edit("bulletin.toml", "[brand]", "[subscribers]\nemail = \"contact\"\nlanguage = \"Parle\"\n\n[brand]");
    let checked = project.json(&["subscribers", "check", "list.csv", "--json"], 0);
    assert_eq!(checked["usable"], 1);
    let said = project.run(&["preview", "2015-11", "--subscribers", "list.csv", "--each", "--out", "out"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(project.read("out/each/row-00002.eml").contains("ann@example.org"));
    project.edit("bulletin.toml", "language = \"Parle\"", "language = \"Contact\"");
    let said = project.run(&["subscribers", "check", "list.csv"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("`Contact` is named for two columns"), "{}", said.stderr);
}

#[test]
fn a_spreadsheet_is_checked_as_it_is() {
    let project = Project::sample();
    for name in ["sample.xlsx", "sample.ods"] {
        let path = fixture(name);
        let checked = project.json(&["subscribers", "check", path.to_str().unwrap(), "--json"], 0);
        assert_eq!((&checked["rows"], &checked["usable"]), (&3.into(), &3.into()), "{name}");
        assert_eq!(told(&findings(&checked)), [("missing-column", 2, "")], "the sample's [columns] has a province");
    }
}

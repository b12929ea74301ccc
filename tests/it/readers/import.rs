//! Imports from outside: what is told, what is written, and what is never written.

use std::fs;

use serde_json::{Value, json};

use crate::project::Project;

const LIST: &str = "subscribers/subscribers.csv";
const ROWS: &str = "email;name;langue;topics;Organisation name;Province;Own\r\n\
                    ann@example.org;Ann;en;policy;;QC;\"kept; as it is\"\r\n\
                    bob@example.org;Bob;fr;;;;\r\n";

fn newsletter() -> Project {
    let project = Project::sample();
    project.write(LIST, &format!("\u{feff}{ROWS}"));
    project
}

fn import(project: &Project, more: &[&str], status: i32) -> Value {
    project.json(&[&["subscribers", "import"], more, &["--yes", "--json"]].concat(), status)
}

#[test]
fn an_import_adds_and_updates_and_keeps_columns_order_dialect_and_a_backup() {
    let project = newsletter();
    project.write("export.csv", "Courriel,Province,Langue\nANN@example.org,ON,fr\ncy@example.org,,en\nbad,,\n");
    let told = import(&project, &["export.csv"], 1);
    let refused = json!([{ "line": 4, "value": "bad", "reason": "there is no @ in the address" }]);
    assert_eq!(told, json!({ "added": 1, "updated": 1, "unchanged": 0, "suppressed": 0, "refused": refused }));
    let expected = "\u{feff}email;name;langue;topics;Organisation name;Province;Own\r\n\
                    ann@example.org;Ann;fr;policy;;ON;\"kept; as it is\"\r\n\
                    bob@example.org;Bob;fr;;;;\r\n\
                    cy@example.org;;en;;;;\r\n";
    assert_eq!(project.read(LIST), expected);
    let backups: Vec<_> = fs::read_dir(project.path("state/backups")).unwrap().collect();
    assert_eq!(backups.len(), 1);
    assert_eq!(fs::read_to_string(backups[0].as_ref().unwrap().path()).unwrap(), format!("\u{feff}{ROWS}"));

    let again = import(&project, &["export.csv"], 1);
    assert_eq!((&again["added"], &again["updated"], &again["unchanged"]), (&json!(0), &json!(0), &json!(2)));
    assert_eq!(project.read(LIST), expected);
    assert_eq!(
        fs::read_dir(project.path("state/backups")).unwrap().count(),
        1,
        "nothing changed, nothing was replaced"
    );
}

#[test]
fn without_an_answer_nothing_is_changed() {
    let project = newsletter();
    project.write("export.csv", "email,name\ncy@example.org,Cy\nann@example.org,Anne\n");
    let before = project.read(LIST);
    let said = project.run(&["subscribers", "import", "export.csv"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stdout.contains("1  new in the list\n          cy@example.org"), "{}", said.stdout);
    assert!(said.stdout.contains("ann@example.org  name: `Ann` becomes `Anne`"), "{}", said.stdout);
    assert!(said.stderr.contains("--yes"), "{}", said.stderr);
    let said = project.run(&["subscribers", "import", "export.csv", "--dry-run"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert_eq!(project.read(LIST), before);
}

#[test]
fn nobody_who_left_bounced_or_complained_is_revived() {
    let project = newsletter();
    for (email, cause) in
        [("cy@example.org", "unsubscribed"), ("di@example.org", "bounced"), ("ann@example.org", "complained")]
    {
        assert_eq!(project.run(&["subscribers", "suppress", email, "--cause", cause]).status, Some(0));
    }
    project.write("export.csv", "email,name\nCY@example.org,Cy\ndi@example.org,Di\nann@example.org,Anne\n");
    let told = import(&project, &["export.csv"], 0);
    assert_eq!((&told["added"], &told["updated"], &told["suppressed"]), (&json!(0), &json!(0), &json!(3)));
    assert_eq!(project.read(LIST), format!("\u{feff}{ROWS}"));
}

#[test]
fn mailchimp_s_cleaned_and_unsubscribed_files_become_suppressions() {
    let project = newsletter();
    let head = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,LEID,EUID";
    project.write(
        "cleaned_members_export_1a2b.csv",
        &format!("{head},CLEAN_TIME\nbob@example.org,Bob,1,,1,a,2024-01-02\n"),
    );
    project.write(
        "unsubscribed_members_export_1a2b.csv",
        &format!("{head},UNSUB_TIME\ncy@example.org,Cy,1,,1,a,2024-01-02\n"),
    );
    for file in ["cleaned_members_export_1a2b.csv", "unsubscribed_members_export_1a2b.csv"] {
        assert_eq!(import(&project, &[file], 0)["suppressed"], 1);
        assert_eq!(import(&project, &[file], 0)["suppressed"], 1, "done twice, it is the same");
    }
    let shown = project.json(&["subscribers", "show", "bob@example.org", "--json"], 0);
    assert!(shown["suppressed"].as_str().unwrap().starts_with("bounced by an import on 20"), "{shown}");
    assert_eq!(shown["history"].as_array().unwrap().len(), 1);
    assert_eq!(shown["history"][0]["note"], "cleaned for bounces in Mailchimp (cleaned_members_export_1a2b.csv)");
    project.write("export.csv", "email\ncy@example.org\n");
    assert_eq!(import(&project, &["export.csv"], 0)["added"], 0);
}

#[test]
fn a_mapping_that_fits_nothing_is_an_error_with_its_cure() {
    let project = newsletter();
    project.write("export.csv", "Adresse,Nom\ncy@example.org,Cy\n");
    let said = project.run(&["subscribers", "import", "export.csv", "--yes"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("--map email="), "{}", said.stderr);
    let said = project.run(&["subscribers", "import", "export.csv", "--map", "email=Adress", "--yes"]);
    assert!(said.stderr.contains("did you mean `Adresse`?"), "{}", said.stderr);
    assert_eq!(import(&project, &["export.csv", "--map", "email=Adresse", "--map", "name=Nom"], 0)["added"], 1);
}

#[test]
fn what_the_list_s_encoding_lacks_is_told_and_nothing_is_lost() {
    let project = newsletter();
    let old = b"email,name\nzoe@example.org,Zo\xeb Dup\xe9r\xe9\n";
    fs::write(project.path(LIST), old).unwrap();
    project.write("export.csv", "email,name\ncy@example.org,Łukasz\n");
    let said = project.run(&["subscribers", "import", "export.csv", "--yes"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(said.stderr.contains("CSV UTF-8"), "{}", said.stderr);
    assert_eq!(fs::read(project.path(LIST)).unwrap(), old);
    project.write("export.csv", "email,name\ncy@example.org,André\n");
    import(&project, &["export.csv"], 0);
    assert_eq!(fs::read(project.path(LIST)).unwrap(), [&old[..], b"cy@example.org,Andr\xe9\n"].concat());
}

#[test]
fn two_imports_at_once_never_lose_a_row() {
    let project = newsletter();
    for number in 0..6 {
        project.write(&format!("export{number}.csv"), &format!("email\nnew{number}@example.org\n"));
    }
    std::thread::scope(|scope| {
        for number in 0..6 {
            let file = format!("export{number}.csv");
            let project = &project;
            scope.spawn(move || {
                crate::send::stage::within_patience("the list is free", || {
                    (project.run(&["subscribers", "import", &file, "--yes"]).status == Some(0)).then_some(())
                });
            });
        }
    });
    let list = project.read(LIST);
    for number in 0..6 {
        assert_eq!(list.matches(&format!("new{number}@example.org")).count(), 1, "{list}");
    }
}

//! The gallery's page, and what `preview --for` tells of one reader.

use bulletin::domain::EmailAddress;
use bulletin::domain::token::TokenKey;
use bulletin::readers::{Change, Channel, Event, Register};
use bulletin::state::Database;
use serde_json::Value;

use crate::project::{Project, SECRET};

const OUT: &str = "outbox/2015-11/preview/index.html";

/// The data of a page, as its script reads them.
fn data(page: &str) -> Value {
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(data.split("</script>").next().unwrap()).unwrap()
}

/// What `--for` tells, as JSON; the exit status must be `status`.
fn reader(project: &Project, email: &str, status: i32) -> Value {
    project.json(&["preview", "2015-11", "--for", email, "--json"], status)
}

/// The item of `--for`, by its id.
fn item<'a>(reader: &'a Value, id: &str) -> &'a Value {
    reader["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap()
}

fn list(project: &Project, rows: &str) {
    project.write(
        "subscribers/subscribers.csv",
        &format!("email,name,language,topics,Organisation name,Province\n{rows}"),
    );
}

/// Puts what a reader did into the database.
fn happened(project: &Project, email: &str, change: Change) {
    let email: EmailAddress = email.parse().unwrap();
    let event = Event {
        reader: TokenKey::new(SECRET.as_bytes()).pseudonym(&email),
        identity: Some(email.identity()),
        at: "2015-11-01T10:00:00Z".parse().unwrap(),
        change,
        channel: Channel::Web,
        note: None,
    };
    Register::new(Database::open(&project.path("state/bulletin.db")).unwrap()).append(vec![event]).unwrap();
}

#[test]
fn whatever_stands_in_subjects_names_and_addresses_stays_text_in_the_page() {
    let project = Project::sample();
    let hostile = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>";
    project.edit("issues/2015-11/en.md", "subject = \"", &format!("subject = \"{hostile}"));
    project.edit("bulletin.toml", "en = \"Trafficking Bulletin\"", "en = \"<b>Bulletin</b> & <script>\"");
    project.edit(
        "issues/2015-11/en.md",
        "## Our priorities for the new government",
        "## Our &lt;script&gt; &lt;/script&gt; priorities",
    );
    list(
        &project,
        "\"<script>alert(3)</script>@example.org\",Ann,en,,,\nann@example.org,<script>alert(4)</script>,en,,,\n\
         bob@example.org,Bob,en,<script>alert(5)</script>,,\n",
    );
    let said = project.run(&["preview", "2015-11", "--addresses"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let page = project.read(OUT);
    // Its own two scripts, and nobody else's.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<b>Bulletin") && !page.contains("<img"));
    let data = data(&page);
    let subject = data["editions"][0]["subject"].as_str().unwrap();
    assert!(subject.starts_with("</script><script>alert(1)</script>"), "{subject}");
    assert_eq!(data["about"]["newsletter"], "<b>Bulletin</b> & <script>");
    let said = project.run(&["preview", "2015-11", "--for", "ann@example.org"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let page = project.read("outbox/2015-11/preview-for/index.html");
    assert_eq!(page.matches("<script").count(), 2);
    assert!(page.contains("\\u003cscript>alert(4)"));
}

#[test]
fn the_page_names_nobody_of_the_list_unless_it_is_asked_to() {
    let project = Project::sample();
    list(
        &project,
        "zoe.tremblay@example.org,Zoe,en,events,,\nmarie curie at example.org,Marie,en,,,\n\
         ann@example.org,Ann,marie.tremblay@example.org,,,\nbob@gmial.com,Bob,en,Jeanne Mance,,\n",
    );
    project.edit("issues/2015-11/en.md", "{#fall-consultation .events}", "{#fall-consultation .events province=MB}");
    let page = |arguments: &[&str]| {
        assert_eq!(project.run(arguments).status, Some(0));
        project.read(OUT)
    };
    let masked = page(&["preview", "2015-11"]);
    for private in ["zoe.tremblay", "marie curie", "marie.tremblay", "bob@gmial", "Jeanne Mance"] {
        assert!(!masked.contains(private), "{private}");
    }
    assert!(masked.contains("z***@example.org"));
    let shown = page(&["preview", "2015-11", "--addresses"]);
    assert!(shown.contains("zoe.tremblay@example.org") && shown.contains("Jeanne Mance"));
}

#[test]
fn the_findings_of_the_check_stand_in_the_page() {
    let project = Project::sample();
    assert_eq!(project.run(&["preview", "2015-11"]).status, Some(0));
    let told = data(&project.read(OUT));
    let codes = |findings: &Value| -> Vec<String> {
        findings.as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    let checked = project.run(&["check", "2015-11", "--json"]);
    let checked: Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(codes(&told["findings"]), codes(&checked["findings"]));
}

#[test]
fn a_reader_is_told_by_topic_why_each_item_is_in_or_out() {
    let project = Project::sample();
    list(&project, "ann@example.org,Ann,en,services,,\n");
    let told = reader(&project, "ANN@Example.org", 0);
    assert_eq!(told["outcome"], "gets");
    assert_eq!(told["line"], 2);
    assert_eq!(item(&told, "assessment-tool")["why"], serde_json::json!(["they want services", "it is in en"]));
    let out = item(&told, "media-reports");
    assert_eq!(out["shown"], false);
    assert_eq!(out["why"], serde_json::json!(["it is about media, and they want services only"]));
    assert_eq!(told["dropped"], serde_json::json!(["Reports and media", "Events", "International developments"]));
    // The same items as the edition of the manifest.
    let manifest = project.json(&["preview", "2015-11", "--json"], 0);
    assert_eq!(manifest["editions"][0]["id"], told["edition"]);
}

#[test]
fn a_reader_without_topics_gets_every_one_and_an_item_without_topics_is_for_everyone() {
    let project = Project::sample();
    project.edit("issues/2015-11/en.md", "{#assessment-tool .services}", "{#assessment-tool .everyone}");
    list(&project, "ann@example.org,Ann,en,,,\nbob@example.org,Bob,en,media,,\n");
    let told = reader(&project, "ann@example.org", 0);
    assert_eq!(item(&told, "media-reports")["why"][0], "they listed no topics, and get every one");
    let told = reader(&project, "bob@example.org", 0);
    assert_eq!(item(&told, "assessment-tool")["why"][0], "it is for everyone");
}

#[test]
fn a_condition_is_told_with_what_the_reader_has_in_that_column() {
    let project = Project::sample();
    project.edit("issues/2015-11/en.md", "{#media-reports .media}", "{#media-reports .media province=MB|ON}");
    list(&project, "ann@example.org,Ann,en,,,mb\nbob@example.org,Bob,en,,,QC\ncem@example.org,Cem,en,,,\n");
    let why = |email: &str| item(&reader(&project, email, 0), "media-reports")["why"].clone();
    assert_eq!(why("ann@example.org")[1], "their province is mb");
    assert_eq!(why("bob@example.org")[0], "it is for province mb or on, and theirs is QC");
    assert_eq!(why("cem@example.org")[0], "it is for province mb or on, and theirs is blank");
}

#[test]
fn a_missing_translation_is_told_as_the_issue_treats_it() {
    let project = Project::sample();
    list(&project, "ann@example.org,Ann,fr-CA,,,\n");
    let told = reader(&project, "ann@example.org", 0);
    let item_told = item(&told, "palermo-protocol");
    assert_eq!(item_told["language"], "en");
    assert_eq!(item_told["why"][1], "it has no translation into fr, and is shown in en with a note");
    project.edit("issues/2015-11/issue.toml", "\"original\"", "\"omit\"");
    let told = reader(&project, "ann@example.org", 0);
    let item_told = item(&told, "palermo-protocol");
    assert_eq!(
        (&item_told["shown"], &item_told["why"][0]),
        (&false.into(), &"it has no translation into fr, and is left out then".into())
    );
    project.edit("issues/2015-11/en.md", "{#palermo-protocol", "{#palermo-protocol lang=en");
    let told = reader(&project, "ann@example.org", 0);
    assert_eq!(item(&told, "palermo-protocol")["why"][0], "it exists in en only");
}

#[test]
fn who_gets_nothing_is_told_why() {
    let project = Project::sample();
    project.edit("issues/2015-11/en.md", "{#fall-consultation .events}", "{#fall-consultation .events province=MB}");
    list(
        &project,
        "ann@example.org,Ann,en,events,,\nbob@example.org,Bob,en,,,\nbob.example.org,Bob,en,,,\n\
         cem@example.org,Cem,en,nonsense,,\nann@example.org,Ann,fr,,,\n",
    );
    let told = reader(&project, "ann@example.org", 0);
    assert_eq!(told["outcome"], "nothing");
    assert_eq!(told["reason"], "no item of this issue matches their topics");
    assert_eq!(told["surplus"], serde_json::json!([6]));
    assert!(project.read("outbox/2015-11/preview-for/index.html").contains("no item of this issue"));

    project.run(&["subscribers", "suppress", "bob@example.org"]);
    let told = reader(&project, "Bob@example.org", 0);
    assert_eq!(told["outcome"], "suppressed");
    assert!(told["reason"].as_str().unwrap().starts_with("suppressed: "), "{told:#}");
    assert!(!project.path("outbox/2015-11/preview-for/editions").exists());

    let told = reader(&project, "cem@example.org", 1);
    assert_eq!((&told["outcome"], &told["line"]), (&"bad-row".into(), &5.into()));
    assert!(told["reason"].as_str().unwrap().contains("`nonsense` is not a topic"), "{told:#}");
    assert_eq!(reader(&project, "bob.example.org", 1)["outcome"], "bad-row");
}

#[test]
fn who_is_not_in_the_list_is_told_with_the_addresses_that_are_like_theirs() {
    let project = Project::sample();
    list(&project, "ann.smith@example.org,Ann,en,,,\nann.smyth@example.org,Ann,en,,,\nzoe@example.net,Zoe,en,,,\n");
    let told = reader(&project, "an.smith@example.org", 1);
    assert_eq!(told["outcome"], "not-listed");
    assert_eq!(told["nearest"], serde_json::json!(["ann.smith@example.org", "ann.smyth@example.org"]));
    assert!(!project.path("outbox/2015-11/preview-for").exists());
    let said = project.run(&["preview", "2015-11", "--for", "an.smith@example.org"]);
    assert_eq!(said.status, Some(1));
    assert!(said.stdout.contains("did you mean ann.smith@example.org, or ann.smyth@example.org?"), "{}", said.stdout);
    assert_eq!(reader(&project, "somebody@else.example", 1)["nearest"], serde_json::json!([]));
}

#[test]
fn what_a_reader_asked_for_themselves_counts_and_their_mail_is_the_one_that_is_sent() {
    let project = Project::sample();
    list(&project, "ann@example.org,Ann,en,services,,\n");
    let before = reader(&project, "ann@example.org", 0);
    assert_eq!(before["by_themselves"], false);
    happened(&project, "ann@example.org", Change::Topics(["media".parse().unwrap()].into()));
    let told = reader(&project, "ann@example.org", 0);
    assert_eq!((&told["by_themselves"], &told["topics"]), (&true.into(), &serde_json::json!(["media"])));
    assert_eq!(item(&told, "media-reports")["why"][0], "they want media");
    assert_eq!(item(&told, "assessment-tool")["shown"], false);
    // What `each` writes for them is what they are shown here.
    assert_eq!(project.run(&["preview", "2015-11", "--each", "--out", "out"]).status, Some(0));
    let edition = told["edition"].as_str().unwrap();
    let theirs = project.read(&format!("outbox/2015-11/preview-for/editions/{edition}.eml"));
    assert_eq!(theirs, project.read("out/each/row-00002.eml"));
    assert!(theirs.contains("ann@example.org"));
}

#[cfg(unix)]
#[test]
fn the_page_about_a_reader_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::sample();
    list(&project, "ann@example.org,Ann,en,services,,\n");
    reader(&project, "ann@example.org", 0);
    let mode = |name: &str| std::fs::metadata(project.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("outbox/2015-11/preview-for"), 0o700);
    assert_eq!(mode("outbox/2015-11/preview-for/index.html"), 0o600);
    // And goes with them.
    assert_eq!(project.run(&["subscribers", "forget", "ann@example.org", "--yes"]).status, Some(0));
    assert!(!project.path("outbox/2015-11/preview-for").exists());
}

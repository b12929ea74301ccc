//! What the program says to a coordinator who made a mistake: what is wrong, where, and the cure; and
//! how it ends.

use crate::project::{Project, Said, repository};

/// Runs and holds what was said on stderr against a snapshot; nothing may stand on stdout.
fn refuses(name: &str, project: &Project, arguments: &[&str]) {
    let said = project.run(arguments);
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert_eq!(said.stdout, "", "{said:#?}");
    insta::assert_snapshot!(name, said.stderr);
}

fn preview(name: &str, change: impl FnOnce(&Project)) {
    let project = Project::sample();
    change(&project);
    refuses(name, &project, &["preview", "2015-11"]);
}

#[test]
fn a_misspelt_key_of_the_configuration_is_named_with_its_likely_word() {
    preview("config-unknown-key", |project| project.edit("bulletin.toml", "languages =", "langauges ="));
}

#[test]
fn a_missing_key_of_the_configuration_is_named() {
    preview("config-missing-key", |project| {
        project.edit("bulletin.toml", "id = \"trafficking-bulletin.example.org\"\n", "");
    });
}

#[test]
fn all_faults_of_the_configuration_are_told_at_once() {
    preview("config-many-faults", |project| {
        project.edit("bulletin.toml", "rate = \"5/s\"", "rate = \"fast\"");
        project.edit("bulletin.toml", "#0f4c5c", "teal");
        project.edit("bulletin.toml", "[sender.fr]", "[sender.de]");
        project.edit("bulletin.toml", "pause = \"30s\"", "pause = \"soon\"");
    });
}

#[test]
fn a_brand_that_can_not_be_read_is_told_with_the_nearest_that_can() {
    preview("config-contrast", |project| project.edit("bulletin.toml", "#0f4c5c", "#2fa4b8"));
}

#[test]
fn links_to_other_places_stand_in_both_parts_and_the_font_in_html() {
    let project = Project::sample();
    let social = "accent = \"#e09f3e\"\nfont = \"Georgia, 'Times New Roman', serif\"\n\
                  social = [{ name = \"Mastodon\", url = \"https://social.example.org/@us?a=1&b=2\" }]";
    project.edit("bulletin.toml", "accent = \"#e09f3e\"", social);
    let manifest = project.json(&["preview", "2015-11", "--out", "out", "--json"], 0);
    let part = |key: &str| project.read(&format!("out/{}", manifest["editions"][0][key].as_str().unwrap()));
    let (html, text) = (part("html"), part("text"));
    assert!(text.contains("\nMastodon: https://social.example.org/@us?a=1&b=2\n"), "{text}");
    assert!(html.contains("href=\"https://social.example.org/@us?a=1&amp;b=2\""), "{html}");
    assert!(html.contains("Georgia, 'Times New Roman', serif"), "{html}");
    assert!(!html.contains("Segoe"), "{html}");
}

#[test]
fn unknown_elements_in_templates_and_issues_are_told_with_their_lines() {
    preview("mjml-faults", |project| {
        project.edit("templates/button.mjml", "mj-button", "mj-buton");
        let block = "```mjml\n<mj-dividr />\n<p>Soon</p>\n```\n\n# Events";
        project.edit("issues/2015-11/en.md", "# Events", block);
    });
}

#[test]
fn an_unknown_attribute_is_a_warning_that_stops_nobody() {
    let project = Project::sample();
    project.edit("templates/button.mjml", "css-class=", "colour=\"red\" css-class=");
    let said = project.run(&["preview", "2015-11", "--out", "out"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let warning =
        "warning: templates/button.mjml:1: `<mj-button>` has no attribute `colour`\n    did you mean `color`?\n";
    assert_eq!(said.stderr.matches("no attribute").count(), 1, "{}", said.stderr);
    assert!(said.stderr.contains(warning), "{}", said.stderr);
}

#[test]
fn a_tag_that_is_left_open_is_shown_where_it_begins() {
    preview("mjml-open-tag", |project| {
        project.edit("templates/section.mjml", "</h2></mj-text>", "</h2>");
    });
}

#[test]
fn a_template_of_ones_own_may_use_classes_attributes_and_inline_styles() {
    let project = Project::sample();
    project.edit(
        "templates/issue.mjml",
        "</mj-attributes>",
        "<mj-class name=\"loud\" color=\"#7a1022\" /><mj-divider border-color=\"#123456\" /></mj-attributes>\n\
         <mj-style inline=\"inline\">.small { letter-spacing: 3px; }</mj-style>",
    );
    project.edit(
        "templates/section.mjml",
        "</h2></mj-text>",
        "</h2></mj-text><mj-text mj-class=\"loud\"><p class=\"small\">Loud</p></mj-text><mj-divider />",
    );
    assert_eq!(project.run(&["preview", "2015-11", "--out", "out"]).status, Some(0));
    let manifest: serde_json::Value = serde_json::from_str(&project.read("out/manifest.json")).unwrap();
    let html = project.read(&format!("out/{}", manifest["editions"][0]["html"].as_str().unwrap()));
    for style in ["color:#7a1022", "letter-spacing: 3px", "#123456"] {
        assert!(html.contains(style), "{style} is not in the mail");
    }
}

#[test]
fn a_template_includes_another_in_the_way_of_mjml() {
    let project = Project::sample();
    project.edit("templates/issue.mjml", "{% include \"footer.mjml\" %}", "<mj-include path=\"./own.mjml\" />");
    project.write("templates/own.mjml", "<mj-text css-class=\"own\">{{ sender.name }} says goodbye</mj-text>");
    let manifest = project.json(&["preview", "2015-11", "--out", "out", "--json"], 0);
    let html = project.read(&format!("out/{}", manifest["editions"][0]["html"].as_str().unwrap()));
    assert!(html.contains("Refugee Rights Council says goodbye"), "{html}");
    project.edit("templates/issue.mjml", "./own.mjml", "./onw.mjml");
    let said = project.run(&["preview", "2015-11"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    for part in ["no template `./onw.mjml` to include", "templates/issue.mjml:", "did you mean `own.mjml`?"] {
        assert!(said.stderr.contains(part), "{}", said.stderr);
    }
}

#[test]
fn an_unknown_topic_comes_with_its_line_and_the_likely_one() {
    preview("issue-unknown-topic", |project| {
        project.edit("issues/2015-11/en.md", "{#cwf-strategy .policy}", "{#cwf-strategy .polcy}");
    });
}

#[test]
fn all_faults_of_an_issue_are_told_at_once() {
    let project = Project::sample();
    for file in ["issue.toml", "en.md", "fr.md"] {
        let text = std::fs::read_to_string(repository().join("tests/fixtures/dirty-issue").join(file)).unwrap();
        project.write(&format!("issues/dirty/{file}"), &text);
    }
    refuses("issue-many-faults", &project, &["preview", "dirty"]);
}

#[test]
fn a_bad_front_matter_is_shown() {
    preview("issue-front-matter", |project| project.edit("issues/2015-11/fr.md", "subject = \"", "subject = "));
}

#[test]
fn html_in_an_issue_is_read_and_what_is_taken_out_is_told_with_its_line() {
    let project = Project::sample();
    let html = "<center onclick=\"x()\">Soon: <b>more</b><script>x()</script></center>\n\n# Events";
    project.edit("issues/2015-11/en.md", "# Events", html);
    let said = project.run(&["preview", "2015-11", "--out", "out"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    for word in ["`<center>` is taken out; its text stays", "`<script>` is taken out, with what is in it"] {
        assert!(said.stderr.contains(&format!("warning: issues/2015-11/en.md:148: {word}")), "{}", said.stderr);
    }
    let manifest: serde_json::Value = serde_json::from_str(&project.read("out/manifest.json")).unwrap();
    let read = |part: &str| project.read(&format!("out/{}", manifest["editions"][0][part].as_str().unwrap()));
    assert!(read("html").contains("Soon: <strong>more</strong>") && !read("html").contains("x()"));
    assert!(read("text").contains("Soon: more"));
}

#[test]
fn an_issue_that_is_not_there_is_told_with_those_that_are() {
    refuses("issue-missing", &Project::sample(), &["preview", "2015-12"]);
}

#[test]
fn a_fault_in_a_template_is_told_with_its_file_and_line() {
    preview("template-fault", |project| project.edit("templates/footer.mjml", "{{ t.privacy }}", "{{ t.privcy }}"));
}

#[test]
fn a_language_without_strings_is_told_with_its_cure() {
    preview("language-without-strings", |project| {
        project.edit("bulletin.toml", "languages = [\"en\", \"fr\"]", "languages = [\"en\", \"fr\", \"tlh\"]");
    });
}

#[test]
fn a_list_in_an_old_encoding_is_read_and_told() {
    let project = Project::sample();
    std::fs::write(project.path("list.csv"), b"email,name\nann@example.org,Ann\nzoe@example.org,Zo\xeb\n").unwrap();
    let said = project.run(&["preview", "2015-11", "--subscribers", "list.csv", "--each", "--out", "out"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stderr.contains("list.csv:3: the list is not UTF-8 and was read as Windows-1252"), "{}", said.stderr);
    assert!(project.read("out/each/row-00003.eml").contains("Zo=C3=AB"));
}

#[test]
fn a_damaged_spreadsheet_is_refused() {
    let project = Project::sample();
    std::fs::write(project.path("list.xlsx"), b"PK\x03\x04\0\0").unwrap();
    refuses("list-damaged", &project, &["preview", "2015-11", "--subscribers", "list.xlsx"]);
}

#[test]
fn a_folder_that_is_named_must_be_a_newsletter() {
    let project = Project::sample();
    project.write("elsewhere/readme.txt", "");
    for dir in ["elsewhere", "nowhere"] {
        let said = project.run(&["preview", "2015-11", "--dir", dir]);
        assert_eq!(said.status, Some(2), "{said:#?}");
        assert!(said.stderr.contains(&format!("There is no bulletin.toml in {dir}")), "{}", said.stderr);
    }
}

#[test]
fn a_list_without_addresses_is_told() {
    let project = Project::sample();
    project.write("list.csv", "name;mial\nAnn;ann@example.org\n");
    refuses("list-no-email", &project, &["preview", "2015-11", "--subscribers", "list.csv"]);
}

#[test]
fn outside_a_newsletter_there_is_nothing_to_do() {
    let project = Project::empty();
    let said = project.run(&["preview", "2015-11"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("There is no bulletin.toml in"), "{}", said.stderr);
    assert!(said.stderr.contains("bulletin init DIR"), "{}", said.stderr);
}

#[test]
fn bad_rows_are_left_out_and_told_and_stop_nobody() {
    let project = Project::sample();
    std::fs::copy(repository().join("tests/fixtures/bad-rows.csv"), project.path("bad-rows.csv")).unwrap();
    let said = project.run(&["rehearse", "2015-11", "--subscribers", "bad-rows.csv", "--json"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let account: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&account["planned"], &account["accepted"]), (&3.into(), &3.into()));
    insta::assert_snapshot!("list-bad-rows", said.stderr);
}

#[test]
fn a_merge_field_that_stays_empty_for_some_is_told() {
    let project = Project::sample();
    let said = project.run(&["preview", "2015-11"]);
    assert!(!said.stderr.contains("stays empty"), "every field of the sample has a default: {}", said.stderr);
    project.edit("issues/2015-11/en.md", " | default(value=\"reader\")", "");
    let said = project.run(&["preview", "2015-11"]);
    assert_eq!(said.status, Some(0));
    assert!(said.stderr.contains("`{{ subscriber.name }}` stays empty for 4 of 60"), "{}", said.stderr);
    assert!(said.stderr.contains("write {{ subscriber.name | default(value=\"...\") }}"), "{}", said.stderr);
}

#[test]
fn a_new_newsletter_and_a_new_issue_can_be_rehearsed_as_they_are() {
    let project = Project::empty();
    let said = project.run(&["init", "news"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), "news\n"), "{said:#?}");
    let in_news = |arguments: &[&str]| -> Said {
        let mut command = project.command(arguments);
        command.arg("--dir").arg(project.path("news")).env_remove("BULLETIN_SECRET");
        command.output().unwrap().into()
    };
    assert_eq!(in_news(&["new", "2026-01-15"]).status, Some(0));
    assert!(project.read("news/issues/2026-01-15/issue.toml").contains("number = 1\ndate = 2026-01-15\n"));
    let said = in_news(&["rehearse", "2026-01-15"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stdout.contains("accepted        1"), "{said:#?}");
    // What nobody has written yet is not to be sent.
    let said = in_news(&["check", "2026-01-15"]);
    assert_eq!(said.status, Some(1), "{said:#?}");
    assert!(said.stderr.contains("4 errors, 0 warnings."), "{said:#?}");
    assert_eq!(in_news(&["new", "2026-01-15"]).status, Some(2));
    assert_eq!(in_news(&["new", "../escape"]).status, Some(2));
    assert_eq!(in_news(&["new", "2026-02"]).status, Some(0));
    assert!(project.read("news/issues/2026-02/issue.toml").contains("number = 2\n"));
    assert_eq!(project.run(&["init", "news"]).status, Some(2));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(project.path("news/secret.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_folder_is_found_from_anywhere_inside_it() {
    let project = Project::sample();
    let mut command = project.command(&["preview", "2015-11", "--json"]);
    let said: Said = command.current_dir(project.path("issues/2015-11")).output().unwrap().into();
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(project.path("outbox/2015-11/preview/index.html").exists());
}

#[test]
fn addresses_are_masked_unless_they_are_asked_for() {
    let project = Project::sample();
    project.write("list.csv", "email,topics\nann@example.org,events\n");
    project.edit("issues/2015-11/en.md", "{#fall-consultation .events}", "{#fall-consultation .events province=MB}");
    for (flag, shown) in [(None, "a***@example.org"), (Some("--addresses"), "ann@example.org")] {
        let mut arguments = vec!["preview", "2015-11", "--subscribers", "list.csv", "--json"];
        arguments.extend(flag);
        let manifest = project.json(&arguments, 0);
        assert_eq!(manifest["skipped"][0]["email"], shown);
        assert!(project.read("outbox/2015-11/preview/index.html").contains(shown));
    }
}

#[test]
fn the_digest_covers_what_readers_get_and_nothing_else() {
    let project = Project::sample();
    let first = project.digest("2015-11");
    for (file, from, to, changes) in [
        ("bulletin.toml", "rate = \"5/s\"", "rate = \"6/s\"", false),
        ("bulletin.toml", "host = \"smtp.example.org\"", "host = \"mail.example.org\"", false),
        ("subscribers/subscribers.csv", "Zoë", "Zoé", false),
        ("bulletin.toml", "H0H 0H0", "H1H 1H1", true),
        ("issues/2015-11/fr.md", "Manitoba", "Manitoba ", true),
        ("templates/footer.mjml", "<br />", "<br/>", true),
        ("templates/strings/en.toml", "In this issue", "Inside", true),
    ] {
        let before = project.digest("2015-11");
        project.edit(file, from, to);
        let after = project.digest("2015-11");
        assert_eq!(before != after, changes, "{file}: {from} -> {to}");
    }
    assert_ne!(first, project.digest("2015-11"));
    let image = std::fs::read(project.path("issues/2015-11/images/edmonton-report.png")).unwrap();
    let before = project.digest("2015-11");
    std::fs::write(project.path("issues/2015-11/images/consultation.png"), image).unwrap();
    assert_ne!(before, project.digest("2015-11"));
}

#[test]
fn an_issue_that_there_is_none_of_is_not_taken_for_one_of_which_there_is_nothing_to_tell() {
    let project = Project::sample();
    for command in ["status", "report", "check", "preview"] {
        let said = project.run(&[command, "2015-12"]);
        assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
        assert!(said.stderr.contains("There is no issue 2015-12 in issues/"), "{said:#?}");
        assert!(said.stderr.contains("there are 2015-11"), "{said:#?}");
    }
}

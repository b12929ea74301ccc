//! `bulletin check`: each rule finds what it is about, with its place, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use bulletin::check::{RULES, every_rule};
use serde_json::Value;

use crate::project::{Project, Said, repository, skipped};

const TOML: &str = r#"[newsletter]
name = "News"
id = "news.example.org"
languages = ["en", "fr"]
unsubscribe = "leave@example.org"
web = "https://news.example.org"

[sender]
name = "The Office"
email = "news@example.org"
postal_address = "1 Sample Street, Halifax"

[topics]
policy = "Policy"

[columns]
city = "City"

[[dkim]]
domain = "example.org"
selector = "news"
key = "keys/news.pem"
"#;

const LIST: &str = "email,language,topics,City\nann@example.org,en,,Halifax\nbo@example.org,fr,,\n";

/// A newsletter of one issue in English and French.
fn newsletter(en: &str, fr: &str) -> Project {
    let project = Project::empty();
    project.write("bulletin.toml", TOML);
    project.write("subscribers/subscribers.csv", LIST);
    project.write("issues/2026-01/issue.toml", "date = 2026-01-15\n");
    project.write("issues/2026-01/en.md", en);
    project.write("issues/2026-01/fr.md", fr);
    project
}

const FRONT: &str = "+++\nsubject = \"What changed in May\"\npreheader = \"Two rules and a date\"\n+++\n\nHello.\n\n";

fn english(body: &str) -> Project {
    newsletter(&format!("{FRONT}# News {{#news}}\n\n{body}\n"), &format!("{FRONT}# Nouvelles {{#news}}\n\nBonjour.\n"))
}

/// Code and place of each finding that is a rule's.
fn found(project: &Project, status: i32) -> Vec<(String, String)> {
    let checked = project.json(&["check", "2026-01", "--json"], status);
    let findings = checked["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let file = finding["file"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
            let place = format!("{file}:{}:{}", finding["line"], finding["column"]);
            (finding["code"].as_str().unwrap().to_owned(), place)
        })
        .collect()
}

fn codes(project: &Project, status: i32) -> Vec<String> {
    found(project, status).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn a_clean_issue_has_no_finding() {
    let body = "Read [the committee's report](https://www.example.org/report) of 15 May 2026.\n\n### Then\n\n$10,000 for 12 groups.";
    let corps = "Lisez [le rapport du comité](https://www.example.org/fr/rapport) du 15 mai 2026.\n\n### Puis\n\n10 000 $ pour 12 groupes.";
    let project = newsletter(
        &format!("{FRONT}# News {{#news}}\n\n{body}\n"),
        &format!("{FRONT}# Nouvelles {{#news}}\n\n{corps}\n"),
    );
    let said = without_filters(&project, &["check"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), ""), "{said:#?}");
    assert_eq!(said.stderr, "0 errors, 0 warnings.\n");
    let checked = project.json(&["check", "2026-01", "--json"], 0);
    assert_eq!(checked, serde_json::json!({ "findings": [] }));
}

#[test]
fn each_slip_of_an_author_is_found_where_it_stands() {
    for (body, status, code, place) in [
        ("[](https://www.example.org/a)", 1, "empty-link", "en.md:10:1"),
        ("See [here](https://www.example.org/a).", 0, "vague-link", "en.md:10:5"),
        ("[https://www.example.org/a](https://www.example.org/a)", 0, "bare-link", "en.md:10:1"),
        ("[The report](https://bit.ly/abc)", 0, "shortened-link", "en.md:10:1"),
        ("[The report](https://www.example.org/?utm_source=news)", 0, "tracked-link", "en.md:10:1"),
        ("[The report](http://www.example.org/)", 0, "http-link", "en.md:10:1"),
        ("[The report](https://localhost:8000/)", 1, "local-link", "en.md:10:1"),
        ("### One\n\n##### Two", 0, "heading-skips", "en.md:12:1"),
        ("Bring TODO with you.", 1, "placeholder", "en.md:10:1"),
    ] {
        let project = english(body);
        let found: Vec<_> = found(&project, status).into_iter().filter(|(code, _)| code != "links-differ").collect();
        let found: Vec<_> = found.iter().map(|(code, place)| (code.as_str(), place.as_str())).collect();
        assert_eq!(found, [(code, place)], "{body}");
    }
}

#[test]
fn a_block_of_mjml_is_read_like_the_text_around_it() {
    let block = "```mjml\n<mj-button href=\"http://www.example.org/\">here</mj-button>\n<mj-image src=\"cid:x\" width=\"9px\" />\n<mj-text>TODO</mj-text>\n```";
    let found: Vec<_> = found(&english(block), 1).into_iter().map(|(code, place)| format!("{code} {place}")).collect();
    for expected in ["vague-link en.md:11:1", "http-link en.md:11:1", "no-alt en.md:12:1", "placeholder en.md:13:10"] {
        assert!(found.iter().any(|one| one == expected), "{expected}: {found:?}");
    }
}

#[test]
fn pictures_are_checked_for_their_texts_and_their_files() {
    let logo = repository().join("templates/images/logo.png");
    for (alt, padding, status, expected) in [
        ("", 0, 1, vec!["no-alt"]),
        ("logo", 0, 0, vec!["useless-alt"]),
        (&"Many words about it. ".repeat(20), 0, 0, vec!["long-alt"]),
        ("A lighthouse", 300_000, 0, vec!["heavy-picture"]),
        ("A lighthouse", 1_500_000, 0, vec!["heavy-mail", "heavy-picture"]),
    ] {
        let project = english(&format!("![{alt}](images/logo.png)"));
        let mut bytes = std::fs::read(&logo).unwrap();
        bytes.extend(std::iter::repeat_n(0, padding));
        std::fs::create_dir_all(project.path("issues/2026-01/images")).unwrap();
        std::fs::write(project.path("issues/2026-01/images/logo.png"), bytes).unwrap();
        let found: BTreeSet<_> = codes(&project, status).into_iter().filter(|code| code != "small-picture").collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{alt}");
    }
}

#[test]
fn subject_and_preheader_are_read_as_an_inbox_shows_them() {
    let front = |subject: &str, preheader: &str| {
        let preheader = if preheader.is_empty() { String::new() } else { format!("preheader = \"{preheader}\"\n") };
        let body = format!("+++\nsubject = \"{subject}\"\n{preheader}+++\n\n# News {{#news}}\n\nHello.\n");
        newsletter(&body, &format!("{FRONT}# Nouvelles {{#news}}\n\nBonjour.\n"))
    };
    for (subject, preheader, code, line) in [
        ("What changed in May, ".repeat(6).as_str(), "Two rules", "long-subject", 2),
        ("READ THIS BEFORE MONDAY", "Two rules", "shouting-subject", 2),
        ("What changed", "", "no-preheader", 2),
        ("What changed", &"Two rules and a date. ".repeat(9), "long-preheader", 3),
    ] {
        let found = found(&front(subject, preheader), 0);
        assert_eq!(found, [(code.to_owned(), format!("en.md:{line}:1"))], "{subject}");
    }
}

#[test]
fn translations_are_held_against_their_original() {
    let item = |en: &str, fr: &str| {
        newsletter(
            &format!("{FRONT}# News {{#news}}\n\n## One {{#one}}\n\n{en}\n\n## Two {{#two}}\n\nMore.\n"),
            &format!("{FRONT}# Nouvelles {{#news}}\n\n{fr}\n\n## Deux {{#two}}\n\nEncore.\n"),
        )
    };
    let missing = item("Text.", "");
    assert_eq!(found(&missing, 0), [("untranslated".to_owned(), "en.md:10:1".to_owned())]);
    missing.edit("issues/2026-01/en.md", "{#one}", "{#one lang=en}");
    assert_eq!(codes(&missing, 0), Vec::<String>::new());
    let fewer =
        item("[A](https://a.example.org/) [B](https://b.example.org/)", "## Un {#one}\n\n[A](https://a.example.org/)");
    assert_eq!(found(&fewer, 0), [("links-differ".to_owned(), "fr.md:10:1".to_owned())]);
    let other = item("On 15 May 2026.", "## Un {#one}\n\nLe 16 mai 2026.");
    let checked = other.json(&["check", "--json"], 0);
    let finding = &checked["findings"][0];
    assert_eq!((&finding["code"], &finding["line"]), (&Value::from("numbers-differ"), &Value::from(10)));
    assert_eq!(finding["message"], "`one` has other numbers: 15 in en only; 16 in fr only");
}

#[test]
fn a_translation_is_stale_once_its_original_changed_and_until_it_was_looked_over() {
    let project = newsletter(
        &format!("{FRONT}# News {{#news}}\n\nThe rule holds.\n"),
        &format!("{FRONT}# Nouvelles {{#news}}\n\nLa règle tient.\n"),
    );
    let digest = project.digest("2026-01");
    let said = project.run(&["check", "2026-01", "--accept-translations"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert_eq!(project.digest("2026-01"), digest, "what readers get is the same");
    project.edit("issues/2026-01/en.md", "The rule holds.", "The rule\nholds.");
    assert_eq!(codes(&project, 0), Vec::<String>::new(), "a line break says nothing");
    project.edit("issues/2026-01/en.md", "The rule\nholds.", "The rule is gone.");
    assert_eq!(found(&project, 0), [("stale-translation".to_owned(), "fr.md:8:1".to_owned())]);
    project.run(&["check", "2026-01", "--accept-translations"]);
    assert_eq!(codes(&project, 0), Vec::<String>::new());
    project.write("issues/2026-01/translations.toml", "[fr\n");
    assert_eq!(found(&project, 1)[0].0, "translations");
}

#[test]
fn a_field_that_stays_empty_an_edition_too_large_and_an_issue_for_nobody_are_found() {
    let gap = english("For {{ subscriber.city }}.");
    assert_eq!(codes(&gap, 0), ["merge-gap"]);
    let paragraph = "Words that a reader skips, and a program has to carry all the same to the end of the day.\n\n";
    assert_eq!(codes(&english(&paragraph.repeat(700)), 0), ["large-html"]);
    assert_eq!(codes(&english(&paragraph.repeat(1_200)), 1), ["clipped"]);
    let nobody = english("## Only here {#only city=Nowhere}\n\nText.");
    nobody.edit("issues/2026-01/fr.md", "Bonjour.", "## Seulement ici {#only}\n\nTexte.");
    assert!(codes(&nobody, 1).contains(&"nobody".to_owned()));
}

#[test]
fn a_template_that_leaves_out_what_the_law_wants_is_found() {
    let project = english("[The report](https://www.example.org/report)");
    project.edit("issues/2026-01/fr.md", "Bonjour.", "[Le rapport](https://www.example.org/rapport)");
    project.write("templates/footer.mjml", "<mj-text>Nothing of what the law wants.</mj-text>\n");
    let expected = ["no-contact", "no-postal-address", "no-reason", "no-way-out"];
    let found: BTreeSet<_> = codes(&project, 1).into_iter().collect();
    assert!(expected.iter().all(|code| found.contains(*code)), "{found:?}");
    // Each once a language, and told with its edition.
    project.write(
        "templates/footer.mjml",
        "<mj-text>{{ unsubscribe }} {{ t.why }} 1 Sample Street, Halifax news@example.org</mj-text>\n",
    );
    project.write("templates/issue.txt", &"Words, but no links at all. ".repeat(10));
    let found: BTreeSet<_> = codes(&project, 1).into_iter().collect();
    assert!(["parts-differ", "no-sender"].iter().all(|code| found.contains(*code)), "{found:?}");
}

#[test]
fn a_rule_weighs_what_the_newsletter_says() {
    let project = english("See [here](http://www.example.org/a).");
    project.edit("issues/2026-01/fr.md", "Bonjour.", "[Le rapport](https://www.example.org/rapport)");
    assert_eq!(codes(&project, 0), ["vague-link", "http-link"]);
    let check = "\n[check]\nvague-link = \"off\"\nhttp-link = \"error\"\nvauge-link = \"off\"\n";
    project.write("bulletin.toml", &format!("{TOML}{check}"));
    let checked = project.json(&["check", "--json"], 1);
    let findings = checked["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "{checked}");
    assert_eq!(findings[0]["code"], "unknown-rule");
    assert!(findings[0]["help"].as_str().unwrap().contains("vague-link"), "{checked}");
    assert_eq!((&findings[1]["code"], &findings[1]["severity"]), (&"http-link".into(), &"error".into()));
    project.write("bulletin.toml", &format!("{TOML}\n[check]\nvague-link = \"never\"\n"));
    let said = project.run(&["check"]);
    assert_eq!(said.status, Some(1), "{said:#?}");
    assert!(said.stderr.contains("off, info, warning or error"), "{said:#?}");
}

#[test]
fn what_keeps_an_issue_from_being_made_is_a_finding_too() {
    let project = english("{% if %}");
    let found = found(&project, 1);
    assert_eq!(found, [("merge-field".to_owned(), "en.md:10:1".to_owned())]);
    project.write("bulletin.toml", "[newsletter]\n");
    assert_eq!(codes(&project, 1), ["config"]);
    let missing = Project::sample().run(&["check", "2031-01"]);
    assert_eq!(missing.status, Some(2), "{missing:#?}");
}

#[test]
fn every_rule_stands_in_the_docs_and_is_told() {
    let docs = std::fs::read_to_string(repository().join("docs/CHECKS.md")).unwrap();
    let said = Project::empty().run(&["check", "--rules"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    for rule in every_rule() {
        assert!(docs.contains(&format!("| `{}` |", rule.code)), "{} is not in docs/CHECKS.md", rule.code);
        assert!(said.stdout.contains(rule.code), "{}", rule.code);
    }
    let rules = Project::empty().json(&["check", "--rules", "--json"], 0);
    assert_eq!(rules["rules"].as_array().unwrap().len(), every_rule().count());
}

#[test]
fn a_reader_who_went_away_is_no_failure() {
    let project = Project::sample();
    let mut check = project.command(&["check", "2015-11"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // Nobody reads from the first line on.
    drop(check.stderr.take());
    assert_eq!(check.wait().unwrap().code(), Some(0));
}

/// A run on a machine that has no spam filter.
fn without_filters(project: &Project, arguments: &[&str]) -> Said {
    project.command(arguments).env("PATH", "").output().unwrap().into()
}

/// The newsletter that has everything, with pictures too heavy to be kept.
fn dirty() -> Project {
    let project = fixture("dirty-newsletter");
    let path = project.path("issues/2026-01/images/heavy.png");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(std::iter::repeat_n(0, 800_000));
    std::fs::write(&path, bytes).unwrap();
    project
}

#[test]
fn every_rule_finds_what_it_is_about_once() {
    let project = dirty();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for issue in ["2026-01", "2026-02"] {
        let checked = project.json(&["check", issue, "--json"], 1);
        for finding in checked["findings"].as_array().unwrap() {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            assert!(!text("help").is_empty(), "{finding}");
            found.entry(text("code")).or_default().insert(text("message"));
        }
    }
    let rules: BTreeSet<_> = RULES.iter().map(|rule| rule.code).filter(|code| *code != "spam-score").collect();
    assert_eq!(found.keys().map(String::as_str).collect::<BTreeSet<_>>(), rules);
    let often: Vec<_> = found.iter().filter(|(_, messages)| messages.len() > 1).collect();
    // That the two languages have other texts shows in each.
    assert_eq!(often.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), [""; 0], "{often:#?}");
}

#[test]
fn a_person_reads_each_finding_with_its_line_and_its_cure() {
    let said = without_filters(&dirty(), &["check", "2026-01"]);
    assert_eq!(said.status, Some(1));
    insta::assert_snapshot!("dirty-newsletter", said.stderr);
}

/// A program of that name that prints `says`, in a folder that is all of PATH.
#[cfg(unix)]
fn filter(project: &Project, name: &str, says: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = project.path("filters").join(name);
    project.write(&format!("filters/{name}"), &format!("#!/bin/sh\nprintf '{says}'\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    project.path("filters")
}

#[cfg(unix)]
#[test]
fn a_spam_filter_is_asked_where_that_is_wanted() {
    let project = english("[The report](https://www.example.org/report)");
    project.edit("issues/2026-01/fr.md", "Bonjour.", "[Le rapport](https://www.example.org/rapport)");
    // Its server does not answer, so the next one is asked.
    filter(&project, "spamc", "0/0\\n");
    let path = filter(
        &project,
        "spamassassin",
        "(x)\\nContent analysis details:   (6.1 points, 5.0 required)\\n 6.1 SOME_TEST  It is\\n",
    );
    let run = |arguments: &[&str]| -> Said { project.command(arguments).env("PATH", &path).output().unwrap().into() };
    let said = run(&["check"]);
    assert_eq!(
        (said.status, said.stderr.as_str()),
        (Some(0), "spamc is at hand: --spam asks it about these mails.\n0 errors, 0 warnings.\n")
    );
    let said = run(&["check", "--spam", "--json"]);
    assert_eq!(said.status, Some(1), "{said:#?}");
    let checked: Value = serde_json::from_str(&said.stdout).unwrap();
    let [finding] = checked["findings"].as_array().unwrap().as_slice() else { panic!("{checked}") };
    let message = "spamassassin takes the mail for junk: 6.1 points, where 5 are junk; SOME_TEST 6.1";
    assert_eq!((&finding["code"], &finding["message"]), (&"spam-score".into(), &message.into()));
    assert_eq!(finding["editions"].as_array().unwrap().len(), 2, "one of each language");
    project.write("bulletin.toml", &format!("{TOML}\n[check]\nspam-score = \"off\"\n"));
    assert_eq!(run(&["check", "--spam"]).stderr, "0 errors, 0 warnings.\n");
}

#[test]
fn spamassassin_has_nothing_against_the_sample() {
    let at_hand = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("spamassassin").is_file()));
    if !at_hand {
        return skipped("there is no spamassassin").unwrap_or_default();
    }
    let project = Project::sample();
    // Nothing of whoever runs the tests has a say in it.
    let said: Said = project
        .command(&["check", "2015-11", "--spam", "--json"])
        .env("HOME", project.path(""))
        .output()
        .unwrap()
        .into();
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(!said.stdout.contains("spam-score"), "{said:#?}");
}

/// A copy of one of the newsletters in `tests/fixtures`.
fn fixture(name: &str) -> Project {
    let project = Project::empty();
    project.copy(&format!("tests/fixtures/{name}"));
    project
}

#[test]
fn about_a_clean_newsletter_nothing_is_said() {
    // It has every kind of content, so it also holds that the built-in templates bring nothing that is not known of
    // them, and can be read in light and dark.
    let checked = fixture("clean-newsletter").json(&["check", "--json"], 0);
    assert_eq!(checked, serde_json::json!({ "findings": [] }));
}

#[test]
fn what_a_template_asks_of_mail_programs_is_told_with_its_share_and_its_line() {
    let project = fixture("clean-newsletter");
    let built_in = std::fs::read_to_string(repository().join("templates/item.mjml")).unwrap();
    project.write("templates/item.mjml", &format!("{built_in}<mj-text><video><p>A film</p></video></mj-text>\n"));
    let style = std::fs::read_to_string(repository().join("templates/style.css")).unwrap();
    project.write("templates/style.css", &format!("{style}.contents {{\n  display: grid;\n}}\n"));
    let text = project.read("issues/2026-05/en.md");
    let block = "```mjml\n<mj-text>\n<div style=\"position: absolute\">Up</div>\n<svg width=\"9\" height=\"9\"></svg>\n<p style=\"background-image: none; margin: 0\">Plain</p>\n</mj-text>\n```\n";
    let at = text.lines().count() + 3;
    project.write("issues/2026-05/en.md", &format!("{text}\n{block}"));
    let checked = project.json(&["check", "--json"], 0);
    let findings = checked["findings"].as_array().unwrap().iter();
    let support = findings.filter(|finding| finding["code"] == "client-support");
    let told: Vec<_> = support
        .map(|finding| {
            let message = finding["message"].as_str().unwrap();
            assert!(message.contains(" % of mail programs "), "{message}");
            let feature = message.split('`').nth(1).unwrap();
            format!("{}:{} {feature}", finding["file"].as_str().unwrap(), finding["line"])
        })
        .collect();
    let expected = [
        format!("issues/2026-05/en.md:{} position", at + 1),
        format!("issues/2026-05/en.md:{} Embedded <svg> image", at + 2),
        format!("issues/2026-05/en.md:{} background-image", at + 3),
        "templates/item.mjml:5 <video>".to_owned(),
        format!("templates/style.css:{} display:grid", style.lines().count() + 2),
    ];
    assert_eq!(told, expected, "{checked:#}");
}

#[test]
fn the_built_in_templates_ask_no_more_of_mail_programs_than_is_known() {
    for project in [Project::sample(), Project::right_to_left(), Project::all_languages()] {
        let checked = project.run(&["check", "--json"]);
        let checked: Value = serde_json::from_str(&checked.stdout).unwrap();
        let findings = checked["findings"].as_array().unwrap().iter();
        let of_pages = ["client-support", "low-contrast", "no-dimensions", "mail-form", "dead-anchor", "duplicate-id"];
        let found: Vec<_> = findings.filter(|one| of_pages.contains(&one["code"].as_str().unwrap())).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn the_sample_can_be_sent_as_it_is() {
    let checked = Project::sample().json(&["check", "2015-11", "--json"], 0);
    let findings = checked["findings"].as_array().unwrap().iter();
    let warnings: Vec<_> = findings
        .filter(|finding| finding["severity"] != "info")
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    // An item that falls back, as the sample wants to show, and a number that one language spells out.
    assert_eq!(warnings, ["untranslated", "numbers-differ"], "{checked:#}");
}

#[test]
fn a_script_gets_the_line_that_a_finding_is_about() {
    let project = english("See [here](https://www.example.org/a) for more.");
    let checked = project.json(&["check", "2026-01", "--json"], 0);
    let findings = checked["findings"].as_array().unwrap();
    let vague = findings.iter().find(|finding| finding["code"] == "vague-link").unwrap();
    assert_eq!(vague["excerpt"], "See [here](https://www.example.org/a) for more.");
    for finding in findings {
        assert_eq!(finding["line"].is_null(), finding.get("excerpt").is_none(), "{finding:#}");
    }
}

#[test]
fn of_a_list_that_was_saved_wrong_a_person_is_told_the_first_rows_and_a_script_all() {
    let project = english("Hello.");
    let rows = "no address,en,,\n".repeat(500);
    project.write("subscribers/subscribers.csv", &format!("{LIST}{rows}"));
    let said = project.run(&["check", "2026-01"]);
    assert_eq!(said.status, Some(1), "{said:#?}");
    assert!(said.stderr.contains("and 490 more of the kind "), "{said:#?}");
    assert_eq!(project.json(&["check", "2026-01", "--json"], 1)["findings"].as_array().unwrap().len(), 500);
}

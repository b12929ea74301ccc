//! What an author can write, and how it reaches the reader.

use mail_parser::MessageParser;

use crate::project::Project;

/// Subject, HTML and text of the only edition of the sample in `language` with all its items.
fn whole(project: &Project, language: &str) -> (String, String, String) {
    project.write("list.csv", &format!("email,language\nann@example.org,{language}\n"));
    let manifest = project.json(&["preview", "2015-11", "--subscribers", "list.csv", "--out", "out", "--json"], 0);
    let eml = project.path("out").join(manifest["editions"][0]["eml"].as_str().unwrap());
    let bytes = std::fs::read(eml).unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    let body = |body: Option<std::borrow::Cow<'_, str>>| body.unwrap().replace("&nbsp;", "\u{a0}").replace('\r', "");
    (message.subject().unwrap().to_owned(), body(message.body_html(0)), body(message.body_text(0)))
}

const FRENCH: &str = "+++\nsubject = 'Le \"mot\" : quoi ?'\npreheader = \"L'été\"\n+++\n";

#[test]
fn the_rules_that_bulletin_toml_chooses_reach_subject_preheader_html_and_text() {
    let project = Project::sample();
    let text = project.read("issues/2015-11/fr.md");
    let body = text.splitn(3, "+++\n").nth(2).unwrap();
    project.write("issues/2015-11/fr.md", &format!("{FRENCH}\nDire \"*oui*\": quoi?\n{body}"));
    let (subject, html, text) = whole(&project, "fr");
    assert_eq!(subject, "Le «\u{a0}mot\u{a0}»\u{a0}: quoi?");
    assert!(html.contains("L’été"));
    assert!(html.contains("Dire «\u{a0}<em>oui</em>\u{a0}»\u{a0}: quoi?"), "{html}");
    assert!(text.contains("Dire «\u{a0}oui\u{a0}»\u{a0}: quoi?"), "{text}");
    let canadian = project.digest("2015-11");
    project.edit("bulletin.toml", "typography = \"fr-CA\"", "typography = \"fr\"");
    assert_ne!(project.digest("2015-11"), canadian, "the approval does not cover typography");
    assert_eq!(whole(&project, "fr").0, "Le «\u{a0}mot\u{a0}»\u{a0}: quoi\u{202f}?");
    project.edit("bulletin.toml", "typography = \"fr\"", "typography = \"none\"");
    assert_eq!(whole(&project, "fr").0, "Le \"mot\" : quoi ?");
}

#[test]
fn rules_and_languages_that_do_not_exist_are_named_with_their_line() {
    let project = Project::sample();
    project.edit(
        "bulletin.toml",
        "typography = \"fr-CA\"",
        "typography = \"fr-CN\"\n\n[languages.ft]\ntypography = \"fr\"",
    );
    let line = project.read("bulletin.toml").lines().position(|line| line.contains("fr-CN")).unwrap() + 1;
    let said = project.run(&["preview", "2015-11"]);
    assert_eq!(said.status, Some(2));
    for part in [
        &format!("bulletin.toml:{line}:14"),
        "There are no typographic rules `fr-CN`",
        "did you mean `fr-CA`?",
        &format!("bulletin.toml:{}:12", line + 2),
        "`languages.ft` speaks of the language `ft`",
    ] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
}

/// Every id and every jump of an HTML part.
fn ids(html: &str) -> (Vec<&str>, Vec<&str>) {
    let all = |mark| html.split(mark).skip(1).map(|rest: &str| rest.split('"').next().unwrap()).collect::<Vec<_>>();
    (all(" id=\""), all("href=\"#"))
}

#[test]
fn footnotes_lead_there_and_back_and_no_id_stands_twice_in_two_languages() {
    let project = Project::sample();
    for (file, word) in [("en", "First"), ("fr", "Premier")] {
        let file = format!("issues/2015-11/{file}.md");
        let text = project.read(&file);
        let (front, body) = text.split_once("\n# ").unwrap();
        let notes = format!("{word}.[^a] Again.[^a]\n\n[^a]: {word} *note*, [a link](https://www.example.org/note).\n");
        project.write(&file, &format!("{front}\n{notes}\n# {body}"));
    }
    // An item that falls back stands among those of the other language.
    let only = "## An untranslated item {#untranslated .everyone}\n\nText.[^b]\n\n[^b]: The other note.\n\n";
    project.edit("issues/2015-11/en.md", "## New: a National", &format!("{only}## New: a National"));
    for languages in ["en", "fr", "en;fr", "fr;en"] {
        let (_, html, text) = whole(&project, languages);
        let (ids, jumps) = ids(&html);
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id), "{id} stands twice in {languages}");
        }
        for jump in jumps {
            assert!(ids.contains(&jump), "#{jump} leads nowhere in {languages}");
        }
        let parts = languages.split(';').count();
        assert_eq!(html.matches("role=\"doc-noteref\"").count(), 2 * parts + 1, "{languages}");
        assert_eq!(html.matches("role=\"doc-backlink\"").count(), parts + 1, "{languages}");
        let word = if languages.starts_with("en") { "First" } else { "Premier" };
        assert!(text.contains(&format!("{word}.[^1]")), "{text}");
        assert!(text.contains(&format!("\n[^1] {word} note, ")), "{text}");
        assert!(text.contains("\n[1] https://www.example.org/note\n"), "{text}");
        assert!(text.contains("Text.[^1]\n\n[^1] The other note.\n"), "{text}");
    }
}

//! What a message says, read back by a parser that did not write it.

use std::collections::BTreeSet;

use mail_parser::{MessageParser, MimeHeaders as _};

use crate::project::Project;

/// Each edition of the sample: its manifest entry and its message.
fn editions() -> (Project, Vec<(serde_json::Value, Vec<u8>)>) {
    let project = Project::sample();
    let manifest = project.json(&["preview", "2015-11", "--out", "out", "--json"], 0);
    let editions = manifest["editions"].as_array().unwrap().clone();
    let read = |edition: serde_json::Value| {
        let eml = project.path("out").join(edition["eml"].as_str().unwrap());
        let bytes = std::fs::read(eml).unwrap();
        (edition, bytes)
    };
    let read = editions.into_iter().map(read).collect();
    (project, read)
}

fn header<'a>(message: &'a mail_parser::Message<'_>, name: &str) -> &'a str {
    message.header_raw(name.to_owned()).unwrap_or_else(|| panic!("no {name}")).trim()
}

/// Every address that the HTML links to, entities undone.
fn links(html: &str) -> BTreeSet<String> {
    html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect()
}

#[test]
fn every_message_has_the_headers_of_a_well_behaved_list() {
    let (_project, editions) = editions();
    for (edition, bytes) in &editions {
        let message = MessageParser::default().parse(bytes).unwrap();
        let french = edition["language"].as_str().unwrap().starts_with("fr");
        let from = message.from().unwrap().first().unwrap();
        let expected = if french {
            ("Conseil pour les droits des réfugiés", "bulletin-fr@example.org", "info-fr@example.org")
        } else {
            ("Refugee Rights Council", "bulletin@example.org", "info@example.org")
        };
        assert_eq!((from.name().unwrap(), from.address().unwrap()), (expected.0, expected.1));
        assert_eq!(message.reply_to().unwrap().first().unwrap().address(), Some(expected.2));
        let to = message.to().unwrap().first().unwrap();
        assert_eq!((to.name(), to.address()), (Some("Sample Reader"), Some("reader@example.org")));
        assert_eq!(message.subject(), edition["subject"].as_str());
        assert_eq!(message.date().unwrap().to_rfc3339(), "2015-11-25T12:00:00Z");
        assert!(header(&message, "List-Id").ends_with("<trafficking-bulletin.example.org>"));
        assert_eq!(header(&message, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        let unsubscribe = header(&message, "List-Unsubscribe");
        assert!(unsubscribe.contains("<https://bulletin.example.org/u/u"), "{unsubscribe}");
        assert!(unsubscribe.contains("<mailto:unsubscribe+u"), "{unsubscribe}");
        assert_eq!(header(&message, "List-Archive"), "<https://bulletin.example.org/archive>");
        assert_eq!(header(&message, "List-Help"), "<https://bulletin.example.org/help>");
        assert_eq!(header(&message, "Precedence"), "bulk");
        assert_eq!(header(&message, "Content-Language").replace(", ", ";"), edition["language"].as_str().unwrap());
        assert_eq!(header(&message, "Feedback-ID").split(':').count(), 4);
        assert!(message.message_id().unwrap().ends_with("@example.org"));
    }
    let ids: BTreeSet<_> = editions.iter().map(|(edition, _)| edition["id"].as_str()).collect();
    assert_eq!(ids.len(), editions.len());
}

#[test]
fn every_line_is_seven_bit_ends_in_crlf_and_is_short_enough() {
    let (_project, editions) = editions();
    for (_, bytes) in &editions {
        assert!(bytes.is_ascii());
        assert!(bytes.ends_with(b"\r\n"));
        for line in bytes.split(|byte| *byte == b'\n') {
            assert!(line.is_empty() || line.ends_with(b"\r"));
            // RFC 5322 section 2.1.1: 998 at most; 78 are better and hold for bodies here.
            assert!(line.len() <= 200, "{}", String::from_utf8_lossy(line));
        }
    }
}

#[test]
fn both_parts_say_who_sends_where_they_are_why_it_comes_and_how_to_leave() {
    let (_project, editions) = editions();
    for (edition, bytes) in &editions {
        let message = MessageParser::default().parse(bytes).unwrap();
        let text = message.body_text(0).unwrap();
        let html = message.body_html(0).unwrap();
        let french = edition["language"].as_str().unwrap().starts_with("fr");
        let needed = if french {
            [
                "Conseil pour les droits des réfugiés",
                "rue de l’Exemple",
                "vous vous êtes abonné·e",
                "https://bulletin.example.org/u/u",
            ]
        } else {
            [
                "Refugee Rights Council",
                "200 Sample Street",
                "because you subscribed",
                "https://bulletin.example.org/u/u",
            ]
        };
        for phrase in needed {
            assert!(text.contains(phrase), "{phrase} is not in the text of {}", edition["id"]);
            assert!(html.contains(phrase), "{phrase} is not in the HTML of {}", edition["id"]);
        }
        for body in [&text, &html] {
            assert!(!body.contains("{{") && !body.contains("zqfield") && !body.contains("u{"), "{}", edition["id"]);
        }
    }
}

#[test]
fn text_and_html_hold_the_same_links_and_none_is_empty() {
    let (_project, editions) = editions();
    for (edition, bytes) in &editions {
        let message = MessageParser::default().parse(bytes).unwrap();
        let text = message.body_text(0).unwrap();
        let html = message.body_html(0).unwrap();
        let in_html: BTreeSet<_> = links(&html).into_iter().filter(|url| !url.starts_with('#')).collect();
        for url in &in_html {
            let bare = url.strip_prefix("mailto:").unwrap_or(url);
            assert!(!bare.is_empty() && text.contains(bare), "{url} is not in the text of {}", edition["id"]);
        }
        let ends = |c: char| c.is_whitespace() || c == ')' || c == ',';
        for (at, _) in text.match_indices("https://") {
            let url = text[at..].split(ends).next().unwrap();
            assert!(in_html.contains(url), "{url} is in the text of {} alone", edition["id"]);
        }
    }
}

#[test]
fn the_largest_edition_stays_well_under_what_gmail_shows() {
    let (_project, editions) = editions();
    let largest = editions.iter().map(|(edition, _)| edition["html_bytes"].as_u64().unwrap()).max().unwrap();
    // Gmail cuts the HTML part at 102 KB; a reader's own values need some room.
    assert!(largest < 92 * 1024, "{largest}");
}

#[test]
fn jumps_within_a_mail_lead_somewhere() {
    let (_project, editions) = editions();
    for (edition, bytes) in &editions {
        let message = MessageParser::default().parse(bytes).unwrap();
        let html = message.body_html(0).unwrap();
        for target in links(&html).iter().filter_map(|url| url.strip_prefix('#')) {
            assert_eq!(html.matches(&format!("id=\"{target}\"")).count(), 1, "#{target} in {}", edition["id"]);
        }
    }
}

#[test]
fn images_travel_in_the_message_and_nothing_is_fetched_from_elsewhere() {
    let (_project, editions) = editions();
    for (edition, bytes) in &editions {
        let message = MessageParser::default().parse(bytes).unwrap();
        let html = message.body_html(0).unwrap();
        let ids: BTreeSet<_> = message.attachments().filter_map(|part| part.content_id()).collect();
        let sources: Vec<_> = html.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(!sources.is_empty());
        for source in sources {
            let id = source.strip_prefix("cid:").unwrap_or_else(|| panic!("{source} in {}", edition["id"]));
            assert!(ids.contains(id), "{id} is not in {}", edition["id"]);
        }
        assert!(!html.contains("url(http") && !html.contains("@import") && !html.contains("<link"));
    }
}

#[test]
fn hosted_images_have_absolute_addresses_and_no_parts_of_their_own() {
    let project = Project::sample();
    project.edit("bulletin.toml", "web =", "images = \"hosted\"\nweb =");
    project.run(&["preview", "2015-11", "--out", "out"]);
    let manifest: serde_json::Value = serde_json::from_str(&project.read("out/manifest.json")).unwrap();
    let eml = std::fs::read(project.path("out").join(manifest["editions"][0]["eml"].as_str().unwrap())).unwrap();
    let message = MessageParser::default().parse(&eml).unwrap();
    assert_eq!(message.attachment_count(), 0);
    let html = message.body_html(0).unwrap();
    assert!(html.contains("src=\"https://bulletin.example.org/issues/2015-11/images/assessment-tool.png\""));
}

#[test]
fn without_a_web_address_a_reader_leaves_by_mail() {
    let project = Project::sample();
    project.edit("bulletin.toml", "web = \"https://bulletin.example.org\"\n", "");
    project.run(&["preview", "2015-11", "--out", "out"]);
    let manifest: serde_json::Value = serde_json::from_str(&project.read("out/manifest.json")).unwrap();
    let eml = std::fs::read(project.path("out").join(manifest["editions"][0]["eml"].as_str().unwrap())).unwrap();
    let message = MessageParser::default().parse(&eml).unwrap();
    assert!(message.header_raw("List-Unsubscribe-Post").is_none());
    assert!(header(&message, "List-Unsubscribe").starts_with("<mailto:unsubscribe+u"));
    assert!(message.body_html(0).unwrap().contains("href=\"mailto:unsubscribe+u"));
    assert!(message.body_text(0).unwrap().contains("mailto:unsubscribe+u"));
}

#[test]
fn what_a_subscriber_typed_is_text_wherever_it_lands() {
    let project = Project::sample();
    project.edit("issues/2015-11/en.md", "subject = \"", "subject = \"{{ subscriber.name | default(value='x') }} ");
    let nasty = "<b>{{ 7*7 }}</b> & \"\"\nBcc: all@example.org";
    project.write("list.csv", &format!("email,name\nann@example.org,\"{nasty}\"\n"));
    let said = project.run(&["preview", "2015-11", "--subscribers", "list.csv", "--each", "--out", "out"]);
    assert_eq!(said.status, Some(2), "single quotes are no default: {said:?}");
    project.edit("issues/2015-11/en.md", "{{ subscriber.name | default(value='x') }}", "{{ subscriber.name }}");
    let said = project.run(&["preview", "2015-11", "--subscribers", "list.csv", "--each", "--out", "out"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let eml = std::fs::read(project.path("out/each/row-00002.eml")).unwrap();
    let message = MessageParser::default().parse(&eml).unwrap();
    assert!(message.header_raw("Bcc").is_none());
    assert!(message.subject().unwrap().starts_with("<b>{{ 7*7 }}</b> & \" Bcc: all@example.org"));
    assert_eq!(message.to().unwrap().iter().count(), 1);
    let html = message.body_html(0).unwrap();
    assert!(html.contains("Hello &lt;b&gt;{{ 7*7 }}&lt;/b&gt; &amp; &quot; Bcc: all@example.org,"), "{html}");
    assert!(message.body_text(0).unwrap().contains("Hello <b>{{ 7*7 }}</b> & \" Bcc: all@example.org,"));
}

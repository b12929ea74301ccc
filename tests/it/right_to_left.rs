//! An edition in Arabic is mirrored as a whole, and what is in English inside it is not.

use crate::project::Project;

/// HTML and plain text of the edition whose `language` is asked for; of several, the one with most items.
fn edition(language: &str) -> (String, String) {
    let project = Project::right_to_left();
    let manifest = project.json(&["preview", "2026-03", "--out", "out", "--json"], 0);
    let editions = manifest["editions"].as_array().unwrap().iter().filter(|one| one["language"] == language);
    let edition = editions.max_by_key(|one| one["items"].as_array().unwrap().len()).unwrap();
    let read = |name: &str| project.read(&format!("out/{}", edition[name].as_str().unwrap()));
    (read("html"), read("text"))
}

/// The tag of `html` that opens right before `content`, with its attributes.
fn tag_before<'a>(html: &'a str, content: &str) -> &'a str {
    let at = html.find(content).unwrap_or_else(|| panic!("no {content:?}"));
    let start = html[..at].rfind('<').unwrap();
    &html[start..at]
}

/// The tag of `name` that opens next before `content`.
fn around<'a>(html: &'a str, name: &str, content: &str) -> &'a str {
    let at = html.find(content).unwrap_or_else(|| panic!("no {content:?}"));
    let start = html[..at].rfind(&format!("<{name} ")).unwrap();
    let end = start + html[start..].find('>').unwrap();
    &html[start..=end]
}

fn speaks(tag: &str, language: &str, direction: &str) -> bool {
    tag.contains(&format!("lang=\"{language}\"")) && tag.contains(&format!("dir=\"{direction}\""))
}

#[test]
fn an_arabic_mail_says_so_at_every_level() {
    let (html, _) = edition("ar");
    for tag in ["<html ", "<body "] {
        let at = html.find(tag).unwrap();
        assert!(html[at..].starts_with(&format!("{tag}lang=\"ar\" dir=\"rtl\" ")), "{tag}");
    }
    assert!(!html.contains("direction:ltr"), "a column runs the other way");
}

#[test]
fn its_own_text_lists_quotes_tables_and_buttons_begin_on_the_right() {
    let (html, _) = edition("ar");
    let list = around(&html, "ol", "الأوراق");
    assert!(list.contains("padding-right") && !list.contains("padding-left"), "{list}");
    let quote = around(&html, "blockquote", "لا يزيد مبلغ");
    assert!(quote.contains("border-right") && !quote.contains("border-left"), "{quote}");
    assert!(tag_before(&html, "الجهة").contains("align=\"right\""));
    assert!(around(&html, "td", "<h2").contains("align=\"right\""));
    assert!(around(&html, "td", "اقرأوا دليل").contains("bgcolor"));
    assert!(around(&html, "div", "فعالية").contains("border-right"));
    assert!(around(&html, "span", "اقرأوا دليل").contains("dir=\"rtl\""));
}

#[test]
fn an_item_in_english_inside_it_begins_on_the_left_and_its_note_on_the_right() {
    let (html, text) = edition("ar");
    let title = around(&html, "h3", "Jobs at the port</h3>");
    assert!(speaks(title, "en", "ltr"), "{title}");
    let body = around(&html, "div", "The port takes on");
    assert!(speaks(body, "en", "ltr"), "{body}");
    let list = around(&html, "ul", "Anyone with");
    assert!(list.contains("padding-left") && !list.contains("padding-right"), "{list}");
    let quote = around(&html, "blockquote", "started here");
    assert!(quote.contains("border-left") && !quote.contains("border-right"), "{quote}");
    assert!(tag_before(&html, "How many").contains("align=\"right\""));
    assert!(tag_before(&html, "Pier 2").contains("align=\"left\""));
    assert!(speaks(around(&html, "span", "Apply now!"), "en", "ltr"));
    let event = around(&html, "div", "Meet the employers");
    assert!(speaks(event, "en", "ltr") && event.contains("border-left"), "{event}");
    assert!(html.contains("Wednesday 18 March – Friday, 20 March 2026"));
    let note = "هذه المادة متوفرة باللغة الإنجليزية فقط.";
    assert!(speaks(tag_before(&html, note), "ar", "rtl"));
    assert!(text.contains(&format!("({note})")));
}

#[test]
fn each_part_of_a_mail_in_two_languages_has_its_own_direction() {
    for language in ["ar;en", "en;ar"] {
        let (html, _) = edition(language);
        let first = &language[..2];
        assert!(html.contains(&format!("<html lang=\"{first}\"")));
        assert!(around(&html, "ol", "The papers").contains("padding-left"));
        assert!(around(&html, "ol", "الأوراق").contains("padding-right"));
        assert!(speaks(around(&html, "div", "In this issue"), "en", "ltr"));
        assert!(speaks(around(&html, "div", "في هذا العدد"), "ar", "rtl"));
        assert!(!html.contains("متوفرة باللغة"), "the item exists in one of the languages");
    }
}

#[test]
fn counts_follow_the_plurals_of_the_language() {
    assert!(edition("en").1.contains("In this issue · 3 items"));
    assert!(edition("ar").1.contains("في هذا العدد · 3 مواد"));
    assert!(edition("ar;en").1.contains("في هذا العدد · مادتان"));
}

#[test]
fn a_telephone_number_keeps_its_order_in_a_line_of_arabic() {
    let (html, text) = edition("ar");
    assert!(tag_before(&html, "+1 902 555 0123").contains("dir=\"ltr\""));
    assert!(text.contains("\u{2066}+1 902 555 0123\u{2069}"));
    assert!(!edition("en").1.contains('\u{2066}'));
}

#[test]
fn a_preview_tells_what_fell_back_and_where() {
    let project = Project::right_to_left();
    let said = project.run(&["preview", "2026-03", "--out", "out"]);
    let lines: Vec<_> = said.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", said.stderr);
    let line = "`jobs` has no translation for ar and is shown in en: ar-";
    assert!(lines[0].starts_with(line), "{}", said.stderr);
    assert!(lines[1].starts_with("6 recipients in 6 editions"), "{}", said.stderr);
    let gallery = project.read("out/index.html");
    assert_eq!(gallery.matches(r#""fallen":[["jobs","en"]]"#).count(), 1);
}

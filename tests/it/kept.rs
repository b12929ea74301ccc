//! What a preview keeps for the next one: it saves time, and never shows.

use std::collections::BTreeMap;

use crate::project::Project;

const KEPT: &str = "outbox/2015-11/rendered";

/// The files of a preview that is written now, by their names.
fn preview(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let said = project.run(&["preview", "2015-11", "--each", "--out", "out"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    ["out", "out/editions", "out/each"].iter().flat_map(|folder| files(project, folder)).collect()
}

fn files(project: &Project, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(project.path(folder)).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    paths.map(|path| (path.to_string_lossy().into_owned(), std::fs::read(&path).unwrap())).collect()
}

/// A preview for which everything is rendered anew.
fn anew(project: &Project) -> BTreeMap<String, Vec<u8>> {
    std::fs::remove_dir_all(project.path(KEPT)).unwrap();
    preview(project)
}

#[test]
fn a_preview_is_the_same_to_the_byte_with_what_was_kept_and_without() {
    let project = Project::sample();
    let first = preview(&project);
    let kept = files(&project, KEPT);
    assert!(kept.len() > 3, "{}", kept.len());
    assert!(preview(&project) == first && files(&project, KEPT) == kept);
}

#[test]
fn only_the_editions_that_a_change_is_in_are_rendered_again() {
    let project = Project::sample();
    preview(&project);
    let before = files(&project, KEPT);
    project.edit("issues/2015-11/en.md", "Someone who is being trafficked", "A person who is being trafficked");
    let with = preview(&project);
    let after = files(&project, KEPT);
    let changed = after.iter().filter(|(name, content)| before.get(*name) != Some(content)).count();
    assert!(changed > 0 && changed < after.len(), "{changed} of {}", after.len());
    assert!(with == anew(&project));
    assert!(files(&project, KEPT) == after);
}

#[test]
fn whatever_decides_how_an_edition_looks_has_it_rendered_again() {
    let project = Project::sample();
    preview(&project);
    let path = project.path("issues/2015-11/images/assessment-tool.png");
    let image = std::fs::read(&path).unwrap();
    let changes: [&dyn Fn(); 4] = [
        &|| project.edit("bulletin.toml", "[brand]", "[brand]\nfont = \"Georgia, serif\""),
        &|| project.write("templates/style.css", "p { margin: 3px }\n"),
        &|| project.edit("issues/2015-11/issue.toml", "2015-11-25", "2015-11-26"),
        &|| std::fs::write(&path, [&image[..], b"x"].concat()).unwrap(),
    ];
    for (number, change) in changes.iter().enumerate() {
        let before = files(&project, KEPT);
        change();
        let with = preview(&project);
        assert!(files(&project, KEPT) != before, "change {number}");
        assert!(with == anew(&project), "change {number}");
    }
}

#[test]
fn what_is_damaged_or_foreign_is_rendered_anew_and_what_is_no_longer_needed_goes() {
    let project = Project::sample();
    let first = preview(&project);
    let kept = files(&project, KEPT);
    let names: Vec<_> = kept.keys().collect();
    let text = String::from_utf8(kept[names[0]].clone()).unwrap();
    // Whole, but not what its digest says.
    std::fs::write(names[0], text.replacen("Hello", "Howdy", 1)).unwrap();
    std::fs::write(names[1], &text[..text.len() / 2]).unwrap();
    std::fs::write(names[2], &text).unwrap();
    project.write(&format!("{KEPT}/en-00000000.json"), "{}");
    assert!(preview(&project) == first && files(&project, KEPT) == kept);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::sample();
    preview(&project);
    for name in files(&project, KEPT).keys() {
        assert_eq!(std::fs::metadata(name).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_preview_whose_folder_can_not_keep_anything_is_written_all_the_same() {
    let project = Project::sample();
    let first = preview(&project);
    std::fs::remove_dir_all(project.path(KEPT)).unwrap();
    project.write(KEPT, "in the way");
    assert!(preview(&project) == first);
}

//! What the program tells a shell and man(1) of itself.

use std::process::Command;

use crate::project::{Project, skipped};

/// Commands of both levels.
const WORDS: [&str; 6] = ["rehearse", "send", "subscribers", "unsuppress", "completions", "--approve"];

#[test]
fn every_shell_is_told_every_command() {
    let project = Project::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = project.run(&["completions", shell]);
        assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{shell}");
        let missing: Vec<_> = WORDS.iter().filter(|word| !said.stdout.contains(word.trim_start_matches('-'))).collect();
        assert!(missing.is_empty(), "{shell}: {missing:?}");
    }
    assert_eq!(project.run(&["completions", "dos"]).status, Some(2));
}

#[test]
fn bash_completes_commands_and_options() {
    let project = Project::empty();
    project.write("completions", &project.run(&["completions", "bash"]).stdout);
    let completed = |words: &str| -> Option<String> {
        let script = format!(
            "source completions && COMP_WORDS=(bulletin {words}) && COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) \
             && _bulletin bulletin \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\" && echo \"${{COMPREPLY[@]}}\""
        );
        let bash = Command::new("bash").args(["-c", &script]).current_dir(project.path("")).output();
        let Ok(output) = bash else { return skipped("bash is not installed") };
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let Some(commands) = completed("reh") else { return };
    assert_eq!(commands, "rehearse");
    assert_eq!(completed("subscribers unsu").as_deref(), Some("unsuppress"));
    assert_eq!(completed("send --app").as_deref(), Some("--approve"));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let project = Project::empty();
    let said = project.run(&["man"]);
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    assert!(said.stdout.contains(".TH bulletin 1") && said.stdout.contains("rehearse"), "{}", said.stdout);

    let said = project.run(&["man", "--out", "manual"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), "manual/bulletin.1\n"), "{said:#?}");
    assert_eq!(project.read("manual/bulletin.1"), project.run(&["man"]).stdout);
    for (page, option) in [("bulletin-send.1", "approve"), ("bulletin-subscribers-import.1", "map")] {
        assert!(project.read(&format!("manual/{page}")).contains(option), "{page}");
    }
}

#[test]
fn a_manual_that_can_not_be_written_is_told() {
    let project = Project::empty();
    project.write("manual", "a file");
    let said = project.run(&["man", "--out", "manual"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""));
    assert!(said.stderr.contains("The manual can't be written to manual"), "{}", said.stderr);
}

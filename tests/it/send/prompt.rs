//! A person at a terminal agrees to a send by typing the issue's name, and by nothing else.

use std::process::Command;

use super::stage::{ISSUE, Post, newsletter};
use crate::project::{Said, repository, skipped};

#[test]
fn a_send_begins_when_the_name_of_the_issue_is_typed_and_not_otherwise() {
    let (project, _) = newsletter(4);
    let post = Post::open("");
    let url = post.url();
    // With the name at last, so that everything before it has to leave the relay alone.
    for (word, status, taken) in [("", 2, 0), ("y", 2, 0), ("2015-1", 2, 0), (ISSUE, 0, 4)] {
        let program = project.command(&["send", ISSUE, "--relay", &url, "--rate", "max"]);
        let mut terminal = Command::new("python3");
        terminal.arg(repository().join("tests/fixtures/type_at_prompt.py")).arg(word).arg(program.get_program());
        terminal.args(program.get_args()).current_dir(program.get_current_dir().unwrap());
        terminal.env("BULLETIN_SECRET", crate::project::SECRET).env("NO_COLOR", "1").env("TERM", "dumb");
        let said: Said = match terminal.output() {
            Ok(output) => output.into(),
            Err(error) => return skipped(format!("python3 can't be run: {error}")).unwrap_or_default(),
        };
        assert!(said.stdout.contains("4 to be sent to now") && said.stdout.contains(&url), "{said:#?}");
        assert_eq!((said.status, post.count()), (Some(status), taken), "{word:?}: {said:#?}");
    }
}

//! Other processes on the same state while a send runs: who leaves meanwhile gets nothing more, and nothing
//! that anybody writes is lost.

use crate::send::stage::{Account, Books, Post, newsletter, reader, send, within_patience};

#[test]
fn who_leaves_while_a_send_runs_is_skipped_and_no_write_of_anybody_is_lost() {
    let (project, digest) = newsletter(20);
    let post = Post::open("");
    let running = send(&project, &post.url(), &digest, &["--rate", "2/s", "--connections", "1"]);
    within_patience("the first messages are sent", || (post.count() > 0).then_some(()));
    // The last readers' turns are seconds away.
    let leavers: Vec<_> = (14..20).map(reader).collect();
    std::thread::scope(|scope| {
        for leaver in &leavers {
            let project = &project;
            scope.spawn(move || assert_eq!(project.run(&["subscribers", "suppress", leaver]).status, Some(0)));
        }
    });
    let before = post.taken();
    let said = running.end();
    let account = Account::of(&said);
    let late: Vec<_> = leavers.iter().filter(|leaver| !before.contains_key(*leaver)).collect();
    assert!(!late.is_empty(), "the send was over before anybody left");
    for leaver in &late {
        assert!(!post.recipients().contains(leaver), "{leaver} left and was sent to");
    }
    assert_eq!((account.planned, account.accepted), (20, post.count()));
    assert_eq!(account.skipped, 20 - post.count());
    let books = Books::read(&project);
    for person in books.people.iter().filter(|person| person.state == "skipped") {
        assert!(person.reason.as_ref().unwrap().starts_with("suppressed: suppressed by hand on 20"), "{person:?}");
    }
    for leaver in &leavers {
        let shown = project.json(&["subscribers", "show", leaver, "--json"], 0);
        assert_eq!(shown["history"].as_array().unwrap().len(), 1, "{shown}");
    }
}

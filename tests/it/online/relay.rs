//! The relay: asked whether it would take the mail, and sent none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use bulletin::rehearsal::CatcherOptions;
use serde_json::Value;

use super::links::closed_port;
use super::{NameServer, check, codes, domain, text};
use crate::project::Project;
use crate::send::stage::Post;

fn smtp(project: &Project, port: u16, more: &str) {
    let toml = project.read("bulletin.toml");
    project.write(
        "bulletin.toml",
        &format!("{toml}\n[smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n{more}"),
    );
}

fn found(port: u16, more: &str, status: i32) -> Vec<Value> {
    let (project, names) = domain(|zone| zone);
    smtp(&project, port, more);
    project.write("password", "wrong\n");
    check(&project, &names, &[], status)
}

/// A relay that says these lines in turn, after what it hears.
fn scripted(replies: &'static [&'static str]) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut heard = Vec::new();
        for reply in replies {
            stream.write_all(format!("{reply}\r\n").as_bytes()).unwrap();
            let Some(Ok(line)) = lines.next() else { break };
            heard.push(line);
        }
        heard
    });
    (port, task)
}

#[test]
fn a_relay_that_is_well_is_greeted_and_left_without_a_message() {
    let catcher = Post::with(CatcherOptions::default());
    assert_eq!(codes(&found(catcher.address().port(), "", 0)), Vec::<&str>::new());
    assert_eq!(catcher.close().accepted, 0);
    let password = "username = \"office\"\npassword_file = \"password\"\n";
    let (port, talk) = scripted(&["220 here", "250-here\r\n250 AUTH PLAIN", "235 welcome", "221 bye"]);
    assert_eq!(codes(&found(port, password, 0)), Vec::<&str>::new());
    let heard = talk.join().unwrap();
    assert_eq!((heard.len(), heard.last().map(String::as_str)), (3, Some("QUIT")), "{heard:?}");
}

#[test]
fn a_relay_that_can_not_be_used_is_told_with_its_cure() {
    let password = "username = \"office\"\npassword_file = \"password\"\n";
    let (port, talk) = scripted(&["220 here", "250-here\r\n250 AUTH PLAIN", "535 5.7.8 no"]);
    let found_wrong = found(port, password, 1);
    talk.join().unwrap();
    assert_eq!(codes(&found_wrong), ["no-relay"]);
    assert!(text(&found_wrong[0], "message").contains("does not let `office` log in"), "{found_wrong:?}");
    assert!(text(&found_wrong[0], "help").contains("password"), "{found_wrong:?}");
    assert!(!found_wrong[0].to_string().contains("wrong"), "the password is told nowhere");

    let away = found(closed_port(), "", 1);
    assert_eq!(codes(&away), ["no-relay"]);
    assert!(text(&away[0], "message").contains("can't be reached"), "{away:?}");

    let missing = found(closed_port(), "username = \"office\"\npassword_env = \"BULLETIN_NO_SUCH_VARIABLE\"\n", 1);
    assert_eq!(codes(&missing), ["no-relay"]);
    assert!(text(&missing[0], "help").contains("export BULLETIN_NO_SUCH_VARIABLE"), "{missing:?}");

    let (project, names) = domain(|zone| zone);
    let (port, talk) = scripted(&["220 here", "250 here", "221 bye"]);
    smtp(&project, port, "");
    project.edit("bulletin.toml", "tls = \"none\"", "tls = \"starttls\"");
    let clear = check(&project, &names, &[], 1);
    talk.join().unwrap();
    assert_eq!(codes(&clear), ["no-relay"]);
    assert!(text(&clear[0], "message").contains("does not offer encryption"), "{clear:?}");
}

#[test]
fn an_edition_larger_than_the_relay_takes_is_told_before_anything_is_sent() {
    let post = Post::with(CatcherOptions { largest: 2_000, ..CatcherOptions::default() });
    let found = found(post.address().port(), "", 1);
    assert_eq!(codes(&found), ["relay-limit"]);
    assert!(text(&found[0], "message").contains("at most 2000 octets"), "{found:?}");
    assert!(found[0]["editions"].is_array(), "{found:?}");
    drop(post);
}

#[test]
fn what_spf_says_of_the_relay_is_told_as_far_as_it_can_be_known() {
    // Without its authority nothing is dialled: what the DNS says is looked at all the same.
    for (spf, expected) in [
        ("v=spf1 mx -all", vec!["spf-relay"]),
        ("v=spf1 mx a:smtp.example.net -all", vec![]),
        ("v=spf1 mx include:_spf.example.net -all", vec![]),
        ("v=spf1 ip4:127.0.0.0/8 -all", vec![]),
        ("v=spf1 -ip4:127.0.0.0/8 mx -all", vec!["spf-relay"]),
    ] {
        let (project, names): (Project, NameServer) = domain(|zone| {
            let zone = zone
                .replace("v=spf1 mx -all", spf)
                .replace("mail.example.org A 127.0.0.1", "mail.example.org A 192.0.2.1");
            zone + "smtp.example.net A 127.0.0.1\n_spf.example.net TXT v=spf1 ip4:192.0.2.9 -all\n"
        });
        smtp(&project, closed_port(), "");
        project.edit("bulletin.toml", "host = \"127.0.0.1\"", "host = \"smtp.example.net\"");
        project.edit("bulletin.toml", "tls = \"none\"", "tls = \"implicit\"\nca = \"none.pem\"");
        let found = check(&project, &names, &[], 1);
        let told: Vec<_> = codes(&found).into_iter().filter(|code| *code != "no-relay").collect();
        assert_eq!(told, expected, "{spf}: {found:?}");
    }
}

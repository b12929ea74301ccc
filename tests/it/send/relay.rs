//! The relay of a send: one for a plan, reachable or not, and never in the clear off this machine.

use bulletin::rehearsal::CatcherOptions;

use super::stage::{Account, Books, ISSUE, Post, configure, flat, newsletter, send, sent, within_patience};

/// Nobody listens there: it is tcpmux, which no one has used for decades.
const NOBODY: &str = "smtp://127.0.0.1:1";

#[test]
fn another_relay_than_that_of_the_plan_is_refused_with_what_the_first_accepted() {
    let (project, digest) = newsletter(20);
    let (first, second) = (Post::open("550:30%"), Post::open(""));
    let (_, account) = sent(&project, &first, &digest, &[]);
    let said = send(&project, &second.url(), &digest, &[]).end();
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    assert!(said.stderr.contains(&first.url()) && said.stderr.contains(&second.url()), "{}", said.stderr);
    assert!(said.stderr.contains(&format!("accepted {}", account.accepted)), "{}", said.stderr);
    assert_eq!(second.tally().connections, 0);
    assert_eq!(Books::read(&project).account, account);
    let (_, again) = sent(&project, &first, &digest, &[]);
    assert_eq!(again, account, "the plan goes on at its own relay");
}

#[test]
fn a_relay_that_nobody_listens_on_costs_nobody_anything() {
    let (project, digest) = newsletter(20);
    let said = send(&project, NOBODY, &digest, &["--wait", "1s"]).end();
    let nobody_yet = Account { planned: 20, pending: 20, ..Account::default() };
    assert_eq!((said.status, Account::of(&said)), (Some(1), nobody_yet));
    assert!(said.stderr.contains("could not be reached"), "{}", said.stderr);
    let books = Books::read(&project);
    assert_eq!(books.account, nobody_yet);
    assert!(books.people.iter().all(|person| person.attempts == 0), "an attempt without a connection");
}

#[test]
fn a_relay_that_goes_away_in_mid_send_and_comes_back_gets_each_message_once() {
    let (project, digest) = newsletter(60);
    let post = Post::open("");
    let url = post.url();
    let run = send(&project, &url, &digest, &["--rate", "40/s", "--connections", "3", "--wait", "0s"]);
    within_patience("some messages arrive", || (post.count() >= 5).then_some(()));
    let (address, closed) = (post.address(), post.close());
    let account = Account::of(&run.end());
    assert_eq!((account.accepted, account.unknown), (closed.accepted, 0), "{account:?}");
    assert!(account.planned == 60 && account.pending > 0, "{account:?}");
    let books = Books::read(&project);
    let mut rest = [books.emails("pending"), books.emails("deferred")].concat();
    rest.sort();

    let post = Post::at(address, CatcherOptions::default());
    let (_, account) = sent(&project, &post, &digest, &["--wait", "30s"]);
    assert_eq!(account, Account { planned: 60, accepted: 60, ..Account::default() });
    assert_eq!(post.recipients(), rest);
}

#[test]
fn a_relay_that_takes_fewer_connections_than_we_would_like_gets_the_whole_list_over_those() {
    let (project, digest) = newsletter(60);
    // With this seed the first connection is welcome, the next seven are told that there are too many, and
    // those after them are welcome again.
    let chaos = "421@connect:50%".parse().unwrap();
    let post = Post::with(CatcherOptions { chaos, seed: 20_780, ..CatcherOptions::default() });
    let (said, account) = sent(&project, &post, &digest, &["--rate", "30/s", "--connections", "2", "--wait", "1s"]);
    assert_eq!(account, Account { planned: 60, accepted: 60, ..Account::default() }, "{said:#?}");
    assert!(post.tally().refused[&421] > 0, "{:?}", post.tally());
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let (project, digest) = newsletter(3);
    let said = send(&project, "smtp://user:hunter2@127.0.0.1:1", &digest, &[]).end();
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(!said.stderr.contains("hunter2") && !said.stdout.contains("hunter2"), "{said:#?}");
    assert!(flat(&said.stderr).contains("password"), "{}", said.stderr);
    assert!(flat(&said.stderr).contains("[smtp]"), "where the password comes from is not told: {}", said.stderr);
    assert!(!project.path("state").exists());
}

#[test]
fn a_relay_that_must_encrypt_and_does_not_offer_it_gets_no_message() {
    let (project, digest) = newsletter(3);
    let post = Post::open("");
    configure(
        &project,
        &format!("[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"starttls\"\n", post.address().port()),
    );
    let said = project.run(&["send", ISSUE, "--approve", &digest, "--connections", "1"]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(flat(&said.stderr).contains("does not offer encryption"), "{}", said.stderr);
    let tally = post.tally();
    assert_eq!((tally.connections, tally.accepted), (1, 0), "{tally:?}");
    let books = Books::read(&project);
    assert_eq!(books.account, Account { planned: 3, pending: 3, ..Account::default() });
}

#[test]
fn off_this_machine_nothing_is_sent_in_the_clear_whatever_the_configuration_says() {
    let (project, digest) = newsletter(3);
    for host in ["mail.example.org", "192.0.2.1", "localhost.example.org"] {
        configure(&project, &format!("[smtp]\nhost = \"{host}\"\nport = 25\ntls = \"none\"\n"));
        let said = project.run(&["send", ISSUE, "--approve", &digest]);
        assert_eq!(said.status, Some(2), "{host}: {said:#?}");
        assert!(
            flat(&said.stderr).contains("loopback") || flat(&said.stderr).contains("encryption"),
            "{host}: {}",
            said.stderr
        );
    }
    assert!(!project.path("state").exists(), "it came as far as the ledger");
}

#[test]
fn a_password_that_is_missing_is_asked_for_by_the_name_of_its_variable() {
    let (project, digest) = newsletter(3);
    let mut command = project.command(&["send", ISSUE, "--approve", &digest]);
    let said: crate::project::Said = command.env_remove("BULLETIN_SMTP_PASSWORD").output().unwrap().into();
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(flat(&said.stderr).contains("BULLETIN_SMTP_PASSWORD"), "{}", said.stderr);
    assert!(!project.path("state").exists());
}

#[test]
fn what_does_not_speak_smtp_is_told_and_costs_nobody_anything() {
    let (project, digest) = newsletter(3);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        // Until the other side has gone, which resets or closes.
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    let said = send(&project, &url, &digest, &["--connections", "1"]).end();
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(flat(&said.stderr).contains("no mail server"), "{}", said.stderr);
    assert_eq!(String::from_utf8(server.join().unwrap()).unwrap(), "", "something was said to it");
    assert_eq!(Books::read(&project).account, Account { planned: 3, pending: 3, ..Account::default() });
}

#[test]
fn what_does_not_go_together_under_smtp_is_told_at_once() {
    let (project, _) = newsletter(3);
    configure(&project, "[smtp]\nhost = \"127.0.0.1\"\ntls = \"none\"\nca = \"ca.pem\"\nauth = \"xoauth2\"\n");
    let said = project.run(&["preview", ISSUE]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    for needed in ["`ca` is for TLS", "`auth` says how to log in, but nobody does", "2 faults"] {
        assert!(flat(&said.stderr).contains(needed), "{needed}: {}", said.stderr);
    }
}

#[test]
fn an_authority_whose_file_is_missing_stops_a_send_before_it_begins() {
    let (project, digest) = newsletter(3);
    configure(&project, "[smtp]\nhost = \"mail.example.org\"\nca = \"relay-ca.pem\"\n");
    let said = project.run(&["send", ISSUE, "--approve", &digest]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(flat(&said.stderr).contains("relay-ca.pem can't be used"), "{}", said.stderr);
    assert!(!project.path("state").exists());
}

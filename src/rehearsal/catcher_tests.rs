//! The catcher as a sender meets it: over TCP, from start to stop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::catcher::GRACE;
use super::{Accepted, Catcher, CatcherError, CatcherOptions, Tally};

/// One message on a connection of its own; gives the last reply, "" where there
/// was none.
async fn send(address: SocketAddr, recipient: &str) -> String {
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let envelope = format!("EHLO me\r\nMAIL FROM:<news@example.org>\r\nRCPT TO:<{recipient}>\r\n");
    let input = format!("{envelope}BDAT 7 LAST\r\nhello\r\nQUIT\r\n");
    stream.write_all(input.as_bytes()).await.unwrap();
    let mut output = String::new();
    let _ = stream.read_to_string(&mut output).await;
    output.lines().rev().find(|line| !line.starts_with("221")).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn it_listens_to_this_machine_only() {
    for bind in ["0.0.0.0:0", "192.0.2.1:25", "[::]:0", "[::ffff:192.0.2.1]:25"] {
        let options = CatcherOptions { bind: bind.parse().unwrap(), ..Default::default() };
        let error = Catcher::start(options).await.unwrap_err();
        assert!(matches!(error, CatcherError::NotLoopback { .. }), "{bind}");
        assert!(error.to_string().contains(bind), "{error}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_or_a_file_for_a_maildir_is_an_error_with_a_cure() {
    let catcher = Catcher::start(CatcherOptions::default()).await.unwrap();
    let options = CatcherOptions { bind: catcher.address(), ..Default::default() };
    assert!(matches!(Catcher::start(options).await, Err(CatcherError::Bind { .. })));
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = CatcherOptions { maildir: Some(file.path().into()), ..Default::default() };
    assert!(matches!(Catcher::start(options).await, Err(CatcherError::Maildir { .. })));
}

#[tokio::test]
async fn what_was_taken_is_listed_counted_and_filed() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = Some(folder.path().join("caught"));
    let options = CatcherOptions { maildir: maildir.clone(), ..Default::default() };
    let catcher = Catcher::start(options.clone()).await.unwrap();
    assert_eq!(send(catcher.address(), "one@example.org").await, "250 2.0.0 accepted as r000001");
    assert_eq!(send(catcher.address(), "two@example.org").await, "250 2.0.0 accepted as r000002");
    let second = Accepted { recipient: "two@example.org".into(), sequence: 2, bytes: 7 };
    assert_eq!((catcher.count(), &catcher.accepted()[1]), (2, &second));
    let tally = catcher.stop().await;
    assert_eq!(tally, Tally { connections: 2, accepted: 2, ..Tally::default() });
    assert_eq!(std::fs::read_dir(folder.path().join("caught/new")).unwrap().count(), 2);

    let next = Catcher::start(options).await.unwrap();
    assert_eq!(send(next.address(), "one@example.org").await, "250 2.0.0 accepted as r000003");
}

#[tokio::test]
async fn the_same_seed_misbehaves_the_same_whatever_the_concurrency() {
    let people: Vec<String> = (0..60).map(|n| format!("reader{n}@example.org")).collect();
    let mut runs = Vec::new();
    for at_once in [1, 20] {
        let chaos = "451:15%,550:15%,drop:10%,lost:10%".parse().unwrap();
        let catcher = Catcher::start(CatcherOptions { chaos, seed: 42, ..Default::default() }).await.unwrap();
        let mut fates = BTreeMap::new();
        for group in people.chunks(at_once) {
            let mut sending = JoinSet::new();
            for person in group {
                let (address, person) = (catcher.address(), person.clone());
                sending.spawn(async move { (send(address, &person).await, person) });
            }
            while let Some(sent) = sending.join_next().await {
                let (reply, person) = sent.unwrap();
                // The number in a queue id is a matter of who came first.
                fates.insert(person, reply.split(" as ").next().map(str::to_owned));
            }
        }
        let taken: Vec<_> = {
            let mut taken: Vec<_> = catcher.accepted().into_iter().map(|one| one.recipient).collect();
            taken.sort();
            taken
        };
        runs.push((fates, taken, catcher.stop().await));
    }
    assert_eq!(runs[0], runs[1]);
    let tally = &runs[0].2;
    assert_eq!(tally.refused.keys().copied().collect::<Vec<_>>(), [451, 550]);
    assert!(tally.dropped > 0 && tally.lost > 0 && tally.accepted > 20, "{tally:?}");
}

#[tokio::test]
async fn stop_ends_an_idle_conversation_at_a_command_and_a_stuck_one_by_force() {
    let catcher = Catcher::start(CatcherOptions::default()).await.unwrap();
    let address = catcher.address();
    let mut idle = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut stuck = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut greeting = String::new();
    idle.read_line(&mut greeting).await.unwrap();
    stuck.write_all(b"EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nBDAT 9 LAST\r\nx").await.unwrap();
    while !greeting.contains("2.1.5") {
        stuck.read_line(&mut greeting).await.unwrap();
    }
    let stopping = tokio::spawn(catcher.stop());
    let mut goodbye = String::new();
    idle.read_to_string(&mut goodbye).await.unwrap();
    assert!(goodbye.starts_with("421 4.3.2 "), "{goodbye}");
    let tally = tokio::time::timeout(GRACE * 3, stopping).await.unwrap().unwrap();
    assert_eq!((tally.connections, tally.accepted), (2, 0));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_catcher_that_is_dropped_lets_go_of_its_port() {
    let catcher = Catcher::start(CatcherOptions::default()).await.unwrap();
    let address = catcher.address();
    drop(catcher);
    for _ in 0..100 {
        if TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still listening");
}

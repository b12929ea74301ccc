//! Conversations held against scripted servers.

use std::time::Duration;

use data_encoding::BASE64;

use super::fetch::Imap;
use super::watch::watch;
use crate::dial::Security;
use crate::dial::peer::{Peer, tls};
use crate::inbox::mailbox::After;
use crate::inbox::server::{Login, Server};
use crate::inbox::{Fault, Mail, Receipt};

/// Up to the login, in the clear.
const HELLO: &str = "S: * OK here\nC: B1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\nS: B1 OK\n\
     C: B2 AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\nS: B2 OK\n";
/// Up to the open folder, likewise; `@` stands for what the server can do.
const OPEN: &str = "C: B3 CAPABILITY\nS: * CAPABILITY IMAP4rev1 @\nS: B3 OK\nC: B4 SELECT \"INBOX\"\nS: * 3 EXISTS\n\
     S: * OK [UIDVALIDITY 9] x\nS: * OK [PERMANENTFLAGS (\\Seen \\*)] x\nS: B4 OK [READ-WRITE] done\n";

fn opening(capabilities: &str) -> String {
    format!("{HELLO}{}", OPEN.replace('@', capabilities))
}

fn server(peer: &Peer, url: &str) -> Server {
    let url = url.replace("HOST", &peer.address.to_string()).parse().unwrap();
    Server::new(url, "secret".into()).unwrap()
}

fn imap(peer: &Peer, after: After) -> Imap {
    Imap::new(server(peer, "imap://ann@HOST/INBOX"), after)
}

async fn all(imap: &mut Imap) -> Result<Vec<(Mail, Receipt)>, Fault> {
    let mut mails = Vec::new();
    while let Some(mail) = imap.next(&|_| false).await? {
        mails.push(mail);
    }
    Ok(mails)
}

async fn fault(script: String, url: &str) -> Fault {
    let peer = Peer::start(script).await;
    let mut imap = Imap::new(server(&peer, url), After::Seen);
    let fault = imap.next(&|_| false).await.unwrap_err();
    drop(imap);
    peer.done().await;
    fault
}

#[tokio::test]
async fn mails_are_read_without_a_mark_and_marked_when_their_receipts_come_back() {
    let script = opening("X")
        + "C: B5 UID SEARCH UNDELETED UNKEYWORD $BulletinDone\nS: * SEARCH 5 3\nS: B5 OK\n\
           C: B6 UID FETCH 3,5 (UID RFC822.SIZE)\nS: * 1 FETCH (UID 3 RFC822.SIZE 10)\n\
           S: * 2 FETCH (RFC822.SIZE 7 UID 5)\nS: B6 OK\n\
           C: B7 UID FETCH 3,5 (UID BODY.PEEK[])\nS: * 1 FETCH (UID 3 BODY[] {9}\nS: A: 1\nS: \nS: x)\n\
           S: * 2 EXPUNGE\nS: * 2 FETCH (UID 5 BODY[] \"A: 2 \\\"x\")\nS: B7 OK\n\
           C: B8 UID STORE 3,5 +FLAGS.SILENT (\\Seen $BulletinDone)\nS: B8 OK\n";
    let peer = Peer::start(script).await;
    let mut imap = imap(&peer, After::Seen);
    let mails = all(&mut imap).await.unwrap();
    assert_eq!(mails[0].0.bytes, b"A: 1\r\n\r\nx");
    assert_eq!(mails[1].0.bytes, b"A: 2 \"x");
    assert!(mails[0].0.name.ends_with("/INBOX;UID=3"), "{}", mails[0].0.name);
    assert_ne!(mails[0].1.key(), mails[1].1.key());
    imap.done(&[(9, 5), (9, 3)]).await.unwrap();
    drop(imap);
    peer.done().await;
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_fetched_in_part_and_alone() {
    let script = opening("X")
        + "C: B5 UID SEARCH UNDELETED UNKEYWORD $BulletinDone\nS: * SEARCH 1 2\nS: B5 OK\n\
           C: B6 UID FETCH 1:2 (UID RFC822.SIZE)\nS: * 1 FETCH (UID 1 RFC822.SIZE 10)\n\
           S: * 2 FETCH (UID 2 RFC822.SIZE 4000000000)\nS: B6 OK\n\
           C: B7 UID FETCH 1 (UID BODY.PEEK[])\nS: * 1 FETCH (UID 1 BODY[] {1}\nS: a)\nS: B7 OK\n\
           C: B8 UID FETCH 2 (UID BODY.PEEK[]<0.33554432>)\nS: * 2 FETCH (UID 2 BODY[]<0> {1}\nS: b)\nS: B8 OK\n";
    let peer = Peer::start(script).await;
    let mut imap = imap(&peer, After::Seen);
    let mails = all(&mut imap).await.unwrap();
    let told: Vec<_> = mails.iter().map(|(mail, _)| (mail.bytes.as_slice(), mail.truncated)).collect();
    assert_eq!(told, [(&b"a"[..], false), (&b"b"[..], true)]);
    drop(imap);
    peer.done().await;
}

#[tokio::test]
async fn a_mail_that_the_caller_remembers_is_not_fetched() {
    let script = opening("X") + "C: B5 UID SEARCH UNDELETED UNKEYWORD $BulletinDone\nS: * SEARCH 1 2\nS: B5 OK\n";
    let peer = Peer::start(script).await;
    let mut imap = imap(&peer, After::Seen);
    assert!(imap.next(&|_| true).await.unwrap().is_none());
    drop(imap);
    peer.done().await;
}

#[tokio::test]
async fn a_mail_that_the_server_has_lost_stops_the_reading_of_no_other() {
    let script = opening("X")
        + "C: B5 UID SEARCH UNDELETED UNKEYWORD $BulletinDone\nS: * SEARCH 1 2\nS: B5 OK\n\
           C: B6 UID FETCH 1:2 (UID RFC822.SIZE)\nS: * 1 FETCH (UID 1 RFC822.SIZE 1)\n\
           S: * 2 FETCH (UID 2 RFC822.SIZE 1)\nS: B6 OK\n\
           C: B7 UID FETCH 1:2 (UID BODY.PEEK[])\nS: B7 NO lost\nC: B8 UID FETCH 1 (UID BODY.PEEK[])\nS: B8 NO lost\n\
           C: B9 UID FETCH 2 (UID BODY.PEEK[])\nS: * 2 FETCH (UID 2 BODY[] {1}\nS: b)\nS: B9 OK\n";
    let peer = Peer::start(script).await;
    let mut imap = imap(&peer, After::Seen);
    let fault = imap.next(&|_| false).await.unwrap_err();
    assert_eq!(fault.to_string(), "the server does not give the mail 1: lost");
    assert_eq!(all(&mut imap).await.unwrap()[0].0.bytes, b"b");
    drop(imap);
    peer.done().await;
}

#[tokio::test]
async fn mails_are_moved_by_move_and_the_folder_is_made_where_it_is_missing() {
    let script = opening("MOVE UIDPLUS")
        + "C: B5 UID STORE 3 +FLAGS.SILENT (\\Seen $BulletinDone)\nS: B5 OK\n\
           C: B6 LIST \"\" \"\"\nS: * LIST (\\Noselect) \".\" \"\"\nS: B6 OK\n\
           C: B7 UID MOVE 3 \"Bulletin.Done\"\nS: B7 NO [TRYCREATE] no such\n\
           C: B8 CREATE \"Bulletin.Done\"\nS: B8 OK\nC: B9 SUBSCRIBE \"Bulletin.Done\"\nS: B9 OK\n\
           C: B10 UID MOVE 3 \"Bulletin.Done\"\nS: B10 OK\n";
    let peer = Peer::start(script).await;
    let mut imap = imap(&peer, After::Move("Bulletin/Done".into()));
    imap.done(&[(9, 3)]).await.unwrap();
    drop(imap);
    peer.done().await;
}

#[tokio::test]
async fn without_move_mails_are_copied_and_removed_one_by_one() {
    let mark = "C: B5 UID STORE 3:4 +FLAGS.SILENT (\\Seen $BulletinDone)\nS: B5 OK\n\
                C: B6 UID COPY 3:4 \"Done\"\nS: B6 OK\nC: B7 UID STORE 3:4 +FLAGS.SILENT (\\Deleted)\nS: B7 OK\n";
    for (capability, expunge) in [("UIDPLUS", "C: B8 UID EXPUNGE 3:4\nS: B8 OK\n"), ("X", "")] {
        let peer = Peer::start(format!("{}{mark}{expunge}", opening(capability))).await;
        let mut imap = imap(&peer, After::Move("Done".into()));
        imap.done(&[(9, 3), (9, 4)]).await.unwrap();
        drop(imap);
        peer.done().await;
    }
}

#[tokio::test]
async fn a_connection_that_was_lost_meanwhile_is_opened_anew_to_mark_the_mails() {
    let mark = "C: B5 UID STORE 3 +FLAGS.SILENT (\\Seen $BulletinDone)\n";
    let peer = Peer::start(format!("{0}{mark}S: * BYE too long\nNEXT\n{0}{mark}S: B5 OK\n", opening("X"))).await;
    let mut imap = imap(&peer, After::Seen);
    imap.done(&[(9, 3)]).await.unwrap();
    drop(imap);
    peer.done().await;
}

#[tokio::test]
async fn mails_whose_numbers_changed_are_left_alone() {
    let peer = Peer::start(opening("X")).await;
    let mut imap = imap(&peer, After::Delete);
    let fault = imap.done(&[(8, 3)]).await.unwrap_err();
    assert!(matches!(fault, Fault::Renumbered(_)) && fault.is_passing(), "{fault}");
    drop(imap);
    peer.done().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_in_the_servers_words() {
    let script = HELLO.replace("B2 OK", "B2 NO [AUTHENTICATIONFAILED] Not so");
    let fault = fault(script, "imap://ann@HOST/INBOX").await;
    assert_eq!(fault.to_string(), "the server does not let `ann` log in: Not so");
}

#[tokio::test]
async fn login_is_for_servers_that_know_nothing_better() {
    let hello = |offer: &str| format!("S: * OK here\nC: B1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 {offer}\nS: B1 OK\n");
    let fault_of = |script: String| fault(script, "imap://ann@HOST/INBOX");
    let plain = hello("X") + "C: B2 LOGIN \"ann\" \"secret\"\nS: B2 NO no\n";
    assert!(matches!(fault_of(plain).await, Fault::Login { .. }));
    assert!(matches!(fault_of(hello("LOGINDISABLED")).await, Fault::NoLogin(_)));
    let in_steps = hello("AUTH=PLAIN") + "C: B2 AUTHENTICATE PLAIN\nS: +\nC: AGFubgBzZWNyZXQ=\nS: B2 NO no\n";
    assert!(matches!(fault_of(in_steps).await, Fault::Login { .. }));
    let peer =
        Peer::start(hello("X") + "C: B2 LOGIN {3}\nS: + go\nC: ann {8}\nS: + go\nC: s\u{e9}cr\u{e9}t\nS: B2 NO no\n")
            .await;
    let mut one = server(&peer, "imap://ann@HOST/INBOX");
    one.secret = "s\u{e9}cr\u{e9}t".into();
    let fault = Imap::new(one, After::Seen).next(&|_| false).await.unwrap_err();
    assert!(matches!(fault, Fault::Login { .. }), "{fault}");
    peer.done().await;
}

#[tokio::test]
async fn an_access_token_is_told_as_the_server_wants_it_and_its_refusal_with_the_reason() {
    let xoauth2 = "AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR\nS: B1 OK\n\
        C: B2 AUTHENTICATE XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgc2VjcmV0AQE=\nS: + eyJzdGF0dXMiOiI0MDAifQ==\nC:\nS: B2 NO failed\n";
    let bearer = "AUTH=OAUTHBEARER\nS: B1 OK\nC: B2 AUTHENTICATE OAUTHBEARER\nS: +\n\
        C: BEARER\nS: + eyJzdGF0dXMiOiI0MDAifQ==\nC: AQ==\nS: B2 NO failed\n";
    for offer in [xoauth2, bearer] {
        let peer = Peer::start_with(|address| {
            let port = address.port();
            let message = format!("n,a=ann,\u{1}host=127.0.0.1\u{1}port={port}\u{1}auth=Bearer secret\u{1}\u{1}");
            let offer = offer.replace("C: BEARER", &format!("C: {}", BASE64.encode(message.as_bytes())));
            format!("S: * OK here\nC: B1 CAPABILITY\nS: * CAPABILITY {offer}")
        })
        .await;
        let mut one = server(&peer, "imap://ann@HOST/INBOX");
        one.login = Login::Token;
        let fault = Imap::new(one, After::Seen).next(&|_| false).await.unwrap_err();
        assert_eq!(fault.to_string(), "the server does not let `ann` log in: {\"status\":\"400\"} failed");
        peer.done().await;
    }
}

#[tokio::test]
async fn a_folder_that_is_missing_is_told_with_those_that_there_are() {
    let script = opening("X").replace("SELECT \"INBOX\"", "SELECT \"Zur&APw-ck\"");
    let (before, _) = script.split_once("S: * 3 EXISTS").unwrap();
    let script = format!(
        "{before}S: B4 NO [NONEXISTENT] no\nC: B5 LIST \"\" \"*\"\nS: * LIST () \"/\" INBOX\n\
         S: * LIST (\\Noselect) \"/\" Work\nS: * LIST () \"/\" {{14}}\nS: Work/Zur&APw-x\nS: B5 OK\n"
    );
    let fault = fault(script, "imap://ann@HOST/Zur\u{fc}ck").await;
    let Fault::NoFolder { folder, known } = fault else { panic!("{fault}") };
    assert_eq!((folder.as_str(), known), ("Zur\u{fc}ck", vec!["INBOX".to_owned(), "Work/Zur\u{fc}x".to_owned()]));
}

#[tokio::test]
async fn what_is_no_mail_server_and_what_may_not_be_changed_are_told() {
    let url = "imap://ann@HOST/INBOX";
    assert!(matches!(fault("S: SSH-2.0-server\n".to_owned(), url).await, Fault::Garbage { .. }));
    assert!(matches!(fault("S: * BYE full\n".to_owned(), url).await, Fault::Broken(_)));
    assert!(matches!(fault(opening("X").replace("READ-WRITE", "READ-ONLY"), url).await, Fault::ReadOnly(_)));
}

/// Opens this over a way that has to be encrypted after STARTTLS.
async fn upgraded(script: &str) -> Fault {
    let peer = Peer::start(script).await;
    let mut one = server(&peer, "imap://ann@HOST/INBOX");
    one.security = Security::Starttls;
    let mut imap = Imap::new(one, After::Seen).with_tls(tls("relay.test"));
    let fault = imap.next(&|_| false).await.unwrap_err();
    drop(imap);
    peer.done().await;
    fault
}

#[tokio::test]
async fn nothing_is_told_before_the_encryption_and_nothing_from_before_it_counts() {
    let hello = "S: * OK here\nC: B1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 STARTTLS\nS: B1 OK\nC: B2 STARTTLS\n";
    let none = upgraded("S: * OK here\nC: B1 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: B1 OK\n").await;
    assert!(matches!(none, Fault::NoStarttls), "{none}");
    let injected = upgraded(&format!("{hello}S: B2 OK\nS: * OK injected\n")).await;
    assert!(matches!(injected, Fault::Tampered), "{injected}");
    assert!(matches!(upgraded("S: * PREAUTH welcome\n").await, Fault::Tampered));
    let under = "TLS\nC: B1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\nS: B1 OK\n\
                 C: B2 AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\nS: B2 NO no\n";
    let refused = upgraded(&format!("{hello}S: B2 OK\n{under}")).await;
    assert!(matches!(refused, Fault::Login { .. }), "{refused}");
}

/// Watches until the script is at its end; how often mail was told.
async fn watched(script: String, idle: Duration) -> (u32, Fault) {
    let peer = Peer::start(script).await;
    let mut one = server(&peer, "imap://ann@HOST/INBOX");
    (one.timeouts.idle, one.timeouts.poll) = (idle, Duration::from_millis(1));
    let mut told = 0;
    let fault = watch(&one, None, || told += 1).await;
    peer.done().await;
    (told, fault)
}

fn watching(capabilities: &str) -> String {
    opening(capabilities).replace("SELECT", "EXAMINE")
}

#[tokio::test]
async fn idle_tells_of_new_mail_and_not_of_mail_that_goes() {
    let script = watching("IDLE")
        + "C: B5 IDLE\nS: + idling\nS: * 2 EXPUNGE\nS: * OK still here\nS: * 1 EXPUNGE\nS: * 1 EXISTS\nS: * 2 EXISTS\n\
           C: DONE\nS: B5 OK\nC: B6 IDLE\nS: + idling\nS: * BYE see you\n";
    let (told, fault) = watched(script, Duration::from_mins(25)).await;
    assert_eq!(told, 2, "once at the beginning, once for the mail that came");
    assert!(fault.is_passing(), "{fault}");
}

#[tokio::test]
async fn idle_is_renewed_in_time_and_without_it_noop_asks() {
    let script = watching("IDLE") + "C: B5 IDLE\nS: + idling\nC: DONE\nS: B5 OK\nC: B6 IDLE\nS: * BYE bye\n";
    assert_eq!(watched(script, Duration::from_millis(20)).await.0, 1);
    let script = watching("X") + "C: B5 NOOP\nS: B5 OK\nC: B6 NOOP\nS: * 4 EXISTS\nS: B6 OK\nC: B7 NOOP\n";
    assert_eq!(watched(script, Duration::from_mins(25)).await.0, 2);
}

//! Conversations held against scripted servers.

use super::fetch::{Pop3, look};
use crate::dial::Security;
use crate::dial::peer::{Peer, tls};
use crate::inbox::mailbox::After;
use crate::inbox::server::{Login, Server};
use crate::inbox::{Fault, Mail, Receipt};

/// Up to the login, in the clear.
const HELLO: &str = "S: +OK here\nC: CAPA\nS: +OK\nS: UIDL\nS: SASL PLAIN\nS: .\n\
     C: AUTH PLAIN\nS: +\nC: AGFubgBzZWNyZXQ=\nS: +OK\n";
/// What there is.
const LISTS: &str = "C: UIDL\nS: +OK\nS: 1 abc\nS: 2 d e\nS: .\nC: LIST\nS: +OK\nS: 1 9\nS: 2 50000000\nS: .\n";

fn server(peer: &Peer) -> Server {
    Server::new(format!("pop3://ann@{}", peer.address).parse().unwrap(), "secret".into()).unwrap()
}

async fn all(pop3: &mut Pop3) -> Result<Vec<(Mail, Receipt)>, Fault> {
    let mut mails = Vec::new();
    while let Some(mail) = pop3.next(&|_| false).await? {
        mails.push(mail);
    }
    Ok(mails)
}

async fn fault(script: &str) -> Fault {
    let peer = Peer::start(script).await;
    let fault = Pop3::new(server(&peer), After::Leave).next(&|_| false).await.unwrap_err();
    peer.done().await;
    fault
}

#[tokio::test]
async fn mails_are_read_with_their_dots_and_a_large_one_in_part() {
    let script = format!(
        "{HELLO}{LISTS}C: RETR 1\nS: +OK\nS: A: b\nS: \nS: ..x\nS: .\n\
         C: TOP 2 524288\nS: +OK\nS: A: c\nS: .\nC: QUIT\nS: +OK\n"
    );
    let peer = Peer::start(script).await;
    let mut pop3 = Pop3::new(server(&peer), After::Leave);
    let mails = all(&mut pop3).await.unwrap();
    assert_eq!((mails[0].0.bytes.as_slice(), mails[0].0.truncated), (&b"A: b\r\n\r\n.x\r\n"[..], false));
    assert_eq!((mails[1].0.bytes.as_slice(), mails[1].0.truncated), (&b"A: c\r\n"[..], true));
    assert!(mails[1].0.name.ends_with(";UIDL=d e"), "{}", mails[1].0.name);
    assert_eq!(pop3.done(&["abc".to_owned()]).await.unwrap(), 0, "it stays");
    peer.done().await;
}

#[tokio::test]
async fn mails_are_gone_when_done_returns_and_the_reading_goes_on_in_another_session() {
    let later = LISTS.replace("S: 1 abc\nS: 2 d e", "S: 1 d e").replace("S: 1 9\nS: 2 50000000", "S: 1 9");
    let script = format!(
        "{HELLO}{LISTS}C: RETR 1\nS: +OK\nS: A: b\nS: .\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK\nNEXT\n\
         {HELLO}{later}C: RETR 1\nS: +OK\nS: A: c\nS: .\nC: QUIT\nS: +OK\n"
    );
    let peer = Peer::start(script).await;
    let mut pop3 = Pop3::new(server(&peer), After::Delete);
    pop3.next(&|_| false).await.unwrap().unwrap();
    assert_eq!(pop3.done(&["abc".to_owned()]).await.unwrap(), 1);
    let rest = all(&mut pop3).await.unwrap();
    assert_eq!(rest[0].0.bytes, b"A: c\r\n");
    peer.done().await;
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_login_is_told() {
    let (before, _) = HELLO.rsplit_once("S: +OK").unwrap();
    assert!(matches!(fault(&format!("{before}S: -ERR [AUTH] no\n")).await, Fault::Login { .. }));
    assert!(matches!(fault(&format!("{before}S: -ERR [IN-USE] busy\n")).await, Fault::Locked(_)));
    assert!(matches!(fault(&format!("{before}S: -ERR mailbox locked\n")).await, Fault::Locked(_)));
    assert!(matches!(fault("S: * OK IMAP here\n").await, Fault::Garbage { .. }));
    let user = "S: +OK here\nC: CAPA\nS: -ERR what\nC: USER ann\nS: +OK\nC: PASS secret\nS: -ERR no\n";
    assert!(matches!(fault(user).await, Fault::Login { .. }));
}

#[tokio::test]
async fn an_access_token_is_told_and_its_refusal_has_a_reason() {
    let script = "S: +OK here\nC: CAPA\nS: +OK\nS: SASL PLAIN XOAUTH2\nS: .\nC: AUTH XOAUTH2\nS: +\n\
        C: dXNlcj1hbm4BYXV0aD1CZWFyZXIgc2VjcmV0AQE=\nS: + eyJzdGF0dXMiOiI0MDAifQ==\nC:\nS: -ERR failed\n";
    let peer = Peer::start(script).await;
    let mut one = server(&peer);
    one.login = Login::Token;
    let fault = Pop3::new(one, After::Leave).next(&|_| false).await.unwrap_err();
    assert_eq!(fault.to_string(), "the server does not let `ann` log in: {\"status\":\"400\"} failed");
    peer.done().await;
}

#[tokio::test]
async fn nothing_is_told_before_the_encryption_and_nothing_from_before_it_counts() {
    let hello = "S: +OK here\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\n";
    let under = HELLO.strip_prefix("S: +OK here\n").unwrap();
    for (script, expected) in [
        ("S: +OK here\nC: CAPA\nS: +OK\nS: .\n".to_owned(), "no password was sent"),
        (format!("{hello}S: +OK\nS: +OK injected\n"), "before the encryption"),
        (format!("{hello}S: +OK\nTLS\n{under}C: UIDL\nS: -ERR no\n"), "tell its mails apart"),
    ] {
        let peer = Peer::start(script).await;
        let mut one = server(&peer);
        one.security = Security::Starttls;
        let fault = look(&one, Some(&tls("relay.test"))).await.unwrap_err();
        assert!(fault.to_string().contains(expected), "{fault}");
        peer.done().await;
    }
}

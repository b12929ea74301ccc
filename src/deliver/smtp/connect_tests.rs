//! Openings, held against scripted servers: who is let in, who is told why not, and what is worth a second try.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::SmtpConnection;
use super::peer::{HELLO, Peer, message};
use super::relay::Login;
use super::setup::SmtpTransport;
use crate::deliver::transport::{ConnectError, Connection, Transport};
use crate::dial::{Secret, Security};
use crate::domain::outcome::{Outcome, Reply};

/// Opens a connection in the clear to a peer with this script, and says goodbye.
async fn opened(script: &str) -> Result<(), ConnectError> {
    let peer = Peer::start(script).await;
    let transport = peer.transport();
    finish(peer, transport).await
}

async fn logged_in(script: &str) -> Result<(), ConnectError> {
    let peer = Peer::start(script).await;
    let mut relay = peer.relay(Security::Clear);
    relay.credentials = Some(("fun".into(), "secret".into()));
    let transport = SmtpTransport::new(relay).unwrap();
    finish(peer, transport).await
}

async fn finish(peer: Peer, transport: SmtpTransport) -> Result<(), ConnectError> {
    let connected = transport.connect().await.map(SmtpConnection::quit);
    let result = match connected {
        Ok(goodbye) => {
            goodbye.await;
            Ok(())
        }
        Err(error) => Err(error),
    };
    peer.done().await;
    result
}

fn transient(result: Result<(), ConnectError>) -> Reply {
    match result {
        Err(ConnectError::Transient(reply)) => reply,
        other => panic!("{other:?}"),
    }
}

fn fatal(result: Result<(), ConnectError>) -> (String, String) {
    match result {
        Err(ConnectError::Fatal { message, help }) => (message, help),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_of_the_old_school_is_greeted_with_helo() {
    let script =
        "S: 220 here\nC: EHLO [127.0.0.1]\nS: 502 what?\nC: HELO [127.0.0.1]\nS: 250 here\nC: QUIT\nS: 221 bye";
    assert_eq!(opened(script).await, Ok(()));
}

#[tokio::test]
async fn a_temporary_refusal_is_worth_a_second_try_and_a_permanent_one_is_not() {
    for script in [
        "S: 421 4.3.2 come back later",
        "S: 220 here\nC: EHLO [127.0.0.1]\nS: 421 4.3.2 come back later",
        "S: 220 here\nC: EHLO [127.0.0.1]\nS: 500 no\nC: HELO [127.0.0.1]\nS: 421 4.3.2 come back later",
    ] {
        let reply = transient(opened(script).await);
        assert_eq!(reply.to_string(), "421 4.3.2 come back later", "{script}");
    }
    let (message, help) = fatal(opened("S: 554 5.7.1 you are on a list").await);
    assert!(message.ends_with(" does not take us: 554 5.7.1 you are on a list"), "{message}");
    assert!(help.contains("operator"), "{help}");
    let (message, _) =
        fatal(opened("S: 220 here\nC: EHLO [127.0.0.1]\nS: 550 no\nC: HELO [127.0.0.1]\nS: 550 no").await);
    assert!(message.ends_with(" does not accept our EHLO as [127.0.0.1]: 550 no"), "{message}");
}

#[tokio::test]
async fn what_speaks_no_smtp_is_told_apart_from_what_does_not_speak() {
    let (message, _) = fatal(opened("S: SSH-2.0-OpenSSH_9.9").await);
    assert!(message.contains("no mail server") && message.contains("SSH-2.0-OpenSSH_9.9"), "{message}");
    assert_eq!(transient(opened("").await).text, "the server closed the connection");
    let peer = Peer::start("WAIT").await;
    let mut transport = peer.transport();
    transport.relay.timeouts.greeting = Duration::from_millis(20);
    assert_eq!(transient(finish(peer, transport).await).text, "no reply within 0.02 s");
}

#[tokio::test]
async fn credentials_are_said_as_the_server_can_hear_them() {
    let plain = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH LOGIN PLAIN\n\
        C: AUTH PLAIN AGZ1bgBzZWNyZXQ=\nS: 235 2.7.0 welcome\nC: QUIT\nS: 221 bye";
    assert_eq!(logged_in(plain).await, Ok(()));
    let login = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH=LOGIN\nC: AUTH LOGIN\n\
        S: 334 VXNlcm5hbWU6\nC: ZnVu\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 235 welcome\nC: QUIT\nS: 221 bye";
    assert_eq!(logged_in(login).await, Ok(()));
}

/// What an access token of `tok` for `fun` looks like: `user=fun^Aauth=Bearer tok^A^A`.
const TOKEN: &str = "dXNlcj1mdW4BYXV0aD1CZWFyZXIgdG9rAQE=";

async fn logged_in_by(login: Login, script: &str) -> Result<(), ConnectError> {
    let peer = Peer::start(script).await;
    let mut relay = peer.relay(Security::Clear);
    relay.credentials = Some(("fun".into(), "tok".into()));
    relay.login = Some(login);
    let transport = SmtpTransport::new(relay).unwrap();
    finish(peer, transport).await
}

#[tokio::test]
async fn a_token_takes_the_place_of_a_password_where_it_is_asked_for() {
    let hello = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH LOGIN PLAIN XOAUTH2\n";
    let script = format!("{hello}C: AUTH XOAUTH2 {TOKEN}\nS: 235 2.7.0 welcome\nC: QUIT\nS: 221 bye");
    assert_eq!(logged_in_by(Login::Xoauth2, &script).await, Ok(()));
    let script = format!("{hello}C: AUTH PLAIN AGZ1bgB0b2s=\nS: 235 welcome\nC: QUIT\nS: 221 bye");
    assert_eq!(logged_in_by(Login::Plain, &script).await, Ok(()));
}

#[tokio::test]
async fn a_token_is_asked_for_anew_at_each_connection() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let ask = move || match count.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => Ok("tok".into()),
        _ => Err("the command failed".to_owned()),
    };
    let secret = Secret::Asked(Arc::new(ask));
    let script = format!(
        "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2 {TOKEN}\n\
         S: 235 welcome\nC: QUIT\nS: 221 bye"
    );
    let mut results = Vec::new();
    for script in [script.as_str(), &script, "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH XOAUTH2"] {
        let peer = Peer::start(script).await;
        let mut relay = peer.relay(Security::Clear);
        relay.credentials = Some(("fun".into(), secret.clone()));
        relay.login = Some(Login::Xoauth2);
        let transport = SmtpTransport::new(relay).unwrap();
        results.push(finish(peer, transport).await);
    }
    assert_eq!(fatal(results.pop().unwrap()).0, "the command failed");
    assert_eq!(results, [Ok(()), Ok(())]);
}

#[tokio::test]
async fn a_token_that_has_expired_is_told_with_the_providers_reason() {
    // {"status":"400","schemes":"Bearer"}
    let script = format!(
        "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2 {TOKEN}\n\
         S: 334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=\nC:\nS: 535 5.7.8 not accepted"
    );
    let (message, help) = fatal(logged_in_by(Login::Xoauth2, &script).await);
    let reason = "does not let `fun` log in ({\"status\":\"400\",\"schemes\":\"Bearer\"}): 535 5.7.8 not accepted";
    assert!(message.ends_with(reason), "{message}");
    assert!(help.contains("fresh access token"), "{help}");
    assert!(!format!("{message}{help}").contains("tok "), "{message} {help}");
}

#[tokio::test]
async fn a_way_to_log_in_that_is_not_offered_is_not_tried() {
    let script = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH PLAIN";
    let (message, help) = fatal(logged_in_by(Login::Xoauth2, script).await);
    assert!(message.ends_with(" does not offer to log in with XOAUTH2"), "{message}");
    assert!(help.contains("`auth`"), "{help}");
}

#[tokio::test]
async fn a_wrong_password_is_explained_without_being_repeated() {
    let refused = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH PLAIN\n\
        C: AUTH PLAIN AGZ1bgBzZWNyZXQ=\nS: 535 5.7.8 bad credentials";
    let (message, help) = fatal(logged_in(refused).await);
    assert!(message.ends_with(" does not let `fun` log in: 535 5.7.8 bad credentials"), "{message}");
    assert!(help.contains("`fun`") && help.contains("environment variable"), "{help}");
    assert!(!format!("{message}{help}").contains("secret"));
    let busy = refused.replace("535 5.7.8", "454 4.7.0");
    assert_eq!(transient(logged_in(&busy).await).code, 454);
}

#[tokio::test]
async fn a_login_that_cannot_be_had_is_not_sent_without() {
    let (message, help) = fatal(logged_in(HELLO).await);
    assert!(message.contains("no way to log in"), "{message}");
    assert!(help.contains("`username`"), "{help}");
    let odd =
        "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 c2hvZSBzaXplPw==";
    assert!(fatal(logged_in(odd).await).0.contains("something else"));
}

#[tokio::test]
async fn where_encryption_is_due_nothing_is_said_without_it() {
    let peer = Peer::start(HELLO).await;
    let mut transport = peer.encrypted(Security::Starttls, "relay.test");
    transport.relay.credentials = Some(("fun".into(), "secret".into()));
    let (message, _) = fatal(finish(peer, transport).await);
    assert!(message.contains("does not offer encryption"), "{message}");
    for (said, ours) in [("454 4.7.0 not now", true), ("501 5.5.4 never", false)] {
        let script = format!("S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 STARTTLS\nC: STARTTLS\nS: {said}");
        let peer = Peer::start(script).await;
        let transport = peer.encrypted(Security::Starttls, "relay.test");
        let error = finish(peer, transport).await.unwrap_err();
        assert_eq!(matches!(error, ConnectError::Transient(_)), ours, "{error}");
    }
}

#[tokio::test]
async fn what_is_slipped_in_before_the_encryption_is_not_believed() {
    let script = "S: 220 here\nC: EHLO [127.0.0.1]\nS: 250-here\nS: 250 STARTTLS\nC: STARTTLS\n\
        S: 220 go\nS: 250 AUTH PLAIN";
    let peer = Peer::start(script).await;
    let transport = peer.encrypted(Security::Starttls, "relay.test");
    let (message, help) = fatal(finish(peer, transport).await);
    assert!(message.contains("before the encryption began"), "{message}");
    assert!(help.contains("tampering"), "{help}");
}

#[tokio::test]
async fn a_connection_is_ready_for_a_message_in_whatever_way_it_was_opened() {
    let script = "S: 220 here\nC: EHLO news.example.org\nS: 250-here\nS: 250 SIZE 0\n\
        C: MAIL FROM:<news@example.org> SIZE=4\nS: 250 ok\nC: RCPT TO:<ann@example.org>\nS: 250 ok\n\
        C: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 2.0.0 taken\nC: QUIT\nS: 221 bye";
    let peer = Peer::start(script).await;
    let mut relay = peer.relay(Security::Clear);
    relay.hello = "news.example.org".to_owned();
    let mut connection = SmtpTransport::new(relay).unwrap().connect().await.unwrap();
    let outcome = connection.send_one(&message("ann@example.org", b"hi\r\n")).await.outcome;
    let taken = Reply { code: 250, enhanced: Some("2.0.0".into()), text: "taken".into() };
    assert_eq!(outcome, Outcome::Accepted(taken));
    connection.quit().await;
    peer.done().await;
}

//! Mailboxes on a real server: read, marked, moved and removed over IMAP and POP3, with TLS.

use std::collections::BTreeSet;
use std::time::Instant;

use bulletin::dial::Security;
use bulletin::inbox::{
    self, After, Filed, InboxError, LIMIT, Login, Mail, Mailbox, News, Receipt, Server, Source, Watch,
};

use super::dovecot::{Mailboxes, PASSWORD, token};
use crate::send::stage::newsletter;

fn mailbox(server: Server, after: After) -> Mailbox {
    Mailbox { source: Source::Server(Box::new(server)), after }
}

/// What there is to read, and what becomes of it once all of it was worked on.
fn worked_through(mailbox: &Mailbox) -> (Vec<Mail>, Filed) {
    let mut reading = inbox::read(mailbox);
    let read: Vec<(Mail, Receipt)> =
        reading.by_ref().map(|read| read.unwrap_or_else(|error| panic!("{error}"))).collect();
    let (mails, receipts): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    let filed = reading.done(&receipts).unwrap_or_else(|error| panic!("{error}"));
    (mails, filed)
}

fn subjects(mails: &[Mail]) -> BTreeSet<String> {
    let subject = |mail: &Mail| {
        let text = String::from_utf8_lossy(&mail.bytes).into_owned();
        text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned()
    };
    mails.iter().map(subject).collect()
}

fn mail(subject: &str) -> String {
    format!("From: a@example.org\nSubject: {subject}\n\nhello\n")
}

fn refused(server: Server) -> InboxError {
    let mut reading = inbox::read(&mailbox(server, After::Seen));
    let error = reading.next().unwrap().unwrap_err();
    assert!(reading.next().is_none(), "a fault is told once");
    error
}

#[test]
fn a_mail_is_read_until_it_is_marked_whether_a_person_opened_it_or_not() {
    let Some(dovecot) = Mailboxes::start() else { return };
    dovecot.deliver("1.host", &mail("one"));
    dovecot.deliver("2.host", &mail("two"));
    std::fs::rename(dovecot.maildir("new/2.host"), dovecot.maildir("cur/2.host:2,S")).unwrap();
    let url = format!("imaps://ann@localhost:{}/INBOX", dovecot.imaps);
    let kept = mailbox(dovecot.server(&url), After::Seen);
    // A reading that was broken off marks nothing.
    assert_eq!(inbox::read(&kept).count(), 2);
    let (mails, filed) = worked_through(&kept);
    assert_eq!(subjects(&mails), BTreeSet::from(["one".to_owned(), "two".to_owned()]));
    assert!(mails[0].bytes.ends_with(b"\r\n\r\nhello\r\n"), "{:?}", mails[0]);
    assert_eq!(filed, Filed { settled: 2, left: 0 });
    // Dovecot writes keywords as small letters behind its flags.
    assert_eq!(dovecot.names("cur").iter().filter(|name| name.contains(":2,Sa")).count(), 2);
    assert_eq!(worked_through(&kept).0.len(), 0);
    dovecot.deliver("3.host", &mail("three"));
    // Of the same mailbox over STARTTLS.
    let mut upgraded = dovecot.server(&format!("imap://ann@localhost:{}/INBOX", dovecot.imap));
    upgraded.security = Security::Starttls;
    assert_eq!(subjects(&worked_through(&mailbox(upgraded, After::Seen)).0), BTreeSet::from(["three".to_owned()]));
}

#[test]
fn mails_are_moved_into_a_folder_of_any_letters_and_read_from_there() {
    let Some(dovecot) = Mailboxes::start() else { return };
    let name = "Bulletin/Zur\u{fc}ck \u{1f4ec} & fertig";
    for round in ["1", "2"] {
        dovecot.deliver(&format!("{round}.host"), &mail(round));
        let inbox = dovecot.server(&format!("imaps://ann@localhost:{}", dovecot.imaps));
        let (mails, filed) = worked_through(&mailbox(inbox, After::Move(name.to_owned())));
        assert_eq!((mails.len(), filed.settled), (1, 1));
        assert!(dovecot.names("cur").is_empty() && dovecot.names("new").is_empty());
    }
    let moved = dovecot.server(&format!("imaps://ann@localhost:{}/{name}", dovecot.imaps));
    let (mails, filed) = worked_through(&mailbox(moved, After::Leave));
    assert_eq!(subjects(&mails), BTreeSet::from(["1".to_owned(), "2".to_owned()]));
    assert_eq!(filed, Filed { settled: 0, left: 2 });
}

#[test]
fn only_what_was_worked_on_is_deleted() {
    let Some(dovecot) = Mailboxes::start() else { return };
    for name in ["1", "2", "3"] {
        dovecot.deliver(&format!("{name}.host"), &mail(name));
    }
    // A person's mail program has marked this one, and may still change its mind.
    std::fs::rename(dovecot.maildir("new/3.host"), dovecot.maildir("cur/3.host:2,T")).unwrap();
    let server = dovecot.server(&format!("imaps://ann@localhost:{}", dovecot.imaps));
    let mut reading = inbox::read(&mailbox(server, After::Delete));
    let read: Vec<_> = reading.by_ref().map(Result::unwrap).collect();
    assert_eq!(read.len(), 2);
    reading.done(&[read[0].1.clone()]).unwrap();
    assert_eq!(dovecot.names("cur").len() + dovecot.names("new").len(), 2);
    assert!(dovecot.names("cur").iter().any(|name| name.starts_with("3.host")));
}

#[test]
fn five_hundred_mails_and_large_ones_arrive_to_the_byte() {
    let Some(dovecot) = Mailboxes::start() else { return };
    for number in 0..500 {
        dovecot.deliver(&format!("{number}.host"), &mail(&number.to_string()));
    }
    let large = format!("{}{}", mail("large"), "0123456789abcdef\n".repeat(300_000));
    dovecot.deliver("large.host", &large);
    let endless = format!("{}{}", mail("endless"), "0123456789abcdef\n".repeat(LIMIT / 17));
    dovecot.deliver("endless.host", &endless);
    let urls = [format!("imaps://ann@localhost:{}", dovecot.imaps), format!("pop3s://ann@localhost:{}", dovecot.pop3s)];
    for url in urls {
        let begun = Instant::now();
        let (mails, filed) = worked_through(&Mailbox::new(Source::Server(Box::new(dovecot.server(&url)))));
        let took = begun.elapsed();
        assert_eq!((mails.len(), filed.settled + filed.left), (502, 502), "{url}");
        assert_eq!(subjects(&mails).len(), 502, "{url} took {took:?}");
        for mail in &mails {
            let is_endless = mail.bytes.windows(7).take(100).any(|part| part == b"endless");
            assert_eq!(mail.truncated, is_endless, "{}", mail.name);
            if mail.bytes.len() > 1_000 && !is_endless {
                assert_eq!(String::from_utf8_lossy(&mail.bytes), large.replace('\n', "\r\n"));
            }
            assert!(mail.bytes.len() <= LIMIT);
        }
    }
}

#[test]
fn over_pop3_mails_stay_unless_they_are_to_be_deleted() {
    let Some(dovecot) = Mailboxes::start() else { return };
    for name in ["1", "2"] {
        dovecot.deliver(&format!("{name}.host"), &mail(name));
    }
    let server = || dovecot.server(&format!("pop3s://ann@localhost:{}", dovecot.pop3s));
    let (mails, filed) = worked_through(&mailbox(server(), After::Leave));
    assert_eq!((mails.len(), filed), (2, Filed { settled: 0, left: 2 }));
    // Whoever remembers them is spared the fetching.
    let keys: Vec<_> =
        inbox::read(&mailbox(server(), After::Leave)).map(|read| read.unwrap().1.key().unwrap()).collect();
    let first = keys[0];
    assert_eq!(inbox::read(&mailbox(server(), After::Leave)).unless(move |key| key == first).count(), 1);
    let mut upgraded = dovecot.server(&format!("pop3://ann@localhost:{}", dovecot.pop3));
    upgraded.security = Security::Starttls;
    let mut reading = inbox::read(&mailbox(upgraded, After::Delete));
    let (mail, receipt) = reading.next().unwrap().unwrap();
    assert_eq!(reading.done(&[receipt]).unwrap(), Filed { settled: 1, left: 0 });
    let rest: Vec<_> = reading.map(|read| read.unwrap().0).collect();
    assert_eq!(rest.len(), 1);
    assert_ne!(subjects(&rest), subjects(&[mail]));
    assert_eq!(inbox::read(&mailbox(server(), After::Leave)).count(), 1);
}

#[test]
fn a_watch_tells_of_mail_as_it_comes_and_not_of_what_the_reading_does() {
    let Some(dovecot) = Mailboxes::start() else { return };
    dovecot.deliver("1.host", &mail("1"));
    let kept = mailbox(dovecot.server(&format!("imaps://ann@localhost:{}", dovecot.imaps)), After::Move("Done".into()));
    let mut watch = Watch::start(std::slice::from_ref(&kept), std::future::pending()).unwrap();
    for round in ["2", "3"] {
        let told = watch.next();
        assert!(matches!(told, Some(News::Mail(0))), "{told:?}");
        assert_eq!(worked_through(&kept).0.len(), 1);
        dovecot.deliver(&format!("{round}.host"), &mail(round));
    }
    assert!(matches!(watch.next(), Some(News::Mail(0))));
    assert_eq!(subjects(&worked_through(&kept).0), BTreeSet::from(["3".to_owned()]));
}

#[test]
fn the_configuration_leads_to_the_mailbox() {
    let Some(dovecot) = Mailboxes::start() else { return };
    dovecot.deliver("1.host", &mail("1"));
    let (project, _) = newsletter(1);
    let bounces = format!(
        "[bounces]\nmailbox = \"imaps://ann@localhost:{}/INBOX\"\npassword_file = \"password\"\nca = \"{}\"\n\n",
        dovecot.imaps,
        dovecot.den.text("ca.pem")
    );
    project.edit("bulletin.toml", "[throttle]", &format!("{bounces}[throttle]"));
    let missing = project.run(&["bounces", "collect"]);
    assert_eq!(missing.status, Some(2), "{missing:#?}");
    assert!(missing.stderr.contains("see [bounces] in bulletin.toml: password_env"), "{}", missing.stderr);
    project.write("password", &format!("{PASSWORD}\n"));
    let said = project.run(&["bounces", "collect"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    assert!(said.stderr.contains("1 mail"), "{}", said.stderr);
    project.write("password", "wrong\n");
    let refused = project.run(&["bounces", "collect"]);
    assert!(refused.stderr.contains("the server does not let `ann` log in"), "{}", refused.stderr);
}

#[test]
fn an_access_token_opens_the_mailbox() {
    let Some(dovecot) = Mailboxes::start() else { return };
    dovecot.deliver("1.host", &mail("1"));
    for url in [format!("imaps://ann@localhost:{}", dovecot.imaps), format!("pop3s://ann@localhost:{}", dovecot.pop3s)]
    {
        let mut server = dovecot.server(&url);
        server.login = Login::Token;
        let wrong = refused(server.clone());
        assert!(wrong.to_string().contains("does not let `ann` log in"), "{wrong}");
        assert!(wrong.help().unwrap().contains("access token"), "{wrong}");
        server.secret = token().as_str().into();
        assert_eq!(worked_through(&mailbox(server, After::Leave)).0.len(), 1, "{}", dovecot.den.read("dovecot.log"));
    }
}

#[test]
fn what_stands_in_the_way_is_told_with_its_cure() {
    let Some(dovecot) = Mailboxes::start() else { return };
    let imaps = format!("imaps://ann@localhost:{}", dovecot.imaps);
    for url in [imaps.clone(), format!("pop3s://ann@localhost:{}", dovecot.pop3s)] {
        let mut server = dovecot.server(&url);
        server.secret = "wrong".into();
        let error = refused(server);
        assert!(error.to_string().contains("the server does not let `ann` log in: "), "{error}");
        assert!(error.help().unwrap().contains("[bounces]"), "{error}");

        let mut server = dovecot.server(&url);
        server.authority = Some(dovecot.den.path("other.pem"));
        let error = refused(server);
        assert!(error.to_string().contains("the certificate of localhost can't be trusted"), "{error}");
        assert!(error.help().unwrap().contains("`ca`"), "{error}");
    }
    worked_through(&mailbox(dovecot.server(&imaps), After::Move("Bounces".into())));
    dovecot.deliver("1.host", &mail("1"));
    worked_through(&mailbox(dovecot.server(&imaps), After::Move("Bounces".into())));
    let error = refused(dovecot.server(&format!("{imaps}/Bounced")));
    assert!(error.to_string().ends_with("there is no folder `Bounced`"), "{error}");
    assert!(error.help().unwrap().starts_with("did you mean `Bounces`? The folders are "), "{error}");

    let in_the_clear = refused(dovecot.server(&format!("imaps://ann@localhost:{}", dovecot.imap)));
    assert!(in_the_clear.to_string().contains("does not begin with TLS"), "{in_the_clear}");
    let port = super::free_port();
    let away = refused(dovecot.server(&format!("imaps://ann@localhost:{port}")));
    assert!(away.to_string().contains("can't be reached"), "{away}");
    assert!(away.fault.is_passing() && away.help().is_some());
}

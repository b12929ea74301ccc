//! Postfix: encryption and logging in, unknown mailboxes, sizes, greylisting, slowness, and a bounce.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::dovecot::{self, PASSWORD, USER};
use super::{
    Den, Filed, Server, are_we_root, arrived_once, fixture_path, free_port, message_id, previewed, skipped, told,
};
use crate::project::{Project, Said};
use crate::send::flat;
use crate::send::stage::{
    Account, Books, ISSUE, Running, configure, newsletter, reader, retry_later, send, within_patience,
};

const MASTER: &str = "/usr/lib/postfix/sbin/master";
/// nobody, to whom the mailboxes belong.
const NOBODY: u32 = 65_534;

/// How this Postfix differs from the plainest one.
#[derive(Clone, Copy)]
pub(super) struct Manners<'a> {
    pub(super) sasl: Option<&'a str>,
    pub(super) largest: usize,
    pub(super) policy: Option<&'a str>,
    pub(super) error_sleep: &'a str,
    /// Whose mailbox is known at the door, and gone inside.
    pub(super) gone: Option<&'a str>,
    /// Whose mailbox is known at the door, and full.
    pub(super) full: Option<&'a str>,
    /// Whose mail is passed on, and where to.
    pub(super) forwarded: Option<(&'a str, &'a str)>,
}

pub(super) const PLAIN: Manners = Manners {
    sasl: None,
    largest: 10_000_000,
    policy: None,
    error_sleep: "0",
    gone: None,
    full: None,
    forwarded: None,
};

pub(super) struct Postfix {
    pub(super) den: Den,
    port: u16,
    /// Ended in this order: whoever asks another one before that one.
    servers: Vec<Server>,
}

pub(super) fn run(program: &str, arguments: &[&str], place: &Path) -> Output {
    let output = Command::new(program).args(arguments).current_dir(place).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// An authority, and a certificate that it gave to localhost.
pub(super) fn certify(den: &Den) {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let openssl = |arguments: &[&str]| run("openssl", arguments, &den.path(""));
    for authority in ["ca", "other"] {
        let (key, pem) = (format!("{authority}.key"), format!("{authority}.pem"));
        let subject = format!("/CN={authority} of the tests");
        let rest = ["-x509", "-keyout", &key, "-out", &pem, "-days", "2", "-subj", &subject];
        openssl(&[&["req"], curve.as_slice(), &rest].concat());
    }
    let request = ["-keyout", "relay.key", "-out", "relay.csr", "-subj", "/CN=relay.example.org"];
    openssl(&[&["req"], curve.as_slice(), &request].concat());
    den.write("names", "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
    let files = ["-in", "relay.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-extfile", "names", "-out", "relay.pem"];
    openssl(&[&["x509", "-req", "-days", "2", "-set_serial", "7"], files.as_slice()].concat());
}

impl Postfix {
    /// With a mailbox for each of these; none where there is no Postfix.
    pub(super) fn start(mailboxes: &[String], manners: Manners) -> Option<Self> {
        if !Path::new(MASTER).exists() {
            return skipped("postfix is not installed");
        }
        if !are_we_root() {
            return skipped("postfix is started by root alone");
        }
        let (den, port) = (Den::new(), free_port());
        let owner = String::from_utf8(run("id", &["-u", "postfix"], Path::new("/")).stdout).unwrap();
        let owner = owner.trim().parse().unwrap();
        let mut servers = Vec::new();
        den.folder("conf", None);
        den.folder("queue", None);
        den.folder("data", Some((owner, owner)));
        den.folder("mail", Some((NOBODY, NOBODY)));
        let lines = mailboxes.iter().map(|mailbox| format!("{mailbox} all/\n"));
        let lines: Vec<_> = lines.chain(["bounces@example.org bounces/\n".to_owned()]).collect();
        den.write("known", &lines.concat());
        let gone = |line: &&String| manners.gone.is_some_and(|gone| line.starts_with(gone));
        den.write("mailboxes", &lines.iter().filter(|line| !gone(line)).map(String::as_str).collect::<String>());
        let full = manners.full.map(|full| format!("{full} full:\n"));
        den.write("transports", &full.unwrap_or_default());
        // EX_UNAVAILABLE, which Postfix takes for good.
        den.write("full", "cat > /dev/null\necho '5.2.2 the mailbox is full'\nexit 69\n");
        let forwarded = manners.forwarded.map(|(from, to)| format!("{from} {to}\n"));
        den.write("aliases", &forwarded.unwrap_or_default());
        if let Some(mechanism) = manners.sasl {
            certify(&den);
            servers.push(dovecot::start(&den, mechanism)?);
        }
        let policy = manners.policy.map(|manner| {
            let port = free_port();
            let mut command = Command::new("python3");
            command.arg(fixture_path("policy.py")).args([&port.to_string(), manner]);
            let mut server = Server::start(&den, "policy", &mut command);
            server.listens(port);
            servers.push(server);
            format!(", check_policy_service inet:127.0.0.1:{port}")
        });
        let id = NOBODY.to_string();
        let secure = manners.sasl.is_some();
        den.fill(
            "postfix-main.cf",
            "conf/main.cf",
            &[
                ("UID", &id),
                ("GID", &id),
                ("SENDERS", if secure { "permit_sasl_authenticated, reject" } else { "" }),
                ("POLICY", policy.as_deref().unwrap_or_default()),
                ("ERROR_SLEEP", manners.error_sleep),
                ("LARGEST", &manners.largest.to_string()),
                ("TLS", if secure { "encrypt" } else { "none" }),
                ("SASL", if secure { "yes" } else { "no" }),
            ],
        );
        den.fill("postfix-master.cf", "conf/master.cf", &[("PORT", &port.to_string())]);
        // Makes the folders of the queue.
        run("postfix", &["-c", &den.text("conf"), "check"], Path::new("/"));
        let mut command = Command::new(MASTER);
        // In the foreground.
        let mut server = Server::start(&den, "postfix", command.args(["-c", &den.text("conf"), "-d"]));
        server.listens(port);
        servers.insert(0, server);
        Some(Self { den, port, servers })
    }

    pub(super) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    fn mail(&self) -> PathBuf {
        self.den.path("mail/all")
    }

    /// What it has logged, once these words are there.
    fn log(&self, words: &str) -> String {
        within_patience(words, || Some(self.den.read("log")).filter(|log| log.contains(words)))
    }

    /// bulletin.toml names this relay, with STARTTLS, an authority and a way to log in.
    fn configure(&self, project: &Project, authority: &str, auth: &str) {
        let authority = self.den.text(authority);
        let port = self.port;
        configure(
            project,
            &format!(
                "[smtp]\nhost = \"localhost\"\nport = {port}\ntls = \"starttls\"\nca = \"{authority}\"\n\
                 username = \"{USER}\"\npassword_env = \"BULLETIN_SMTP_PASSWORD\"\n{auth}\n"
            ),
        );
    }

    /// Ends it; that it was there until now is asserted.
    pub(super) fn close(mut self) {
        for server in &mut self.servers {
            assert!(server.0.try_wait().unwrap().is_none(), "a server ended in the test: {}", self.den.read("log"));
        }
    }
}

fn readers(count: usize) -> Vec<String> {
    (0..count).map(reader).collect()
}

/// `bulletin send` through the configured relay.
fn send_with(project: &Project, digest: &str, password: &str, more: &[&str]) -> Said {
    let mut command = project.command(&["send", ISSUE, "--approve", digest, "--json"]);
    Running::start({
        command.args(more).env("BULLETIN_SMTP_PASSWORD", password);
        command
    })
    .end()
}

#[test]
fn postfix_with_starttls_and_a_login_files_every_message_once_as_it_was_previewed() {
    let Some(postfix) = Postfix::start(&readers(24), Manners { sasl: Some("plain login"), ..PLAIN }) else { return };
    // As chunks one at a time, and by DATA in flights.
    for (round, (mechanism, chunking, window)) in
        [("PLAIN", "auto", "1"), ("LOGIN", "off", "8")].into_iter().enumerate()
    {
        let (project, digest) = newsletter(24);
        let auth = format!("auth = \"{}\"\nchunking = \"{chunking}\"", mechanism.to_lowercase());
        postfix.configure(&project, "ca.pem", &auth);
        let said = send_with(&project, &digest, PASSWORD, &["--connections", "3", "--window", window]);
        assert_eq!(Account::of(&said), Account { planned: 24, accepted: 24, ..Account::default() }, "{said:#?}");
        let filed = Filed::wait_for(&postfix.mail(), 24);
        arrived_once(&filed, &readers(24), &previewed(&project));

        let log = postfix.log(&format!("sasl_method={mechanism}"));
        assert_eq!(log.matches(&format!("sasl_method={mechanism}, sasl_username={USER}")).count(), 24);
        for (email, person) in told(&project) {
            let id = person["queue_id"].as_str().unwrap();
            assert!(log.contains(&format!("{id}: to=<{email}>")), "{id} is not {email}'s: {person}");
            let words = [&person["code"], &person["enhanced"], &person["stage"]];
            assert_eq!(words, [&250.into(), &serde_json::Value::from("2.0.0"), &"content".into()]);
        }
        if round == 0 {
            std::fs::remove_dir_all(postfix.mail()).unwrap();
        }
    }
    postfix.close();
}

#[test]
fn a_wrong_password_at_postfix_ends_the_run_with_nobody_attempted() {
    for mechanism in ["plain", "login"] {
        let manners = Manners { sasl: Some(mechanism), ..PLAIN };
        let Some(postfix) = Postfix::start(&readers(12), manners) else { return };
        let (project, digest) = newsletter(12);
        postfix.configure(&project, "ca.pem", "");
        let said = send_with(&project, &digest, "wrong", &["--connections", "3"]);
        assert_eq!(said.status, Some(2), "{said:#?}");
        assert!(flat(&said.stderr).contains("does not let `bulletin` log in"), "{}", said.stderr);
        assert!(!said.stderr.contains("wrong"), "the password is shown: {}", said.stderr);
        let books = Books::read(&project);
        assert_eq!(books.account, Account { planned: 12, pending: 12, ..Account::default() });
        assert!(books.people.iter().all(|person| person.attempts == 0));
        let refused = postfix.log("authentication failed").matches("authentication failed").count();
        assert!((1..=3).contains(&refused), "tried {refused} times");

        // With the right one, the same plan goes on.
        let said = send_with(&project, &digest, PASSWORD, &[]);
        assert_eq!(Account::of(&said).accepted, 12, "{said:#?}");
        arrived_once(&Filed::wait_for(&postfix.mail(), 12), &readers(12), &previewed(&project));
        postfix.close();
    }
}

#[test]
fn a_postfix_that_another_authority_vouches_for_gets_neither_password_nor_message() {
    let Some(postfix) = Postfix::start(&readers(3), Manners { sasl: Some("plain"), ..PLAIN }) else { return };
    let (project, digest) = newsletter(3);
    postfix.configure(&project, "other.pem", "");
    let said = send_with(&project, &digest, PASSWORD, &[]);
    assert_eq!(said.status, Some(2), "{said:#?}");
    assert!(flat(&said.stderr).contains("certificate of localhost can't be trusted"), "{}", said.stderr);
    assert_eq!(Books::read(&project).account, Account { planned: 3, pending: 3, ..Account::default() });
    let log = postfix.log("SSL_accept error");
    assert!(!log.contains("sasl_method"), "{log}");
    postfix.close();
}

#[test]
fn postfix_tells_unknown_mailboxes_slowly_and_everybody_else_gets_theirs() {
    let known: Vec<_> = readers(15).into_iter().filter(|reader| !reader.contains("0007")).collect();
    let manners = Manners { error_sleep: "2", ..PLAIN };
    let Some(postfix) = Postfix::start(&known, manners) else { return };
    let (project, digest) = newsletter(15);
    let start = Instant::now();
    // As chunks in flights, the refused one among them.
    let said = send(&project, &postfix.url(), &digest, &["--window", "8"]).end();
    assert!(start.elapsed() >= Duration::from_secs(2), "Postfix was not slow");
    let account = Account { planned: 15, accepted: 14, rejected: 1, ..Account::default() };
    assert_eq!(Account::of(&said), account, "{said:#?}");
    let person = &told(&project)[&reader(7)];
    let words = [&person["state"], &person["refusal"], &person["enhanced"], &person["stage"]];
    assert_eq!(words, ["rejected", "user-unknown", "5.1.1", "rcpt"], "{person}");
    assert_eq!(person["code"], 550);
    arrived_once(&Filed::wait_for(&postfix.mail(), 14), &known, &previewed(&project));
    postfix.close();
}

#[test]
fn messages_larger_than_postfix_takes_are_told_before_they_are_sent() {
    let (project, digest) = newsletter(16);
    let messages = previewed(&project);
    let each = std::fs::read_dir(project.path("previewed/each")).unwrap();
    let sizes: Vec<_> = each.map(|file| file.unwrap().metadata().unwrap().len()).collect();
    let (smallest, largest) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
    let limit = usize::try_from(smallest.midpoint(*largest)).unwrap();
    let larger = sizes.iter().filter(|size| **size > limit as u64).count() as u64;
    assert!(larger > 0 && larger < 16);
    let Some(postfix) = Postfix::start(&readers(16), Manners { largest: limit, ..PLAIN }) else { return };
    let said = send(&project, &postfix.url(), &digest, &[]).end();
    let account = Account { planned: 16, accepted: 16 - larger, rejected: larger, ..Account::default() };
    assert_eq!(Account::of(&said), account, "{said:#?}");
    let books = Books::read(&project);
    let filed = Filed::wait_for(&postfix.mail(), account.accepted);
    arrived_once(&filed, &books.emails("accepted"), &messages);
    for person in told(&project).values().filter(|person| person["state"] == "rejected") {
        assert_eq!(person["enhanced"], "5.3.4", "{person}");
        assert!(person["text"].as_str().unwrap().contains(&format!("no more than {limit} (SIZE)")), "{person}");
    }
    let log = postfix.den.read("log");
    assert!(!log.contains("reject: "), "Postfix had to say it: {log}");
    postfix.close();
}

#[test]
fn whom_postfix_greylists_are_deferred_and_get_it_when_they_are_tried_again() {
    let manners = Manners { policy: Some("greylist"), ..PLAIN };
    let Some(postfix) = Postfix::start(&readers(12), manners) else { return };
    let (project, digest) = newsletter(12);
    retry_later(&project);
    let said = send(&project, &postfix.url(), &digest, &["--wait", "0s", "--connections", "2"]).end();
    assert_eq!(Account::of(&said), Account { planned: 12, deferred: 12, ..Account::default() }, "{said:#?}");
    for person in told(&project).values() {
        assert_eq!((&person["code"], &person["enhanced"]), (&450.into(), &"4.7.1".into()), "{person}");
    }
    assert!(Filed::all(&postfix.mail()).is_empty());
    let said = send(&project, &postfix.url(), &digest, &["--wait", "30s"]).end();
    assert_eq!(Account::of(&said), Account { planned: 12, accepted: 12, ..Account::default() }, "{said:#?}");
    assert!(Books::read(&project).people.iter().all(|person| person.attempts == 2));
    arrived_once(&Filed::wait_for(&postfix.mail(), 12), &readers(12), &previewed(&project));
    postfix.close();
}

#[test]
fn a_postfix_that_takes_its_time_over_each_recipient_is_waited_for() {
    let Some(postfix) = Postfix::start(&readers(6), Manners { policy: Some("tarpit"), ..PLAIN }) else { return };
    let (project, digest) = newsletter(6);
    let start = Instant::now();
    let said = send(&project, &postfix.url(), &digest, &["--connections", "2"]).end();
    assert!(start.elapsed() >= Duration::from_secs(3), "nobody was slow");
    assert_eq!(Account::of(&said), Account { planned: 6, accepted: 6, ..Account::default() }, "{said:#?}");
    arrived_once(&Filed::wait_for(&postfix.mail(), 6), &readers(6), &previewed(&project));
    postfix.close();
}

#[test]
fn a_bounce_of_postfix_comes_to_the_return_path_names_its_message_and_repeats_only_its_headers() {
    let manners = Manners { gone: Some("reader0002@example.org"), ..PLAIN };
    let Some(postfix) = Postfix::start(&readers(4), manners) else { return };
    let (project, digest) = newsletter(4);
    let messages = previewed(&project);
    let said = send(&project, &postfix.url(), &digest, &[]).end();
    assert_eq!(Account::of(&said).accepted, 4, "{said:#?}");
    let filed = Filed::wait_for(&postfix.mail(), 3);
    let bounces = Filed::wait_for(&postfix.den.path("mail/bounces"), 1);
    let bounce = &bounces[0];
    let (local, _) = bounce.recipient.split_once('@').unwrap();
    let token = local.strip_prefix("bounces+").unwrap();
    let says = |line: &str| assert!(bounce.text.contains(line), "{line} is not in {}", bounce.text);
    says(&format!("Original-Envelope-Id: {token}\n"));
    says("Original-Recipient: rfc822;reader0002@example.org\n");
    says("Status: 5.1.1\n");
    says("Content-Type: text/rfc822-headers");
    let got: BTreeSet<_> = filed.iter().map(|one| message_id(&one.text)).collect();
    let lost = messages.keys().find(|id| !got.contains(*id)).unwrap();
    assert_eq!(message_id(&bounce.text[bounce.text.find("text/rfc822-headers").unwrap()..]), *lost);
    assert!(!bounce.text.contains("Content-Transfer-Encoding: quoted-printable"), "it repeats the issue");
    postfix.close();
}

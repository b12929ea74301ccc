//! What the tests of sending share: a relay to send to, a process to watch, the account to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use bulletin::rehearsal::{Catcher, CatcherOptions, Tally};
use serde::Deserialize;
use tokio::runtime::Runtime;

use crate::project::{Project, Said};

pub const ISSUE: &str = "2015-11";
/// No step of a test takes longer, even on a machine with much else to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// A relay on this machine that takes what it is sent, or misbehaves.
pub struct Post {
    catcher: Catcher,
    runtime: Runtime,
}

impl Post {
    pub fn open(chaos: &str) -> Self {
        Self::with(CatcherOptions { chaos: chaos.parse().unwrap(), seed: 1, ..CatcherOptions::default() })
    }

    pub fn with(options: CatcherOptions) -> Self {
        let runtime = runtime();
        let catcher = runtime.block_on(Catcher::start(options)).unwrap();
        Self { catcher, runtime }
    }

    /// Opens where another one was before.
    pub fn at(address: SocketAddr, options: CatcherOptions) -> Self {
        let options = CatcherOptions { bind: address, ..options };
        let runtime = runtime();
        // Someone's outgoing connection may hold the port for a moment.
        let catcher =
            within_patience("the port is free again", || runtime.block_on(Catcher::start(options.clone())).ok());
        Self { catcher, runtime }
    }

    /// Lets what is under way finish, and closes.
    pub fn close(self) -> Tally {
        self.runtime.block_on(self.catcher.stop())
    }

    /// Closes, and opens again at the same address with other manners and empty books.
    pub fn reopen(self, options: CatcherOptions) -> Self {
        let address = self.address();
        self.close();
        Self::at(address, options)
    }

    pub fn address(&self) -> SocketAddr {
        self.catcher.address()
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.catcher.address())
    }

    pub fn count(&self) -> u64 {
        self.catcher.count() as u64
    }

    pub fn tally(&self) -> Tally {
        self.catcher.tally()
    }

    /// How many messages each recipient was sent, as far as this relay took them.
    pub fn taken(&self) -> BTreeMap<String, u64> {
        let mut taken = BTreeMap::new();
        for one in self.catcher.accepted() {
            *taken.entry(one.recipient).or_default() += 1;
        }
        taken
    }

    /// Every recipient, in the order in which this relay took their messages.
    pub fn taken_in_order(&self) -> Vec<String> {
        self.catcher.accepted().into_iter().map(|one| one.recipient).collect()
    }

    /// Whom this relay took exactly one message for; that there is nobody with two is asserted.
    pub fn recipients(&self) -> Vec<String> {
        let taken = self.taken();
        let twice: Vec<_> = taken.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "mailed more than once: {twice:?}");
        taken.into_keys().collect()
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The closing account as scripts read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Account {
    pub planned: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub deferred: u64,
    pub unknown: u64,
    pub skipped: u64,
    pub pending: u64,
}

impl Account {
    pub fn adds_up(&self) -> bool {
        self.planned == self.accepted + self.rejected + self.deferred + self.unknown + self.skipped + self.pending
    }

    /// How a command ends that prints this account.
    pub fn status(&self) -> i32 {
        i32::from(self.rejected + self.deferred + self.unknown + self.pending > 0)
    }

    /// The account that a command printed as the first line of its stdout; that it adds up and agrees
    /// with the exit status is asserted.
    pub fn of(said: &Said) -> Self {
        let line = said.stdout.lines().next().unwrap_or_else(|| panic!("no account: {said:#?}"));
        let account: Self = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {said:#?}"));
        assert!(account.adds_up(), "{account:?}");
        assert_eq!(said.status, Some(account.status()), "{said:#?}");
        account
    }
}

/// One recipient as `status --recipients` tells of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Person {
    pub email: String,
    pub state: String,
    pub reason: Option<String>,
    pub attempts: u64,
}

/// What the ledger says of the issue.
pub struct Books {
    pub account: Account,
    pub people: Vec<Person>,
}

impl Books {
    pub fn read(project: &Project) -> Self {
        let said = project.run(&["status", ISSUE, "--recipients", "--json"]);
        let people = said.stdout.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
        let books = Self { account: Account::of(&said), people };
        assert_eq!(books.account.planned, books.people.len() as u64);
        books
    }

    /// The addresses of everyone in this state, in alphabetical order.
    pub fn emails(&self, state: &str) -> Vec<String> {
        let mut emails: Vec<_> =
            self.people.iter().filter(|person| person.state == state).map(|person| person.email.clone()).collect();
        emails.sort();
        emails
    }
}

/// A newsletter whose list has so many readers, and the digest of its issue.
pub fn newsletter(readers: usize) -> (Project, String) {
    let project = Project::sample();
    project.write("subscribers/subscribers.csv", &list(readers));
    project.edit("bulletin.toml", "rate = \"5/s\"", "rate = \"max\"");
    // Chaos is no reason for these tests to take their time, or to end early.
    project.edit(
        "bulletin.toml",
        "batch = 200\npause = \"30s\"",
        "retry_pause = \"50ms\"\nadaptive = false\nmax_failure_rate = \"100%\"",
    );
    let digest = project.digest(ISSUE);
    (project, digest)
}

/// Retries come so late that a run which does not wait ends before them, and so soon that one which
/// waits has not long to do so.
pub fn retry_later(project: &Project) {
    project.edit("bulletin.toml", "retry_pause = \"50ms\"", "retry_pause = \"4s\"");
}

/// [smtp] of the sample, with something else in its place.
pub fn configure(project: &Project, smtp: &str) {
    let text = project.read("bulletin.toml");
    let start = text.find("[smtp]").unwrap();
    let end = text.find("[throttle]").unwrap();
    project.write("bulletin.toml", &format!("{}{smtp}\n{}", &text[..start], &text[end..]));
}

/// Readers in both languages, some with topics of their own.
pub fn list(readers: usize) -> String {
    let mut list = "email,name,language,topics\n".to_owned();
    for number in 0..readers {
        let language = ["en", "fr"][number % 2];
        let topics = ["", "", "policy", "services;events"][number / 2 % 4];
        writeln!(list, "{},Reader {number},{language},{topics}", reader(number)).unwrap();
    }
    list
}

pub fn reader(number: usize) -> String {
    format!("reader{number:04}@example.org")
}

/// `bulletin send` of the issue to `relay`, with JSON, ready to be started.
pub fn send(project: &Project, relay: &str, digest: &str, more: &[&str]) -> Running {
    let mut arguments = vec!["send", ISSUE, "--approve", digest, "--relay", relay, "--json"];
    arguments.extend(more);
    Running::start(project.command(&arguments))
}

/// The same to its end, which must be one with an account.
pub fn sent(project: &Project, post: &Post, digest: &str, more: &[&str]) -> (Said, Account) {
    let said = send(project, &post.url(), digest, more).end();
    let account = Account::of(&said);
    assert_eq!(post.tally().mistakes, 0, "what a correct sender does not say was said");
    (said, account)
}

/// A run of the program that is over when the test is, one way or another.
pub struct Running(Option<Child>);

impl Running {
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(command.spawn().unwrap()))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }

    pub fn is_alive(&mut self) -> bool {
        self.child().try_wait().unwrap().is_none()
    }

    /// Ends it without a chance to do anything about it.
    pub fn kill(mut self) -> ExitStatus {
        let mut child = self.0.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap()
    }

    /// Asks it to end.
    #[cfg(unix)]
    pub fn terminate(&mut self) {
        let id = self.child().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Reads its stderr until these words come, and tells what was read.
    pub fn hear(&mut self, words: &str) -> String {
        let stderr = self.child().stderr.as_mut().unwrap();
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains(words) {
            let mut byte = [0];
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "not said: {words}");
            heard.push(byte[0]);
        }
        String::from_utf8(heard).unwrap()
    }

    /// What it said when it has ended.
    pub fn end(mut self) -> Said {
        within_patience("the program ends", || (!self.is_alive()).then_some(()));
        self.0.take().unwrap().wait_with_output().unwrap().into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What was said in one line, wherever an error's report had its lines broken.
pub fn flat(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// Asks again and again, and gives up with a word on what was waited for.
pub fn within_patience<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

//! Sending to mail servers that share no code with this program, and reading mailboxes of one; each started by its test on this machine, and
//! gone with it. Where one is not installed, its tests say so and show nothing.

mod aiosmtpd;
mod dovecot;
mod exim;
mod mailboxes;
mod postfix;
mod returned;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::project::{Project, repository, skipped};
use crate::send::stage::{ISSUE, within_patience};

/// Whether servers can be started that change to users of their own.
fn are_we_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|us| us.uid() == 0)
}

/// A folder that a server finds its files in, whichever user it becomes.
struct Den(tempfile::TempDir);

impl Den {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Makes a folder for that user; none for root.
    fn folder(&self, name: &str, owner: Option<(u32, u32)>) {
        std::fs::create_dir_all(self.path(name)).unwrap();
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(self.path(name), Some(user), Some(group)).unwrap();
        }
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path(name)).unwrap_or_default()).into_owned()
    }

    /// Writes the fixture of that name here, with each `@WORD@` replaced; `@DIR@` is this folder.
    fn fill(&self, fixture: &str, to: &str, words: &[(&str, &str)]) {
        let text = std::fs::read_to_string(fixture_path(fixture)).unwrap();
        let text = text.replace("@DIR@", self.0.path().to_str().unwrap());
        let filled = words.iter().fold(text, |text, (word, value)| text.replace(&format!("@{word}@"), value));
        let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let left = filled.lines().filter(|line| !line.starts_with('#')).find_map(|line| line.split('@').find(is_word));
        assert_eq!(left, None, "{fixture} has a word that nothing replaces");
        self.write(to, &filled);
    }
}

fn fixture_path(name: &str) -> PathBuf {
    repository().join("tests/fixtures/servers").join(name)
}

/// A server's process and its children; over when the test is, one way or another.
struct Server(Child);

impl Server {
    /// Starts it in a process group of its own, its words in `den/NAME.out`.
    fn start(den: &Den, name: &str, command: &mut Command) -> Self {
        let said = std::fs::File::create(den.path(&format!("{name}.out"))).unwrap();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} can't be started: {error}"));
        Self(child)
    }

    /// Waits until it takes connections.
    fn listens(&mut self, port: u16) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        within_patience("a server listens", || {
            assert_eq!(self.0.try_wait().unwrap(), None, "the server ended by itself");
            TcpStream::connect(address).ok().map(drop)
        });
    }

    fn signal(&self, signal: &str) {
        // The whole group; it may be gone already.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("-TERM");
        for _ in 0..300 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        self.signal("-KILL");
        let _ = self.0.wait();
    }
}

/// A port of this machine that nobody listens on, below those that the system gives out by itself: a catcher of
/// another test, or the end of a connection, must not get it before the server does.
fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(16).wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + u16::try_from(next % 10_000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A message as a server filed it, what the server wrote above it taken off.
struct Filed {
    return_path: String,
    recipient: String,
    /// With LF, as mailboxes have it.
    text: String,
    path: PathBuf,
}

impl Filed {
    /// Every message in the `new` of a Maildir.
    fn all(maildir: &Path) -> Vec<Self> {
        let Ok(entries) = std::fs::read_dir(maildir.join("new")) else { return Vec::new() };
        entries.map(|entry| Self::read(entry.unwrap().path())).collect()
    }

    /// The same, once there are that many; a server files what it has taken a little later.
    fn wait_for(maildir: &Path, count: u64) -> Vec<Self> {
        within_patience("the server files what it took", || {
            let there = std::fs::read_dir(maildir.join("new")).map_or(0, |entries| entries.count() as u64);
            (there >= count).then_some(())
        });
        Self::all(maildir)
    }

    fn read(path: PathBuf) -> Self {
        let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        let mut filed = Self { return_path: String::new(), recipient: String::new(), text: String::new(), path };
        let (mut rest, mut above) = (text.as_str(), true);
        while above {
            let (line, after) = rest.split_once('\n').unwrap();
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
            match name.to_ascii_lowercase().as_str() {
                "return-path" => filed.return_path = value,
                "delivered-to" | "envelope-to" => filed.recipient = value,
                "received" | "x-original-to" | "delivery-date" => {}
                _ if line.starts_with([' ', '\t']) => {}
                _ => above = false,
            }
            if above {
                rest = after;
            }
        }
        rest.clone_into(&mut filed.text);
        filed
    }
}

/// Each message of the issue as its preview has it, by its Message-ID, to be held against what arrived.
fn previewed(project: &Project) -> BTreeMap<String, String> {
    let said = project.run(&["preview", ISSUE, "--each", "--out", "previewed"]);
    assert_eq!(said.status, Some(0), "{said:#?}");
    let files = std::fs::read_dir(project.path("previewed/each")).unwrap();
    let text = |path: PathBuf| std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    files.map(|file| text(file.unwrap().path())).map(|text| (message_id(&text), without_date(&text))).collect()
}

fn message_id(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().to_owned()
}

/// What differs between a preview and a send, left out.
fn without_date(text: &str) -> String {
    let (headers, body) = text.split_once("\n\n").unwrap();
    let headers: Vec<_> = headers.lines().filter(|line| !line.starts_with("Date: ")).collect();
    format!("{}\n\n{body}", headers.join("\n"))
}

/// That these are the previewed messages to exactly these recipients, each once, under a return-path of its own.
fn arrived_once(filed: &[Filed], recipients: &[String], previewed: &BTreeMap<String, String>) {
    let mut arrived: Vec<_> = filed.iter().map(|one| one.recipient.clone()).collect();
    arrived.sort();
    assert_eq!(arrived, recipients, "not everyone who was accepted has it exactly once");
    let mut return_paths: Vec<_> = filed.iter().map(|one| one.return_path.clone()).collect();
    return_paths.sort();
    return_paths.dedup();
    assert_eq!(return_paths.len(), filed.len(), "a return-path stands for more than one");
    for one in filed {
        assert!(one.return_path.starts_with("bounces+"), "{}", one.return_path);
        let expected = &previewed[&message_id(&one.text)];
        assert_eq!(&without_date(&one.text), expected, "{}", one.recipient);
    }
    let paths: Vec<_> = filed.iter().map(|one| one.path.clone()).collect();
    let Some(read) = crate::python::read_back(&paths) else { return };
    for (read, one) in read.iter().zip(filed) {
        assert_eq!(read["defects"], Value::Array(Vec::new()), "{}", one.recipient);
        assert_eq!(read["to"][0][1], one.recipient.as_str());
    }
}

/// Everyone, as `status --recipients --json` tells of them, by their address.
fn told(project: &Project) -> BTreeMap<String, Value> {
    let said = project.run(&["status", ISSUE, "--recipients", "--json"]);
    let people = said.stdout.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    people.map(|person| (person["email"].as_str().unwrap().to_owned(), person)).collect()
}

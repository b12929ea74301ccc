//! A newsletter's folder in a temporary place, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Signs tokens in every test, so that goldens are the same everywhere.
pub const SECRET: &str = "a secret for tests alone";

/// A newsletter's folder of its own; gone with the value.
pub struct Project {
    folder: tempfile::TempDir,
}

/// What a run of the program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A copy of the sample newsletter at the repository's root.
    pub fn sample() -> Self {
        let project = Self::empty();
        for part in ["bulletin.toml", "issues", "subscribers", "templates"] {
            copy(&repository().join(part), &project.path(part));
        }
        project
    }

    /// A copy of the newsletter in English and Arabic.
    pub fn right_to_left() -> Self {
        let project = Self::empty();
        copy(&repository().join("tests/fixtures/rtl"), &project.path(""));
        project
    }

    /// A newsletter in every language that is built in.
    pub fn all_languages() -> Self {
        let project = Self::empty();
        copy(&repository().join("tests/fixtures/languages"), &project.path(""));
        project
    }

    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Copies a folder of the repository into this one.
    pub fn copy(&self, from: &str) {
        copy(&repository().join(from), &self.path(""));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Replaces `from`, which must be there, by `to` in a file.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replace(from, to));
    }

    /// The program, ready to be run in this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bulletin"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("BULLETIN_SECRET", SECRET)
            .env("NO_COLOR", "1")
            .env_remove("RUST_LOG");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// What a run that must end with `status` printed on stdout, as JSON.
    pub fn json(&self, arguments: &[&str], status: i32) -> serde_json::Value {
        let said = self.run(arguments);
        assert_eq!(said.status, Some(status), "{said:#?}");
        serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:#?}"))
    }

    /// The digest of an issue, as its preview tells it.
    pub fn digest(&self, issue: &str) -> String {
        self.json(&["preview", issue, "--json"], 0)["digest"].as_str().unwrap().to_owned()
    }
}

/// Whatever a test did, the tables of its database hold together: no row refers to one that is not there.
impl Drop for Project {
    fn drop(&mut self) {
        let database = self.path("state/bulletin.db");
        if std::thread::panicking() || !database.exists() {
            return;
        }
        // Some tests spoil the database; what can't be read refers to nothing.
        let Ok(connection) = rusqlite::Connection::open(database) else { return };
        let astray = connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0));
        assert_eq!(astray.unwrap_or(0_i64), 0, "rows that refer to none");
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Says why a test shows nothing on this machine. With `BULLETIN_TEST_ALL` set, as in `.ci/run`, that is a
/// failure.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
pub fn skipped<T>(reason: impl std::fmt::Display) -> Option<T> {
    assert!(std::env::var_os("BULLETIN_TEST_ALL").is_none(), "skipped: {reason}");
    eprintln!("skipped: {reason}");
    None
}

/// A Python that has `modules`: the first of the path's, or the system's own, which Debian's packages are for.
pub fn python_with(modules: &str) -> Option<&'static str> {
    let imports = |python: &&str| {
        let output = Command::new(python).args(["-c", &format!("import {modules}")]).output();
        output.is_ok_and(|output| output.status.success())
    };
    ["python3", "/usr/bin/python3"].into_iter().find(imports)
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

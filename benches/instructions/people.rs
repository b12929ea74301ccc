//! The kernels that read a list and plan a send to it.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use bulletin::domain::Language;
use bulletin::domain::clock::Clock;
use bulletin::pipeline::{self, Decisions, Desk, Newsletter};
use bulletin::subscribers::{ColumnNames, People, Table, Vocabulary};

use super::Kernel;

const READERS: usize = 1_000;

/// A list like the sample's.
fn write(path: &Path) {
    let mut list = "email,name,language,topics,Organisation name,Province\n".to_owned();
    for reader in 0..READERS {
        let language = ["en", "fr", "fr-CA", "en;fr"][reader % 4];
        let topics = ["", "policy", "services;events", "media", "research;workers"][reader % 5];
        writeln!(list, "reader{reader}@example.org,Zoë Reader {reader},{language},{topics},A house,QC").unwrap();
    }
    std::fs::write(path, list).unwrap();
}

/// Reads the rows of a list into people.
pub fn list() -> Kernel {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    write(&path);
    let languages: Vec<Language> = vec!["en".parse().unwrap(), "fr".parse().unwrap()];
    Box::new(move || {
        let words = Vocabulary {
            languages: &languages,
            topics: &["policy", "services", "events", "media", "research", "workers"],
            columns: &[("organisation", "Organisation name"), ("province", "Province")],
            named: ColumnNames::default(),
        };
        let table = Table::open(&folder.path().join("list.csv"), Path::new("list.csv")).unwrap();
        let mut people = People::new(table, words).unwrap();
        let mut rows = 0;
        while let Some(verdict) = people.advance().unwrap() {
            black_box(verdict);
            rows += 1;
        }
        assert_eq!(rows, READERS);
    })
}

/// Plans the sample issue: the list read, everyone's edition worked out, and the plan on the disk.
pub fn plan() -> Kernel {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.csv");
    write(&list);
    let newsletter = Newsletter::open(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let issue = newsletter.issue(&"2015-11".parse().unwrap()).unwrap();
    let (relay, clock) = ("smtp://127.0.0.1:25", Clock::system());
    Box::new(move || {
        let state = tempfile::tempdir_in(folder.path()).unwrap();
        let lock = pipeline::lock(state.path(), "2015-11", "planning").unwrap();
        let desk = Desk::open(&state.path().join("bulletin.db"), &issue.id, lock).unwrap();
        let assembly = pipeline::assemble(&newsletter, &issue, Some(&list), |_| {}).unwrap();
        let digest = newsletter.digest(&issue);
        let proposal = desk.propose(digest, assembly, relay, Decisions::default(), clock.now()).unwrap();
        desk.settle(&proposal, relay, clock.now()).unwrap();
        assert_eq!(desk.account().unwrap().planned, READERS as u64);
    })
}

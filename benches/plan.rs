//! Planning the sample issue for 100,000 and for 1,000,000 people: the list read, everyone's edition worked
//! out, and the plan frozen on the disk: `cargo bench --bench plan`. Tells the most memory that it took, too.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail by panicking, and prints")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bulletin::domain::clock::Clock;
use bulletin::pipeline::{self, Decisions, Desk, Newsletter};
use criterion::{Criterion, Throughput};

/// The sample newsletter with so many readers, whose topics differ as the sample's do.
fn newsletter(folder: &Path, readers: usize) -> Newsletter {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for part in ["bulletin.toml", "issues", "templates"] {
        copy(&root.join(part), &folder.join(part));
    }
    let mut list = "email,name,language,topics,Organisation name,Province\n".to_owned();
    for reader in 0..readers {
        let language = ["en", "fr", "fr-CA", "en;fr"][reader % 4];
        let topics = ["", "policy", "services;events", "media", "research;workers"][reader % 5];
        writeln!(list, "reader{reader}@example.org,Reader {reader},{language},{topics},A house,QC").unwrap();
    }
    std::fs::create_dir_all(folder.join("subscribers")).unwrap();
    std::fs::write(folder.join("subscribers/subscribers.csv"), list).unwrap();
    Newsletter::open(folder).unwrap()
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

/// Plans a send, and tells for how many.
fn plan(newsletter: &Newsletter) -> usize {
    let relay = "smtp://127.0.0.1:25";
    let clock = Clock::system();
    let issue = newsletter.issue(&"2015-11".parse().unwrap()).unwrap();
    let state = tempfile::tempdir().unwrap();
    let lock = pipeline::lock(state.path(), "2015-11", "planning").unwrap();
    let desk = Desk::open(&state.path().join("bulletin.db"), &issue.id, lock).unwrap();
    let assembly = pipeline::assemble(newsletter, &issue, None, |_| {}).unwrap();
    let digest = newsletter.digest(&issue);
    let proposal = desk.propose(digest, assembly, relay, Decisions::default(), clock.now()).unwrap();
    desk.settle(&proposal, relay, clock.now()).unwrap();
    usize::try_from(desk.account().unwrap().planned).unwrap()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for readers in [100_000, 1_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let newsletter = newsletter(folder.path(), readers);
        let mut group = criterion.benchmark_group("plan");
        group.throughput(Throughput::Elements(readers as u64)).sample_size(10);
        group.bench_function(format!("{readers} people"), |bencher| {
            bencher.iter(|| assert_eq!(plan(&newsletter), readers));
        });
        group.finish();
        // Linux tells the most that was resident; elsewhere there is nothing to read.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let most = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
        println!("after {readers} people, {most}");
    }
    criterion.final_summary();
}

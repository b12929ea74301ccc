//! A newsletter's folder with the sample issue and a list of one's own length, whose readers make so many
//! editions: `cargo run --release --example many_editions -- FOLDER 200 100000`, and then
//! `bulletin --dir FOLDER preview 2015-11`.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "an example may fail by panicking, and prints")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Each has an item of its own, so that every choice among them is another edition.
const TOPICS: [&str; 6] = ["policy", "services", "research", "media", "events", "workers"];
const LANGUAGES: [&str; 4] = ["en", "fr", "en;fr", "fr;en"];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [folder, editions, readers] = arguments.as_slice() else {
        eprintln!("many_editions FOLDER EDITIONS READERS");
        return;
    };
    let folder = Path::new(folder);
    let (editions, readers): (usize, usize) = (editions.parse().unwrap(), readers.parse().unwrap());
    let most = LANGUAGES.len() * ((1 << TOPICS.len()) - 1);
    assert!((1..=most).contains(&editions) && readers >= editions, "1 to {most} editions, and a reader for each");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(folder.join("subscribers")).unwrap();
    for part in ["bulletin.toml", "issues", "templates"] {
        copy(&root.join(part), &folder.join(part));
    }
    let list = std::fs::File::create(folder.join("subscribers/subscribers.csv")).unwrap();
    let mut list = std::io::BufWriter::new(list);
    writeln!(list, "email,name,language,topics,Organisation name,Province").unwrap();
    for reader in 0..readers {
        let edition = reader % editions;
        let chosen = edition / LANGUAGES.len() + 1;
        let topics = (0..TOPICS.len()).filter(|topic| chosen >> topic & 1 == 1).map(|topic| TOPICS[topic]);
        let topics = topics.collect::<Vec<_>>().join("|");
        let language = LANGUAGES[edition % LANGUAGES.len()];
        writeln!(list, "reader{reader}@example.org,Reader {reader},{language},{topics},A house,QC").unwrap();
    }
    list.flush().unwrap();
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

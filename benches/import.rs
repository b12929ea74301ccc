//! Importing an export of another system into a list of as many people, of whom every second is in the list
//! already: both read, compared row by row, and what would change worked out: `cargo bench --bench import`.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use bulletin::pipeline::Newsletter;
use bulletin::subscribers::import::{Extent, Kind, Mapping};
use bulletin::upkeep::{ImportRequest, plan_import};
use criterion::{Criterion, Throughput};

/// The sample newsletter with so many readers.
fn newsletter(folder: &Path, rows: usize) -> Newsletter {
    let mut list = "email,name,language,topics,Province\n".to_owned();
    for row in 0..rows {
        let language = ["en", "fr"][row % 2];
        writeln!(list, "reader.{row}@example.org,Zoë Reader {row},{language},policy,QC").unwrap();
    }
    std::fs::create_dir_all(folder.join("subscribers")).unwrap();
    std::fs::write(folder.join("subscribers/subscribers.csv"), list).unwrap();
    std::fs::create_dir_all(folder.join("templates/images")).unwrap();
    for file in ["bulletin.toml", "templates/images/logo.png"] {
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), folder.join(file)).unwrap();
    }
    Newsletter::open(folder).unwrap()
}

/// As Mailchimp exports its contacts: half of them are new, and of the others some moved to another language.
fn export(path: &Path, rows: usize) {
    let mut out = "Email Address,First Name,Last Name,Language,TAGS,MEMBER_RATING,OPTIN_TIME\n".to_owned();
    for row in 0..rows {
        let (name, language) = (row * 2, ["en", "fr", "fr-CA"][row % 3]);
        writeln!(
            out,
            "Reader.{name}@example.org,Zoë,Reader {name},{language},\"services, other\",3,2015-01-02 03:04:05"
        )
        .unwrap();
    }
    std::fs::write(path, out).unwrap();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for rows in [10_000, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        let newsletter = newsletter(folder.path(), rows);
        let file = folder.path().join("export.csv");
        export(&file, rows);
        let request = ImportRequest { file, kind: None, mapping: Mapping::default(), extent: Extent::AddAndUpdate };
        let mut group = criterion.benchmark_group("import");
        group.throughput(Throughput::Elements(rows as u64)).sample_size(10);
        group.bench_function(format!("{rows} rows into {rows}"), |bencher| {
            bencher.iter(|| {
                let planned = plan_import(&newsletter, &request).unwrap();
                assert_eq!((planned.kind, planned.outcome.added.len()), (Kind::Mailchimp, rows / 2));
            });
        });
        group.finish();
    }
    criterion.final_summary();
}

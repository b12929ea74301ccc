//! Reading and checking a list of 100,000 and of 1,000,000 rows, with 3 columns and with 30 of which 27 are
//! nobody's: `cargo bench --bench list`. With an argument of its own, `cargo bench --bench list -- --write
//! FILE ROWS COLUMNS`, it writes such a list instead, to measure the program with.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::io::{BufWriter, Write};
use std::path::Path;

use bulletin::domain::Language;
use bulletin::subscribers::{ColumnNames, Context, Table, Vocabulary, check, load};
use criterion::{Criterion, Throughput};

const SIZES: [usize; 2] = [100_000, 1_000_000];

/// A list as a large organisation has it: a third French, some topics, Gmail for every fourth.
fn write(path: &Path, rows: usize, columns: usize) {
    let mut out = BufWriter::new(std::fs::File::create(path).unwrap());
    let unused = columns - 3;
    write!(out, "email,name,language").unwrap();
    (0..unused).for_each(|column| write!(out, ",Unused {column}").unwrap());
    writeln!(out).unwrap();
    for row in 0..rows {
        let domain = ["example.org", "example.com", "gmail.com", "montreal.example.net"][row % 4];
        let language = ["en", "fr", "fr-CA"][row % 3];
        write!(out, "reader.{row}@{domain},Zoë Reader {row},{language}").unwrap();
        (0..unused).for_each(|column| write!(out, ",cell {column} of {row}").unwrap());
        writeln!(out).unwrap();
    }
    out.flush().unwrap();
}

fn benchmarks(criterion: &mut Criterion) {
    let languages: Vec<Language> = vec!["en".parse().unwrap(), "fr".parse().unwrap()];
    let words = Vocabulary {
        languages: &languages,
        topics: &["policy", "services"],
        columns: &[],
        named: ColumnNames::default(),
    };
    let shown = Path::new("list.csv");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(shown);
    for rows in SIZES {
        for columns in [3, 30] {
            write(&path, rows, columns);
            let mut group = criterion.benchmark_group(format!("{rows} rows of {columns} columns"));
            group.throughput(Throughput::Elements(rows as u64)).sample_size(10);
            group.bench_function("check", |bencher| {
                bencher.iter(|| {
                    let context = Context { today: jiff::civil::date(2026, 1, 15), suppressed: None };
                    let checked = check(Table::open(&path, shown).unwrap(), words, &context).unwrap();
                    assert_eq!(checked.usable, rows);
                });
            });
            group.bench_function("read for a send", |bencher| {
                bencher.iter(|| assert_eq!(load(&path, shown, words).unwrap().people.len(), rows));
            });
            group.finish();
        }
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "--write", file, rows, columns, ..] => {
            write(Path::new(file), rows.parse().unwrap(), columns.parse().unwrap());
        }
        _ => {
            let mut criterion = Criterion::default().configure_from_args();
            benchmarks(&mut criterion);
            criterion.final_summary();
        }
    }
}

//! How many mails a second are classified on one core, from memory: the project's own fixtures, one family each.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::hint::black_box;
use std::path::Path;

use bulletin::bounces::Classifier;
use bulletin::inbox::{self, Source};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn classify(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bounces");
    // Another folder of mails can be measured by its name in BULLETIN_BENCH_MAILS.
    let folder = std::env::var_os("BULLETIN_BENCH_MAILS").map_or(folder, Into::into);
    let mails: Vec<Vec<u8>> = inbox::open(&Source::Path(folder)).map(|mail| mail.unwrap().bytes).collect();
    let classifier = Classifier::built_in();
    let mut group = criterion.benchmark_group("bounces");
    group.throughput(Throughput::Elements(mails.len() as u64));
    group.bench_function("classify", |bencher| {
        bencher.iter(|| mails.iter().map(|mail| classifier.classify(black_box(mail), None).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, classify);
criterion_main!(benches);

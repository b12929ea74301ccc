//! Rendering the sample: the edition with all its items in English, from the items to HTML and plain text, its
//! MJML alone, and the editions of all its readers on one thread: `cargo bench --bench render`.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::hint::black_box;
use std::path::Path;

use bulletin::domain::Language;
use bulletin::edition::{Edition, EditionKey};
use bulletin::pipeline::{self, Newsletter};
use bulletin::render;
use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let newsletter = Newsletter::open(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let issue = newsletter.issue(&"2015-11".parse().unwrap()).unwrap();
    let (templates, setting) = (&newsletter.templates, newsletter.setting());

    let english: Language = "en".parse().unwrap();
    let items = issue.items().filter(|item| item.only.as_ref().is_none_or(|only| *only == english));
    let key = EditionKey::new(vec![english.clone()], items.map(|item| item.id.clone()).collect());
    let edition = Edition::assemble(&issue, &key);
    let mjml = render::assembled_mjml(&edition, templates, setting).unwrap();

    criterion.bench_function("edition", |bencher| {
        bencher.iter(|| render::render(&Edition::assemble(&issue, black_box(&key)), templates, setting).unwrap());
    });
    criterion.bench_function("mjml", |bencher| bencher.iter(|| render::mjml_to_html(black_box(&mjml)).unwrap()));

    let editions = pipeline::assemble(&newsletter, &issue, None, |_| {}).unwrap().editions;
    let mut group = criterion.benchmark_group("all editions");
    group.throughput(Throughput::Elements(editions.len() as u64));
    group.bench_function("on one thread", |bencher| {
        bencher.iter(|| {
            for key in &editions {
                black_box(render::render(&Edition::assemble(&issue, key), templates, setting).unwrap());
            }
        });
    });
    group.finish();
    criterion.final_summary();
}

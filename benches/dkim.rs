//! What a signature costs: one key, and both, over a message of 60 kB; and a hundred messages, signed by the
//! tasks of eight connections on one thread and on two. `cargo bench --bench dkim`.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::hint::black_box;
use std::sync::Arc;

use bulletin::compose::dkim::{Algorithm, Signer, SigningKey};
use bulletin::compose::{Envelope, OutboundMessage};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use secrecy::ExposeSecret as _;

fn message() -> OutboundMessage {
    let envelope = Envelope {
        return_path: "bounces@example.org".parse().unwrap(),
        id: "b01".parse().unwrap(),
        recipient: "ann@example.net".parse().unwrap(),
    };
    let fields = "From: News <news@example.org>\r\nTo: Ann <ann@example.net>\r\nSubject: News\r\n\
        Date: Fri, 15 Jan 2026 12:00:00 +0000\r\nMessage-ID: <m01@example.org>\r\n\r\n";
    let line = "A line of the kind that quoted-printable makes, with a few  spaces and =C3=A9.\r\n";
    OutboundMessage { envelope, content: [fields, &line.repeat(60_000 / line.len())].concat().into_bytes().into() }
}

fn key(algorithm: Algorithm) -> SigningKey {
    let pem = algorithm.generate().unwrap();
    SigningKey::from_pem("example.org", algorithm.as_str(), pem.expose_secret().as_bytes()).unwrap()
}

fn signing(criterion: &mut Criterion) {
    let now = jiff::Timestamp::from_second(1_768_478_400).unwrap();
    let message = message();
    for (name, algorithms) in [
        ("ed25519", vec![Algorithm::Ed25519]),
        ("rsa-2048", vec![Algorithm::Rsa]),
        ("both", vec![Algorithm::Rsa, Algorithm::Ed25519]),
    ] {
        let signer = Signer::new(algorithms.into_iter().map(key).collect());
        criterion.bench_function(&format!("sign 60 kB, {name}"), |bencher| {
            bencher.iter_batched(
                || message.clone(),
                |mut message| {
                    signer.sign(&mut message, now).unwrap();
                    black_box(message)
                },
                BatchSize::SmallInput,
            );
        });
    }
}

fn on_threads(criterion: &mut Criterion) {
    let now = jiff::Timestamp::from_second(1_768_478_400).unwrap();
    let message = message();
    let signer = Arc::new(Signer::new(vec![key(Algorithm::Rsa), key(Algorithm::Ed25519)]));
    for threads in [1, 2] {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).build().unwrap();
        criterion.bench_function(&format!("sign 104 messages, threads: {threads}"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let mut connections = tokio::task::JoinSet::new();
                    for _ in 0..8 {
                        let (signer, message) = (Arc::clone(&signer), message.clone());
                        connections.spawn(async move {
                            for _ in 0..13 {
                                let mut message = message.clone();
                                signer.sign(&mut message, now).unwrap();
                                black_box(message);
                                tokio::task::yield_now().await;
                            }
                        });
                    }
                    while let Some(ended) = connections.join_next().await {
                        ended.unwrap();
                    }
                });
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = signing, on_threads
}
criterion_main!(benches);

//! Any bytes as a mail that came back: no panic, no endless run, and what is told is fit for one line.
//!
//! A bounded run over the project's own mails and what can be made of them:
//! `cargo +nightly fuzz run bounce fuzz/corpus/bounce tests/fixtures/bounces/reports tests/fixtures/bounces/webhooks
//! -- -max_total_time=60 -max_len=65536 -timeout=5`

#![no_main]

use std::sync::LazyLock;

use bulletin::bounces::{Classifier, Kind};
use libfuzzer_sys::fuzz_target;

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(Classifier::built_in);

fuzz_target!(|mail: &[u8]| {
    for report in CLASSIFIER.classify(mail, None) {
        let texts = [&report.recipient, &report.status, &report.diagnostic, &report.action, &report.mta];
        for text in texts.into_iter().flatten() {
            assert!(!text.contains(char::is_control), "{text:?}");
        }
        assert!(report.recipient.is_some() || report.kind != Kind::Hard);
    }
});

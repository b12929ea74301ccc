//! The list, from outside.

mod check;
mod dialects;
mod stats;

use std::path::PathBuf;

use crate::project::repository;

/// A list of `tests/fixtures/lists`, which `make.py` there makes.
fn fixture(name: &str) -> PathBuf {
    repository().join("tests/fixtures/lists").join(name)
}

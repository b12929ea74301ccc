//! Chance, handed in from outside so that a test can leave nothing to it.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

/// Draws numbers; a copy draws from the same source.
#[derive(Clone)]
pub struct Chance(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Chance {
    /// Good enough to spread what would otherwise come in a heap, and for nothing else.
    #[must_use]
    pub fn system() -> Self {
        // Each new state of the standard library's hasher has keys of its own, seeded by the system.
        Self::from_fn(|| (RandomState::new().build_hasher().finish() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// Chance that a caller drives; its numbers are from 0 up to 1.
    pub fn from_fn(draw: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    /// From 0 up to, and without, 1.
    #[must_use]
    pub fn draw(&self) -> f64 {
        (self.0)()
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread_over_their_range() {
        let chance = Chance::system();
        let draws: Vec<_> = std::iter::repeat_with(|| chance.draw()).take(10_000).collect();
        assert!(draws.iter().all(|drawn| (0.0..1.0).contains(drawn)));
        for tenth in 0..10 {
            let range = f64::from(tenth) / 10.0..f64::from(tenth + 1) / 10.0;
            let count = draws.iter().filter(|drawn| range.contains(drawn)).count();
            // Six standard deviations of a fair draw are 180.
            assert!((700..1_300).contains(&count), "{range:?}: {count}");
        }
    }
}

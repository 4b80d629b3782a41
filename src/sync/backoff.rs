//! How long to leave somebody alone who did not answer.

use std::time::Duration;

use crate::base::{Mono, Random};

/// Waits a random part of a ceiling that doubles with each failure, so that many kiosks do not return at once.
///
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("full jitter").
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    random: Random,
    failures: u32,
}

impl Backoff {
    /// Ceilings from `first`, doubling, up to `max`.
    pub fn new(first: Duration, max: Duration, random: Random) -> Self {
        Self { first, max, random, failures: 0 }
    }

    /// When to try again after a failure at `now`.
    pub fn failed(&mut self, now: Mono) -> Mono {
        let ceiling = self.first.saturating_mul(1 << self.failures.min(20)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        now + self.up_to(ceiling)
    }

    /// Begins anew with the first ceiling.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// A random part of `span`.
    pub fn up_to(&mut self, span: Duration) -> Duration {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.below(nanos.saturating_add(1)))
    }
}

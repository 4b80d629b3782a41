//! The simulated world's clock, readable by every simulated device.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use embedded_hal::delay::DelayNs;

use crate::base::Mono;

/// A clock that moves only when the world moves it. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct SimClock(Arc<AtomicU64>);

impl SimClock {
    /// A clock that shows `now`.
    pub fn new(now: Mono) -> Self {
        Self(Arc::new(AtomicU64::new(now.0)))
    }

    /// The time it shows.
    pub fn now(&self) -> Mono {
        Mono(self.0.load(Ordering::Acquire))
    }

    /// Moves it to `now`; a time that is past already changes nothing.
    pub fn set(&self, now: Mono) {
        self.0.fetch_max(now.0, Ordering::AcqRel);
    }

    /// Moves it on by `span`.
    pub fn advance(&self, span: Duration) {
        self.set(self.now() + span);
    }
}

/// Whoever waits moves the clock.
impl DelayNs for SimClock {
    fn delay_ns(&mut self, ns: u32) {
        self.advance(Duration::from_nanos(ns.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_show_the_same_time_and_never_go_back() {
        let clock = SimClock::new(Mono(5));
        let other = clock.clone();
        clock.advance(Duration::from_nanos(10));
        other.set(Mono(3));
        assert_eq!((clock.now(), other.now()), (Mono(15), Mono(15)));
    }
}

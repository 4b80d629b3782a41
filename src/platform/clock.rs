//! The kernel's clocks.

use rustix::time::{ClockId, clock_gettime};

use crate::base::Mono;

/// Time since boot, sleep included.
pub fn mono() -> Mono {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Mono(
        seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or_default()),
    )
}

/// Does nothing until `until`. Returns at once if that is past.
#[expect(clippy::disallowed_methods, reason = "a thread that owns a blocking device waits here")]
pub fn wait_until(until: Mono) {
    std::thread::sleep(until.since(mono()));
}

#[cfg(test)]
mod tests {
    #[test]
    fn time_goes_on() {
        let before = super::mono();
        assert!(before.0 > 0 && super::mono() >= before);
    }
}

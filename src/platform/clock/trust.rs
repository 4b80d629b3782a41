//! Whether a wall clock is to be trusted, from what kernel and time services say. Reads nothing itself.
//!
//! In this order:
//!
//! 1. [`ClockTrust::Synced`] while the kernel's largest error is below 16 s. Every time service keeps it there
//!    (systemd-timesyncd, chronyd with and without `rtcsync`, ntpd); it grows by 500 ppm from one correction to the
//!    next, and setting the clock by hand raises it to 16 s. `STA_UNSYNC` is not looked at: a service may leave it
//!    set only to keep the kernel from writing to the battery clock. systemd's `timedatectl` judges in the same way.
//! 2. Still `Synced` after that, in *holdover*: the service has not been heard of for hours, and the wall clock has
//!    only run on. The error goes on growing by 500 ppm. A clock that has stepped meanwhile was set by
//!    somebody, and nothing vouches for it until a service does again.
//! 3. `Synced`, with an error that is not known (0), when timesyncd says that it has set the clock in this boot and
//!    the kernel cannot be asked or has given up already.
//! 4. [`ClockTrust::Rtc`] when the kernel took the time from a battery-backed clock.
//! 5. [`ClockTrust::None`] else, and always before [`Wall::EARLIEST`].

use std::ffi::c_long;
use std::time::Duration;

use crate::base::{ClockTrust, Mono, Wall};

/// The error, in microseconds, at which the kernel gives up (`NTP_PHASE_LIMIT` of Linux, `kernel/time/ntp.c`).
const KERNEL_LIMIT_US: c_long = 16_000_000;
/// How far the clock may be from where it should have run on to, beyond its error, before it was set.
const STEP_MS: u64 = 500;

/// What the kernel makes of its own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// It may not be asked.
    Silent,
    /// It estimates.
    Says {
        /// Largest error in microseconds.
        max_error_us: c_long,
    },
}

impl Kernel {
    /// Largest error in milliseconds, rounded up, while a service keeps the clock.
    pub fn max_error_ms(self) -> Option<u32> {
        match self {
            Self::Says { max_error_us } if max_error_us < KERNEL_LIMIT_US => {
                // Never 0, which says that nothing is known.
                Some(u32::try_from(max_error_us.max(0) / 1_000).unwrap_or(u32::MAX).saturating_add(1))
            }
            Self::Says { .. } | Self::Silent => None,
        }
    }
}

/// What speaks for a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The kernel's estimate.
    pub kernel: Kernel,
    /// Whether timesyncd says that it has set the clock in this boot.
    pub service_set_it: bool,
    /// Whether the kernel took the time from a battery-backed clock at boot.
    pub rtc_set_it: bool,
}

/// Judges one boot's clock; remembers when it was last known to be right.
#[derive(Clone, Debug, Default)]
pub struct Judge(State);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// The kernel never vouched for the clock.
    #[default]
    Unheard,
    /// The kernel vouched for this.
    Right { mono: Mono, wall: Wall, error_ms: u32 },
    /// The clock was set since, and not by a time service.
    Meddled,
}

impl Judge {
    /// How far `wall`, read at `mono`, is trusted, and its largest error in milliseconds; 0 when that is not known.
    pub fn judge(&mut self, mono: Mono, wall: Wall, evidence: Evidence) -> (ClockTrust, u32) {
        if wall < Wall::EARLIEST {
            // Where it was right before, somebody has set it.
            if let State::Right { .. } = self.0 {
                self.0 = State::Meddled;
            }
            return (ClockTrust::None, 0);
        }
        if let Some(error_ms) = evidence.kernel.max_error_ms() {
            self.0 = State::Right { mono, wall, error_ms };
            return (ClockTrust::Synced, error_ms);
        }
        match self.0 {
            State::Right { mono: then, wall: was, error_ms } => {
                let passed = mono.since(then);
                let error = u64::from(error_ms).saturating_add(drift_ms(passed));
                if (was + passed).0.abs_diff(wall.0) <= error.saturating_add(STEP_MS) {
                    return (ClockTrust::Synced, u32::try_from(error).unwrap_or(u32::MAX));
                }
                self.0 = State::Meddled;
                (ClockTrust::None, 0)
            }
            State::Meddled => (ClockTrust::None, 0),
            State::Unheard if evidence.service_set_it => (ClockTrust::Synced, 0),
            State::Unheard if evidence.rtc_set_it => (ClockTrust::Rtc, 0),
            State::Unheard => (ClockTrust::None, 0),
        }
    }
}

/// 500 parts in a million, as the kernel assumes of a clock that nobody corrects (`MAXFREQ`), in milliseconds.
fn drift_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis() / 2_000).unwrap_or(u64::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_795_312_800_000);
    const YEARS: i64 = 10 * 365 * 86_400_000;
    const SERVICE: Evidence = Evidence { kernel: Kernel::Silent, service_set_it: true, rtc_set_it: true };
    const NOBODY: Evidence = Evidence { kernel: Kernel::Silent, service_set_it: false, rtc_set_it: false };

    #[test]
    fn the_kernels_error_decides_whatever_the_service() {
        for (max_error_us, expected) in [
            (0, (ClockTrust::Synced, 1)),
            (11_999, (ClockTrust::Synced, 12)),
            (15_999_999, (ClockTrust::Synced, 16_000)),
            (16_000_000, (ClockTrust::None, 0)),
            (c_long::MAX, (ClockTrust::None, 0)),
            (c_long::MIN, (ClockTrust::Synced, 1)),
        ] {
            let evidence = says(max_error_us, NOBODY);
            assert_eq!(Judge::default().judge(hour(1), NOW, evidence), expected, "{max_error_us}");
        }
    }

    #[test]
    fn without_the_kernel_the_services_word_counts_and_the_error_is_not_known() {
        assert_eq!(Judge::default().judge(hour(1), NOW, SERVICE), (ClockTrust::Synced, 0));
        let rtc = Evidence { service_set_it: false, ..SERVICE };
        assert_eq!(Judge::default().judge(hour(1), NOW, rtc), (ClockTrust::Rtc, 0));
        assert_eq!(Judge::default().judge(hour(1), NOW, NOBODY), (ClockTrust::None, 0));
    }

    #[test]
    fn no_word_makes_a_time_before_this_program_credible() {
        for evidence in [SERVICE, says(0, SERVICE)] {
            let trust = Judge::default().judge(hour(1), Wall(NOW.0 - YEARS), evidence);
            assert_eq!(trust, (ClockTrust::None, 0));
        }
    }

    #[test]
    fn a_service_that_falls_silent_leaves_a_clock_that_is_right_with_a_growing_error() {
        let mut judge = Judge::default();
        judge.judge(hour(1), NOW, says(20_000, NOBODY));
        let later = Wall(NOW.0 + 100 * 3_600_000 + 30_000);
        let (trust, error_ms) = judge.judge(hour(101), later, says(16_000_000, NOBODY));
        assert_eq!((trust, error_ms), (ClockTrust::Synced, 21 + 180_001));
    }

    #[test]
    fn a_clock_that_somebody_sets_is_not_trusted_until_a_service_corrects_it() {
        for off in [YEARS, -YEARS, 3_600_000, -61_000, 1_000] {
            let mut judge = Judge::default();
            judge.judge(hour(1), NOW, says(20_000, SERVICE));
            let set = Wall(NOW.0 + 1_000 + off);
            let second = |n: u64| hour(1) + Duration::from_secs(n);
            let meddled = judge.judge(second(1), set, says(16_000_000, SERVICE));
            assert_eq!(meddled, (ClockTrust::None, 0), "{off} ms");
            let back = judge.judge(second(2), Wall(NOW.0 + 2_000), says(16_000_000, SERVICE));
            assert_eq!(back, (ClockTrust::None, 0), "right by chance is not trusted");
            let synced = judge.judge(second(3), Wall(NOW.0 + 3_000), says(1_000, SERVICE));
            assert_eq!(synced, (ClockTrust::Synced, 2));
        }
    }

    fn says(max_error_us: c_long, other: Evidence) -> Evidence {
        Evidence { kernel: Kernel::Says { max_error_us }, ..other }
    }

    fn hour(hours: u64) -> Mono {
        Mono::from_millis(hours * 3_600_000)
    }
}

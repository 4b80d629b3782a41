//! How much time has passed for certain between two stamps, one of which was made after the other.
//!
//! Within one boot the monotonic clock tells. Across boots the wall clocks tell if both are trusted; else all that is
//! certain is the time since the later boot. What is not certain does not count: nothing is ever destroyed for being old
//! by a clock that nobody vouches for.

use std::time::Duration;

use crate::base::{ClockTrust, Stamp};

/// At least how much time passed from `from` to `to`, which is later.
pub fn at_least(from: &Stamp, to: &Stamp) -> Duration {
    if from.boot == to.boot {
        return to.mono.since(from.mono);
    }
    let since_boot = Duration::from_nanos(to.mono.0);
    if is_trusted(from) && is_trusted(to) {
        let ms = to.wall.0.checked_sub(from.wall.0).and_then(|ms| u64::try_from(ms).ok());
        return ms.map_or(since_boot, |ms| Duration::from_millis(ms).max(since_boot));
    }
    since_boot
}

/// The same by way of a stamp in between, such as the last record of the boot before.
pub fn at_least_by(from: &Stamp, between: Option<&Stamp>, to: &Stamp) -> Duration {
    let by = between.map_or(Duration::ZERO, |between| at_least(from, between) + at_least(between, to));
    by.max(at_least(from, to))
}

/// Whether another day has begun, in a place `ahead_minutes` ahead of UTC, by two clocks that are trusted.
pub fn is_later_day(from: &Stamp, to: &Stamp, ahead_minutes: i16) -> bool {
    let day = |stamp: &Stamp| (stamp.wall.as_secs() + i64::from(ahead_minutes) * 60).div_euclid(86_400);
    is_trusted(from) && is_trusted(to) && day(to) > day(from)
}

fn is_trusted(stamp: &Stamp) -> bool {
    stamp.trust != ClockTrust::None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BootId, Mono, Wall};

    const HOUR: u64 = 3_600;

    #[test]
    fn within_a_boot_only_the_monotonic_clock_tells() {
        let from = stamp(1, 10, 0, ClockTrust::Synced);
        for wall in [-1_000_000, 0, 1_000_000] {
            assert_eq!(hours(&from, &stamp(1, 15, wall, ClockTrust::Synced)), 5);
        }
    }

    #[test]
    fn across_boots_two_trusted_clocks_tell_or_the_time_since_the_boot() {
        let from = stamp(1, 10, 100, ClockTrust::Synced);
        assert_eq!(hours(&from, &stamp(2, 1, 148, ClockTrust::Rtc)), 48);
        assert_eq!(hours(&from, &stamp(2, 1, 50, ClockTrust::Synced)), 1, "a clock that went back");
        assert_eq!(hours(&from, &stamp(2, 1, 90_000, ClockTrust::None)), 1);
        let untrusted = stamp(1, 10, 100, ClockTrust::None);
        assert_eq!(hours(&untrusted, &stamp(2, 3, 90_000, ClockTrust::Synced)), 3);
    }

    #[test]
    fn the_end_of_the_boot_before_counts_as_well() {
        let (from, to) = (stamp(1, 10, 0, ClockTrust::None), stamp(2, 1, 0, ClockTrust::None));
        let last = stamp(1, 30, 0, ClockTrust::None);
        assert_eq!(at_least_by(&from, Some(&last), &to).as_secs() / HOUR, 21);
        assert_eq!(at_least_by(&from, None, &to).as_secs() / HOUR, 1);
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_place_and_never_by_an_untrusted_clock() {
        // 1970-01-01 15:30 UTC is 23:30 in China.
        let evening =
            Stamp { wall: Wall::from_secs(15 * 3_600 + 1_800), ..stamp(1, 1, 0, ClockTrust::Synced) };
        let later =
            |hours: i64, trust| Stamp { wall: Wall(evening.wall.0 + hours * 3_600_000), trust, ..evening };
        assert!(is_later_day(&evening, &later(1, ClockTrust::Rtc), 480));
        assert!(!is_later_day(&evening, &later(1, ClockTrust::Rtc), 0));
        assert!(!is_later_day(&evening, &later(1, ClockTrust::None), 480));
        assert!(!is_later_day(&evening, &later(-48, ClockTrust::Synced), 480), "a clock that went back");
    }

    fn hours(from: &Stamp, to: &Stamp) -> u64 {
        at_least(from, to).as_secs() / HOUR
    }

    fn stamp(boot: u8, mono_h: u64, wall_h: i64, trust: ClockTrust) -> Stamp {
        Stamp {
            boot: BootId([boot; 16]),
            mono: Mono::from_millis(mono_h * HOUR * 1_000),
            wall: Wall(wall_h * 3_600_000),
            trust,
            max_error_ms: 0,
        }
    }
}

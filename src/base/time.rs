//! Monotonic time, wall time, and how far the latter is trusted.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::id::BootId;

/// Time since the system booted, sleep included (`CLOCK_BOOTTIME`), in nanoseconds.
///
/// Comparable only within one [`BootId`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Mono(#[n(0)] pub u64);

impl Mono {
    /// The moment of boot.
    pub const ZERO: Self = Self(0);

    /// `ms` milliseconds after boot.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// Whole milliseconds since boot.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// How long ago `earlier` was; zero if it is still to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl Sub<Duration> for Mono {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}

/// Wall time in milliseconds since 1970-01-01T00:00:00Z. It may be wrong after boot; see [`ClockTrust`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Wall(#[n(0)] pub i64);

impl Wall {
    /// 2026-01-01: before this program was written, so that no clock that is right can show less.
    pub const EARLIEST: Self = Self::from_secs(1_767_225_600);

    /// Whole seconds since 1970, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// `secs` seconds since 1970.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000))
    }
}

impl Add<Duration> for Wall {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Wall {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Where the wall time of a [`Stamp`] came from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum ClockTrust {
    /// Nothing vouches for it: a saved or built-in time from before the power cut.
    #[n(0)]
    None,
    /// A battery-backed clock set it.
    #[n(1)]
    Rtc,
    /// A time service disciplines it.
    #[n(2)]
    Synced,
}

/// When something happened, as one kiosk knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Stamp {
    /// The boot within which `mono` counts.
    #[n(0)]
    pub boot: BootId,
    /// Monotonic time.
    #[n(1)]
    pub mono: Mono,
    /// Wall time as the clock then showed it.
    #[n(2)]
    pub wall: Wall,
    /// How far `wall` is trusted.
    #[n(3)]
    pub trust: ClockTrust,
    /// Largest error of `wall` in milliseconds, as the kernel estimates it; 0 when nothing is known.
    #[n(4)]
    pub max_error_ms: u32,
}

impl fmt::Display for Mono {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.as_millis() / 1_000, self.as_millis() % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_saturate_instead_of_wrapping() {
        assert_eq!(Mono(5) - Duration::from_secs(1), Mono::ZERO);
        assert_eq!(Mono(u64::MAX) + Duration::from_secs(1), Mono(u64::MAX));
        assert_eq!(Mono(5).since(Mono(9)), Duration::ZERO);
        assert_eq!(Mono::from_millis(1_500).to_string(), "1.500s");
    }

    #[test]
    fn wall_seconds_round_down_before_1970_too() {
        assert_eq!(Wall(-1).as_secs(), -1);
        assert_eq!(Wall(1_999).as_secs(), 1);
        assert_eq!(Wall(i64::MIN) - Duration::from_secs(1), Wall(i64::MIN));
    }
}

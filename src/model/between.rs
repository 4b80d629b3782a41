//! Between which wall times it is now, as far as a kiosk can know: for what begins and ends by the calendar.
//!
//! A stamp alone is one time that may be false. What it is worth follows from who vouches for the clock:
//!
//! | clock | it is now |
//! |---|---|
//! | kept by a time service | its time, give or take its largest error (1 s where none is known) |
//! | set from a battery | its time, give or take a day: such clocks are off by minutes a month, and one that stopped shows a time that has long passed |
//! | vouched for by nobody | not before the time that has certainly passed; nothing says how much later |
//!
//! A clock that shows less than what has certainly passed is wrong, whoever vouches for it, and counts as nobody's.

use std::time::Duration;

use serde::Serialize;

use crate::base::{ClockTrust, Stamp, Wall};

/// Largest error of a clock that a time service keeps and that does not know its own.
const ERROR: Duration = Duration::from_secs(1);
/// Largest error of a clock that was set from a battery.
const BATTERY_ERROR: Duration = Duration::from_hours(24);

/// The earliest and the latest time that it can be now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    earliest: Wall,
    latest: Option<Wall>,
}

/// Whether a time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// Certainly.
    Yes,
    /// Certainly not yet.
    No,
    /// The clock is not sure enough to say.
    Unsure,
}

impl Default for Between {
    /// Where nobody has said anything: after everything that has certainly passed.
    fn default() -> Self {
        Self { earliest: Wall::EARLIEST, latest: None }
    }
}

impl Between {
    /// What `now` is worth where `passed` has certainly passed.
    pub fn of(now: &Stamp, passed: Wall) -> Self {
        let error = match (now.trust, now.max_error_ms) {
            (ClockTrust::Synced, 0) => Some(ERROR),
            (ClockTrust::Synced, known) => Some(Duration::from_millis(known.into())),
            (ClockTrust::Rtc, _) => Some(BATTERY_ERROR),
            (ClockTrust::None, _) => None,
        };
        match error.map(|error| (now.wall - error, now.wall + error)) {
            Some((earliest, latest)) if latest >= passed => {
                Self { earliest: earliest.max(passed), latest: Some(latest) }
            }
            Some(_) | None => Self { earliest: passed, latest: None },
        }
    }

    /// Whether it is `time` or later.
    pub fn reached(&self, time: Wall) -> Reached {
        if self.earliest >= time {
            Reached::Yes
        } else if self.latest.is_some_and(|latest| latest < time) {
            Reached::No
        } else {
            Reached::Unsure
        }
    }

    /// It is not earlier than this.
    pub const fn earliest(&self) -> Wall {
        self.earliest
    }

    /// It is not later than this; `None` when nothing says.
    pub const fn latest(&self) -> Option<Wall> {
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BootId, Mono};

    const NOW: Wall = Wall(1_795_312_800_000);

    #[test]
    fn a_clock_is_worth_what_vouches_for_it() {
        let reached = |trust, max_error_ms, after_ms: i64| {
            Between::of(&stamp(NOW, trust, max_error_ms), Wall::EARLIEST).reached(Wall(NOW.0 + after_ms))
        };
        for (trust, error, error_ms) in
            [(ClockTrust::Synced, 250, 250), (ClockTrust::Synced, 0, 1_000), (ClockTrust::Rtc, 9, 86_400_000)]
        {
            assert_eq!(reached(trust, error, -error_ms), Reached::Yes);
            assert_eq!(reached(trust, error, 1 - error_ms), Reached::Unsure);
            assert_eq!(reached(trust, error, error_ms), Reached::Unsure);
            assert_eq!(reached(trust, error, error_ms + 1), Reached::No);
        }
        let between = Between::of(&stamp(NOW, ClockTrust::None, 5), Wall::EARLIEST);
        assert_eq!(between.reached(Wall::EARLIEST), Reached::Yes);
        assert_eq!(between.reached(Wall(Wall::EARLIEST.0 + 1)), Reached::Unsure);
        assert_eq!(between.reached(Wall(i64::MAX)), Reached::Unsure);
    }

    #[test]
    fn what_has_certainly_passed_goes_before_every_clock() {
        let soon = Wall(NOW.0 + 2 * 86_400_000);
        for trust in [ClockTrust::None, ClockTrust::Rtc, ClockTrust::Synced] {
            let between = Between::of(&stamp(NOW, trust, 100), soon);
            assert_eq!((between.earliest(), between.latest()), (soon, None), "{trust:?} is behind");
        }
        let within = Between::of(&stamp(NOW, ClockTrust::Rtc, 0), NOW);
        assert_eq!((within.earliest(), within.latest()), (NOW, Some(Wall(NOW.0 + 86_400_000))));
    }

    #[test]
    fn the_ends_of_the_numbers_do_not_overflow() {
        for wall in [Wall(i64::MIN), Wall(i64::MAX)] {
            for trust in [ClockTrust::None, ClockTrust::Rtc, ClockTrust::Synced] {
                let between = Between::of(&stamp(wall, trust, u32::MAX), Wall::EARLIEST);
                assert!(between.earliest() >= Wall::EARLIEST);
            }
        }
    }

    fn stamp(wall: Wall, trust: ClockTrust, max_error_ms: u32) -> Stamp {
        Stamp { boot: BootId([1; 16]), mono: Mono(5), wall, trust, max_error_ms }
    }
}

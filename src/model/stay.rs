//! How long whoever came in may stay, and whether they have stayed longer.
//!
//! The limit is kept in the record of the entry, so that it holds whatever policy rules later. Whichever comes first counts:
//! so many hours, the place's own time of the day, or the hour by which they said that they would be back.
//!
//! A clock that nobody vouches for makes nobody overdue, and keeps nobody from it:
//!
//! | | is over |
//! |---|---|
//! | for certain | when the kiosk has run for so many hours since, however often it started, or the clocks vouch for it that the time has come |
//! | perhaps | when no clock rules out that so many hours have passed, or the clock shows that the time of the day has come and nobody vouches for it |
//!
//! So what is certain comes at the latest once the kiosk has run for so many hours, whatever its clock shows.

use std::time::Duration;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::between::{Between, Reached};
use super::past::Ago;
use super::width::narrow;
use crate::base::{Stamp, Wall};

const DAY_MINUTES: u16 = 1_440;

/// When whoever came in has to be out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct StayLimit {
    /// After so many hours.
    #[n(0)]
    pub hours: u16,
    /// By this time of the day, in minutes after midnight at the place.
    #[n(1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u16>,
    /// By the time of the day that they named themselves.
    #[n(2)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_by: Option<u16>,
}

/// How many are overdue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// Vehicles and persons who certainly are.
    pub certain: u64,
    /// Those of whom the clocks do not say.
    pub perhaps: u64,
}

/// The hour that somebody types, `17` or `1730`, in minutes after midnight; `None` of anything else.
pub fn typed_hour(text: &str) -> Option<u16> {
    let digits: String = text.trim().chars().map(narrow).collect();
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number: u16 = digits.parse().ok().filter(|_| plain)?;
    let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY_MINUTES).then_some(minute)
}

impl StayLimit {
    /// Whether it is over, for whoever came in at `entry`. `ran` is how long the kiosk has run since for certain, and the
    /// place is so many minutes ahead of UTC.
    pub fn reached(&self, entry: &Stamp, now: &Stamp, ran: Duration, ahead_minutes: i16) -> Reached {
        let ago = Ago::of(entry, now);
        let least = ago.least.max(ran);
        let longest = Duration::from_hours(self.hours.into());
        let by_hours = match ago.most {
            _ if least >= longest => Reached::Yes,
            Some(most) if most.max(least) < longest => Reached::No,
            Some(_) | None => Reached::Unsure,
        };
        let times = [self.until, self.back_by].into_iter().flatten();
        times.map(|minute| by_clock((entry, now), least, (minute, ahead_minutes))).fold(by_hours, first)
    }
}

/// Whichever is over makes it over.
const fn first(one: Reached, other: Reached) -> Reached {
    match (one, other) {
        (Reached::Yes, _) | (_, Reached::Yes) => Reached::Yes,
        (Reached::Unsure, _) | (_, Reached::Unsure) => Reached::Unsure,
        (Reached::No, Reached::No) => Reached::No,
    }
}

/// Whether the time of the day has come since `entry`, from which `least` has passed for certain.
fn by_clock((entry, now): (&Stamp, &Stamp), least: Duration, time: (u16, i16)) -> Reached {
    let [then, present] = [entry, now].map(|stamp| Between::of(stamp, Wall::EARLIEST));
    // They came in at the latest when the clocks say so, and before all that has passed since.
    let latest = [then.latest(), present.latest().map(|latest| latest - least)].into_iter().flatten().min();
    if latest.is_some_and(|latest| next(latest, time) <= present.earliest()) {
        return Reached::Yes;
    }
    let shown = if entry.boot == now.boot { now.wall - now.mono.since(entry.mono) } else { entry.wall };
    let is_believable = shown >= Wall::EARLIEST && now.wall >= Wall::EARLIEST;
    if is_believable && next(shown, time) <= now.wall { Reached::Unsure } else { Reached::No }
}

/// When it is next so many minutes after midnight at the place, after `wall`.
fn next(wall: Wall, (minute, ahead_minutes): (u16, i16)) -> Wall {
    const DAY_MS: i64 = DAY_MINUTES as i64 * 60_000;
    let of_day = (i64::from(minute) - i64::from(ahead_minutes)) * 60_000;
    let passed = (wall.0 - of_day).rem_euclid(DAY_MS);
    Wall(wall.0.saturating_add(DAY_MS - passed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BootId, ClockTrust, Mono};

    const HOUR: u64 = 3_600;
    const SIX: StayLimit = StayLimit { hours: 6, until: None, back_by: None };
    /// 2026-06-01 08:00 in China.
    const MORNING: i64 = 1_780_272_000;

    #[test]
    fn within_a_boot_hours_are_counted_whatever_the_clock_shows() {
        for trust in [ClockTrust::None, ClockTrust::Rtc, ClockTrust::Synced] {
            let entry = stamp(1, 10, -50, trust);
            let after =
                |hours: u64| SIX.reached(&entry, &stamp(1, 10 + hours, 900, trust), Duration::ZERO, 480);
            assert_eq!([5, 6, 7].map(after), [Reached::No, Reached::Yes, Reached::Yes], "{trust:?}");
        }
    }

    #[test]
    fn after_a_power_cut_a_clock_that_nobody_vouches_for_only_says_perhaps_until_the_kiosk_ran_long_enough() {
        let entry = stamp(1, 10, 0, ClockTrust::Synced);
        let after = |ran, trust| SIX.reached(&entry, &stamp(2, 1, 3, trust), hours(ran), 480);
        assert_eq!(after(0, ClockTrust::Synced), Reached::No, "three hours by clocks that are vouched for");
        assert_eq!(after(0, ClockTrust::None), Reached::Unsure);
        assert_eq!(after(0, ClockTrust::Rtc), Reached::Unsure, "a battery is believed to a day");
        assert_eq!(after(5, ClockTrust::None), Reached::Unsure);
        assert_eq!(after(6, ClockTrust::None), Reached::Yes, "it ran so long, in however many parts");
        let late = SIX.reached(&entry, &stamp(2, 1, 7, ClockTrust::Synced), Duration::ZERO, 480);
        assert_eq!(late, Reached::Yes);
    }

    #[test]
    fn the_time_of_the_day_is_that_of_the_place_and_the_first_of_all_counts() {
        let by_noon = StayLimit { hours: 10, until: Some(18 * 60), back_by: Some(12 * 60) };
        let entry = stamp(1, 1, 0, ClockTrust::Synced);
        let after = |limit: StayLimit, hours: u64| {
            let now = stamp(1, 1 + hours, i64::try_from(hours).unwrap(), ClockTrust::Synced);
            limit.reached(&entry, &now, Duration::ZERO, 480)
        };
        assert_eq!(after(by_noon, 3), Reached::No);
        assert_eq!(after(by_noon, 5), Reached::Yes, "13:00, and they said 12");
        assert_eq!(after(StayLimit { back_by: Some(20 * 60), ..by_noon }, 11), Reached::Yes, "ten hours");
        assert_eq!(
            after(StayLimit { hours: 99, back_by: Some(20 * 60), ..by_noon }, 11),
            Reached::Yes,
            "18:00"
        );
        let tomorrow = StayLimit { hours: 99, until: None, back_by: Some(7 * 60) };
        assert_eq!([14, 22].map(|hours| after(tomorrow, hours)), [Reached::No; 2], "seven, the next day");
        assert_eq!(after(tomorrow, 24), Reached::Yes);
    }

    #[test]
    fn a_time_of_the_day_by_a_clock_that_nobody_vouches_for_is_only_perhaps_over() {
        let limit = StayLimit { hours: 10, until: Some(12 * 60), back_by: None };
        let reached = |then, now, hours: u64| {
            let wall = i64::try_from(hours).unwrap();
            limit.reached(&stamp(1, 1, 0, then), &stamp(1, 1 + hours, wall, now), Duration::ZERO, 480)
        };
        assert_eq!(reached(ClockTrust::None, ClockTrust::None, 3), Reached::No);
        assert_eq!(reached(ClockTrust::None, ClockTrust::None, 5), Reached::Unsure);
        assert_eq!(reached(ClockTrust::Rtc, ClockTrust::Rtc, 5), Reached::Unsure);
        assert_eq!(reached(ClockTrust::None, ClockTrust::None, 10), Reached::Yes, "hours need no clock");
        // A clock that was set after they came in says when that was.
        assert_eq!(reached(ClockTrust::None, ClockTrust::Synced, 5), Reached::Yes);
        let wrong = |hours: i64| {
            let wall = Wall::from_secs(hours * 3_600);
            Stamp { wall, ..stamp(1, hours.unsigned_abs(), 0, ClockTrust::None) }
        };
        let nonsense = limit.reached(&wrong(1), &wrong(9), Duration::ZERO, 480);
        assert_eq!(nonsense, Reached::No, "a clock in 1970 says nothing, although it shows nine, then five");
    }

    #[test]
    fn an_hour_is_read_as_people_type_it() {
        let read = ["17", " 7", "1730", "１８", "24", "0", "25", "1799", "5pm", "", "99999"].map(typed_hour);
        let minutes = [Some(1_020), Some(420), Some(1_050), Some(1_080), Some(1_440), Some(0)];
        assert_eq!(read[..6], minutes);
        assert_eq!(read[6..], [None; 5]);
    }

    fn hours(hours: u64) -> Duration {
        Duration::from_secs(hours * HOUR)
    }

    fn stamp(boot: u8, mono_h: u64, wall_h: i64, trust: ClockTrust) -> Stamp {
        let mono = Mono::from_millis(mono_h * HOUR * 1_000);
        let wall = Wall::from_secs(MORNING + wall_h * 3_600);
        Stamp { boot: BootId([boot; 16]), mono, wall, trust, max_error_ms: 0 }
    }
}

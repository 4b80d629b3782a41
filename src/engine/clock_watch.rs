//! Notices when the wall clock becomes right, and when it is set or steps: each is recorded as a map for the intervals
//! of [`crate::model::timeline`].
//!
//! ```text
//!   Fresh ──first stamp──▶ Following(offset, trust)
//!                              │ trust rises to synced, or wall − mono leaves the offset by more than 500 ms:
//!                              │ Body::ClockMapped, at most one in ten seconds
//!                              └──▶ Following(new offset, new trust)
//! ```
//!
//! Invariants: a clock that is only slewed is never mapped, because wall and monotonic time are slewed together; a
//! step that comes within the ten seconds is mapped when they are over; nothing recorded is ever changed.

use std::time::Duration;

use crate::base::{BootId, ClockTrust, Mono, Stamp};
use crate::model::{Body, Draft};

/// How far wall and monotonic time may part before the wall clock has stepped.
pub const STEP: Duration = Duration::from_millis(500);
/// Shortest time between two maps, whatever the clock does.
pub const PAUSE: Duration = Duration::from_secs(10);

/// Watches one kiosk's wall clock; see the module.
#[derive(Clone, Debug, Default)]
pub struct ClockWatch(State);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Fresh,
    Following(Followed),
}

#[derive(Clone, Debug)]
struct Followed {
    boot: BootId,
    offset_ms: i128,
    trust: ClockTrust,
    mapped: Option<Mono>,
}

impl ClockWatch {
    /// Looks at the clock once, as once a second; returns what is to be recorded with this very stamp.
    ///
    /// The first look only remembers: the records of a start carry their own stamps.
    pub fn step(&mut self, now: &Stamp) -> Option<Draft> {
        let offset_ms = offset_ms(now);
        let fresh = Followed { boot: now.boot, offset_ms, trust: now.trust, mapped: None };
        let State::Following(known) = &mut self.0 else {
            self.0 = State::Following(fresh);
            return None;
        };
        if known.boot != now.boot {
            *known = fresh;
            return None;
        }
        let stepped = known.offset_ms.abs_diff(offset_ms) > STEP.as_millis();
        let rose = now.trust == ClockTrust::Synced && known.trust < ClockTrust::Synced;
        if !(stepped || rose) {
            known.trust = now.trust;
            return None;
        }
        if known.mapped.is_some_and(|mapped| now.mono.since(mapped) < PAUSE) {
            return None;
        }
        *known = Followed { mapped: Some(now.mono), ..fresh };
        Some(Draft { lane: None, body: Body::ClockMapped, personal: None })
    }
}

fn offset_ms(now: &Stamp) -> i128 {
    i128::from(now.wall.0) - i128::from(now.mono.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Wall;

    const T0: i64 = 1_795_312_800_000;
    const YEARS: i64 = 10 * 365 * 86_400_000;

    #[test]
    fn a_clock_that_runs_on_or_is_slewed_is_never_mapped() {
        let mut watch = ClockWatch::default();
        for second in 0..100_000 {
            // Read apart by up to 90 ms, as on a busy machine.
            let jitter = second % 91;
            assert_eq!(watch.step(&stamp(second, jitter, ClockTrust::Synced)), None, "{second}");
        }
    }

    #[test]
    fn the_first_sync_is_mapped_even_when_the_clock_was_right() {
        for off in [YEARS, -YEARS, 0] {
            let mut watch = ClockWatch::default();
            assert_eq!(run(&mut watch, 0, &[(off, ClockTrust::None); 30]), 0);
            assert_eq!(run(&mut watch, 30, &[(0, ClockTrust::Synced); 30]), 1, "{off}");
        }
    }

    #[test]
    fn a_step_is_mapped_once_and_so_is_the_step_back() {
        for off in [YEARS, -YEARS, 3_600_000, -61_000, 600, -600] {
            let mut watch = ClockWatch::default();
            assert_eq!(run(&mut watch, 0, &[(0, ClockTrust::Synced); 20]), 0);
            assert_eq!(run(&mut watch, 20, &[(off, ClockTrust::None); 20]), 1, "{off}");
            assert_eq!(run(&mut watch, 40, &[(0, ClockTrust::Synced); 20]), 1, "{off} and back");
        }
    }

    #[test]
    fn small_steps_add_up() {
        let mut watch = ClockWatch::default();
        let steps: Vec<_> = (0..60).map(|n| (n * 100, ClockTrust::None)).collect();
        let mapped = run(&mut watch, 0, &steps);
        assert!((4..=6).contains(&mapped), "{mapped}");
    }

    #[test]
    fn trust_that_was_lost_and_comes_back_is_mapped_again() {
        let mut watch = ClockWatch::default();
        let looks = [ClockTrust::Synced, ClockTrust::None, ClockTrust::Synced].map(|trust| [(0, trust); 20]);
        assert_eq!(run(&mut watch, 0, &looks.concat()), 1);
    }

    #[test]
    fn a_clock_gone_mad_fills_no_log_and_its_last_step_is_not_forgotten() {
        let mut watch = ClockWatch::default();
        let mad: Vec<_> = (0..100).map(|n| (n % 2 * YEARS, ClockTrust::None)).collect();
        let mapped = run(&mut watch, 0, &mad);
        assert!((5..=10).contains(&mapped), "{mapped} in 100 s");
        assert_eq!(run(&mut watch, 100, &[(7 * YEARS, ClockTrust::None); 15]), 1);
    }

    #[test]
    fn the_ends_of_the_numbers_do_not_overflow() {
        let mut watch = ClockWatch::default();
        for wall in [Wall(i64::MIN), Wall(i64::MAX)] {
            let mut mad = stamp(1, 0, ClockTrust::None);
            (mad.wall, mad.mono) = (wall, Mono(u64::MAX));
            watch.step(&mad);
        }
    }

    /// Looks once a second from `from` on; returns how many maps were recorded.
    fn run(watch: &mut ClockWatch, from: i64, looks: &[(i64, ClockTrust)]) -> usize {
        let stamps = (from..).zip(looks).map(|(second, (off, trust))| stamp(second, *off, *trust));
        stamps.filter_map(|now| watch.step(&now)).count()
    }

    fn stamp(second: i64, off: i64, trust: ClockTrust) -> Stamp {
        let mono = Mono::from_millis(u64::try_from(second * 1_000).unwrap() + 5_000);
        Stamp { boot: BootId([1; 16]), mono, wall: Wall(T0 + second * 1_000 + off), trust, max_error_ms: 0 }
    }
}
